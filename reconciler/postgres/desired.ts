// What is wanted: the records, the pauses, and word of their changes.

import type * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { kindOf, nameOf, type RecordKey, recordKey } from "../keys.ts"
import type { Pause } from "../policy.ts"
import type { Stored } from "../records.ts"
import type { DesiredStateShape, Hint, Listed } from "../store.ts"
import type { Asking } from "./asking.ts"

const decodeKey = Schema.decodeUnknownOption(Schema.TemplateLiteral([Schema.String, "/", Schema.String]))
const annotationsOf = Schema.decodeUnknownOption(
  Schema.Struct({ annotations: Schema.Record(Schema.String, Schema.String) }),
)

export const desired = (
  sql: PgClient.PgClient,
  { ask, askAnyway }: Asking,
): Pick<DesiredStateShape, "list" | "load" | "pauses" | "listen"> => {
  // One row says whether any other one has changed since they were last read: looking twice a minute costs nothing then.
  let known: { readonly digest: string; readonly rows: ReadonlyArray<Listed> } | undefined
  const digest = sql<{ digest: string }>`
    select count(*) || ' ' || coalesce(sum(hashtextextended(concat_ws('/', kind, name, id, version), 0)), 0) as digest
    from records`
  const rows = sql<{ kind: string; name: string; id: string; version: bigint }>`
    select kind, name, id, version from records`.pipe(
    Effect.map((rows) =>
      rows.map((row): Listed => ({ key: recordKey(row.kind, row.name), id: row.id, version: Number(row.version) })),
    ),
  )
  const list = askAnyway(
    Effect.gen(function* () {
      // Asked before the list: what is written in between shows at the next look.
      const now = (yield* digest)[0]?.digest ?? ""
      if (known?.digest !== now) known = { digest: now, rows: yield* rows }
      return known.rows
    }),
  )

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

  const listen: DesiredStateShape["listen"] = (hear) => {
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
  }

  return { list, load: (keys) => (keys.length === 0 ? Effect.succeed([]) : load(keys)), pauses, listen }
}
