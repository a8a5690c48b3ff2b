/**
 * Writing records: one record or a thousand, in one transaction, all or nothing.
 *
 * Every record is examined, its secrets are sealed, the versions that the writer saw are compared, user ids are settled, what the set would become
 * is judged as a whole, and only then rows and revisions are written. A dry run stops before that.
 *
 * Whose records may be written, Postgres says (`sight.ts`). A tenant's change is judged twice: beside what they see, and what is
 * wrong with it then is told as it is; and beside everything, and what is wrong only then is told without saying whose it is.
 *
 * The one thing to know before changing it: the agent deletes rows of tombstones on its own (by version), so a row that was
 * seen may be gone when it is written. Then it is simply made again, with its identity.
 */
import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { tiesOf } from "../../spec/ties.ts"
import { Conflict, Invalid, type Mistake, PruneRefused } from "../problems.ts"
import type { Applied } from "../shapes.ts"
import { changeShown } from "./document.ts"
import { examineAll } from "./examined.ts"
import { type Begun, beginWriting, keysOfSource, rowsOf, tieUp } from "./existing.ts"
import { lastOf } from "./history.ts"
import { changeOf, judge, type Neighbours, neighboursFor, neighboursOf, type SetChange } from "./judge.ts"
import { dateNew, keepLeftOut } from "./keep.ts"
import { keyOf, mismatches, plan, prune, type Step, type Unwanted, type Wanted } from "./plan.ts"
import { refusals } from "./refusals.ts"
import { mayBeTooMuch, overReseller } from "./reseller-limits.ts"
import { sealSecrets } from "./seal.ts"
import { currentSight, lookingAs, operator, type Sight, type TenantSight } from "./sight.ts"
import { markSuspended } from "./suspended-by.ts"
import { inTurns } from "./turns.ts"
import { rememberUids, settleUids } from "./uids.ts"

export interface Write {
  readonly actor: string
  /** How it came, as it stands in the revisions. */
  readonly via: string
  readonly records: ReadonlyArray<unknown>
  readonly unwanted?: ReadonlyArray<Unwanted>
  readonly source?: string | undefined
  readonly prune?: boolean | undefined
  readonly confirmPrune?: boolean | undefined
  readonly expectVersions?: Readonly<Record<string, number>> | undefined
  readonly dryRun?: boolean | undefined
  /** Add unified diffs to the answer. */
  readonly diffs?: boolean | undefined
  /** What whoever asks has begun already, where they read first what they change: all the rows that it names. */
  readonly begun?: Begun | undefined
  /** Identities that come back, by key (a rollback of a delete). */
  readonly identities?: ReadonlyMap<string, string>
}

