-- Requests for all secrets as one file that the key for emergencies opens. The API asks; the agent of the named node opens
-- what is sealed for it and seals it again for the public key that root has put on that host, and for no other. A row lives
-- for minutes: whoever asked takes it away, and else the agent does.
create table secret_exports (
  id           uuid        primary key default gen_random_uuid(),
  node         text        not null,
  actor        text        not null,
  requested_at timestamptz not null default now(),
  answered_at  timestamptz,
  -- An age file in ASCII armour; null where there is none, with the reason.
  file         text,
  -- How many secrets are in it, and the names of those that the node could not open.
  secrets      integer     not null default 0,
  closed       jsonb       not null default '[]',
  failure      text,
  mend         text,
  check ((file is null) or (failure is null))
);

-- Not a record: whoever hears it looks at everything besides the records.
create trigger secret_exports_notify after insert on secret_exports for each statement execute function notify_pauses();
