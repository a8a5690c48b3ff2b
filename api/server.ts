/**
 * The API: what it is made of, on one screen. `contract.ts` says what each endpoint takes and answers.
 *
 * The one thing to know before changing it: handlers write desired state and read what became of it, nothing else. What
 * happens on a host is the agent's business, which they meet in Postgres.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import { Api } from "./contract.ts"
import { Events } from "./events.ts"
import { Limits } from "./gateway/limits.ts"
import * as AsProblems from "./http/as-problems.ts"
import * as Config from "./http/config.ts"
import * as Customer from "./http/customer.ts"
import { type EdgeOptions, edge } from "./http/edge.ts"
import * as Health from "./http/health.ts"
import * as History from "./http/history.ts"
import * as Identity from "./http/identity.ts"
import { listener } from "./http/listener.ts"
import * as Live from "./http/live.ts"
import * as Operator from "./http/operator.ts"
import * as Packages from "./http/packages.ts"
import * as Passwords from "./http/passwords.ts"
import * as Pauses from "./http/pauses.ts"
import * as Records from "./http/records.ts"
import * as Reference from "./http/reference.ts"
import * as Reseller from "./http/reseller.ts"
import * as Runs from "./http/runs.ts"
import * as Secrets from "./http/secrets.ts"
import * as Tenants from "./http/tenants.ts"
import * as Users from "./http/users.ts"
import * as Webhooks from "./http/webhooks.ts"

const routes = HttpApiBuilder.layer(Api, { openapiPath: "/openapi.json" }).pipe(
  Layer.provide([
    // Is it there, and what may a record hold?
    Health.layer,
    // Who is it?
    Identity.loginLayer,
    Identity.sessionsLayer,
    Identity.auditLayer,
    Identity.chainLayer,
    Users.layer,
    // For whom?
    Tenants.resellersLayer,
    Tenants.customersLayer,
    Reseller.layer,
    Operator.layer,
    // What is sold?
    Packages.layer,
    // What is set for the whole installation.
    Config.layer,
    // Who hears of what happens?
    Webhooks.layer,
    // What is wanted.
    Records.layer,
    // The same, from the side of those who own it.
    Customer.websitesLayer,
    Customer.databasesLayer,
    Customer.cronLayer,
    Customer.keysLayer,
    Customer.backupsLayer,
    Customer.dashboardLayer,
    // What was wanted, by whom, and is that the whole truth?
    History.layer,
    // What is so, as it changes, and what differs.
    Live.layer,
    // What nobody may read again.
    Passwords.layer,
    // What only the nodes can open, for the recovery key.
    Secrets.layer,
    // What ran, what runs next, and what is to run now.
    Runs.layer,
    // What is left alone for now.
    Pauses.layer,
  ]),
  Layer.provide(AsProblems.layer),
  // The same to read and to try.
  Layer.merge(Reference.layer),
)

export interface Options extends EdgeOptions {
  readonly port: number
}

/** More than are provided to a request on its way to the handler. */
const providedLater = 32

/** What stands here is not copied for each request when more is provided. */
const atHand = <A, E, R>(serve: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.updateContext(serve, (context: Context.Context<R>) =>
    Context.makeUnsafe<R>(new Map(context.mapUnsafe), { maxDepth: providedLater }),
  )

/** Listens at once; answers 503 until everything that it is provided with stands. */
export const layer = (options: Options) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const events = yield* Events
      const app = yield* HttpRouter.toHttpEffect(routes)
      yield* atHand(HttpServer.serveEffect(edge(options, yield* Limits)(app)))
      // Before the server stops taking requests: an open event stream would hold it for as long as its reader likes.
      yield* Effect.addFinalizer(() => events.end)
    }),
  )

export const httpServer = (options: Options) =>
  NodeHttpServer.layer(listener, {
    host: "127.0.0.1",
    port: options.port,
    gracefulShutdownTimeout: "5 seconds",
  })
