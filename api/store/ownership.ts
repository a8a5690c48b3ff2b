/**
 * Who owns a path, a unit or a user of a host: the record and the fields that explain it, and for each field the revision
 * that last set it.
 *
 * The one thing to know before changing it: the agent writes the inventory with host paths. A person may ask with the path
 * as they see it, which on a directory host begins with that host's root.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { NotFound } from "../problems.ts"
import type { Owner } from "../shapes.ts"
import { at } from "./fields.ts"
import { revisionsOf } from "./history.ts"

export interface Question {
  readonly path?: string
  readonly unit?: string
  readonly user?: string
  readonly node?: string
}

interface InventoryRow {
  readonly node: string
  readonly key: string
  readonly kind: string
  readonly name: string
  readonly record_id: string
  readonly resource_kind: string
  readonly resource_id: string
  readonly on_delete: string
  readonly fields: ReadonlyArray<string>
  readonly generation: number
  readonly claimed_at: Date
}

// systemd.unit(5). A template instance may hold dots before it: php8.2@acme.
const unitSuffix = /\.(service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/

/** The keys that answer a question, best first: a path's own, then those of the folders above it. */
export const keysFor = (question: Question, root: string): ReadonlyArray<string> => {
  if (question.user !== undefined)
    return /^\d+$/.test(question.user) ? [`uid:${question.user}`] : [`user:${question.user}`, `group:${question.user}`]
  if (question.unit !== undefined)
    return [question.unit, ...(unitSuffix.test(question.unit) ? [] : [`${question.unit}.service`])].map(
      (unit) => `unit:${unit}`,
    )
  const given = (question.path ?? "").replace(/\/+/g, "/").replace(/(?<=.)\/$/, "")
  const path = root !== "" && (given === root || given.startsWith(`${root}/`)) ? given.slice(root.length) : given
  const parts = path.split("/").filter((part) => part !== "")
  return parts.map((_, index) => `path:/${parts.slice(0, parts.length - index).join("/")}`)
}

export const explain = Effect.fn("ownership.explain")(function* (question: Question) {
  const sql = yield* PgClient
  const nodes = yield* sql<{ readonly name: string; readonly root: string | null }>`
    select name, facts ->> 'root' as root from nodes
    where ${question.node === undefined ? sql`true` : sql`name = ${question.node}`}
    union
    select distinct node, null from inventory i
    where ${question.node === undefined ? sql`true` : sql`node = ${question.node}`}
      and not exists (select from nodes n where n.name = i.node)`
  const owners = yield* Effect.forEach(nodes, (node) => ownerOn(node.name, keysFor(question, node.root ?? "")))
  const found = owners.filter((owner) => owner !== undefined)
  if (found.length === 0) {
    const asked = question.path ?? question.unit ?? question.user
    return yield* new NotFound({ detail: `No record owns ${asked}: Plumbline neither changes nor removes it.` })
  }
  return found
})

const ownerOn = Effect.fnUntraced(function* (node: string, keys: ReadonlyArray<string>) {
  const sql = yield* PgClient
  const [row] = yield* sql<InventoryRow>`
    select node, i.key, kind, name, record_id::text as record_id, resource_kind, resource_id, on_delete, fields,
      generation::float8 as generation, claimed_at
    from inventory i join unnest(${keys}::text[]) with ordinality as k (key, place) on k.key = i.key
    where node = ${node}
    order by k.place limit 1`
  if (row === undefined) return undefined
  const revisions = yield* revisionsOf(row.record_id)
  const owner: Owner = {
    node: row.node,
    match: row.key === keys[0] || !row.key.startsWith("path:") ? "exact" : "ancestor",
    key: row.key,
    resourceKind: row.resource_kind,
    resourceId: row.resource_id,
    kind: row.kind,
    name: row.name,
    onDelete: row.on_delete,
    generation: row.generation,
    claimedAt: row.claimed_at.toISOString(),
    fields: row.fields.map((field) => {
      const values = revisions.map((revision) => at({ metadata: revision.metadata, spec: revision.spec }, field))
      const texts = values.map((value) => JSON.stringify(value))
      // Newest first: the last of the unbroken run of this value is the revision that set it.
      const next = texts.findIndex((text) => text !== texts[0])
      const setter = revisions[next === -1 ? revisions.length - 1 : next - 1]
      return {
        field,
        ...(values[0] === undefined ? {} : { value: values[0] }),
        revision:
          setter === undefined
            ? null
            : { seq: setter.seq, actor: setter.actor, source: setter.source, at: setter.at.toISOString() },
      }
    }),
  }
  return owner
})
