/**
 * Proves that nothing was edited in, or dropped from, the revisions, the drift events and the audit trail: every link of the chain is
 * computed again, and every row that a link speaks of.
 *
 * The one thing to know before changing it: the hashes are those of `append_to_chain` in the migrations, byte for byte.
 * What this cannot see is the loss of the newest links together with their rows: an auditor notes `head` down and compares.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type { Verified } from "../shapes.ts"

interface Break {
  readonly chain_seq: number | null
  readonly table_name: string
  readonly row_seq: number
  readonly what: NonNullable<Verified["broken"]>["what"]
}

const messages: { readonly [What in Break["what"]]: string } = {
  "link-missing": "One or more links before this one are gone from the chain.",
  "link-changed": "This link of the chain does not carry the hash that its contents have.",
  "row-changed": "This row is not what it was when it was written.",
  "row-missing": "This row was written once and is gone.",
  "row-unchained": "This row stands in the table, and no link of the chain speaks of it.",
}

export const verify = Effect.gen(function* () {
  const sql = yield* PgClient
  // One statement, so that all of it sees one moment. A link and its row are of one transaction.
  const [breaks, heads] = yield* Effect.all([
    sql<Break>`
      with rows as (
        select 'revisions' as table_name, seq as row_seq, sha256(convert_to((to_jsonb(t) - 'seq')::text, 'UTF8')) as payload
        from revisions t
        union all
        select 'drift_events', seq, sha256(convert_to((to_jsonb(t) - 'seq')::text, 'UTF8')) from drift_events t
        union all
        select 'audit_events', seq, sha256(convert_to((to_jsonb(t) - 'seq')::text, 'UTF8')) from audit_events t
      ),
      links as (
        select c.seq, c.table_name, c.row_seq, c.payload_hash, c.prev_hash, c.hash, r.payload,
          coalesce(lag(c.seq) over chain_order, 0) as seq_before,
          coalesce(lag(c.hash) over chain_order, '\\x00'::bytea) as hash_before
        from chain c left join rows r using (table_name, row_seq)
        window chain_order as (order by c.seq)
      ),
      judged as (
        select seq, table_name, row_seq, case
          when seq <> seq_before + 1 then 'link-missing'
          when prev_hash <> hash_before
            or hash <> sha256(prev_hash || convert_to(table_name || ':' || row_seq || ':', 'UTF8') || payload_hash)
            then 'link-changed'
          when payload is null then 'row-missing'
          when payload <> payload_hash then 'row-changed'
        end as what
        from links
        union all
        select null, r.table_name, r.row_seq, 'row-unchained' from rows r
        where not exists (select from chain c where c.table_name = r.table_name and c.row_seq = r.row_seq)
      )
      select seq::float8 as chain_seq, table_name, row_seq::float8 as row_seq, what from judged
      where what is not null order by seq nulls last, row_seq limit 1`,
    sql<{ readonly links: number; readonly head: string | null }>`
      select count(*)::float8 as links, (select encode(hash, 'hex') from chain order by seq desc limit 1) as head from chain`,
  ])
  const [found] = breaks
  const verified: Verified = {
    ok: found === undefined,
    links: heads[0]?.links ?? 0,
    head: heads[0]?.head ?? "",
    broken:
      found === undefined
        ? null
        : {
            chainSeq: found.chain_seq,
            table: found.table_name,
            rowSeq: found.row_seq,
            what: found.what,
            message: `${found.table_name} ${found.row_seq}: ${messages[found.what]}`,
          },
  }
  return verified
}).pipe(Effect.withSpan("chain.verify"))
