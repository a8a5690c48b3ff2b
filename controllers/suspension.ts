/**
 * What becomes of records whose account is suspended: they stay as they are written, and what they would have run rests.
 *
 * The one thing to know before changing it: a record gives the same resources whether its account is suspended or not,
 * with other specs, so that nothing is removed and made again, and no guard against mass removals is in the way.
 */
import type { Desired, RenderContext, Rests } from "../reconciler/contract/controller.ts"
import type { AccountSpec } from "../spec/account.ts"

/** The account that a record belongs to; undefined while there is none. */
export const ownerOf = ({ lookup }: RenderContext, account: string): Desired<AccountSpec> | undefined =>
  lookup<AccountSpec>("Account", account)

/** Why a record of this account rests; undefined when it does not. */
export const restsWith = ({ name, spec }: Desired<AccountSpec>): Rests | undefined =>
  spec.suspended ? { reason: "Suspended", message: `The account ${name} is suspended.` } : undefined

/** Of the account itself. */
export const restsItself = ({ suspended, suspension }: AccountSpec): Rests | undefined => {
  const reason = suspension?.reason
  return suspended
    ? { reason: "Suspended", message: `The account is suspended${reason === undefined ? "." : `: ${reason}`}` }
    : undefined
}
