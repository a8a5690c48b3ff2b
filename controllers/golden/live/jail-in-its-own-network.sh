#!/bin/sh
# The login shell of accounts that have one. sshd runs it whatever was asked for, which is in SSH_ORIGINAL_COMMAND.
if [ "$1" = --inside ]; then
    # bubblewrap would leave to a root, which this is in here, what it could have.
    apart='--cap-drop ALL'
    name=$2 uid=$3 gid=$4 term=$5 asked=$6
    ! (: >&5) 2>/dev/null || exec 2>&5 5>&-
else
    asked=$SSH_ORIGINAL_COMMAND
    [ -n "$asked" ] || [ "$1" != -c ] || [ "$2" = /etc/plumbline/ssh/jail ] || asked=$2
    term=$TERM
    PATH=/usr/bin:/bin LC_ALL=C.UTF-8
    export PATH LC_ALL
    unset ENV IFS

    name=$(id -un) uid=$(id -u) gid=$(id -g)
    case "$name" in '' | root | *[!a-z0-9-]*) exit 1 ;; esac
    case " $(id -Gn) " in *' plumb-jail '*) ;; *) exit 1 ;; esac
    case "$term" in '' | *[!A-Za-z0-9.+-]*) term=dumb ;; esac
    case "$asked" in
    internal-sftp | /usr/lib/openssh/sftp-server | 'internal-sftp '* | '/usr/lib/openssh/sftp-server '*) apart=--unshare-net ;;
    *)
        exec 5>&2
        exec /usr/bin/pasta --quiet --config-net --ns-ifname net0 \
            --address 192.0.0.2 --netmask 29 \
            --gateway 192.0.0.1 \
            --address fd6b:4f0c:92d1::2 --gateway fd6b:4f0c:92d1::1 \
            --no-map-gw --dns-forward 192.0.0.3 \
            --tcp-ports none --udp-ports none --udp-ns none --tcp-ns 25,80,443,465,587,3306,5432 \
            -- /usr/bin/unshare --mount-proc \
            /bin/sh /etc/plumbline/ssh/jail --inside "$name" "$uid" "$gid" "$term" "$asked" 2>/dev/null
        ;;
    esac
fi
home=/home/$name
umask 0027
ulimit -c 0
cd / || exit 1

# No namespaces inside the jail: a limit that cannot be set where the host itself is a container.
nested=--disable-userns
/usr/bin/bwrap --unshare-user $nested --ro-bind / / /bin/true 2>/dev/null || nested=

# What is run, and what of the account's home is not in sight meanwhile: the socket to which SFTP writes its log.
log=
case "$asked" in
'') set -- /bin/bash --login ;;
internal-sftp | /usr/lib/openssh/sftp-server | 'internal-sftp '* | '/usr/lib/openssh/sftp-server '*)
    set -- /usr/lib/openssh/sftp-server -l INFO -u 0027
    log=yes
    ;;
*) set -- /bin/bash -c "$asked" ;;
esac

# What is run is in front at a terminal, and abstract sockets that were made outside are out of its reach.
set -- /usr/bin/perl -e 'if (-t STDIN) { require POSIX; setpgrp(0, 0); local $SIG{TTOU} = "IGNORE"; POSIX::tcsetpgrp(0, getpgrp()) } exec(@ARGV) or die("cannot be run", chr(10))' "$@"

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
set -- --perms 0444 --ro-bind-data 6 /etc/resolv.conf "$@"

# The directories of the root that Debian has as links into /usr.
for folder in bin sbin lib lib32 lib64 libx32; do
    [ ! -L "/$folder" ] || set -- --symlink "usr/$folder" "/$folder" "$@"
done

# The filter of system calls comes to bubblewrap as a file of its own; the session keeps its standard input.
exec 3<&0
base64 -d /etc/plumbline/ssh/jail-filter | exec /usr/bin/bwrap \
    --seccomp 7 \
    --unshare-user --uid "$uid" --gid "$gid" --unshare-ipc --unshare-pid --unshare-uts --unshare-cgroup-try \
    $nested --die-with-parent \
    --clearenv \
    --setenv HOME "$home/private" --setenv USER "$name" --setenv LOGNAME "$name" --setenv SHELL /bin/bash \
    --setenv PATH /usr/local/bin:/usr/bin:/bin --setenv LANG C.UTF-8 --setenv TERM "$term" \
    --setenv PHP_INI_SCAN_DIR :/etc/plumbline-php \
    --ro-bind /usr /usr \
    --perms 0755 --dir /etc --ro-bind-try /etc/plumbline-php /etc/plumbline-php \
    --perms 0444 --ro-bind-data 8 /etc/passwd --perms 0444 --ro-bind-data 9 /etc/group \
    --proc /proc \
    --dev /dev \
    --perms 1777 --tmpfs /tmp \
    --perms 0755 --dir /var --perms 1777 --tmpfs /var/tmp \
    --perms 0755 --dir /run --ro-bind-try /run/mysqld /run/mysqld \
    --ro-bind-try /run/postgresql /run/postgresql \
    --perms 0755 --dir /home --bind "$home" "$home" \
    $apart "$@" 7<&0 0<&3 3<&- 8<<passwd 9<<group 6<<resolver
root:x:0:0:root:/root:/usr/sbin/nologin
$name:x:$uid:$gid::$home/private:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
passwd
root:x:0:
$name:x:$gid:
nogroup:x:65534:
group
nameserver 192.0.0.3
resolver
