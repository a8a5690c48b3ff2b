-- Every request writes its bucket. With an index on what changes each time, a bucket had a new place in both indexes with each
-- request; now it is written where it is. Once an hour the table is read through for buckets that nobody uses any more.
drop index rate_limits_by_age;
alter table rate_limits set (fillfactor = 50);
