/** On which account something is made, and what it is called where nobody says. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { Invalid } from "../problems.ts"
import { currentSight, lookingAs, operator } from "../store/sight.ts"

/** The one that is asked for, whether there is one or not, or else the only one. */
export const accountOf = Effect.fn("customer.accountOf")(function* (asked: unknown) {
  if (asked !== undefined) return asked
  const sql = yield* PgClient
  const sight = yield* currentSight
  const found = yield* sql<{ readonly name: string }>`
    select name from records where kind = 'Account' and deleted_at is null order by name limit 2`
  const [only] = found
  if (only !== undefined && found.length === 1 && sight.of === "tenant") return only.name
  const [message, mend] =
    only === undefined
      ? ["There is no account yet.", "Ask whoever runs the installation for one."]
      : ["There are several accounts.", "Say on which: GET /v1/records?kind=Account lists them."]
  return yield* new Invalid({ detail: "Nothing was made.", problems: [{ field: "account", message, mend }] })
})

const longest = 63

/** A name as records have them, out of any words: theirs, and nothing where there is nothing of it. */
export const slugOf = (words: string): string =>
  words
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}/gu, "")
    .replaceAll("ß", "ss")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, longest)
    .replace(/-+$/, "")

/** The first of NAME, NAME-2, NAME-3 … that no record of the kind has, whoever's it would be. */
export const freeName = Effect.fn("customer.freeName")(function* (kind: string, words: string) {
  const sql = yield* PgClient
  const base =
    slugOf(words)
      .slice(0, longest - 6)
      .replace(/-+$/, "") || "new"
  const rows = yield* lookingAs(operator)(
    sql<{ readonly name: string }>`select name from records where kind = ${kind} and starts_with(name, ${base})`,
  )
  const taken = new Set(rows.map(({ name }) => name))
  let free = base
  for (let number = 2; taken.has(free); number++) free = `${base}-${number}`
  return free
})
