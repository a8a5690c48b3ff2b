/**
 * What of a contract would break programs that were written for an earlier one: operations that are gone, requests that are refused
 * now, answers that lack or change what was in them.
 */
import { misfits, type Schema } from "./schema-fits.ts"

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema?: Schema
}

interface Content {
  readonly [type: string]: { readonly schema?: Schema }
}

interface Operation {
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: { readonly required?: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

/** What of an OpenAPI 3.1 document is of use here. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const nothing: Schema = { additionalProperties: false, type: "object" }

const inRequest = { newWords: false }
const inAnswer = { newWords: true }

const requestBreaks = (before: Operation, after: Operation, was: Document, is: Document): ReadonlyArray<string> => {
  const keyOf = (one: Parameter) => `${one.in} ${one.name}`
  const known = new Map(before.parameters?.map((one) => [keyOf(one), one]))
  const now = new Map(after.parameters?.map((one) => [keyOf(one), one]))
  const problems: Array<string> = []
  for (const [key, one] of now)
    if (one.required === true && known.get(key)?.required !== true) problems.push(`${key} has to be there`)
  for (const [key, one] of known) {
    const other = now.get(key)
    if (other === undefined) problems.push(`${key} is not known any more`)
    else {
      const [from, to] = [one.schema ?? {}, other.schema ?? {}]
      const sides = [
        { schema: from, schemas: was.components.schemas },
        { schema: to, schemas: is.components.schemas },
      ] as const
      problems.push(...misfits(...sides, inRequest).map((problem) => `${key}: ${problem}`))
    }
  }
  if (after.requestBody?.required === true && before.requestBody === undefined) problems.push("a body has to be there")
  for (const [type, { schema = {} }] of Object.entries(before.requestBody?.content ?? {})) {
    const other = after.requestBody?.content[type]
    if (other === undefined) problems.push(`a body of the type ${type} is not taken any more`)
    else
      problems.push(
        ...misfits(
          { schema, schemas: was.components.schemas },
          { schema: other.schema ?? {}, schemas: is.components.schemas },
          inRequest,
        ).map((problem) => `in what is sent ${problem}`),
      )
  }
  return problems
}

/** Answers that something went wrong are problem documents, all of one shape: they are not compared. */
const isGood = (status: string): boolean => status.startsWith("2")

/** What an answer may hold besides what was there is nobody's concern: whoever reads it passes over what they do not know. */
const open = (schema: Schema): Schema => {
  const { additionalProperties, anyOf, items, properties, ...rest } = schema
  return {
    ...rest,
    ...(typeof additionalProperties === "object" ? { additionalProperties: open(additionalProperties) } : {}),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(open) }),
    ...(typeof items === "object" ? { items: open(items) } : {}),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, open(one)])) }),
  }
}

const answerBreaks = (before: Operation, after: Operation, was: Document, is: Document): ReadonlyArray<string> => {
  const problems: Array<string> = []
  for (const status of Object.keys(before.responses).filter(isGood)) {
    const other = after.responses[status]
    if (other === undefined) {
      problems.push(`it no longer answers ${status}`)
      continue
    }
    for (const [type, { schema = nothing }] of Object.entries(before.responses[status]?.content ?? {})) {
      const now = other.content?.[type]
      if (now === undefined) problems.push(`it no longer answers ${type}`)
      else
        problems.push(
          ...misfits(
            { schema: now.schema ?? nothing, schemas: is.components.schemas },
            { schema: open(schema), schemas: was.components.schemas },
            inAnswer,
          ).map((problem) => `in the answer ${problem}`),
        )
    }
  }
  return problems
}

/** One line each: `DELETE /v1/users/{id}: it is gone`. */
export const breaks = (before: Document, after: Document): ReadonlyArray<string> =>
  Object.entries(before.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const now = after.paths[path]?.[method]
      const found =
        now === undefined
          ? ["it is gone"]
          : [...requestBreaks(operation, now, before, after), ...answerBreaks(operation, now, before, after)]
      return found.map((problem) => `${method.toUpperCase()} ${path}: ${problem}`)
    }),
  )
