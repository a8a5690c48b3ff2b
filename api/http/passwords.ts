/** /v1/records/Database/NAME/users/USER/password */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Result from "effect/Result"
import { decodeEnvelope, encodeEnvelope } from "../../spec/kinds.ts"
import { Api } from "../contract.ts"
import { makePassword, passwordFlaw, verifierOf } from "../passwords.ts"
import { Conflict, Invalid, NotFound } from "../problems.ts"
import * as Records from "../store/records.ts"
import { answerActor } from "./answer-actor.ts"
import { written } from "./written.ts"

export const layer = HttpApiBuilder.group(Api, "passwords", (handlers) =>
  handlers.handle("database", ({ params, payload }) =>
    answerActor(setPassword(params.name, params.user, payload.password)),
  ),
)

const setPassword = Effect.fnUntraced(function* (name: string, user: string, given: string | undefined) {
  const { apiVersion, deletedAt, kind, metadata, spec, version } = yield* Records.read("Database", name)
  const decoded = decodeEnvelope({ apiVersion, kind, metadata, spec })
  if (deletedAt !== null || Result.isFailure(decoded) || decoded.success.kind !== "Database")
    return yield* new NotFound({ detail: `There is no Database/${name} that has users.` })
  const record = decoded.success
  if (!record.spec.users.some((one) => one.name === user))
    return yield* new NotFound({ detail: `Database/${name} has no user ${JSON.stringify(user)}.` })

  const flaw = given === undefined ? undefined : passwordFlaw(given, user, record.spec.engine)
  if (flaw !== undefined)
    return yield* new Invalid({ detail: "The password was not set.", problems: [{ field: "password", ...flaw }] })
  const password = given ?? makePassword()
  const encoded = encodeEnvelope(record)
  const passwordVerifier = verifierOf(password, record.spec.engine)
  const users = record.spec.users.map((one) => ({ ...one, ...(one.name === user ? { passwordVerifier } : {}) }))
  const { changes } = yield* written({
    via: `password of ${user}`,
    records: [{ ...encoded, spec: { ...encoded.spec, users } }],
    expectVersions: { [`Database/${name}`]: version },
  }).pipe(Effect.catchTag("PruneRefused", Effect.die))
  const [change] = changes
  if (change === undefined) return yield* new Conflict({ detail: "The record is going.", versions: [] })
  // The verifiers before and after are nobody's to read here.
  return { user, ...(given === undefined ? { password } : {}), change: { ...change, fields: [] } }
})
