import type { Resource } from "../contract/resource.ts"
import { type Place, place } from "./place.ts"

export interface UserSpec {
  readonly uid: number
  /** The primary group's number. */
  readonly gid: number
  readonly comment: string
  readonly home: `/${string}`
  /** "/usr/sbin/nologin" */
  readonly shell: string
  /** Every other group it is in, and no more. */
  readonly groups: ReadonlyArray<string>
}

/** A user without a password. */
export const user = (name: string, spec: UserSpec, where: Place): Resource<UserSpec> => place("user", name, spec, where)
