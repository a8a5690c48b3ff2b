// What the engine asks of a resource type, and the plain data that controllers hand to it.
//
// A resource is one thing on a host that can be observed and converged. The engine never looks inside `spec`: it compares,
// plans, applies and removes through `ResourceType` alone, and so knows nothing of files, users or units. `diff` stands
// apart from `observe` and `apply` because the difference is the product: plan, drift, events and audit all read it.

import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type { Host } from "../host/host.ts"

/** A thing on the host that one record can claim, unique on a node: `path:/etc/…`, `user:acme`, `uid:20001`, `unit:plumb-nginx.service`. */
export type HostKey = `${string}:${string}`

/**
 * What becomes of a resource when no record wants it any more. `trash` moves it aside for the node's retention period,
 * `confirm` keeps it and stalls the record until a person agrees, `retain` leaves it in place and forgets it.
 */
export type OnDelete = "remove" | "trash" | "retain" | "confirm"

/**
 * What must happen after resources changed, as data: the engine journals it on the host before it touches anything, merges
 * it with that of other records, and runs it once.
 *
 * - `nginx`: one member of the validated set (`sites/shop.conf`) was staged; test the whole, take it live, reload or start.
 * - `unit`: systemd's start, reload or restart of one unit.
 * - `daemon-reload`: a unit file changed.
 * - `sshd`: its configuration changed; test the whole, reload.
 * - `sessions`: what lets an account in by SSH changed; end the sessions that it no longer would.
 */
export type Activation =
  | { readonly kind: "nginx"; readonly member: string }
  | { readonly kind: "unit"; readonly name: string; readonly action: "start" | "reload" | "restart" }
  | { readonly kind: "daemon-reload" }
  | { readonly kind: "sshd" }
  | { readonly kind: "sessions"; readonly account: string }

/** One desired thing. Made by the constructors in `reconciler/resources`, never by hand. */
export interface Resource<out Spec = unknown> {
  /** The resource type that converges it: "file", "directory", "user", … */
  readonly kind: string
  /** Its name in that type: an absolute path on the host (without the directory host's root), a user, a unit. */
  readonly id: string
  readonly spec: Spec
  /** Keys that must be in sync before this one is applied. Acyclic; the whole ordering model. */
  readonly after: ReadonlyArray<HostKey>
  readonly onDelete: OnDelete
  /** The fields of the record that made it so ("spec.version"): what `plumb explain` answers. */
  readonly fields: ReadonlyArray<string>
  /** What has to happen once this one was changed, added or removed. */
  readonly activates: ReadonlyArray<Activation>
}

/** One field of a resource that is not as it should be. `secret` values are masked before they are shown or stored. */
export interface FieldDiff {
  /** "content", "mode", "owner", "active", "exists", "type", … */
  readonly field: string
  readonly want: string
  readonly have: string | null
  readonly kind: "missing" | "changed" | "extra" | "runtime"
  readonly secret?: boolean
  /**
   * Comes of another change, which is told where it was made (a server has yet to read what was written to its file): it is
   * mended as part of that change, and is neither drift nor a round of a fight.
   */
  readonly follows?: true
}

/**
 * What the engine does about a failure: `retry` with backoff, and at once when another record brings `sooner` into sync;
 * `wait` until another key is in sync (woken, never polled); `stall` until the record changes or the host does.
 */
export type Verdict =
  | { readonly kind: "retry"; readonly sooner?: HostKey }
  | { readonly kind: "wait"; readonly key: HostKey }
  | { readonly kind: "stall" }

/** A resource could not be observed, applied, removed or activated. `reason` is CamelCase, as in a condition: "NoSpace", "NginxRefused". */
export class ResourceFailure extends Data.TaggedError("ResourceFailure")<{
  readonly reason: string
  readonly message: string
  readonly mend?: string
  readonly verdict: Verdict
}> {}

