import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { ApiUnderTest, account, site } from "../../fixtures/api/api-under-test.ts"

/** What the agent would write. */
const asAgent = <A, E>(work: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const { url } = yield* ApiUnderTest
    return yield* Effect.flatMap(PgClient.PgClient, work).pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(url) })),
    )
  })

const condition = (type: string, reason: string) => ({
  type,
  status: "True",
  reason,
  message: "",
  lastTransitionTime: "2030-01-01T00:00:00Z",
})

const report = (kind: string, name: string, generation: number, type: string) =>
  asAgent(
    (sql) => sql`
      insert into status (kind, name, node, observed_generation, observed_version, conditions)
      select ${kind}, ${name}, 'web1', ${generation}, r.version - (r.generation - ${generation}), ${JSON.stringify([condition(type, "Because")])}::jsonb
      from records r where r.kind = ${kind} and r.name = ${name}
      on conflict (kind, name, node) do update set
        observed_generation = excluded.observed_generation,
        observed_version = excluded.observed_version, conditions = excluded.conditions, updated_at = now()`,
  )

/** An open event stream: `until` reads on to the first text that fits. */
const eventsWith = (
  more: Record<string, string>,
  query = "",
): Effect.Effect<
  { readonly headers: Headers; readonly until: (fits: (text: string) => boolean) => Effect.Effect<string> },
  never,
  ApiUnderTest | Scope.Scope
> =>
  Effect.gen(function* () {
    const { fetch } = yield* ApiUnderTest
    const controller = new AbortController()
    yield* Effect.addFinalizer(() => Effect.sync(() => controller.abort()))
    const response = yield* fetch(`/v1/events${query}`, { signal: controller.signal, headers: more })
    assert.strictEqual(response.status, 200)
    if (response.body === null) throw new Error("no body")
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let text = ""
    const until = (fits: (text: string) => boolean) =>
      Effect.promise(async () => {
        while (!fits(text)) {
          const { done, value } = await reader.read()
          if (done) break
          text += value
        }
        const read = text
        text = ""
        return read
      })
    return { headers: response.headers, until }
  })

const openEvents = eventsWith({})

/** The id that a browser would come back with. */
const lastIdIn = (text: string) => [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? ""

const eventsIn = (text: string) => [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? "null"))

