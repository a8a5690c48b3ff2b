// Telling people and programs that a run has failed: made when the run is fetched from the spool, sent when it can be, tried
// again for a day, and what became of it written down beside the run.
//
// The one thing to know before changing it: the file of a notice is the truth. It is written before the run leaves the spool
// and taken away once the store knows its end, so that a crash anywhere tells somebody twice at worst, under the same id.

import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { attempt, type Host } from "../host/host.ts"
import { runsFolder } from "../host/state-folders.ts"
import { kindOf, nameOf } from "../keys.ts"
import type { RunRow } from "../runs.ts"
import type { DesiredStateShape, ToldRow } from "../store.ts"
import * as Mail from "./mail.ts"
import * as Notice from "./notice.ts"
import * as Webhook from "./webhook.ts"

const minute = 60_000
export const day = 24 * 60 * minute
const first = 10_000
const longest = 60 * minute
/** Of all records together: a job that fails every minute, and nobody who listens, fill no disk. */
export const most = 2_000
const shownOutput = 4_096

const failures: ReadonlySet<RunRow["outcome"]> = new Set([
  "failed",
  "timed-out",
  "killed",
  "out-of-memory",
  "interrupted",
])

export interface Options {
  readonly node: string
  readonly store: Pick<DesiredStateShape, "writeTold">
  /** Networks that webhooks may reach although they are not public. */
  readonly allowed: () => ReadonlyArray<string>
}

export interface Notices {
  /** Notes whom to tell of these runs. */
  readonly make: (runs: ReadonlyArray<RunRow>) => Effect.Effect<void, never, Host>
  /** What is due, now. Gives when to look again: nothing waits where that is undefined. */
  readonly round: Effect.Effect<number | undefined, never, Host>
  /** Never ends. */
  readonly run: Effect.Effect<never, never, Host>
}

const iso = (millis: number): string => DateTime.formatIso(DateTime.makeUnsafe(millis))