/** Within the transaction of whoever asks (`withSight`), which what is refused is to end. */
export const write = Effect.fn("write")(function* (request: Write) {
  const examined = yield* examineAll(request.records, request.identities)
  const sight = yield* currentSight
  const byAll = lookingAs(operator)
  // To look as somebody else and back costs two statements; most of what may have to does not.
  const byAllIf =
    (needed: boolean) =>
    <A, E, R>(work: Effect.Effect<A, E, R>) =>
      needed ? byAll(work) : work
  const sealing = byAllIf(examined.wanted.some(({ secrets }) => secrets.length > 0))
  // Before the lock of the one writer, which it would hold for long.
  const sealed = yield* sealing(sealSecrets(examined.wanted, { make: false }))
  const untied = request.begun?.untied ?? (request.dryRun !== true && (yield* beginWriting))
  if (untied) yield* byAll(tieUp)
  const wantedKeys = new Set(examined.wanted.map(({ key }) => key))
  const pruned = yield* prunedBy(request, wantedKeys, examined.mistakes)
  const unwanted = [...(request.unwanted ?? []), ...pruned]
  const expected = request.expectVersions ?? {}
  const keys = new Set([...wantedKeys, ...unwanted.map(({ key }) => key), ...Object.keys(expected)])
  const existing = request.begun?.existing ?? (yield* rowsOf(keys))
  // What is kept may be from before there were keys.
  const kept = yield* sealing(sealSecrets(keepLeftOut(sealed.wanted, existing), { make: true }))
  const dated = dateNew(kept.wanted, DateTime.formatIso(yield* DateTime.now))
  const marked = markSuspended(sight, dated, existing)
  const settled = yield* byAllIf(marked.some(({ kind }) => kind === "Account"))(settleUids(marked, existing))
  const appearing = settled.wanted.filter(({ key }) => !existing.has(key))
  const last = new Map(
    (yield* byAllIf(appearing.length > 0)(lastOf(appearing))).map((revision) => [keyOf(revision), revision]),
  )
  const planned = yield* withCustomers(
    plan({ wanted: settled.wanted, unwanted, source: request.source }, existing, last, randomUUID),
  )
  const change = yield* changeOf(planned.steps, settled.wanted)
  const keyless = sealed.mistakes.length > 0 ? sealed.mistakes : kept.mistakes
  const now = yield* Clock.currentTimeMillis
  const judgedBy = (neighbours: Neighbours) => judge(change, neighbours, examined.broken, now)
  const mistakes = [...examined.mistakes, ...keyless]
  if (sight.of === "tenant") {
    mistakes.push(...refusals(sight, planned.steps, sealed.wanted), ...planned.mistakes)
    mistakes.push(...(yield* byAllIf(mayBeTooMuch(planned.steps))(overReseller(sight, planned.steps))))
    const { all, own } = yield* neighboursFor(change, wholeOf(sight))
    mistakes.push(...judgedBy(own))
    // Nobody learns of others by what is wrong already.
    const beside = [
      ...settled.mistakes,
      ...(appearing.length === 0 ? [] : yield* taken(appearing, expected)),
      ...judgedBy(all).map(withoutNames),
    ]
    const flawed = new Set(mistakes.map(ofRecord))
    mistakes.push(...beside.filter((mistake) => !flawed.has(ofRecord(mistake))))
  } else mistakes.push(...settled.mistakes, ...judgedBy(yield* neighboursOf(change)))
  if (mistakes.length > 0)
    return yield* new Invalid({
      detail: `${mistakes.length === 1 ? "There is a mistake" : `There are ${mistakes.length} mistakes`}; nothing was written`,
      problems: mistakes,
    })
  const versions = mismatches(expected, existing)
  if (versions.length > 0) return yield* new Conflict({ detail: conflictDetail, versions })
  if (request.dryRun !== true) yield* carryOut(planned.steps, change, request)
  const changes = yield* inTurns(planned.steps, (step) => changeShown(step, request.diffs === true))
  const applied: Applied = { dryRun: request.dryRun === true, changes, summary: summaryOf(changes) }
  return applied
})

const conflictDetail = "Somebody else wrote first. Read the record again, and name the version that you saw"

/** All that is a tenant's, also for those who look after a part of it: a rule is about the account. */
const wholeOf = ({ as, of, tenant }: TenantSight): Sight => ({ of, as, tenant })

/** Names are one installation's: what cannot be seen may be there. Whoever names a version of it is told that there is none. */
const taken = Effect.fnUntraced(function* (
  appearing: ReadonlyArray<Wanted>,
  expected: Readonly<Record<string, number>>,
) {
  const there = yield* lookingAs(operator)(rowsOf(new Set(appearing.map(({ key }) => key))))
  return appearing
    .filter(({ key }) => there.has(key) && (expected[key] ?? 0) === 0)
    .map(
      ({ index, kind, name }): Mistake => ({
        ...(index === undefined ? {} : { index }),
        ...{ kind, name, field: "metadata.name" },
        message: "This name is taken.",
        mend: "Choose another.",
      }),
    )
})

const ofRecord = ({ kind, name }: Mistake): string => `${kind}/${name}`

const withoutNames = (mistake: Mistake): Mistake => ({
  ...mistake,
  message: "Somebody else has this, or needs it.",
  mend: "Choose another, or ask whoever runs the installation.",
})

/**
 * The customers that accounts name. An operator may name one that is made later, as a folder of YAML does on a new
 * installation; a tenant's own is there.
 */
const withCustomers = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>) {
  const named = steps.flatMap((step) => {
    const customer = step.kind === "Account" && !step.deleted ? step.spec["customer"] : undefined
    return typeof customer === "string" && step.action !== "unchanged" ? [{ step, customer }] : []
  })
  if (named.length === 0) return { steps, mistakes: [] }
  const sql = yield* PgClient
  const sight = yield* currentSight
  const rows = yield* sql<{ readonly slug: string }>`
    select slug from tenants where kind = 'customer' and slug = any(${named.map(({ customer }) => customer)}::text[])`
  const known = new Set(rows.map(({ slug }) => slug))
  const missing = new Map(
    named.flatMap(({ customer, step }) => (known.has(customer) ? [] : [[step, customer] as const])),
  )
  if (sight.of === "tenant")
    return {
      steps,
      mistakes: [
        ...[...missing].map(
          ([{ kind, name }, customer]): Mistake => ({
            ...{ kind, name, field: "spec.customer" },
            message: `There is no customer ${customer}.`,
            mend: "Name one of yours; GET /v1/customers lists them.",
          }),
        ),
      ],
    }
  return {
    steps: steps.map((step) => {
      const customer = missing.get(step)
      if (customer === undefined) return step
      const note = `There is no customer ${customer} yet: until there is, the account is the operator's.`
      return { ...step, notes: [...step.notes, note] }
    }),
    mistakes: [],
  }
})

