// The agent's program: where everything is wired together. The one file of the reconciler that knows the controllers.
//
//   DATABASE_URL          the Postgres of the control plane
//   PLUMB_NODE            the name of this node; the host's name when not given
//   PLUMB_HOST            live: this machine, as root (the default). directory: a folder
//   PLUMB_HOST_ROOT       the folder of a directory host
//   PLUMB_HOST_SERVICES   off: a directory host runs neither nginx nor PHP, whatever this machine has
//   PLUMB_HTTP_PORT       where sites answer; otherwise as the node's record says
//   PLUMB_HTTPS_PORT      where they answer over HTTPS; otherwise as the node's record says, and nowhere on a folder
//   PLUMB_RESYNC_SECONDS  between two full passes, 300 when not given
//   PLUMB_RELIST_SECONDS  between two looks at the list of records, and at users and units, 30 when not given
//   PLUMB_MEASURE_SECONDS between two looks at the figures of what records have on the host, 300 when not given
//   PLUMB_AGENT_METRICS   where Prometheus reads: 9464 for that port of 127.0.0.1, or ADDRESS:PORT; nowhere when not given
//   PLUMB_LOG             pretty, logfmt or json; pretty on a terminal, else logfmt
//   PLUMB_CRASH_AT        for tests: end as a power cut would, at the Nth side effect

import { hash } from "node:crypto"
import { hostname } from "node:os"
import { setFlagsFromString } from "node:v8"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import { controllers } from "../controllers/index.ts"
import { listenAddress } from "../spec/listen-address.ts"
import * as Activator from "./activations/activator.ts"
import * as Agent from "./agent.ts"
import { pepperDigests } from "./drift.ts"
import { directory } from "./host/directory.ts"
import { observeFacts } from "./host/facts.ts"
import { live } from "./host/live.ts"
import { sealKey } from "./host/seal-key.ts"
import { crashAt, onSideEffect } from "./host/side-effect.ts"
import { kindSchemas } from "./kinds.ts"
import { nodePolicy } from "./policy.ts"
import * as Postgres from "./postgres.ts"
import { resourceTypes } from "./resources/index.ts"
import { openWith } from "./secrets.ts"

// The first pass over a thousand sites would otherwise leave a heap of 300 MB that V8 never gives back; so it is 140.
setFlagsFromString("--optimize-for-size")

const settings = Config.all({
  url: Config.Redacted("DATABASE_URL"),
  node: Config.String("PLUMB_NODE").pipe(Config.withDefault(hostname().toLowerCase())),
  host: Config.Literals(["live", "directory"], "PLUMB_HOST").pipe(Config.withDefault("live" as const)),
  root: Config.option(Config.String("PLUMB_HOST_ROOT")),
  services: Config.Literals(["on", "off"], "PLUMB_HOST_SERVICES").pipe(Config.withDefault("on" as const)),
  port: Config.option(Config.Port("PLUMB_HTTP_PORT")),
  httpsPort: Config.option(Config.Port("PLUMB_HTTPS_PORT")),
  resyncSeconds: Config.Int("PLUMB_RESYNC_SECONDS").pipe(Config.withDefault(300)),
  relistSeconds: Config.Int("PLUMB_RELIST_SECONDS").pipe(Config.withDefault(30)),
  measureSeconds: Config.Int("PLUMB_MEASURE_SECONDS").pipe(Config.withDefault(300)),
  metrics: Config.option(Config.String("PLUMB_AGENT_METRICS")),
  crashAt: Config.option(Config.String("PLUMB_CRASH_AT")),
})

const program = Effect.gen(function* () {
  const { node, host, port, httpsPort, metrics, resyncSeconds, relistSeconds, measureSeconds } = yield* settings
  const key = yield* sealKey
  if (key !== undefined) pepperDigests(hash("sha256", `digests ${key.identity}`, "hex"))
  const agent = yield* Agent.make({
    node,
    kinds: kindSchemas,
    controllers,
    types: resourceTypes,
    open: openWith(key?.identity),
    resyncSeconds,
    relistSeconds,
    measureSeconds,
    facts: ({ records }) => {
      const { acme, http } = nodePolicy(node, records)
      const own =
        host === "live" ? { httpPort: http.port, httpsPort: http.httpsPort === "none" ? null : http.httpsPort } : {}
      return observeFacts({
        ...own,
        ...Option.match(port, { onNone: () => ({}), onSome: (httpPort) => ({ httpPort }) }),
        ...Option.match(httpsPort, { onNone: () => ({}), onSome: (httpsPort) => ({ httpsPort }) }),
        ...(key === undefined ? {} : { recipient: key.recipient }),
        acme: {
          directory: acme.directory,
          email: acme.email ?? null,
          trust: acme.trust ?? null,
          addresses: http.addresses,
        },
      })
    },
  })
  if (Option.isSome(metrics)) {
    const { serveMetrics } = yield* Effect.promise(() => import("./metrics-server.ts"))
    const address = listenAddress(metrics.value)
    if (address === undefined)
      return yield* Effect.die(`PLUMB_AGENT_METRICS is ${metrics.value}; write a port, or ADDRESS:PORT.`)
    yield* serveMetrics(address, agent.collect)
  }
  const ready = Effect.suspend(() =>
    Effect.logInfo("ready").pipe(Effect.annotateLogs({ node, host, records: agent.engine.records.size })),
  )
  return yield* agent.run(ready)
})

const wiring = Effect.gen(function* () {
  const { url, node, host, root, services, crashAt: crash } = yield* settings
  if (Option.isSome(crash)) onSideEffect(crashAt(crash.value))
  if (host === "directory" && Option.isNone(root)) {
    return yield* Effect.die("PLUMB_HOST=directory needs PLUMB_HOST_ROOT, the folder that is the host.")
  }
  const machine =
    Option.isSome(root) && host === "directory" ? directory(root.value, { services: services === "on" }) : live
  return Layer.mergeAll(Postgres.layer({ node, url }), Activator.layer()).pipe(Layer.provideMerge(machine))
}).pipe(Layer.unwrap)

const logger = Logger.layer([
  { pretty: Logger.consolePretty(), json: Logger.consoleJson, logfmt: Logger.consoleLogFmt }[
    process.env["PLUMB_LOG"] ?? (process.stdout.isTTY ? "pretty" : "logfmt")
  ] ?? Logger.consoleLogFmt,
])

// A closed terminal or a reader of the log that went away is no reason to stop.
const ignored = (): void => undefined
process.on("SIGHUP", ignored)
process.stdout.on("error", ignored)
process.stderr.on("error", ignored)

program.pipe(Effect.scoped, Effect.provide(Layer.provideMerge(wiring, logger)), NodeRuntime.runMain)
