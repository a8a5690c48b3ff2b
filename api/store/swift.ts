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
import { taken } from "./first-look.ts"
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

export const changeSwiftly = <R>(sight: Sight, asked: SwiftChange<R>) =>
  Effect.gen(function* () {
    if (sight.of === "auditor" || asked.kind === "Account") return undefined
    const glances = yield* Glances
    const ties = new Set<string>()
    const beside = new Map<string, number>()
    let torn = false
    // Each look is of its own moment.
    const note = ({ id, version }: RecordRow) => {
      torn ||= (beside.get(id) ?? version) !== version
      beside.set(id, version)
    }
    const found = new Set<string>()
    const first = yield* taken("touched", sight)
    /** What was not found before. */
    const lookUp = Effect.fnUntraced(function* (wanted: ReadonlySet<string>) {
      const more = [...wanted].filter((tie) => !ties.has(tie))
      if (more.length === 0) return []
      const ahead =
        ties.size === 0 && first !== undefined && more.every((tie) => first.ties.includes(tie)) ? first : undefined
      const rows = ahead?.rows ?? (yield* glances.touched({ sight, ties: more }))
      for (const tie of ahead?.ties ?? more) ties.add(tie)
      for (const row of rows) note(row)
      const fresh = rows.filter(({ id }) => !found.has(id))
      for (const { id } of fresh) found.add(id)
      return fresh
    })
    // What is beside it is most often what was beside it when it was last looked at: one look for both. What is beside a record
    // is judged as the whole tenant's, so whoever sees a part of that has the record itself looked up.
    const { kind, name } = asked
    const last = sight.of === "tenant" && sight.records !== undefined ? undefined : lastSeen({ kind, name })
    const rows = yield* lookUp(touchedBy({ incoming: last === undefined ? [] : [last] }))
    const before =
      rows.find((row) => row.kind === kind && row.name === name && row.seen) ??
      (yield* glances.one({ sight, kind, name }))
    if (before === undefined || before.deleted_at !== null) return undefined
    note(before)
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
    const neighbours = yield* near(change, lookUp, early)
    const all = neighbours.map(({ record }) => record)
    const own = neighbours.filter(({ seen }) => seen).map(({ record }) => record)
    const now = yield* Clock.currentTimeMillis
    const isWrong = (existing: ReadonlyArray<Envelope>) =>
      additions({ existing, ...change }).length > 0 ||
      judge(change, { existing, counted: new Map() }, broken, now).length > 0
    if (torn || beside.size > manyBeside || isWrong(all)) return undefined
    if (sight.of === "tenant" && (isWrong(own) || refusals(sight, steps, sent).length > 0)) return undefined

    const { generation, id, metadata, spec, version } = step
    const shown = changeShown(step, false)
    const { carryOut } = yield* Carrier
    const done = yield* carryOut({
      sight,
      row: { generation, id, kind, metadata, name, spec, version, ties: change.incoming.flatMap(tiesOf) },
      wanted: [...ties],
      beside: [...beside].map(([id, version]) => ({ id, version })),
      actor: asked.actor,
      via: asked.via,
      audit: yield* asked.audit(shown),
    })
    return done ? shown : undefined
  }).pipe(Effect.catch((error) => (isAway(error) && !collides(error) ? Effect.fail(error) : Effect.succeed(undefined))))
