import type { Resource } from "../contract/resource.ts"
import { type Place, place } from "./place.ts"

export interface NginxMemberSpec {
  readonly content: string
}

/** A file of the set that nginx loads: in the folder that one record's files share. */
export type NginxMember = "nginx.conf" | `php/${string}.conf` | `sites/${string}.conf`

/** Its activation (test, take live, reload) is declared without further asking. */
export const nginxMember = (member: NginxMember, spec: NginxMemberSpec, where: Place): Resource<NginxMemberSpec> =>
  place("nginx-member", member, spec, where, [{ kind: "nginx", member }])
