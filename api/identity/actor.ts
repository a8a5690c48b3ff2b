/**
 * Who is asking. Every endpoint behind `Authenticated` runs with an `Actor`, and that is all that the rest of the API
 * knows of identity.
 */
import * as Context from "effect/Context"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import { Forbidden, RateLimited, Unauthenticated, Unavailable } from "../problems.ts"
import type { Sight } from "../store/sight.ts"
import type { Role, Verb } from "./role.ts"
import type { Acting } from "./sessions.ts"

export interface Identity {
  /** As it stands in revisions and pauses. */
  readonly name: string
  readonly role: Role
  /** Of a technical user. */
  readonly verbs: ReadonlyArray<Verb>
  /** What they see. */
  readonly sight: Sight
  /** Null for whoever has the token of this machine's administrator: nobody logs in with it. */
  readonly user: string | null
  readonly session: string | null
  /** The id of a program's token; null for who has logged in. */
  readonly token: string | null
  /** When a password was last given in this session, in milliseconds since 1970; null where none ever is. */
  readonly authenticatedAt: number | null
  /** Who it is that sees what `user` sees; null: the user. */
  readonly acting: Acting | null
  /** Whether they may do nothing before they have a second factor. */
  readonly lacksFactor: boolean
}

export class Actor extends Context.Service<Actor, Identity>()("plumbline/api/Actor") {}

/** The prefix holds browsers to what a cookie of this name must be (RFC 6265bis, section 4.1.3.2). */
export const accessCookie = "__Host-plumb-access"

export class Authenticated extends HttpApiMiddleware.Service<Authenticated, { provides: Actor }>()(
  "plumbline/api/Authenticated",
  {
    security: {
      bearer: HttpApiSecurity.bearer,
      cookie: HttpApiSecurity.apiKey({ in: "cookie", key: accessCookie }),
    },
    error: [Unauthenticated, Forbidden, Unavailable, RateLimited],
  },
) {}
