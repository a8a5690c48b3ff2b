/**
 * What changes, as it changes: the database's notifications, read back into entries and sent to every subscriber.
 *
 * The one thing to know before changing it: an event is a hint and may be lost (a connection that breaks, a subscriber that
 * is too slow). So a stream begins with `resync`, gets another one whenever the connection was lost, and ends when its
 * queue overflows; whoever listens reads the lists again then. Who says which event came last (`Last-Event-ID`) gets what has
 * changed since instead. An id therefore names a moment that is past: what was written before it has been told by now.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { SqlError } from "effect/sql/SqlError"
import type { Event } from "./shapes.ts"
import * as Changes from "./store/changes.ts"
import { asApi, wordsOf } from "./store/database.ts"
import * as Drift from "./store/drift.ts"
import { type Owner, ownersOf, sees } from "./store/owners.ts"
import { operator, type Sight, withSight } from "./store/sight.ts"
import * as Status from "./store/status.ts"

export interface Options {
  /** How often a stream that has nothing to say shows that it is alive: proxies end silent ones. */
  readonly heartbeat?: `${number} seconds` | `${number} millis`
  /** How many events a subscriber may be behind before its stream ends. */
  readonly backlog?: number
  /** How long it takes at most until what is written has been told. */
  readonly settled?: `${number} seconds` | `${number} millis`
}

export interface Follower {
  readonly sight: Sight
  /** The id of the event that came last, as the follower says. */
  readonly since?: string | undefined
  /** Asked with every sign of life: whether whoever follows may still. */
  readonly still: Effect.Effect<boolean>
}

export class Events extends Context.Service<
  Events,
  {
    /** Server-sent events as bytes: of what somebody may see. */
    readonly stream: (follower: Follower) => Stream.Stream<Uint8Array>
    /** Ends all streams, so that a server can stop without waiting for their readers. */
    readonly end: Effect.Effect<void>
  }
>()("plumbline/api/Events") {
  static readonly layer = (url: Redacted.Redacted, options: Options = {}) => Layer.effect(Events, make(url, options))
}

const bytes = new TextEncoder()
/** As `EventSource` reads it: no event name, so that it arrives as "message". */
const encode = (event: Event): Uint8Array => bytes.encode(`data: ${JSON.stringify(event)}\n\n`)
const resync = encode({ type: "resync" })
/** An id without data is no event, and remembered all the same (HTML, section 9.2.6). */
const alive = (id: string | undefined) => bytes.encode(`: alive\n${id === undefined ? "" : `id: ${id}\n`}\n`)
const withId = (id: string | undefined, event: Uint8Array) =>
  id === undefined ? event : Buffer.concat([bytes.encode(`id: ${id}\n`), event])

const make = (url: Redacted.Redacted, { heartbeat = "15 seconds", backlog = 1000, settled = "2 seconds" }: Options) =>
  Effect.gen(function* () {
    const sql = yield* PgClient
    const subscribers = new Map<Queue.Queue<Uint8Array, Cause.Done>, Sight>()
    const send: Send = (event, about) => {
      const told = withId(moments.past, event)
      for (const [queue, sight] of subscribers)
        if ((about === undefined || sees(sight, about)) && !Queue.offerUnsafe(queue, told)) Queue.endUnsafe(queue)
    }
    const isHeard = () => subscribers.size > 0
    /** `past` is old enough to be named; `next` becomes so. */
    const moments: { past: string | undefined; next: string | undefined } = { past: undefined, next: undefined }
    const tick = Effect.gen(function* () {
      const moment = yield* withSight(operator)(Changes.now)
      moments.past = moments.next
      moments.next = Changes.idOf(moment)
    })
    const forget = Effect.sync(() => {
      moments.past = undefined
      moments.next = undefined
    })

    yield* Effect.scoped(
      Effect.flatMap(Effect.retry(Effect.tapError(listen(url), lost), backoff), (queues) =>
        Effect.raceFirst(relay(queues, send, isHeard), Effect.repeat(tick, Schedule.spaced(settled))),
      ),
    ).pipe(
      Effect.catch(lost),
      Effect.andThen(forget),
      Effect.andThen(Effect.sleep("100 millis")),
      Effect.forever,
      Effect.provideService(PgClient, sql),
      Effect.forkScoped,
    )

    /** What has changed since somebody was here last; undefined: nobody can say. */
    const missed = Effect.fnUntraced(
      function* (since: string | undefined, sight: Sight) {
        if (since === undefined) return undefined
        const moment = Changes.momentOf(since, DateTime.toEpochMillis(yield* DateTime.now))
        if (moment === undefined) return undefined
        const most = Math.min(manyAtOnce, backlog - 2)
        const changed = yield* Changes.since(moment, most)
        if (changed === undefined) return undefined
        const keys = changed.map(({ kind, name }) => `${kind}/${name}`)
        const records = new Set(keys.filter((_, index) => changed[index]?.record))
        const events = yield* changesOf(new Set(keys), records)
        const drift = yield* driftSince(moment.drift)
        if (events.length + drift.length > most) return undefined
        return [
          { event: { type: "pauses" } as const, owner: undefined },
          ...events,
          ...drift.map((one) => ({ event: { type: "drift", drift: one.drift } as const, owner: one.owner })),
        ].flatMap(({ event, owner }) => (owner === undefined || sees(sight, owner) ? [encode(event)] : []))
      },
      withSight(operator),
      Effect.catch((error) =>
        Effect.as(Effect.logWarning(`What was missed cannot be told: ${wordsOf(error)}`), undefined),
      ),
      Effect.provideService(PgClient, sql),
    )

    let joined = 0
    /** Thousands that came back at once after a restart shall not all ask at once for ever: each begins at another time. */
    const inTurn = Effect.suspend(() =>
      Effect.sleep(Duration.times(Duration.fromInputUnsafe(heartbeat), 0.5 + ((joined++ * golden) % 1) / 2)),
    )

    const subscription = ({ sight, since }: Follower) =>
      Effect.acquireRelease(
        Effect.gen(function* () {
          const queue = yield* Queue.dropping<Uint8Array, Cause.Done>(backlog)
          // Before it is asked what was missed: what happens meanwhile is told twice rather than never.
          subscribers.set(queue, sight)
          for (const event of (yield* missed(since, sight)) ?? [resync]) Queue.offerUnsafe(queue, event)
          return queue
        }),
        (queue) => Effect.sync(() => subscribers.delete(queue)),
      )
    return Events.of({
      stream: (follower) =>
        Stream.unwrap(
          Effect.map(subscription(follower), (queue) => {
            const sign = Effect.map(follower.still, (still) => {
              if (!still) Queue.endUnsafe(queue)
              return alive(moments.past)
            })
            return Stream.fromQueue(queue).pipe(
              Stream.merge(
                Stream.mapEffect(
                  Stream.flatMap(Stream.fromEffect(inTurn), () => Stream.tick(heartbeat)),
                  () => sign,
                ),
                {
                  haltStrategy: "left",
                },
              ),
            )
          }),
        ),
      end: Effect.sync(() => {
        for (const queue of subscribers.keys()) Queue.endUnsafe(queue)
      }),
    })
  })

