// An order on a directory host, against a server that fails at will: what becomes of it when things go wrong, and that no
// crash costs an account or an order.
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { describe, expect, it } from "vitest"
import { folders, pairAt, progress, serve, shop, soon, wishFor } from "../../fixtures/acme/orders.ts"
import { acmeServer } from "../../fixtures/acme/server.ts"
import { waitFor } from "../../fixtures/testhost/processes.ts"
import { uncovered } from "../../spec/x509.ts"
import { attempt, type Host } from "../host/host.ts"
import { onScratchHost } from "../host/scratch-host.ts"
import { onSideEffect, sideEffectCount } from "../host/side-effect.ts"
import { hooksFolder } from "../host/state-folders.ts"
import { certificateType } from "../resources/certificate.ts"
import { challenges, pairOf } from "../resources/certificate-place.ts"
import { attend } from "./issuer.ts"
import { pursue } from "./order.ts"
import { Lookup } from "./reasons.ts"
import { renewalOf } from "./renewal.ts"
import { type Wish, writeWish } from "./wish.ts"

/** One try, as if the agent did nothing else. */
const once = (wish: Wish) =>
  Effect.gen(function* () {
    yield* attempt(({ files }) => writeWish(files, "shop", wish))
    return yield* soon(pursue("shop", wish))
  })

