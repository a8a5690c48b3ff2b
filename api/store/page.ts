/**
 * Paging by key: a page ends with a cursor that names its last row, so that rows which come and go in between neither
 * repeat nor hide others. To clients the cursor is opaque.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Malformed } from "../problems.ts"

export interface Page<Item> {
  readonly items: ReadonlyArray<Item>
  readonly next: string | null
}

export const defaultLimit = 100

export const cursorOf = (keys: ReadonlyArray<string>): string => Buffer.from(JSON.stringify(keys)).toString("base64url")

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Array(Schema.String)))

/** The keys in a cursor, or `Malformed` when it is not one that was given out for such a list. */
export const keysOf = (cursor: string, count: number): Result.Result<ReadonlyArray<string>, Malformed> => {
  const keys = decode(Buffer.from(cursor, "base64url").toString("utf8"))
  return Result.isSuccess(keys) && keys.success.length === count && keys.success.every((key) => !key.includes("\0"))
    ? Result.succeed(keys.success)
    : Result.fail(
        malformedParameter("after", "This is not where a page of this list ended.", "Start again without it."),
      )
}

/** A page out of a query that asked for one row more than the limit. */
export const pageOf = <Row, Item>(
  rows: ReadonlyArray<Row>,
  limit: number,
  show: (row: Row) => Item,
  keys: (row: Row) => ReadonlyArray<string>,
): Page<Item> => {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown.map(show), next: rows.length > limit && last !== undefined ? cursorOf(keys(last)) : null }
}

/** For LIKE: a part of a text, as it is written. */
export const pattern = (part: string): string => `%${part.replaceAll(/[\\%_]/g, "\\$&")}%`

export const malformedParameter = (field: string, message: string, mend: string) =>
  new Malformed({ detail: message, problems: [{ field, message, mend }] })
