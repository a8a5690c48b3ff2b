/**
 * What a request looks at first: looked at in the statement that asks who it is (`identity/entrance.ts`), as whom its session was
 * at the request before.
 *
 * The one thing to know before changing it: what was seen so is for the first look alone, of the same sight. A request that
 * looks again, after it changed something, asks Postgres again.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { touchedBy } from "../../spec/ties.ts"
import { lastSeen } from "./decoded.ts"
import type { At } from "./looks-at.ts"
import type { RecordWithStatus, TouchedRow } from "./rows.ts"
import type { Sight } from "./sight.ts"

export type FirstLook =
  | { readonly at: "record"; readonly kind: string; readonly name: string }
  | { readonly at: "touched"; readonly ties: ReadonlyArray<string> }

export type Seen =
  | {
      readonly at: "record"
      readonly sight: Sight
      readonly kind: string
      readonly name: string
      readonly row: RecordWithStatus | undefined
    }
  | {
      readonly at: "touched"
      readonly sight: Sight
      readonly ties: ReadonlyArray<string>
      readonly rows: ReadonlyArray<TouchedRow>
    }

/** Anything else is looked for by whoever says what is wrong with it. */
const plain = /^[A-Za-z0-9._-]{1,253}$/

export const firstLook = (
  at: At | undefined,
  { kind = "", name = "" }: { readonly [parameter: string]: string | undefined },
): FirstLook | undefined => {
  if (at === undefined || !plain.test(kind) || !plain.test(name)) return undefined
  if (at === "record") return { at, kind, name }
  const last = lastSeen({ kind, name })
  return last === undefined ? undefined : { at, ties: [...touchedBy({ incoming: [last] })] }
}

/** Taken once. */
export interface Glimpse {
  seen: Seen | undefined
}

export const CurrentGlimpse = Context.Reference<Glimpse>("plumbline/api/store/CurrentGlimpse", {
  defaultValue: () => ({ seen: undefined }),
})

/** What was seen of `at`, where it was looked at as the same and was not taken before. */
export const taken = <Asked extends At>(at: Asked, sight: Sight) =>
  Effect.map(CurrentGlimpse, (glimpse): Extract<Seen, { readonly at: Asked }> | undefined => {
    const { seen } = glimpse
    if (seen === undefined || seen.at !== at || seen.sight !== sight) return undefined
    glimpse.seen = undefined
    return seen as Extract<Seen, { readonly at: Asked }>
  })
