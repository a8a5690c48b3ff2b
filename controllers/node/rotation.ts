/**
 * Rotation of nginx's logs, as logrotate does it on Debian.
 *
 * The one thing to know before changing it: nginx opens its logs anew on USR1, which costs no request; a reload would cost
 * every worker.
 */

import { logrotate, pathWith } from "../encode/logrotate.ts"
import type { Text } from "../encode/text.ts"
import { platform } from "../layout.ts"

export const rotation = (): Text<"logrotate"> => logrotate`
  ${pathWith(platform.siteLogs, "/*/*.log")} ${pathWith(platform.nginxLogs, "/*.log")} {
      daily
      maxsize 200M
      rotate 14
      compress
      delaycompress
      missingok
      notifempty
      nocreate
      sharedscripts
      postrotate
          systemctl kill --kill-whom=main --signal=USR1 plumb-nginx.service
      endscript
  }
`
