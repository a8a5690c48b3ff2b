/**
 * Password hashes: argon2id (RFC 9106), in the PHC form that other programs read.
 *
 * The one thing to know before changing it: a hash takes 19 MB and 15 ms of a core, in a thread of libuv's pool. Only a few run at
 * once, so that a wave of log-ins leaves the rest of the API its threads, and more than can be waited for are refused.
 */
import { randomBytes, timingSafeEqual } from "node:crypto"
import { hashRaw } from "@node-rs/argon2"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Semaphore from "effect/Semaphore"
import { Unavailable } from "../problems.ts"

export interface Cost {
  /** In KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

export interface Hash extends Cost {
  readonly salt: Buffer
  readonly tag: Buffer
}

/** The least of OWASP's password storage cheat sheet (2026). */
export const cost: Cost = { memory: 19_456, passes: 2, parallelism: 1 }

const base64 = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "")

export const printHash = ({ memory, parallelism, passes, salt, tag }: Hash): string =>
  `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`

/** Undefined for what is no such hash, or one that would take longer than anybody waits. */
export const parseHash = (text: string): Hash | undefined => {
  const found =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(text)
  if (found === null) return undefined
  const [, memory, passes, parallelism, salt = "", tag = ""] = found
  const hash = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  }
  const bearable = hash.memory <= 1_048_576 && hash.passes >= 1 && hash.parallelism >= 1
  return bearable && hash.memory >= 8 * hash.parallelism && printHash(hash) === text ? hash : undefined
}

/** NIST SP 800-63B-4, section 3.1.1.2: the same text, however a keyboard composed it. */
const bytesOf = (password: Redacted.Redacted): Buffer => Buffer.from(Redacted.value(password).normalize("NFKC"), "utf8")

const derive = (password: Redacted.Redacted, salt: Buffer, { memory, parallelism, passes }: Cost, tagLength: number) =>
  Effect.promise(() =>
    hashRaw(bytesOf(password), {
      // Argon2id, version 0x13: the package's own names of them are types only.
      ...{ algorithm: 2, version: 1, salt, parallelism },
      ...{ memoryCost: memory, timeCost: passes, outputLen: tagLength },
    }),
  )

export interface Bounds {
  readonly atOnce: number
  readonly waiting: number
}

export class PasswordHashes extends Context.Service<
  PasswordHashes,
  {
    readonly hash: (password: Redacted.Redacted) => Effect.Effect<string, Unavailable>
    /** A hash of null is nobody's: it takes as long and is never right. */
    readonly verify: (password: Redacted.Redacted, hash: string | null) => Effect.Effect<boolean, Unavailable>
    /** Whether it was made at another cost than those of today. */
    readonly isOutdated: (hash: string) => boolean
  }
>()("plumbline/api/identity/PasswordHashes") {
  static readonly layer = (bounds: Bounds = { atOnce: 2, waiting: 100 }) =>
    Layer.sync(PasswordHashes, () => {
      const turns = Semaphore.makeUnsafe(bounds.atOnce)
      let held = 0
      const inTurn = <A>(work: Effect.Effect<A>): Effect.Effect<A, Unavailable> =>
        Effect.suspend(() => {
          if (held >= bounds.atOnce + bounds.waiting)
            return Effect.fail(new Unavailable({ detail: "Too many people log in at this moment. Try again soon." }))
          held += 1
          return Effect.ensuring(
            turns.withPermit(work),
            Effect.sync(() => {
              held -= 1
            }),
          )
        })
      const nobodys: Hash = { ...cost, salt: randomBytes(16), tag: randomBytes(32) }
      return {
        hash: (password) => {
          const salt = randomBytes(16)
          return inTurn(Effect.map(derive(password, salt, cost, 32), (tag) => printHash({ ...cost, salt, tag })))
        },
        verify: (password, hash) => {
          const known = hash === null ? undefined : parseHash(hash)
          const against = known ?? nobodys
          return inTurn(
            Effect.map(
              derive(password, against.salt, against, against.tag.length),
              (tag) => timingSafeEqual(tag, against.tag) && known !== undefined,
            ),
          )
        },
        isOutdated: (hash) => {
          const known = parseHash(hash)
          return known?.memory !== cost.memory || known.passes !== cost.passes || known.parallelism !== cost.parallelism
        },
      }
    })
}
