/**
 * Every mistake of a value against a schema, in words.
 *
 * The one thing to know before changing it: a schema checks a whole (no domain twice, one size below another) only once
 * its parts are right. So what was reported is cut out and the rest is looked at again, until nothing new turns up:
 * whoever mends all that is listed is done.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import type * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { ofAlternatives } from "./alternatives.ts"
import { type Flaw, flaw, show } from "./grammar.ts"
import { strict } from "./kinds.ts"
import { type FieldPath, nearest } from "./problem.ts"
import { secretAnnotation } from "./secret.ts"

export interface FieldFlaw extends Flaw {
  readonly path: FieldPath
  readonly part: "key" | "value"
}

/** How a scalar was typed, where that is known: `8.20` is the number 8.2, but the mend is "8.20" in quotes. */
export type AsTyped = (path: FieldPath) => string | undefined

export type Diagnosis<T> = Result.Result<T, ReadonlyArray<FieldFlaw>>

export const diagnose = <T>(
  schema: Schema.ConstraintDecoder<T>,
  value: unknown,
  asTyped: AsTyped = () => undefined,
): Diagnosis<T> => {
  const decode = SchemaParser.decodeUnknownResult(schema, strict)
  const first = decode(value)
  if (Result.isSuccess(first)) return Result.succeed(first.success)
  const all: Array<FieldFlaw> = []
  const reported = emptyTree()
  let rest: Cut = { value, origins: new Map() }
  let issue: SchemaIssue.Issue | undefined = first.failure
  while (issue !== undefined) {
    const context: Context = { root: rest.value, asTyped: (path) => asTyped(original(rest, path)) }
    const found = flawsOf(issue, [], context).map((one) => ({ ...one, path: original(rest, one.path) }))
    for (const path of misspelled(found)) mark(reported, path)
    // What is now missing, or empty, because it was cut is no new mistake.
    const fresh = found.filter((one) => nodeAt(reported, one.path) === undefined)
    for (const one of fresh) {
      const { path, part, message, mend } = one
      all.push({ path, part, message, mend })
      mark(reported, one.path)
    }
    if (fresh.length === 0 || reported.marked) break
    rest = cut(value, reported)
    const again = decode(rest.value)
    issue = Result.isFailure(again) ? again.failure : undefined
  }
  return Result.fail(all)
}

/** A flaw, with what is needed to see that a missing field is there after all, under a slightly wrong name. */
interface Found extends FieldFlaw {
  readonly missing?: true
  readonly meant?: string
}

const misspelled = (found: ReadonlyArray<Found>): ReadonlyArray<FieldPath> => {
  const missing = new Set(found.filter((one) => one.missing).map((one) => JSON.stringify(one.path)))
  return found
    .flatMap(({ meant, path }) => (meant === undefined ? [] : [[...path.slice(0, -1), meant]]))
    .filter((path) => missing.has(JSON.stringify(path)))
}

interface Context {
  readonly root: unknown
  readonly asTyped: AsTyped
  /** What the group of fields that is looked at should be. */
  readonly group?: SchemaAST.AST
}

const flawsOf = (issue: SchemaIssue.Issue, path: FieldPath, context: Context): ReadonlyArray<Found> => {
  const here = (found: Flaw, more?: Partial<Found>): ReadonlyArray<Found> => [
    { ...found, path, part: "value", ...more },
  ]
  switch (issue._tag) {
    case "Pointer":
      return flawsOf(issue.issue, [...path, ...issue.path.map((key) => (typeof key === "symbol" ? "" : key))], context)
    case "Filter": {
      const known = annotatedFlaw(issue.filter.annotations)
      return known === undefined ? flawsOf(issue.issue, path, context) : here(known)
    }
    case "Encoding":
      return flawsOf(issue.issue, path, context)
    case "Composite":
      return issue.issues.flatMap((inner) => flawsOf(inner, path, { ...context, group: issue.ast }))
    case "InvalidValue":
      return here(
        annotatedFlaw(issue.annotations) ?? flaw("The value is not valid.", "Look at the field's explanation."),
      )
    case "MissingKey":
      return here(missingKey(String(path.at(-1)), context.group), { missing: true })
    case "UnexpectedKey": {
      const { meant, ...found } = unknownKey(String(path.at(-1)), issue.ast)
      return here(found, { part: "key", ...(meant === undefined ? {} : { meant }) })
    }
    case "AnyOf":
      if (issue.ast.annotations?.[secretAnnotation] === true) return silenced(issue, path, context)
      if (issue.issues.length > 0)
        return ofAlternatives(
          issue.issues.map((inner) => flawsOf(inner, path, context)),
          path,
        )
      return here(wrongType(issue.ast, path, context))
    case "InvalidType":
      return here(wrongType(issue.ast, path, context))
    default:
      return here(flaw("The value is not valid.", "Look at the field's explanation."))
  }
}

