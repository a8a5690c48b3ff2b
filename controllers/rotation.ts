/**
 * How the logs of one site, and the slow log of one account's PHP, are rotated.
 *
 * The one thing to know before changing it: these are parts of the one configuration that `node/rotation.ts` runs, which has
 * nginx open its logs anew once, after all of them.
 */
import { count, logrotate, pathOf, pathWith, user } from "./encode/logrotate.ts"
import type { Text } from "./encode/text.ts"
import type { HostPath } from "./layout.ts"

// Also an empty log is rotated, so that days are days, and the last visitors of a site without new ones go in time too.
export const siteRotation = (folder: HostPath, days: number): Text<"logrotate"> => logrotate`
  ${pathWith(folder, "/*.log")} {
      rotate ${count(days)}
      maxage ${count(days)}
      ifempty
  }
`

/** In a folder of the account's own, hence as the account. php-fpm opens the file for each entry. */
export const slowLogRotation = (file: HostPath, account: string): Text<"logrotate"> => logrotate`
  ${pathOf(file)} {
      su ${user(account)} ${user(account)}
      rotate 7
      maxsize 10M
  }
`
