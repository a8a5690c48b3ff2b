// Where desired state comes from and where what became of it goes: one interface. `postgres.ts` is the store on the same
// machine; one over HTTPS, for fleets, would be another.
//
// The one thing to know before changing it: a failure with `away` means that nothing can be said about what is wanted now.
// Whoever gets one goes on with the last known state and removes nothing.

import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Condition } from "./conditions.ts"
import type { Facts } from "./contract/facts.ts"
import type { FieldDiff, HostKey } from "./contract/resource.ts"
import type { HostLoad } from "./host/load.ts"
import type { Claim, Owned } from "./inventory.ts"
import type { RecordKey } from "./keys.ts"
import type { Pause } from "./policy.ts"
import type { Stored } from "./records.ts"
import type { RunRow } from "./runs.ts"
import type { TrafficStep } from "./traffic.ts"

export class StoreFailure extends Data.TaggedError("StoreFailure")<{
  /** The store cannot be reached; otherwise it refused this one statement. */
  readonly away: boolean
  readonly message: string
}> {}

/** A record in the cheap list. */
export interface Listed {
  readonly key: RecordKey
  readonly id: string
  readonly version: number
}

/** What `listen` hears. `connected`: anything may have been missed, look at everything. */
export type Hint =
  | { readonly hint: "connected" }
  | { readonly hint: "record"; readonly key: RecordKey }
  | { readonly hint: "pauses" }

export interface StatusRow {
  readonly key: RecordKey
  readonly recordId: string
  readonly generation: number
  readonly version: number
  readonly conditions: ReadonlyArray<Condition>
  readonly details: StatusDetails
}

/** What a status says besides its conditions. It is also what the agent remembers across its own restarts. */
export interface StatusDetails {
  /** Of all rendered resources when they were last in sync: a difference under the same digest is drift. */
  readonly digest?: string
  /** Differences that stand and are not healed. */
  readonly drift?: ReadonlyArray<{
    readonly key: HostKey
    readonly fields: ReadonlyArray<string>
    readonly finding: string
  }>
  /** Resources that two writers fight over. */
  readonly fought?: ReadonlyArray<HostKey>
  /** What the controller has to say of this host. */
  readonly notices?: ReadonlyArray<string>
  /** When the store was last out of reach, ISO 8601. Only in the node's own status. */
  readonly storeAway?: { readonly from: string; readonly until: string }
  /** Claims whose record is gone without having been deleted. Only in the node's own status. */
  readonly orphans?: ReadonlyArray<RecordKey>
}

export interface DriftRow {
  readonly record: RecordKey
  readonly resourceKey: HostKey
  readonly driftKind: FieldDiff["kind"]
  readonly stream: "intended" | "corrective" | "accepted"
  readonly outcome: "healed" | "reported" | "adopted" | "ignored" | "fought"
  readonly diff: string
  readonly fields: ReadonlyArray<FieldDiff>
  readonly author: Author
  readonly keptCopy: string | undefined
  readonly seenAtMillis: number
}

/** What is known of who changed a thing on the host. */
export interface Author {
  /** ISO 8601: when the file was last touched. */
  readonly changedAt?: string
  /** Who owns it now. */
  readonly owner?: string
  /** Who was logged in when it was found. */
  readonly sessions?: ReadonlyArray<string>
}

export interface Heartbeat {
  readonly atMillis: number
  readonly resources: number
  readonly drifted: number
  readonly durationMillis: number
}

/** A figure of what a record has on this node. */
export interface MeasurementRow {
  readonly record: RecordKey
  readonly measure: string
  readonly value: number
}

/** What becomes of a request for all secrets. */
export type SecretsFile =
  | { readonly file: string; readonly secrets: number; readonly closed: ReadonlyArray<string> }
  | { readonly failure: string; readonly mend: string }
