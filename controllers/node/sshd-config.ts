/**
 * What sshd does with accounts: one drop-in of Match blocks by group, and what is to come out of it.
 *
 * The one thing to know before changing it: in Match blocks the first value wins, so what is special stands before what all
 * share. A key file each, in a folder an account, is read by AuthorizedKeysCommand: AuthorizedKeysFile takes no patterns,
 * and one file for all keys would have as many owners. find(1) and cat(1) are all there is to it: no script, no shell, and
 * whatever fails opens nothing. sshd_config(5).
 */
import type { SshdPolicy } from "../../reconciler/resources/sshd-drop-in.ts"
import * as to from "../encode/sshd.ts"
import { sshd } from "../encode/sshd.ts"
import type { Text } from "../encode/text.ts"
import { ssh, sshGroups } from "../layout.ts"

const names = Object.fromEntries(Object.entries(sshGroups).map(([key, group]) => [key, to.name(group)])) as {
  readonly [K in keyof typeof sshGroups]: Text<"sshd">
}

/** -u: what is uploaded is for the account and, by the folder's group, for the web server. */
export const sftpOptions = "-l INFO -u 0027"

export const sshdConfig = (): Text<"sshd"> => sshd`
  # Who of the accounts may log in, and to what. Nothing here applies to anybody else.

  Match Group ${names.password}
      AuthenticationMethods publickey password
      PasswordAuthentication yes

  Match Group ${names.sftp}
      ChrootDirectory /home/%u
      ForceCommand internal-sftp -l INFO -u 0027
      PermitTTY no

  Match Group ${names.jail}
      ChrootDirectory none
      ForceCommand ${to.path(ssh.jail)}
      PermitTTY yes

  Match Group ${names.sftp},${names.jail}
      AuthenticationMethods publickey
      AuthorizedKeysCommand /usr/bin/find ${to.path(ssh.keys)}/%u -maxdepth 1 -type f -name [a-z0-9]*.pub -exec /usr/bin/cat {} +
      AuthorizedKeysCommandUser ${names.keys}
      AuthorizedKeysFile none
      PubkeyAuthentication yes
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      HostbasedAuthentication no
      GSSAPIAuthentication no
      PermitEmptyPasswords no
      TrustedUserCAKeys none

      DisableForwarding yes
      AllowAgentForwarding no
      AllowStreamLocalForwarding no
      AllowTcpForwarding no
      GatewayPorts no
      PermitListen none
      PermitOpen none
      PermitTunnel no
      X11Forwarding no
      PermitUserRC no

      ClientAliveInterval 60
      ClientAliveCountMax 5
      LogLevel VERBOSE
      MaxAuthTries 6
      MaxSessions 10
`

const shared = {
  // Not in a Match block, but without it no session would be in its account's slice.
  usepam: "yes",
  authorizedkeyscommand: `/usr/bin/find ${ssh.keys}/%u -maxdepth 1 -type f -name [a-z0-9]*.pub -exec /usr/bin/cat {} +`,
  authorizedkeyscommanduser: sshGroups.keys,
  authorizedkeysfile: "none",
  disableforwarding: "yes",
  permittunnel: "no",
  permituserrc: "no",
  x11forwarding: "no",
}

export const sshdPolicies: ReadonlyArray<SshdPolicy> = [
  {
    group: sshGroups.sftp,
    settings: {
      ...shared,
      chrootdirectory: "/home/%u",
      forcecommand: `internal-sftp ${sftpOptions}`,
      permittty: "no",
    },
  },
  {
    group: sshGroups.jail,
    settings: {
      ...shared,
      chrootdirectory: "none",
      forcecommand: ssh.jail,
      passwordauthentication: "no",
      permittty: "yes",
    },
  },
]
