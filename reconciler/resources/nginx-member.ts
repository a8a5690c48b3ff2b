// A file of the set that nginx loads: nginx.conf, an upstream, a vhost. What is observed is the live tree; what is applied is
// only staged, and the activation takes it live once nginx has accepted the whole.

import type { Resource, ResourceType } from "../contract/resource.ts"
import { attempt } from "../host/host.ts"
import { liveTree, nextTree } from "../host/nginx.ts"
import { fileType, type SeenFile } from "./file.ts"
import { nginxKey, type Place, pathKey, place } from "./place.ts"

export interface NginxMemberSpec {
  readonly content: string
}

/** A file of the set that nginx loads: in the folder that one record's files share. */
export type NginxMember = "nginx.conf" | `php/${string}.conf` | `sites/${string}.conf`

/** Its activation (test, take live, reload) is declared without further asking. */
export const nginxMember = (member: NginxMember, spec: NginxMemberSpec, where: Place): Resource<NginxMemberSpec> =>
  place("nginx-member", member, spec, where, [{ kind: "nginx", member }])

const asFile = (spec: NginxMemberSpec) => ({ ...spec, ...memberAttributes })

/** root's, and readable: text in it came from a record, and no secret is in it. */
export const memberAttributes = { owner: "root", group: "root", mode: 0o644 }

export const nginxMemberType: ResourceType<NginxMemberSpec, SeenFile> = {
  kind: "nginx-member",
  owns: (id) => [nginxKey(id), pathKey(`${nextTree}/${id}`)],
  observe: (id, spec) => fileType.observe(`${liveTree}/${id}`, asFile(spec)),
  diff: (spec, seen) => fileType.diff(asFile(spec), seen),
  apply: (id, spec, seen) =>
    attempt(({ nginx }) => {
      if (fileType.diff(asFile(spec), seen).length > 0) nginx.stage(id, Buffer.from(spec.content))
    }),
  remove: (id, removal) =>
    attempt(({ files, nginx }) => {
      if (removal.onDelete === "retain" || removal.onDelete === "confirm") return []
      if (files.stat(`${liveTree}/${id}`) === undefined) return []
      nginx.stage(id, undefined)
      return [{ kind: "nginx", member: id }]
    }),
  watch: (id) => [`${liveTree}/${id}`],
  keep: (seen) => seen.content?.toString("utf8"),
}
