-- What went through a record's sites, by day in UTC: sums that only grow. They outlive their record, since somebody may have to
-- be billed for them; a record that is made anew under the same name has another id.
create table traffic (
  node      text   not null,
  record_id uuid   not null,
  kind      text   not null,
  name      text   not null,
  day       date   not null,
  requests  bigint not null,
  bytes_in  bigint not null,
  bytes_out bigint not null,
  primary key (node, record_id, day)
);
create index traffic_of_record on traffic (kind, name, day);

-- How far each log was read, moved in one statement with the sums of what was read: so each line counts once. A log is known
-- by a hash of its first line, whatever it is called after a rotation.
create table traffic_logs (
  node     text        not null,
  log      text        not null,
  position bigint      not null,
  read_at  timestamptz not null default now(),
  primary key (node, log)
);
