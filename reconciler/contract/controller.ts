// What the engine asks of a controller: a pure function from a record, the records it refers to and the facts of the node
// to resources. No I/O, no clock, no randomness: the same input gives the same bytes. Dry-run, diff, drift, golden tests
// and export all rest on that.

import type { Facts } from "./facts.ts"
import type { Resource } from "./resource.ts"

/** A record as the engine knows it: decoded, with every default applied. */
export interface Desired<out Spec> {
  readonly kind: string
  readonly name: string
  readonly id: string
  readonly generation: number
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: Spec
}

/** What a controller may look at besides its record. `lookup` gives the referred record, or undefined when there is none. */
export interface RenderContext {
  readonly facts: Facts
  readonly lookup: <Spec>(kind: string, name: string) => Desired<Spec> | undefined
  /** Records of a kind that name this one and say that it is concerned (`Reference.concerned`), by name. */
  readonly concerning: <Spec>(kind: string) => ReadonlyArray<Desired<Spec>>
}

/**
 * The outcome of a render. `waiting` is woken when the named record changes; `stalled` when this one or the facts do.
 * Neither touches what is on the host.
 */
export type Rendered =
  | {
      readonly outcome: "resources"
      readonly resources: ReadonlyArray<Resource>
      readonly rests?: Rests
      /** What whoever wrote the record should know of this host: that it cannot enforce a limit, say. Sentences. */
      readonly notices?: ReadonlyArray<string>
    }
  | { readonly outcome: "waiting"; readonly kind: string; readonly name: string; readonly message: string }
  | { readonly outcome: "stalled"; readonly reason: string; readonly message: string; readonly mend: string }

/** Why the record rests although all of it is as it is wanted: what its status says then instead of `Converged`. */
export interface Rests {
  /** CamelCase: `Suspended`. */
  readonly reason: string
  /** A sentence. */
  readonly message: string
}

/** One controller a kind. */
export interface Controller<in Spec> {
  readonly kind: string
  readonly render: (record: Desired<Spec>, context: RenderContext) => Rendered
}
