import * as fs from "node:fs"
import * as http from "node:http"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { php } from "./php.ts"
import { materialise } from "./samples/materialise.ts"
import { fpmProgram, nginxProgram, present, type start } from "./samples/programs.ts"
import { anAccount, aPhp, aSite, directoryFacts, renderOf, resourcesOf } from "./samples/records.ts"
import { type Answer, type Serving, serving } from "./samples/serving.ts"

describe.skipIf(!present(nginxProgram) || !present(fpmProgram))(
  "the rendered tree, served by nginx and php-fpm",
  () => {
    let the: Serving
    let master: ReturnType<typeof start>
    const owner = anAccount("acme")
    // As long as a name and its labels may be (RFC 1035): nginx's default buckets have no room for it.
    const longest = `${`${"a".repeat(63)}.`.repeat(3)}${"b".repeat(49)}.example.org`
    const pools = [aPhp("acme", { ini: { memory_limit: "96M" } })]
    const sites = [
      aSite("app", {
        domains: ["app.example.org", "bücher.example.org"],
        aliases: ["alias.example.org"],
        php: "acme",
        redirects: { www: "remove", paths: [{ from: "/stra%C3%9Fe", to: "/new?x=1", status: 308 }] },
      }),
      aSite("plain", {
        domains: ["plain.example.org", longest],
        documentRoot: "public/build",
        indexFiles: ["index.html"],
      }),
      aSite("empty", { domains: ["empty.example.org"], errorPages: { "404": "/own.html" } }),
      aSite("secure", { domains: ["secure.example.org"], redirects: { https: true, www: "add" } }),
      aSite("off", { domains: ["off.example.org"], aliases: ["off-too.example.org"], suspended: true, php: "gone" }),
    ]
    const get = (host: string, path: string, headers: Record<string, string> = {}) => the.get(host, path, { headers })

    beforeAll(async () => {
      the = await serving(directoryFacts, { owner, pools, sites })
      const { inSite, put } = the
      put(
        inSite("app", "public/index.php"),
        "<?php echo json_encode(['uri' => $_SERVER['REQUEST_URI'], 'info' => $_SERVER['PATH_INFO'] ?? null," +
          "'host' => $_SERVER['SERVER_NAME'], 'https' => $_SERVER['HTTPS'] ?? null, 'file' => __FILE__," +
          "'memory' => ini_get('memory_limit'), 'sessions' => session_save_path(), 'proxy' => $_SERVER['HTTP_PROXY'] ?? null," +
          "'ctype' => extension_loaded('ctype'), 'uid' => getmyuid()]);",
      )
      put(inSite("app", "public/slow.php"), "<?php usleep(300000); echo 'slow';")
      put(inSite("app", "public/broken.php"), "<?php throw new Exception('the words of the error');")
      put(inSite("app", "public/cat.jpg"), "<?php echo 'never run';")
      put(inSite("app", "public/.env"), "secret")
      put(inSite("app", "public/.well-known/test.txt"), "well known")
      fs.symlinkSync("own.txt", inSite("plain", "public/build/own-link.txt"))
      put(inSite("plain", "public/build/own.txt"), "my own file")
      // /etc/passwd is root's, and the link another user's: nobody, where the test is root itself.
      fs.symlinkSync("/etc/passwd", inSite("plain", "public/build/link.txt"))
      if (process.geteuid?.() === 0) fs.lchownSync(inSite("plain", "public/build/link.txt"), 65534, 65534)
      put(inSite("plain", "public/build/index.html"), "built")
      put(inSite("plain", "public/build/left.php"), "<?php $password = 'x';")
      put(inSite("plain", "public/secret.txt"), "above the root")
      put(inSite("empty", "public/own.html"), "my own 404")
      fs.mkdirSync(inSite("empty", "public/folder"))
      expect(the.tested()).toMatchObject({ code: 0 })
      master = (await the.start()).master
    })
    afterAll(() => the.stop())

    it("is accepted by nginx -t and php-fpm --test without a warning", () => {
      expect(
        the
          .tested()
          .said.split("\n")
          .filter((line) => /\[(warn|error|emerg|alert)\]/.test(line)),
      ).toEqual([])
      const tested = the.testedFpm()
      expect(tested.code).toBe(0)
      expect(tested.said).not.toMatch(/WARNING|ERROR|Unable|Cannot/)
    })

    it("runs PHP with the record's settings and the account's folders", async () => {
      const { body, status } = await get("app.example.org", "/", { proxy: "evil.example.org" })
      expect(status).toBe(200)
      expect(JSON.parse(body)).toMatchObject({
        uri: "/",
        host: "app.example.org",
        https: null,
        file: the.inSite("app", "public/index.php"),
        memory: "96M",
        sessions: the.at("home/acme/tmp"),
        proxy: null,
        ctype: true,
      })
    })

    it("gives paths that are no file to the front controller, and path info to a script", async () => {
      expect(JSON.parse((await get("app.example.org", "/blog/one?x=1")).body)).toMatchObject({ uri: "/blog/one?x=1" })
      expect(JSON.parse((await get("app.example.org", "/index.php/a/b")).body)).toMatchObject({ info: "/a/b" })
    })

    it("tells PHP of https when a proxy in front says so", async () => {
      const { body } = await get("app.example.org", "/", { "x-forwarded-proto": "https" })
      expect(JSON.parse(body)).toMatchObject({ https: "on" })
    })

    it("never runs a file that is not a script", async () => {
      for (const path of ["/cat.jpg/x.php", "/cat.jpg%00.php", "/cat.jpg/.php"]) {
        const { body, status } = await get("app.example.org", path)
        expect([400, 404], path).toContain(status)
        expect(body).not.toContain("never run")
      }
      expect((await get("app.example.org", "/cat.jpg")).body).toBe("<?php echo 'never run';")
    })

    it("serves a name of the greatest length", async () => {
      expect(longest).toHaveLength(253)
      expect((await get(longest, "/")).body).toBe("built")
    })

    it("serves an IDN under its ASCII name", async () => {
      expect((await get("xn--bcher-kva.example.org", "/")).status).toBe(200)
    })

    it("redirects www, aliases and single paths", async () => {
      const { port } = the.facts.http
      const location = async (host: string, path: string) => (await get(host, path)).headers.location
      expect(await location("www.app.example.org", "/a?b=c")).toBe(`http://app.example.org:${port}/a?b=c`)
      expect(await location("alias.example.org", "/a")).toBe(`http://app.example.org:${port}/a`)
      expect(await location("app.example.org", "/stra%C3%9Fe")).toBe("/new?x=1")
      expect((await get("app.example.org", "/stra%C3%9Fe")).status).toBe(308)
    })

    it("redirects to https unless a proxy says that the visitor came by it", async () => {
      expect((await get("www.secure.example.org", "/a?b")).headers.location).toBe("https://www.secure.example.org/a?b")
      expect((await get("secure.example.org", "/a")).headers.location).toBe("https://www.secure.example.org/a")
      expect((await get("www.secure.example.org", "/", { "x-forwarded-proto": "https" })).status).toBe(200)
    })

    it("hides dotfiles but not .well-known, and nothing above the document root", async () => {
      expect((await get("app.example.org", "/.env")).status).toBe(404)
      expect((await get("app.example.org", "/.well-known/test.txt")).body).toBe("well known")
      expect((await get("plain.example.org", "/../secret.txt")).status).toBe(400)
      expect((await get("plain.example.org", "/%2e%2e/secret.txt")).status).toBe(400)
    })

    it("follows a link to a file of the same owner, and to no other", async () => {
      expect((await get("plain.example.org", "/own-link.txt")).body).toBe("my own file")
      const foreign = await get("plain.example.org", "/link.txt")
      expect([403, 404]).toContain(foreign.status)
      expect(foreign.body).not.toContain("root:")
    })

    it("does not show the source of scripts on a static site", async () => {
      expect((await get("plain.example.org", "/")).body).toBe("built")
      for (const path of ["/left.php", "/left.php/", "/left.php/x"]) {
        const answer = await get("plain.example.org", path)
        expect(answer.status).toBe(404)
        expect(answer.body).not.toContain("password")
      }
    })

    it("says that an empty site is ready, and that a folder without an index may not be seen", async () => {
      const ready = await get("empty.example.org", "/")
      expect([ready.status, ready.body.includes("This site is ready")]).toEqual([200, true])
      expect((await get("empty.example.org", "/folder/")).status).toBe(403)
      expect((await get("empty.example.org", "/.plumbline/ready.html")).status).toBe(404)
    })

    it("shows the site's own error page, and the platform's where it has none", async () => {
      const own = await get("empty.example.org", "/nothing")
      expect([own.status, own.body]).toEqual([404, "my own 404"])
      const platform = await get("plain.example.org", "/nothing")
      expect([platform.status, platform.body.includes("There is no page at this address.")]).toEqual([404, true])
    })

    it("answers for a suspended site, its aliases and its every path with 503 and the notice", async () => {
      for (const [host, path] of [
        ["off.example.org", "/"],
        ["off-too.example.org", "/any/index.php"],
      ] as const) {
        const answer = await get(host, path)
        expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "3600"])
        expect(answer.body).toContain("This site is suspended")
      }
    })

    it("gives no answer to a host that no site has", async () => {
      await expect(get("unknown.example.org", "/")).rejects.toThrow(/socket hang up|ECONNRESET/)
    })

    it("writes what PHP complains of to the log of the site", async () => {
      expect((await get("app.example.org", "/broken.php")).status).toBe(500)
      const log = (name: string) => fs.readFileSync(the.at(`var/log/plumbline/sites/app/${name}.log`), "utf8")
      expect(log("error")).toContain("the words of the error")
      // nginx writes an access down after its answer is sent.
      await expect.poll(() => log("access")).toContain("GET /broken.php")
    })

    it("refuses an upload above the record's limit", async () => {
      const status = await new Promise((resolve, reject) => {
        const headers = { host: "app.example.org", "content-length": `${65 * 2 ** 20}` }
        const request = http.request({
          host: "127.0.0.1",
          port: the.facts.http.port,
          method: "POST",
          path: "/",
          headers,
        })
        request.on("response", (response) => {
          resolve(response.statusCode)
          request.destroy()
        })
        request.on("error", reject)
        request.flushHeaders()
      })
      expect(status).toBe(413)
    })

    it("takes a change of php.ini over by a reload without losing a request", async () => {
      const slow = Array.from({ length: 4 }, () => get("app.example.org", "/slow.php"))
      await get("app.example.org", "/")
      const changed = aPhp("acme", { ini: { memory_limit: "112M" } })
      materialise(the.root, resourcesOf(renderOf(php, changed, the.facts, [owner])))
      expect(the.testedFpm().code).toBe(0)
      const before = master.said().split("ready to handle").length
      master.signal("SIGUSR2")
      const meanwhile: Array<Answer> = []
      while (master.said().split("ready to handle").length === before) meanwhile.push(await get("app.example.org", "/"))
      const answers = [...(await Promise.all(slow)), ...meanwhile]
      expect(answers.filter(({ status }) => status !== 200)).toEqual([])
      expect(JSON.parse((await get("app.example.org", "/")).body)).toMatchObject({ memory: "112M" })
    })
  },
)