const prunedBy = Effect.fnUntraced(function* (
  request: Write,
  wanted: ReadonlySet<string>,
  mistakes: ReadonlyArray<Mistake>,
) {
  // With mistakes nothing will be written, and records that could not be read would look like ones that were left out.
  if (request.prune !== true || mistakes.length > 0) return []
  if (request.source === undefined)
    return yield* new Invalid({
      detail: "Nothing was written",
      problems: [
        {
          field: "source",
          message: "A prune needs to know whose records it may delete.",
          mend: "Name the source of the set.",
        },
      ],
    })
  const { owned, unwanted, guard } = prune(yield* keysOfSource(request.source), wanted)
  if (guard === "empty" || (guard === "share" && request.confirmPrune !== true))
    return yield* new PruneRefused({
      detail:
        guard === "empty"
          ? `The set is empty: that looks like a wrong folder, and would delete all ${owned} records of its source`
          : `The prune would delete ${unwanted.length} of the ${owned} records of its source`,
      confirmable: guard === "share",
      owned,
      wouldDelete: unwanted,
    })
  // Who confirmed this prune was shown all that goes: the agent's guard need not ask again.
  return unwanted.map((key) => ({ key, confirmed: request.confirmPrune === true }))
})

/** A few statements however many records: the rows travel as one jsonb value. */
const carryOut = Effect.fnUntraced(function* (
  steps: ReadonlyArray<Step>,
  { sent, incoming }: SetChange,
  { actor, via }: Write,
) {
  const changed = steps.filter(({ action }) => action !== "unchanged")
  if (changed.length === 0) return
  const sql = yield* PgClient
  const ties = new Map(incoming.map((record, place) => [sent[place]?.key, tiesOf(record)]))
  const rows = JSON.stringify(
    changed.map(({ fields: _fields, notes: _notes, before: _before, ...row }, place) => ({
      ...row,
      ties: ties.get(keyOf(row)) ?? [],
      place,
    })),
  )
  yield* sql`
    insert into records (kind, name, id, version, generation, metadata, spec, source, deleted_at, deletion_confirmed,
      ties, tied_version)
    select kind, name, id, version, generation, metadata, spec, source, case when deleted then now() end, confirmed,
      ties, version
    from jsonb_to_recordset(${rows}::jsonb) as r (kind text, name text, id uuid, version bigint, generation bigint,
      metadata jsonb, spec jsonb, source text, deleted boolean, confirmed boolean, ties text[])
    -- What others belong to comes before them: whose they are is known by it.
    order by case when belongs_to(kind, spec) is null then 0 when belongs_to(kind, spec) like 'Account/%' then 1 else 2 end
    on conflict (kind, name) do update set
      version = excluded.version, generation = excluded.generation, metadata = excluded.metadata, spec = excluded.spec,
      source = excluded.source, deleted_at = excluded.deleted_at, deletion_confirmed = excluded.deletion_confirmed,
      ties = excluded.ties, tied_version = excluded.tied_version, updated_at = now()`
  yield* rememberUids(changed.filter(({ deleted }) => !deleted))
  yield* sql`
    insert into revisions (record_id, kind, name, generation, version, action, actor, source, metadata, spec)
    select id, kind, name, generation, version,
      case action when 'created' then 'create' when 'updated' then 'update' when 'deleted' then 'delete' else 'restore' end,
      ${actor}, ${via}, metadata, spec
    from jsonb_to_recordset(${rows}::jsonb) as r (kind text, name text, id uuid, version bigint, generation bigint,
      metadata jsonb, spec jsonb, action text, place int)
    order by place`
})

const summaryOf = (changes: Applied["changes"]): Applied["summary"] => {
  const summary = { created: 0, updated: 0, restored: 0, unchanged: 0, deleted: 0 }
  for (const { action } of changes) summary[action] += 1
  return summary
}
