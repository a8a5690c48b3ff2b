-- Which write of a record a status is about. The generation does not tell: it stays the same when a record is deleted and
-- taken back, and what was said of the deletion is no answer to what became of the record.
alter table status add column observed_version bigint not null default 0;
