/**
 * Access tokens: JWTs (RFC 7519) that say which session somebody is in, for ten minutes. Of a fixed algorithm, type and audience
 * (RFC 8725; RFC 9068 for the type).
 *
 * The one thing to know before changing it: a token alone lets nobody in. Its session is asked for with every request.
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { errors, jwtVerify, SignJWT } from "jose"
import { algorithm, SigningKeys } from "./signing-keys.ts"

/** In seconds. */
export const accessTokenLifetime = 600

const issuer = "plumbline"
const audience = "plumbline-api"
const type = "at+jwt"

export const issueAccessToken = Effect.fn("accessTokens.issue")(function* (user: string, session: string) {
  const keys = yield* SigningKeys
  const { id, privateKey } = yield* keys.current
  const now = Math.floor(DateTime.toEpochMillis(yield* DateTime.now) / 1000)
  return yield* Effect.promise(() =>
    new SignJWT({ sid: session })
      .setProtectedHeader({ alg: algorithm, kid: id, typ: type })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(user)
      .setIssuedAt(now)
      .setExpirationTime(now + accessTokenLifetime)
      .sign(privateKey),
  )
})

/** Why a token is not believed, for the audit trail: whoever sent it is told only that it is not. */
export type Refusal = "expired" | "unknown-key" | "not-ours"

export type Verified = { readonly user: string; readonly session: string } | { readonly refused: Refusal }

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Looks like a token of ours: anything else is not worth a look, and no event. */
export const looksLikeToken = (text: string): boolean =>
  text.length <= 2000 && /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(text)

const keyIdOf = (token: string): string | undefined => {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf(".")), "base64url").toString("utf8"))
    if (typeof header !== "object" || header === null || !("kid" in header)) return undefined
    return typeof header.kid === "string" && uuid.test(header.kid) ? header.kid : undefined
  } catch {
    return undefined
  }
}

/** What was found good of the last so many tokens: most requests bear the one of the request before. */
const remembered = 10_000

interface Good {
  /** The id of the key that signed it. */
  readonly key: string
  readonly user: string
  readonly session: string
  /** In seconds, as in the token. */
  readonly expires: number
}

/** One that is remembered is looked at for its end alone, and whether its key is believed still. */
export const verifier = (keys: typeof SigningKeys.Service) => {
  const good = new Map<string, Good>()

  const remember = (mark: string, one: Good): Good => {
    for (const oldest of good.keys()) {
      if (good.size < remembered) break
      good.delete(oldest)
    }
    good.set(mark, one)
    return one
  }

  /** `hash` is the token's. */
  return Effect.fnUntraced(function* (token: string, hash: Buffer) {
    const mark = hash.toString("base64")
    const known = good.get(mark)
    const id = known?.key ?? keyIdOf(token)
    const key = id === undefined ? undefined : yield* keys.find(id)
    if (id === undefined) return { refused: "not-ours" } satisfies Verified
    if (key === undefined) return { refused: "unknown-key" } satisfies Verified
    const now = yield* Clock.currentTimeMillis
    if (known !== undefined) return known.expires * 1000 > now ? known : ({ refused: "expired" } satisfies Verified)
    return yield* Effect.promise(() =>
      jwtVerify(token, key, {
        algorithms: [algorithm],
        typ: type,
        issuer,
        audience,
        requiredClaims: ["exp", "iat", "sub", "sid"],
        currentDate: new Date(now),
      }).then(
        ({ payload: { exp, sid, sub } }): Verified =>
          typeof sid === "string" && uuid.test(sid) && sub !== undefined && uuid.test(sub) && exp !== undefined
            ? remember(mark, { key: id, user: sub, session: sid, expires: exp })
            : { refused: "not-ours" },
        (error): Verified => ({ refused: error instanceof errors.JWTExpired ? "expired" : "not-ours" }),
      ),
    )
  })
}