export const make = ({ allowed, node, store }: Options): Notices => {
  const heard = Latch.makeUnsafe(true)

  const waysOf = (run: RunRow) =>
    attempt(({ files }): ReadonlyArray<Notice.Way> => {
      const path = Notice.recipientsOf(run.record)
      if (!failures.has(run.outcome) || files.stat(path)?.type !== "file") return []
      const { mail, webhook } = Schema.decodeUnknownSync(Notice.Recipients)(files.read(path, 65_536).toString("utf8"))
      return [
        ...(mail === undefined ? [] : [{ by: "mail" as const, to: mail }]),
        ...(webhook === undefined ? [] : [{ by: "webhook" as const, ...webhook }]),
      ]
    })

  const noteOne = Effect.fnUntraced(function* (run: RunRow) {
    const now = yield* Clock.currentTimeMillis
    const ways = yield* waysOf(run)
    if (ways.length === 0) return
    const waiting = yield* Notice.read
    const known = new Set(waiting.map(Notice.nameOf))
    for (const way of ways) {
      const notice: Notice.Notice = { way, report: reportOf(node, run), madeAt: now, attempts: 0, nextAt: now }
      if (known.has(Notice.nameOf(notice))) continue
      // Told at once that it is not: the place is for those that have one.
      const over = known.size >= most
      yield* Notice.write(
        over ? { ...notice, over: "given-up", why: `${most} others wait on this node already` } : notice,
      )
    }
    heard.openUnsafe()
  })

  /** Sends it, or says why not. */
  const send = ({ report, way }: Notice.Notice) =>
    Effect.gen(function* () {
      if (way.by === "mail") return yield* Mail.send({ to: way.to, ...wordsOf(report) })
      const timestamp = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      return yield* Webhook.post({
        ...{ url: way.url, secret: way.secret, id: report.run, timestamp, allowed: allowed() },
        body: JSON.stringify(report),
      })
    })

  const attemptOne = Effect.fnUntraced(function* (notice: Notice.Notice) {
    const tried = notice.over === undefined ? yield* Effect.result(send(notice)) : undefined
    const now = yield* Clock.currentTimeMillis
    const attempts = notice.attempts + (tried === undefined ? 0 : 1)
    const next = ((): Notice.Notice => {
      if (tried === undefined) return notice
      if (tried._tag === "Success") return { ...notice, attempts, over: "sent" }
      const why = tried.failure.message.slice(0, 500)
      return now - notice.madeAt >= day ? { ...notice, attempts, why, over: "given-up" } : { ...notice, attempts, why }
    })()
    // Written down before the store is told: whoever was told once is not told again because Postgres is away.
    const pause = Math.min(longest, first * 2 ** Math.min(20, Math.max(0, attempts - 1)))
    const nextAt = now + Math.round(pause * (yield* Random.nextBetween(0.8, 1.2)))
    yield* Notice.write({ ...next, nextAt })
    const told = yield* tell(next, now)
    if (told && next.over !== undefined) yield* Notice.remove(next)
    if (next.over === "given-up")
      yield* Effect.logWarning(
        `${next.report.kind}/${next.report.name}: nobody was told by ${next.way.by}: ${next.why}`,
      )
  })

  /** False: the store does not know the run yet, or cannot be reached. */
  const tell = Effect.fnUntraced(function* (notice: Notice.Notice, now: number) {
    const { report, way } = notice
    const inSpool = yield* attempt(({ files }) => files.stat(`${runsFolder}/${report.run}`) !== undefined)
    if (inSpool) return false
    const row: ToldRow = {
      run: report.run,
      kind: report.kind,
      name: report.name,
      by: way.by,
      state: notice.over ?? "trying",
      at: iso(now),
      why: notice.over === "sent" ? null : (notice.why ?? null),
    }
    return yield* store.writeTold([row]).pipe(
      Effect.as(true),
      Effect.catch((failure) => Effect.succeed(!failure.away)),
    )
  })

  const round = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const due = (yield* Notice.read).filter(({ nextAt }) => nextAt <= now)
    yield* Effect.forEach(due, (notice) => Effect.ignore(attemptOne(notice)), { concurrency: 4, discard: true })
    const left = yield* Notice.read
    return left.length === 0 ? undefined : Math.min(...left.map(({ nextAt }) => nextAt))
  }).pipe(
    Effect.catch((failure) =>
      Effect.as(Effect.logWarning(`What is to be told could not be read: ${failure.message}`), undefined),
    ),
  )

  return {
    make: (runs) =>
      Effect.forEach(
        runs,
        (run) =>
          Effect.catchCause(noteOne(run), (cause) =>
            Effect.logError(`Nobody is told of run ${run.id} of ${run.record}`, cause),
          ),
        { discard: true },
      ),
    round,
    run: Effect.forever(
      Effect.gen(function* () {
        heard.closeUnsafe()
        const next = yield* round
        const now = yield* Clock.currentTimeMillis
        if (next === undefined) yield* heard.await
        else yield* Effect.timeoutOption(heard.await, Math.max(1000, Math.min(next - now, minute)))
      }),
    ),
  }
}

const reportOf = (node: string, run: RunRow): Notice.RunReport => ({
  type: "run.failed",
  node,
  kind: kindOf(run.record),
  name: nameOf(run.record),
  run: run.id,
  outcome: run.outcome,
  exitStatus: run.exitStatus,
  startedAt: iso(run.startedAtMillis),
  endedAt: run.endedAtMillis === null ? null : iso(run.endedAtMillis),
  output: run.output.slice(0, shownOutput),
})

const wordsOf = (report: Notice.RunReport) => {
  const how = report.exitStatus === null ? report.outcome : `${report.outcome} with ${report.exitStatus}`
  const { endedAt, kind, name, node, output, run, startedAt } = report
  return {
    subject: `${kind} ${name} on ${node}: ${how}`,
    text: [
      `${kind} ${name} ran on ${node} from ${startedAt} to ${endedAt ?? "nobody knows when"}: ${how}.`,
      `All of what it wrote: plumb output ${run}`,
      "",
      output === "" ? "It wrote nothing." : output,
      "",
    ].join("\n"),
  }
}
