// All resource types by name. The engine looks them up here and knows nothing else of them.

import type { ResourceType } from "../contract/resource.ts"
import type { AnyType } from "../types.ts"
import { blockType } from "./block.ts"
import { certificateType } from "./certificate.ts"
import { directoryType } from "./directory.ts"
import { fileType } from "./file.ts"
import { groupType } from "./group.ts"
import { keyFolderType } from "./key-folder.ts"
import { nginxMemberType } from "./nginx-member.ts"
import { packetFilterType } from "./packet-filter.ts"
import { pgDatabaseType } from "./pg-database.ts"
import { pgRoleType } from "./pg-role.ts"
import { quotaType } from "./quota.ts"
import { runType } from "./run.ts"
import { sliceType } from "./slice.ts"
import { sqlDatabaseType } from "./sql-database.ts"
import { sqlUserType } from "./sql-user.ts"
import { sshKeyType } from "./ssh-key.ts"
import { sshdDropInType } from "./sshd-drop-in.ts"
import { suspensionType } from "./suspension.ts"
import { symlinkType } from "./symlink.ts"
import { taskType } from "./task.ts"
import { tenantDirectoryType } from "./tenant-directory.ts"
import { timerType } from "./timer.ts"
import { unitType } from "./unit.ts"
import { userType } from "./user.ts"

/** A type's spec and seen state come back to it alone, since the engine finds it by the resource's kind: hence this one cast. */
const erased = <Spec, Seen>(type: ResourceType<Spec, Seen>): AnyType => type as unknown as AnyType

export const resourceTypes: ReadonlyMap<string, AnyType> = new Map(
  [
    erased(fileType),
    erased(directoryType),
    erased(symlinkType),
    erased(tenantDirectoryType),
    erased(groupType),
    erased(userType),
    erased(unitType),
    erased(sliceType),
    erased(quotaType),
    erased(packetFilterType),
    erased(nginxMemberType),
    erased(sqlDatabaseType),
    erased(sqlUserType),
    erased(pgDatabaseType),
    erased(pgRoleType),
    erased(blockType),
    erased(keyFolderType),
    erased(sshKeyType),
    erased(sshdDropInType),
    erased(timerType),
    erased(runType),
    erased(suspensionType),
    erased(certificateType),
    erased(taskType),
  ].map((type) => [type.kind, type]),
)
