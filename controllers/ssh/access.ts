/**
 * What an account's record brings about for SSH: the groups and the login shell of its user, the folder of its keys, and the
 * socket that writes down its transfers.
 *
 * The one thing to know before changing it: the groups are what sshd's Match blocks ask for. An account without access is in
 * none of them, so that nothing of ours applies to it: no key of the folder is looked at, and its shell is nologin.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { HostKey, Resource } from "../../reconciler/contract/resource.ts"
import { directory } from "../../reconciler/resources/directory.ts"
import { file } from "../../reconciler/resources/file.ts"
import { keyFolder } from "../../reconciler/resources/key-folder.ts"
import { groupKey, pathKey } from "../../reconciler/resources/place.ts"
import { unit } from "../../reconciler/resources/unit.ts"
import type { Access } from "../../spec/access.ts"
import type { AccountSpec } from "../../spec/account.ts"
import { plainOf } from "../../spec/secret.ts"
import { UnsafeValue } from "../encode/unsafe.ts"
import { accountLayout, ssh, sshGroups, sshLayout } from "../layout.ts"
import { keepsSocketsApart } from "../node/apart.ts"
import { transfersLayout } from "../node/transfers.ts"

/** What the node lacks for this access; undefined when it lacks nothing. A folder as a host runs no sessions. */
export const lacking = (
  { shell }: Access,
  facts: Facts,
): { readonly reason: string; readonly message: string; readonly mend: string } | undefined => {
  const { bubblewrap, host, sshd } = facts
  if (host === "directory" || shell === "none") return undefined
  if (sshd === null)
    return {
      reason: "SshdAbsent",
      message: "This node has no sshd.",
      mend: "Install it: apt-get install openssh-server.",
    }
  if (shell === "sftp") return undefined
  if (bubblewrap === null)
    return {
      reason: "BubblewrapAbsent",
      message: "This node cannot make jails.",
      mend: "Install it: apt-get install bubblewrap.",
    }
  if (!keepsSocketsApart(facts) && (facts.pasta ?? null) === null)
    return {
      reason: "PastaAbsent",
      message:
        "A jail on this node would not keep the abstract sockets of accounts apart: that takes Landlock 6 of Linux, or pasta " +
        "for a network of its own.",
      mend: "Install it: apt-get install passt.",
    }
  if (sshd.sftpServer === null)
    return {
      reason: "SftpServerAbsent",
      message: "This node has no sftp-server for jails.",
      mend: "Install it: apt-get install openssh-sftp-server.",
    }
  return undefined
}

/** The part of the user that is the access. */
export const loginOf = (access: Access) => {
  const password = access.passwordVerifier === "none" ? undefined : access.passwordVerifier
  const groups: ReadonlyArray<string> = [
    ...(access.shell === "none" ? [] : [sshGroups[access.shell]]),
    ...(password === undefined ? [] : [sshGroups.password]),
  ]
  return {
    shell: access.shell === "jail" ? ssh.jail : "/usr/sbin/nologin",
    groups,
    ...(password === undefined ? {} : { verifier: verifier(plainOf(password)) }),
  }
}

// shadow(5) divides fields by colons, chpasswd(8) lines too. Not even a part of it is repeated.
const verifier = (value: string): string => {
  if (/^\$(?:y|6)\$[./0-9A-Za-z=$]{20,200}$/.test(value)) return value
  throw new UnsafeValue("a verifier of a password", "(hidden)", "Make one with `plumb hash-password`.")
}

/** What the user needs besides its group. */
export const needsOf = (access: Access): ReadonlyArray<HostKey> => [
  ...loginOf(access).groups.map(groupKey),
  ...(access.shell === "jail" ? [pathKey(ssh.jail)] : []),
]

/** Beside the user. */
export const accessResources = (
  account: string,
  { access, suspended }: Pick<AccountSpec, "access" | "suspended">,
  facts: Facts,
): ReadonlyArray<Resource> => {
  const layout = sshLayout(account)
  const { home, name } = accountLayout(account)
  const keys = keyFolder(
    layout.keys,
    { owner: "root", group: sshGroups.keys, mode: 0o750 },
    { fields: ["metadata.name"], after: [pathKey(ssh.keys)] },
  )
  const keep = file(
    layout.keepSessions,
    { owner: "root", group: "root", mode: 0o644, content: "Sessions stay when the key that opened them goes.\n" },
    { fields: ["spec.access.endSessions"], after: [pathKey(layout.keys)] },
  )
  const shown = { fields: ["metadata.name", "spec.access.shell"] }
  const logged: ReadonlyArray<Resource> = [
    directory(
      layout.logs,
      { owner: "root", group: name, mode: 0o750 },
      { ...shown, after: [pathKey(ssh.accountLogs), groupKey(name)], onDelete: "retain" },
    ),
    directory(
      layout.devices,
      { owner: "root", group: "root", mode: 0o755 },
      // A folder that was made again has no socket in it.
      {
        ...shown,
        after: [pathKey(home)],
        activates: suspended ? [] : [{ kind: "unit", name: layout.socket, action: "restart" }],
      },
    ),
    unit(
      layout.socket,
      { enabled: !suspended, active: !suspended, socket: `${layout.devices}/log` },
      {
        fields: [...shown.fields, "spec.suspended"],
        after: [
          ...[transfersLayout.socketFile, transfersLayout.serviceFile, layout.devices, layout.logs].map(pathKey),
          groupKey(name),
        ],
      },
    ),
  ]
  return [
    keys,
    ...(access.endSessions ? [] : [keep]),
    ...(access.shell === "none" || facts.host === "directory" ? [] : logged),
  ]
}
