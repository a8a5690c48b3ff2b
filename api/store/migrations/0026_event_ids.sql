-- For whoever follows what changes and was away meanwhile: which rows are newer than a moment, also those of records that are gone.
alter table record_owners add column gone_at timestamptz;
create index record_owners_gone on record_owners (gone_at) where gone_at is not null;

create function note_gone() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update record_owners set gone_at = now() where record_id = old.id;
  return null;
end $$;
create trigger records_gone after delete on records for each row execute function note_gone();

-- A row's xmin is the transaction that wrote it, without the epoch that txid's count. One that is newer than all that there is
-- belongs to the epoch before.
create function written_since(row_xmin xid, since bigint) returns boolean language sql stable as $$
  select (case when low > next_low then epoch - 1 else epoch end << 32 | low) >= since
  from (
    select row_xmin::text::bigint as low, next >> 32 as epoch, next & 4294967295 as next_low
    from (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next) as now
  ) as parts
$$;
