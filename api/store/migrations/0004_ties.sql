-- What ties a record to others (spec/ties.ts), so that a write is judged beside the few records that it touches and not
-- beside all. The words are those of the record at `tied_version`: a row that somebody else wrote, or that is older than
-- these columns, is `untied`, and read by the next writer.
alter table records
  add column ties         text[]  not null default '{}',
  add column tied_version bigint,
  -- A column, because the planner has statistics of columns: of the comparison it believes that it holds for every row.
  add column untied       boolean generated always as (tied_version is distinct from version) stored;

-- Without fastupdate: every look-up would read the list of what is still to be put in.
create index records_by_tie on records using gin (ties) with (fastupdate = off) where deleted_at is null;
create index records_untied on records (kind, name) where untied and deleted_at is null;
