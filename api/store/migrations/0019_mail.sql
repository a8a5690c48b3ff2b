-- What administrators set for the whole installation. Secrets in it are sealed with the API's own key.
create table settings (
  name       text        primary key,
  value      jsonb       not null,
  sealed     text,
  version    bigint      not null default 1,
  updated_at timestamptz not null
);

-- The right to set a new password, sent by mail.
create table password_resets (
  hash       bytea       primary key,
  user_id    uuid        not null references users on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index password_resets_of_user on password_resets (user_id);
