// Activations of many records, merged into rounds: one daemon-reload, each unit once, one test and one reload of nginx for
// all that changed together. A record learns its own outcome and nobody else's. The order in a round is the whole safety:
// what nginx will send requests to runs before nginx hears of it.

import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type { Activation, ResourceFailure } from "../contract/resource.ts"
import { Host, type HostShape } from "../host/host.ts"
import { nginxUnit } from "../host/nginx.ts"
import { activated } from "../metrics.ts"
import { membersOf, mergeUnits } from "./merge.ts"
import { activateNginx } from "./nginx-activation.ts"
import { syncNext } from "./nginx-trees.ts"
import { accountsOf, endSessions } from "./sessions.ts"
import { reloadSshd } from "./sshd.ts"
import { runUnits } from "./units.ts"

export interface ActivatorShape {
  /**
   * A pass over this record is under way and may submit: the round waits for it (at most `maxWaitMs`). Call it as early as
   * the engine knows, when a key is queued or taken; calling it again is harmless.
   */
  readonly expect: (recordKey: string) => Effect.Effect<void>
  /** The pass ended, whether it submitted or not. */
  readonly settled: (recordKey: string) => Effect.Effect<void>
  /** Comes back when the round that carried these activations ended, with this record's own outcome. Also ends `expect`. */
  readonly submit: (recordKey: string, activations: ReadonlyArray<Activation>) => Effect.Effect<void, ResourceFailure>
}

export class Activator extends Context.Service<Activator, ActivatorShape>()(
  "plumbline/reconciler/activations/Activator",
) {}

export interface ActivatorOptions {
  /** The longest that a round waits for passes that are expected. */
  readonly maxWaitMs: number
  /** So long nothing more comes, and the round begins. */
  readonly gapMs: number
}

interface Submission {
  readonly activations: ReadonlyArray<Activation>
  readonly outcome: Deferred.Deferred<void, ResourceFailure>
}

export const make = (options: ActivatorOptions) =>
  Effect.gen(function* () {
    const host = yield* Host
    const inbox = yield* Queue.unbounded<Submission>()
    const expected = new Set<string>()

    /** The first to come opens a round; it closes when nobody is expected any more, or after a while. */
    const gather = Effect.gen(function* () {
      const round: Array<Submission> = [yield* Queue.take(inbox)]
      const opened = yield* Clock.currentTimeMillis
      for (;;) {
        yield* Effect.sleep(options.gapMs)
        const more = yield* Queue.clear(inbox)
        round.push(...more)
        const waited = (yield* Clock.currentTimeMillis) - opened
        if (waited >= options.maxWaitMs || (more.length === 0 && expected.size === 0)) return round
      }
    })
    const rounds = Effect.gen(function* () {
      for (;;) {
        const round = yield* gather
        const began = yield* Clock.currentTimeMillis
        const outcomes = yield* Effect.exit(runRound(host, round))
        yield* activated((yield* Clock.currentTimeMillis) - began)
        for (const submission of round) {
          const failure = Exit.isSuccess(outcomes) ? outcomes.value.get(submission) : undefined
          const exit = Exit.isFailure(outcomes) ? outcomes : failure === undefined ? Exit.void : Exit.fail(failure)
          yield* Deferred.done(submission.outcome, exit)
        }
      }
    })
    // Whatever keeps it from tidying up keeps the first round from going live too, and that one tells its records.
    yield* Effect.catch(syncNext, (failure) =>
      Effect.logWarning(`The nginx trees were left as they are: ${failure.message}`),
    )
    yield* Effect.forkScoped(rounds)

    return Activator.of({
      expect: (recordKey) => Effect.sync(() => void expected.add(recordKey)),
      settled: (recordKey) => Effect.sync(() => void expected.delete(recordKey)),
      submit: (recordKey, activations) =>
        Effect.gen(function* () {
          expected.delete(recordKey)
          if (activations.length === 0) return
          const outcome = Deferred.makeUnsafe<void, ResourceFailure>()
          yield* Queue.offer(inbox, { activations, outcome })
          yield* Deferred.await(outcome)
        }),
    })
  })

export const layer = (options: ActivatorOptions = { maxWaitMs: 300, gapMs: 5 }) =>
  Layer.effect(Activator, make(options))

/** Who failed, and why; whoever is not in it succeeded. */
const runRound = (host: HostShape, round: ReadonlyArray<Submission>) =>
  Effect.gen(function* () {
    const failures = new Map<Submission, ResourceFailure>()
    const fail = (failure: ResourceFailure, affected: (activation: Activation) => boolean) => {
      for (const submission of round) {
        if (!failures.has(submission) && submission.activations.some(affected)) failures.set(submission, failure)
      }
    }
    const all = round.flatMap((submission) => submission.activations)

    if (all.some(({ kind }) => kind === "daemon-reload")) {
      const reloaded = yield* Effect.result(host.systemd.daemonReload)
      if (reloaded._tag === "Failure") fail(reloaded.failure, ({ kind }) => kind === "daemon-reload")
    }

    const units = mergeUnits(all)
    const failedUnits = yield* runUnits(host.systemd, new Map([...units].filter(([name]) => name !== nginxUnit)))
    for (const [name, failure] of failedUnits) fail(failure, (one) => one.kind === "unit" && one.name === name)

    if (all.some(({ kind }) => kind === "sshd")) {
      const reloaded = yield* Effect.result(reloadSshd(host))
      if (reloaded._tag === "Failure") fail(reloaded.failure, ({ kind }) => kind === "sshd")
    }
    for (const [account, failure] of yield* endSessions(host, accountsOf(all)))
      fail(failure, (one) => one.kind === "sessions" && one.account === account)

    // A record whose unit does not run keeps what it has in nginx: better the old answer than none.
    const withheld = membersOf([...failures.keys()].flatMap((submission) => submission.activations))
    host.nginx.takeStaged(withheld)
    const members = membersOf(round.filter((one) => !failures.has(one)).flatMap((one) => one.activations))
    const wish = units.get(nginxUnit)
    if (members.size > 0 || wish !== undefined) {
      const action = wish === "restart" || members.size === 0 ? (wish ?? "reload") : "reload"
      const refused = yield* activateNginx(members, action).pipe(Effect.provideService(Host, host))
      for (const [member, failure] of refused.members)
        fail(failure, (one) => one.kind === "nginx" && one.member === member)
      const { whole } = refused
      if (whole) fail(whole, (one) => one.kind === "nginx" || (one.kind === "unit" && one.name === nginxUnit))
    }
    return failures
  })
