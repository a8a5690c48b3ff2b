// The store on the same machine: the reconciler's own statements against the tables of api/store/migrations.
//
// The one thing to know before changing it: bulk goes in as one JSON parameter and is spread out by Postgres, so that a
// thousand rows are one statement. Once a statement could not reach the server, all others fail at once without trying,
// until `list` gets through again: a pass must never wait for a dead connection.

import * as PgClient from "@effect/sql-pg/PgClient"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql/SqlError"
import * as Batch from "./batch.ts"
import { Conditions } from "./conditions.ts"
import type { HostKey } from "./contract/resource.ts"
import type { Claim, Owned } from "./inventory.ts"
import { kindOf, nameOf, type RecordKey, recordKey } from "./keys.ts"
import type { Pause } from "./policy.ts"
import type { Stored } from "./records.ts"
import { DesiredState, type Hint, type StatusDetails, StoreFailure } from "./store.ts"

/** Statements that Postgres refused; every other error means that it could not be asked. */
const refusals: ReadonlySet<string> = new Set([
  "SqlSyntaxError",
  "UniqueViolation",
  "ConstraintError",
  "AuthorizationError",
])

const isRefusal = (error: SqlError): boolean =>
  [...refusals].some((name) => error.reason._tag === name || error.reason._tag.endsWith(`/${name}`))

const decodeConditions = Schema.decodeUnknownOption(Conditions)
const decodeKey = Schema.decodeUnknownOption(Schema.TemplateLiteral([Schema.String, "/", Schema.String]))
const annotationsOf = Schema.decodeUnknownOption(
  Schema.Struct({ annotations: Schema.Record(Schema.String, Schema.String) }),
)

