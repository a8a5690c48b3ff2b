// `plumb get`: records as they are wanted, with a word on what became of them.

import * as Clock from "effect/Clock"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { StoredRecord } from "../shapes.ts"
import { ask } from "./client.ts"
import { agoOf } from "./durations.ts"
import { kindArgument, nameArgument, recordOf } from "./kinds.ts"
import { troubleOf } from "./state.ts"
import { paintState, print, printJson, table } from "./terminal.ts"
import { desiredOf, yamlOf } from "./yaml.ts"

/** Every record of a kind (or of all), page by page. */
export const listRecords = (kind?: string) =>
  Effect.gen(function* () {
    const records: Array<StoredRecord> = []
    let after: string | undefined
    do {
      const page = yield* ask((api) =>
        api.records.list({
          query: { limit: 1000, ...(kind === undefined ? {} : { kind }), ...(after === undefined ? {} : { after }) },
        }),
      )
      records.push(...page.items)
      after = page.next ?? undefined
    } while (after !== undefined)
    return records
  })

const printTable = (records: ReadonlyArray<StoredRecord>) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    yield* print(
      table(
        ["KIND", "NAME", "STATE", "GENERATION", "CHANGED", "MESSAGE"],
        records.map((record) => [
          record.kind,
          record.metadata.name,
          paintState(record.state),
          String(record.generation),
          agoOf(record.updatedAt, now),
          troubleOf(record),
        ]),
      ),
    )
  })

export const get = Command.make(
  "get",
  {
    kind: kindArgument.pipe(Argument.optional),
    name: nameArgument,
    output: Flag.Literals("output", ["table", "yaml", "json"]).pipe(
      Flag.withAlias("o"),
      Flag.withDescription(
        "table for people (default for many), yaml to edit and apply again (default for one), json with the status for scripts",
      ),
      Flag.optional,
    ),
  },
  Effect.fn(function* (input) {
    const wanted = Option.isNone(input.kind) ? undefined : yield* recordOf(input.kind.value, input.name)
    const name = wanted?.name
    const one = wanted !== undefined && name !== undefined
    const records = one
      ? [yield* ask((api) => api.records.read({ params: { kind: wanted.kind, name } }))]
      : yield* listRecords(wanted?.kind)
    switch (Option.getOrElse(input.output, () => (one ? "yaml" : "table"))) {
      case "table":
        return yield* printTable(records)
      case "yaml":
        return yield* print(yamlOf(records.map(desiredOf)).trimEnd())
      case "json":
        return yield* printJson(one ? records[0] : records)
    }
  }),
).pipe(
  Command.withDescription("Show records: all, those of a kind, or one (as YAML unless told otherwise)"),
  Command.withExamples([
    { command: "plumb get", description: "Every record and its state" },
    { command: "plumb get site shop -o yaml > shop.yaml", description: "One record, to edit and apply again" },
    { command: "plumb get sites -o json", description: "All sites with their status, for a script" },
  ]),
)
