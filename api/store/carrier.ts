/**
 * Changes of one record each, carried out by the one writer: those that come while it is busy go in one statement, and are safe
 * on the disk together.
 *
 * The one thing to know before changing it: the statement waits for the lock of the one writer and for the disk. It is none for
 * the connections of `Glances`.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlError } from "effect/sql/SqlError"
import { whenBusy } from "./pace.ts"
import type { RecordRow } from "./rows.ts"
import { asLookers, lookers, lookersOf, type Sight } from "./sight.ts"
import { together } from "./together.ts"
import { worded } from "./worded.ts"

/** A change of a record that is there. */
export interface Carried {
  readonly sight: Sight
  readonly row: Pick<RecordRow, "id" | "kind" | "name" | "version" | "generation" | "metadata" | "spec"> & {
    readonly ties: ReadonlyArray<string>
  }
  /** What it was judged beside: all that has one of these ties. */
  readonly wanted: ReadonlyArray<string>
  readonly beside: ReadonlyArray<Pick<RecordRow, "id" | "version">>
  readonly actor: string
  readonly via: string
  /** A row of the audit trail. */
  readonly audit: object
}

export class Carrier extends Context.Service<
  Carrier,
  {
    /** Whether it is done; not where anything that it was judged beside is another than it was. */
    readonly carryOut: (asked: Carried) => Effect.Effect<boolean, SqlError>
  }
>()("plumbline/api/store/Carrier") {
  static readonly layer = Layer.effect(
    Carrier,
    Effect.map(PgClient, (sql) => {
      const carryOutEach = worded(
        sql,
        [...lookers, "changes"],
        (of) => sql`select * from carry_out_each(${asLookers(sql, of)}, ${of.changes}::jsonb)`,
      )
      return {
        carryOut: together(
          (asked: ReadonlyArray<Carried>) =>
            Effect.map(
              carryOutEach<{ readonly place: number; readonly done: boolean }>({
                ...lookersOf(asked),
                changes: JSON.stringify(asked.map(({ sight: _sight, ...change }) => change)),
              }),
              (rows) => {
                const done = new Set(rows.filter((row) => row.done).map(({ place }) => place))
                return asked.map((_, index) => done.has(index + 1))
              },
            ),
          { atOnce: 1, apart: whenBusy(16) },
        ),
      }
    }),
  )
}
