// Rounds with the real nginx, without privileges, below a scratch folder: what goes live, who is left out, how many reloads.

import * as fs from "node:fs"
import * as http from "node:http"
import * as net from "node:net"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as Scope from "effect/Scope"
import { describe, expect, it } from "vitest"
import { ResourceFailure } from "../contract/resource.ts"
import { Host } from "../host/host.ts"
import { liveTree, nextTree } from "../host/nginx.ts"
import { onScratchHost } from "../host/scratch-host.ts"
import { onSideEffect } from "../host/side-effect.ts"
import { fileType } from "../resources/file.ts"
import { nginxMemberType } from "../resources/nginx-member.ts"
import { Activator, layer } from "./activator.ts"
import { syncNext } from "./nginx-trees.ts"

const hasNginx = fs.existsSync("/usr/sbin/nginx")
const anonymous = { owner: "root", group: "root", mode: 0o644 }

const freePort = Effect.callback<number>((resume) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address ? address.port : 0)))
  })
})

const configuration = (root: string, port: number) => `daemon off;
pid ${root}/run/nginx.pid;
error_log ${root}/var/log/error.log warn;
worker_processes 1;
events {}
http {
  access_log off;
  ${["client_body", "fastcgi", "proxy", "scgi", "uwsgi"].map((name) => `${name}_temp_path ${root}/run/${name};`).join("\n  ")}
  server { listen 127.0.0.1:${port} default_server; return 444; }
  include php/*.conf;
  include sites/*.conf;
}
`
const unitFile = (root: string) => `[Service]
Type=exec
ExecStart=/usr/sbin/nginx -e stderr -c ${root}${liveTree}/nginx.conf
ExecReload=/bin/kill -HUP $MAINPID
KillSignal=SIGQUIT
[Install]
WantedBy=multi-user.target
`
const site = (port: number, name: string, extra = "") =>
  `server { listen 127.0.0.1:${port}; server_name ${name}.example.org; ${extra} location / { return 200 "${name}"; } }\n`

const upstream = "upstream php_shop { server 127.0.0.1:9; }\n"
const passesOn = "location /php { proxy_pass http://php_shop; }"

interface Rig {
  readonly root: string
  readonly port: number
  readonly activator: Activator["Service"]
  readonly reloads: () => number
  /** Stages a member and submits it as the record of its name. */
  readonly change: (member: string, content: string | undefined) => Effect.Effect<void, unknown, Host>
  readonly get: (name: string) => Effect.Effect<string>
}

/** A host whose nginx is configured and not started yet. */
const onNginx = <A, E>(use: (rig: Rig) => Effect.Effect<A, E, Host | Scope.Scope>) =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      const port = yield* freePort
      for (const tree of [liveTree, nextTree])
        for (const folder of ["php", "sites"]) fs.mkdirSync(`${root}${tree}/${folder}`, { recursive: true })
      yield* fileType.apply(
        "/etc/systemd/system/plumb-nginx.service",
        { content: unitFile(root), ...anonymous },
        undefined,
        "node",
      )
      const activator = yield* Activator
      let reloads = 0
      const restore = onSideEffect({ before: (_, what) => void (what.includes("kill -HUP") && reloads++) })
      yield* Effect.addFinalizer(() => Effect.sync(restore))
      const change: Rig["change"] = (member, content) =>
        Effect.gen(function* () {
          if (content === undefined) {
            const removal = { onDelete: "remove", recordId: "r", record: member, retainUntil: "" } as const
            yield* activator.submit(member, yield* nginxMemberType.remove(member, removal))
          } else {
            const seen = yield* nginxMemberType.observe(member, { content })
            yield* nginxMemberType.apply(member, { content }, seen, "r")
            yield* activator.submit(member, [{ kind: "nginx", member }])
          }
        })
      yield* change("nginx.conf", configuration(root, port))
      reloads = 0
      const get = (name: string) =>
        Effect.callback<string>((resume) => {
          const headers = { host: `${name}.example.org`, connection: "close" }
          const request = http.get({ host: "127.0.0.1", port, headers }, (response) => {
            let body = ""
            response.setEncoding("utf8").on("data", (text: string) => {
              body += text
            })
            response.on("end", () => resume(Effect.succeed(body)))
          })
          request.on("error", (cause) => resume(Effect.succeed(cause.message)))
        })
      return yield* use({ root, port, activator, reloads: () => reloads, change, get })
    }).pipe(Effect.provide(Layer.provideMerge(layer({ maxWaitMs: 300, gapMs: 5 }), Logger.layer([])))),
  )

