/**
 * What a node has for the SSH of all accounts: folders, the groups that sshd's Match blocks ask for, and, where sshd is, its
 * drop-in, the script that puts sessions into slices, the jail, and the units that write down transfers.
 *
 * The one thing to know before changing it: sshd and its PAM stack are the administrator's too. Ours are one file in a folder
 * for such files and a few marked lines, both of which apply to members of our groups alone.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { Resource } from "../../reconciler/contract/resource.ts"
import { block } from "../../reconciler/resources/block.ts"
import { directory } from "../../reconciler/resources/directory.ts"
import { file as fileResource } from "../../reconciler/resources/file.ts"
import { group } from "../../reconciler/resources/group.ts"
import { groupKey, pathKey, userKey } from "../../reconciler/resources/place.ts"
import { sshdDropIn } from "../../reconciler/resources/sshd-drop-in.ts"
import { user } from "../../reconciler/resources/user.ts"
import { logrotate, pathWith } from "../encode/logrotate.ts"
import { type Format, file, type Text } from "../encode/text.ts"
import { platform, ssh, sshGroups, sshNumbers } from "../layout.ts"
import { keepsSocketsApart } from "./apart.ts"
import { jailScript } from "./jail.ts"
import { jailFilter } from "./jail-filter.ts"
import { pamBefore, pamBlock, sessionScript } from "./ssh-session.ts"
import { sshdConfig, sshdPolicies } from "./sshd-config.ts"
import { transfersLayout, transfersScript, transfersService, transfersSocket } from "./transfers.ts"

const everyNode = { fields: ["metadata.name"] }
const root = { owner: "root", group: "root" }
const inFolder = { ...everyNode, after: [pathKey(ssh.folder)] }

const script = (path: `/${string}`, text: Text<Format>): Resource =>
  fileResource(path, { ...root, mode: 0o755, content: file(text) }, inFolder)

const people: ReadonlyArray<Resource> = [
  ...(["sftp", "jail", "password", "keys"] as const).map((role) =>
    group(sshGroups[role], { gid: sshNumbers[role] }, everyNode),
  ),
  // Looks up keys for sshd and writes down transfers; has no other role on a host.
  user(
    sshGroups.keys,
    {
      uid: sshNumbers.keys,
      gid: sshNumbers.keys,
      comment: "Keys and logs of SSH",
      home: "/nonexistent",
      shell: "/usr/sbin/nologin",
      groups: [],
    },
    { ...everyNode, after: [groupKey(sshGroups.keys)] },
  ),
]

const folders: ReadonlyArray<Resource> = [
  directory(ssh.folder, { ...root, mode: 0o755 }, { ...everyNode, after: [pathKey(platform.configuration)] }),
  directory(
    ssh.keys,
    { owner: "root", group: sshGroups.keys, mode: 0o750 },
    { ...everyNode, after: [pathKey(ssh.folder), groupKey(sshGroups.keys)] },
  ),
]

export const sshOfNode = (facts: Facts): ReadonlyArray<Resource> => [
  ...people,
  ...folders,
  ...(facts.sshd === null ? [] : service(facts.sshd, facts)),
]

const jail = ({ sftpServer }: NonNullable<Facts["sshd"]>, { bubblewrap, ...facts }: Facts): ReadonlyArray<Resource> => {
  if (bubblewrap === null || sftpServer === null) return []
  const pasta = keepsSocketsApart(facts) ? undefined : (facts.pasta ?? undefined)
  const content = file(jailScript({ bubblewrap, sftpServer, ...(pasta === undefined ? {} : { pasta }) }))
  return [
    fileResource(ssh.jailFilter, { ...root, mode: 0o644, content: jailFilter() }, inFolder),
    fileResource(ssh.jail, { ...root, mode: 0o755, content }, { ...everyNode, after: [pathKey(ssh.jailFilter)] }),
  ]
}

const service = (sshd: NonNullable<Facts["sshd"]>, facts: Facts): ReadonlyArray<Resource> => [
  directory(
    ssh.accountLogs,
    { ...root, mode: 0o711 },
    { ...everyNode, onDelete: "retain", after: [pathKey(platform.logs)] },
  ),
  script(ssh.session, sessionScript()),
  script(ssh.transfers, transfersScript()),
  ...jail(sshd, facts),
  ...(
    [
      [transfersLayout.socketFile, transfersSocket()],
      [transfersLayout.serviceFile, transfersService()],
    ] as const
  ).map(([path, text]) =>
    fileResource(
      path,
      { ...root, mode: 0o644, content: file(text) },
      { ...everyNode, activates: [{ kind: "daemon-reload" }] },
    ),
  ),
  fileResource(
    ssh.rotation,
    {
      ...root,
      mode: 0o644,
      content: file(logrotate`
        ${pathWith(ssh.accountLogs, "/*/*.log")} {
            rotate 14
            notifempty
        }
      `),
    },
    { ...everyNode, after: [pathKey(platform.rotations)] },
  ),
  // First the way into the slice, then the way in.
  block(ssh.pam, { content: pamBlock, before: pamBefore }, { ...everyNode, after: [pathKey(ssh.session)] }),
  sshdDropIn(
    ssh.dropIn,
    { content: file(sshdConfig()), policies: sshdPolicies },
    {
      ...everyNode,
      after: [
        `block:${ssh.pam}`,
        pathKey(ssh.keys),
        userKey(sshGroups.keys),
        ...[sshGroups.sftp, sshGroups.jail, sshGroups.password].map(groupKey),
      ],
    },
  ),
]
