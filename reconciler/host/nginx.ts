// What the reconciler asks of nginx: a test of a configuration, and which workers really run. Starting and reloading are
// the unit's business (systemd.ts). Members of the validated set are staged here, in memory: a crash before the activation
// loses nothing, since the live tree still differs and the next pass stages them again.

import type * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { HostPath } from "./path.ts"

export const nginxUnit = "plumb-nginx.service"
export const liveTree: HostPath = "/etc/plumbline/nginx/live"
export const nextTree: HostPath = "/etc/plumbline/nginx/next"

/** What `nginx -t` thinks of a configuration, in its own words. */
export type NginxVerdict = { readonly ok: true } | { readonly ok: false; readonly message: string }

/** A member's new bytes; undefined takes it out of the set. */
export type StagedContent = Uint8Array | undefined

export interface Nginx {
  /** Path and version of the program on this machine; null where there is none, and nothing is tested. */
  readonly program: { readonly path: string; readonly version: string } | null
  readonly stage: (member: string, content: StagedContent) => void
  /** Gives what was staged for these members, and forgets it. */
  readonly takeStaged: (members: Iterable<string>) => ReadonlyMap<string, StagedContent>
  /** Has the next round test this as well, whoever's it is, unless something newer was staged or taken back by then. */
  readonly carry: (member: string, content: StagedContent) => void
  /** What is to be carried into this round. */
  readonly takeCarried: () => ReadonlyArray<string>
  /** Members that records want, as far as they were looked at: what else stands in `next` alone is a stranger's. */
  readonly wanted: Set<string>
  readonly test: (configuration: HostPath) => Effect.Effect<NginxVerdict, ResourceFailure>
  /** Workers of this master that take new connections, as "pid:start time". */
  readonly workers: (master: number) => ReadonlyArray<string>
}
