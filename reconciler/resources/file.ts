import type { Resource } from "../contract/resource.ts"
import { type Place, place } from "./place.ts"

export interface FileSpec {
  readonly content: string
  readonly owner: string
  readonly group: string
  /** 0o640 */
  readonly mode: number
  /** The content is never shown, logged or stored. */
  readonly secret?: boolean
}

export const file = (path: `/${string}`, spec: FileSpec, where: Place): Resource<FileSpec> =>
  place("file", path, spec, where)
