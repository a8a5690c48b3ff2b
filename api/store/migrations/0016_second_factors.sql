-- Secrets of authenticator apps, sealed with the key of the API, which is not in this database.
create table totp_secrets (
  user_id    uuid        primary key references users on delete cascade,
  sealed     text        not null,
  -- The step of 30 seconds whose code was taken last: each is taken once (RFC 6238, section 5.2).
  last_step  bigint      not null,
  created_at timestamptz not null
);

-- Of 80 random bits each.
create table recovery_codes (
  hash       bytea       primary key,
  user_id    uuid        not null references users on delete cascade,
  created_at timestamptz not null,
  used_at    timestamptz
);
create index recovery_codes_of_user on recovery_codes (user_id);

-- What stands between two steps: a password that was right and a code that is missing, or a secret that no code has confirmed.
create table tickets (
  hash       bytea       primary key,
  purpose    text        not null check (purpose in ('login', 'second-factor')),
  user_id    uuid        not null references users on delete cascade,
  -- Of a log-in: the bucket in which attempts are counted, and the device, where it is known.
  bucket     bytea       not null,
  device     bytea,
  -- Of a new factor.
  sealed     text,
  expires_at timestamptz not null
);
create index tickets_of_user on tickets (user_id);
