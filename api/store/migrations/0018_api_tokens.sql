-- What programs send. Of a token there is a hash; its first characters tell people which one it is.
create table api_tokens (
  id              uuid        primary key default gen_random_uuid(),
  user_id         uuid        not null references users on delete cascade,
  name            text        not null,
  hash            bytea       not null unique,
  prefix          text        not null,
  scopes          text[]      not null,
  -- Addresses and networks that it is good from; none: from everywhere.
  networks        text[]      not null,
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  -- To the minute.
  used_at         timestamptz,
  used_from       text,
  unique (user_id, name)
);
