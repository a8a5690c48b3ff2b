/**
 * The login shell of accounts with a jail: a script that becomes bubblewrap, which becomes a shell (or what was asked for)
 * in namespaces of its own. It runs as the account from the first instruction; nothing here is setuid.
 *
 * The one thing to know before changing it: the file system is a list of what is there, never of what is hidden. Of /etc
 * only what programs need to run comes in, passwd and group are made up, and /proc shows the jail's processes alone.
 * git and composer need a network. It is the host's where Landlock keeps abstract sockets apart (`loopback.ts` does the ports),
 * and one of the session's own elsewhere, from which pasta carries connections out as the account. bwrap(1), pasta(1).
 */
import * as to from "../encode/shell.ts"
import { shell } from "../encode/shell.ts"
import type { Text } from "../encode/text.ts"
import { phpPrograms, ssh, sshGroups } from "../layout.ts"
import { apartOrNotAtAll, inForeground } from "./apart.ts"

export interface JailPrograms {
  /** Path of bwrap(1). */
  readonly bubblewrap: string
  /** Path of sftp-server(8). */
  readonly sftpServer: string
  /** Path of pasta(1): each session is to have a network of its own. Left out, the network is the host's. */
  readonly pasta?: string
}

/**
 * Addresses inside: RFC 7335 keeps 192.0.0.0/29 for such a use on a host itself, so that no network of the host's is hidden by
 * it; the other is a network of RFC 4193 that was drawn once.
 */
const ownNetwork = {
  ipv4: { address: "192.0.0.2", length: 29, gateway: "192.0.0.1" },
  ipv6: { address: "fd6b:4f0c:92d1::2", gateway: "fd6b:4f0c:92d1::1" },
  resolver: "192.0.0.3",
}
/** What a host offers its accounts at 127.0.0.1: mail, sites, MariaDB, PostgreSQL. */
const offered = [25, 80, 443, 465, 587, 3306, 5432]

export const jailScript = ({ bubblewrap, pasta, sftpServer }: JailPrograms): Text<"shell"> => shell`
  #!/bin/sh
  # The login shell of accounts that have one. sshd runs it whatever was asked for, which is in SSH_ORIGINAL_COMMAND.
  ${pasta === undefined ? whoAsks : inOwnNetwork(pasta, sftpServer)}
  home=/home/$name
  umask 0027
  ulimit -c 0
  cd / || exit 1

  # No namespaces inside the jail: a limit that cannot be set where the host itself is a container.
  nested=--disable-userns
  ${to.path(bubblewrap)} --unshare-user $nested --ro-bind / / /bin/true 2>/dev/null || nested=

  # What is run, and what of the account's home is not in sight meanwhile: the socket to which SFTP writes its log.
  log=
  case "$asked" in
  '') set -- /bin/bash --login ;;
  ${files(sftpServer)}
      set -- ${to.path(sftpServer)} -l INFO -u 0027
      log=yes
      ;;
  *) set -- /bin/bash -c "$asked" ;;
  esac

  # What is run is in front at a terminal, and abstract sockets that were made outside are out of its reach.
  set -- /usr/bin/perl -e ${to.quoted(pasta === undefined ? apartOrNotAtAll : inForeground)} "$@"

  if [ -n "$log" ]; then
      set -- --bind-try "$home/dev/log" /dev/log --remount-ro / --chdir "$home" -- "$@"
  else
      set -- --remount-ro / --chdir "$home" -- "$@"
  fi
  [ ! -d "$home/dev" ] || set -- --tmpfs "$home/dev" --remount-ro "$home/dev" "$@"

  for file in alternatives bash.bashrc ca-certificates ca-certificates.conf debian_version gai.conf hosts inputrc \
      ld.so.cache ld.so.conf ld.so.conf.d locale.alias localtime mailcap mime.types mysql/my.cnf mysql/mariadb.cnf \
      mysql/conf.d mysql/mariadb.conf.d nsswitch.conf os-release php profile profile.d protocols services ssl terminfo \
      timezone; do
      set -- --ro-bind-try "/etc/$file" "/etc/$file" "$@"
  done
  ${pasta === undefined ? hostResolver : ownResolver}

  # The directories of the root that Debian has as links into /usr.
  for folder in bin sbin lib lib32 lib64 libx32; do
      [ ! -L "/$folder" ] || set -- --symlink "usr/$folder" "/$folder" "$@"
  done

  # The filter of system calls comes to bubblewrap as a file of its own; the session keeps its standard input.
  exec 3<&0
  base64 -d ${to.path(ssh.jailFilter)} | exec ${to.path(bubblewrap)} \
      --seccomp 7 \
      --unshare-user --uid "$uid" --gid "$gid" --unshare-ipc --unshare-pid --unshare-uts --unshare-cgroup-try \
      $nested --die-with-parent \
      --clearenv \
      --setenv HOME "$home/private" --setenv USER "$name" --setenv LOGNAME "$name" --setenv SHELL /bin/bash \
      --setenv PATH /usr/local/bin:/usr/bin:/bin --setenv LANG C.UTF-8 --setenv TERM "$term" \
      --setenv PHP_INI_SCAN_DIR :${to.path(phpPrograms.folder)} \
      --ro-bind /usr /usr \
      --perms 0755 --dir /etc --ro-bind-try ${to.path(phpPrograms.folder)} ${to.path(phpPrograms.folder)} \
      --perms 0444 --ro-bind-data 8 /etc/passwd --perms 0444 --ro-bind-data 9 /etc/group \
      --proc /proc \
      --dev /dev \
      --perms 1777 --tmpfs /tmp \
      --perms 0755 --dir /var --perms 1777 --tmpfs /var/tmp \
      --perms 0755 --dir /run --ro-bind-try /run/mysqld /run/mysqld \
      --ro-bind-try /run/postgresql /run/postgresql \
      --perms 0755 --dir /home --bind "$home" "$home" \
      ${pasta === undefined ? shell`"$@" ${descriptors}` : shell`$apart "$@" ${descriptors} 6<<resolver`}
  root:x:0:0:root:/root:/usr/sbin/nologin
  $name:x:$uid:$gid::$home/private:/bin/bash
  nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
  passwd
  root:x:0:
  $name:x:$gid:
  nogroup:x:65534:
  group
  ${pasta === undefined ? [] : resolver}
`

