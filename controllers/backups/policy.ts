/** The policy that a record names, its account, and whether what the record asks for can be run. */
import type { RenderContext, Rendered, Rests } from "../../reconciler/contract/controller.ts"
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { BackupPolicySpec } from "../../spec/backup-policy.ts"
import { stalled, waiting } from "../outcome.ts"
import { ownerOf, restsWith } from "../suspension.ts"

interface Askable {
  readonly outcome: "askable"
  readonly backups: NonNullable<Facts["backups"]>
  readonly moment: string
  readonly rests: Rests | undefined
}

/** What a run of the policy needs, or why there is none. */
export const askable = (
  context: RenderContext,
  { policy, runNow }: { readonly policy: string; readonly runNow?: string },
): Askable | Rendered => {
  const { facts } = context
  const found = context.lookup<BackupPolicySpec>("BackupPolicy", policy)
  const account = found && ownerOf(context, found.spec.account)
  if (account === undefined) return waiting("BackupPolicy", policy, `There is no backup policy ${policy} yet.`)
  if (facts.backups === null) return stalled("ResticAbsent", "This node has no restic.", "Install restic on the node.")
  if (runNow === undefined)
    return stalled("NoMoment", "The record does not say when it was asked for.", "Write it through the API.")
  return { outcome: "askable", backups: facts.backups, moment: runNow, rests: restsWith(account) }
}
