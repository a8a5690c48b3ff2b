// Work inside a tree that a tenant can write. Root does none of it: a link planted there would send it elsewhere. On a live
// host a command runs with the tenant's ids and no capability; on a directory host everybody is the same user anyway.

import type * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { HostPath } from "./path.ts"

export interface Tenant {
  /** What the tenant finds at the path, links followed with the tenant's rights. */
  readonly isDirectory: (user: string, path: HostPath) => Effect.Effect<boolean, ResourceFailure>
  /** Makes a folder and the ones above it. */
  readonly makeDirectory: (user: string, path: HostPath, mode: number) => Effect.Effect<void, ResourceFailure>
  /** Replaces a file in a folder of the user's, which is a server's then: at once, for whoever reads it meanwhile. */
  readonly replaceFile: (
    user: string,
    path: HostPath,
    content: string,
    mode: number,
  ) => Effect.Effect<void, ResourceFailure>
}
