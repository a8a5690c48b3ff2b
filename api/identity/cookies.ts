/**
 * What browsers keep: cookies that no script reads, and that no page of another site can use.
 *
 * The one thing to know before changing it: a browser says with every request where it comes from (Fetch Metadata), and no page
 * can make it say otherwise. What comes from elsewhere is not taken for the user's, whatever cookies it brings.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { accessTokenLifetime } from "./access-tokens.ts"
import { accessCookie } from "./actor.ts"

export const refreshCookie = "__Host-plumb-refresh"
export const deviceCookie = "__Host-plumb-device"
/** The refresh token of one's own session, while one sees what another user sees. */
export const returnCookie = "__Host-plumb-return"

const options = { path: "/", secure: true, httpOnly: true, sameSite: "lax" } as const
const days = (count: number) => ({ days: count })

export interface Kept {
  readonly accessToken: string
  readonly refreshToken: string
  readonly deviceToken?: string | undefined
  /** Null takes it away. */
  readonly returnToken?: string | null | undefined
}

const set = (change: (response: HttpServerResponse.HttpServerResponse) => HttpServerResponse.HttpServerResponse) =>
  HttpEffect.appendPreResponseHandler((_request, response) => Effect.succeed(change(response)))

export const keep = ({ accessToken, deviceToken, refreshToken, returnToken }: Kept) =>
  set((response) => {
    const cookies: ReadonlyArray<readonly [string, string | undefined, Duration.Input]> = [
      [accessCookie, accessToken, { seconds: accessTokenLifetime }],
      [refreshCookie, refreshToken, days(7)],
      [deviceCookie, deviceToken, days(365)],
      [returnCookie, returnToken === null ? "" : returnToken, returnToken === null ? 0 : { hours: 1 }],
    ]
    return cookies.reduce(
      (made, [name, value, maxAge]) =>
        value === undefined ? made : HttpServerResponse.setCookieUnsafe(made, name, value, { ...options, maxAge }),
      response,
    )
  })

const without = (...names: ReadonlyArray<string>) =>
  set((response) =>
    names.reduce(
      (made, name) => HttpServerResponse.setCookieUnsafe(made, name, "", { ...options, maxAge: 0 }),
      response,
    ),
  )

/** Of a session that has ended: there may be another one to go back to. */
export const drop = without(accessCookie, refreshCookie)

/** But not who the device is: the next log-in comes from the same one. */
export const dropAll = without(accessCookie, refreshCookie, returnCookie)

const safe = new Set(["GET", "HEAD"])

/** Whether the user's own page, or the user at the address bar, sent it. */
export const isOwn = ({ headers, method }: HttpServerRequest): boolean => {
  const site = headers["sec-fetch-site"]
  if (site !== undefined) return site === "same-origin" || (site === "none" && safe.has(method))
  // A browser from before 2023 names its page with every write; a program with cookies and no such word is none of ours.
  const origin = headers["origin"]
  if (origin === undefined) return safe.has(method)
  return URL.canParse(origin) && new URL(origin).host === headers["host"]
}
