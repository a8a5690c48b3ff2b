// The agent: one engine on one host, and the things that wake it. Read it from `run` upwards.

import * as fs from "node:fs"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Random from "effect/Random"
import { Activator } from "./activations/activator.ts"
import { endSessions } from "./activations/sessions.ts"
import type { Controller } from "./contract/controller.ts"
import type { Facts } from "./contract/facts.ts"
import type { HostKey, ResourceFailure } from "./contract/resource.ts"
import type { Engine } from "./engine.ts"
import { evidence } from "./evidence.ts"
import { Fights } from "./fights.ts"
import { Fingerprints } from "./fingerprints.ts"
import { PruneGuard } from "./guards.ts"
import * as Hearing from "./hearing.ts"
import { Host } from "./host/host.ts"
import { hostLoad } from "./host/load.ts"
import { hostPath } from "./host/path.ts"
import { Inventory } from "./inventory.ts"
import * as Journal from "./journal.ts"
import { type RecordKey, recordKey } from "./keys.ts"
import { measure } from "./measure.ts"
import * as Metrics from "./metrics.ts"
import { notesOf } from "./notes.ts"
import * as Notices from "./notices/notices.ts"
import * as Outbox from "./outbox.ts"
import { nodePolicy, nodeRecordKey, type Pause } from "./policy.ts"
import * as Queue from "./queue.ts"
import { reconcile } from "./reconcile.ts"
import { type KindSchema, Records } from "./records.ts"
import * as Relist from "./relist.ts"
import * as Runs from "./runs.ts"
import { answerSecretExports } from "./secret-exports.ts"
import { type Open, openWith } from "./secrets.ts"
import { Standings } from "./standing.ts"
import { DesiredState, patiently } from "./store.ts"
import { Surveys } from "./surveys.ts"
import { heartbeat, readSurveys, sweep } from "./sweep.ts"
import * as Traffic from "./traffic.ts"
import type { Types } from "./types.ts"
import { Waits } from "./waits.ts"

/** Gone with a boot. */
const lookedMark = "/run/plumbline-looked"

export interface Options {
  readonly node: string
  readonly kinds: ReadonlyMap<string, KindSchema>
  readonly controllers: ReadonlyArray<Controller<never>>
  readonly types: Types
  /** What the host can do, looked up afresh. `port`: where the node's record wants sites to answer. */
  readonly facts: (engine: Pick<Engine, "records">) => Effect.Effect<Facts, ResourceFailure, Host>
  /** Opens what is sealed for this host; left out, nothing can be. */
  readonly open?: Open
  /** Between two full passes, give or take a tenth. */
  readonly resyncSeconds?: number
  /** Between two looks at the list of records, and at what no path tells. */
  readonly relistSeconds?: number
  /** Between two looks at the figures of what the records have on the host. */
  readonly measureSeconds?: number
  readonly concurrency?: number
  readonly backoff?: Queue.Options<RecordKey, never>["backoff"]
}

export interface Agent {
  readonly engine: Engine
  readonly queue: Queue.WorkQueue<RecordKey>
  readonly desire: Relist.Desire
  /** One full pass, now. */
  readonly sweep: Effect.Effect<void, never, Host>
  /** Everything that is queued is done, and what it had to say is written. */
  readonly settled: Effect.Effect<void>
  /** Brings the figures for Prometheus up to date. */
  readonly collect: Effect.Effect<void>
  /** Ends never: looks at everything once, says `ready`, and then at whatever changes. */
  readonly run: (ready: Effect.Effect<void>) => Effect.Effect<never, never, Host>
}

