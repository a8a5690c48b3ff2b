-- Which set (a folder, say) a record was last applied with: only that source prunes it. Null: written one by one.
alter table records add column source text;
create index records_of_source on records (source) where source is not null;

-- A link hashes a row as JSON, where instants are written in a time zone: it must not be that of whoever writes the row.
-- For the same reason a chained table never gets another column: what is new about a revision goes into a table beside.
alter function append_to_chain() set timezone to 'UTC';

-- TRUNCATE fires no row trigger and would empty them unseen.
create trigger revisions_never_truncated before truncate on revisions for each statement execute function refuse_change();
create trigger drift_events_never_truncated before truncate on drift_events for each statement execute function refuse_change();
create trigger chain_never_truncated before truncate on chain for each statement execute function refuse_change();
