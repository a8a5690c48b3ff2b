/**
 * Rotation of all logs: what every part shares, nginx's own logs, and the units that run it.
 *
 * The one thing to know before changing it: nginx opens its logs anew on USR1, once after all parts, which costs no request;
 * a reload would cost every worker. A signal a site would be ten thousand of them. Hence units of our own instead of a file
 * in /etc/logrotate.d.
 */
import * as log from "../encode/logrotate.ts"
import { logrotate } from "../encode/logrotate.ts"
import type { Text } from "../encode/text.ts"
import * as to from "../encode/unit.ts"
import { unit } from "../encode/unit.ts"
import { platform } from "../layout.ts"

export const rotation = (): Text<"logrotate"> => logrotate`
  daily
  maxsize 200M
  compress
  delaycompress
  missingok
  nocreate
  # Half-written parts.
  taboopat + .*
  include ${log.folder(platform.rotations)}

  ${log.pathWith(platform.nginxLogs, "/*.log")} {
      rotate 14
      notifempty
  }

  # Read where it was left, also by an agent that was away for days: a log that is compressed is read by nobody.
  ${log.pathWith(platform.traffic, "/*.log")} {
      rotate 10
      notifempty
      nocompress
  }
`

export const rotationUnit = (): to.Unit => unit`
  [Unit]
  Description=Rotation of Plumbline's logs

  [Service]
  Type=oneshot
  ExecStart=/usr/sbin/logrotate --state ${to.path(platform.rotationState)} ${to.path(platform.logrotate)}
  # Also when one of the logs could not be rotated.
  ExecStopPost=-/usr/bin/systemctl kill --kill-whom=main --signal=USR1 ${to.name(platform.nginxUnit)}
  Nice=10
  IOSchedulingClass=idle
  ProtectSystem=full
  PrivateTmp=yes
  NoNewPrivileges=yes
`

export const rotationTimer = (): to.Unit => unit`
  [Unit]
  Description=Rotation of Plumbline's logs, every hour

  [Timer]
  OnCalendar=hourly
  RandomizedDelaySec=10min
  Persistent=yes

  [Install]
  WantedBy=multi-user.target
`
