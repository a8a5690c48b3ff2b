/**
 * SshKey: one file with one line, in the folder of the account's keys. sshd is given all files of the folder
 * (`node/sshd-config.ts`), so that a key comes, changes and goes without a write to anything else.
 *
 * The one thing to know before changing it: the folder is the account's, and exists whatever the account's access is. A key
 * of an account without access opens nothing, and needs no care when the access changes.
 */
import { pathKey } from "../reconciler/resources/place.ts"
import { sshKey as sshKeyResource } from "../reconciler/resources/ssh-key.ts"
import type { SshKeySpec } from "../spec/ssh-key.ts"
import { authorizedKey } from "./encode/authorized-keys.ts"
import { file } from "./encode/text.ts"
import { sshGroups, sshLayout } from "./layout.ts"
import { guarded, resources, stalled, waiting } from "./outcome.ts"
import { isAtLeast } from "./ssh/version.ts"
import { ownerOf, restsWith } from "./suspension.ts"

export const sshKey = guarded<SshKeySpec>("SshKey", ({ name, spec }, context) => {
  const { facts } = context
  const account = ownerOf(context, spec.account)
  if (account === undefined) return waiting("Account", spec.account, `There is no account ${spec.account} yet.`)
  if (spec.expires !== undefined && facts.sshd !== null && !isAtLeast(facts.sshd.version, 9, 1))
    return stalled(
      "SshdTooOld",
      `OpenSSH ${facts.sshd.version} of this node knows no end of a key in UTC.`,
      "Install OpenSSH 9.1 or newer (Debian 12 has 9.2), or take spec.expires away and remove the key when it is time.",
    )
  const layout = sshLayout(spec.account)
  const all = [
    sshKeyResource(
      layout.key(name),
      { owner: "root", group: sshGroups.keys, mode: 0o640, content: file(authorizedKey(spec.publicKey, spec.expires)) },
      {
        fields: ["metadata.name", "spec.account", "spec.publicKey", "spec.expires"],
        after: [pathKey(layout.keys)],
      },
    ),
  ]
  return resources(all, restsWith(account))
})
