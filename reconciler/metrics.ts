// What Prometheus is told of an agent: under the names that controller-runtime made known (controller-runtime.sigs.k8s.io,
// "Metrics"), and ours beside them.
//
// The one thing to know before changing it: a label is a kind, an outcome or a priority, and never a record's name: whoever can
// read the figures learns how much there is, and of nobody.

import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import type { Engine } from "./engine.ts"
import type { RecordKey } from "./keys.ts"
import type { Priority, Slot, Verdict, WorkQueue } from "./queue.ts"

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

const count = (name: string, description: string) => Metric.counter(name, { description, incremental: true })
const now = (name: string, description: string) => Metric.gauge(name, { description })
const took = (name: string, description: string) => Metric.histogram(name, { description, boundaries: seconds })

const reconciled = count("controller_runtime_reconcile_total", "Passes over records, by kind and result.")
const reconcileErrors = count("controller_runtime_reconcile_errors_total", "Passes that are tried again, by kind.")
const reconcileTime = took("controller_runtime_reconcile_time_seconds", "How long a pass over a record took.")
const workers = now("controller_runtime_active_workers", "Passes that run now.")
const depth = now("workqueue_depth", "Records that wait for a pass, by why.")
const adds = count("workqueue_adds_total", "Records that were put into the queue.")
const retries = count("workqueue_retries_total", "Passes that were put off after a failure.")
const queueTime = took("workqueue_queue_duration_seconds", "How long a record waited for its pass.")
const converge = took("plumbline_converge_seconds", "From the agent hearing of a change until the host is so, by kind.")
const drift = count("plumbline_drift_total", "What was found changed on the host, by how and by what became of it.")
const driftRecords = now("plumbline_drift_records", "Records of which something is not as it should be, and was told.")
const driftAge = now("plumbline_drift_age_seconds", "For how long the oldest of them has been so.")
const activation = took("plumbline_activation_seconds", "How long a round of reloads and restarts took.")
const sweepTime = took("plumbline_sweep_seconds", "How long a look at everything took.")
const sweepAt = now("plumbline_sweep_timestamp_seconds", "When the last look at everything began.")
const resources = now("plumbline_resources", "Files, users, units and whatever else is managed.")
const records = now("plumbline_records", "Records, by kind and whether the host is as they want it.")
const memory = now("process_resident_memory_bytes", "Memory of the agent.")
const cpu = now("process_cpu_seconds_total", "CPU time of the agent.")

const nowhere = Context.empty()
const name = "records"

export const driftTold = (driftKind: string, outcome: string) =>
  Metric.update(Metric.withAttributes(drift, { kind: driftKind, outcome }), 1)

export const activated = (milliseconds: number) => Metric.update(activation, milliseconds / 1000)

export const swept = (beganMillis: number, milliseconds: number) =>
  Effect.andThen(Metric.update(sweepTime, milliseconds / 1000), Metric.update(sweepAt, beganMillis / 1000))

const kindOf = (record: RecordKey): string => record.slice(0, record.indexOf("/"))

/** What the queue tells as it goes. */
export interface QueueMeter<in K> {
  readonly added: (key: K) => void
  readonly started: (key: K) => void
  readonly retried: () => void
}

export interface Meter {
  readonly queue: QueueMeter<RecordKey>
  /** Somebody wants the record otherwise. */
  readonly asked: (record: RecordKey) => void
  /** A pass, with its time and how it ended. */
  readonly measured: <R>(
    work: (record: RecordKey, slot: Slot) => Effect.Effect<Verdict, never, R>,
  ) => (record: RecordKey, slot: Slot) => Effect.Effect<Verdict, never, R>
  /** Brings up to date what is only looked at when somebody asks. */
  readonly collect: (queue: WorkQueue<RecordKey>) => Effect.Effect<void>
}

export const make = (engine: () => Pick<Engine, "inventory" | "records" | "standings">) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const millis = () => clock.currentTimeMillisUnsafe()
    const queued = new Map<RecordKey, number>()
    const asked = new Map<RecordKey, number>()
    const drifting = new Map<RecordKey, number>()

    const noted = Effect.fnUntraced(function* (record: RecordKey, began: number, exit: Exit.Exit<Verdict>) {
      if (Exit.hasInterrupts(exit)) return
      const controller = kindOf(record)
      const failed = Exit.isFailure(exit) || exit.value === "retry"
      const result = failed ? "error" : "success"
      yield* Metric.update(Metric.withAttributes(reconciled, { controller, result }), 1)
      if (failed) yield* Metric.update(Metric.withAttributes(reconcileErrors, { controller }), 1)
      yield* Metric.update(Metric.withAttributes(reconcileTime, { controller }), (millis() - began) / 1000)
      const { standings } = engine()
      const since = asked.get(record)
      if (since !== undefined && standings.isConverged(record)) {
        asked.delete(record)
        yield* Metric.update(Metric.withAttributes(converge, { kind: controller }), (millis() - since) / 1000)
      }
      if ((standings.get(record)?.details.drift?.length ?? 0) === 0) drifting.delete(record)
      else if (!drifting.has(record)) drifting.set(record, millis())
    })

    const collect: Meter["collect"] = Effect.fnUntraced(function* (queue) {
      const { inventory, records: known, standings } = engine()
      for (const priority of ["edit", "drift", "resync"] satisfies ReadonlyArray<Priority>)
        yield* Metric.update(Metric.withAttributes(depth, { name, priority }), queue.waiting(priority))
      yield* Metric.update(workers, queue.running())
      yield* Metric.update(resources, inventory.size)
      const kinds = new Map<string, { so: number; not: number }>()
      for (const { kind, name: called } of known.all()) {
        const sums = kinds.get(kind) ?? { so: 0, not: 0 }
        sums[standings.isConverged(`${kind}/${called}`) ? "so" : "not"]++
        kinds.set(kind, sums)
      }
      for (const [kind, { not, so }] of kinds) {
        yield* Metric.update(Metric.withAttributes(records, { kind, converged: "true" }), so)
        yield* Metric.update(Metric.withAttributes(records, { kind, converged: "false" }), not)
      }
      yield* Metric.update(driftRecords, drifting.size)
      const oldest = Math.min(...drifting.values(), millis())
      yield* Metric.update(driftAge, (millis() - oldest) / 1000)
      yield* Metric.update(memory, process.memoryUsage.rss())
      const { system, user } = process.cpuUsage()
      yield* Metric.update(cpu, (system + user) / 1e6)
    })

    return {
      queue: {
        added: (record) => {
          queued.set(record, queued.get(record) ?? millis())
          Metric.withAttributes(adds, { name }).updateUnsafe(1, nowhere)
        },
        started: (record) => {
          const since = queued.get(record)
          queued.delete(record)
          if (since !== undefined)
            Metric.withAttributes(queueTime, { name }).updateUnsafe((millis() - since) / 1000, nowhere)
        },
        retried: () => Metric.withAttributes(retries, { name }).updateUnsafe(1, nowhere),
      },
      asked: (record) => {
        if (!asked.has(record)) asked.set(record, millis())
      },
      measured: (work) => (record, slot) =>
        Effect.suspend(() => {
          const began = millis()
          return Effect.onExit(work(record, slot), (exit) => noted(record, began, exit))
        }),
      collect,
    } satisfies Meter
  })
