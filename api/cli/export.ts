// `plumb export`: every record as YAML that `plumb apply` takes back. Into a folder it goes as one file a record,
// `KIND/NAME.yaml`, the same bytes for the same records: a folder under git shows what changed.

import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { DesiredRecord } from "../shapes.ts"
import { ask } from "./client.ts"
import { CommandFailure, wordsOf } from "./failure.ts"
import { kindOf } from "./kinds.ts"
import { exportSecrets } from "./secrets.ts"
import { clean, note, print } from "./terminal.ts"
import { yamlOf } from "./yaml.ts"

/** Names come from the API, and become paths: nothing but what a kind allows in a name may pass. */
const safe = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

const fileOf = (record: DesiredRecord): string => join(record.kind.toLowerCase(), `${record.metadata.name}.yaml`)

const writeAll = (folder: string, records: ReadonlyArray<DesiredRecord>) => {
  let written = 0
  for (const record of records) {
    if (!safe.test(record.kind) || !safe.test(record.metadata.name)) {
      throw new Error(`${record.kind}/${record.metadata.name} cannot be the name of a file`)
    }
    const path = join(folder, fileOf(record))
    const text = yamlOf([record])
    mkdirSync(join(folder, record.kind.toLowerCase()), { recursive: true })
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === true && readFileSync(path, "utf8") === text) continue
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
    written += 1
  }
  return written
}

/** Files of this layout that no record stands behind any more: named, never removed unasked. */
const leftovers = (folder: string, records: ReadonlyArray<DesiredRecord>): ReadonlyArray<string> => {
  const known = new Set(records.map(fileOf))
  return [...new Set(records.map(({ kind }) => kind.toLowerCase()))].flatMap((kind) =>
    readdirSync(join(folder, kind))
      .map((name) => join(kind, name))
      .filter((file) => file.endsWith(".yaml") && !known.has(file)),
  )
}

export const exportRecords = Command.make(
  "export",
  {
    directory: Flag.String("output-dir").pipe(
      Flag.withAlias("o"),
      Flag.withMetavar("DIR"),
      Flag.withDescription("Write one file a record into this folder, instead of everything to stdout"),
      Flag.optional,
    ),
    kind: Flag.String("kind").pipe(Flag.withDescription("Only records of this kind"), Flag.optional),
    secrets: Flag.String("secrets").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("Also write all secrets into this file, sealed for the recovery key of the host"),
      Flag.optional,
    ),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Replace the file of --secrets if it is there"),
      Flag.withDefault(false),
    ),
    source: Flag.String("source").pipe(Flag.withDescription("Only records that this source applied"), Flag.optional),
  },
  Effect.fn(function* (input) {
    const kind = Option.isSome(input.kind) ? { kind: yield* kindOf(input.kind.value) } : {}
    const source = Option.isSome(input.source) ? { source: input.source.value } : {}
    if (Option.isSome(input.secrets)) yield* exportSecrets(input.secrets.value, input.force)
    const records = yield* ask((api) => api.records.export({ query: { format: "json", ...kind, ...source } }))
    if (typeof records === "string") {
      return yield* new CommandFailure({ message: "the API answered with YAML where JSON was asked for" })
    }
    if (Option.isNone(input.directory)) return yield* print(yamlOf(records).trimEnd())
    const folder = input.directory.value
    const [written, stale] = yield* Effect.try({
      try: () => {
        mkdirSync(folder, { recursive: true })
        return [writeAll(folder, records), leftovers(folder, records)] as const
      },
      catch: (cause) => new CommandFailure({ message: `${folder} cannot be written: ${wordsOf(cause)}` }),
    })
    yield* note(`${records.length} records in ${folder}: ${written} written, ${records.length - written} unchanged`)
    for (const file of stale) yield* note(`  ${clean(file)} is of no record any more; apply would bring it back`)
  }),
).pipe(
  Command.withDescription("Write every record as YAML that apply takes back"),
  Command.withExamples([
    { command: "plumb export > everything.yaml", description: "One text" },
    {
      command: "plumb export -o hosting/ --secrets hosting.age",
      description: "With the secrets, for the recovery key",
    },
    { command: "plumb export -o hosting/", description: "One file a record: hosting/site/shop.yaml" },
  ]),
)
