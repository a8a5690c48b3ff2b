/** Writes of one record, as its own address and the friendly ones have them. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import { Invalid, Malformed, type Mistake, NotFound } from "../problems.ts"
import { oneWriter } from "../store/database.ts"
import { type Begun, beginWriting, rowsOf } from "../store/existing.ts"
import { mergePatch } from "../store/merge-patch.ts"
import { documentOf } from "../store/plan.ts"
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
  begun?: Begun,
) {
  const mistakes = strangers(payload, kind, name)
  if (mistakes.length > 0) return yield* new Invalid({ detail: "Nothing was written", problems: mistakes })
  const expectVersions = { [`${kind}/${name}`]: version }
  return yield* one({ records: [payload], expectVersions, dryRun, diffs: dryRun, begun })
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
  const untied = trial.dryRun !== true && (yield* beginWriting)
  const key = `${kind}/${name}`
  const existing = yield* rowsOf(new Set([key]))
  const stored = existing.get(key)
  if (stored === undefined) return yield* Records.absent(kind, name)
  if (stored.deleted_at !== null) return yield* new NotFound({ detail: `${kind}/${name} is being removed.` })
  const document = mergePatch(documentOf(stored), patch)
  const change = yield* writeOne(kind, name, document, version ?? stored.version, trial, { untied, existing })
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