export const make = Effect.fnUntraced(function* (options: Options) {
  const host = yield* Host
  const store = yield* DesiredState
  const activator = yield* Activator

  // What is owned and how everything stood: without knowing that, nothing may be touched.
  yield* patiently(store.list)
  const inventory = new Inventory(yield* patiently(store.inventory))
  host.claims.isClaimed = (key) => inventory.ownerOf(key) !== undefined
  const standings = new Standings(yield* patiently(store.statuses))
  const fights = new Fights()
  for (const [, { details }] of standings.all()) fights.restore(details.fought ?? [])

  const journal = yield* Journal.make
  const records = new Records(options.kinds)
  const outbox = Outbox.make(store)
  let facts = yield* options.facts({ records })
  let pauses: ReadonlyArray<Pause> = []

  const fingerprints = new Fingerprints((path) => host.files.real(hostPath(path)))
  const surveys = new Surveys()
  const suspects = new Set<RecordKey>()
  const node = nodeRecordKey(options.node)

  const hearing = yield* Hearing.make({
    root: host.root,
    fingerprints,
    suspects,
    wake: (record) => engine.wake(record, "drift"),
  })

  const meter = yield* Metrics.make(() => engine)
  const engine: Engine = {
    node: options.node,
    types: options.types,
    controllers: new Map(options.controllers.map((controller) => [controller.kind, controller])),
    store,
    activator,
    journal,
    evidence,
    outbox,
    records,
    inventory,
    standings,
    sinceBoot: host.kind === "live" && !fs.existsSync(lookedMark),
    fingerprints,
    surveys,
    fights,
    guard: new PruneGuard(),
    waitsForKey: new Waits<HostKey>(),
    waitsForRecord: new Waits<RecordKey>(),
    unwanted: new Waits<HostKey>(),
    kept: new Waits<HostKey>(),
    suspects,
    counts: { drifted: 0 },
    open: options.open ?? openWith(undefined),
    facts: () => facts,
    pauses: () => pauses,
    wake: (record, why) => {
      if (why === "edit") meter.asked(record)
      queue.add(record, why)
    },
    watched: hearing.watched,
    notes: () => notesOf(engine),
    refresh: Effect.suspend(() => desire.relist("edit")),
    forget: (record) => {
      records.remove(record)
      standings.forget(record)
      engine.unwanted.clear(record)
      fingerprints.forget(record)
      suspects.delete(record)
      hearing.forget(record)
      queue.forget(record)
    },
  }
  const queue = yield* Queue.make<RecordKey, Host>({
    work: meter.measured(reconcile(engine)),
    concurrency: options.concurrency ?? 16,
    meter: meter.queue,
    ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
  })
  const wakeAll = (why: Queue.Priority) => {
    for (const stored of records.all()) {
      const key = recordKey(stored.kind, stored.name)
      suspects.add(key)
      queue.add(key, why)
    }
  }

  /** Facts are rendered from: when they change, every record is looked at. */
  const refreshFacts = Effect.gen(function* () {
    const next = yield* options.facts({ records })
    if (Equal.equals(next, facts)) return
    facts = next
    yield* Effect.logInfo("The host has changed what it can do: every record is looked at again.")
    yield* store.writeNode(facts)
    wakeAll("resync")
  }).pipe(
    Effect.catch((failure) => Effect.logWarning(`The facts are as before: ${failure.message}`)),
    Effect.provideService(Host, host),
  )

  const desire = Relist.make(engine, {
    setPauses: (next) => {
      pauses = next
    },
    nodeKnown: refreshFacts,
    nodeChanged: Effect.andThen(
      refreshFacts,
      Effect.sync(() => wakeAll("edit")),
    ),
    back: Effect.sync(() => {
      outbox.retry()
      for (const [key, standing] of standings.all()) {
        if (standing.conditions.some((condition) => condition.reason === "StoreAway")) queue.add(key, "edit")
      }
      if (JSON.stringify(standings.get(node)?.details.storeAway) !== JSON.stringify(notesOf(engine).storeAway)) {
        suspects.add(node)
        queue.add(node, "drift")
      }
    }),
  })
  const relist = (why: Queue.Priority) =>
    desire
      .relist(why)
      .pipe(Effect.catch((failure) => Effect.logDebug(`The list of records was not read: ${failure.message}`)))

  const onePass = Effect.andThen(
    refreshFacts,
    sweep(engine, (keys) => queue.settled(keys)),
  )

  /** Everything for real, once: no print of an earlier run is believed. */
  const coldPass = Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    engine.guard.begin(inventory.size)
    yield* readSurveys(engine)
    yield* patiently(store.writeNode(facts, hostLoad(host.root)))
    yield* patiently(desire.relist("resync"))
    yield* Journal.replay(engine)
    yield* queue.settled()
    yield* heartbeat(engine, began)
    yield* outbox.flush
    if (engine.sinceBoot) yield* Effect.ignore(Effect.try(() => fs.writeFileSync(lookedMark, "", { mode: 0o600 })))
  })

  const every = (seconds: number, what: Effect.Effect<void, never, Host>) =>
    Effect.forever(
      Effect.gen(function* () {
        yield* Effect.sleep(1000 * seconds * (yield* Random.nextBetween(0.9, 1.1)))
        yield* what
      }),
    )

  const run = (ready: Effect.Effect<void>) =>
    Effect.gen(function* () {
      yield* Effect.forkScoped(outbox.run)
      yield* coldPass
      yield* ready
      return yield* Effect.all(
        [
          store.listen((hints) =>
            Effect.andThen(
              desire.hear(hints),
              hints.some(({ hint }) => hint !== "record") ? secretsAsked : Effect.void,
            ),
          ),
          every(
            options.relistSeconds ?? 30,
            Effect.all([relist("edit"), readSurveys(engine), wakeAtEndOfPauses, secretsAsked, sessionsInTime], {
              discard: true,
            }),
          ),
          every(options.resyncSeconds ?? 300, onePass),
          // Says that it is there: an agent that is silent for a minute counts as away.
          every(15, Effect.ignore(Effect.suspend(() => store.writeNode(facts, hostLoad(host.root))))),
          Effect.andThen(measureAll, every(options.measureSeconds ?? 300, measureAll)),
          Effect.andThen(countTraffic, every(options.measureSeconds ?? 300, countTraffic)),
          hearing.run,
          Runs.bring(store, options.relistSeconds ?? 30, notices),
          notices.run,
          ...[...options.types.values()].flatMap(({ tends }) => (tends === undefined ? [] : [tends])),
        ],
        { concurrency: "unbounded" },
      ).pipe(Effect.andThen(Effect.never))
    }).pipe(Effect.scoped)

  const secretsAsked = answerSecretExports(engine).pipe(Effect.provideService(Host, host))
  const notices = Notices.make({
    node: options.node,
    store,
    allowed: () => nodePolicy(options.node, records).webhooks.allow,
  })

  /** Looked at each time anew: who is logged in is another question than a moment ago. */
  const sessionsInTime = Effect.suspend(() => endSessions(host, "all"))

  const figures = new Map<string, number>()
  const measureAll = measure(engine, figures)
  const countTraffic = Traffic.count(store)

  let looked = 0
  /** A pause with an end ends by itself: nobody writes to the table then. */
  const wakeAtEndOfPauses = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const ended = pauses.some(
      (pause) => pause.untilMillis !== undefined && pause.untilMillis <= now && pause.untilMillis > looked,
    )
    looked = now
    if (ended) wakeAll("edit")
  })

  return {
    engine,
    queue,
    desire,
    sweep: onePass,
    settled: Effect.andThen(queue.settled(), outbox.flush),
    collect: Effect.suspend(() => meter.collect(queue)),
    run,
  } satisfies Agent
})
