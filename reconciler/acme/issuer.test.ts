// The issuer on a directory host: when it tries, how often, and what it makes of a server that refuses.
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { folders, pairAt, progress, serve, soon, wishFor } from "../../fixtures/acme/orders.ts"
import type { AcmeOptions, AcmeServer } from "../../fixtures/acme/server.ts"
import { uncovered } from "../../spec/x509.ts"
import { attempt, type Host } from "../host/host.ts"
import { onScratchHost } from "../host/scratch-host.ts"
import { certificateType } from "../resources/certificate.ts"
import { client, countOrder } from "./accounts.ts"
import { dueAt, issuer, Patience, retryAt } from "./issuer.ts"
import { Lookup } from "./reasons.ts"
import { type Wish, writeWish } from "./wish.ts"

describe("the issuer", () => {
  const run = <A, E>(use: (root: string) => Effect.Effect<A, E, Host>, patience = 20) =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        yield* folders
        yield* Effect.forkScoped(issuer)
        return yield* use(root)
      }).pipe(
        Effect.provideService(Patience, patience),
        soon,
        Effect.provideService(Lookup, { addresses: async () => [], own: () => [] }),
      ),
    )
  const eventually = <A>(look: Effect.Effect<A | undefined, unknown, Host>): Effect.Effect<A, never, Host> =>
    Effect.suspend(() =>
      look.pipe(
        Effect.orElseSucceed(() => undefined),
        Effect.flatMap((found) => (found === undefined ? Effect.delay(eventually(look), 20) : Effect.succeed(found))),
      ),
    )
  const wish = (one: Wish) => attempt(({ files }) => writeWish(files, "shop", one))

  it("tries again when it failed, later each time, and tells why", async () => {
    let failing = 3
    const acme = await serve({ validate: () => (failing-- > 0 ? { type: "x:dns", detail: "NXDOMAIN" } : undefined) })
    await run(() =>
      Effect.gen(function* () {
        yield* wish(wishFor(acme, "shop.example.org"))
        const failed = yield* eventually(
          Effect.map(progress, (seen) => (seen.failures.length === 3 ? seen : undefined)),
        )
        expect(failed.failures.map(({ reason }) => reason)).toEqual(Array(3).fill("NamePointsElsewhere"))
        yield* eventually(Effect.map(progress, ({ issued }) => issued))
        expect(yield* progress).toMatchObject({ failures: [] })
        expect([acme.accounts.size, acme.orders.length]).toEqual([1, 4])
      }),
    )
  })

  it("waits as long as the server says, and asks nothing of it meanwhile", async () => {
    const acme = await serve({
      interfere: (what) =>
        what === "new-order"
          ? {
              status: 429,
              body: { type: "urn:ietf:params:acme:error:rateLimited", detail: "too many" },
              headers: { "retry-after": "3600" },
            }
          : undefined,
    })
    await run(() =>
      Effect.gen(function* () {
        yield* wish(wishFor(acme, "shop.example.org"))
        const seen = yield* eventually(Effect.map(progress, (seen) => (seen.failures.length > 0 ? seen : undefined)))
        const [failure] = seen.failures
        expect(failure).toMatchObject({
          reason: "RateLimited",
          message: "The authority takes no more for now: too many.",
        })
        expect((seen.retryAtMillis ?? 0) - (failure?.atMillis ?? 0)).toBe(3_600_000)
        // A restart is no way around it: it is computed from what is stored.
        const due = yield* attempt(({ files }) => dueAt(files, "shop", wishFor(acme, "shop.example.org"), 0))
        expect(due).toBe(seen.retryAtMillis)
        yield* Effect.sleep(300)
        expect(acme.asked.filter((what) => what === "new-order")).toHaveLength(1)
      }),
    )
  })

  const limited = (detail: string, retryAfter: string): NonNullable<AcmeOptions["interfere"]> => {
    const body = { type: "urn:ietf:params:acme:error:rateLimited", detail }
    return (what) => (what === "new-order" ? { status: 429, body, headers: { "retry-after": retryAfter } } : undefined)
  }
  const sites = ["shop", "blog", "wiki", "mail", "docs", "news"]
  const wishes = (acme: AcmeServer) =>
    attempt(({ files }) => {
      for (const site of sites) writeWish(files, site, wishFor(acme, `${site}.example.org`))
    })
  const due = (acme: AcmeServer, site: string) =>
    attempt(({ files }) => dueAt(files, site, wishFor(acme, `${site}.example.org`), Date.now()))

  it("takes a date as the server's word too", async () => {
    const at = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000)
    const acme = await serve({ interfere: limited("too many", at.toUTCString()) })
    await run(() =>
      Effect.gen(function* () {
        yield* wish(wishFor(acme, "shop.example.org"))
        const seen = yield* eventually(Effect.map(progress, (seen) => (seen.failures.length > 0 ? seen : undefined)))
        expect(seen.retryAtMillis).toBe(at.getTime())
      }),
    )
  })

  it.each([
    ["of the account", "too many new orders (300) from this account in the last 3h0m0s", 1],
    ["of an address", "too many new registrations (10) from this IP address in the last 3h0m0s", 1],
    ["of a name", 'too many certificates (50) already issued for "shop.example.org" in the last 168h0m0s', 2],
    ["of a set of names", "too many certificates (5) already issued for this exact set of identifiers", 2],
  ])("lets all sites wait for a limit %s that holds for all, and others go on otherwise", async (_, detail, asked) => {
    const acme = await serve({ interfere: limited(detail, "3600") })
    await run(() =>
      Effect.gen(function* () {
        yield* wish(wishFor(acme, "shop.example.org"))
        yield* eventually(Effect.map(progress, (seen) => (seen.failures.length > 0 ? seen : undefined)))
        yield* attempt(({ files }) => writeWish(files, "blog", wishFor(acme, "blog.example.net")))
        const other = attempt(({ files }) => dueAt(files, "blog", wishFor(acme, "blog.example.net"), 0))
        yield* eventually(Effect.map(other, (at) => (at > 0 ? at : undefined)))
        expect(acme.asked.filter((what) => what === "new-order")).toHaveLength(asked)
      }),
    )
  })

  it("makes no more than 250 orders of an account in three hours, however many sites wait for theirs at once", async () => {
    const acme = await serve()
    await run(() =>
      Effect.gen(function* () {
        yield* client(wishFor(acme, "shop.example.org"))
        for (let made = 0; made < 248; made++) yield* countOrder(acme.directory)
        yield* wishes(acme)
        const now = Date.now()
        const issued = Effect.map(Effect.all(sites.map((site) => due(acme, site))), (all) =>
          all.filter((at) => at > now),
        )
        yield* eventually(Effect.map(issued, (all) => (all.length === sites.length ? all : undefined)))
        yield* eventually(Effect.sync(() => (acme.orders.length > 1 ? acme.orders : undefined)))
        yield* Effect.sleep(300)
        expect(acme.orders).toHaveLength(2)
      }),
    )
  })

  it("registers the same key again where the server has forgotten the account", async () => {
    let forgotten = false
    const acme = await serve({
      interfere: (what) => {
        if (!forgotten || what !== "new-order") return undefined
        forgotten = false
        return { status: 400, body: { type: "urn:ietf:params:acme:error:accountDoesNotExist" } }
      },
    })
    await run(() =>
      Effect.gen(function* () {
        yield* wish(wishFor(acme, "shop.example.org"))
        yield* eventually(Effect.map(progress, ({ issued }) => issued))
        forgotten = true
        yield* wish(wishFor(acme, "blog.example.org"))
        yield* eventually(
          Effect.map(
            pairAt("shop"),
            (pair) => pair && (uncovered(pair.own, ["blog.example.org"]).length === 0 || undefined),
          ),
        )
        expect(acme.accounts.size).toBe(1)
      }),
    )
  })

  it("stops when nobody wants the certificate any more", async () => {
    const acme = await serve({ validate: () => ({ type: "x:dns" }) })
    await run((root) =>
      Effect.gen(function* () {
        yield* wish(wishFor(acme, "shop.example.org"))
        yield* eventually(Effect.map(progress, ({ failures }) => failures[0]))
        yield* certificateType.remove("shop", {
          onDelete: "remove",
          recordId: "r1",
          record: "Certificate/shop",
          retainUntil: "2030-01-01T00:00:00Z",
        })
        yield* Effect.sleep(200)
        const orders = acme.orders.length
        yield* Effect.sleep(300)
        expect(acme.orders.length).toBe(orders)
        expect(fs.readdirSync(`${root}/var/lib/plumbline/acme/wishes`)).toEqual([])
      }),
    )
  })
})

it("no more than five tries fall into an hour, whatever the server says", () => {
  const minute = 60_000
  const times: Array<number> = []
  let now = 0
  while (times.length < 60) {
    times.push(now)
    now = retryAt(
      times.map((atMillis) => ({ atMillis, names: "", reason: "", message: "" })),
      minute,
      now,
    )
  }
  for (const [index, at] of times.entries())
    expect(times.slice(index).filter((other) => other - at < 60 * minute).length).toBeLessThanOrEqual(5)
  // A day later it still tries, four times a day.
  expect(now - (times.at(-1) ?? 0)).toBe(360 * minute)
})
