/**
 * Numeric user ids. The one place of the API that knows a kind: an Account that comes without a `uid` is given one, keeps
 * it through every later write, and nobody else ever gets it, so that no account owns files which an earlier one left.
 *
 * The one thing to know before changing it: an id that belongs to a record which is gone may come back with a record of
 * the same name (an exported folder applied again). That is the old record, and it gets its old identity back.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type { Mistake } from "../problems.ts"
import type { Wanted } from "./plan.ts"
import type { RecordRow } from "./rows.ts"

export interface Settled {
  readonly wanted: ReadonlyArray<Wanted>
  readonly mistakes: ReadonlyArray<Mistake>
}

interface Given {
  readonly uid: number
  readonly record_id: string
  readonly name: string | null
}

const uidOf = (spec: { readonly [key: string]: unknown }): number | undefined =>
  typeof spec["uid"] === "number" ? spec["uid"] : undefined

export const settleUids = Effect.fn("uids.settle")(function* (
  wanted: ReadonlyArray<Wanted>,
  existing: ReadonlyMap<string, RecordRow>,
) {
  const accounts = wanted.filter(({ kind }) => kind === "Account")
  if (accounts.length === 0) return { wanted, mistakes: [] } satisfies Settled
  const sql = yield* PgClient
  const explicit = accounts.flatMap(({ spec }) => uidOf(spec) ?? [])
  const owners = new Map(
    (yield* sql<Given>`
      select a.uid, a.record_id::text as record_id,
        (select v.name from revisions v where v.record_id = a.record_id order by v.seq desc limit 1) as name
      from account_uids a where a.uid = any(${explicit}::int[])`).map((given) => [given.uid, given]),
  )
  const kept = (account: Wanted) => {
    const before = existing.get(account.key)
    return before === undefined ? undefined : uidOf(before.spec)
  }
  const newcomers = accounts.filter((account) => uidOf(account.spec) === undefined && kept(account) === undefined)
  const free =
    newcomers.length === 0
      ? []
      : yield* sql<{ readonly uid: number }>`
          select n as uid from generate_series(10000, 59999) as numbers (n)
          where n <> all(${explicit}::int[]) and not exists (select from account_uids a where a.uid = n)
          order by n limit ${newcomers.length}`

  const chosen = new Map(newcomers.map((account, place) => [account, free[place]?.uid]))

  const mistakes: Array<Mistake> = []
  const wrong = (account: Wanted, message: string, mend: string) =>
    mistakes.push({
      ...(account.index === undefined ? {} : { index: account.index }),
      kind: account.kind,
      name: account.name,
      field: "spec.uid",
      message,
      mend,
    })
  const settle = (account: Wanted): Wanted => {
    if (account.kind !== "Account") return account
    const given = uidOf(account.spec)
    const own = kept(account)
    if (given === undefined) {
      const uid = own ?? chosen.get(account)
      if (uid === undefined)
        wrong(account, "All user ids from 10000 to 59999 were given away.", "Ask for a second host.")
      return uid === undefined ? account : withUid(account, uid)
    }
    if (own !== undefined && own !== given)
      wrong(account, `The user id of ${account.name} is ${own} and stays it.`, `Write uid: ${own}, or leave it out.`)
    const owner = owners.get(given)
    const before = existing.get(account.key)
    if (owner === undefined || owner.record_id === before?.id) return account
    if (before === undefined && owner.name === account.name) return { ...account, id: owner.record_id }
    wrong(
      account,
      `The user id ${given} was given to ${owner.name === null ? "another account" : `the account ${owner.name}`} and is never given again.`,
      "Leave uid out: a free one is chosen.",
    )
    return account
  }
  return { wanted: wanted.map(settle), mistakes } satisfies Settled
})

const withUid = (account: Wanted, uid: number): Wanted => ({ ...account, spec: { ...account.spec, uid } })

/** Keeps for good which record has which id. */
export const rememberUids = Effect.fn("uids.remember")(function* (
  rows: ReadonlyArray<{
    readonly kind: string
    readonly id: string
    readonly spec: { readonly [key: string]: unknown }
  }>,
) {
  const given = rows.flatMap(({ kind, id, spec }) => {
    const uid = kind === "Account" ? uidOf(spec) : undefined
    return uid === undefined ? [] : [{ uid, record_id: id }]
  })
  if (given.length === 0) return
  const sql = yield* PgClient
  yield* sql`
    insert into account_uids (uid, record_id)
    select uid, record_id from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as g (uid int, record_id uuid)
    on conflict (uid) do nothing`
})
