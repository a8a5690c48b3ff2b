// What every constructor of a resource takes besides its spec: its place in the graph, what becomes of it, and which
// fields of the record explain it. Also the names of host keys, so that a controller never spells one out.

import type { Activation, HostKey, OnDelete, Resource } from "../contract/resource.ts"
import { liveTree } from "../host/nginx.ts"

export interface Place {
  /** The fields of the record that made it so: "spec.version". */
  readonly fields: ReadonlyArray<string>
  readonly after?: ReadonlyArray<HostKey>
  /** "remove" when not given. */
  readonly onDelete?: OnDelete
  /** What has to happen once this one changed, besides what the type itself always needs. */
  readonly activates?: ReadonlyArray<Activation>
}

export const place = <Spec>(
  kind: string,
  id: string,
  spec: Spec,
  where: Place,
  always: ReadonlyArray<Activation> = [],
): Resource<Spec> => ({
  kind,
  id,
  spec,
  after: where.after ?? [],
  onDelete: where.onDelete ?? "remove",
  fields: where.fields,
  activates: [...always, ...(where.activates ?? [])],
})

export const pathKey = (path: string): HostKey => `path:${path}`
export const userKey = (name: string): HostKey => `user:${name}`
export const groupKey = (name: string): HostKey => `group:${name}`
export const sqlDatabaseKey = (name: string): HostKey => `sql-database:${name}`
export const sqlUserKey = (name: string): HostKey => `sql-user:${name}`
export const pgDatabaseKey = (name: string): HostKey => `pg-database:${name}`
/** Databases are roles too. */
export const pgRoleKey = (name: string): HostKey => `pg-role:${name}`
export const unitKey = (name: string): HostKey => `unit:${name}`
export const quotaKey = (home: string): HostKey => `quota:${home}`
export const nginxKey = (member: string): HostKey => pathKey(`${liveTree}/${member}`)
