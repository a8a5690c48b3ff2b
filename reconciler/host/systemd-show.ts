// `systemctl show` for whoever asks, many units in one call: a call costs 14 ms, and one more unit in it 1 ms. Nothing is
// remembered: an answer is never older than its question.

import * as Effect from "effect/Effect"
import * as Batch from "../batch.ts"
import { ResourceFailure } from "../contract/resource.ts"
import { look, said } from "./command.ts"
import { diskLimits } from "./slice-limits.ts"

export type Properties = ReadonlyMap<string, string>
export type Show = (unit: string) => Effect.Effect<Properties, ResourceFailure>

const wanted = [
  ...["Id", "LoadState", "ActiveState", "MainPID", "InvocationID"],
  ...["MemoryMax", "CPUQuotaPerSecUSec", "TasksMax"],
  ...Object.values(diskLimits),
]

export const makeShow = Effect.map(
  Batch.make({
    most: 200,
    run: (units: ReadonlyArray<string>) =>
      look(["systemctl", "show", "--no-pager", ...wanted.map((name) => `--property=${name}`), "--", ...units]).pipe(
        Effect.flatMap((outcome) => {
          // In the order of the question, also for units that nobody knows.
          const answers = outcome.stdout.trim().split(/\n\n+/).map(parseProperties)
          const complete = outcome.code === 0 && answers.length === units.length
          return complete ? Effect.succeed(answers) : Effect.fail(unreachable(said(outcome)))
        }),
      ),
  }),
  (show): Show => show,
)

/** systemd does not answer. */
export const unreachable = (words: string) =>
  new ResourceFailure({
    reason: "SystemdUnreachable",
    message: `systemctl show: ${words}`,
    mend: "Check that systemd runs on this host: 'systemctl is-system-running'.",
    verdict: { kind: "retry" },
  })

export const parseProperties = (text: string): Properties =>
  new Map(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf("=")
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
    }),
  )
