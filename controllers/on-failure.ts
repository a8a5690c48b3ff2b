/**
 * Who is told when a run of a record fails: the file that the agent reads then, of whatever kind the record is.
 *
 * The one thing to know before changing it: the file is found by the record's kind and name (`recipientsOf` in
 * `reconciler/notices/notice.ts`), so a kind that has `onFailure` in its spec needs these two calls and nothing else.
 */
import type { Rendered } from "../reconciler/contract/controller.ts"
import type { Facts } from "../reconciler/contract/facts.ts"
import type { Resource } from "../reconciler/contract/resource.ts"
import { file } from "../reconciler/resources/file.ts"
import { pathKey } from "../reconciler/resources/place.ts"
import type { OnFailure } from "../spec/on-failure.ts"
import { notifyFile } from "./encode/notify.ts"
import { notifyPath, platform } from "./layout.ts"
import { stalled } from "./outcome.ts"

interface Telling {
  readonly onFailure?: OnFailure
}

/** What keeps the node from telling anybody; undefined where nothing does. */
export const cannotTell = ({ onFailure }: Telling, facts: Facts): Rendered | undefined =>
  onFailure?.mail !== undefined && typeof facts.sendmail !== "string" && facts.host === "live"
    ? stalled(
        "SendmailAbsent",
        "This node sends no mail: it has no /usr/sbin/sendmail.",
        "Install a mail server (or dma, msmtp-mta), or take spec.onFailure.mail away.",
      )
    : undefined

export const toldOnFailure = (kind: string, name: string, { onFailure }: Telling): ReadonlyArray<Resource> =>
  onFailure === undefined
    ? []
    : [
        file(
          notifyPath(kind, name),
          { owner: "root", group: "root", mode: 0o600, content: notifyFile(onFailure), secret: true },
          { fields: ["spec.onFailure"], after: [pathKey(platform.notify)] },
        ),
      ]