/** What became of telling somebody of a run. */
export interface ToldRow {
  readonly run: string
  readonly kind: string
  readonly name: string
  readonly by: "mail" | "webhook"
  readonly state: "trying" | "sent" | "given-up"
  readonly at: string
  /** Why not, as far as it is not. */
  readonly why: string | null
}

export interface DesiredStateShape {
  readonly list: Effect.Effect<ReadonlyArray<Listed>, StoreFailure>
  readonly load: (keys: ReadonlyArray<RecordKey>) => Effect.Effect<ReadonlyArray<Stored>, StoreFailure>
  readonly pauses: Effect.Effect<ReadonlyArray<Pause>, StoreFailure>
  readonly inventory: Effect.Effect<ReadonlyArray<Owned>, StoreFailure>
  readonly statuses: Effect.Effect<ReadonlyArray<Omit<StatusRow, "recordId">>, StoreFailure>
  /** When the store was last out of reach, in milliseconds; undefined when it never was, or is just now. */
  readonly lastAway: () => { readonly from: number; readonly until: number } | undefined
  /** Listens for ever; resubscribes by itself and says `connected` after each time. */
  readonly listen: (hear: (hints: ReadonlyArray<Hint>) => Effect.Effect<void>) => Effect.Effect<never>

  /** Writes the claims down. Gives those that another record holds, which were not written. */
  readonly claim: (record: RecordKey, claims: ReadonlyArray<Claim>) => Effect.Effect<ReadonlyArray<Owned>, StoreFailure>
  readonly release: (record: RecordKey, keys: ReadonlyArray<HostKey>) => Effect.Effect<void, StoreFailure>
  /** Writes each status unless its generation is no longer the record's newest. */
  readonly writeStatuses: (rows: ReadonlyArray<StatusRow>) => Effect.Effect<void, StoreFailure>
  readonly writeDrift: (rows: ReadonlyArray<DriftRow>) => Effect.Effect<void, StoreFailure>
  readonly writeHeartbeat: (beat: Heartbeat) => Effect.Effect<void, StoreFailure>
  /** Writes those that are others than the table says. */
  readonly writeMeasurements: (rows: ReadonlyArray<MeasurementRow>) => Effect.Effect<void, StoreFailure>
  /** Writes each run once, and keeps the newest fifty of a record. */
  readonly writeRuns: (rows: ReadonlyArray<RunRow>) => Effect.Effect<void, StoreFailure>
  /** Which exports of the secrets this node is asked for; what nobody fetched for long is gone. */
  readonly secretExports: Effect.Effect<ReadonlyArray<string>, StoreFailure>
  readonly answerSecretExport: (id: string, answer: SecretsFile) => Effect.Effect<void, StoreFailure>
  /** How far each log of traffic was read. */
  readonly trafficLogs: Effect.Effect<ReadonlyArray<readonly [log: string, position: number]>, StoreFailure>
  /** Adds what was read, unless the log was read on by somebody else. */
  readonly writeTraffic: (step: TrafficStep) => Effect.Effect<void, StoreFailure>
  /** Beside the runs that are kept. */
  readonly writeTold: (rows: ReadonlyArray<ToldRow>) => Effect.Effect<void, StoreFailure>
  readonly writeNode: (facts: Facts, load?: HostLoad) => Effect.Effect<void, StoreFailure>
  /** Removes a tombstone that nothing is left of. False: somebody wrote to it meanwhile. */
  readonly finish: (stored: Stored) => Effect.Effect<boolean, StoreFailure>
}

export class DesiredState extends Context.Service<DesiredState, DesiredStateShape>()(
  "plumbline/reconciler/DesiredState",
) {}

/** For the start: there is no last known state to go on with then, so the store is waited for. */
export const patiently = <A, R>(self: Effect.Effect<A, StoreFailure, R>): Effect.Effect<A, never, R> =>
  self.pipe(
    Effect.retry({
      while: (failure) => failure.away,
      schedule: Schedule.jittered(Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")])),
    }),
    Effect.orDie,
  )
