/**
 * What happens when an account's session opens: PAM runs a script of ours as root, which puts the process that serves the
 * connection, and thereby everything that will come of it, into a scope in the account's slice.
 *
 * The one thing to know before changing it: sshd goes on when PAM refuses a session (it only takes forwarding away), so
 * whoever cannot be put into their slice has their connection ended by the script itself. For accounts the rest of the
 * session's modules is left out: pam_systemd would give them a manager of their own, outside of their slice and its limits.
 * The name of the scope says what the session was opened with: reconciler/host/sessions.ts. pam_exec(8), pam.conf(5).
 */
import * as to from "../encode/shell.ts"
import { shell } from "../encode/shell.ts"
import type { Text } from "../encode/text.ts"
import { platform, ssh, sshGroups } from "../layout.ts"

/** Before what Debian's modules do with every session. */
export const pamBefore = "@include common-session"

export const pamBlock = [
  `session [success=1 default=ignore] pam_succeed_if.so quiet user notingroup ${sshGroups.sftp} user notingroup ${sshGroups.jail}`,
  `session [success=done ignore=ignore default=die] pam_exec.so quiet ${ssh.session}`,
  "",
].join("\n")

export const sessionScript = (): Text<"shell"> => shell`
  #!/bin/sh
  # Run by PAM, as root, when a session of sshd opens: puts it into the slice of its account.
  PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
  export PATH LC_ALL
  [ "$PAM_TYPE" = open_session ] || exit 0

  refuse() {
      logger --priority auth.err --tag plumb-session -- "A session of $PAM_USER was ended as it began: $1."
      kill -TERM "$PPID"
      exit 1
  }

  case "$PAM_USER" in '' | *[!a-z0-9-]*) refuse 'that is no account' ;; esac
  [ ! -e "${to.path(platform.suspended)}/$PAM_USER" ] || refuse 'it is suspended'
  case " $(id -Gn -- "$PAM_USER") " in
  *' ${to.name(sshGroups.jail)} '*) access=jail ;;
  *' ${to.name(sshGroups.sftp)} '*) access=sftp ;;
  *) refuse 'it has no access' ;;
  esac

  # "publickey TYPE BASE64" or "password", as sshd says it was opened.
  set -f
  set -- $SSH_AUTH_INFO_0
  case "$1" in
  publickey)
      file=$(grep -lrF --include='*.pub' -e " $2 $3" -- "${to.path(ssh.keys)}/$PAM_USER" | head -n 1)
      [ -n "$file" ] || refuse 'its key is gone'
      key=$(basename -- "$file" .pub)
      mark=$(printf %s "$3" | sha256sum | cut -c 1-16)
      ;;
  password) key=- mark=password ;;
  *) refuse "it was opened with '$1'" ;;
  esac

  scope="plumb-ssh:$access:$PAM_USER:$key:$mark:$PPID.scope"
  slice="plumb-$(systemd-escape -- "$PAM_USER").slice"
  busctl --quiet call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager \
      StartTransientUnit 'ssa(sv)a(sa(sv))' "$scope" fail 6 \
      Description s "SSH session of account $PAM_USER" \
      Slice s "$slice" \
      PIDs au 1 "$PPID" \
      CollectMode s inactive-or-failed \
      SendSIGHUP b true \
      TimeoutStopUSec t 3000000 \
      0 >&2 || refuse 'systemd has made no scope for it'

  # The scope is made by a job, which the answer does not wait for.
  tries=0
  until grep -qF -e "/$scope" "/proc/$PPID/cgroup"; do
      tries=$((tries + 1))
      [ "$tries" -lt 500 ] || refuse 'it did not get into its scope'
      sleep 0.01
  done
`
