/** The policy that a record names, and its account. */
import type { RenderContext, Rests } from "../../reconciler/contract/controller.ts"
import type { BackupPolicySpec } from "../../spec/backup-policy.ts"
import { ownerOf, restsWith } from "../suspension.ts"

export const policyOf = (
  context: RenderContext,
  policy: string,
): { readonly spec: BackupPolicySpec; readonly rests: Rests | undefined } | undefined => {
  const found = context.lookup<BackupPolicySpec>("BackupPolicy", policy)
  const account = found && ownerOf(context, found.spec.account)
  return account && { spec: found.spec, rests: restsWith(account) }
}
