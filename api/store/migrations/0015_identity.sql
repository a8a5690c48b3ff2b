-- Who may ask for something. Instants are those of the API's clock, which is the one that tests can move.
create table users (
  id              uuid        primary key default gen_random_uuid(),
  -- Lower case, as api/identity/email.ts makes it: one address has one user.
  email           text        not null unique,
  name            text        not null,
  role            text        not null check (role in ('super-admin')),
  locale          text        not null default 'en' check (locale in ('en', 'de')),
  -- argon2id in PHC form; null: nobody logs in with a password.
  password        text,
  password_set_at timestamptz,
  suspended_at    timestamptz,
  version         bigint      not null default 1,
  created_at      timestamptz not null,
  updated_at      timestamptz not null
);

create table sessions (
  id               uuid        primary key default gen_random_uuid(),
  user_id          uuid        not null references users on delete cascade,
  created_at       timestamptz not null,
  -- When a password was last given in it: what changes who may log in wants that to be recent.
  authenticated_at timestamptz not null,
  seen_at          timestamptz not null,
  expires_at       timestamptz not null,
  ended_at         timestamptz,
  end_reason       text        check (end_reason in ('logout', 'revoked', 'reuse', 'password', 'suspended')),
  address          text        not null,
  agent            text        not null
);
create index sessions_of_user on sessions (user_id);
create index sessions_by_expiry on sessions (expires_at);

-- Only hashes: who reads this table can log in nowhere. Each token works once, and gives the next.
create table refresh_tokens (
  hash       bytea       primary key,
  session_id uuid        not null references sessions on delete cascade,
  -- Whose successor it is.
  parent     bytea,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at    timestamptz
);
create index refresh_tokens_of_session on refresh_tokens (session_id);
create index refresh_tokens_by_parent on refresh_tokens (parent);

-- Where somebody has logged in before.
create table devices (
  hash       bytea       primary key,
  user_id    uuid        not null references users on delete cascade,
  created_at timestamptz not null,
  used_at    timestamptz not null
);
create index devices_of_user on devices (user_id);

-- Failed log-ins since the last one that succeeded. A bucket is a hash: of addresses nobody reads who they are.
create table login_attempts (
  bucket   bytea       primary key,
  failures integer     not null,
  -- Counted until then; locked until then once there are too many.
  until    timestamptz not null
);
create index login_attempts_by_end on login_attempts (until);

-- The public halves. The private ones are in the memory of the API processes and nowhere else.
create table signing_keys (
  id         text        primary key,
  public_key jsonb       not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

-- The right to become the first administrator.
create table first_runs (
  hash       bytea       primary key,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

-- What was done by whom besides the records. Part of the chain: it never gets another column; what is new goes into details.
create table audit_events (
  seq        bigint      generated always as identity primary key,
  at         timestamptz not null,
  action     text        not null,
  outcome    text        not null check (outcome in ('succeeded', 'failed', 'refused')),
  -- Null: nobody who is known.
  actor_id   uuid,
  actor      text        not null,
  -- Who it was done as, where that is somebody else.
  subject_id uuid,
  session_id uuid,
  address    text        not null,
  agent      text        not null,
  request_id text        not null,
  target     text        not null,
  before     jsonb,
  after      jsonb,
  details    jsonb       not null default '{}'
);
create index audit_events_of_actor on audit_events (actor_id, seq desc);

create trigger audit_events_chain after insert on audit_events for each row execute function append_to_chain();
create trigger audit_events_append_only before update or delete on audit_events for each statement execute function refuse_change();
create trigger audit_events_never_truncated before truncate on audit_events for each statement execute function refuse_change();
