-- What was answered to requests that carried a key: who sends one again gets the same answer and nothing is done twice.
create table idempotency_keys (
  actor       text        not null,
  key         text        not null,
  tenant_id   uuid,
  -- Of the request: a key is for one.
  fingerprint bytea       not null,
  -- Null only within the transaction that does it.
  answer      jsonb,
  created_at  timestamptz not null,
  primary key (actor, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
do $$ begin
  execute format('create policy owner_all on idempotency_keys to %I using (true) with check (true)', current_user);
end $$;
create policy tenant_all on idempotency_keys to plumb_tenant
  using ((select sees_everything()) or tenant_id = (select seeing_tenant()))
  with check ((select sees_everything()) or tenant_id = (select seeing_tenant()));
create policy api_tidies on idempotency_keys to plumb_api using (true);
grant select, insert, update on idempotency_keys to plumb_tenant;
grant select, delete on idempotency_keys to plumb_api;
