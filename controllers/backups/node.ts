/** What a node has for the backups of all accounts: two folders, a user that runs restic, the templates of the timers. */
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { Resource } from "../../reconciler/contract/resource.ts"
import { directory } from "../../reconciler/resources/directory.ts"
import { file as fileResource } from "../../reconciler/resources/file.ts"
import { group } from "../../reconciler/resources/group.ts"
import { groupKey, pathKey } from "../../reconciler/resources/place.ts"
import { user } from "../../reconciler/resources/user.ts"
import type { NodeSpec } from "../../spec/node.ts"
import { file } from "../encode/text.ts"
import { backups, type HostPath, platform } from "../layout.ts"
import { turnText } from "./turn.ts"
import { backupUnit, checkUnit, drillUnit } from "./units.ts"

const everyNode = { fields: ["metadata.name"] }
const root = { owner: "root", group: "root" }

export const backupsOfNode = (
  { backups: { atOnce } }: NodeSpec,
  { backups: programs }: Facts,
): ReadonlyArray<Resource> =>
  programs === null
    ? []
    : [
        group(backups.user, { gid: backups.uid }, everyNode),
        user(
          backups.user,
          {
            uid: backups.uid,
            gid: backups.uid,
            comment: "Backups",
            home: "/nonexistent",
            shell: "/usr/sbin/nologin",
            groups: [],
          },
          { ...everyNode, after: [groupKey(backups.user)] },
        ),
        directory(backups.folder, { ...root, mode: 0o700 }, { ...everyNode, after: [pathKey(platform.configuration)] }),
        directory(
          backups.state,
          { ...root, mode: 0o700 },
          { ...everyNode, after: [pathKey(platform.state)], onDelete: "retain" },
        ),
        fileResource(
          backups.turn,
          { ...root, mode: 0o755, content: turnText(atOnce) },
          { fields: ["spec.backups.atOnce"], after: [pathKey(platform.configuration)] },
        ),
        unitFile(backups.unitFile, backupUnit(programs)),
        unitFile(backups.checkUnitFile, checkUnit(programs)),
        unitFile(backups.drillUnitFile, drillUnit(programs)),
      ]

const unitFile = (path: HostPath, text: Parameters<typeof file>[0]): Resource =>
  fileResource(
    path,
    { ...root, mode: 0o644, content: file(text) },
    { ...everyNode, activates: [{ kind: "daemon-reload" }] },
  )
