// The drop-ins that `systemctl set-property` leaves for a slice: what its limits will be after a boot, whatever runs now.

import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"
import { homes } from "./quotas.ts"
import type { SliceLimits } from "./systemd.ts"

/** Limits of a disk, which systemd is told by a path on it: systemd.resource-control(5). */
export const diskLimits = {
  readBandwidth: "IOReadBandwidthMax",
  writeBandwidth: "IOWriteBandwidthMax",
  readOperations: "IOReadIOPSMax",
  writeOperations: "IOWriteIOPSMax",
} as const
const diskLimitKeys = Object.keys(diskLimits) as ReadonlyArray<keyof typeof diskLimits>

export const limitNames = ["MemoryMax", "CPUQuota", "TasksMax", ...Object.values(diskLimits)] as const

export const dropInFolder = (slice: string): HostPath => `/etc/systemd/system.control/${slice}.d`

/** Those of `systemctl set-property --runtime`, which last until the next boot. */
export const runtimeDropInFolder = (slice: string): HostPath => `/run/systemd/system.control/${slice}.d`

/** Takes the limits' drop-ins out of a folder, and the folder when nobody else has anything in it. */
export const removeDropIns = (files: Files, folder: HostPath): void => {
  if (files.stat(folder)?.type !== "directory") return
  for (const name of limitNames) files.remove(`${folder}/50-${name}.conf`)
  files.removeDirectory(folder)
}

/** What `systemctl set-property` is given. Of a disk, a limit that is none is only said where there was one. */
export const assignments = (limits: SliceLimits, before: SliceLimits | undefined): ReadonlyArray<string> => [
  `MemoryMax=${limits.memoryMax ?? "infinity"}`,
  `CPUQuota=${limits.cpuQuota === undefined ? "" : `${limits.cpuQuota}%`}`,
  `TasksMax=${limits.tasksMax ?? "infinity"}`,
  ...diskLimitKeys.flatMap((key) => {
    const value = limits[key]
    if (value === undefined && before?.[key] === undefined) return []
    const name = diskLimits[key]
    // Empty first: a limit of another disk would stay.
    return [`${name}=`, ...(value === undefined ? [] : [`${name}=${homes} ${value}`])]
  }),
]

/** As systemd writes them (unit_write_setting in its sources). */
export const dropIns = (
  limits: SliceLimits,
  before: SliceLimits | undefined,
): ReadonlyArray<readonly [name: string, content: string]> => {
  const settings = Map.groupBy(assignments(limits, before), (line) => line.slice(0, line.indexOf("=")))
  return [...settings].map(([name, lines]) => [
    `50-${name}.conf`,
    `# This is a drop-in unit file extension, created via "systemctl set-property"\n# or an equivalent operation. Do not edit.\n[Slice]\n${lines.join("\n")}\n`,
  ])
}

export const configuredLimits = (files: Files, slice: string): SliceLimits => {
  const read = (name: (typeof limitNames)[number]): string => {
    const path: HostPath = `${dropInFolder(slice)}/50-${name}.conf`
    return files.stat(path)?.type === "file" ? files.read(path, 65536).toString("utf8") : ""
  }
  const value = (name: (typeof limitNames)[number]): number | undefined => {
    const found = new RegExp(`^${name}=(\\d+)%?$`, "m").exec(read(name))
    return found ? Number(found[1]) : undefined
  }
  return {
    memoryMax: value("MemoryMax"),
    cpuQuota: value("CPUQuota"),
    tasksMax: value("TasksMax"),
    ...diskValues((name) =>
      read(name)
        .split("\n")
        .flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []))
        .join("\n")
        .trim(),
    ),
  }
}

/** "/home 10485760" for each; nothing where there is no limit, and NaN for what is none of ours. */
export const diskValues = (
  read: (name: (typeof diskLimits)[keyof typeof diskLimits]) => string | undefined,
): { readonly [K in keyof typeof diskLimits]?: number } =>
  Object.fromEntries(
    diskLimitKeys.flatMap((key) => {
      const text = read(diskLimits[key]) ?? ""
      if (text === "") return []
      const found = new RegExp(`^${homes} (\\d+)$`).exec(text)
      return [[key, found === null ? Number.NaN : Number(found[1])]]
    }),
  )
