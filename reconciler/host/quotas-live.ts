// The limits that the file system of /home can keep: by subvolume on btrfs, by project on ext4 and XFS.
//
// The one thing to know before changing it: a tenant names files, and on btrfs subvolumes too. What the tools print is read by
// numbers alone, never by a path.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { ResourceFailure } from "../contract/resource.ts"
import { change, look, refused } from "./command.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"
import * as project from "./quota-project.ts"
import * as qgroup from "./quota-qgroup.ts"
import { homes, type Quotas } from "./quotas.ts"

/** The mount that a path is on, as proc(5)'s mountinfo tells: the last of those at the longest place above it. */
export const mountOf = (
  mountinfo: string,
  path: string,
): { type: string; point: string; options: string } | undefined =>
  mountinfo
    .split("\n")
    .flatMap((line) => {
      const [before = "", after = ""] = line.split(" - ")
      const point = (before.split(" ")[4] ?? "").replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      )
      const [type = "", , options = ""] = after.split(" ")
      const above = point === "/" || path === point || path.startsWith(`${point}/`)
      return point !== "" && above ? [{ type, point, options }] : []
    })
    .sort((a, b) => a.point.length - b.point.length)
    .at(-1)

const none = (filesystem: string): Quotas => ({
  kind: null,
  filesystem,
  makeVolume: () => Effect.die("this file system has no subvolumes"),
  removeVolume: () => Effect.succeed(false),
  read: () => Effect.succeed(undefined),
  set: () => Effect.void,
  survey: Effect.succeed(() => ""),
  usage: Effect.succeed(() => ({})),
})

export const liveQuotas = (files: Files): Quotas => {
  const mount = mountOf(fs.readFileSync("/proc/self/mountinfo", "utf8"), homes)
  switch (mount?.type) {
    case "btrfs":
      return btrfs(files)
    case "ext4":
    case "xfs":
      return /(^|,)(prjquota|pquota)(,|$)/.test(mount.options)
        ? byProject(files, mount.type, mount.point)
        : none(mount.type)
    default:
      return none(mount?.type ?? "unknown")
  }
}

