// The end of something at a path: gone, or in the trash. `retain` and `confirm` are the engine's to decide; a removal that
// carries them takes nothing away.

import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Removal, ResourceFailure } from "../contract/resource.ts"
import { attempt, type Host } from "../host/host.ts"
import { hostPath } from "../host/path.ts"
import { moveToTrash } from "../host/trash.ts"

export const isoNow: Effect.Effect<string> = Effect.map(DateTime.now, DateTime.formatIso)

/** Whether a removal takes anything away. */
export const goes = ({ onDelete }: Removal): boolean => onDelete === "remove" || onDelete === "trash"

export const removePath = (id: string, removal: Removal): Effect.Effect<[], ResourceFailure, Host> =>
  isoNow.pipe(
    Effect.flatMap((now) =>
      attempt(({ files }): [] => {
        const path = hostPath(id)
        const stat = files.stat(path)
        if (stat === undefined || !goes(removal)) return []
        if (removal.onDelete === "trash") moveToTrash(files, path, removal, now)
        else if (stat.type !== "directory") files.remove(path)
        // What somebody put into a folder of ours is not ours to delete.
        else if (!files.removeDirectory(path)) moveToTrash(files, path, removal, now)
        return []
      }),
    ),
  )
