// The drop-ins that `systemctl set-property` leaves for a slice: what its limits will be after a boot, whatever runs now.

import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"
import type { SliceLimits } from "./systemd.ts"

export const limitNames = ["MemoryMax", "CPUQuota", "TasksMax"] as const

export const dropInFolder = (slice: string): HostPath => `/etc/systemd/system.control/${slice}.d`

/** Those of `systemctl set-property --runtime`, which last until the next boot. */
export const runtimeDropInFolder = (slice: string): HostPath => `/run/systemd/system.control/${slice}.d`

/** Takes the limits' drop-ins out of a folder, and the folder when nobody else has anything in it. */
export const removeDropIns = (files: Files, folder: HostPath): void => {
  if (files.stat(folder)?.type !== "directory") return
  for (const name of limitNames) files.remove(`${folder}/50-${name}.conf`)
  files.removeDirectory(folder)
}

/** As systemd writes them (unit_write_setting in its sources). */
export const dropIns = (limits: SliceLimits): ReadonlyArray<readonly [name: string, content: string]> => {
  const values = {
    MemoryMax: limits.memoryMax ?? "infinity",
    CPUQuota: limits.cpuQuota === undefined ? "" : `${limits.cpuQuota}%`,
    TasksMax: limits.tasksMax ?? "infinity",
  }
  return limitNames.map((name) => [
    `50-${name}.conf`,
    `# This is a drop-in unit file extension, created via "systemctl set-property"\n# or an equivalent operation. Do not edit.\n[Slice]\n${name}=${values[name]}\n`,
  ])
}

export const configuredLimits = (files: Files, slice: string): SliceLimits => {
  const value = (name: (typeof limitNames)[number]): number | undefined => {
    const path: HostPath = `${dropInFolder(slice)}/50-${name}.conf`
    if (files.stat(path)?.type !== "file") return undefined
    const found = new RegExp(`^${name}=(\\d+)%?$`, "m").exec(files.read(path, 65536).toString("utf8"))
    return found ? Number(found[1]) : undefined
  }
  return { memoryMax: value("MemoryMax"), cpuQuota: value("CPUQuota"), tasksMax: value("TasksMax") }
}
