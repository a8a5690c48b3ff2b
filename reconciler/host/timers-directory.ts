// Timers of a directory host: the files that systemd keeps of transient ones. Nothing elapses there, and what somebody asks
// for is noted, not run: the commands are those of tenants, and whoever runs the agent is none.

import * as Effect from "effect/Effect"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"
import { type Timers, transientFolder } from "./timers.ts"

const rootOwned = { owner: "root", group: "root", mode: 0o755 }

export const directoryTimers = (files: Files): Timers => {
  const act = <A>(change: () => A) => Effect.try({ try: change, catch: toFailure })
  const pathOf = (timer: string): HostPath => `${transientFolder}/${timer}`
  return {
    calendarOf: (timer) =>
      act(() => {
        if (files.stat(pathOf(timer))?.type !== "file") return undefined
        const text = files.read(pathOf(timer), 65536).toString("utf8")
        return [...text.matchAll(/^OnCalendar=(.*)$/gm)].map(([, expression = ""]) => expression)
      }),
    start: (timer, calendar) =>
      act(() => {
        for (const path of ["/run/systemd", transientFolder] as const) files.makeDirectory(path, rootOwned)
        const lines = calendar.map((expression) => `OnCalendar=${expression}\n`)
        files.write(pathOf(timer), `[Timer]\n${lines.join("")}AccuracySec=1s\n`, { ...rootOwned, mode: 0o644 })
      }),
    stop: (timer) => act(() => files.remove(pathOf(timer))),
    once: ({ mark }) => act(() => files.makeDirectory(mark, { ...rootOwned, mode: 0o700 })),
    again: () => Effect.void,
  }
}
