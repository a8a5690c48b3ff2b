/**
 * The two unit files of the platform: its nginx, and one template a PHP version whose instances are the accounts.
 *
 * The one thing to know before changing it: never a unit file an account (`systemctl daemon-reload` with thousands of them
 * freezes a host). A directory host reads the same files and heeds ExecStart, ExecReload, KillSignal, RuntimeDirectory and
 * Environment alone; hence its root stands before what these open, and before nothing else. systemd.exec(5).
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import * as to from "../encode/unit.ts"
import { unit } from "../encode/unit.ts"
import { phpVersionLayout, platform, seenBy } from "../layout.ts"
import { gracePeriod } from "../php/pool.ts"
import { apartIfPossible, keepsSocketsApart } from "./apart.ts"

/**
 * Two logs a site, twice that during a reload, and the connections, for 10,000 sites. With too few, a reload is lost without
 * a word. Workers inherit it; worker_rlimit_nofile beside it would only complain where a container allows less.
 */
const openFiles = 262_144

export const nginxUnit = (program: string, facts: Facts): to.Unit => {
  const command = unit`${to.path(program)} -c ${to.path(seenBy(facts, `${platform.nginxLive}/nginx.conf`))}`
  return unit`
    [Unit]
    Description=Web server of Plumbline
    Wants=network-online.target
    After=network-online.target

    [Service]
    Type=exec
    ExecStartPre=${command} -t -q
    ExecStart=${command}
    ExecReload=/bin/kill -HUP $MAINPID
    KillMode=mixed
    KillSignal=SIGQUIT
    TimeoutStopSec=30
    Restart=on-failure
    RestartSec=1
    LimitNOFILE=${to.integer(openFiles)}
    # Of a site's logs, which the group of the folder may read: nobody else.
    UMask=0027
    OOMScoreAdjust=-200
    # Of the master, which reads the configuration anew at each reload; the workers have a priority of their own.
    Nice=10

    # The master binds ports, opens logs for its workers and signals them; the workers have none of this.
    CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE CAP_KILL CAP_SYS_NICE
    NoNewPrivileges=yes
    ProtectSystem=strict
    # Not the folders themselves: one that somebody removed and that was made anew would be out of nginx's sight.
    ReadWritePaths=${to.path(parentOf(platform.logs))} ${to.path(parentOf(platform.nginxState))}
    ProtectHome=read-only
    PrivateTmp=yes
    PrivateDevices=yes
    ${hardening}

    [Install]
    WantedBy=multi-user.target
  `
}

export const phpUnit = ({ fpm, version }: Facts["php"][number], facts: Facts): to.Unit => {
  const { configuration, template } = phpVersionLayout(version)
  const own = seenBy(facts, configuration)
  const command = unit`${to.path(fpm)} --nodaemonize --force-stderr -c ${to.pathWith(own, "/%I.ini")} --fpm-config ${to.pathWith(own, "/%I.conf")}`
  const apart = keepsSocketsApart(facts) ? unit`/usr/bin/perl -e ${to.quoted(apartIfPossible)} ` : unit``
  return unit`
    [Unit]
    Description=PHP ${to.version(version)} of account %I
    After=network.target
    ConditionPathExists=!${to.pathWith(platform.suspended, "/%I")}

    [Service]
    Type=notify
    User=%I
    Group=%I
    Slice=plumb-%i.slice
    UMask=0027
    RuntimeDirectory=${to.name(template)}/%I
    RuntimeDirectoryMode=0711
    # No extensions but those that the account's own php.ini names.
    Environment=PHP_INI_SCAN_DIR=
    ExecStart=${apart}${command}
    # A configuration that php-fpm refuses never reaches the master that runs: it would end with it.
    ExecReload=${command} --test
    ExecReload=/bin/kill -USR2 $MAINPID
    KillMode=mixed
    KillSignal=SIGQUIT
    TimeoutStopSec=${to.integer(gracePeriod + 5)}
    Restart=on-failure
    RestartSec=1
    OOMPolicy=continue

    # The account's own home is the only one there is. These, with the user id, are the boundary between accounts.
    ProtectHome=tmpfs
    BindPaths=/home/%I
    # Where SFTP writes its log: nobody else is to write there.
    InaccessiblePaths=-/home/%I/dev
    ProtectSystem=strict
    ReadWritePaths=/home/%I
    InaccessiblePaths=-${to.path(platform.logs)} -${to.path(platform.state)} -${to.path(platform.nginx)}
    CapabilityBoundingSet=
    AmbientCapabilities=
    NoNewPrivileges=yes
    PrivateTmp=yes
    PrivateDevices=yes
    PrivateIPC=yes
    ProtectProc=invisible
    RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
    RestrictNamespaces=yes
    ${hardening}
    # php-fpm reads with it where a slow worker is. The user id and the sandbox leave nothing to trace but the account's own.
    SystemCallFilter=ptrace
    # With these it is kept from abstract sockets.
    SystemCallFilter=landlock_create_ruleset landlock_restrict_self

    [Install]
    WantedBy=multi-user.target
  `
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/"))

export const hardening = unit`
  ProtectClock=yes
  ProtectControlGroups=yes
  ProtectHostname=yes
  ProtectKernelLogs=yes
  ProtectKernelModules=yes
  ProtectKernelTunables=yes
  LockPersonality=yes
  RestrictRealtime=yes
  RestrictSUIDSGID=yes
  SystemCallArchitectures=native
  SystemCallFilter=@system-service
  SystemCallErrorNumber=EPERM
`
