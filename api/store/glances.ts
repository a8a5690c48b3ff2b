/**
 * What requests wait for most: who it is, and one look at what is theirs. Those that come together are asked in one statement,
 * over connections of their own, for which nobody waits.
 *
 * The one thing to know before changing it: a statement waits for those before it on its connection. None may be long, and no
 * transaction belongs here.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql/SqlError"
import { whenBusy } from "./pace.ts"
import type { RecordWithStatus, TouchedRow } from "./rows.ts"
import { asLookers, lookers, lookersOf, type Sight } from "./sight.ts"
import { together } from "./together.ts"
import { worded } from "./worded.ts"

export interface OneAsked {
  readonly sight: Sight
  readonly kind: string
  readonly name: string
}

export interface PageAsked {
  readonly sight: Sight
  readonly kind: string
  /** The name that the page follows. */
  readonly behind: string
  readonly upTo: number
}

export interface TouchedAsked {
  readonly sight: Sight
  readonly ties: ReadonlyArray<string>
}

interface Placed {
  readonly place: number
}

/** The rows of each of those that asked. */
const grouped =
  (asked: ReadonlyArray<unknown>) =>
  <Row extends Placed>(rows: ReadonlyArray<Row>): ReadonlyArray<ReadonlyArray<Row>> => {
    const of = Map.groupBy(rows, ({ place }) => place)
    return asked.map((_, index) => of.get(index + 1) ?? [])
  }

export class Glances extends Context.Service<
  Glances,
  {
    readonly sql: PgClient.PgClient
    /** The record as somebody sees it, or undefined. */
    readonly one: (asked: OneAsked) => Effect.Effect<RecordWithStatus | undefined, SqlError>
    readonly page: (asked: PageAsked) => Effect.Effect<ReadonlyArray<RecordWithStatus>, SqlError>
    readonly touched: (asked: TouchedAsked) => Effect.Effect<ReadonlyArray<TouchedRow>, SqlError>
  }
>()("plumbline/api/store/Glances") {
  static readonly layer = (options: PgClient.PgPoolConfig) =>
    Layer.effect(
      Glances,
      Effect.map(
        PgClient.make({ ...options, multiplex: true, maxConnections: 2, multiplexConcurrency: 256 }),
        (sql): Glances["Service"] => {
          const named = worded(
            sql,
            [...lookers, "kinds", "names"],
            (of) => sql`select * from records_named(${asLookers(sql, of)}, ${of.kinds}::text[], ${of.names}::text[])`,
          )
          const paged = worded(
            sql,
            [...lookers, "kinds", "behind", "upTo"],
            (of) => sql`select * from records_paged(${asLookers(sql, of)}, ${of.kinds}::text[], ${of.behind}::text[],
              ${of.upTo}::int[])`,
          )
          const touchedEach = worded(
            sql,
            [...lookers, "ties"],
            (of) => sql`select * from touched_each(${asLookers(sql, of)}, ${of.ties}::jsonb)`,
          )
          return {
            sql,
            one: together(
              (asked) =>
                Effect.map(
                  named<RecordWithStatus & Placed>({
                    ...lookersOf(asked),
                    kinds: asked.map(({ kind }) => kind),
                    names: asked.map(({ name }) => name),
                  }),
                  (rows) => {
                    const found = new Map(rows.map((row) => [row.place, row]))
                    return asked.map((_, index) => found.get(index + 1))
                  },
                ),
              { apart: whenBusy(4) },
            ),
            page: together(
              (asked) =>
                Effect.map(
                  paged<RecordWithStatus & Placed>({
                    ...lookersOf(asked),
                    kinds: asked.map(({ kind }) => kind),
                    behind: asked.map(({ behind }) => behind),
                    upTo: asked.map(({ upTo }) => upTo),
                  }),
                  grouped(asked),
                ),
              { apart: whenBusy(4) },
            ),
            touched: together(
              (asked) =>
                Effect.map(
                  touchedEach<TouchedRow & Placed>({
                    ...lookersOf(asked),
                    ties: JSON.stringify(asked.map(({ ties }) => ties)),
                  }),
                  grouped(asked),
                ),
              { apart: whenBusy(8) },
            ),
          }
        },
      ),
    ).pipe(Layer.provide(Reactivity.layer))
}
