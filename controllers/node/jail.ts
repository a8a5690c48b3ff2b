/**
 * The login shell of accounts with a jail: a script that becomes bubblewrap, which becomes a shell (or what was asked for)
 * in namespaces of its own. It runs as the account from the first instruction; nothing here is setuid.
 *
 * The one thing to know before changing it: the file system is a list of what is there, never of what is hidden. Of /etc
 * only what programs need to run comes in, passwd and group are made up, and /proc shows the jail's processes alone.
 * The network is the host's: git and composer need it, and `loopback.ts` keeps the ports of accounts apart. bwrap(1).
 */
import * as to from "../encode/shell.ts"
import { shell } from "../encode/shell.ts"
import type { Text } from "../encode/text.ts"
import { phpPrograms, ssh, sshGroups } from "../layout.ts"
import { apartOrNotAtAll } from "./apart.ts"

export const jailScript = (bubblewrap: string, sftpServer: string): Text<"shell"> => shell`
  #!/bin/sh
  # The login shell of accounts that have one. sshd runs it whatever was asked for, which is in SSH_ORIGINAL_COMMAND.
  asked=$SSH_ORIGINAL_COMMAND
  [ -n "$asked" ] || [ "$1" != -c ] || [ "$2" = ${to.path(ssh.jail)} ] || asked=$2
  term=$TERM
  PATH=/usr/bin:/bin LC_ALL=C.UTF-8
  export PATH LC_ALL
  unset ENV IFS

  name=$(id -un) uid=$(id -u) gid=$(id -g)
  case "$name" in '' | root | *[!a-z0-9-]*) exit 1 ;; esac
  case " $(id -Gn) " in *' ${to.name(sshGroups.jail)} '*) ;; *) exit 1 ;; esac
  home=/home/$name
  case "$term" in '' | *[!A-Za-z0-9.+-]*) term=dumb ;; esac
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
  internal-sftp | ${to.path(sftpServer)} | 'internal-sftp '* | '${to.path(sftpServer)} '*)
      set -- ${to.path(sftpServer)} -l INFO -u 0027
      log=yes
      ;;
  *) set -- /bin/bash -c "$asked" ;;
  esac

  # Abstract sockets that were made outside of this jail are out of its reach.
  set -- /usr/bin/perl -e ${to.quoted(apartOrNotAtAll)} "$@"

  if [ -n "$log" ]; then
      set -- --bind-try "$home/dev/log" /dev/log --remount-ro / --chdir "$home" -- "$@"
  else
      set -- --remount-ro / --chdir "$home" -- "$@"
  fi
  [ ! -d "$home/dev" ] || set -- --tmpfs "$home/dev" --remount-ro "$home/dev" "$@"

  for file in alternatives bash.bashrc ca-certificates ca-certificates.conf debian_version gai.conf hosts inputrc \
      ld.so.cache ld.so.conf ld.so.conf.d locale.alias localtime mailcap mime.types mysql/my.cnf mysql/mariadb.cnf \
      mysql/conf.d mysql/mariadb.conf.d nsswitch.conf os-release php profile profile.d protocols resolv.conf services \
      ssl terminfo timezone; do
      set -- --ro-bind-try "/etc/$file" "/etc/$file" "$@"
  done

  # The directories of the root that Debian has as links into /usr.
  for folder in bin sbin lib lib32 lib64 libx32; do
      [ ! -L "/$folder" ] || set -- --symlink "usr/$folder" "/$folder" "$@"
  done

  # The filter of system calls comes to bubblewrap as a file of its own; the session keeps its standard input.
  exec 3<&0
  base64 -d ${to.path(ssh.jailFilter)} | exec ${to.path(bubblewrap)} \
      --seccomp 7 \
      --unshare-user --unshare-ipc --unshare-pid --unshare-uts --unshare-cgroup-try \
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
      "$@" 7<&0 0<&3 3<&- 8<<passwd 9<<group
  root:x:0:0:root:/root:/usr/sbin/nologin
  $name:x:$uid:$gid::$home/private:/bin/bash
  nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
  passwd
  root:x:0:
  $name:x:$gid:
  nogroup:x:65534:
  group
`
