-- For whoever follows what changes and was away meanwhile: which records are gone, and since when.
alter table record_owners add column gone_at timestamptz;
create index record_owners_gone on record_owners (gone_at) where gone_at is not null;

create function note_gone() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update record_owners set gone_at = now() where record_id = old.id;
  return null;
end $$;
create trigger records_gone after delete on records for each row execute function note_gone();
