// Transient timers of this machine's systemd, by systemd-run.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Batch from "../batch.ts"
import { ResourceFailure } from "../contract/resource.ts"
import { change, look, said } from "./command.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import { unreachable } from "./systemd-show.ts"
import { serviceOf, type Timers } from "./timers.ts"

const quiet = ["--quiet", "--no-ask-password"] as const

/** Many timers in one call, like systemd-show.ts: a call costs 14 ms, and one more unit in it 1 ms. */
const makeShow = Batch.make({
  most: 200,
  run: (timers: ReadonlyArray<string>) =>
    look(["systemctl", "show", "--no-pager", "--property=ActiveState,TimersCalendar", "--", ...timers]).pipe(
      Effect.flatMap((outcome) => {
        const answers = outcome.stdout.trim().split(/\n\n+/).map(parseTimer)
        const complete = outcome.code === 0 && answers.length === timers.length
        return complete ? Effect.succeed(answers) : Effect.fail(unreachable(said(outcome)))
      }),
    ),
})

export const makeTimers = (files: Files) =>
  Effect.map(makeShow, (show): Timers => {
    const stop = (timer: string) => change(["systemctl", "--no-ask-password", "stop", "--", timer])
    return {
      calendarOf: show,
      start: (timer, calendar) =>
        Effect.gen(function* () {
          yield* knowsZones(calendar)
          if ((yield* show(timer)) !== undefined) yield* stop(timer)
          yield* change([
            "systemd-run",
            ...quiet,
            `--unit=${serviceOf(timer)}`,
            ...calendar.map((expression) => `--on-calendar=${expression}`),
            // Not within a minute, which is systemd's own idea of a calendar.
            "--timer-property=AccuracySec=1s",
          ])
        }),
      stop: (timer) => Effect.flatMap(show(timer), (found) => (found === undefined ? Effect.void : stop(timer))),
      once: ({ unit, mark }, argv) => {
        const isMarked = Effect.try({ try: () => files.stat(mark) !== undefined, catch: toFailure })
        return change([
          "systemd-run",
          ...quiet,
          "--collect",
          `--unit=${unit}`,
          // Before the command, and instead of it where the folder is there already: mkdir(2) has one winner.
          `--property=ExecStartPre=/bin/mkdir --mode=0700 ${files.real(mark)}`,
          "--",
          ...argv,
        ]).pipe(
          Effect.catch((failure) =>
            Effect.flatMap(isMarked, (marked) => (marked ? Effect.void : Effect.fail(failure))),
          ),
        )
      },
      again: (unit, argv) => change(["systemd-run", ...quiet, "--collect", `--unit=${unit}`, "--", ...argv]),
    }
  })

const zones = "/usr/share/zoneinfo"

/** systemd would say that it cannot parse the whole expression. */
const knowsZones = (calendar: ReadonlyArray<string>): Effect.Effect<void, ResourceFailure> =>
  Effect.suspend(() => {
    const unknown = calendar
      .map((expression) => expression.slice(expression.lastIndexOf(" ") + 1))
      .find((zone) => zone !== "UTC" && !fs.existsSync(`${zones}/${zone}`))
    if (unknown === undefined) return Effect.void
    const region = unknown.includes("/") ? unknown.slice(0, unknown.lastIndexOf("/")) : "Etc"
    const known = fs.existsSync(`${zones}/${region}`) ? fs.readdirSync(`${zones}/${region}`).sort() : []
    return Effect.fail(
      new ResourceFailure({
        reason: "TimeZoneUnknown",
        message: `This host knows no time zone ${unknown}.`,
        mend: `Install or update tzdata on it, or choose one that it knows${
          known.length === 0 ? ": UTC." : `. Of ${region} those are ${known.join(", ")}.`
        }`,
        verdict: { kind: "stall" },
      }),
    )
  })

/** `TimersCalendar={ OnCalendar=… ; next_elapse=… }`, one line an expression. */
export const parseTimer = (text: string): ReadonlyArray<string> | undefined =>
  /^ActiveState=active$/m.test(text)
    ? [...text.matchAll(/^TimersCalendar=\{ OnCalendar=(.*?) ; next_elapse=/gm)].map(
        ([, expression = ""]) => expression,
      )
    : undefined