const btrfs = (files: Files): Quotas => {
  /** The numbers of the subvolumes, as last read for the very folder that is there. */
  const known = new Map<HostPath, { readonly folder: string; readonly id: string }>()
  const list = Effect.map(look(qgroup.list(homes)), ({ code, stdout }) =>
    code === 0 ? qgroup.parse(stdout) : new Map<string, ReadonlyArray<qgroup.Row>>(),
  )
  /** The root of a subvolume has always this inode. */
  const isVolume = (path: HostPath) =>
    Effect.try({
      try: () => {
        const stat = files.stat(path)
        return stat === undefined ? undefined : stat.type === "directory" && stat.inode === 256
      },
      catch: toFailure,
    })
  const folderOf = (path: HostPath): string => {
    const stat = fs.lstatSync(files.real(path), { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? "" : `${stat.dev}:${stat.birthtimeNs}`
  }
  const own = (path: HostPath) =>
    Effect.map(look(qgroup.listOf(path)), ({ code, stdout }) => {
      const [row] = code === 0 ? [...qgroup.parse(stdout).values()].flat() : []
      if (row !== undefined) known.set(path, { folder: folderOf(path), id: row.id })
      return row
    })
  const rowsOf = (all: ReadonlyMap<string, ReadonlyArray<qgroup.Row>>, path: HostPath) => {
    const found = known.get(path)
    return found === undefined || found.folder !== folderOf(path) ? undefined : all.get(found.id)
  }
  return {
    kind: "btrfs",
    filesystem: "btrfs",
    makeVolume: (path) => change(qgroup.create(path)),
    removeVolume: (path) =>
      Effect.gen(function* () {
        if ((yield* isVolume(path)) !== true) return false
        yield* removeBelow(path, isVolume)
        const row = yield* own(path)
        yield* change(qgroup.remove(path))
        known.delete(path)
        // Newer kernels take the figures away themselves.
        if (row !== undefined) yield* look(qgroup.forget(row.id, homes))
        return true
      }),
    read: (path) =>
      Effect.gen(function* () {
        const row = (yield* isVolume(path)) === true ? yield* own(path) : undefined
        return row?.limit === undefined ? undefined : { disk: row.limit, files: undefined, project: undefined }
      }),
    set: (path, { disk }) =>
      Effect.gen(function* () {
        if ((yield* isVolume(path)) !== true) return yield* notAVolume(path)
        // Where nothing was ever limited, nothing is counted yet.
        if ((yield* look(qgroup.list(homes))).code !== 0) yield* change(qgroup.enable(homes))
        yield* change(qgroup.limit(path, disk))
      }),
    survey: Effect.map(list, (all) => (path) => {
      const rows = rowsOf(all, path)
      return rows === undefined ? "unknown" : rows.map(({ limit }) => limit ?? "none").join(" ")
    }),
    usage: Effect.map(list, (all) => (path) => {
      const rows = rowsOf(all, path)
      // Two of a number: a subvolume with a line end in its name passes for another one.
      const [row] = rows?.length === 1 ? rows : []
      return row === undefined ? {} : { disk: row.used }
    }),
  }
}

const unlimited = { disk: undefined, files: undefined }

const notAVolume = (home: string): ResourceFailure =>
  new ResourceFailure({
    reason: "NotASubvolume",
    message: `The disk limit is not enforced: ${home} is a plain folder, and btrfs limits subvolumes alone.`,
    mend:
      "While nothing of the account runs, move the home aside, make it with 'btrfs subvolume create', and bring everything " +
      "back with 'cp --archive --reflink'; or take the limit away.",
    verdict: { kind: "stall" },
  })

/** The subvolumes that a tenant made in a home that nobody can enter any more: the innermost first, or none can go. */
const removeBelow = Effect.fnUntraced(function* (
  path: HostPath,
  isVolume: (path: HostPath) => Effect.Effect<boolean | undefined, ResourceFailure>,
): Effect.fn.Return<void, ResourceFailure> {
  const found = yield* look(qgroup.findVolumes(path), 600)
  if (found.code !== 0) return yield* Effect.fail(refused(qgroup.findVolumes(path), found))
  const inner = found.stdout
    .split("\0")
    .filter((one) => one.startsWith(`${path}/`))
    .sort((a, b) => b.length - a.length)
  for (const one of inner) {
    if ((yield* isVolume(one as HostPath)) === true) yield* change(qgroup.remove(one))
  }
})

const byProject = (files: Files, filesystem: string, mount: string): Quotas => {
  const report = Effect.map(look(project.report(mount)), ({ code, stdout }) =>
    code === 0 ? project.parse(stdout) : new Map<number, project.Row>(),
  )
  const projects = new Map<HostPath, number>()
  return {
    ...none(filesystem),
    kind: "project",
    read: (path) =>
      Effect.gen(function* () {
        const there = yield* Effect.try({ try: () => files.stat(path), catch: toFailure })
        if (there?.type !== "directory") return undefined
        const id = project.idOf((yield* look(project.attributesOf(path))).stdout)
        if (id === undefined) return undefined
        projects.set(path, id)
        const row = (yield* report).get(id)
        return { disk: row?.disk, files: row?.files, project: id }
      }),
    set: (path, { project: id, ...limits }) =>
      Effect.gen(function* () {
        const before = projects.get(path)
        if (before !== undefined && before !== id) yield* change(project.limit(mount, before, unlimited))
        // The limit first: whatever is made in the home meets it.
        if (id !== undefined) yield* change(project.limit(mount, id, limits))
        yield* change(project.assign(path, id))
      }),
    survey: Effect.map(report, (all) => (path) => {
      const row = all.get(projects.get(path) ?? -1)
      return row === undefined ? "unknown" : `${row.disk ?? "none"} ${row.files ?? "none"}`
    }),
    usage: Effect.map(report, (all) => (path) => {
      const row = all.get(projects.get(path) ?? -1)
      return row === undefined ? {} : { disk: row.usedDisk, files: row.usedFiles }
    }),
  }
}