const make = (node: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    let awaySince: number | undefined
    let lastAway: { readonly from: number; readonly until: number } | undefined

    const asked = <A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, StoreFailure> =>
      statement.pipe(
        Effect.timeoutOrElse({
          duration: "10 seconds",
          orElse: () => Effect.fail(new StoreFailure({ away: true, message: "Postgres did not answer in time" })),
        }),
        Effect.catch((error) => {
          if (error._tag === "StoreFailure") return gone(error)
          return isRefusal(error)
            ? Effect.fail(new StoreFailure({ away: false, message: error.message }))
            : gone(new StoreFailure({ away: true, message: error.message }))
        }),
      )

    const gone = (failure: StoreFailure) =>
      Effect.gen(function* () {
        if (awaySince === undefined) {
          awaySince = yield* Clock.currentTimeMillis
          yield* Effect.logWarning(
            `Postgres is out of reach (${failure.message}). Healing goes on to the last known spec; nothing is removed.`,
          )
        }
        return yield* failure
      })

    /** Fails at once while Postgres is away. */
    const ask = <A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, StoreFailure> =>
      Effect.suspend(() =>
        awaySince === undefined
          ? asked(statement)
          : Effect.fail(new StoreFailure({ away: true, message: "Postgres is out of reach" })),
      )

    const list = Effect.gen(function* () {
      const rows = yield* asked(
        sql<{ kind: string; name: string; id: string; version: bigint }>`select kind, name, id, version from records`,
      )
      if (awaySince !== undefined) {
        lastAway = { from: awaySince, until: yield* Clock.currentTimeMillis }
        awaySince = undefined
        yield* Effect.logInfo(`Postgres is back after ${Math.round((lastAway.until - lastAway.from) / 1000)} s.`)
      }
      return rows.map((row) => ({ key: recordKey(row.kind, row.name), id: row.id, version: Number(row.version) }))
    })

    const load = (keys: ReadonlyArray<RecordKey>) =>
      ask(
        sql<{
          kind: string
          name: string
          id: string
          version: bigint
          generation: bigint
          deleted: boolean
          confirmed: boolean
          metadata: unknown
          spec: string
        }>`
          select r.kind, r.name, r.id, r.version, r.generation, r.deleted_at is not null as deleted,
                 r.deletion_confirmed as confirmed, r.metadata, r.spec::text as spec
          from jsonb_to_recordset(${sql.json(keys.map((key) => ({ kind: kindOf(key), name: nameOf(key) })))})
               as wanted(kind text, name text)
          join records r using (kind, name)`,
      ).pipe(
        Effect.map((rows) =>
          rows.map(
            (row): Stored => ({
              kind: row.kind,
              name: row.name,
              id: row.id,
              version: Number(row.version),
              generation: Number(row.generation),
              deleted: row.deleted,
              deletionConfirmed: row.confirmed,
              annotations: Option.match(annotationsOf(row.metadata), {
                onNone: () => ({}),
                onSome: (metadata) => metadata.annotations,
              }),
              spec: row.spec,
            }),
          ),
        ),
      )

    const pauses = ask(
      sql<{
        id: string
        kind: string | null
        name: string | null
        mode: "pause" | "observe"
        actor: string
        reason: string
        until: Date | null
      }>`select id, kind, name, mode, actor, reason, until from pauses order by created_at`,
    ).pipe(
      Effect.map((rows) =>
        rows.map(
          (row): Pause => ({
            ...row,
            kind: row.kind ?? undefined,
            name: row.name ?? undefined,
            untilMillis: row.until?.getTime(),
          }),
        ),
      ),
    )

    type ClaimRow = Readonly<{
      key: HostKey
      kind: string
      name: string
      record_id: string
      resource_kind: string
      resource_id: string
      on_delete: Claim["onDelete"]
      fields: ReadonlyArray<string>
      generation: bigint
    }>
    const owned = (row: ClaimRow): Owned => ({
      record: recordKey(row.kind, row.name),
      key: row.key,
      resourceKind: row.resource_kind,
      resourceId: row.resource_id,
      onDelete: row.on_delete,
      fields: row.fields,
      generation: Number(row.generation),
      recordId: row.record_id,
    })

    // claimed_at (a batch is one statement) carries the order within a record, which removal reverses.
    const inventory = ask(sql<ClaimRow>`
      select key, kind, name, record_id, resource_kind, resource_id, on_delete, fields, generation
      from inventory where node = ${node} order by claimed_at, key`).pipe(Effect.map((rows) => rows.map(owned)))

    const statuses = ask(
      sql<{
        kind: string
        name: string
        observed_generation: bigint
        conditions: unknown
        details: StatusDetails
      }>`select kind, name, observed_generation, conditions, details from status where node = ${node}`,
    ).pipe(
      Effect.map((rows) =>
        rows.map((row) => ({
          key: recordKey(row.kind, row.name),
          generation: Number(row.observed_generation),
          conditions: Option.getOrElse(decodeConditions(row.conditions), () => []),
          details: row.details,
        })),
      ),
    )

    interface ClaimRequest {
      readonly record: RecordKey
      readonly claims: ReadonlyArray<Claim>
    }
    const writeClaims = (requests: ReadonlyArray<ClaimRequest>) =>
      ask(sql<ClaimRow>`
        with wanted as (
          select * from jsonb_to_recordset(${sql.json(
            requests.flatMap(({ record, claims }) =>
              claims.map((claim, place) => ({
                key: claim.key,
                kind: kindOf(record),
                name: nameOf(record),
                record_id: claim.recordId,
                resource_kind: claim.resourceKind,
                resource_id: claim.resourceId,
                on_delete: claim.onDelete,
                fields: claim.fields,
                generation: claim.generation,
                place,
              })),
            ),
          )}) as w(key text, kind text, name text, record_id uuid, resource_kind text, resource_id text, on_delete text,
                   fields jsonb, generation bigint, place integer)
        ), first as (
          -- Two records of one batch may want the same key: one statement cannot write a row twice.
          select distinct on (key) * from wanted order by key, kind, name
        ), written as (
          insert into inventory as i
            (node, key, kind, name, record_id, resource_kind, resource_id, on_delete, fields, generation, claimed_at)
          select ${node}, key, kind, name, record_id, resource_kind, resource_id, on_delete, fields, generation,
                 now() + place * interval '1 microsecond'
          from first
          on conflict (node, key) do update set
            record_id = excluded.record_id, resource_kind = excluded.resource_kind, resource_id = excluded.resource_id,
            on_delete = excluded.on_delete, fields = excluded.fields, generation = excluded.generation,
            claimed_at = excluded.claimed_at
          where i.kind = excluded.kind and i.name = excluded.name
          returning i.key, i.kind, i.name
        )
        -- Whoever was not written is told who holds the key: an older row, or the other record of this batch.
        select w.key, coalesce(i.kind, f.kind) as kind, coalesce(i.name, f.name) as name,
               coalesce(i.record_id, f.record_id) as record_id, w.resource_kind, w.resource_id, w.on_delete, w.fields,
               w.generation
        from wanted w
        join first f using (key)
        left join inventory i on i.node = ${node} and i.key = w.key
        where not exists (select from written x where x.key = w.key and x.kind = w.kind and x.name = w.name)`).pipe(
        Effect.map((rows) => {
          const held = rows.map(owned)
          return requests.map(({ record, claims }) => {
            const asked = new Set(claims.map((claim) => claim.key))
            return held.filter((row) => asked.has(row.key) && row.record !== record)
          })
        }),
      )
    const claims = yield* Batch.make({ run: writeClaims, most: 200 })

    const release = (record: RecordKey, keys: ReadonlyArray<HostKey>) =>
      keys.length === 0
        ? Effect.void
        : Effect.asVoid(
            ask(sql`
              delete from inventory where node = ${node} and kind = ${kindOf(record)} and name = ${nameOf(record)}
              and key in (select jsonb_array_elements_text(${sql.json(keys)}))`),
          )

    return DesiredState.of({
      list,
      load: (keys) => (keys.length === 0 ? Effect.succeed([]) : load(keys)),
      pauses,
      inventory,
      statuses,
      lastAway: () => (awaySince === undefined ? lastAway : undefined),
      listen: (hear) => {
        const session = Effect.gen(function* () {
          const heard = yield* sql.listen("plumb_records")
          yield* hear([{ hint: "connected" }])
          return yield* Effect.forever(
            Effect.flatMap(Queue.takeAll(heard), (notes) =>
              hear(
                notes.map(
                  (note): Hint =>
                    Option.match(decodeKey(note.payload), {
                      onNone: () => ({ hint: "pauses" }),
                      onSome: (key) => ({ hint: "record", key }),
                    }),
                ),
              ),
            ),
          )
        })
        const backoff = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")])
        return Effect.scoped(session).pipe(Effect.retry(Schedule.jittered(backoff)), Effect.orDie)
      },
      claim: (record, wanted) => claims({ record, claims: wanted }),
      release,
      writeStatuses: (rows) =>
        Effect.asVoid(
          ask(sql`
            insert into status (kind, name, node, observed_generation, conditions, details, updated_at)
            select w.kind, w.name, ${node}, w.generation, w.conditions, w.details, now()
            from jsonb_to_recordset(${sql.json(
              rows.map((row) => ({
                kind: kindOf(row.key),
                name: nameOf(row.key),
                record_id: row.recordId,
                generation: row.generation,
                conditions: row.conditions,
                details: row.details,
              })),
            )}) as w(kind text, name text, record_id uuid, generation bigint, conditions jsonb, details jsonb)
            join records r on r.kind = w.kind and r.name = w.name and r.id = w.record_id and r.generation = w.generation
            on conflict (kind, name, node) do update set
              observed_generation = excluded.observed_generation, conditions = excluded.conditions,
              details = excluded.details, updated_at = excluded.updated_at
            where (status.observed_generation, status.conditions, status.details)
              is distinct from (excluded.observed_generation, excluded.conditions, excluded.details)`),
        ),
      writeDrift: (rows) =>
        Effect.asVoid(
          ask(sql`
            insert into drift_events
              (node, kind, name, resource_key, drift_kind, stream, outcome, diff, fields, author, kept_copy, seen_at)
            select ${node}, kind, name, resource_key, drift_kind, stream, outcome, diff, fields, author, kept_copy, seen_at
            from jsonb_to_recordset(${sql.json(
              rows.map((row) => ({
                kind: kindOf(row.record),
                name: nameOf(row.record),
                resource_key: row.resourceKey,
                drift_kind: row.driftKind,
                stream: row.stream,
                outcome: row.outcome,
                diff: row.diff,
                fields: row.fields,
                author: row.author,
                kept_copy: row.keptCopy ?? null,
                seen_at: DateTime.formatIso(DateTime.makeUnsafe(row.seenAtMillis)),
              })),
            )}) as w(kind text, name text, resource_key text, drift_kind text, stream text, outcome text, diff text,
                     fields jsonb, author jsonb, kept_copy text, seen_at timestamptz)`),
        ),
      writeHeartbeat: (beat) =>
        Effect.asVoid(
          ask(sql`
            insert into sweeps (node, at, resources, drifted, duration_ms)
            values (${node}, ${DateTime.toDate(DateTime.makeUnsafe(beat.atMillis))}, ${beat.resources}, ${beat.drifted},
                    ${Math.round(beat.durationMillis)})
            on conflict do nothing`),
        ),
      writeNode: (facts) =>
        Effect.asVoid(
          ask(sql`
            insert into nodes (name, facts) values (${node}, ${sql.json(facts)})
            on conflict (name) do update set facts = excluded.facts, last_seen_at = now()`),
        ),
      finish: (stored) =>
        ask(
          // Status goes with its record; in one statement, so that no reader sees the one without the other.
          sql`
            with gone as (
              delete from records where kind = ${stored.kind} and name = ${stored.name} and id = ${stored.id}
                and version = ${stored.version} and deleted_at is not null returning kind, name
            ), cleared as (delete from status s using gone where s.kind = gone.kind and s.name = gone.name)
            select kind from gone`,
        ).pipe(Effect.map((rows) => rows.length > 0)),
    })
  })

export const layer = (options: { readonly node: string; readonly url: Redacted.Redacted }) =>
  Layer.effect(DesiredState, make(options.node)).pipe(
    Layer.provide(
      PgClient.layer({
        url: options.url,
        applicationName: `plumb agent ${options.node}`,
        // One listens for ever, the others take turns.
        maxConnections: 4,
        minConnections: 0,
        connectTimeout: "3 seconds",
        keepAlive: "10 seconds",
      }),
    ),
  )
