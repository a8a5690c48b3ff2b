// `plumb usage`: what accounts use, beside what they may.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { sayAmount } from "../amounts.ts"
import type { Usage } from "../shapes.ts"
import { ask } from "./client.ts"
import { CommandFailure } from "./failure.ts"
import { output } from "./flags.ts"
import { paint, print, printJson, table } from "./terminal.ts"

const share = ({ percent }: Usage): string => {
  if (percent === null) return ""
  return paint(percent >= 99.5 ? "red" : percent >= 90 ? "yellow" : "green", `${Math.round(percent)} %`)
}

const amount = (value: number | null, unit: Usage["unit"], missing: string): string =>
  value === null ? missing : sayAmount(value, unit)

export const usage = Command.make(
  "usage",
  {
    account: Argument.String("ACCOUNT").pipe(
      Argument.withDescription("The account; all of them when not given"),
      Argument.optional,
    ),
    output,
  },
  Effect.fn(function* (input) {
    const name = Option.getOrUndefined(input.account)
    const { items } = yield* ask((api) =>
      api.live.usage({ query: { kind: "Account", ...(name === undefined ? {} : { name }) } }),
    )
    if (input.output === "json") return yield* printJson(items)
    if (items.length === 0 && name !== undefined)
      return yield* new CommandFailure({ message: `there is no account ${name}`, mend: "see `plumb get accounts`" })
    // All at once: only what is both limited and known. One: whatever there is to say of it.
    const rows = items.flatMap((entry) =>
      entry.uses
        .filter(({ limit, used }) => name !== undefined || (limit !== null && used !== null))
        .map((use) => [
          entry.name,
          use.what,
          amount(use.used, use.unit, "not measured"),
          amount(use.limit, use.unit, "no limit"),
          share(use),
        ]),
    )
    yield* print(rows.length === 0 ? "nothing is limited" : table(["ACCOUNT", "OF", "USED", "LIMIT", "SHARE"], rows))
  }),
).pipe(
  Command.withDescription("Show what accounts use of what they may"),
  Command.withExamples([
    { command: "plumb usage", description: "All accounts" },
    { command: "plumb usage acme", description: "All that is known of one" },
  ]),
)
