/** Writes of one record, as its own address and the friendly ones have them. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import { Invalid, Malformed, type Mistake, NotFound } from "../problems.ts"
import { oneWriter } from "../store/database.ts"
import { mergePatch } from "../store/merge-patch.ts"
import * as Records from "../store/records.ts"
import type { Write } from "../store/write.ts"
import { written } from "./written.ts"

export const many = (request: Omit<Write, "actor" | "via">) => written({ ...request, via: request.source ?? "api" })

/** What it did to it, or nothing where the record is gone. */
export const one = Effect.fnUntraced(function* (request: Omit<Write, "actor" | "via">) {
  const { changes } = yield* Effect.catchTag(many(request), "PruneRefused", Effect.die)
  return changes[0]
})

export const versionOf = (version: number | undefined, ifMatch: string | undefined) => {
  if (version !== undefined || ifMatch === undefined) return Effect.succeed(version)
  const tag = /^"?(\d{1,15})"?$/.exec(ifMatch)?.[1]
  return tag === undefined
    ? Effect.fail(
        new Malformed({
          detail: "If-Match is not a version.",
          problems: [{ field: '["if-match"]', message: "This is not a version.", mend: 'Write it as "7".' }],
        }),
      )
    : Effect.succeed(Number(tag))
}

export interface Trial {
  readonly dryRun?: boolean
}

export const writeOne = Effect.fnUntraced(function* (
  kind: string,
  name: string,
  payload: Json,
  version: number,
  { dryRun = false }: Trial = {},
) {
  const mistakes = strangers(payload, kind, name)
  if (mistakes.length > 0) return yield* new Invalid({ detail: "Nothing was written", problems: mistakes })
  const expectVersions = { [`${kind}/${name}`]: version }
  return yield* one({ records: [payload], expectVersions, dryRun, diffs: dryRun })
})

/** Nobody writes between the reading and the writing of whoever has seen no version: theirs is of whatever is there. */
export const asTheOnlyWriter = Effect.flatMap(PgClient, oneWriter)

export const patchOne = Effect.fnUntraced(function* (
  kind: string,
  name: string,
  patch: Json,
  version: number | undefined,
  trial: Trial = {},
) {
  if (trial.dryRun !== true) yield* asTheOnlyWriter
  const stored = yield* Records.read(kind, name)
  if (stored.deletedAt !== null) return yield* new NotFound({ detail: `${kind}/${name} is being removed.` })
  const { apiVersion, metadata, spec } = stored
  const document = mergePatch({ apiVersion, kind, metadata, spec }, patch)
  const change = yield* writeOne(kind, name, document, version ?? stored.version, trial)
  return change ?? (yield* new NotFound({ detail: `There is no ${kind}/${name} any more.` }))
})

/** The address says which record is written; a body that says otherwise is a mistake and not a rename. */
const strangers = (payload: Json, kind: string, name: string): ReadonlyArray<Mistake> => {
  const read = (value: Json | undefined, key: string): Json | undefined =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).find(([own]) => own === key)?.[1]
      : undefined
  const given = { kind: read(payload, "kind"), "metadata.name": read(read(payload, "metadata"), "name") }
  return [
    { field: "kind" as const, asked: kind },
    { field: "metadata.name" as const, asked: name },
  ].flatMap(({ field, asked }) =>
    given[field] === undefined || given[field] === asked
      ? []
      : [{ kind, name, field, message: `The address says ${asked}.`, mend: "Write to the record's own address." }],
  )
}
