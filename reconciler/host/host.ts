// The host that is kept true: this machine (`live.ts`, as root), or a folder (`directory.ts`, without privileges). Resource
// types reach it through these capabilities alone, and every path given to them is a path on that host.

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { Accounts } from "./accounts.ts"
import type { Claims } from "./claims.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import type { Nginx } from "./nginx.ts"
import type { PacketFilter } from "./packet-filter.ts"
import type { Postgres } from "./postgres.ts"
import type { Quotas } from "./quotas.ts"
import type { Sql } from "./sql.ts"
import type { Sshd } from "./sshd.ts"
import type { Systemd } from "./systemd.ts"
import type { Tenant } from "./tenant.ts"
import type { Timers } from "./timers.ts"

export interface HostShape {
  readonly kind: "live" | "directory"
  /** What stands before every host path on this machine: empty on a live host. */
  readonly root: string
  readonly files: Files
  readonly accounts: Accounts
  readonly systemd: Systemd
  readonly nginx: Nginx
  readonly sql: Sql
  readonly postgres: Postgres
  readonly quotas: Quotas
  readonly packetFilter: PacketFilter
  readonly tenant: Tenant
  readonly sshd: Sshd
  readonly claims: Claims
  readonly timers: Timers
}

export class Host extends Context.Service<Host, HostShape>()("plumbline/reconciler/host/Host") {}

/** Runs plain synchronous code against the host; what it throws becomes the failure. */
export const attempt = <A>(act: (host: HostShape) => A): Effect.Effect<A, ResourceFailure, Host> =>
  Effect.flatMap(Host, (host) => Effect.try({ try: () => act(host), catch: toFailure }))
