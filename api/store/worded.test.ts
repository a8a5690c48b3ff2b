import { makeCompiler, type PgClient } from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Statement from "effect/sql/Statement"
import { worded } from "./worded.ts"

/** It asks nobody: of a client, only what puts statements together. */
const sql = Statement.make(Effect.die("nobody is asked"), makeCompiler(), [], undefined) as PgClient

describe("a statement whose words are always the same", () => {
  it("takes its values by name, wherever and however often they stand", () => {
    const find = worded(
      sql,
      ["name", "kinds"],
      (of) =>
        sql`select from records where kind = any (${of.kinds}::text[]) and name in (${of.name}, lower(${of.name}))`,
    )
    const words = "select from records where kind = any ($2::text[]) and name in ($1, lower($1))"
    assert.deepStrictEqual(find({ name: "blog", kinds: ["Site"] }).compile(), [words, ["blog", ["Site"]]])
    assert.deepStrictEqual(find({ kinds: [], name: "'; --" }).compile(), [words, ["'; --", []]])
  })

  it("has no value among its words", () => {
    assert.throws(() => worded(sql, [], () => sql`select ${"a secret"}`), "1 values are fixed in: select $1")
  })
})
