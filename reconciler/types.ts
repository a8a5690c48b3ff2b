// Resource types as the engine sees them: by name, with their spec and their seen state unknown to it.

import type * as Effect from "effect/Effect"
import type { Activation, FieldDiff, HostKey, Removal, Resource, ResourceFailure } from "./contract/resource.ts"
import type { Host } from "./host/host.ts"

export interface AnyType {
  readonly kind: string
  readonly owns: (id: string, spec: unknown) => ReadonlyArray<HostKey>
  readonly observe: (id: string, spec: unknown) => Effect.Effect<unknown, ResourceFailure, Host>
  readonly diff: (spec: unknown, seen: unknown) => ReadonlyArray<FieldDiff>
  readonly apply: (
    id: string,
    spec: unknown,
    seen: unknown,
    recordId: string,
  ) => Effect.Effect<void, ResourceFailure, Host>
  readonly remove: (id: string, removal: Removal) => Effect.Effect<ReadonlyArray<Activation>, ResourceFailure, Host>
  readonly watch: (id: string, spec: unknown) => ReadonlyArray<string>
  readonly survey?: Effect.Effect<(id: string) => string, ResourceFailure, Host>
  readonly measure?: Effect.Effect<(id: string) => Readonly<Record<string, number>>, ResourceFailure, Host>
  readonly tells?: (spec: unknown, seen: unknown) => ReadonlyArray<string>
  readonly warns?: (spec: unknown, seen: unknown) => string | undefined
  readonly tends?: Effect.Effect<never, never, Host>
  readonly untilBoot?: true
  readonly keep?: (seen: unknown) => string | undefined
}

export type Types = ReadonlyMap<string, AnyType>

/** A desired resource with what its type says of it. `key` is the first of the keys it owns. */
export interface Wanted {
  readonly resource: Resource
  readonly type: AnyType
  readonly key: HostKey
  readonly keys: ReadonlyArray<HostKey>
}

/** A desired resource beside what is there. No differences: in sync. `seen` is undefined when there is nothing. */
export interface Looked extends Wanted {
  readonly seen: unknown
  readonly diffs: ReadonlyArray<FieldDiff>
}
