-- An address that a user wants to have, until a link that was sent to it shows that it is theirs. One at a time.
create table email_changes (
  hash       bytea       primary key,
  user_id    uuid        not null unique references users on delete cascade,
  email      text        not null,
  expires_at timestamptz not null
);
grant select, insert, update, delete on email_changes to plumb_api;
