// What every pass works with: the desired state and the inventory in memory, the store, the activator, and the small books
// that the engine keeps (how records stood, who waits, who fights, what was asked to be removed).

import type * as Effect from "effect/Effect"
import type { ActivatorShape } from "./activations/activator.ts"
import type { Controller } from "./contract/controller.ts"
import type { Facts } from "./contract/facts.ts"
import type { Activation, HostKey, ResourceFailure } from "./contract/resource.ts"
import type { Fights } from "./fights.ts"
import type { Fingerprints } from "./fingerprints.ts"
import type { PruneGuard } from "./guards.ts"
import type { Host } from "./host/host.ts"
import type { Inventory } from "./inventory.ts"
import type { RecordKey } from "./keys.ts"
import type { Outbox } from "./outbox.ts"
import type { Pause } from "./policy.ts"
import type { Priority } from "./queue.ts"
import type { Records } from "./records.ts"
import type { Open } from "./secrets.ts"
import type { Standings } from "./standing.ts"
import type { Author, DesiredStateShape, StatusDetails, StoreFailure } from "./store.ts"
import type { Surveys } from "./surveys.ts"
import type { Types } from "./types.ts"
import type { Waits } from "./waits.ts"

/** Activations that a record still owes, durable on the host. */
export interface Journal {
  readonly of: (record: RecordKey) => ReadonlyArray<Activation>
  /** Adds to what the record owes. Durable when it comes back. */
  readonly owe: (record: RecordKey, more: ReadonlyArray<Activation>) => Effect.Effect<void, ResourceFailure, Host>
  readonly settle: (record: RecordKey) => Effect.Effect<void, ResourceFailure, Host>
  /** All that owe something. */
  readonly records: () => ReadonlyArray<RecordKey>
}

/** What the host can tell and keep of a thing that somebody changed. */
export interface Evidence {
  readonly author: (path: string | undefined) => Effect.Effect<Author, never, Host>
  /** Keeps a text that is about to be overwritten; gives where. */
  readonly keep: (record: RecordKey, key: HostKey, text: string) => Effect.Effect<string | undefined, never, Host>
}

export interface Engine {
  readonly node: string
  readonly types: Types
  readonly controllers: ReadonlyMap<string, Controller<never>>
  readonly store: DesiredStateShape
  readonly activator: ActivatorShape
  readonly journal: Journal
  readonly evidence: Evidence
  readonly outbox: Outbox

  readonly records: Records
  readonly inventory: Inventory
  readonly standings: Standings
  /** Whether no agent has looked at everything since the host was booted. */
  readonly sinceBoot: boolean
  readonly fingerprints: Fingerprints
  readonly surveys: Surveys
  readonly fights: Fights
  readonly guard: PruneGuard
  readonly waitsForKey: Waits<HostKey>
  readonly waitsForRecord: Waits<RecordKey>
  /** Keys that a record holds and does not want any more. */
  readonly unwanted: Waits<HostKey>
  /** Those of them that a record which could not have what it wants has kept, since nobody asked for them. */
  readonly kept: Waits<HostKey>
  /** Something of the record may have changed that no path of its own tells. */
  readonly suspects: Set<RecordKey>
  readonly counts: { drifted: number }

  /** Opens what is sealed for this host. */
  readonly open: Open
  readonly facts: () => Facts
  readonly pauses: () => ReadonlyArray<Pause>
  /** Look at this record; `why` decides whose turn is first. */
  readonly wake: (record: RecordKey, why: Priority) => void
  /** What the node's own status says besides its resources. */
  readonly notes: () => Pick<StatusDetails, "storeAway" | "orphans">
  /** The record is gone, and everything known of it with it. */
  readonly forget: (record: RecordKey) => void
  /** Reads from the store what is not as known. */
  readonly refresh: Effect.Effect<void, StoreFailure>
  /** What the record watches may have changed: tell the watcher. */
  readonly watched: (record: RecordKey) => void
}