/** What is wrong with a secret, where saying so does not repeat it. */
const silenced = (issue: SchemaIssue.AnyOf, path: FieldPath, context: Context): ReadonlyArray<Found> => {
  const value = read(context.root, path)
  const found = issue.issues.flatMap((inner) => flawsOf(inner, path, context))
  const isText = typeof value === "string"
  if (!isText && (found.length === 0 || typeof value !== "object" || value === null))
    return [
      {
        ...flaw("This is no secret.", "Write it as a text, in quotes, or a sealed one as it is."),
        path,
        part: "value",
      },
    ]
  // As a whole or as `show` would have it.
  const quoted = isText ? [value, show(value).slice(1, -1).slice(0, 57)] : []
  const tells = (text: string) => quoted.some((each) => each !== "" && text.includes(each))
  return found.map((one) =>
    tells(one.message) || tells(one.mend)
      ? { ...one, ...flaw("This cannot be the value of the secret.", "Look at the field's explanation.") }
      : one,
  )
}

const annotatedFlaw = (annotations: Schema.Annotations.Annotations | undefined): Flaw | undefined => {
  const found = annotations?.["flaw"]
  return isFlaw(found) ? found : undefined
}

const isFlaw = Schema.is(Schema.Struct({ message: Schema.String, mend: Schema.String }))

const missingKey = (key: string, group: SchemaAST.AST | undefined): Flaw => {
  const field =
    group !== undefined && SchemaAST.isObjects(group)
      ? group.propertySignatures.find((property) => property.name === key)?.type
      : undefined
  const choices = field === undefined ? [] : choicesOf(field)
  const what =
    choices.length === 0 ? key : choices.length === 1 ? `${key}: ${choices[0]}` : `${key}, one of ${choices.join(", ")}`
  return flaw(`${key} is missing.`, `Add ${what}.`)
}

const unknownKey = (key: string, ast: SchemaAST.AST): Flaw & { readonly meant?: string } => {
  if (!SchemaAST.isObjects(ast)) return flaw(`${show(key)} is not known here.`, "Remove it.")
  const grammar = ast.indexSignatures[0]?.parameter
  if (grammar !== undefined) {
    const checked = SchemaParser.decodeUnknownResult(Schema.make<Schema.Codec<unknown>>(grammar), strict)(key)
    const found = Result.isFailure(checked)
      ? flawsOf(checked.failure, [], { root: key, asTyped: () => undefined })[0]
      : undefined
    return found === undefined
      ? flaw(`${show(key)} cannot be a key here.`, "Remove it.")
      : flaw(found.message, found.mend)
  }
  const known = ast.propertySignatures.map((property) => String(property.name))
  const meant = nearest(key, known)
  const message = `There is no field ${show(key)} here.`
  if (meant !== undefined) return { ...flaw(message, `Did you mean ${meant}?`), meant }
  return flaw(
    message,
    `Remove it; ${known.length > 15 ? `none of the ${known.length} fields is like it` : `the fields are ${known.join(", ")}`}.`,
  )
}

