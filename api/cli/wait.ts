// `--wait`: follows the events until every record of a write has come to rest on the host, and says how far it is. Ends well
// when all are ready (deleted ones: gone); ends with the tool's own words when one is stalled, or with what is still open
// when the time is over.

import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Change, Event, Status, StatusEntry } from "../shapes.ts"
import { ask } from "./client.ts"
import { durationOf } from "./durations.ts"
import { events } from "./events.ts"
import { NotSo } from "./failure.ts"
import { keyOf, wordsOfTrouble } from "./state.ts"
import { makeProgress, note, paintError } from "./terminal.ts"

interface Wanted {
  readonly version: number
  readonly gone: boolean
}

/** What the wait knows: pure, so that it is tested without a server. */
export class Waiting {
  readonly #open: Map<string, Wanted>
  readonly #stalled = new Map<string, StatusEntry>()
  /** What waits for something else: it comes to rest when that does. */
  readonly #blocked = new Map<string, StatusEntry>()
  readonly total: number

  constructor(changes: ReadonlyArray<Pick<Change, "kind" | "name" | "version" | "action">>) {
    this.#open = new Map(
      changes.map((change) => [keyOf(change), { version: change.version, gone: change.action === "deleted" }]),
    )
    this.total = this.#open.size
  }

  /** Takes in what is known of a record; null: it is gone. */
  see(key: string, entry: StatusEntry | null): void {
    const wanted = this.#open.get(key)
    if (wanted === undefined) return
    this.#stalled.delete(key)
    this.#blocked.delete(key)
    if (entry === null) {
      this.#open.delete(key)
      return
    }
    if (entry.version < wanted.version) return
    if (entry.state === "ready" && !wanted.gone) this.#open.delete(key)
    if (entry.state === "stalled" || (entry.state === "deleting" && isHeldBack(entry))) this.#stalled.set(key, entry)
    if (entry.state === "reconciling" && isBlocked(entry)) this.#blocked.set(key, entry)
  }

  /** Takes in the whole list: what is not in it is gone. */
  seeAll(entries: ReadonlyArray<StatusEntry>): void {
    const byKey = new Map(entries.map((entry) => [keyOf(entry), entry]))
    for (const key of [...this.#open.keys()]) this.see(key, byKey.get(key) ?? null)
  }

  get open(): ReadonlyArray<string> {
    return [...this.#open.keys()]
  }

  /** What will not become ready of itself: the stalled, and then what waits. */
  get stuck(): ReadonlyArray<StatusEntry> {
    return [...this.#stalled.values(), ...this.#blocked.values()]
  }

  /** At rest: nothing is open but what is stalled, and what waits while nothing else moves. */
  get done(): boolean {
    if (this.#open.size === this.#stalled.size) return true
    return this.#stalled.size > 0 && this.#open.size === this.#stalled.size + this.#blocked.size
  }
}

/** The agent's guards: a deletion that a person has to confirm. What they said before somebody did is no answer. */
const isHeldBack = (entry: StatusEntry): boolean =>
  entry.status.some(
    ({ conditions, observedVersion }) =>
      observedVersion >= entry.version &&
      conditions.some(({ reason, status }) => status === "True" && /^(PruneGuard|ConfirmDeletion)$/.test(reason)),
  )

/** As the engine names its reasons: WaitingForRecord, WaitingForResource. */
const isBlocked = (entry: StatusEntry): boolean =>
  entry.status.some(({ conditions }) =>
    conditions.some(({ status, reason }) => status !== "Unknown" && reason.startsWith("Waiting")),
  )

const readAll = ask((api) => api.live.status({ query: {} }))

/** Why nothing may be happening, as far as the status tells. */
const obstacles = ({ nodes, pauses }: Status): ReadonlyArray<string> => [
  ...(nodes.some(({ agent }) => agent === "present") ? [] : ["no agent is running, so nothing is converged"]),
  ...pauses.map(({ mode, actor, reason }) => `there is a ${mode} by ${actor}: ${reason}`),
]

/** Waits; fails with `NotSo` when it does not end well. */
export const waitFor = (changes: ReadonlyArray<Change>, timeout: string) =>
  Effect.gen(function* () {
    const limit = yield* durationOf(timeout)
    const waiting = new Waiting(changes)
    const progress = yield* makeProgress
    const say = Effect.suspend(() => {
      const left = waiting.open.length - waiting.stuck.length
      const first = waiting.open.slice(0, 3).join(", ")
      return progress.say(
        `${waiting.total - left} of ${waiting.total} at rest${left > 0 ? `; waiting for ${first}${waiting.open.length > 3 ? ", …" : ""}` : ""}`,
      )
    })
    const take = (event: Event) =>
      Effect.gen(function* () {
        if (event.type === "resync") waiting.seeAll((yield* readAll).records)
        else if (event.type === "record" || event.type === "status") waiting.see(keyOf(event), event.entry)
        if (!waiting.done) yield* say
      })
    const late = yield* events((why) => note(why.message)).pipe(
      Stream.mapEffect(take),
      Stream.takeUntil(() => waiting.done),
      Stream.runDrain,
      Effect.as(false),
      Effect.timeoutOrElse({ duration: limit, orElse: () => Effect.succeed(true) }),
      Effect.ensuring(progress.end),
    )
    for (const entry of waiting.stuck) {
      yield* Console.error(
        `${keyOf(entry)} ${paintError(entry.state === "stalled" ? "red" : "yellow", entry.state)}: ${wordsOfTrouble(entry).join("\n")}`,
      )
    }
    if (late) {
      const stuck = new Set(waiting.stuck.map(keyOf))
      const open = waiting.open.filter((key) => !stuck.has(key))
      const status = yield* readAll
      for (const entry of status.records.filter((entry) => open.includes(keyOf(entry))))
        for (const words of wordsOfTrouble(entry)) yield* Console.error(`${keyOf(entry)}: ${words}`)
      for (const line of obstacles(status)) yield* Console.error(line)
      return yield* new NotSo({
        message: `not converged after ${timeout}${open.length === 0 ? "" : `: ${open.join(", ")}`}`,
      })
    }
    if (waiting.stuck.length > 0) return yield* new NotSo({})
  })
