/** Records from their owner's side: how one is shown, and whose word its mistakes are told in. */

import * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import { Invalid, type Mistake } from "../problems.ts"
import type { StoredRecord, Thing } from "../shapes.ts"
import * as Records from "../store/records.ts"

export const toThing = ({ spec, ...record }: StoredRecord): Thing => {
  const { account, ...fields } = spec
  return {
    id: record.metadata.name,
    account: typeof account === "string" ? account : null,
    fields,
    state: record.state,
    status: record.status,
    version: record.version,
    generation: record.generation,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    deletedAt: record.deletedAt,
  }
}

/** `spec.domains[0]` was sent as `domains[0]`. */
const sent = (mistake: Mistake): Mistake => ({
  ...mistake,
  field: mistake.field === "metadata.name" ? "id" : mistake.field.replace(/^spec\.?/, ""),
})

/** Of one record: its mistakes by the fields that were sent. */
export const inTheirWords = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.mapError(work, (error) =>
    error instanceof Invalid
      ? new Invalid({ detail: error.detail ?? "Nothing was done.", problems: error.problems.map(sent) })
      : error,
  )

export interface Filter {
  readonly account?: string
  readonly search?: string
  readonly sort?: "name" | "-name" | "updated" | "-updated"
  readonly limit?: number
  readonly after?: string
}

export const list = Effect.fn("things.list")(function* (kind: string, filter: Filter) {
  const { items, next } = yield* Records.list({ ...filter, kind, deleted: false })
  return { items: items.map(toThing), next }
})

export const read = (kind: string, id: string) => Effect.map(Records.read(kind, id), toThing)

/** What a new one is called where nobody says: by what people know it by. */
export const wordsFor = (kind: string, fields: { readonly [field: string]: Json }): string => {
  const { command, domains, publicKey } = fields
  if (kind === "Site") return String(Array.isArray(domains) ? (domains[0] ?? "") : "")
  if (kind === "CronJob") return String(command ?? "job").slice(0, 30)
  // The comment of a key, where it has one.
  if (kind === "SshKey") return String(publicKey ?? "").replace(/^\S+\s+\S+\s*/, "") || "key"
  return kind === "Database" ? "data" : kind
}
