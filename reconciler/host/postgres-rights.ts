// Every right and every owner within a database, compared with how they should be, and made so.

import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { answer, change } from "./postgres-program.ts"
import { differencesQuery } from "./postgres-queries.ts"

export const Differences = Schema.Array(
  Schema.Struct({
    on: Schema.String,
    want: Schema.NullOr(Schema.String),
    have: Schema.NullOr(Schema.String),
    mend: Schema.String,
  }),
)

/**
 * Makes everything in the database `place` so as it has to be in the database `name`, with the roles of that. Where they are
 * not the same, the rights on databases themselves stay as they are.
 */
export const mendRights = (place: string, name: string) =>
  Effect.gen(function* () {
    // What changes its owner has other rights then.
    for (let round = 0; round < 3; round++) {
      const found = yield* answer(Differences, place, differencesQuery(name))
      const mends = found.filter(({ on }) => place === name || !/^database /i.test(on)).map(({ mend }) => mend)
      if (mends.length === 0) return
      yield* change(place, [...new Set(mends)])
    }
  })
