/**
 * The one identity of this release: a local administrator, who is whoever can read `PLUMB_HOME/admin.token`.
 *
 * The one thing to know before changing it: the token is compared by digest in constant time, and never stands in a log, a
 * URL or an answer. Removing the file and starting again makes a new one.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Actor, Authenticated } from "./identity.ts"
import { Unauthenticated } from "./problems.ts"

export class TokenUnusable extends Schema.TaggedError<TokenUnusable>()("TokenUnusable", {
  path: Schema.String,
  message: Schema.String,
}) {}

export const tokenPath = (home: string): string => join(home, "admin.token")

/** Reads the token, or makes one of 256 random bits where there is none. Only the owner of the file may read it. */
export const adminToken = (home: string): Effect.Effect<Redacted.Redacted, TokenUnusable> =>
  Effect.try({
    try: () => {
      const path = tokenPath(home)
      mkdirSync(home, { recursive: true, mode: 0o700 })
      try {
        // "wx" neither follows a link nor opens what is there: of two that start at once, one makes the file.
        writeFileSync(path, `${randomBytes(32).toString("base64url")}\n`, { flag: "wx", mode: 0o600 })
      } catch (error) {
        if (!(Predicate.hasProperty(error, "code") && error.code === "EEXIST")) throw error
        chmodSync(path, 0o600)
      }
      const token = readFileSync(path, "utf8").trim()
      if (!/^[A-Za-z0-9_-]{43}$/.test(token)) throw new Error("it does not hold a token; remove it to get a new one")
      return Redacted.make(token)
    },
    catch: (cause) =>
      new TokenUnusable({
        path: tokenPath(home),
        message: `The token in ${tokenPath(home)} cannot be used: ${cause instanceof Error ? cause.message : cause}`,
      }),
  })

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Lets those in who bear this token, as the administrator. */
export const layer = (token: Redacted.Redacted): Layer.Layer<Authenticated> => {
  const expected = digest(Redacted.value(token))
  return Layer.succeed(Authenticated, {
    bearer: (handle, { credential }) => {
      const given = Redacted.value(credential)
      if (given !== "" && timingSafeEqual(digest(given), expected))
        return Effect.provideService(handle, Actor, { name: "admin", role: "administrator" })
      return Effect.fail(
        new Unauthenticated({
          detail:
            given === ""
              ? "Send the administrator's token, as `Authorization: Bearer TOKEN`."
              : "This is not the administrator's token.",
        }),
      )
    },
  })
}
