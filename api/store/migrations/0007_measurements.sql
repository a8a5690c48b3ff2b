-- Figures of what a record has on a node (bytes of a database, say), as the agent last measured them: not wanted by anybody,
-- and no status, which moves only when what is wanted does. A row moves when its value does.
create table measurements (
  node        text        not null,
  kind        text        not null,
  name        text        not null,
  measure     text        not null,
  value       bigint      not null,
  measured_at timestamptz not null,
  primary key (node, kind, name, measure)
);
create index measurements_of_record on measurements (kind, name);
