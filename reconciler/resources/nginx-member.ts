// A file of the set that nginx loads: nginx.conf, an upstream, a vhost. What is applied is only staged, and the activation takes
// it live once nginx has accepted the whole. Its name in `next` is looked at as well, since a bad text there would spoil
// everybody's next test: it is to be the live file itself. What nobody put into `next` is the drift of nginx.conf, which
// would include it.

import * as Effect from "effect/Effect"
import { linkNext, liveMember, memberAttributes, nextMember, putAside, strangers } from "../activations/nginx-trees.ts"
import type { FieldDiff, Resource, ResourceType } from "../contract/resource.ts"
import { attempt } from "../host/host.ts"
import { nextTree } from "../host/nginx.ts"
import { describe } from "./differences.ts"
import { fileType, type SeenFile } from "./file.ts"
import { nginxKey, type Place, pathKey, place } from "./place.ts"
import { goes, isoNow } from "./removal.ts"

export interface NginxMemberSpec {
  readonly content: string
}

/** A file of the set that nginx loads: in the folder that one record's files share. */
export type NginxMember = "nginx.conf" | `php/${string}.conf` | `sites/${string}.conf`

/** Its activation (test, take live, reload) is declared without further asking. */
export const nginxMember = (member: NginxMember, spec: NginxMemberSpec, where: Place): Resource<NginxMemberSpec> =>
  place("nginx-member", member, spec, where, [{ kind: "nginx", member }])

const asFile = (spec: NginxMemberSpec) => ({ ...spec, ...memberAttributes })

export interface SeenMember extends SeenFile {
  /** What stands in `next` in its place, when the live one is as it should be. */
  readonly staged: "linked" | "missing" | SeenFile
  /** Members in `next` that nobody put there. */
  readonly strangers: ReadonlyArray<string>
}

export const nginxMemberType: ResourceType<NginxMemberSpec, SeenMember> = {
  kind: "nginx-member",
  owns: (id) => [nginxKey(id), pathKey(nextMember(id))],
  observe: (id, spec) =>
    Effect.gen(function* () {
      yield* attempt(({ nginx }) => nginx.wanted.add(id))
      const live = yield* fileType.observe(liveMember(id), asFile(spec))
      if (live === undefined) return undefined
      const found = yield* attempt(({ files, nginx }) => (id === "nginx.conf" ? strangers(files, nginx) : []))
      const seen = { ...live, staged: "linked" as const, strangers: found }
      if (fileType.diff(asFile(spec), live).length > 0) return seen
      // It is live as it should be: what was staged before is out of date.
      yield* attempt(({ nginx }) => nginx.takeStaged([id]))
      const next = yield* fileType.observe(nextMember(id), asFile(spec))
      return next?.stat.inode === live.stat.inode ? seen : { ...seen, staged: next ?? ("missing" as const) }
    }),
  diff: (spec, seen) => [
    ...fileType.diff(asFile(spec), seen),
    ...(seen === undefined ? [] : [...stagedDiffers(spec, seen), ...seen.strangers.map(stranger)]),
  ],
  apply: (id, spec, seen) =>
    Effect.flatMap(isoNow, (now) =>
      attempt(({ files, nginx }) => {
        if (fileType.diff(asFile(spec), seen).length > 0) nginx.stage(id, Buffer.from(spec.content))
        else if (seen?.staged !== "linked") linkNext(files, id, now)
        if (id === "nginx.conf") for (const member of strangers(files, nginx)) putAside(files, nextMember(member), now)
      }),
    ),
  remove: (id, removal) =>
    attempt(({ nginx }) => {
      if (!goes(removal)) return []
      nginx.wanted.delete(id)
      nginx.stage(id, undefined)
      return [{ kind: "nginx", member: id }]
    }),
  watch: (id) => [
    liveMember(id),
    nextMember(id),
    ...(id === "nginx.conf" ? ["", "php/", "sites/"].map((folder) => `${nextTree}/${folder}`) : []),
  ],
  keep: (seen) => (typeof seen.staged === "string" ? seen : seen.staged).content?.toString("utf8"),
}

const stagedDiffers = (spec: NginxMemberSpec, { staged }: SeenMember): ReadonlyArray<FieldDiff> => {
  if (staged === "linked") return []
  if (staged === "missing") return [{ field: "staged", want: "the live file", have: null, kind: "missing" }]
  const text = staged.content?.toString("utf8")
  if (text === undefined) {
    return [{ field: "staged", want: "the live file", have: describe(staged.stat, staged.target), kind: "changed" }]
  }
  return text === spec.content
    ? [{ field: "staged", want: "the live file", have: "a copy of it", kind: "changed" }]
    : [{ field: "staged", want: spec.content, have: text, kind: "changed" }]
}

const stranger = (member: string): FieldDiff => ({
  field: `staged ${member}`,
  want: "absent",
  have: "present",
  kind: "extra",
})
