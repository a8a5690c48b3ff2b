import type { Resource } from "../contract/resource.ts"
import { type Place, place } from "./place.ts"

export interface TenantDirectorySpec {
  /** Who makes it, and in whose tree it is. */
  readonly user: string
  /** What it is made with; the tenant may change it afterwards. */
  readonly mode: number
}

/** A folder below one that a tenant can write. Only its being there is kept true, and it is never removed by itself. */
export const tenantDirectory = (
  path: `/${string}`,
  spec: TenantDirectorySpec,
  where: Place,
): Resource<TenantDirectorySpec> => place("tenant-directory", path, spec, where)
