// A record's status, derived once at the end of a pass from its outcome. Conditions follow kstatus: Ready, Reconciling and
// Stalled, always all three; lastTransitionTime moves only when a condition's status does.
// https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md

import * as Schema from "effect/Schema"
import { Condition } from "../spec/record.ts"
import type { Rests } from "./contract/controller.ts"

export type { Condition }

export const Conditions = Schema.Array(Condition)

/** How a pass ended. */
export type Outcome =
  | {
      readonly outcome: "converged"
      readonly resources: number
      readonly rests?: Rests
      /** What people should know all the same. */
      readonly notes?: ReadonlyArray<string>
      /** A word for what is not well all the same. */
      readonly warning?: string
    }
  | { readonly outcome: "paused"; readonly message: string }
  /** Differences were found and left, because of observe mode or because self-healing is off. */
  | { readonly outcome: "drifted"; readonly message: string }
  | { readonly outcome: "waiting"; readonly reason: string; readonly message: string }
  | { readonly outcome: "retrying"; readonly reason: string; readonly message: string }
  | { readonly outcome: "stalled"; readonly reason: string; readonly message: string }
  | { readonly outcome: "removed" }

type Judged = Pick<Condition, "status" | "reason" | "message">

const judge = (outcome: Outcome): Readonly<Record<Condition["type"], Judged>> => {
  const is = (status: Condition["status"], reason: string, message: string): Judged => ({ status, reason, message })
  const no = is("False", "None", "")
  switch (outcome.outcome) {
    case "converged": {
      const { resources, rests, warning } = outcome
      const message = [`${resources} resources are in sync.`, ...(outcome.notes ?? [])].join(" ")
      return {
        Ready: is(
          "True",
          rests?.reason ?? warning ?? "Converged",
          rests === undefined ? message : `${rests.message} ${message}`,
        ),
        Reconciling: no,
        Stalled: no,
      }
    }
    case "removed":
      return { Ready: is("False", "Removed", "Nothing of it is left."), Reconciling: no, Stalled: no }
    case "paused":
      return { Ready: is("Unknown", "Paused", outcome.message), Reconciling: no, Stalled: no }
    case "drifted":
      return { Ready: is("False", "Drifted", outcome.message), Reconciling: no, Stalled: no }
    case "waiting":
    case "retrying":
      return {
        Ready: is("False", outcome.reason, outcome.message),
        Reconciling: is("True", outcome.reason, outcome.message),
        Stalled: no,
      }
    case "stalled":
      return {
        Ready: is("False", outcome.reason, outcome.message),
        Reconciling: no,
        Stalled: is("True", outcome.reason, outcome.message),
      }
  }
}

export const conditionsOf = (
  outcome: Outcome,
  before: ReadonlyArray<Condition> | undefined,
  now: string,
): ReadonlyArray<Condition> => {
  const judged = judge(outcome)
  return (["Ready", "Reconciling", "Stalled"] as const).map((type) => {
    const last = before?.find((condition) => condition.type === type)
    const moved = last === undefined || last.status !== judged[type].status
    return { type, ...judged[type], lastTransitionTime: moved ? now : last.lastTransitionTime }
  })
}
