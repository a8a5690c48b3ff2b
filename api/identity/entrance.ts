/**
 * Who a request is, by its session, and what it looks at first, in one statement for all that come together.
 *
 * The one thing to know before changing it: the look is as whom the session was at the request before. Only where it is the same
 * one still is what was seen given to anybody, and whose session is over, or who asks too often, looks at nothing.
 */
import { isDeepStrictEqual } from "node:util"
import type { PgClient } from "@effect/sql-pg/PgClient"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Counted } from "../gateway/rate-limit-store.ts"
import type { FirstLook, Seen } from "../store/first-look.ts"
import type { At } from "../store/looks-at.ts"
import { whenBusy } from "../store/pace.ts"
import type { RecordWithStatus, TouchedRow } from "../store/rows.ts"
import { asLookers, lookers, lookersOf, type Sight } from "../store/sight.ts"
import { together } from "../store/together.ts"
import { sightOf } from "./role.ts"
import * as Sessions from "./sessions.ts"

type Looking<Where extends At> = Sessions.SessionAsked &
  Extract<FirstLook, { readonly at: Where }> & { readonly sight: Sight }

type Looker = (typeof lookers)[number]

export interface Entered {
  readonly holder: Sessions.Holder & Counted
  readonly sight: Sight
  readonly seen: Seen | undefined
}

/** What is beside a record is judged as the whole tenant's. */
const seesAllOfTheirs = (sight: Sight): boolean =>
  sight.of === "operator" || (sight.of === "tenant" && sight.records === undefined)

/** As whom so many sessions were the last time. */
const remembered = 10_000

export const entrance = (sql: PgClient) => {
  const asking = <Asked extends Sessions.SessionAsked, Row extends { readonly id: string }, Name extends string>(
    looking: Sessions.Looking<Asked, Name>,
    apart: number,
  ) => {
    const find = Sessions.findCounting<Asked, Row, Name>(sql, looking)
    return together(
      (asked: ReadonlyArray<Asked>) => (Arr.isReadonlyArrayNonEmpty(asked) ? find(asked) : Effect.succeed([])),
      { apart: whenBusy(apart) },
    )
  }

  const only = asking<Sessions.SessionAsked, never, never>({ names: [], of: () => ({}), words: () => sql`` }, 3)

  const reading = asking<Looking<"record">, RecordWithStatus, Looker | "kinds" | "names">(
    {
      names: [...lookers, "kinds", "names"],
      of: (asked) => ({
        ...lookersOf(asked),
        kinds: asked.map(({ kind }) => kind),
        names: asked.map(({ name }) => name),
      }),
      words: (of) => sql`left join records_named(${asLookers(sql, of)}, array(
        select case when found.remaining >= 0 then kind end
        from unnest(${of.kinds}::text[]) with ordinality as wanted (kind, place)
        left join found using (place) order by place
      ), ${of.names}::text[]) seen using (place)`,
    },
    3,
  )

  const changing = asking<Looking<"touched">, TouchedRow, Looker | "ties">(
    {
      names: [...lookers, "ties"],
      of: (asked) => ({ ...lookersOf(asked), ties: JSON.stringify(asked.map(({ ties }) => ties)) }),
      words: (of) => sql`left join touched_each(${asLookers(sql, of)}, (
        select jsonb_agg(case when found.remaining >= 0 then ties else '[]' end order by place)
        from jsonb_array_elements(${of.ties}::jsonb) with ordinality as wanted (ties, place)
        left join found using (place)
      )) seen using (place)`,
    },
    8,
  )

  const sights = new Map<string, Sight>()

  const remember = (session: string, sight: Sight) => {
    for (const oldest of sights.keys()) {
      if (sights.size < remembered) break
      sights.delete(oldest)
    }
    sights.set(session, sight)
  }

  const look = (
    asked: Sessions.SessionAsked,
    first: FirstLook | undefined,
    sight: Sight | undefined,
  ): Effect.Effect<{ readonly holder: Sessions.Holder & Counted; readonly seen?: Seen } | undefined, SqlError> => {
    if (first === undefined || sight === undefined || (first.at === "touched" && !seesAllOfTheirs(sight)))
      return only(asked)
    return first.at === "record"
      ? Effect.map(
          reading({ ...asked, ...first, sight }),
          (found) => found && { holder: found.holder, seen: { ...first, sight, row: found.rows[0] } },
        )
      : Effect.map(
          changing({ ...asked, ...first, sight }),
          (found) => found && { holder: found.holder, seen: { ...first, sight, rows: found.rows } },
        )
  }

  /** Counts the request too. Undefined where the session is not open, or not the user's. */
  return (asked: Sessions.SessionAsked, first: FirstLook | undefined): Effect.Effect<Entered | undefined, SqlError> =>
    Effect.suspend(() => {
      const before = sights.get(asked.session)
      return Effect.map(look(asked, first, before), (found) => {
        if (found === undefined) {
          sights.delete(asked.session)
          return undefined
        }
        const now = sightOf(found.holder)
        const same = before !== undefined && isDeepStrictEqual(before, now)
        if (!same) remember(asked.session, now)
        return { holder: found.holder, sight: same ? before : now, seen: same ? found.seen : undefined }
      })
    })
}
