/** A change of one record by the short way (`store/swift.ts`), for the addresses that have one. */
import * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import { Actor } from "../identity/actor.ts"
import * as Audit from "../identity/audit.ts"
import type { Change } from "../shapes.ts"
import type { RecordRow } from "../store/rows.ts"
import { changeSwiftly } from "../store/swift.ts"
import { answerGlance } from "./answer.ts"
import { versionOf } from "./one-record.ts"
import { noted } from "./written.ts"

export interface Asked {
  readonly kind: string
  readonly name: string
  readonly version?: number | undefined
  readonly headers: { readonly "if-match"?: string; readonly "idempotency-key"?: string }
}

/**
 * `made`: the document that there shall be, by the version that was seen; undefined where the short way is none. Undefined where
 * it leads nowhere: nothing was done then.
 */
export const swiftly = Effect.fnUntraced(function* (
  { headers, kind, name, version: asked }: Asked,
  made: (seen: { readonly version?: number | undefined }) => ((before: RecordRow) => Json) | undefined,
) {
  const version = yield* versionOf(asked, headers["if-match"])
  const make = made({ version })
  if (make === undefined || headers["idempotency-key"] !== undefined) return undefined
  const { name: actor, sight } = yield* Actor
  const via = "api"
  const audit = (change: Change) => Audit.entryDone({ action: "records.written", ...noted([change], via) })
  return yield* answerGlance(changeSwiftly(sight, { kind, name, version, make, actor, via, audit }))
})
