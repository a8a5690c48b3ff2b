-- What ran by a record's will, of whatever kind: one row a run, written by the agent once the run has ended, and no more
-- than the newest fifty of a record. A run's id is given on the host before it begins, so that no crash writes it twice.
create table runs (
  node           text        not null,
  kind           text        not null,
  name           text        not null,
  run_id         uuid        not null,
  -- A record that was made anew under the same name has none of the former one's.
  record_id      uuid        not null,
  -- The moment at which somebody asked for it; null: its time had come.
  requested_at   timestamptz,
  started_at     timestamptz not null,
  -- Null where nobody saw its end.
  ended_at       timestamptz,
  outcome        text        not null check (outcome in
    ('succeeded', 'failed', 'timed-out', 'killed', 'out-of-memory', 'skipped', 'interrupted')),
  -- Of the process; null where none ended by itself.
  exit_status    integer,
  -- What it wrote, as far as it is kept, and how many bytes more there were.
  output         text        not null default '',
  output_dropped bigint      not null default 0,
  primary key (node, kind, name, run_id),
  foreign key (kind, name) references records on delete cascade
);
create index runs_of_record on runs (kind, name, started_at desc, run_id);
