/**
 * Who is asking. Every endpoint behind `Authenticated` runs with an `Actor`, and that is all that the rest of the API
 * knows of identity: whoever brings users, roles and tenants replaces the layer of `Authenticated` and nothing else.
 */
import * as Context from "effect/Context"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import { Unauthenticated } from "./problems.ts"

export class Actor extends Context.Service<
  Actor,
  {
    /** As it stands in revisions and pauses. */
    readonly name: string
    readonly role: "administrator"
  }
>()("plumbline/api/Actor") {}

export class Authenticated extends HttpApiMiddleware.Service<Authenticated, { provides: Actor }>()(
  "plumbline/api/Authenticated",
  { security: { bearer: HttpApiSecurity.bearer }, error: Unauthenticated },
) {}