const wrongType = (ast: SchemaAST.AST, path: FieldPath, context: Context): Flaw => {
  const value = read(context.root, path)
  const typed = context.asTyped(path) ?? (typeof value === "string" ? value : JSON.stringify(value))
  const choices = choicesOf(ast)
  if (value === null || value === undefined) return flaw("The field is empty.", "Give it a value, or remove the line.")
  if (choices.length > 0) {
    const text = String(typed)
    if (typeof value !== "string" && choices.includes(text)) return quoted(text)
    const meant = nearest(text, choices.map(String))
    const among = choices
      .map((choice) => (typeof choice === "string" ? JSON.stringify(choice) : String(choice)))
      .join(", ")
    const hint = meant === undefined ? "" : ` Did you mean ${meant}?`
    return flaw(
      `${typeof value === "object" ? describe(value) : show(text)} is not a choice here.`,
      choices.length === 1 ? `Write ${among}.` : `Write one of ${among}.${hint}`,
    )
  }
  if (SchemaAST.isString(ast) && typeof value !== "object") {
    const mend = ast.annotations?.["mend"]
    return typeof mend === "string" ? flaw(`${String(typed)} has no unit.`, mend) : quoted(String(typed))
  }
  const [wanted, mend] = expectations[ast._tag] ?? ["another value", "Look at the field's explanation."]
  return flaw(`${describe(value)} stands where ${wanted} belongs.`, mend)
}

const quoted = (text: string): Flaw =>
  flaw(`${text} without quotes is not a text in YAML.`, `Put it in quotes: ${JSON.stringify(text)}.`)

const expectations: { readonly [tag: string]: readonly [wanted: string, mend: string] } = {
  String: ["a text", "Write a single text."],
  Number: ["a number", "Write a plain number, without quotes or unit."],
  Boolean: ["true or false", "Write true or false, without quotes."],
  Arrays: ["a list", "Write one item a line, each after a dash."],
  Objects: ["a group of fields", "Write the fields below it, indented, each as name: value."],
}

const describe = (value: unknown): string => {
  if (Array.isArray(value)) return "A list"
  if (typeof value === "object") return "A group of fields"
  return typeof value === "string" ? `The text ${show(value)}` : String(value)
}

const choicesOf = (ast: SchemaAST.AST): ReadonlyArray<string | number | boolean | bigint> => {
  if (SchemaAST.isLiteral(ast)) return [ast.literal]
  return SchemaAST.isUnion(ast) ? ast.types.flatMap(choicesOf) : []
}

const read = (root: unknown, path: FieldPath): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    root,
  )

/** Reported paths as a tree: a path that is in it, marked or not, leads to something reported. */
interface PathTree {
  marked: boolean
  readonly below: Map<string | number, PathTree>
}

const emptyTree = (): PathTree => ({ marked: false, below: new Map() })

const nodeAt = (tree: PathTree, path: FieldPath): PathTree | undefined =>
  path.reduce<PathTree | undefined>(
    (node, key) => node?.below.get(key),
    tree.marked || tree.below.size > 0 ? tree : undefined,
  )

const mark = (tree: PathTree, path: FieldPath): void => {
  let node = tree
  for (const key of path) {
    const next = node.below.get(key) ?? emptyTree()
    node.below.set(key, next)
    node = next
  }
  node.marked = true
}

/** A value with parts cut out. Lists close up, so each shortened list remembers where its items stood. */
interface Cut {
  readonly value: unknown
  readonly origins: ReadonlyMap<unknown, ReadonlyArray<number>>
}

const cut = (value: unknown, reported: PathTree): Cut => {
  const origins = new Map<unknown, ReadonlyArray<number>>()
  const without = (part: unknown, tree: PathTree | undefined): unknown => {
    if (tree === undefined || typeof part !== "object" || part === null) return part
    const stays = (key: string | number): boolean => tree.below.get(key)?.marked !== true
    if (Array.isArray(part)) {
      const kept = part.map((_, index) => index).filter(stays)
      const list = kept.map((index) => without(part[index], tree.below.get(index)))
      origins.set(list, kept)
      return list
    }
    const kept = Object.entries(part).filter(([key]) => stays(key))
    return Object.fromEntries(kept.map(([key, inner]) => [key, without(inner, tree.below.get(key))]))
  }
  return { value: without(value, reported), origins }
}

const original = (from: Cut, path: FieldPath): FieldPath => {
  let part = from.value
  return path.map((key) => {
    const at = typeof key === "number" ? (from.origins.get(part)?.[key] ?? key) : key
    part = read(part, [key])
    return at
  })
}
