-- Passkeys (WebAuthn): public keys, of which nobody can log in.
create table passkeys (
  id            uuid        primary key default gen_random_uuid(),
  user_id       uuid        not null references users on delete cascade,
  -- The host name that it was made for: it is good for no other.
  rp_id         text        not null,
  -- As the authenticator calls it, base64url.
  credential_id text        not null,
  public_key    bytea       not null,
  -- Counts its uses where the authenticator does; one that goes back is a copy (WebAuthn, section 6.1.1).
  counter       bigint      not null,
  transports    text[]      not null,
  -- Whether it is on more than one device.
  backed_up     boolean     not null,
  name          text        not null,
  created_at    timestamptz not null,
  used_at       timestamptz,
  unique (rp_id, credential_id)
);
create index passkeys_of_user on passkeys (user_id);

-- What an authenticator has to sign, once, by the hash of the ticket that came with it.
create table passkey_challenges (
  hash       bytea       primary key,
  purpose    text        not null check (purpose in ('add', 'login', 'second-factor')),
  -- Null: whoever can.
  user_id    uuid        references users on delete cascade,
  challenge  text        not null,
  expires_at timestamptz not null
);
create index passkey_challenges_by_expiry on passkey_challenges (expires_at);

grant select, insert, update, delete on passkeys, passkey_challenges to plumb_api;
-- An administrator takes the factors of who has lost them.
grant select, delete on passkeys, passkey_challenges to plumb_tenant;