/** What a removal has to know besides the id, since the spec of an older generation is gone. */
export interface Removal {
  readonly onDelete: OnDelete
  /** Identity of the record that owned it: whoever creates a record of the same name later is not given its trash. */
  readonly recordId: string
  readonly record: string
  /** When the trash may be emptied, ISO 8601. */
  readonly retainUntil: string
}

/**
 * How one kind of resource is converged. All I/O of Plumbline's agent is behind these methods and `Host`; each file in
 * `reconciler/resources` implements them in this order.
 */
export interface ResourceType<Spec, Seen> {
  readonly kind: string
  /** Every host key that this resource claims. Pure. */
  readonly owns: (id: string, spec: Spec) => ReadonlyArray<HostKey>
  /** Reads only; `undefined` is absent. */
  readonly observe: (id: string, spec: Spec) => Effect.Effect<Seen | undefined, ResourceFailure, Host>
  /** Pure; empty means in sync. */
  readonly diff: (spec: Spec, seen: Seen | undefined) => ReadonlyArray<FieldDiff>
  /** Idempotent, safe to kill at any instruction; starts no daemon itself. `recordId` finds what the trash keeps for this record. */
  readonly apply: (
    id: string,
    spec: Spec,
    seen: Seen | undefined,
    recordId: string,
  ) => Effect.Effect<void, ResourceFailure, Host>
  /**
   * Idempotent; absent is success. Gives what the removal makes necessary, also when the thing is gone already: a crash
   * after it went and before that was journaled leaves nobody else to say so.
   */
  readonly remove: (id: string, removal: Removal) => Effect.Effect<ReadonlyArray<Activation>, ResourceFailure, Host>
  /**
   * Host paths whose lstat changes whenever this resource may have drifted: watched, and swept by fingerprint. One that ends
   * with a slash is a folder into which nobody may put what no record looks at. The first tells who changed it. Pure.
   */
  readonly watch: (id: string, spec: Spec) => ReadonlyArray<string>
  /**
   * One cheap look at the whole host (one `list-units`, one parse of passwd) for what no path tells: gives a function from
   * id to a string that changes whenever the resource does.
   */
  readonly survey?: Effect.Effect<(id: string) => string, ResourceFailure, Host>
  /**
   * One look for figures of all resources of the type (bytes, rows), by the name of the measure: given for each id, added up
   * for a record that has several. Nothing that is wanted depends on them.
   */
  readonly measure?: Effect.Effect<(id: string) => Readonly<Record<string, number>>, ResourceFailure, Host>
  /** What people should know of it while it is in sync: when it ends, what comes next. Sentences; pure. */
  readonly tells?: (spec: Spec, seen: Seen) => ReadonlyArray<string>
  /** A word for what is in sync and not well all the same, as a condition has it: "RenewalFailed". Pure. */
  readonly warns?: (spec: Spec, seen: Seen) => string | undefined
  /**
   * What has to be done for resources of the type beside all passes, because it takes long: never ends. Its state is on the
   * host, and whatever it brings about is seen by a watched path.
   */
  readonly tends?: Effect.Effect<never, never, Host>
  /** What a boot takes away, and nobody else did: afterwards it is made anew and is no drift. */
  readonly untilBoot?: true
  /** The whole of a seen thing as text, to keep what a person edited and to show a unified diff of content; secrets masked by the type. */
  readonly keep?: (seen: Seen) => string | undefined
}

/** The host key of a resource itself (its first own key). */
export const keyOf = (type: Pick<ResourceType<never, never>, "owns">, resource: Resource): HostKey => {
  const [key] = type.owns(resource.id, resource.spec as never)
  if (key === undefined) throw new Error(`${resource.kind} ${resource.id} owns no key`)
  return key
}

/** The name under which an activation is journaled and merged. */
export const activationKey = (activation: Activation): string => {
  switch (activation.kind) {
    case "nginx":
      return `nginx:${activation.member}`
    case "unit":
      return `unit:${activation.action}:${activation.name}`
    case "daemon-reload":
    case "sshd":
      return activation.kind
    case "sessions":
      return `sessions:${activation.account}`
  }
}
