/**
 * Secrets in a spec. A person writes the value itself; what is stored, exported and shown is that value sealed for the node
 * that needs it, as `{ sealed: "…" }` (age, https://age-encryption.org/v1, in base64).
 *
 * The one thing to know before changing it: what is sealed says which record and which field it is for, so that whoever can
 * write records cannot have a secret of somebody else opened in a record of their own.
 */
import * as Schema from "effect/Schema"
import { flaw, rule } from "./grammar.ts"
import type { PureCodec } from "./kind.ts"

/** Longer than the longest secret (a certificate's key, DNS credentials) once it is sealed. */
const longest = 64 * 1024

export const Sealed = Schema.Struct({
  sealed: Schema.String.check(
    rule<string>(
      (text) =>
        text.length <= longest && /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
          ? undefined
          : flaw("This is not a sealed value.", "Copy it from an export as it is, or give the secret itself."),
      { maxLength: longest },
    ),
  ),
})
export type Sealed = typeof Sealed.Type

/** A secret: its value in its own grammar, or that value sealed. */
export type Secret = string | Sealed

/** The schema of a secret whose value has the given grammar. */
export const secret = (value: PureCodec<string, string>) => Schema.Union([value, Sealed])

export const isSealed = (value: Secret): value is Sealed => typeof value !== "string"

/** A place for a secret in a spec. */
export interface SecretPlace {
  /** From the spec to the value. */
  readonly path: ReadonlyArray<string | number>
  /** Names the place whatever else the spec holds: by a user's name, say, and not by its number in a list. */
  readonly label: string
  /** Set where a value is to be made up when the write gives none and the record has none. */
  readonly make?: "password"
}
