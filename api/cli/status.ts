// `plumb status`: is everything as it should be? Exit 0 when it is and an agent is there to say so, 1 when it is not.

import * as Clock from "effect/Clock"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Event, Status } from "../shapes.ts"
import { ask } from "./client.ts"
import { agoOf } from "./durations.ts"
import { events } from "./events.ts"
import { CommandFailure, NotSo } from "./failure.ts"
import { output } from "./flags.ts"
import { kindArgument, nameArgument, type RecordName, recordOf } from "./kinds.ts"
import { keyOf, noticesOf, troubleOf, wordsOfTrouble } from "./state.ts"
import { clean, note, paint, paintState, print, printJson, table } from "./terminal.ts"

const readStatus = ask((api) => api.live.status({ query: {} }))

const summaryOf = ({ summary }: Status, kind: string | undefined): string => {
  const { total, ...states } = summary
  const parts = Object.entries(states).filter(([, count]) => count > 0)
  return total === 0
    ? `there are no records${kind === undefined ? "" : ` of the kind ${kind}`} yet`
    : `${total} ${total === 1 ? "record" : "records"}: ${parts.map(([state, count]) => `${count} ${paintState(state)}`).join(", ")}`
}

const pauseLine = (pause: Status["pauses"][number]): string => {
  const scope =
    pause.kind === null
      ? "everything"
      : pause.name === null
        ? `every ${pause.kind}`
        : keyOf({ kind: pause.kind, name: pause.name })
  const mode = pause.mode === "observe" ? "observed only" : "paused"
  return `${paint("yellow", `${scope} is ${mode}`)} by ${pause.actor}${pause.until === null ? "" : ` until ${pause.until}`}: ${clean(pause.reason)}`
}

/** Of one record, a tool's own words are shown to their last line, and not their first one alone. */
const printStatus = (status: Status, wanted: RecordName | undefined) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (status.records.length > 0) {
      yield* print(
        table(
          ["KIND", "NAME", "STATE", "MESSAGE"],
          status.records.map((entry) => [entry.kind, entry.name, paintState(entry.state), troubleOf(entry)]),
        ),
      )
      yield* print("")
    }
    for (const entry of status.records) {
      const words = wanted?.name !== undefined ? wordsOfTrouble(entry).filter((text) => text.includes("\n")) : []
      for (const text of words) yield* print(text)
      for (const notice of noticesOf(entry)) yield* print(`${paint("yellow", keyOf(entry))}: ${notice}`)
    }
    yield* print(summaryOf(status, wanted?.kind))
    for (const node of status.nodes) {
      const sweep =
        node.lastSweep === null
          ? "no full sweep yet"
          : `swept ${agoOf(node.lastSweep.at, now)}: ${node.lastSweep.resources} resources, ${node.lastSweep.drifted} drifted, ${node.lastSweep.durationMs} ms`
      const agent =
        node.agent === "present"
          ? paint("green", "agent present")
          : paint("red", `agent away since ${agoOf(node.lastSeenAt, now)}`)
      yield* print(`node ${clean(node.name)}: ${agent}, ${sweep}`)
    }
    if (status.nodes.length === 0) yield* print(paint("yellow", "no agent has ever reported: nothing is converged"))
    for (const pause of status.pauses) yield* print(pauseLine(pause))
  })

/** The part of a status that is about these records; hosts and pauses are as they were, for they concern every record. */
const narrowed = (status: Status, { kind, name }: RecordName): Effect.Effect<Status, CommandFailure> => {
  const records = status.records.filter((entry) => entry.kind === kind && (name === undefined || entry.name === name))
  if (name !== undefined && records.length === 0)
    return Effect.fail(
      new CommandFailure({ message: `there is no ${keyOf({ kind, name })}`, mend: `see plumb get ${kind}` }),
    )
  const counted = (state: string) => records.filter((entry) => entry.state === state).length
  const states = Object.keys(status.summary).filter((key) => key !== "total")
  const summary = { ...Object.fromEntries(states.map((state) => [state, counted(state)])), total: records.length }
  return Effect.succeed({ ...status, records, summary: { ...status.summary, ...summary } })
}

const isGood = ({ summary, nodes }: Status) =>
  summary.ready === summary.total && nodes.length > 0 && nodes.every(({ agent }) => agent === "present")

/** One event as a line of a live log; undefined for what only asks to read again. */
export const eventLine = (event: Event): string | undefined => {
  switch (event.type) {
    case "record":
      return event.entry === null
        ? `${keyOf(event)} is gone`
        : `${keyOf(event)} generation ${event.entry.generation} is wanted`
    case "status": {
      if (event.entry === null) return undefined
      const trouble = troubleOf(event.entry)
      return `${keyOf(event)} ${paintState(event.entry.state)}${trouble === "" ? "" : `: ${trouble}`}`
    }
    case "drift": {
      const { drift } = event
      const owner = drift.kind === null || drift.name === null ? "" : ` (${drift.kind}/${drift.name})`
      return `${paint("yellow", "drift")} ${clean(drift.resource)}${owner} ${drift.driftKind}: ${drift.outcome}; see plumb drift show ${drift.seq}`
    }
    case "pauses":
      return "pauses changed; see plumb status"
    case "resync":
      return undefined
  }
}

const clock = Effect.map(DateTime.now, (now) => DateTime.formatIso(now).slice(11, 19))

/** A line with the time for everything that happens, for ever. */
export const followEvents = events((why) => note(`${why.message}; trying again`)).pipe(
  Stream.map(eventLine),
  Stream.filter((line) => line !== undefined),
  Stream.changes,
  Stream.runForEach((line) => Effect.flatMap(clock, (time) => print(`${paint("dim", time)} ${line}`))),
)

export const status = Command.make(
  "status",
  {
    kind: kindArgument.pipe(Argument.optional),
    name: nameArgument,
    watch: Flag.Boolean("watch").pipe(
      Flag.withAlias("w"),
      Flag.withDescription("Stay, and say what happens as it happens"),
      Flag.withDefault(false),
    ),
    output,
  },
  Effect.fn(function* ({ kind, name, watch, output }) {
    if (watch && Option.isSome(kind))
      return yield* new CommandFailure({
        message: "--watch follows every record",
        mend: "leave the KIND out, or see one with plumb apply --wait",
      })
    if (watch && output === "json") {
      // One JSON value a line: the whole status at first and after a loss, then each event.
      return yield* events((why) => note(`${why.message}; trying again`)).pipe(
        Stream.runForEach((event) =>
          event.type === "resync"
            ? Effect.flatMap(readStatus, (status) => print(JSON.stringify({ ...event, status })))
            : print(JSON.stringify(event)),
        ),
      )
    }
    const all = yield* readStatus
    const wanted = Option.isNone(kind) ? undefined : yield* recordOf(kind.value, name)
    const seen = wanted === undefined ? all : yield* narrowed(all, wanted)
    yield* output === "json" ? printJson(seen) : printStatus(seen, wanted)
    if (watch) return yield* followEvents
    if (!isGood(seen)) return yield* new NotSo({})
  }),
).pipe(
  Command.withDescription("Say whether the hosts are as the records want them (exit 0: yes, 1: no)"),
  Command.withExamples([
    { command: "plumb status", description: "Every record's state, every node's agent, every pause" },
    { command: "plumb status site shop", description: "One record's; also of a kind: plumb status sites" },
    { command: "plumb status --watch", description: "The same, then a line for everything that happens" },
    { command: "plumb status -o json", description: "For a script" },
  ]),
)
