/**
 * Passkeys: key pairs of which the authenticator keeps the private half (WebAuthn level 3). @simplewebauthn/server looks at what
 * authenticators say; here is what is asked of them, and kept.
 *
 * The one thing to know before changing it: a challenge is answered once. It goes with the statement that finds it, whatever
 * becomes of the answer.
 */
import { randomBytes } from "node:crypto"
import { PgClient } from "@effect/sql-pg/PgClient"
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { JsonObject } from "effect/Schema"
import type { Passkey, PasskeyMade, PasskeyProof } from "../shapes.ts"
import type { RelyingParty } from "./relying-party.ts"
import { ticketLifetime } from "./tickets.ts"
import { hashOf } from "./tokens.ts"
import type { UserRow } from "./users.ts"

/** Loaded when the first one is used: it brings a parser of certificates with it. */
const library = Effect.promise(() => import("@simplewebauthn/server"))

/** EdDSA, ES256 and RS256 (COSE, RFC 9053): what every authenticator of today has one of. */
const algorithms = [-8, -7, -257]

interface Row {
  readonly id: string
  readonly user_id: string
  readonly rp_id: string
  readonly credential_id: string
  readonly public_key: Uint8Array<ArrayBuffer>
  readonly counter: number
  readonly transports: ReadonlyArray<string>
  readonly backed_up: boolean
  readonly name: string
  readonly created_at: Date
  readonly used_at: Date | null
}

const columns = (sql: PgClient) =>
  sql.literal(`id::text as id, user_id::text as user_id, rp_id, credential_id, public_key, counter::float8 as counter,
    transports, backed_up, name, created_at, used_at`)

const toPasskey = (row: Row): Passkey => ({
  id: row.id,
  name: row.name,
  host: row.rp_id,
  synced: row.backed_up,
  createdAt: row.created_at.toISOString(),
  usedAt: row.used_at?.toISOString() ?? null,
})

const rowsOf = Effect.fn("passkeys.rowsOf")(function* (user: string) {
  const sql = yield* PgClient
  return yield* sql<Row>`select ${columns(sql)} from passkeys where user_id = ${user} order by created_at, id`
})

export const list = (user: string) => Effect.map(rowsOf(user), (rows) => rows.map(toPasskey))

export type Purpose = "add" | "login" | "second-factor"

/** As it goes to a browser. */
const plain = (options: object): JsonObject => JSON.parse(JSON.stringify(options))

/** What is to be signed by whoever comes with this ticket. */
const challengeFor = Effect.fnUntraced(function* (ticket: string, purpose: Purpose, user: string | null) {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const challenge = randomBytes(32)
  yield* sql`
    insert into passkey_challenges (hash, purpose, user_id, challenge, expires_at)
    values (${hashOf(ticket)}, ${purpose}, ${user}, ${challenge.toString("base64url")},
      ${DateTime.toDateUtc(DateTime.add(now, { seconds: ticketLifetime }))})
    on conflict (hash) do update set challenge = excluded.challenge`
  return new Uint8Array(challenge)
})

/** What was to be signed; undefined where there is nothing, or no more. */
export const takeChallenge = Effect.fn("passkeys.takeChallenge")(function* (ticket: string, purpose: Purpose) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const [row] = yield* sql<{ readonly challenge: string; readonly user: string | null }>`
    delete from passkey_challenges where hash = ${hashOf(ticket)} and purpose = ${purpose} and expires_at > ${now}
    returning challenge, user_id::text as user`
  return row
})

/** For `navigator.credentials.create`. The user is known by it alone afterwards, so the authenticator has to know the user. */
export const creationOptions = Effect.fn("passkeys.creationOptions")(function* (
  ticket: string,
  { email, id, name }: UserRow,
  rp: RelyingParty,
) {
  const { generateRegistrationOptions } = yield* library
  const challenge = yield* challengeFor(ticket, "add", id)
  const known = (yield* rowsOf(id)).filter(({ rp_id }) => rp_id === rp.id)
  const options = yield* Effect.promise(() =>
    generateRegistrationOptions({
      rpName: "Plumbline",
      rpID: rp.id,
      userID: new Uint8Array(Buffer.from(id.replaceAll("-", ""), "hex")),
      userName: email,
      userDisplayName: name,
      challenge,
      timeout: ticketLifetime * 1000,
      attestationType: "none",
      supportedAlgorithmIDs: algorithms,
      excludeCredentials: known.map((row) => ({ id: row.credential_id, transports: [...row.transports] })),
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    }),
  )
  return plain(options)
})

