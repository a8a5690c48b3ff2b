/**
 * Sealing: a secret made unreadable for everybody but whoever has one of the keys that it is sealed for
 * (age, https://age-encryption.org/v1, with X25519).
 *
 * The one thing to know before changing it: what is sealed says which place of which record it is for (`Database/shop#users/app`).
 * Whoever opens it compares: a sealed value that was copied into another record is no secret of that record.
 * No message here repeats a value, or the text that it could not be made out of.
 */
import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto"
import { bech32 } from "@scure/base"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { Sealed } from "./secret.ts"

/** The public half of a key, as age writes it. */
export const Recipient = Schema.String.check(Schema.isPattern(/^age1[02-9ac-hj-np-z]{58}$/)).pipe(
  Schema.brand("Recipient"),
)
export type Recipient = typeof Recipient.Type

/** The secret half. */
export const Identity = Schema.String.check(Schema.isPattern(/^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/)).pipe(
  Schema.brand("Identity"),
)
export type Identity = typeof Identity.Type

export interface KeyPair {
  readonly identity: Identity
  readonly recipient: Recipient
}

/** Names a place for a secret among all records. */
export const bindingOf = (record: { readonly kind: string; readonly name: string }, label: string): string =>
  `${record.kind}/${record.name}#${label}`

const Payload = Schema.fromJsonString(Schema.Struct({ for: Schema.String, value: Schema.String }))
const encodePayload = Schema.encodeSync(Payload)
const decodePayload = Schema.decodeUnknownExit(Payload)

/** What was sealed, and for which place. */
export type Payload = typeof Payload.Type

/** What cannot be opened: with another key, damaged, or no sealed text at all. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", {
  reason: Schema.Literals(["other-key", "damaged"]),
}) {}

// Loaded when it is first needed: an agent without secrets, and most commands, do without its memory.
const age = Effect.promise(() => import("age-encryption"))

/** By Node's own X25519: an agent that has nothing to open yet does without the library. */
export const makeKeyPair = (): KeyPair => keyPairOf(randomBytes(32))

const keyPairOf = (scalar: Uint8Array): KeyPair => {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, scalar]), format: "der", type: "pkcs8" })
  const point = Buffer.from(createPublicKey(key).export({ format: "jwk" }).x ?? "", "base64url")
  return {
    identity: Schema.decodeSync(Identity)(bech32.encodeFromBytes(identityPrefix, scalar).toUpperCase()),
    recipient: Schema.decodeSync(Recipient)(bech32.encodeFromBytes("age", point)),
  }
}

const identityPrefix = "AGE-SECRET-KEY-"

/** What stands before the 32 bytes of a private key of X25519 in PKCS #8 (RFC 8410). */
const pkcs8 = Buffer.from("302e020100300506032b656e04220420", "hex")

/** For all of them: each can open it alone. */
const encrypt = (recipients: ReadonlyArray<Recipient>, text: string): Effect.Effect<Uint8Array> =>
  Effect.flatMap(age, (age) =>
    Effect.promise(() => {
      const encrypter = new age.Encrypter()
      for (const recipient of recipients) encrypter.addRecipient(recipient)
      return encrypter.encrypt(text)
    }),
  )

const decrypt = (identity: Identity, file: Uint8Array): Effect.Effect<string, Unreadable> =>
  Effect.flatMap(age, (age) =>
    Effect.tryPromise({
      try: () => {
        const decrypter = new age.Decrypter()
        decrypter.addIdentity(identity)
        return decrypter.decrypt(file, "text")
      },
      // The library has words for this one case, and no class.
      catch: (cause) =>
        new Unreadable({ reason: String(cause).includes("no identity matched") ? "other-key" : "damaged" }),
    }),
  )

export const seal = (recipients: ReadonlyArray<Recipient>, payload: Payload): Effect.Effect<Sealed> =>
  Effect.map(encrypt(recipients, encodePayload(payload)), (file) => ({ sealed: Buffer.from(file).toString("base64") }))

export const unseal = (identity: Identity, { sealed }: Sealed): Effect.Effect<Payload, Unreadable> =>
  Effect.flatMap(decrypt(identity, Buffer.from(sealed, "base64")), (text) => {
    const payload = decodePayload(text)
    return Exit.isSuccess(payload) ? Effect.succeed(payload.value) : Effect.fail(new Unreadable({ reason: "damaged" }))
  })

/** A text of any length as an armoured file, which `age -d` opens too. */
export const encryptFile = (recipients: ReadonlyArray<Recipient>, text: string): Effect.Effect<string> =>
  Effect.flatMap(age, (age) => Effect.map(encrypt(recipients, text), (file) => age.armor.encode(file)))

/** The inverse; takes files without armour too. */
export const decryptFile = (identity: Identity, file: Uint8Array): Effect.Effect<string, Unreadable> =>
  Effect.flatMap(age, (age) =>
    Effect.flatMap(
      Effect.try({
        try: () => {
          const text = Buffer.from(file).toString("latin1").trim()
          return text.startsWith("-----BEGIN") ? age.armor.decode(text) : file
        },
        catch: () => new Unreadable({ reason: "damaged" }),
      }),
      (bytes) => decrypt(identity, bytes),
    ),
  )

const Collection = Schema.fromJsonString(
  Schema.Struct({
    format: Schema.Literal("plumbline.dev/secrets/v1"),
    /** By the place that each is for. */
    secrets: Schema.Record(Schema.String, Schema.String),
  }),
)
const encodeCollection = Schema.encodeSync(Collection)
const decodeCollection = Schema.decodeUnknownExit(Collection)

/** Secrets of many places as one file for somebody's key. */
export const sealCollection = (
  recipients: ReadonlyArray<Recipient>,
  secrets: ReadonlyArray<Payload>,
): Effect.Effect<string> =>
  encryptFile(
    recipients,
    encodeCollection({
      format: "plumbline.dev/secrets/v1",
      secrets: Object.fromEntries(secrets.map(({ for: place, value }) => [place, value])),
    }),
  )

export const unsealCollection = (
  identity: Identity,
  file: Uint8Array,
): Effect.Effect<ReadonlyMap<string, string>, Unreadable> =>
  Effect.flatMap(decryptFile(identity, file), (text) => {
    const collection = decodeCollection(text)
    return Exit.isSuccess(collection)
      ? Effect.succeed(new Map(Object.entries(collection.value.secrets)))
      : Effect.fail(new Unreadable({ reason: "damaged" }))
  })

/** The text of a file with a key pair, as age-keygen(1) writes it. */
export const printKeyFile = ({ identity, recipient }: KeyPair): string => `# public key: ${recipient}\n${identity}\n`

const isRecipient = Schema.is(Recipient)

/** The public key in a file that holds one, such as recovery.pub; comments and empty lines are passed over. */
export const parseRecipient = (text: string): Recipient | undefined => {
  const [line, ...more] = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"))
  const recipient = line?.trim()
  if (more.length > 0 || !isRecipient(recipient)) return undefined
  try {
    return bech32.decodeToBytes(recipient).bytes.length === 32 ? recipient : undefined
  } catch {
    return undefined
  }
}

/** The key pair in a file of age-keygen's: its one line that is neither empty nor a comment. */
export const parseKeyFile = (text: string): KeyPair | undefined => {
  const [line = "", ...more] = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"))
  if (more.length > 0 || line.length > 200) return undefined
  try {
    const { bytes, prefix } = bech32.decodeToBytes(line.trim())
    return prefix.toUpperCase() === identityPrefix && bytes.length === 32 ? keyPairOf(bytes) : undefined
  } catch {
    return undefined
  }
}
