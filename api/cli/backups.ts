// `plumb backups`: what a backup policy has, as its host last told it.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { decodeBackupReport } from "../backup-report.ts"
import { ask } from "./client.ts"
import { output } from "./flags.ts"
import { clean, paint, print, printJson, table } from "./terminal.ts"

const size = (bytes: number): string =>
  bytes < 10_000
    ? `${bytes} B`
    : bytes < 10_000_000
      ? `${Math.round(bytes / 1024)} KiB`
      : `${Math.round(bytes / 2 ** 20)} MiB`

export const backups = Command.make(
  "backups",
  { policy: Argument.String("POLICY").pipe(Argument.withDescription("The name of the backup policy")), output },
  Effect.fn(function* (input) {
    const { items } = yield* ask((api) => api.runs.reports({ query: { kind: "BackupPolicy", name: input.policy } }))
    if (input.output === "json") return yield* printJson(items)
    const told = items.flatMap(({ node, report, reportedAt }) =>
      Option.toArray(decodeBackupReport(report)).map((one) => ({ ...one, node, reportedAt })),
    )
    if (told.every(({ snapshots }) => snapshots.length === 0)) return yield* print("there is no backup yet")
    for (const { drill, node, reportedAt, snapshots } of told) {
      yield* print(paint("dim", `on ${clean(node)}, ${reportedAt}`))
      yield* print(
        table(
          ["BACKUP", "MADE", "WHY", "FILES", "SIZE", "DATABASES"],
          snapshots.map((one) => [
            clean(one.id),
            clean(one.at),
            clean(one.why),
            String(one.files),
            size(one.bytes),
            one.databases.map(({ name }) => clean(name)).join(" "),
          ]),
        ),
      )
      if (drill !== undefined && drill !== null)
        yield* print(
          paint(
            drill.outcome === "proved" ? "green" : "red",
            `${clean(drill.backup)} ${clean(drill.outcome)}, ${clean(drill.at)}: ${clean(drill.message)}`,
          ),
        )
    }
  }),
).pipe(
  Command.withDescription("Show the backups that a policy has"),
  Command.withExamples([{ command: "plumb backups acme", description: "What a restore can name" }]),
)