describe("what is so", () => {
  layer(ApiUnderTest.layer({ events: { heartbeat: "100 millis", settled: "150 millis" } }), {
    timeout: "60 seconds",
    excludeTestServices: true,
  })((it) => {
    it.effect("the status sums up what the agents report, and says which of them are away", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", {
          records: ["ready", "stuck", "busy", "new", "old"].map((name) => account(`st-${name}`)),
        })
        yield* ask("PUT", "/v1/records/Account/st-old?version=1", account("st-old", { comment: "newer" }))
        yield* report("Account", "st-ready", 1, "Ready")
        yield* report("Account", "st-stuck", 1, "Stalled")
        yield* report("Account", "st-busy", 1, "Reconciling")
        yield* report("Account", "st-old", 1, "Ready")
        yield* asAgent((sql) =>
          Effect.all([
            sql`insert into nodes (name, last_seen_at) values ('web1', now() - interval '1 hour')`,
            sql`insert into nodes (name, last_seen_at) values ('web2', now() - interval '12 minutes')`,
            sql`insert into sweeps (node, at, resources, drifted, duration_ms) values
              ('web1', now() - interval '1 hour', 1, 1, 1), ('web1', now(), 80, 0, 12)`,
          ]),
        )
        const { body } = yield* ask("GET", "/v1/status")
        const states = Object.fromEntries(
          body.records.map((each: { name: string; state: string }) => [each.name, each.state]),
        )
        assert.deepStrictEqual(states, {
          "st-ready": "ready",
          "st-stuck": "stalled",
          "st-busy": "reconciling",
          "st-new": "waiting",
          "st-old": "waiting",
        })
        assert.deepInclude(body.summary, { total: 5, ready: 1, stalled: 1, reconciling: 1, waiting: 2 })
        assert.deepInclude(body.nodes[0], { name: "web1", agent: "present" })
        assert.deepInclude(body.nodes[0].lastSweep, { resources: 80, durationMs: 12 })
        assert.deepInclude(body.nodes[1], { name: "web2", agent: "away", lastSweep: null })
        assert.strictEqual((yield* ask("GET", "/v1/status?kind=Account&name=st-new")).body.records.length, 1)
      }),
    )

    it.effect("events begin with resync, tell what changes, and show that they are alive", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const { headers, until } = yield* openEvents
        assert.match(headers.get("content-type") ?? "", /^text\/event-stream/)
        assert.strictEqual(headers.get("x-accel-buffering"), "no")
        assert.deepStrictEqual(eventsIn(yield* until((text) => text.includes("\n\n")))[0], { type: "resync" })
        yield* until((text) => /^: alive\n(id: .*\n)?\n/m.test(text))

        yield* ask("PUT", "/v1/records/Account/ev", account("ev"))
        const [made] = eventsIn(yield* until((text) => text.includes('"Account"')))
        assert.deepInclude(made, { type: "record", kind: "Account", name: "ev" })
        assert.deepInclude(made.entry, { version: 1, state: "waiting" })

        yield* report("Account", "ev", 1, "Ready")
        const [reported] = eventsIn(yield* until((text) => text.includes('"status"')))
        assert.deepInclude(reported, { type: "status", name: "ev" })
        assert.strictEqual(reported.entry.state, "ready")

        yield* asAgent(
          (sql) => sql`insert into drift_events (node, kind, name, resource_key, drift_kind, stream, outcome, diff)
            values ('web1', 'Account', 'ev', 'path:/home/ev', 'changed', 'corrective', 'healed', '-mode')`,
        )
        const [drift] = eventsIn(yield* until((text) => text.includes('"drift"')))
        assert.deepInclude(drift.drift, { node: "web1", resource: "path:/home/ev" })

        yield* ask("POST", "/v1/pauses", { mode: "observe", reason: "looking" })
        yield* until((text) => text.includes('{"type":"pauses"}'))
        yield* ask("DELETE", "/v1/pauses")

        yield* asAgent((sql) => sql`delete from records where name = 'ev'`)
        const gone = eventsIn(yield* until((text) => text.includes('"entry":null')))
        assert.deepInclude(gone.at(-1), { type: "record", name: "ev", entry: null })
      }),
    )

    it.effect("whoever comes back is told what has changed meanwhile, and nothing else", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("PUT", "/v1/records/Account/gap-kept", account("gap-kept"))
        for (const name of ["gap-changed", "gap-gone", "gap-told"])
          yield* ask("PUT", `/v1/records/Account/${name}`, account(name))
        const first = yield* openEvents
        // The moment that is named is past: it has to be after what was written above.
        const written = Date.now()
        const momentOf = (text: string) => Number(lastIdIn(text).split("-")[0])
        const id = lastIdIn(yield* first.until((text) => momentOf(text) > written))

        yield* ask("PUT", "/v1/records/Account/gap-new", account("gap-new"))
        yield* ask("PUT", "/v1/records/Account/gap-changed?version=1", account("gap-changed", { comment: "newer" }))
        yield* report("Account", "gap-told", 1, "Ready")
        yield* asAgent((sql) => sql`delete from records where name = 'gap-gone'`)
        yield* asAgent(
          (sql) => sql`insert into drift_events (node, kind, name, resource_key, drift_kind, stream, outcome, diff)
            values ('web1', 'Account', 'gap-kept', 'path:/home/gap', 'changed', 'corrective', 'healed', '-mode')`,
        )

        // All of it was told to those who are there.
        yield* first.until((text) => text.includes('"drift"'))
        // The header is a browser's; a page that was loaded anew gives the parameter.
        for (const back of [eventsWith({ "last-event-id": id }), eventsWith({}, `?lastEventId=${id}`)]) {
          const { until } = yield* back
          const told = eventsIn(yield* until((text) => text.includes('"drift"')))
          const of = (event: { readonly type: string; readonly name?: string }) => `${event.type} ${event.name ?? ""}`
          assert.deepStrictEqual(told.map(of), [
            "pauses ",
            "record gap-changed",
            "record gap-gone",
            "record gap-new",
            "status gap-told",
            "drift ",
          ])
          assert.isNull(told[2].entry)
          assert.strictEqual(told[1].entry.version, 2)
        }

        // From nowhere, from another database, from too long ago, and what is none at all.
        const [at, transaction, drift] = id.split("-")
        for (const odd of [
          "",
          "x",
          `${at}-${"9".repeat(19)}-${drift}`,
          `${Number(at) - 2 * 60 * 60_000}-${transaction}-${drift}`,
          `${Number(at) + 2 * 60 * 60_000}-${transaction}-${drift}`,
          `${at}-${transaction}-${drift}'; drop table records; --`,
        ]) {
          const { until } = yield* eventsWith({ "last-event-id": odd })
          assert.deepStrictEqual(eventsIn(yield* until((text) => /^data: /m.test(text)))[0], { type: "resync" }, odd)
        }
      }),
    )

    it.effect("a lost connection for notifications is made again, and everybody is told to read anew", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const { until } = yield* openEvents
        yield* until((text) => text.includes("resync"))
        yield* asAgent(
          (sql) => sql`select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'plumbline-events' and datname = current_database()`,
        )
        yield* until((text) => text.includes("resync"))
        yield* ask("PUT", "/v1/records/Account/relisten", account("relisten"))
        yield* until((text) => text.includes('"relisten"'))
      }),
    )

    it.effect("drift is listed newest first, page by page, and shown with its diff", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* asAgent(
          (
            sql,
          ) => sql`insert into drift_events (node, kind, name, resource_key, drift_kind, stream, outcome, diff, fields)
            select 'drifter', 'Site', 'd', 'path:/' || n, 'changed', 'corrective', case when n = 3 then 'reported' else 'healed' end,
              '-' || n, '[{"field": "mode"}]' from generate_series(1, 5) n`,
        )
        const first = (yield* ask("GET", "/v1/drift?node=drifter&limit=2")).body
        assert.deepStrictEqual(
          first.items.map((each: { resource: string }) => each.resource),
          ["path:/5", "path:/4"],
        )
        const second = (yield* ask("GET", `/v1/drift?node=drifter&limit=3&after=${first.next}`)).body
        assert.deepInclude(second, { next: null })
        assert.strictEqual(second.items.length, 3)
        assert.strictEqual((yield* ask("GET", "/v1/drift?node=drifter&outcome=reported")).body.items.length, 1)
        const shown = (yield* ask("GET", `/v1/drift/${first.items[0].seq}`)).body
        assert.deepInclude(shown, { diff: "-5", keptCopy: null })
        assert.deepStrictEqual(shown.fields, [{ field: "mode" }])
      }),
    )

    it.effect("a pause has a scope, a reason and an actor; a second one of the scope replaces it", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const scope = { kind: "Site", name: "shop" }
        yield* ask("POST", "/v1/pauses", { ...scope, mode: "pause", reason: "moving" })
        const made = yield* ask("POST", "/v1/pauses", {
          ...scope,
          mode: "observe",
          reason: "looking",
          until: "2999-01-01T00:00:00Z",
        })
        assert.deepInclude(made.body, { ...scope, mode: "observe", actor: "admin", until: "2999-01-01T00:00:00.000Z" })
        assert.strictEqual((yield* ask("GET", "/v1/pauses")).body.length, 1)
        assert.strictEqual((yield* ask("DELETE", "/v1/pauses?kind=Site")).status, 404)
        assert.strictEqual((yield* ask("DELETE", "/v1/pauses?kind=Site&name=shop")).body.length, 1)
        const all = yield* ask("POST", "/v1/pauses", { mode: "pause", reason: "all" })
        assert.strictEqual((yield* ask("DELETE", `/v1/pauses/${all.body.id}`)).status, 200)
        const wrong = yield* ask("POST", "/v1/pauses", { kind: "Stie", mode: "pause", reason: " ", until: "yesterday" })
        assert.strictEqual(wrong.body.problems.length, 3)
        const past = yield* ask("POST", "/v1/pauses", {
          name: "x",
          mode: "pause",
          reason: "r",
          until: "2001-01-01T00:00:00Z",
        })
        assert.strictEqual(past.body.problems.length, 2)
      }),
    )

    it.effect("explains who owns a path, a unit and a user, down to the revision that set the field", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", {
          records: [account("own"), site("own-shop", "own", "own.example.org")],
          source: "folder:own",
        })
        yield* ask(
          "PUT",
          "/v1/records/Site/own-shop?version=1",
          site("own-shop", "own", "own.example.org", { suspended: true }),
        )
        const { id } = (yield* ask("GET", "/v1/records/Site/own-shop")).body
        yield* asAgent((sql) =>
          Effect.all([
            sql`insert into nodes (name, facts) values ('dev', '{"root": "/srv/host"}')`,
            sql`insert into inventory (node, key, kind, name, record_id, resource_kind, resource_id, on_delete, fields, generation)
              select 'dev', key, 'Site', 'own-shop', ${id}::uuid, 'x', key, 'remove', '["spec.domains[0]", "spec.suspended"]', 2
              from unnest(array['path:/home/own', 'path:/home/own/sites/own-shop', 'unit:plumb-php8.2@own.service', 'user:own', 'uid:10000']) key`,
          ]),
        )
        const exact = (yield* ask("GET", "/v1/explain?path=/home/own/sites/own-shop/")).body
        assert.deepInclude(exact[0], { node: "dev", match: "exact", key: "path:/home/own/sites/own-shop" })
        assert.deepInclude(exact[0].fields[0], { field: "spec.domains[0]", value: "own.example.org" })
        assert.strictEqual(exact[0].fields[0].revision.source, "folder:own")
        assert.deepInclude(exact[0].fields[1], { field: "spec.suspended", value: true })
        assert.strictEqual(exact[0].fields[1].revision.source, "api")

        const below = (yield* ask("GET", "/v1/explain?path=/home/own/sites/own-shop/public/index.html")).body
        assert.deepInclude(below[0], { match: "ancestor", key: "path:/home/own/sites/own-shop" })
        const rooted = (yield* ask("GET", "/v1/explain?path=/srv/host/home/own")).body
        assert.deepInclude(rooted[0], { match: "exact", key: "path:/home/own" })
        for (const question of ["unit=plumb-php8.2@own", "unit=plumb-php8.2@own.service", "user=own", "user=10000"])
          assert.strictEqual((yield* ask("GET", `/v1/explain?${question}`)).status, 200, question)
        const foreign = yield* ask("GET", "/v1/explain?path=/etc/passwd")
        assert.strictEqual(foreign.status, 404)
        assert.match(foreign.body.detail, /No record owns \/etc\/passwd/)
      }),
    )
  })

  layer(ApiUnderTest.layer({ events: { backlog: 5 } }), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("a stream that falls behind ends, and the next one starts with resync", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const { until } = yield* openEvents
        yield* until((text) => text.includes("resync"))
        const names = Array.from({ length: 100 }, (_, index) => `flood-${index}`)
        yield* ask("POST", "/v1/apply", { records: names.map((name) => account(name)) })
        // Returns because the stream is at its end.
        const sent = eventsIn(yield* until(() => false))
        assert.isBelow(sent.length, 100)

        const again = yield* openEvents
        yield* again.until((text) => text.includes("resync"))
        yield* ask("PUT", "/v1/records/Account/flood-0?version=1", account("flood-0", { comment: "one more" }))
        yield* again.until((text) => text.includes("flood-0"))
      }),
    )

    it.effect("a large set is told as one resync, which no queue is too short for", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const { until } = yield* openEvents
        yield* until((text) => text.includes("resync"))
        const names = Array.from({ length: 300 }, (_, index) => `large-${index}`)
        yield* ask("POST", "/v1/apply", { records: names.map((name) => account(name)) })
        assert.deepStrictEqual(eventsIn(yield* until((text) => text.includes("\n\n"))), [{ type: "resync" }])
      }),
    )
  })
})