const outcomes = (changes: ReadonlyArray<Effect.Effect<void, unknown, Host>>) =>
  Effect.forEach(changes, Effect.result, { concurrency: "unbounded" })

describe.runIf(hasNginx)("a round", () => {
  it("starts nginx, and a site answers once its change was submitted", () =>
    onNginx(({ change, port, get }) =>
      Effect.gen(function* () {
        yield* change("sites/shop.conf", site(port, "shop"))
        expect(yield* get("shop")).toBe("shop")
      }),
    ))

  it("takes 20 records live with one reload", () =>
    onNginx(({ change, port, reloads, get, activator }) =>
      Effect.gen(function* () {
        yield* change("sites/first.conf", site(port, "first"))
        const before = reloads()
        const names = Array.from({ length: 20 }, (_, index) => `site${index}`)
        yield* Effect.forEach(names, (name) => activator.expect(`sites/${name}.conf`))
        const all = yield* outcomes(names.map((name) => change(`sites/${name}.conf`, site(port, name))))
        expect(all.every(({ _tag }) => _tag === "Success")).toBe(true)
        expect(reloads() - before).toBe(1)
        expect(yield* get("site19")).toBe("site19")
      }),
    ))

  it("leaves out the one that nginx refuses, with nginx's words, and takes the others live", () =>
    onNginx(({ root, change, port, reloads, get }) =>
      Effect.gen(function* () {
        yield* change("sites/bad.conf", site(port, "bad"))
        const before = reloads()
        const names = Array.from({ length: 20 }, (_, index) => (index === 7 ? "bad" : `site${index}`))
        const all = yield* outcomes(
          names.map((name) =>
            change(`sites/${name}.conf`, site(port, name, name === "bad" ? "no_such_thing on;" : "")),
          ),
        )
        const failed = all.flatMap((one) => (one._tag === "Failure" ? [one.failure] : []))
        expect(failed).toMatchObject([{ reason: "NginxRefused", verdict: { kind: "stall" } }])
        expect((failed[0] as Error).message).toBe(
          'nginx: [emerg] unknown directive "no_such_thing" in sites/bad.conf:1',
        )
        expect(reloads() - before).toBe(1)
        // What it had before is still there, in both trees.
        expect([yield* get("bad"), yield* get("site19")]).toEqual(["bad", "site19"])
        const inode = (tree: string) => fs.statSync(`${root}${tree}/sites/bad.conf`).ino
        expect(inode(nextTree)).toBe(inode(liveTree))
      }),
    ))

  it("finds culprits that nginx does not name", () =>
    onNginx(({ change, port, get }) =>
      Effect.gen(function* () {
        const missing =
          "listen 127.0.0.1:1 ssl; ssl_certificate /nonexistent.pem; ssl_certificate_key /nonexistent.key;"
        const names = Array.from({ length: 8 }, (_, index) => `site${index}`)
        const all = yield* outcomes(
          names.map((name, index) =>
            change(`sites/${name}.conf`, site(port, name, index === 2 || index === 5 ? missing : "")),
          ),
        )
        expect(all.map(({ _tag }) => _tag === "Failure")).toEqual(names.map((_, index) => index === 2 || index === 5))
        expect(yield* get("site7")).toBe("site7")
      }),
    ))

  it("takes a removed member out of both trees", () =>
    onNginx(({ root, change, port, get }) =>
      Effect.gen(function* () {
        yield* change("sites/shop.conf", site(port, "shop"))
        yield* change("sites/other.conf", site(port, "other", "server_name shop.example.org;"))
        yield* change("sites/shop.conf", undefined)
        for (const tree of [liveTree, nextTree]) expect(fs.readdirSync(`${root}${tree}/sites`)).toEqual(["other.conf"])
        expect(yield* get("shop")).toBe("other")
      }),
    ))

  it("blames nobody in the round when what was there before is broken, and changes nothing", () =>
    onNginx(({ root, change, port, get }) =>
      Effect.gen(function* () {
        yield* change("sites/shop.conf", site(port, "shop"))
        fs.writeFileSync(`${root}${liveTree}/sites/stray.conf`, "nonsense;\n")
        yield* syncNext
        const failure = yield* Effect.flip(change("sites/new.conf", site(port, "new")))
        expect(failure).toMatchObject({ reason: "NginxBroken", verdict: { kind: "retry" } })
        expect(fs.existsSync(`${root}${liveTree}/sites/new.conf`)).toBe(false)
        expect(yield* get("shop")).toBe("shop")
      }),
    ))

  it("mends two members that somebody spoiled, though none of the two passes without the other", () =>
    onNginx(({ root, change, port, get }) =>
      Effect.gen(function* () {
        yield* change("php/shop.conf", upstream)
        yield* change("sites/shop.conf", site(port, "shop", passesOn))
        const spoilt: ReadonlyArray<(path: string) => void> = [fs.rmSync, (path) => fs.writeFileSync(path, "")]
        for (const spoil of spoilt) {
          for (const member of ["nginx.conf", "php/shop.conf"]) spoil(`${root}${liveTree}/${member}`)
          yield* Effect.flip(change("php/shop.conf", upstream))
          yield* change("nginx.conf", configuration(root, port))
          expect(fs.readFileSync(`${root}${liveTree}/php/shop.conf`, "utf8")).toBe(upstream)
          expect(yield* get("shop")).toBe("shop")
        }
      }),
    ))

  it("forgets what it carried for the next round once its record wants what is live again", () =>
    onNginx(({ root, change, port, get }) =>
      Effect.gen(function* () {
        yield* change("sites/shop.conf", site(port, "shop"))
        fs.writeFileSync(`${root}${liveTree}/sites/stray.conf`, "nonsense;\n")
        yield* syncNext
        yield* Effect.flip(change("sites/shop.conf", site(port, "changed")))
        fs.rmSync(`${root}${liveTree}/sites/stray.conf`)
        yield* change("sites/shop.conf", site(port, "shop"))
        yield* change("sites/other.conf", site(port, "other"))
        expect([yield* get("shop"), yield* get("other")]).toEqual(["shop", "other"])
      }),
    ))

  it("waits for nginx.conf when somebody took the live one away, instead of having nginx read what is not there", () =>
    onNginx(({ root, change, port, get }) =>
      Effect.gen(function* () {
        yield* change("sites/shop.conf", site(port, "shop"))
        fs.rmSync(`${root}${liveTree}/nginx.conf`)
        const failure = yield* Effect.flip(change("sites/new.conf", site(port, "new")))
        expect(failure).toMatchObject({ reason: "NginxNotConfigured", verdict: { kind: "wait" } })
        expect(yield* get("shop")).toBe("shop")
        yield* change("nginx.conf", configuration(root, port))
        yield* change("sites/new.conf", site(port, "new"))
        expect(yield* get("new")).toBe("new")
      }),
    ))

  it("tests with what is live, whatever somebody made of the tree that is tested", () =>
    onNginx(({ root, change, port, get }) =>
      Effect.gen(function* () {
        yield* change("sites/shop.conf", site(port, "shop"))
        yield* change("sites/other.conf", site(port, "other"))
        const next = `${root}${nextTree}`
        const plant = (member: string, text: string) => {
          fs.rmSync(`${next}/${member}`, { force: true })
          fs.writeFileSync(`${next}/${member}`, text)
        }
        plant("sites/shop.conf", "nonsense;\n")
        plant("sites/planted.conf", "more nonsense;\n")
        fs.rmSync(`${next}/sites/other.conf`)
        yield* change("sites/new.conf", site(port, "new"))
        expect([yield* get("shop"), yield* get("new")]).toEqual(["shop", "new"])

        // One that would let everything pass.
        plant("nginx.conf", "events {}\n")
        plant("php/planted.conf", "upstream php_planted { server 127.0.0.1:9; }\n")
        const refused = yield* Effect.flip(
          change("sites/bad.conf", site(port, "bad", "proxy_pass http://php_planted;")),
        )
        expect(refused).toMatchObject({ reason: "NginxRefused" })
        const names = ["new.conf", "other.conf", "shop.conf"]
        for (const tree of [liveTree, nextTree]) expect(fs.readdirSync(`${root}${tree}/sites`)).toEqual(names)
        expect(fs.readdirSync(`${next}/php`)).toEqual([])
        const kept = fs.readdirSync(`${root}/var/lib/plumbline/kept`)
        expect(kept.length).toBe(4)
      }),
    ))

  it("leaves nothing of a round behind that could not be tested", () =>
    onNginx(({ root, change, port }) =>
      Effect.gen(function* () {
        const { nginx } = yield* Host
        yield* change("sites/shop.conf", site(port, "shop"))
        const test = nginx.test
        const broken = new ResourceFailure({
          reason: "CommandFailed",
          message: "no process",
          verdict: { kind: "retry" },
        })
        Object.assign(nginx, { test: () => Effect.fail(broken) })
        yield* Effect.flip(change("sites/shop.conf", site(port, "shop", "server_tokens off;")))
        yield* Effect.flip(change("sites/new.conf", site(port, "new")))
        Object.assign(nginx, { test })
        const inode = (tree: string) => fs.statSync(`${root}${tree}/sites/shop.conf`).ino
        expect(inode(nextTree)).toBe(inode(liveTree))
        expect(fs.readdirSync(`${root}${nextTree}/sites`)).toEqual(["shop.conf"])
      }),
    ))

  it("loads a removal that a crash cut off between the file and the reload", () =>
    onNginx(({ root, change, port, get, reloads }) =>
      Effect.gen(function* () {
        yield* change("sites/shop.conf", site(port, "shop"))
        for (const tree of [liveTree, nextTree]) fs.rmSync(`${root}${tree}/sites/shop.conf`)
        expect(yield* get("shop")).toBe("shop")
        const before = reloads()
        yield* change("sites/shop.conf", undefined)
        expect(reloads() - before).toBe(1)
        expect(yield* get("shop")).not.toBe("shop")
      }),
    ))

  it("takes a member live where somebody made a folder", () =>
    onNginx(({ root, change, port, get }) =>
      Effect.gen(function* () {
        yield* change("sites/shop.conf", site(port, "shop"))
        fs.rmSync(`${root}${liveTree}/sites/shop.conf`)
        fs.mkdirSync(`${root}${liveTree}/sites/shop.conf/inside`, { recursive: true })
        yield* change("sites/shop.conf", site(port, "shop"))
        expect(yield* get("shop")).toBe("shop")
      }),
    ))

  it("says when a reload was lost, with the reason from nginx's log", () =>
    onNginx(({ change, port, get }) =>
      Effect.gen(function* () {
        yield* change("sites/shop.conf", site(port, "shop"))
        const taken = yield* Effect.acquireRelease(
          Effect.callback<net.Server>((resume) => {
            const server = net.createServer().listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
          }),
          (server) => Effect.sync(() => server.close()),
        )
        const address = taken.address()
        const occupied = typeof address === "object" && address ? address.port : 0
        // `nginx -t` forgives a port that is in use; a reload does not.
        const failure = yield* Effect.flip(change("sites/new.conf", site(occupied, "new")))
        expect(failure).toMatchObject({ reason: "NginxNotLoaded" })
        expect(String((failure as Error).message)).toContain("bind() to 127.0.0.1")
        expect(yield* get("shop")).toBe("shop")
      }),
    ))

  it("keeps what a record has in nginx when its unit does not start", () =>
    onNginx(({ root, activator }) =>
      Effect.gen(function* () {
        const { nginx } = yield* Host
        nginx.stage("php/shop.conf", Buffer.from("upstream php_shop { server 127.0.0.1:9; }\n"))
        const failure = yield* Effect.flip(
          activator.submit("Php/shop", [
            { kind: "unit", name: "plumb-absent.service", action: "start" },
            { kind: "nginx", member: "php/shop.conf" },
          ]),
        )
        expect(failure.reason).toBe("UnitNotFound")
        expect(fs.readdirSync(`${root}${liveTree}/php`)).toEqual([])
      }),
    ))
})

it("a copy of the live tree is made cheaply, and twice costs nothing", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      fs.mkdirSync(`${root}${liveTree}/sites`, { recursive: true })
      fs.mkdirSync(`${root}${nextTree}/sites`, { recursive: true })
      fs.writeFileSync(`${root}${liveTree}/sites/a.conf`, "a")
      fs.writeFileSync(`${root}${nextTree}/sites/a.conf`, "half-done")
      fs.writeFileSync(`${root}${nextTree}/sites/b.conf`, "from a round that was cut short")
      yield* syncNext
      expect(fs.readdirSync(`${root}${nextTree}/sites`)).toEqual(["a.conf"])
      expect(fs.readFileSync(`${root}${nextTree}/sites/a.conf`, "utf8")).toBe("a")
      let writes = 0
      const restore = onSideEffect({ before: () => void writes++ })
      yield* syncNext
      restore()
      expect(writes).toBe(0)
    }),
  ))
