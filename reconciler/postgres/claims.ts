// Who owns what on this node: the table `inventory`.

import type * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Batch from "../batch.ts"
import type { HostKey } from "../contract/resource.ts"
import type { Claim, Owned } from "../inventory.ts"
import { kindOf, nameOf, type RecordKey, recordKey } from "../keys.ts"
import type { DesiredStateShape } from "../store.ts"
import type { Asking } from "./asking.ts"

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

interface ClaimRequest {
  readonly record: RecordKey
  readonly claims: ReadonlyArray<Claim>
}

export const claims = Effect.fnUntraced(function* (node: string, sql: PgClient.PgClient, { ask }: Asking) {
  // claimed_at (a batch is one statement) carries the order within a record, which removal reverses.
  const inventory = ask(sql<ClaimRow>`
    select key, kind, name, record_id, resource_kind, resource_id, on_delete, fields, generation
    from inventory where node = ${node} order by claimed_at, key`).pipe(Effect.map((rows) => rows.map(owned)))

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
  const batched = yield* Batch.make({ run: writeClaims, most: 200 })

  const release = (record: RecordKey, keys: ReadonlyArray<HostKey>) =>
    keys.length === 0
      ? Effect.void
      : Effect.asVoid(
          ask(sql`
            delete from inventory where node = ${node} and kind = ${kindOf(record)} and name = ${nameOf(record)}
            and key in (select jsonb_array_elements_text(${sql.json(keys)}))`),
        )

  return {
    inventory,
    claim: (record, wanted) => batched({ record, claims: wanted }),
    release,
  } satisfies Pick<DesiredStateShape, "inventory" | "claim" | "release">
})
