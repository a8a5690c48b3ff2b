/** Requests that do not decode, as `Malformed` with every mistake; answers of ours that do not encode, as `InternalError`. */
import * as Effect from "effect/Effect"
import type { HttpApiSchemaError } from "effect/http-api/HttpApiError"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as SchemaIssue from "effect/SchemaIssue"
import { printField } from "../../spec/problem.ts"
import { AsProblems } from "../contract.ts"
import { InternalError, Malformed } from "../problems.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const whereabouts = {
  Params: "in the address",
  Query: "in the query",
  Headers: "in the headers",
  Payload: "in the body",
} as const

export const layer = HttpApiMiddleware.layerSchemaErrorTransform(AsProblems, (error) =>
  error.kind === "Body" || error.kind === "ResponseHeaders"
    ? Effect.andThen(
        Effect.logError("An answer does not have the shape that the contract promises", error.cause),
        Effect.fail(new InternalError({ detail: "The log of the API says more." })),
      )
    : Effect.fail(malformed(error, whereabouts[error.kind])),
)

const malformed = (error: HttpApiSchemaError, where: string) =>
  new Malformed({
    detail: `Something ${where} is not as it should be.`,
    problems: format(error.cause.issue).issues.map(({ path = [], message }) => ({
      field: printField(path.map(segment)),
      message: message.endsWith(".") ? message : `${message}.`,
      mend: "/openapi.json says what is accepted here.",
    })),
  })

const segment = (part: PropertyKey | { readonly key: PropertyKey }): string | number => {
  const key = typeof part === "object" ? part.key : part
  return typeof key === "number" ? key : String(key)
}
