// `plumb traffic`: what went through sites, by day.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { bytes } from "../amounts.ts"
import type { TrafficDay } from "../shapes.ts"
import { ask } from "./client.ts"
import { output } from "./flags.ts"
import { clean, print, printJson, table } from "./terminal.ts"

/** All pages of it. */
const read = Effect.fnUntraced(function* (query: { readonly name?: string; readonly days: number }) {
  const found: Array<TrafficDay> = []
  let after: string | undefined
  do {
    const from = after === undefined ? {} : { after }
    const page = yield* ask((api) => api.live.traffic({ query: { kind: "Site", ...query, ...from, limit: 1000 } }))
    found.push(...page.items)
    after = page.next ?? undefined
  } while (after !== undefined)
  return found
})

const sum = (rows: ReadonlyArray<TrafficDay>): ReadonlyArray<string> => {
  const of = (field: "requests" | "bytesIn" | "bytesOut") => rows.reduce((all, row) => all + row[field], 0)
  return cells({ requests: of("requests"), bytesIn: of("bytesIn"), bytesOut: of("bytesOut") })
}

const cells = ({ bytesIn, bytesOut, requests }: Pick<TrafficDay, "requests" | "bytesIn" | "bytesOut">) => [
  String(requests),
  bytes(bytesIn),
  bytes(bytesOut),
]

export const traffic = Command.make(
  "traffic",
  {
    site: Argument.String("SITE").pipe(
      Argument.withDescription("The site; the sums of all of them when not given"),
      Argument.optional,
    ),
    days: Flag.Int("days").pipe(
      Flag.withDescription("How many days, in UTC, with today (default: 30)"),
      Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3660 }))),
      Flag.withDefault(30),
    ),
    output,
  },
  Effect.fn(function* (input) {
    const name = Option.getOrUndefined(input.site)
    const rows = yield* read({ days: input.days, ...(name === undefined ? {} : { name }) })
    if (input.output === "json") return yield* printJson(rows)
    if (rows.length === 0) return yield* print("nothing was counted")
    const header = ["REQUESTS", "IN", "OUT"]
    if (name !== undefined) {
      const lines = rows.map((row) => [row.day, ...cells(row)])
      return yield* print(table(["DAY", ...header], [...lines, ["all", ...sum(rows)]]))
    }
    const sites = [...Map.groupBy(rows, (row) => row.name)].sort(([a], [b]) => a.localeCompare(b))
    yield* print(
      table(["SITE", ...header], [...sites.map(([site, days]) => [clean(site), ...sum(days)]), ["all", ...sum(rows)]]),
    )
  }),
).pipe(
  Command.withDescription("Show what went through sites: requests, bytes in and bytes out"),
  Command.withExamples([
    { command: "plumb traffic", description: "The sums of all sites over thirty days" },
    { command: "plumb traffic shop --days 7", description: "A week of one site, day by day" },
  ]),
)
