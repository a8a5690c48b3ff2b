/**
 * Statements that are sent all the time: their words are put together once, and each goes with values of its own. To put them
 * together takes longer than most of them take in Postgres.
 */
import type { PgClient } from "@effect/sql-pg/PgClient"
import type { Fragment, Statement } from "effect/sql/Statement"

/** `words` gets the place of each value (`$1`). Nothing else in them may be a value. */
export const worded = <const Name extends string>(
  sql: PgClient,
  names: ReadonlyArray<Name>,
  words: (of: { readonly [N in Name]: Fragment }) => Statement<object>,
) => {
  const places = names.map((name, index) => [name, sql.literal(`$${index + 1}`)] as const)
  const [text, values] = words(Object.fromEntries(places) as { readonly [N in Name]: Fragment }).compile()
  if (values.length > 0) throw new Error(`${values.length} values are fixed in: ${text}`)
  return <Row extends object>(given: { readonly [N in Name]: unknown }): Statement<Row> => {
    const values = names.map((name) => given[name])
    const compiled = [text, values] as const
    // The framework keeps what it compiled of each statement in a WeakMap. Of thousands of new ones a second, its table and all
    // values live on through the next collection.
    return Object.assign(sql.unsafe<Row>(text, values), { compile: () => compiled })
  }
}