/** The part of a turn by which whatever many follow each other lie evenly. */
const golden = (Math.sqrt(5) - 1) / 2

const channels = ["plumb_records", "plumb_status", "plumb_drift"] as const

const backoff = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")])

const lost = (error: SqlError) =>
  Effect.logWarning(`No notifications from the database, will ask again: ${wordsOf(error)}`)

/** One session that listens to everything; its own, because it must not count against those that answer requests. */
const listen = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  const connection = yield* PgConnection.make({
    url,
    applicationName: "plumbline-events",
    startupParameters: asApi,
    connectTimeout: "3 seconds",
  })
  const session = yield* connection.pin
  return yield* Effect.forEach(channels, (channel) => session.listen(channel))
})

/** To those who may see the record that it is about; to all, where it is about none. */
type Send = (event: Uint8Array, about?: Owner) => void

type Notifications = Effect.Success<ReturnType<typeof listen>>

/** Reads back and sends on what changes, until the connection breaks. */
const relay = (queues: Notifications, send: Send, isHeard: () => boolean) =>
  Effect.gen(function* () {
    let seen = yield* withSight(operator)(Drift.newest)
    send(resync)

    yield* Stream.mergeAll(
      queues.map((queue) => Stream.fromQueue(queue)),
      { concurrency: "unbounded" },
    ).pipe(
      // What one transaction changed is read in one go, and a record that changed twice once.
      Stream.groupedWithin(1000, "20 millis"),
      Stream.runForEach((batch) =>
        Effect.gen(function* () {
          const on = (channel: (typeof channels)[number]) =>
            new Set(batch.filter((each) => each.channel === channel).map((each) => each.payload))
          const records = on("plumb_records")
          const changed = new Set([...records, ...on("plumb_status")])
          if (changed.delete("*")) send(encode({ type: "pauses" }))
          if (changed.size > manyAtOnce) send(resync)
          // Whoever comes now reads what is there already: a follower counts from before it is asked what it missed.
          else if (isHeard())
            for (const { event, owner } of yield* withSight(operator)(changesOf(changed, records)))
              send(encode(event), owner)
          if (on("plumb_drift").size === 0) return
          for (const { drift, owner } of yield* withSight(operator)(driftSince(seen))) {
            seen = drift.seq
            send(encode({ type: "drift", drift }), owner)
          }
        }),
      ),
    )
  })

/** More changes than this in one go are cheaper read as a list; as events they would overflow every queue. */
const manyAtOnce = 200

const changesOf = Effect.fnUntraced(function* (changed: ReadonlySet<string>, records: ReadonlySet<string>) {
  if (changed.size === 0) return []
  const keys = [...changed].map((key) => {
    const slash = key.indexOf("/")
    return { kind: key.slice(0, slash), name: key.slice(slash + 1) }
  })
  const entries = new Map((yield* Status.entries(keys)).map((entry) => [`${entry.kind}/${entry.name}`, entry]))
  const owners = yield* ownersOf(keys)
  return keys.map(({ kind, name }) => {
    const key = `${kind}/${name}`
    const event: Event = { type: records.has(key) ? "record" : "status", kind, name, entry: entries.get(key) ?? null }
    return { event, owner: owners.get(key) ?? { kind, name, tenant: null, reseller: null } }
  })
})

const driftSince = Effect.fnUntraced(function* (seen: number) {
  const found = yield* Drift.since(seen)
  const named = found.flatMap(({ kind, name }) => (kind === null || name === null ? [] : [{ kind, name }]))
  const owners = yield* ownersOf(named)
  return found.map((drift) => ({
    drift,
    owner: owners.get(`${drift.kind}/${drift.name}`) ?? {
      kind: drift.kind ?? "",
      name: drift.name ?? "",
      tenant: null,
      reseller: null,
    },
  }))
})
