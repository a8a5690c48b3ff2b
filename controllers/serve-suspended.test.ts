import * as fs from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { platform } from "./layout.ts"
import { fpmProgram, nginxProgram, present } from "./samples/programs.ts"
import { anAccount, aPhp, aSite, directoryFacts } from "./samples/records.ts"
import { type Serving, serving } from "./samples/serving.ts"
import { everything, verifiers } from "./samples/web.ts"
import { includeSuspended } from "./site/suspended.ts"

describe.skipIf(!present(nginxProgram) || !present(fpmProgram))(
  "vhosts as they were, with the mark of their account",
  () => {
    let the: Serving

    const php = "acme"
    const hosts = {
      plain: ["plain.example.org", "www.plain.example.org"],
      dynamic: ["dynamic.example.org"],
      closed: ["closed.example.org"],
      barred: ["barred.example.org"],
      moved: ["moved.example.org"],
      secure: ["secure.example.org"],
      everything: ["everything.example.org"],
    }
    const sites = [
      aSite("plain", { domains: ["plain.example.org"], redirects: { www: "add" } }),
      aSite("dynamic", { domains: hosts.dynamic, php, errorPages: { "404": "/404.html", "503": "/503.html" } }),
      aSite("closed", {
        domains: hosts.closed,
        protect: [{ path: "/", users: [{ name: "editor", verifier: verifiers.sha512 }] }],
      }),
      aSite("barred", { domains: hosts.barred, access: { deny: ["127.0.0.1"] } }),
      aSite("moved", { domains: hosts.moved, redirects: { paths: [{ from: "/", to: "https://example.org/" }] } }),
      aSite("secure", { domains: hosts.secure, redirects: { https: true } }),
      aSite("everything", { ...everything, domains: hosts.everything }),
    ]
    const paths = ["/", "/index.php", "/admin/", "/404.html", "/503.html", "/.plumbline/ready.html", "/a%20b?c=d"]
    const challenge = "/.well-known/acme-challenge/token"

    beforeAll(async () => {
      the = await serving(directoryFacts, { owner: anAccount("acme"), pools: [aPhp("acme")], sites })
      for (const site of Object.keys(hosts)) {
        the.put(the.inSite(site, "public/index.html"), "content")
        the.put(the.inSite(site, "public/index.php"), "<?php echo 'content';")
        the.put(the.inSite(site, "public/503.html"), "of one's own")
      }
      the.put(the.at(`${platform.challenges}/token`), "proof")
      await the.start()
    })
    afterAll(() => the.stop())

    it("show the page for whatever anybody asks, and what proves a domain all the same", async () => {
      const all = Object.values(hosts).flat()
      expect((await the.get("dynamic.example.org", "/")).body).toBe("content")
      expect((await the.get("dynamic.example.org", challenge)).body).toBe("proof")

      the.put(the.at("etc/plumbline/suspended/acme"), `${includeSuspended(the.facts)}`)
      const { code, said } = the.tested()
      expect([code, said.includes("[warn]")]).toEqual([0, false])
      await the.reload()
      for (const host of all)
        for (const path of paths)
          for (const method of ["GET", "POST"]) {
            const { body, headers, status } = await the.get(host, path, { method })
            const told = { host, path, method, status, body }
            expect(told).toEqual({ ...told, status: 503, body: expect.stringContaining("This site is suspended") })
            expect(headers).toMatchObject({ "retry-after": "3600", "cache-control": "no-store" })
          }
      for (const host of all) expect((await the.get(host, challenge)).body).toBe("proof")

      fs.rmSync(the.at("etc/plumbline/suspended/acme"))
      await the.reload()
      expect((await the.get("dynamic.example.org", "/")).body).toBe("content")
    })
  },
)
