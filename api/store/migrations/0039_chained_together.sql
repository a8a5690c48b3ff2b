-- A statement that adds several rows to the history adds their links in one go: they are the same links as one by one.
create or replace function append_to_chain() returns trigger language plpgsql
security definer set search_path = public, pg_temp set timezone to 'UTC' as $$
declare
  added    record;
  at       bigint;
  link     bytea;
  payload  bytea;
  seqs     bigint[] := '{}';
  rows     bigint[] := '{}';
  payloads bytea[] := '{}';
  links    bytea[] := '{}';
begin
  -- One writer at a time: the order of the chain is the order of commits.
  perform pg_advisory_xact_lock(7205759403);
  select seq, hash into at, link from chain order by seq desc limit 1;
  at := coalesce(at, 0);
  links := array[coalesce(link, '\x00'::bytea)];
  for added in select a.seq, to_jsonb(a) - 'seq' as document from added_rows a order by a.seq loop
    at := at + 1;
    payload := sha256(convert_to(added.document::text, 'UTF8'));
    seqs := seqs || at;
    rows := rows || added.seq;
    payloads := payloads || payload;
    links := links || sha256(links[cardinality(links)] || convert_to(tg_table_name || ':' || added.seq || ':', 'UTF8') || payload);
  end loop;
  insert into chain (seq, table_name, row_seq, payload_hash, prev_hash, hash)
  select l.seq, tg_table_name, l.row, l.payload, links[l.place], links[l.place + 1]
  from unnest(seqs, rows, payloads) with ordinality as l (seq, row, payload, place);
  return null;
end $$;

drop trigger revisions_chain on revisions;
drop trigger drift_events_chain on drift_events;
drop trigger audit_events_chain on audit_events;
create trigger revisions_chain after insert on revisions
  referencing new table as added_rows for each statement execute function append_to_chain();
create trigger drift_events_chain after insert on drift_events
  referencing new table as added_rows for each statement execute function append_to_chain();
create trigger audit_events_chain after insert on audit_events
  referencing new table as added_rows for each statement execute function append_to_chain();
