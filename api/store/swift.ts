/**
 * A change of one record that is there, in a few statements that requests share: it is judged beside what there was a moment ago,
 * and written where all of that is so still.
 *
 * The one thing to know before changing it: it succeeds or does nothing. Whatever is wrong with a change, and whatever has to be
 * settled by the one writer (what is new, what is counted, secrets, user ids), gives undefined, and `write` does it or says why.
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { additions } from "../../spec/counts.ts"
import type { Envelope } from "../../spec/kinds.ts"
import { tiesOf, touchedBy } from "../../spec/ties.ts"
import type { Change } from "../shapes.ts"
import { Carrier } from "./carrier.ts"
import { collides, isAway } from "./database.ts"
import { lastSeen } from "./decoded.ts"
import { changeShown } from "./document.ts"
import { examineAll } from "./examined.ts"
import { type Seen, taken } from "./first-look.ts"
import { Glances } from "./glances.ts"
import { changeOf, judge, near, neighboursIn } from "./judge.ts"
import { dateNew, keepLeftOut } from "./keep.ts"
import { keyOf, plan } from "./plan.ts"
import { refusals } from "./refusals.ts"
import type { RecordRow } from "./rows.ts"
import type { Sight } from "./sight.ts"
import { markSuspended } from "./suspended-by.ts"

export interface SwiftChange<R> {
  readonly kind: string
  readonly name: string
  /** The version that was seen. */
  readonly version: number | undefined
  /** The document that it shall be. */
  readonly make: (before: RecordRow) => unknown
  readonly actor: string
  readonly via: string
  /** The row of the audit trail. */
  readonly audit: (change: Change) => Effect.Effect<object, never, R>
}

/** So many neighbours are more than a look. */
const manyBeside = 100

/** What was looked at of a change's neighbourhood. */
class Around {
  readonly sight: Sight
  /** What was seen of it with the log-in. */
  readonly first: Extract<Seen, { readonly at: "touched" }> | undefined
  readonly ties = new Set<string>()
  /** Versions by the ids of records. */
  readonly beside = new Map<string, number>()
  readonly found = new Set<string>()
  torn = false

  constructor(sight: Sight, first: Around["first"]) {
    this.sight = sight
    this.first = first
  }

  /** Each look is of its own moment. */
  note({ id, version }: RecordRow) {
    this.torn ||= (this.beside.get(id) ?? version) !== version
    this.beside.set(id, version)
  }
}

/** What was not found before. */
const lookUp = Effect.fnUntraced(function* (around: Around, wanted: ReadonlySet<string>) {
  const { first, found, sight, ties } = around
  const more = [...wanted].filter((tie) => !ties.has(tie))
  if (more.length === 0) return []
  const ahead =
    ties.size === 0 && first !== undefined && more.every((tie) => first.ties.includes(tie)) ? first : undefined
  const rows = ahead?.rows ?? (yield* (yield* Glances).touched({ sight, ties: more }))
  for (const tie of ahead?.ties ?? more) ties.add(tie)
  for (const row of rows) around.note(row)
  const fresh = rows.filter(({ id }) => !found.has(id))
  for (const { id } of fresh) found.add(id)
  return fresh
})

// Written once, not for each request: authenticated.ts says why.
export const changeSwiftly = Effect.fnUntraced(
  function* <R>(sight: Sight, asked: SwiftChange<R>) {
    if (sight.of === "auditor" || asked.kind === "Account") return undefined
    const around = new Around(sight, yield* taken("touched", sight))
    // What is beside it is most often what was beside it when it was last looked at: one look for both. What is beside a record
    // is judged as the whole tenant's, so whoever sees a part of that has the record itself looked up.
    const { kind, name } = asked
    const last = sight.of === "tenant" && sight.records !== undefined ? undefined : lastSeen({ kind, name })
    const rows = yield* lookUp(around, touchedBy({ incoming: last === undefined ? [] : [last] }))
    const before =
      rows.find((row) => row.kind === kind && row.name === name && row.seen) ??
      (yield* (yield* Glances).one({ sight, kind, name }))
    if (before === undefined || before.deleted_at !== null) return undefined
    around.note(before)
    if (rows.length > manyBeside) return undefined
    const early = yield* neighboursIn(rows)
    if (asked.version !== undefined && asked.version !== before.version) return undefined
    const existing = new Map([[keyOf(before), before]])
    const { broken, mistakes, wanted: sent } = yield* examineAll([asked.make(before)])
    if (mistakes.length > 0 || sent.some(({ key, secrets }) => key !== keyOf(before) || secrets.length > 0))
      return undefined
    const dated = dateNew(keepLeftOut(sent, existing), DateTime.formatIso(yield* DateTime.now))
    const wanted = markSuspended(sight, dated, existing)
    const steps = plan({ wanted, unwanted: [], source: undefined }, existing, new Map(), () => before.id)
    const [step] = steps
    if (step?.action === "unchanged") return changeShown(step, false)
    if (step?.action !== "updated") return undefined

    const change = yield* changeOf(steps, wanted)
    const neighbours = yield* near(change, (wanted) => lookUp(around, wanted), early)
    const all = neighbours.map(({ record }) => record)
    const own = neighbours.filter(({ seen }) => seen).map(({ record }) => record)
    const now = yield* Clock.currentTimeMillis
    const isWrong = (existing: ReadonlyArray<Envelope>) =>
      additions({ existing, ...change }).length > 0 ||
      judge(change, { existing, counted: new Map() }, broken, now).length > 0
    if (around.torn || around.beside.size > manyBeside || isWrong(all)) return undefined
    if (sight.of === "tenant" && (isWrong(own) || refusals(sight, steps, sent).length > 0)) return undefined

    const { generation, id, metadata, spec, version } = step
    const shown = changeShown(step, false)
    const { carryOut } = yield* Carrier
    const done = yield* carryOut({
      sight,
      row: { generation, id, kind, metadata, name, spec, version, ties: change.incoming.flatMap(tiesOf) },
      wanted: [...around.ties],
      beside: [...around.beside].map(([id, version]) => ({ id, version })),
      actor: asked.actor,
      via: asked.via,
      audit: yield* asked.audit(shown),
    })
    return done ? shown : undefined
  },
  (change) =>
    Effect.catch(change, (error) =>
      isAway(error) && !collides(error) ? Effect.fail(error) : Effect.succeed(undefined),
    ),
)