describe("an order", () => {
  it("ends with a pair for all names, and leaves no answer behind", async () => {
    const acme = await serve()
    await onScratchHost((root) =>
      Effect.gen(function* () {
        yield* folders
        yield* once(wishFor(acme, ...shop))
        const pair = yield* pairAt("shop")
        if (pair === undefined) throw new Error("no pair")
        expect(uncovered(pair.own, shop)).toEqual([])
        expect(fs.readdirSync(`${root}${challenges}`)).toEqual([])
        expect(yield* progress).toMatchObject({ issued: { fingerprint: pair.own.fingerprint256 }, failures: [] })
        expect(acme.accounts.size).toBe(1)
        // The authority saw no private key, and nobody but root and the web server's group may read it.
        expect(fs.statSync(`${root}${pairOf("shop")}`).mode & 0o777).toBe(0o640)
      }),
    )
  })

  it("is renewed with the key that it has, so that no worker can meet half of the next pair", async () => {
    const acme = await serve()
    await onScratchHost(() =>
      Effect.gen(function* () {
        yield* folders
        const key = () => Effect.map(pairAt("shop"), (pair) => pair?.text.split("-----BEGIN PRIVATE")[1])
        yield* once(wishFor(acme, ...shop))
        const first = yield* pairAt("shop")
        const firstKey = yield* key()
        yield* once(wishFor(acme, ...shop))
        expect((yield* pairAt("shop"))?.own.fingerprint256).not.toBe(first?.own.fingerprint256)
        expect(yield* key()).toBe(firstKey)
        expect([acme.accounts.size, acme.orders.length]).toEqual([1, 2])
      }),
    )
  })

  it("that was cut off at any side effect goes on with the same account, and with the same order once it was stored", async () => {
    for (let at = 1, over = false; !over; at++) {
      const acme = await acmeServer()
      await onScratchHost((root) =>
        Effect.gen(function* () {
          yield* folders
          const wish = wishFor(acme, ...shop)
          yield* attempt(({ files }) => writeWish(files, "shop", wish))
          const from = sideEffectCount()
          let crashed = ""
          const restore = onSideEffect({
            after: (count: number, what: string) => {
              if (crashed !== "" || count - from !== at) return
              crashed = what
              throw new Error("power cut")
            },
          })
          yield* Effect.exit(soon(pursue("shop", wish)))
          restore()
          over = crashed === ""
          const stored = (yield* progress).order?.url
          yield* soon(pursue("shop", wish))
          const pair = yield* pairAt("shop")
          const told = `after ${at}: ${crashed}`
          expect(pair && uncovered(pair.own, shop), told).toEqual([])
          expect(acme.accounts.size, told).toBe(1)
          // An order whose URL nobody could store yet is made again, and no other.
          expect(acme.orders.length, told).toBeLessThanOrEqual(stored === undefined ? 2 : 1)
          expect((yield* progress).order, told).toBeUndefined()
          expect(fs.readdirSync(`${root}${challenges}`), told).toEqual([])
        }),
      )
      await acme.close()
    }
  }, 120_000)

  it.each([
    ["goes well", undefined],
    ["fails", { type: "urn:ietf:params:acme:error:connection", detail: "Connection refused" }],
  ])(
    "that %s leaves nothing behind when its record goes at any request of it",
    async (_, invalid) => {
      const here = { addresses: async () => ["192.0.2.1"], own: () => ["192.0.2.1"] }
      let moments = 0
      for (let at = 1, over = false; !over; at++) {
        let remove: () => void = () => undefined
        const acme = await acmeServer({
          validate: () => invalid,
          interfere: () => {
            if (acme.asked.length === at) remove()
            return undefined
          },
        })
        await onScratchHost((root) =>
          Effect.gen(function* () {
            yield* folders
            const wish = wishFor(acme, ...shop)
            yield* attempt(({ files }) => writeWish(files, "shop", wish))
            const services = yield* Effect.context<Host>()
            let what = ""
            remove = () => {
              what = acme.asked.at(-1) ?? ""
              const removal = { onDelete: "remove", recordId: "r1", record: "Certificate/shop" } as const
              Effect.runSyncWith(services)(
                certificateType.remove("shop", { ...removal, retainUntil: "2030-01-01T00:00:00Z" }),
              )
            }
            yield* soon(attend("shop", wish)).pipe(
              Effect.catchTag("Unwanted", () => Effect.void),
              Effect.provideService(Lookup, here),
            )
            over = what === ""
            if (over) return
            moments++
            const left = ["acme/wishes", "acme/sites", "acme/http-01", "certificates"].flatMap((folder) =>
              fs.existsSync(`${root}/var/lib/plumbline/${folder}`)
                ? fs.readdirSync(`${root}/var/lib/plumbline/${folder}`)
                : [],
            )
            expect(left, `at request ${at}: ${what}`).toEqual([])
          }),
        )
        await acme.close()
      }
      expect(moments).toBeGreaterThan(8)
    },
    60_000,
  )

  it("takes its record out of the DNS where it is removed while the hook sets it", async () => {
    const acme = await serve()
    await onScratchHost((root) =>
      Effect.gen(function* () {
        yield* folders
        const log = `${root}/hook.log`
        const gate = `${root}/gate`
        // It is there only once the gate is open, which is after the removal.
        const hook = `#!/bin/sh\n[ "$1" = cleanup ] || { echo set >> ${log}; cat ${gate} > /dev/null; }\necho "$1 $2" >> ${log}\n`
        const rootsOwn = { owner: "root", group: "root", mode: 0o755 }
        yield* attempt(({ files }) => {
          files.makeDirectory("/etc/plumbline", rootsOwn)
          files.makeDirectory(hooksFolder, rootsOwn)
          files.write(`${hooksFolder}/dns`, hook, rootsOwn)
        })
        execFileSync("mkfifo", [gate])
        const wish = { ...wishFor(acme, "shop.example.org"), hook: "dns" }
        yield* attempt(({ files }) => writeWish(files, "shop", wish))
        const order = yield* Effect.forkScoped(Effect.exit(soon(attend("shop", wish))))
        const said = () => (fs.existsSync(log) ? fs.readFileSync(log, "utf8").trim().split("\n") : [])
        yield* Effect.promise(() => waitFor(async () => said().length > 0 || undefined, { within: 10_000 }))
        const removal = { onDelete: "remove", recordId: "r1", record: "Certificate/shop" } as const
        yield* certificateType.remove("shop", { ...removal, retainUntil: "2030-01-01T00:00:00Z" })
        fs.writeFileSync(gate, "")
        yield* Fiber.await(order)
        expect(said().slice(-2)).toEqual([
          "present _acme-challenge.shop.example.org",
          "cleanup _acme-challenge.shop.example.org",
        ])
      }),
    )
  })

  it("that fails says where the name points to, and where this host is", async () => {
    const connection = { type: "urn:ietf:params:acme:error:connection", detail: "192.0.2.9: Connection refused" }
    const acme = await serve({ validate: (name) => (name.startsWith("www") ? connection : undefined) })
    const lookup = (found: ReadonlyArray<string>) =>
      Effect.provideService(Lookup, { addresses: async () => found, own: () => ["192.0.2.1", "2001:db8::1"] })
    const failure = (found: ReadonlyArray<string>) =>
      onScratchHost(() => Effect.andThen(folders, Effect.flip(once(wishFor(acme, ...shop)))).pipe(lookup(found)))
    expect(await failure(["192.0.2.9"])).toMatchObject({
      reason: "NamePointsElsewhere",
      message:
        "www.shop.example.org points to 192.0.2.9, this host is 192.0.2.1, 2001:db8::1. The authority could not connect: 192.0.2.9: Connection refused.",
    })
    expect(await failure([])).toMatchObject({
      message: expect.stringMatching(/^www\.shop\.example\.org has no address in the DNS\. The authority could not/),
    })
    expect(await failure(["192.0.2.1", "2001:db8::9"])).toMatchObject({
      message: expect.stringMatching(/^www\.shop\.example\.org points to 2001:db8::9, this host is /),
    })
    expect(await failure(["192.0.2.1"])).toMatchObject({
      reason: "Unreachable",
      message: "www.shop.example.org: The authority could not connect: 192.0.2.9: Connection refused.",
    })
  })

  it.each([
    [
      "caa",
      "CAA record for example.org prevents issuance",
      "CaaForbids",
      "A CAA record in the DNS keeps this authority",
    ],
    ["dns", "DNS problem: SERVFAIL looking up A", "DnsFailed", "The authority found no answer in the DNS"],
    ["connection", "Timeout during connect", "Unreachable", "The authority could not connect"],
    ["unauthorized", "Invalid response: 404", "ValidationFailed", "The authority saw another answer than ours"],
    ["tls", "remote error: handshake failure", "ValidationFailed", "The authority could not speak TLS"],
    ["rejectedIdentifier", "on the blocked list", "NameRejected", "The authority issues no certificate for one of"],
    ["somethingNew", "a word of its own", "OrderFailed", "The authority refused"],
  ])("that fails for %s says it in our words and in the authority's", async (type, detail, reason, says) => {
    const acme = await serve({ validate: () => ({ type: `urn:ietf:params:acme:error:${type}`, detail }) })
    const here = { addresses: async () => ["192.0.2.1"], own: () => ["192.0.2.1"] }
    const failure = await onScratchHost(() =>
      Effect.andThen(folders, Effect.flip(once(wishFor(acme, "shop.example.org")))).pipe(
        Effect.provideService(Lookup, here),
      ),
    )
    expect(failure).toMatchObject({ reason, message: expect.stringContaining(says) })
    expect(failure.message).toContain(`: ${detail}.`)
  })

  it("is made anew when the server has forgotten it, or the names are others", async () => {
    let gone = false
    const acme = await serve({
      interfere: (what) => (gone && what === "order" ? { status: 404, body: {} } : undefined),
      validate: () => undefined,
    })
    await onScratchHost(() =>
      Effect.gen(function* () {
        yield* folders
        const restore = onSideEffect({
          before: (_, what) => {
            if (what === "acme challenge") throw new Error("power cut")
          },
        })
        yield* Effect.exit(once(wishFor(acme, ...shop)))
        restore()
        expect((yield* progress).order?.names).toBe("shop.example.org www.shop.example.org")
        yield* once(wishFor(acme, "blog.example.org"))
        expect(acme.orders.map(({ names }) => names)).toEqual([shop, ["blog.example.org"]])
        gone = true
        yield* Effect.exit(once(wishFor(acme, "blog.example.org")))
        gone = false
      }),
    )
  })

  it("takes no token that would be a path, and no certificate for another key", async () => {
    const acme = await serve({
      interfere: (what) =>
        what === "authz"
          ? {
              status: 200,
              body: {
                status: "pending",
                identifier: { type: "dns", value: "shop.example.org" },
                challenges: [
                  { type: "http-01", url: "http://127.0.0.1/", token: "../../etc/passwd", status: "pending" },
                ],
              },
            }
          : undefined,
    })
    const failure = await onScratchHost(() =>
      Effect.andThen(folders, Effect.flip(once(wishFor(acme, "shop.example.org")))),
    )
    expect(failure).toMatchObject({ reason: "OrderFailed", message: "The authority gave a token that is none." })
  })
})

it("a renewal comes before two thirds of the life are over, at another time for each site, and always at the same", async () => {
  const acme = await serve()
  await onScratchHost(() =>
    Effect.gen(function* () {
      yield* folders
      yield* once(wishFor(acme, "shop.example.org"))
      const pair = yield* pairAt("shop")
      if (pair === undefined) throw new Error("no pair")
      const from = Date.parse(pair.own.validFrom)
      const life = Date.parse(pair.own.validTo) - from
      const shares = Array.from({ length: 100 }, (_, at) => (renewalOf(`site-${at}`, pair.own) - from) / life)
      expect(Math.max(...shares)).toBeLessThanOrEqual(2 / 3)
      expect(Math.min(...shares)).toBeGreaterThan(0.6)
      expect(new Set(shares).size).toBe(100)
      expect(renewalOf("shop", pair.own)).toBe(renewalOf("shop", pair.own))
    }),
  )
})
