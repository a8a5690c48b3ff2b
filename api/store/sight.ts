/**
 * Who looks at the records: said to Postgres at the beginning of a transaction, and kept by its policies (migration 0021),
 * whatever the statements after it forget.
 *
 * The one thing to know before changing it: a pool's session may see no record at all. Everything that reads or writes them
 * runs inside `withSight`; what the rules across records need from others' is read by `lookingAs` and never shown.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Fragment } from "effect/sql/Statement"
import { transaction } from "./database.ts"

export type Sight =
  /** Whoever runs the installation. */
  | { readonly of: "operator" }
  /** Reads all of it, and may write nothing. */
  | { readonly of: "auditor" }
  /** A reseller's customers are the reseller's too. `records`: only these (`Site/blog`). */
  | {
      readonly of: "tenant"
      readonly as: "reseller" | "customer"
      readonly tenant: string
      readonly records?: ReadonlyArray<string>
    }

export type TenantSight = Extract<Sight, { readonly of: "tenant" }>

export const operator: Sight = { of: "operator" }

/** As whom this transaction looks; none outside of one. */
export const CurrentSight = Context.Reference<Sight | undefined>("plumbline/api/store/CurrentSight", {
  defaultValue: () => undefined,
})

/** A text[] in the form that Postgres reads. */
const arrayOf = (texts: ReadonlyArray<string>): string =>
  `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, "\\$&")}"`).join(",")}}`

/** The arguments of `look_as` (migration 0032). */
const settingsOf = (sight: Sight) => ({
  role: sight.of === "auditor" ? "plumb_auditor" : "plumb_tenant",
  everything: sight.of === "operator" ? "everything" : "",
  tenant: sight.of === "tenant" ? sight.tenant : "",
  records: sight.of === "tenant" ? arrayOf(sight.records ?? ["*"]) : "",
})

/** The first arguments of the functions that look as each of several and read (migration 0033). */
export const lookers = ["roles", "sights", "tenants", "parts"] as const

export const lookersOf = (asked: ReadonlyArray<{ readonly sight: Sight }>) => {
  const all = asked.map(({ sight }) => settingsOf(sight))
  return {
    roles: all.map(({ role }) => role),
    sights: all.map(({ everything }) => everything),
    tenants: all.map(({ tenant }) => tenant),
    parts: all.map(({ records }) => records),
  }
}

/** As the arguments of such a function. */
export const asLookers = (sql: PgClient, of: { readonly [Name in (typeof lookers)[number]]: Fragment }) =>
  sql`${of.roles}::text[], ${of.sights}::text[], ${of.tenants}::text[], ${of.parts}::text[]`

const enter = (sight: Sight) =>
  Effect.flatMap(PgClient, (sql) => {
    const { everything, records, role, tenant } = settingsOf(sight)
    return sql`select look_as(${role}, ${everything}, ${tenant}, ${records})`
  })

/** One transaction, in which somebody sees what is theirs. */
export const withSight =
  (sight: Sight) =>
  <A, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.flatMap(PgClient, (sql) =>
      transaction(sql)(Effect.andThen(enter(sight), Effect.provideService(work, CurrentSight, sight))),
    )

/** As whom this transaction looks. To look at records outside of one is a defect. */
export const currentSight = Effect.flatMap(CurrentSight, (sight) =>
  sight === undefined ? Effect.die("records are looked at by nobody") : Effect.succeed(sight),
)

/** For what a rule has to know of others. Whoever sees everything goes on as they are. */
export const lookingAs =
  (sight: Sight) =>
  <A, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.flatMap(currentSight, (before) =>
      before.of === "tenant"
        ? Effect.acquireUseRelease(
            enter(sight),
            () => Effect.provideService(work, CurrentSight, sight),
            // Where a statement failed, this one does too, and the transaction is not to be saved.
            () => Effect.ignore(enter(before)),
          )
        : work,
    )
