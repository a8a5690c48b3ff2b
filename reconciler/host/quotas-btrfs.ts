// btrfs counts by subvolume: each home is one, with a limit, and stands in a group of its own with the same limit, in which
// are also the subvolumes that its tenant makes. For anybody may make some in a folder of theirs, and what is in those is not
// counted with what is around them.
//
// The one thing to know before changing it: a tenant's names can hold line ends. What the tools print is read by numbers, a
// number may stand in several lines, and whose a subvolume is tells the beginning of its path alone.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Batch from "../batch.ts"
import { ResourceFailure } from "../contract/resource.ts"
import { change, look, refused } from "./command.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"
import * as qgroup from "./quota-qgroup.ts"
import { homes, type Quotas, type SeenQuota } from "./quotas.ts"

type Rows = ReadonlyMap<string, ReadonlyArray<qgroup.Row>>

/** `root`: the part of the file system that is mounted at the homes. */
export const btrfsQuotas = Effect.fnUntraced(function* (files: Files, root: string) {
  /** The numbers of the homes, as last read for the very folder that is there. */
  const known = new Map<HostPath, { readonly folder: string; readonly id: string }>()
  /** The homes that subvolumes are in, by their numbers, which are never given again; a home is in none. */
  const places = new Map<string, HostPath | undefined>()

  const stat = <A>(read: () => A) => Effect.try({ try: read, catch: toFailure })
  const folderOf = (path: HostPath): string => {
    const found = fs.lstatSync(files.real(path), { bigint: true, throwIfNoEntry: false })
    return found === undefined ? "" : `${found.dev}:${found.birthtimeNs}`
  }
  /** The root of a subvolume has always this inode. */
  const isVolume = (path: HostPath) =>
    stat(() => {
      const found = files.stat(path)
      return found?.type === "directory" && found.inode === 256
    })
  /** Nothing where there is no subvolume. */
  const idOf = Effect.fnUntraced(function* (path: HostPath) {
    if (!(yield* isVolume(path))) return undefined
    const folder = yield* stat(() => folderOf(path))
    const before = known.get(path)
    if (before?.folder === folder) return before.id
    const { code, stdout } = yield* look(qgroup.numberOf(path))
    const id = code === 0 ? /^\d+$/.exec(stdout.trim())?.[0] : undefined
    if (id === undefined) return undefined
    known.set(path, { folder, id })
    places.set(id, undefined)
    return id
  })

  const scan = Effect.gen(function* () {
    const { code, stdout } = yield* look(qgroup.list(homes))
    const rows: Rows = code === 0 ? qgroup.parse(stdout) : new Map()
    for (const [group, all] of rows) {
      const id = /^0\/(\d+)$/.exec(group)?.[1]
      if (id === undefined || id === "5" || places.has(id) || all.every(({ parents }) => parents.length > 0)) continue
      const { code, stdout } = yield* look(qgroup.pathOf(id, homes))
      if (code === 0) places.set(id, homeOf(root, stdout))
    }
    return rows
  })
  const state = (rows: Rows, path: HostPath, id: string) => {
    const group = `1/${id}`
    const pick = (of: string, isGood: (row: qgroup.Row) => boolean) => {
      const all = rows.get(of) ?? []
      return all.find(isGood) ?? all[0]
    }
    const own = pick(`0/${id}`, ({ limit, parents }) => limit !== undefined && parents.includes(group))
    const whole = pick(group, ({ limit }) => limit !== undefined)
    const member = own?.parents.includes(group) === true
    const strays = [...places].flatMap(([inner, home]) => {
      const all = home === path ? rows.get(`0/${inner}`) : undefined
      return all === undefined || all.every(({ parents }) => parents.includes(group)) ? [] : [inner]
    })
    return { group, own, whole, member, strays }
  }
  const scanned = yield* Batch.make({
    most: 1000,
    run: (asked: ReadonlyArray<readonly [path: HostPath, id: string]>) =>
      Effect.map(scan, (rows) => asked.map(([path, id]) => ({ rows, ...state(rows, path, id) }))),
  })

  return {
    kind: "btrfs",
    filesystem: "btrfs",
    makeVolume: (path) => change(qgroup.create(path)),
    removeVolume: Effect.fnUntraced(function* (path) {
      const id = yield* idOf(path)
      if (id === undefined) return false
      const found = yield* look(qgroup.findVolumes(path), 600)
      if (found.code !== 0) return yield* Effect.fail(refused(qgroup.findVolumes(path), found))
      // The innermost first, or none can go.
      const inner = found.stdout
        .split("\0")
        .filter((one): one is HostPath => one.startsWith(`${path}/`))
        .sort((a, b) => b.length - a.length)
      const ids = [id]
      for (const one of inner) {
        const { code, stdout } = yield* look(qgroup.numberOf(one))
        if (code === 0) ids.push(stdout.trim())
        if (yield* isVolume(one)) yield* change(qgroup.remove(one))
      }
      yield* change(qgroup.remove(path))
      known.delete(path)
      // Newer kernels take the figures away themselves, some a moment later.
      for (const gone of ids) yield* look(qgroup.forget(`0/${gone}`, homes))
      yield* look(qgroup.forget(`1/${id}`, homes))
      return true
    }),
    read: Effect.fnUntraced(function* (path) {
      const id = yield* idOf(path)
      if (id === undefined) return undefined
      const { member, own, strays, whole } = yield* scanned([path, id])
      const limits = new Set([own?.limit, ...(member ? [whole?.limit] : [])])
      if (own?.limit === undefined && (!member || whole?.limit === undefined)) return undefined
      return {
        // One without the other, or two that are not the same: no limit of ours.
        disk: limits.size === 1 && member ? own?.limit : Number.NaN,
        files: undefined,
        project: undefined,
        uncounted: strays.length,
      } satisfies SeenQuota
    }),
    set: Effect.fnUntraced(function* (path, { disk }) {
      const id = yield* idOf(path)
      if (id === undefined) return yield* notAVolume(path)
      // Where nothing was ever limited, nothing is counted yet.
      if ((yield* look(qgroup.list(homes))).code !== 0) yield* change(qgroup.enable(homes))
      const { group, member, rows, strays } = yield* scanned([path, id])
      yield* change(qgroup.limit(`0/${id}`, disk, homes))
      if (!rows.has(group)) {
        if (disk === undefined) return
        yield* change(qgroup.createGroup(group, homes))
      }
      yield* change(qgroup.limit(group, disk, homes))
      for (const one of member ? strays : [id, ...strays]) yield* change(qgroup.assign(`0/${one}`, group, homes))
    }),
    survey: Effect.map(scan, (rows) => (path) => {
      const found = known.get(path)
      if (found === undefined || found.folder !== folderOf(path)) return "unknown"
      const { member, own, strays, whole } = state(rows, path, found.id)
      return `${own?.limit ?? "none"} ${whole?.limit ?? "none"} ${member} ${strays.length}`
    }),
    usage: Effect.map(scan, (rows) => (path) => {
      const found = known.get(path)
      if (found === undefined || found.folder !== folderOf(path)) return {}
      const { group, member } = state(rows, path, found.id)
      // Two of a number: a name with a line end in it passes for another's figures.
      const [row, ...more] = rows.get(member ? group : `0/${found.id}`) ?? []
      return row === undefined || more.length > 0 ? {} : { disk: row.used }
    }),
  } satisfies Quotas
})

/** The home that a subvolume is in; the names of homes are ours, whatever comes after them. */
export const homeOf = (root: string, path: string): HostPath | undefined => {
  const inner = root === "/" ? `/${path}` : `/${path}`.startsWith(`${root}/`) ? `/${path}`.slice(root.length) : ""
  const name = /^\/([a-z][a-z0-9-]*)\/./.exec(inner)?.[1]
  return name === undefined ? undefined : `${homes}/${name}`
}

const notAVolume = (home: string): ResourceFailure =>
  new ResourceFailure({
    reason: "NotASubvolume",
    message: `The disk limit is not enforced: ${home} is a plain folder, and btrfs limits subvolumes alone.`,
    mend:
      "While nothing of the account runs, move the home aside, make it with 'btrfs subvolume create', and bring everything " +
      "back with 'cp --archive --reflink'; or take the limit away.",
    verdict: { kind: "stall" },
  })
