/** What was sent, each record by itself: what is valid as it is stored, and the mistakes of the others. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { examine } from "../../spec/examine.ts"
import { encodeEnvelope, secretsOf } from "../../spec/kinds.ts"
import type { Mistake } from "../problems.ts"
import { remember } from "./decoded.ts"
import { keyOf, type Wanted } from "./plan.ts"
import { inTurns } from "./turns.ts"

interface Examined {
  readonly wanted: ReadonlyArray<Wanted>
  readonly mistakes: ReadonlyArray<Mistake>
  /** Records that were sent but cannot be used: others may refer to them without that being a mistake of theirs. */
  readonly broken: ReadonlySet<string>
}

export const examineAll = Effect.fnUntraced(function* (
  records: ReadonlyArray<unknown>,
  identities?: ReadonlyMap<string, string>,
) {
  const wanted: Array<Wanted> = []
  const mistakes: Array<Mistake> = []
  const broken = new Set<string>()
  yield* inTurns(records, (record, index) => {
    const examined = examine(record)
    if (Result.isFailure(examined)) {
      for (const { kind, name, field, message, mend } of examined.failure) {
        if (kind !== undefined && name !== undefined) broken.add(keyOf({ kind, name }))
        mistakes.push({
          index,
          ...(kind === undefined ? {} : { kind }),
          ...(name === undefined ? {} : { name }),
          field,
          message,
          mend,
        })
      }
      return
    }
    const { kind, metadata, spec } = encodeEnvelope(examined.success.envelope)
    const { name, ...rest } = metadata
    const key = keyOf({ kind, name })
    const id = identities?.get(key)
    const { envelope, notes } = examined.success
    const secrets = secretsOf(envelope)
    remember({ kind, name, metadata: rest, spec }, envelope)
    wanted.push({ key, kind, name, metadata: rest, spec, secrets, index, notes, ...(id === undefined ? {} : { id }) })
  })
  return { wanted, mistakes, broken } satisfies Examined
})
