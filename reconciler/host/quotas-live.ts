// The limits that the file system of /home can keep: by subvolume on btrfs, by project on ext4 and XFS.
//
// The one thing to know before changing it: a tenant names files, and on btrfs subvolumes too. What the tools print is read by
// numbers alone, never by a path.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { change, look } from "./command.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"
import * as project from "./quota-project.ts"
import { homes, type Quotas } from "./quotas.ts"
import { btrfsQuotas } from "./quotas-btrfs.ts"

/** The mount that a path is on, as proc(5)'s mountinfo tells: the last of those at the longest place above it. */
export const mountOf = (
  mountinfo: string,
  path: string,
): { type: string; point: string; options: string; root: string } | undefined =>
  mountinfo
    .split("\n")
    .flatMap((line) => {
      const [before = "", after = ""] = line.split(" - ")
      const [root = "", point = ""] = before
        .split(" ")
        .slice(3, 5)
        .map((text) => text.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))))
      const [type = "", , options = ""] = after.split(" ")
      const above = point === "/" || path === point || path.startsWith(`${point}/`)
      return point !== "" && above ? [{ type, point, options, root }] : []
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

export const liveQuotas = Effect.fnUntraced(function* (files: Files) {
  const mountinfo = yield* Effect.try({ try: () => fs.readFileSync("/proc/self/mountinfo", "utf8"), catch: toFailure })
  const mount = mountOf(mountinfo, homes)
  switch (mount?.type) {
    case "btrfs":
      return yield* btrfsQuotas(files, mount.root)
    case "ext4":
    case "xfs":
      return /(^|,)(prjquota|pquota)(,|$)/.test(mount.options)
        ? byProject(files, mount.type, mount.point)
        : none(mount.type)
    default:
      return none(mount?.type ?? "unknown")
  }
})

const unlimited = { disk: undefined, files: undefined }

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
