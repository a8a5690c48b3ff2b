import * as fs from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parseNginx } from "./samples/nginx-tokens.ts"
import { fpmProgram, nginxProgram, present } from "./samples/programs.ts"
import { anAccount, aPhp, aSite, directoryFacts } from "./samples/records.ts"
import { type Serving, serving } from "./samples/serving.ts"
import { everything, verifiers } from "./samples/web.ts"

const login = (user: string, password = "open sesame") => ({
  headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` },
})

const brotli = "/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so"

const policy = `camera=(self "https://a.example.org"), geolocation=()`

describe.skipIf(!present(nginxProgram) || !present(fpmProgram))("the web features, served by nginx and php-fpm", () => {
  const mailFolder = fs.mkdtempSync("/tmp/plumb-mail-")
  const sent = join(mailFolder, "sent")
  let the: Serving

  const sites = [
    aSite("members", {
      domains: ["members.example.org", "*.members.example.org"],
      php: "acme",
      protect: [
        { path: "/admin", realm: "Staff (only)", users: [{ name: "editor", verifier: verifiers.sha512 }] },
        { path: "/admin/reports", users: [{ name: "auditor", verifier: verifiers.bcrypt }] },
        { path: "/closed.php", users: [] },
      ],
      errorPages: { "401": "/who.html" },
    }),
    aSite("vault", {
      domains: ["vault.example.org"],
      protect: [{ path: "/", users: [{ name: "editor", verifier: verifiers.sha512 }] }],
    }),
    aSite("uploads", { domains: ["uploads.example.org"], php: "acme", noPhp: ["/up", "/a%20b"] }),
    aSite("busy", {
      domains: ["busy.example.org"],
      limits: { requestsPerSecond: 1, burst: 3 },
      errorPages: { "429": "/slower.html" },
    }),
    aSite("narrow", { domains: ["narrow.example.org"], php: "acme", limits: { connections: 1 } }),
    aSite("barred", { domains: ["barred.example.org"], access: { deny: ["127.0.0.64/26"] } }),
    aSite("closed", { domains: ["closed.example.org"], access: { allow: ["127.0.0.5", "::1"], deny: [] } }),
    aSite("cached", {
      domains: ["cached.example.org"],
      php: "acme",
      cache: { seconds: 600, bypassCookies: ["logged.in"] },
      protect: [{ path: "/private.php", users: [{ name: "editor", verifier: verifiers.sha512 }] }],
    }),
    aSite("dressed", {
      domains: ["dressed.example.org"],
      php: "acme",
      headers: {
        "Content-Security-Policy": "default-src 'self'; img-src * data:",
        "Permissions-Policy": policy,
        "X-Frame-Options": "DENY",
      },
    }),
    aSite("bare", { domains: ["bare.example.org"], securityHeaders: "none", compression: false }),
    aSite("everything", { ...everything, domains: ["everything.example.org"] }),
  ]

  beforeAll(async () => {
    fs.writeFileSync(join(mailFolder, "sendmail"), `#!/bin/sh\n{ printf '%s ' "$@"; echo; cat; } > ${sent}\n`)
    fs.chmodSync(join(mailFolder, "sendmail"), 0o755)
    const nginx = { program: nginxProgram, version: "1.22.1", brotli: present(brotli) ? [brotli] : [] }
    const facts = {
      ...directoryFacts,
      nginx,
      phpMail: { program: join(mailFolder, "sendmail"), brings: "anywhere" as const },
    }
    the = await serving(facts, { owner: anAccount("acme"), pools: [aPhp("acme")], sites })
    const { inSite, put } = the
    const script =
      "<?php echo 'ran ', $_SERVER['PHP_AUTH_USER'] ?? '-', ' ', $_SERVER['PATH_INFO'] ?? '-', ' ', hrtime(true);"
    for (const path of ["index.php", "admin/index.php", "admin/reports/index.php", "closed.php", "free.php"])
      put(inSite("members", `public/${path}`), script)
    put(inSite("members", "public/who.html"), "who are you")
    put(inSite("vault", "public/index.html"), "treasure")
    for (const path of [
      "index.php",
      "up/evil.php",
      "up/evil.PHP",
      "up/evil.PhP",
      "up/evil.php5",
      "up/x.phtml",
      "evil.PHP",
    ])
      put(inSite("uploads", `public/${path}`), script)
    put(inSite("uploads", "public/up/index.php"), script)
    put(inSite("uploads", "public/up/cat.jpg"), script)
    put(inSite("uploads", "public/a b/evil.php"), script)
    put(inSite("busy", "public/index.html"), "busy")
    put(inSite("busy", "public/slower.html"), "slow down")
    put(
      inSite("narrow", "public/slow.php"),
      "<?php while (!file_exists('released')) { usleep(10000); clearstatcache(); } echo 'slow';",
    )
    put(inSite("barred", "public/index.html"), "barred")
    put(inSite("closed", "public/index.html"), "closed")
    put(inSite("cached", "public/index.php"), script)
    put(inSite("cached", "public/private.php"), script)
    put(inSite("cached", "public/cookie.php"), `<?php setcookie('a', 'b'); ?>${script}`)
    put(inSite("cached", "public/session.php"), `<?php session_start(); ?>${script}`)
    put(inSite("cached", "public/no-store.php"), `<?php header('Cache-Control: private'); ?>${script}`)
    put(inSite("dressed", "public/index.html"), "dressed")
    put(
      inSite("dressed", "public/own.php"),
      "<?php header('X-Frame-Options: SAMEORIGIN'); header('Referrer-Policy: origin');",
    )
    put(
      inSite("dressed", "public/mail.php"),
      "<?php var_dump(mail('to@example.org', 'subject', 'text', 'From: me@example.org'));",
    )
    put(inSite("bare", "public/index.html"), "b".repeat(5000))
    put(inSite("barred", "public/long.html"), "l".repeat(5000))
    await the.start()
  })
  afterAll(async () => {
    await the.stop()
    fs.rmSync(mailFolder, { recursive: true, force: true })
  })

  it("is accepted by nginx without a warning, and read back as it was meant", () => {
    const { code, said } = the.tested()
    expect({ code, said: said.split("\n").filter((line) => /\[(warn|error|emerg|alert)\]/.test(line)) }).toEqual({
      code: 0,
      said: [],
    })
    const dump = the.tested("-T").said
    const start = dump.indexOf(`# configuration file ${the.at("etc/plumbline/nginx/live/sites/dressed.conf")}:`)
    const text = dump.slice(dump.indexOf("\n", start), dump.indexOf("# configuration file", start + 1))
    const words = parseNginx(text).flatMap(({ block = [] }) => block.map(({ words }) => words))
    expect(words).toContainEqual(["add_header", "Permissions-Policy", policy, "always"])
  })

  describe("a protected path", () => {
    it("asks for a password, and says of whom", async () => {
      const answer = await the.get("members.example.org", "/admin/")
      expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, 'Basic realm="Staff (only)"'])
      expect(answer.body).toBe("who are you")
      expect((await the.get("members.example.org", "/admin/", login("editor", "wrong"))).status).toBe(401)
      expect((await the.get("members.example.org", "/admin/", login("nobody"))).status).toBe(401)
      expect((await the.get("vault.example.org", "/")).body).toContain("Password needed")
    })

    it("opens with the right one, and the script knows who came", async () => {
      const answer = await the.get("members.example.org", "/admin/", login("editor"))
      expect([answer.status, answer.body.split(" ")[1]]).toEqual([200, "editor"])
      expect((await the.get("vault.example.org", "/", login("editor"))).body).toBe("treasure")
    })

    it("takes bcrypt, and within another area has users of its own", async () => {
      expect((await the.get("members.example.org", "/admin/reports/", login("auditor"))).status).toBe(200)
      expect((await the.get("members.example.org", "/admin/reports/", login("editor"))).status).toBe(401)
      expect((await the.get("members.example.org", "/admin/", login("auditor"))).status).toBe(401)
    })

    it("is closed to all where it has no users", async () => {
      expect((await the.get("members.example.org", "/closed.php", login("editor"))).status).toBe(401)
    })

    it.each([
      "/admin",
      "/admin/nothing",
      "/%61dmin/",
      "//admin/",
      "/x/%2e%2e/admin/",
      "/index.php/admin/",
      "/free.php/admin",
      "/admin/index.php/x",
      "/closed.php/x",
    ])("is met whatever the spelling: %s", async (path) => {
      const { body, status } = await the.get("members.example.org", path)
      expect([400, 401], body).toContain(status)
      expect(body).not.toContain("ran")
    })

    it.each(["/admin/../free", "/admin/..%2ffree", "/admin/%2e%2e/free", "/admin/.%2E/x?y", "/./admin"])(
      "is not entered by a path that nginx and the application read differently: %s",
      async (path) => {
        expect((await the.get("members.example.org", path)).status).toBe(400)
      },
    )

    it("leaves what is beside it alone", async () => {
      for (const path of ["/", "/administrator", "/free.php", "/free.php/a..b?x=../admin", "/x?admin"])
        expect((await the.get("members.example.org", path)).status, path).toBe(200)
      expect((await the.get("a.b.members.example.org", "/free.php")).status).toBe(200)
    })

    it("has no password in anything but root's own folder", () => {
      const vhost = fs.readFileSync(the.at("etc/plumbline/nginx/live/sites/members.conf"), "utf8")
      expect(vhost).not.toContain("$6$")
      expect(fs.readdirSync(the.at("etc/plumbline/nginx/passwords")).length).toBeGreaterThan(3)
    })
  })

  it.each([
    "/up/evil.php",
    "/up/evil.php/x.jpg",
    "/up/evil.PHP",
    "/up/evil.PhP/x",
    "/up/evil.php5",
    "/up/x.phtml",
    "/up/",
    "/up/%65vil.php",
    "/up//evil.php",
    "/up/cat.jpg/x.php",
    "/up/evil.php%00.jpg",
    "/up/evil.php%0a",
    "/x/..%2fup/evil.php",
    "/a%20b/evil.php",
    "/evil.PHP",
  ])("no script below a folder of uploads is run or shown: %s", async (path) => {
    const { body, status } = await the.get("uploads.example.org", path)
    expect([400, 403, 404], body).toContain(status)
    expect(body).not.toMatch(/ran|<\?php/)
  })

  it("the files there are served, and what is missing is the application's as everywhere", async () => {
    expect((await the.get("uploads.example.org", "/up/cat.jpg")).status).toBe(200)
    expect((await the.get("uploads.example.org", "/up/none.jpg")).body).toMatch(/^ran/)
    expect((await the.get("uploads.example.org", "/index.php/up/x.php")).body).toContain("/up/x.php")
  })

  it("a visitor who asks for too much is told so, with the site's page, and others are not", async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => the.get("busy.example.org", "/")))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(6)
    expect(answers.find(({ status }) => status === 429)?.body).toBe("slow down")
    expect((await the.get("busy.example.org", "/", { from: "127.0.0.9" })).status).toBe(200)
    expect((await the.get("barred.example.org", "/")).status).toBe(200)
  })

  it("a visitor has as many requests at one time as the site allows", async () => {
    const refused: Array<unknown> = []
    const ask = async () => {
      const { status } = await the.get("narrow.example.org", "/slow.php")
      if (status !== 200) refused.push(status)
      return status
    }
    const answers = Array.from({ length: 4 }, ask)
    // One is held up for as long as it takes the others to be refused.
    await expect.poll(() => refused).toEqual([429, 429, 429])
    the.put(the.inSite("narrow", "public/released"), "")
    expect((await Promise.all(answers)).toSorted()).toEqual([200, 429, 429, 429])
    await expect.poll(async () => (await the.get("narrow.example.org", "/slow.php")).status).toBe(200)
  })

  it("denied addresses meet 403, and where some are allowed all others do", async () => {
    const status = async (host: string, from: string) => (await the.get(host, "/", { from })).status
    expect(await status("barred.example.org", "127.0.0.1")).toBe(200)
    expect(await status("barred.example.org", "127.0.0.64")).toBe(403)
    expect(await status("barred.example.org", "127.0.0.127")).toBe(403)
    expect(await status("barred.example.org", "127.0.0.128")).toBe(200)
    expect(await status("closed.example.org", "127.0.0.5")).toBe(200)
    const denied = await the.get("closed.example.org", "/", { from: "127.0.0.6" })
    expect([denied.status, denied.body.includes("Not allowed")]).toEqual([403, true])
  })

  describe("the cache", () => {
    const ask = (path: string, asked = {}) => the.get("cached.example.org", path, asked)

    it("gives everybody the same answer again", async () => {
      const first = await ask("/?a")
      const again = await ask("/?a")
      expect([first.headers["x-cache"], again.headers["x-cache"]]).toEqual(["MISS", "HIT"])
      expect(again.body).toBe(first.body)
      expect((await ask("/?b")).body).not.toBe(first.body)
    })

    it.each([
      ["that set a cookie", "/cookie.php", {}],
      ["of a session", "/session.php", {}],
      ["that forbid it", "/no-store.php", {}],
      ["to a POST", "/index.php?p", { method: "POST" }],
      ["to somebody with a password", "/private.php", login("editor")],
      ["to somebody with a cookie of the list", "/index.php?c", { headers: { cookie: "x=1; logged.in_5=yes" } }],
    ])("never keeps answers %s", async (_, path, asked) => {
      const bodies = [(await ask(path, asked)).body, (await ask(path, asked)).body]
      expect(bodies[0]).toMatch(/^ran/)
      expect(bodies[1]).not.toBe(bodies[0])
    })

    it("does not open a protected page to others", async () => {
      await ask("/private.php", login("editor"))
      expect((await ask("/private.php")).status).toBe(401)
    })

    it("is not given to those with a cookie of the list, and to those with another it is", async () => {
      const { body } = await ask("/?d")
      expect((await ask("/?d", { headers: { cookie: "loggedXin=1" } })).body).toBe(body)
      expect((await ask("/?d", { headers: { cookie: "logged.in=1" } })).body).not.toBe(body)
    })
  })

  it("headers are on every answer, errors too, and the record's word counts before the application's", async () => {
    for (const [path, status] of [
      ["/", 200],
      ["/nothing.html", 404],
      ["/nothing.PHP", 404],
    ] as const) {
      const { headers, status: seen } = await the.get("dressed.example.org", path)
      expect(seen).toBe(status)
      expect(headers).toMatchObject({
        "content-security-policy": "default-src 'self'; img-src * data:",
        "permissions-policy": policy,
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "strict-origin-when-cross-origin",
      })
    }
    const { headers } = await the.get("dressed.example.org", "/own.php")
    expect([headers["x-frame-options"], headers["referrer-policy"]]).toEqual(["DENY", "origin"])
    const { headers: none } = await the.get("bare.example.org", "/")
    expect(Object.keys(none).filter((name) => /^(x-|referrer)/.test(name))).toEqual([])
  })

  const encoding = async (host: string, path: string, accepted: string) =>
    (await the.get(host, path, { headers: { "accept-encoding": accepted } })).headers["content-encoding"]

  it("text is compressed where the visitor takes it, unless the site says no", async () => {
    expect(await encoding("barred.example.org", "/long.html", "gzip")).toBe("gzip")
    expect(await encoding("bare.example.org", "/", "gzip, br")).toBeUndefined()
  })

  it.skipIf(!present(brotli))("with brotli rather than gzip where the host has it", async () => {
    expect(await encoding("barred.example.org", "/long.html", "gzip, deflate, br")).toBe("br")
  })

  it("mail of PHP is sent as the site's, and names its script", async () => {
    expect((await the.get("dressed.example.org", "/mail.php")).body).toContain("true")
    const mail = fs.readFileSync(sent, "utf8")
    expect(mail.split("\n")[0]?.trim()).toBe("-t -i -f dressed@dressed.example.org")
    expect(mail).toMatch(/^X-PHP-Originating-Script: \d+:mail\.php$/m)
  })
})
