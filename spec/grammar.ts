/**
 * The few combinators that every schema in this folder is made of.
 *
 * The one thing to know before changing it: a rule answers with what is wrong *and* with the mend, as two sentences. They
 * travel as annotations of the schema issue ({@link Flaw}), so that a file's problem list can show them apart while a
 * plain decode error reads as both.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

/** What is wrong with one value, and what to do about it. Both are sentences. */
export interface Flaw {
  readonly message: string
  readonly mend: string
}

export const flaw = (message: string, mend: string): Flaw => ({ message, mend })

export const flawIssue = (found: Flaw): SchemaIssue.Issue =>
  new SchemaIssue.InvalidValue({ message: `${found.message} ${found.mend}`, flaw: found })

/** A flaw somewhere inside the checked value: `path` leads from that value to it. */
export interface FlawAt extends Flaw {
  readonly path: ReadonlyArray<PropertyKey>
}

/** A rule over one value. `pattern` is what an editor checks; it may be looser than the rule, never stricter. */
export const rule = <T>(find: (value: T) => Flaw | undefined, jsonSchema?: { readonly [key: string]: unknown }) =>
  Schema.makeFilter<T>(
    (value) => {
      const found = find(value)
      return found === undefined ? undefined : flawIssue(found)
    },
    jsonSchema === undefined ? {} : { toJsonSchema: () => [jsonSchema, true] },
  )

/** A rule over several fields at once: reports every flaw, each at its own path. */
export const ruleAcross = <T>(find: (value: T) => ReadonlyArray<FlawAt>) =>
  Schema.makeFilter<T>((value) => find(value).map((found) => ({ path: found.path, issue: flawIssue(found) })))

/** Applies a default while decoding. The default is written as a person would write it, and shown to editors. */
export function withDefault<S extends PureSchema>(value: S["Encoded"]) {
  return (self: S): Schema.withDecodingDefaultTypeKey<S> => {
    const fallback: S["Type"] = Schema.decodeUnknownSync(self)(value)
    return self.pipe(annotated<S>({ default: value }), Schema.withDecodingDefaultTypeKey<S>(Effect.succeed(fallback)))
  }
}

/** The one-sentence explanation of a field, shown by editors and in documentation. */
export function explained<S extends PureSchema>(description: string) {
  return annotated<S>({ description })
}

/** Annotates the form that people write, which is the one that the JSON Schema describes. */
function annotated<S extends PureSchema>(annotations: Schema.Annotations.Bottom<S["Encoded"], readonly []>) {
  return Schema.annotateEncoded<S>(annotations) as (self: S) => S
}

interface PureSchema extends Schema.Top {
  readonly DecodingServices: never
  readonly EncodingServices: never
}

/** A number, without the infinities and NaN that YAML can write. Checks come after it, and only if it is one. */
export const FiniteNumber = Schema.Number.check(
  Schema.isFinite({ flaw: flaw("This is not a finite number.", "Write a plain number.") }).abort(),
)

/** An integer in a range, with its unit in the message. */
export const intBetween = (minimum: number, maximum: number, unit: string) =>
  FiniteNumber.check(
    rule<number>(
      (value) =>
        Number.isInteger(value) && value >= minimum && value <= maximum
          ? undefined
          : flaw(`${value} is out of range.`, `Give a whole number of ${unit} from ${minimum} to ${maximum}.`),
      { type: "integer", minimum, maximum },
    ),
  )

// C0 and C1 controls, DEL, and what Unicode gives for direction, joining and invisibility: none has a place in a spec.
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Cs}\p{Co}\p{Cn}]/u

/** Names the first invisible character of a text, as U+XXXX. */
export const hiddenCharacter = (text: string): string | undefined => {
  const found = hidden.exec(text)?.[0]
  return found === undefined ? undefined : codePoint(found)
}

export const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`

/** Quotes a value for a message: short, on one line, and with nothing invisible left in it. */
export const show = (value: string): string => {
  const short = value.length > 60 ? `${value.slice(0, 57)}...` : value
  let out = ""
  for (const character of short) out += hidden.test(character) ? `<${codePoint(character)}>` : character
  return `"${out}"`
}

/** A flaw that every text field shares: characters that cannot be seen. */
export const hiddenFlaw = (text: string): Flaw | undefined => {
  const found = hiddenCharacter(text)
  return found === undefined
    ? undefined
    : flaw(`${show(text)} holds the invisible character ${found}.`, "Remove it, or type the value anew.")
}
