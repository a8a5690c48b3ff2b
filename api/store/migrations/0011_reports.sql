-- What a run found out, as the program that ran wrote it down: the id and size of a backup, say.
alter table runs add column details jsonb;

-- What a node has last told of a record beside its conditions: the backups that its policy has, say. Not wanted by anybody, and
-- replaced as a whole by whoever tells anew.
create table reports (
  node        text        not null,
  kind        text        not null,
  name        text        not null,
  -- A record that was made anew under the same name has none of the former one's.
  record_id   uuid        not null,
  report      jsonb       not null,
  reported_at timestamptz not null,
  primary key (node, kind, name),
  foreign key (kind, name) references records on delete cascade
);
