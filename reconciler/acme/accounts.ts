// The host's account at each ACME server: one key a directory, made and stored before the server ever hears of it, so that
// a crash costs no account: whoever registers the same key again is given the same one (RFC 8555, section 7.3.1).

import { createHash } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { ResourceFailure } from "../contract/resource.ts"
import type { Files } from "../host/files.ts"
import { attempt, type Host } from "../host/host.ts"
import type { HostPath } from "../host/path.ts"
import { acmeAccountsFolder } from "../host/state-folders.ts"
import { type Client, connect, makeKey } from "./client.ts"
import { AcmeFailure } from "./failure.ts"
import { readText, type Wish } from "./wish.ts"

const Stored = Schema.Struct({
  directory: Schema.String,
  key: Schema.String,
  url: Schema.optionalKey(Schema.String),
  /** No request of any site before. */
  retryAtMillis: Schema.optionalKey(Schema.Number),
  /** When orders were made, as long as the server may count them. */
  orders: Schema.Array(Schema.Number),
})
type Stored = typeof Stored.Type

const hour = 3_600_000
/** Let's Encrypt takes 300 orders of an account in three hours. */
const most = { orders: 250, within: 3 * hour }

const pathOf = (directory: string): HostPath =>
  `${acmeAccountsFolder}/${createHash("sha256").update(directory).digest("hex").slice(0, 32)}.json`

const read = (files: Files, directory: string): Stored | undefined => {
  const text = readText(files, pathOf(directory))
  if (text === undefined) return undefined
  try {
    return Option.getOrUndefined(Schema.decodeUnknownOption(Stored)(JSON.parse(text)))
  } catch {
    return undefined
  }
}

const write = (files: Files, stored: Stored): void =>
  files.write(pathOf(stored.directory), `${JSON.stringify(stored)}\n`, { owner: "root", group: "root", mode: 0o600 })

/** Of those that the server may count, and until when there is no room for another. */
const countedBy = (stored: Stored, now: number) => {
  const recent = stored.orders.filter((at) => at > now - most.within)
  return { recent, fullUntil: recent.length < most.orders ? 0 : (recent.at(-most.orders) ?? now) + most.within }
}

/** Nothing is asked of the server before this. */
export const quietUntil = (files: Files, directory: string, now: number): number => {
  const stored = read(files, directory)
  return stored === undefined ? 0 : Math.max(stored.retryAtMillis ?? 0, countedBy(stored, now).fullUntil)
}

const one = Semaphore.makeUnsafe(1)

/** A client with an account that the server knows. */
export const client = (wish: Wish): Effect.Effect<Client, AcmeFailure | ResourceFailure, Host> =>
  one.withPermits(1)(
    Effect.gen(function* () {
      const { directory } = wish
      let stored = yield* attempt(({ files }) => read(files, directory))
      if (stored === undefined) {
        const made: Stored = { directory, key: yield* makeKey, orders: [] }
        stored = made
        yield* attempt(({ files }) => write(files, made))
      }
      const { key, url } = stored
      if (url !== undefined) return yield* connect({ directory, key, url }, wish.trust)
      const fresh = yield* connect({ directory, key, url }, wish.trust)
      const given = yield* fresh.register(wish.email)
      const known: Stored = { ...stored, url: given }
      yield* attempt(({ files }) => write(files, known))
      return yield* connect({ directory, key, url: given }, wish.trust)
    }),
  )

const change = (directory: string, to: (stored: Stored) => Stored) =>
  attempt(({ files }) => {
    const stored = read(files, directory)
    if (stored !== undefined) write(files, to(stored))
  })

/** The server has forgotten it: the same key is registered again. */
export const forgetUrl = (directory: string) => change(directory, ({ url: _, ...rest }) => rest)

/** Before it is made, in one step with the look at those that were: four sites are at it at once, and any may crash. */
export const countOrder = Effect.fnUntraced(function* (directory: string) {
  const now = yield* Clock.currentTimeMillis
  const fullUntil = yield* attempt(({ files }) => {
    const stored = read(files, directory)
    if (stored === undefined) return 0
    const { recent, fullUntil } = countedBy(stored, now)
    if (fullUntil <= now) write(files, { ...stored, orders: [...recent, now] })
    return fullUntil
  })
  if (fullUntil > now)
    return yield* new AcmeFailure({
      reason: "RateLimited",
      message: `This node has ordered ${most.orders} certificates within three hours, and orders the next ones later.`,
      retryAtMillis: fullUntil,
    })
})

export const quiet = (directory: string, until: number) =>
  change(directory, (stored) => ({ ...stored, retryAtMillis: until }))
