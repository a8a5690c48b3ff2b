/**
 * A write of records by whoever asks, and its line in the audit trail: who, in which session, from where, and what became what.
 *
 * The one thing to know before changing it: the whole of a record before and after stands in its revisions, which are in the
 * same chain. The line tells of fields, and of a large set only of the first; nothing that is sealed is told.
 */
import * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import { isSealed } from "../../spec/secret.ts"
import { Actor } from "../identity/actor.ts"
import * as Audit from "../identity/audit.ts"
import type { Change } from "../shapes.ts"
import { type Write, write } from "../store/write.ts"

const recordsTold = 50
const fieldsTold = 50

const bare = (value: Json | undefined): Json =>
  value === undefined
    ? null
    : isSealed(value)
      ? "(sealed)"
      : Array.isArray(value)
        ? value.map(bare)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, bare(inner)]))
          : value

/** Within a sealed value: its field's name ends in `.sealed`. */
const told = ({ fields }: Change) => fields.filter(({ field }) => !/\.sealed$/.test(field)).slice(0, fieldsTold)

const side = (change: Change, which: "before" | "after") =>
  Object.fromEntries(told(change).map((field) => [field.field, bare(field[which])]))

export const noted = (changes: ReadonlyArray<Change>, via: string) => {
  const [only] = changes
  const of = ({ action, kind, name, version }: Change) => ({ record: `${kind}/${name}`, action, version })
  return only !== undefined && changes.length === 1
    ? {
        target: `${only.kind}/${only.name}`,
        before: side(only, "before"),
        after: side(only, "after"),
        details: { via, action: only.action, version: only.version },
      }
    : {
        target: `${changes.length} records`,
        details: { via, records: changes.slice(0, recordsTold).map(of) },
      }
}

export const written = Effect.fn("written")(function* (request: Omit<Write, "actor">) {
  const { name: actor } = yield* Actor
  const applied = yield* write({ ...request, actor })
  const changes = applied.changes.filter(({ action }) => action !== "unchanged")
  if (!applied.dryRun && changes.length > 0)
    yield* Audit.noteDone({ action: "records.written", ...noted(changes, request.via) })
  return applied
})
