/**
 * What a reseller and its customers may have together, beside what they would have once a set is written: how many of what,
 * and how much disk its accounts are given.
 *
 * The one thing to know before changing it: it is asked under the lock of the one writer, of the records of all of the
 * reseller's customers, whichever of them writes. A customer is not told how much their reseller has.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { effectiveLimits, type Limits } from "../../spec/limits.ts"
import { sayAmount } from "../amounts.ts"
import type { Mistake } from "../problems.ts"
import type { TenantLimits } from "../shapes.ts"
import { decoded } from "./decoded.ts"
import type { Step } from "./plan.ts"
import type { RecordRow } from "./rows.ts"
import type { TenantSight } from "./sight.ts"

const kinds = {
  accounts: { kind: "Account", words: ["account", "accounts"] },
  sites: { kind: "Site", words: ["site", "sites"] },
  databases: { kind: "Database", words: ["database", "databases"] },
  cronJobs: { kind: "CronJob", words: ["cron job", "cron jobs"] },
} as const

interface Reseller {
  readonly id: string
  readonly limits: TenantLimits
}

const resellerOf = Effect.fnUntraced(function* ({ tenant }: TenantSight) {
  const sql = yield* PgClient
  const [row] = yield* sql<Reseller>`
    select r.id::text as id, r.limits from tenants t join tenants r on r.id = coalesce(t.reseller_id, t.id)
    where t.id = ${tenant} and r.kind = 'reseller'`
  return row
})

const opened = ({ before, deleted }: Step): boolean => before === undefined && !deleted
const closed = ({ before, deleted }: Step): boolean => before !== undefined && deleted

const more = "Remove one, or ask whoever runs the installation for more."
const askYours = "Remove one, or ask whoever looks after your account."

const counts = Effect.fnUntraced(function* ({ id, limits }: Reseller, steps: ReadonlyArray<Step>, own: boolean) {
  const sql = yield* PgClient
  const mistakes: Array<Mistake> = []
  for (const [what, { kind, words }] of Object.entries(kinds)) {
    const most = limits[what as keyof typeof kinds]
    const of = steps.filter((step) => step.kind === kind)
    const [made, gone] = [of.filter(opened), of.filter(closed).length]
    if (most === undefined || made.length === 0) continue
    const [row] = yield* sql<{ readonly count: number }>`
      select count(*)::int as count from records where kind = ${kind} and reseller_id = ${id} and deleted_at is null`
    const there = (row?.count ?? 0) - gone
    mistakes.push(
      ...made.slice(Math.max(0, most - there)).map(
        ({ kind, name }): Mistake => ({
          ...{ kind, name, field: kind === "Account" ? "spec.customer" : "spec.account" },
          message: own
            ? `There are ${there} ${there === 1 ? words[0] : words[1]}, and there may be ${most}.`
            : `There is no room for one more ${words[0]}.`,
          mend: own ? more : askYours,
        }),
      ),
    )
  }
  return mistakes
})

type Row = Pick<RecordRow, "kind" | "name" | "metadata" | "spec">

/** Nothing where it is not understood: the mistake is told as such. */
const specOf = <Spec>(row: Row): Spec | undefined => decoded(row)[0]?.spec as Spec | undefined

interface AccountSpec {
  readonly package?: string
  readonly limits: Limits
}

/** Of accounts that are made or changed, those with which it is more than there is. */
const disk = Effect.fnUntraced(function* ({ id, limits }: Reseller, steps: ReadonlyArray<Step>, own: boolean) {
  const most = limits.disk
  const written = steps.filter(({ action, deleted, kind }) => kind === "Account" && !deleted && action !== "unchanged")
  if (most === undefined || written.length === 0) return []
  const sql = yield* PgClient
  const rows = yield* sql<Row>`
    select kind, name, metadata, spec from records
    where deleted_at is null and (kind = 'Package' or (kind = 'Account' and reseller_id = ${id}))`
  const packages = new Map<string, Limits>()
  const accounts = new Map<string, number | undefined>()
  const diskOf = ({ limits, package: pack }: AccountSpec) =>
    effectiveLimits(limits, pack === undefined ? undefined : packages.get(pack)).disk
  for (const row of rows)
    if (row.kind === "Package") packages.set(row.name, specOf<{ readonly limits: Limits }>(row)?.limits ?? {})
  for (const row of rows) {
    const spec = row.kind === "Account" ? specOf<AccountSpec>(row) : undefined
    if (spec !== undefined) accounts.set(row.name, diskOf(spec))
  }
  for (const step of steps) if (step.kind === "Account" && step.deleted) accounts.delete(step.name)
  const mistakes: Array<Mistake> = []
  const sum = () => [...accounts.values()].reduce<number>((all, one) => all + (one ?? 0), 0)
  for (const step of written) {
    const before = accounts.get(step.name) ?? 0
    const spec = specOf<AccountSpec>(step)
    if (spec === undefined) continue
    const wanted = diskOf(spec)
    accounts.set(step.name, wanted)
    // Who has less than before may have it, whatever all have together.
    if (wanted !== undefined && (sum() <= most || wanted <= before)) continue
    const given = sayAmount(sum(), "bytes")
    mistakes.push({
      ...{ kind: step.kind, name: step.name, field: "spec.package" },
      message:
        wanted === undefined
          ? "The account would have no limit of disk, and there is only so much."
          : own
            ? `All accounts together would be given ${given} of disk, and there are ${sayAmount(most, "bytes")}.`
            : "There is not so much disk left.",
      mend: "Choose a package with less disk, or ask whoever looks after you for more.",
    })
  }
  return mistakes
})

/** Whether anything is made, or an account is changed: nothing else takes room. */
export const mayBeTooMuch = (steps: ReadonlyArray<Step>): boolean =>
  steps.some((step) => opened(step) || (step.kind === "Account" && step.action !== "unchanged"))

/** Looking as whoever sees everything. */
export const overReseller = Effect.fn("overReseller")(function* (sight: TenantSight, steps: ReadonlyArray<Step>) {
  if (!mayBeTooMuch(steps)) return []
  const reseller = yield* resellerOf(sight)
  if (reseller === undefined) return []
  const own = sight.as === "reseller"
  return [...(yield* counts(reseller, steps, own)), ...(yield* disk(reseller, steps, own))]
})
