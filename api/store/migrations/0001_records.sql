-- Records, what became of them, and who owns what on a host. The API and the reconciler meet here and nowhere else:
-- each holds its own few statements against these tables, and this file is the contract between them.

create table records (
  kind               text        not null,
  name               text        not null,
  id                 uuid        not null default gen_random_uuid() unique,
  -- Moves with every write: the version that a writer must name (optimistic concurrency).
  version            bigint      not null default 1,
  -- Moves only when the spec does.
  generation         bigint      not null default 1,
  metadata           jsonb       not null default '{}',
  spec               jsonb       not null,
  -- A tombstone: the agent removes what the record owns, then the row.
  deleted_at         timestamptz,
  -- A person agreed to a removal that the guard of the agent would hold back.
  deletion_confirmed boolean     not null default false,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  primary key (kind, name)
);

create table revisions (
  seq        bigint generated always as identity primary key,
  record_id  uuid        not null,
  kind       text        not null,
  name       text        not null,
  generation bigint      not null,
  version    bigint      not null,
  action     text        not null check (action in ('create', 'update', 'delete', 'restore')),
  actor      text        not null,
  source     text        not null,
  metadata   jsonb       not null,
  spec       jsonb       not null,
  at         timestamptz not null default now()
);
create index revisions_of_record on revisions (kind, name, seq desc);

create table status (
  kind                text        not null,
  name                text        not null,
  node                text        not null,
  observed_generation bigint      not null,
  conditions          jsonb       not null,
  details             jsonb       not null default '{}',
  updated_at          timestamptz not null default now(),
  primary key (kind, name, node)
);

create table inventory (
  node          text        not null,
  key           text        not null,
  kind          text        not null,
  name          text        not null,
  record_id     uuid        not null,
  resource_kind text        not null,
  resource_id   text        not null,
  on_delete     text        not null check (on_delete in ('remove', 'trash', 'retain', 'confirm')),
  -- The fields of the record that explain it, as `plumb explain` shows them.
  fields        jsonb       not null default '[]',
  generation    bigint      not null,
  claimed_at    timestamptz not null default now(),
  primary key (node, key)
);
create index inventory_of_record on inventory (node, kind, name);

create table drift_events (
  seq          bigint generated always as identity primary key,
  node         text        not null,
  kind         text,
  name         text,
  resource_key text        not null,
  drift_kind   text        not null check (drift_kind in ('missing', 'changed', 'extra', 'runtime')),
  stream       text        not null check (stream in ('intended', 'corrective', 'accepted')),
  outcome      text        not null check (outcome in ('healed', 'reported', 'adopted', 'ignored', 'fought')),
  -- Unified diff, secrets masked.
  diff         text        not null,
  fields       jsonb       not null default '[]',
  author       jsonb       not null default '{}',
  -- Where on the host the text that a person had edited was kept before it was healed.
  kept_copy    text,
  seen_at      timestamptz not null default now()
);
create index drift_events_of_record on drift_events (kind, name, seq desc);

create table sweeps (
  node        text        not null,
  at          timestamptz not null default now(),
  resources   integer     not null,
  drifted     integer     not null,
  duration_ms integer     not null,
  primary key (node, at)
);

create table nodes (
  name         text        primary key,
  facts        jsonb       not null default '{}',
  last_seen_at timestamptz not null default now()
);

create table pauses (
  id         uuid        primary key default gen_random_uuid(),
  -- Both null: the whole node fleet. Kind alone: every record of it. Both: one record. ("Node", name) is one node.
  kind       text,
  name       text,
  mode       text        not null check (mode in ('pause', 'observe')),
  actor      text        not null,
  reason     text        not null,
  until      timestamptz,
  created_at timestamptz not null default now(),
  check (kind is not null or name is null)
);

-- A numeric user id is given once and never again, so that a later account never owns what an earlier one left.
create table account_uids (
  uid       integer primary key check (uid between 10000 and 59999),
  record_id uuid    not null
);

-- One append-only chain over revisions and drift events: each row carries the hash of the one before, so that an auditor
-- can verify that nothing was edited or dropped.
create table chain (
  seq          bigint      primary key,
  table_name   text        not null,
  row_seq      bigint      not null,
  payload_hash bytea       not null,
  prev_hash    bytea       not null,
  hash         bytea       not null,
  at           timestamptz not null default now()
);

create function append_to_chain() returns trigger language plpgsql as $$
declare
  last     chain%rowtype;
  payload  bytea;
begin
  -- One writer at a time: the order of the chain is the order of commits.
  perform pg_advisory_xact_lock(7205759403);
  select * into last from chain order by seq desc limit 1;
  payload := sha256(convert_to((to_jsonb(new) - 'seq')::text, 'UTF8'));
  insert into chain (seq, table_name, row_seq, payload_hash, prev_hash, hash)
  values (
    coalesce(last.seq, 0) + 1,
    tg_table_name,
    new.seq,
    payload,
    coalesce(last.hash, '\x00'::bytea),
    sha256(coalesce(last.hash, '\x00'::bytea) || convert_to(tg_table_name || ':' || new.seq || ':', 'UTF8') || payload)
  );
  return null;
end $$;

create trigger revisions_chain after insert on revisions for each row execute function append_to_chain();
create trigger drift_events_chain after insert on drift_events for each row execute function append_to_chain();

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name;
end $$;

create trigger revisions_append_only before update or delete on revisions for each statement execute function refuse_change();
create trigger drift_events_append_only before update or delete on drift_events for each statement execute function refuse_change();
create trigger chain_append_only before update or delete on chain for each statement execute function refuse_change();

-- Hints for those who listen; the state is always read.
create function notify_record() returns trigger language plpgsql as $$
declare
  row record;
begin
  row := case when tg_op = 'DELETE' then old else new end;
  perform pg_notify(tg_argv[0], row.kind || '/' || row.name);
  return null;
end $$;

create trigger records_notify after insert or update or delete on records for each row execute function notify_record('plumb_records');
create trigger status_notify after insert or update or delete on status for each row execute function notify_record('plumb_status');
create trigger drift_notify after insert on drift_events for each row execute function notify_record('plumb_drift');

create function notify_pauses() returns trigger language plpgsql as $$
begin
  perform pg_notify('plumb_records', '*');
  return null;
end $$;

create trigger pauses_notify after insert or update or delete on pauses for each statement execute function notify_pauses();
