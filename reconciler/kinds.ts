// The kinds of spec/ as the engine asks of them: decode strictly, and name who is referred to.

import * as Result from "effect/Result"
import * as SchemaParser from "effect/SchemaParser"
import { type Diagnosis, diagnose } from "../spec/diagnose.ts"
import type { Kind } from "../spec/kind.ts"
import { kindNames, kinds, strict } from "../spec/kinds.ts"
import { printField } from "../spec/problem.ts"
import type { KindSchema } from "./records.ts"

/** In the words of the API, of the first mistake: one is enough to keep a record from being understood. */
const firstMistake = (diagnosis: Diagnosis<unknown>): string => {
  const [first] = Result.isFailure(diagnosis) ? diagnosis.failure : []
  return first === undefined ? "" : `${printField(["spec", ...first.path])}: ${first.message}`
}

/** A spec comes back to its own kind alone, which decoded it. */
const schemaOf = (kind: Kind<string, string, unknown, unknown>): KindSchema => {
  const decode = SchemaParser.decodeUnknownResult(kind.spec, strict)
  return {
    decode: (spec) => Result.mapError(decode(spec), () => firstMistake(diagnose(kind.spec, spec))),
    references: (spec) => kind.references(spec),
    secrets: (spec) => kind.secrets?.(spec) ?? [],
  }
}

export const kindSchemas: ReadonlyMap<string, KindSchema> = new Map(
  kindNames.map((name) => [name, schemaOf(kinds[name])]),
)
