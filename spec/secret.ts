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

/** "age-encryption.org/v1", with which every such file begins. */
const header = "YWdlLWVuY3J5cHRpb24ub3JnL3Yx"
const base64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export const Sealed = Schema.Struct({
  sealed: Schema.String.check(
    rule<string>(
      (text) =>
        text.length <= longest && text.startsWith(header) && base64.test(text)
          ? undefined
          : flaw("This is not a sealed value.", "Copy it from an export as it is, or give the secret itself."),
      { maxLength: longest, pattern: `^${header}[A-Za-z0-9+/]+=*$` },
    ),
  ).annotate({ description: "A secret as an export shows it: sealed for the nodes." }),
})
export type Sealed = typeof Sealed.Type

/** A secret: its value in its own grammar, or that value sealed. */
export type Secret = string | Sealed

/**
 * The schema of a secret whose value has the given grammar. What is wrong with a value is told without repeating it: rules
 * of the grammar that quote are silenced where the mistakes are listed (`diagnose.ts`), by this annotation.
 */
export const secret = <T extends string>(value: PureCodec<T, string>) =>
  Schema.Union([value, Sealed]).annotate({ [secretAnnotation]: true })

/** The same where a word stands for something that is no secret: `none`, say. */
export const secretOr = <const Word extends string, T extends string>(word: Word, value: PureCodec<T, string>) =>
  Schema.Union([Schema.Literal(word), value, Sealed]).annotate({ [secretAnnotation]: true })

export const secretAnnotation = "plumbline/secret"

export const isSealed = (value: unknown): value is Sealed =>
  typeof value === "object" && value !== null && "sealed" in value && typeof value.sealed === "string"

/** A value that its reader needs in plain, and that could not be opened before. */
export class StillSealed extends Error {
  override readonly name = "StillSealed"
  constructor() {
    super("A secret of the record is sealed, and was not opened.")
  }
}

/** The value itself. A controller sees opened ones alone, but for those that cannot be opened. */
export const plainOf = <T extends string>(value: T | Sealed): T => {
  if (typeof value === "string") return value
  throw new StillSealed()
}

/** A place for a secret in a spec. */
export interface SecretPlace {
  /** From the spec to the value. */
  readonly path: ReadonlyArray<string | number>
  /** Names the place whatever else the spec holds: by a user's name, say, and not by its number in a list. */
  readonly label: string
  /** Set where a value is to be made up when the write gives none and the record has none. */
  readonly make?: "password"
}

/** What stands at a place of a spec; undefined where nothing does. */
export const valueAt = (spec: unknown, path: SecretPlace["path"]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined,
    spec,
  )

/** The spec with another value at the place; as it is where what should hold the place is not there. */
export const withValueAt = <Spec>(spec: Spec, path: SecretPlace["path"], value: unknown): Spec => {
  const [key, ...rest] = path
  if (key === undefined) return value as Spec
  if (typeof spec !== "object" || spec === null) return spec
  if (rest.length > 0 && !Object.hasOwn(spec, key)) return spec
  const inner = withValueAt(Reflect.get(spec, key), rest, value)
  return (Array.isArray(spec) ? spec.with(Number(key), inner) : { ...spec, [key]: inner }) as Spec
}

/**
 * The spec with what it leaves out taken from the one before, label by label: the values that nobody can write down again.
 * What a kind makes no place of (`secrets`), it does not keep.
 */
export const keepingSecrets = <Spec>(
  written: Spec,
  places: ReadonlyArray<SecretPlace>,
  before: unknown,
  placesBefore: ReadonlyArray<SecretPlace>,
): Spec => {
  const known = new Map(placesBefore.map(({ label, path }) => [label, valueAt(before, path)]))
  return places.reduce((spec, { label, path }) => {
    const kept = known.get(label)
    return kept === undefined || valueAt(spec, path) !== undefined ? spec : withValueAt(spec, path, kept)
  }, written)
}