/** For `navigator.credentials.get`: with one of these, or with whichever the user has. */
export const requestOptions = Effect.fn("passkeys.requestOptions")(function* (
  ticket: string,
  purpose: "login" | "second-factor",
  rp: RelyingParty,
  user: string | null,
) {
  const { generateAuthenticationOptions } = yield* library
  const challenge = yield* challengeFor(ticket, purpose, user)
  const known = user === null ? undefined : (yield* rowsOf(user)).filter(({ rp_id }) => rp_id === rp.id)
  const options = yield* Effect.promise(() =>
    generateAuthenticationOptions({
      rpID: rp.id,
      challenge,
      timeout: ticketLifetime * 1000,
      // A password has been given already where it is the second factor.
      userVerification: purpose === "login" ? "required" : "preferred",
      ...(known === undefined
        ? {}
        : { allowCredentials: known.map((row) => ({ id: row.credential_id, transports: [...row.transports] })) }),
    }),
  )
  return plain(options)
})

/** What the library looks at. What else a browser tells of it is of no use here. */
const made = ({ id, rawId, response, type }: PasskeyMade): RegistrationResponseJSON => ({
  id,
  rawId,
  type,
  clientExtensionResults: {},
  response: {
    clientDataJSON: response.clientDataJSON,
    attestationObject: response.attestationObject,
    transports: [...(response.transports ?? [])],
  },
})

const shown = ({ id, rawId, response, type }: PasskeyProof): AuthenticationResponseJSON => ({
  id,
  rawId,
  type,
  clientExtensionResults: {},
  response: {
    clientDataJSON: response.clientDataJSON,
    authenticatorData: response.authenticatorData,
    signature: response.signature,
  },
})

/** Whatever an authenticator, or somebody in its place, may send: what the library cannot read is not good. */
const believed = <A>(look: () => Promise<A>): Effect.Effect<A | undefined> =>
  Effect.catch(Effect.tryPromise(look), () => Effect.succeed(undefined))

/** What a new one is, where it is good and is an answer to this challenge. */
export const verifyNew = Effect.fn("passkeys.verifyNew")(function* (
  credential: PasskeyMade,
  challenge: string,
  rp: RelyingParty,
) {
  const { verifyRegistrationResponse } = yield* library
  const verified = yield* believed(() =>
    verifyRegistrationResponse({
      response: made(credential),
      expectedChallenge: challenge,
      expectedOrigin: [...rp.origins],
      expectedRPID: rp.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    }),
  )
  return verified?.verified ? verified.registrationInfo : undefined
})

export type Verified = NonNullable<Effect.Success<ReturnType<typeof verifyNew>>>

const knownTransports = new Set(["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"])

/** Undefined where somebody has it already. */
export const keep = Effect.fn("passkeys.keep")(function* (
  user: string,
  name: string,
  rp: RelyingParty,
  { credential, credentialBackedUp }: Verified,
) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const transports = (credential.transports ?? []).filter((one) => knownTransports.has(one))
  const [row] = yield* sql<Row>`
    insert into passkeys (user_id, rp_id, credential_id, public_key, counter, transports, backed_up, name, created_at)
    values (${user}, ${rp.id}, ${credential.id}, ${Buffer.from(credential.publicKey)}, ${credential.counter}, ${transports},
      ${credentialBackedUp}, ${name}, ${now})
    on conflict do nothing returning ${columns(sql)}`
  return row === undefined ? undefined : toPasskey(row)
})

/**
 * Whose passkey has signed the challenge; undefined where none of ours has. Of several answers with the same count, which a copy
 * would give, one is taken.
 */
export const prove = Effect.fn("passkeys.prove")(function* (
  proof: PasskeyProof,
  challenge: string,
  rp: RelyingParty,
  { user, verified: mustVerify }: { readonly user: string | null; readonly verified: boolean },
) {
  const sql = yield* PgClient
  const { verifyAuthenticationResponse } = yield* library
  const [row] = yield* sql<Row>`
    select ${columns(sql)} from passkeys where rp_id = ${rp.id} and credential_id = ${proof.id}`
  if (row === undefined || (user !== null && row.user_id !== user)) return undefined
  const done = yield* believed(() =>
    verifyAuthenticationResponse({
      response: shown(proof),
      expectedChallenge: challenge,
      expectedOrigin: [...rp.origins],
      expectedRPID: rp.id,
      requireUserVerification: mustVerify,
      credential: {
        id: row.credential_id,
        publicKey: new Uint8Array(row.public_key),
        counter: row.counter,
        transports: [...row.transports],
      },
    }),
  )
  if (!done?.verified) return undefined
  const now = yield* DateTime.nowAsDate
  const { credentialBackedUp, newCounter } = done.authenticationInfo
  const taken = yield* sql`
    update passkeys set counter = ${newCounter}, used_at = ${now}, backed_up = ${credentialBackedUp}
    where id = ${row.id} and counter = ${row.counter} returning 1`
  return taken.length > 0 ? row.user_id : undefined
})

/** Whether the user had it. */
export const remove = Effect.fn("passkeys.remove")(function* (user: string, id: string) {
  const sql = yield* PgClient
  const rows = yield* sql`delete from passkeys where user_id = ${user} and id::text = ${id} returning 1`
  return rows.length > 0
})