/** Who has logged in, what was asked for, and the kind of terminal. */
const whoAsks = shell`
  asked=$SSH_ORIGINAL_COMMAND
  [ -n "$asked" ] || [ "$1" != -c ] || [ "$2" = ${to.path(ssh.jail)} ] || asked=$2
  term=$TERM
  PATH=/usr/bin:/bin LC_ALL=C.UTF-8
  export PATH LC_ALL
  unset ENV IFS

  name=$(id -un) uid=$(id -u) gid=$(id -g)
  case "$name" in '' | root | *[!a-z0-9-]*) exit 1 ;; esac
  case " $(id -Gn) " in *' ${to.name(sshGroups.jail)} '*) ;; *) exit 1 ;; esac
  case "$term" in '' | *[!A-Za-z0-9.+-]*) term=dumb ;; esac
`

/** The filter of system calls, the session's input, and the files that are made up. */
const descriptors = shell`7<&0 0<&3 3<&- 8<<passwd 9<<group`

/** The words of a `case` that ask for SFTP instead of a shell. */
const files = (sftpServer: string) =>
  shell`internal-sftp | ${to.path(sftpServer)} | 'internal-sftp '* | '${to.path(sftpServer)} '*)`

const resolver = shell`
  nameserver ${to.address(ownNetwork.resolver)}
  resolver
`

const hostResolver = shell`set -- --ro-bind-try /etc/resolv.conf /etc/resolv.conf "$@"`
const ownResolver = shell`set -- --perms 0444 --ro-bind-data 6 /etc/resolv.conf "$@"`

/**
 * The script begins itself again in a network and as its root, which it needs to make the jail there. Abstract sockets belong
 * to a network (unix(7)), and so do ports. SFTP has no use for a way out, and gets none.
 *
 * What pasta says goes to the system's log alone: to a customer's stderr it would say that a resolver at 127.0.0.53 is none of
 * its liking.
 */
const inOwnNetwork = (pasta: string, sftpServer: string): Text<"shell"> => shell`
  if [ "$1" = --inside ]; then
      # bubblewrap would leave to a root, which this is in here, what it could have.
      apart='--cap-drop ALL'
      name=$2 uid=$3 gid=$4 term=$5 asked=$6
      ! (: >&5) 2>/dev/null || exec 2>&5 5>&-
  else
      ${whoAsks}
      case "$asked" in
      ${files(sftpServer)} apart=--unshare-net ;;
      *)
          exec 5>&2
          exec ${to.path(pasta)} --quiet --config-net --ns-ifname net0 \
              --address ${to.address(ownNetwork.ipv4.address)} --netmask ${to.numbers([ownNetwork.ipv4.length])} \
              --gateway ${to.address(ownNetwork.ipv4.gateway)} \
              --address ${to.address(ownNetwork.ipv6.address)} --gateway ${to.address(ownNetwork.ipv6.gateway)} \
              --no-map-gw --dns-forward ${to.address(ownNetwork.resolver)} \
              --tcp-ports none --udp-ports none --udp-ns none --tcp-ns ${to.numbers(offered)} \
              -- /usr/bin/unshare --mount-proc \
              /bin/sh ${to.path(ssh.jail)} --inside "$name" "$uid" "$gid" "$term" "$asked" 2>/dev/null
          ;;
      esac
  fi
`
