-- Whose a record is, and who sees it: kept by the database, whatever a handler forgets.
--
-- plumb_api      what the API is between requests: log-ins, mail, limits. It has no right on records at all.
-- plumb_tenant   what a request becomes, in a transaction that says who asks (`plumb.sight`, `plumb.tenant`, `plumb.records`).
--                Where none of them is set it sees nothing.
-- plumb_auditor  reads everything but secrets, and writes nothing.
-- plumb_agent    what the agents are: they read what is wanted and write what became of it.
--
-- Tables belong to whoever migrates.

-- Roles are the server's and not the database's: another database there may have made them already.
do $$
declare
  name text;
begin
  foreach name in array array['plumb_api', 'plumb_tenant', 'plumb_auditor', 'plumb_agent'] loop
    begin
      if not exists (select from pg_roles where rolname = name) then
        execute format('create role %I nologin', name);
      end if;
    exception when duplicate_object or unique_violation then null;
    end;
    if not (select rolsuper from pg_roles where rolname = current_user) then
      execute format('grant %I to %I', name, current_user);
    end if;
  end loop;
end $$;

create table tenants (
  id          uuid        primary key default gen_random_uuid(),
  kind        text        not null check (kind in ('reseller', 'customer')),
  -- As accounts name it (`spec.customer`).
  slug        text        not null unique,
  name        text        not null,
  -- Whose customer it is; null: the operator's own.
  reseller_id uuid        references tenants,
  version     bigint      not null default 1,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  check (kind = 'customer' or reseller_id is null)
);
create index tenants_of_reseller on tenants (reseller_id);

alter table users drop constraint users_role_check;
alter table users
  add column tenant_id uuid references tenants,
  -- Of a technical user: the records that they are for (`Site/blog`), and what they may do with them.
  add column records   text[] not null default '{}',
  add column verbs     text[] not null default '{}',
  add constraint users_role_check check (role in ('super-admin', 'auditor', 'reseller', 'customer', 'technical')),
  add constraint users_tenant_check check ((tenant_id is null) = (role in ('super-admin', 'auditor')));
create index users_of_tenant on users (tenant_id);

-- The record that another one belongs to, and whose it therefore is. Null: it belongs to nobody but the operator.
create function belongs_to(kind text, spec jsonb) returns text language sql immutable parallel safe as $$
  select case
    when kind in ('BackupPolicy', 'CronJob', 'Database', 'Php', 'Site', 'SshKey') then 'Account/' || (spec ->> 'account')
    when kind in ('Backup', 'Restore') then 'BackupPolicy/' || (spec ->> 'policy')
    when kind = 'Certificate' then 'Site/' || (spec ->> 'site')
  end
$$;

alter table records
  add column tenant_id   uuid,
  add column reseller_id uuid;
create index records_of_tenant on records (tenant_id) where tenant_id is not null;
create index records_of_reseller on records (reseller_id) where reseller_id is not null;
create index records_belonging on records (belongs_to(kind, spec));
create index accounts_of_customer on records ((spec ->> 'customer')) where kind = 'Account';

-- Whose a record was last: what is told of one that is gone is told to nobody else.
create table record_owners (
  record_id   uuid primary key,
  tenant_id   uuid,
  reseller_id uuid
);

-- These functions run as the owner of the tables: whose a record is does not depend on who asks.
create function settle_owner() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  above text := belongs_to(new.kind, new.spec);
begin
  new.tenant_id := null;
  new.reseller_id := null;
  if new.kind = 'Account' then
    select id, t.reseller_id into new.tenant_id, new.reseller_id
    from tenants t where slug = new.spec ->> 'customer' and t.kind = 'customer';
  elsif above is not null then
    select r.tenant_id, r.reseller_id into new.tenant_id, new.reseller_id
    from records r where r.kind = split_part(above, '/', 1) and r.name = substr(above, strpos(above, '/') + 1);
  end if;
  return new;
end $$;
create trigger records_owner before insert or update on records for each row execute function settle_owner();

create function pass_owner_on() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' or (new.tenant_id, new.reseller_id) is distinct from (old.tenant_id, old.reseller_id) then
    insert into record_owners (record_id, tenant_id, reseller_id) values (new.id, new.tenant_id, new.reseller_id)
    on conflict (record_id) do update set tenant_id = excluded.tenant_id, reseller_id = excluded.reseller_id;
    -- Their own triggers look up whose they are, and pass it on.
    update records set tenant_id = null
    where belongs_to(kind, spec) = new.kind || '/' || new.name
      and (tenant_id, reseller_id) is distinct from (new.tenant_id, new.reseller_id);
  end if;
  return null;
end $$;
create trigger records_owner_passed after insert or update on records for each row execute function pass_owner_on();

-- An account may name a customer that is made later, and a customer may change hands.
create function settle_accounts() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update records set tenant_id = null where kind = 'Account' and spec ->> 'customer' = new.slug;
  return null;
end $$;
create trigger tenants_accounts after insert or update on tenants for each row execute function settle_accounts();

insert into record_owners (record_id) select id from records;

-- Nobody but the owner of the tables writes the chain, and only so.
alter function append_to_chain() security definer set search_path = public, pg_temp;

create function sees_everything() returns boolean language sql stable as $$
  select coalesce(current_setting('plumb.sight', true) = 'everything', false)
$$;
create function seeing_tenant() returns uuid language sql stable as $$
  select nullif(current_setting('plumb.tenant', true), '')::uuid
$$;
-- `*`: all of the tenant's.
create function seeing_records() returns text[] language sql stable as $$
  select coalesce(nullif(current_setting('plumb.records', true), ''), '{}')::text[]
$$;

-- `(select f())` is asked once for a statement and not for every row.
create function secure_tenancy() returns void language plpgsql as $$
declare
  own constant text := '(tenant_id = (select seeing_tenant()) or reseller_id = (select seeing_tenant()))';
  of_record constant text := 'exists (select from record_owners o where o.record_id = %I.record_id)';
  named constant text := 'exists (select from records r where r.kind = %I.kind and r.name = %I.name)';
  each text;
begin
  foreach each in array array['records', 'record_owners', 'revisions', 'status', 'drift_events', 'runs', 'reports', 'measurements',
    'traffic', 'inventory', 'pauses', 'nodes', 'sweeps', 'secret_exports', 'users', 'tenants', 'audit_events', 'chain']
  loop
    execute format('alter table %I enable row level security', each);
    execute format('alter table %I force row level security', each);
    execute format('create policy owner_all on %I to %I using (true) with check (true)', each, current_user);
    execute format('create policy auditor_reads on %I for select to plumb_auditor using (true)', each);
    execute format('grant select on %I to plumb_auditor', each);
  end loop;

  execute 'create policy tenant_reads on records for select to plumb_tenant using (
    (select sees_everything()) or (kind = ''Package'' and (select seeing_tenant()) is not null)
    or (' || own || ' and (''*'' = any ((select seeing_records())::text[]) or kind || ''/'' || name = any ((select seeing_records())::text[]))))';
  execute 'create policy tenant_makes on records for insert to plumb_tenant with check (
    (select sees_everything())
    or (' || own || ' and (''*'' = any ((select seeing_records())::text[]) or kind || ''/'' || name = any ((select seeing_records())::text[]))))';
  execute 'create policy tenant_changes on records for update to plumb_tenant using (
    (select sees_everything())
    or (' || own || ' and (''*'' = any ((select seeing_records())::text[]) or kind || ''/'' || name = any ((select seeing_records())::text[]))))
    with check (
    (select sees_everything())
    or (' || own || ' and (''*'' = any ((select seeing_records())::text[]) or kind || ''/'' || name = any ((select seeing_records())::text[]))))';

  execute 'create policy tenant_reads on record_owners for select to plumb_tenant using ((select sees_everything()) or ' || own || ')';

  -- What is told of a record by its identity goes to whoever it is, or was, and who may look at that name.
  foreach each in array array['revisions', 'runs', 'reports', 'traffic', 'inventory'] loop
    execute format('create policy tenant_reads on %I for select to plumb_tenant using (
      (select sees_everything()) or (' || of_record || '
        and (''*'' = any ((select seeing_records())::text[]) or kind || ''/'' || name = any ((select seeing_records())::text[]))))', each, each);
  end loop;
  execute format('create policy tenant_makes on revisions for insert to plumb_tenant with check (
    (select sees_everything()) or ' || of_record || ')', 'revisions');

  -- What is told of a name goes to whoever has it now.
  foreach each in array array['status', 'measurements'] loop
    execute format('create policy tenant_reads on %I for select to plumb_tenant using ((select sees_everything()) or ' || named || ')', each, each, each);
  end loop;
  -- And not what became of a record that had the name before.
  execute 'create policy tenant_reads on drift_events for select to plumb_tenant using ((select sees_everything()) or exists (
    select from records r where r.kind = drift_events.kind and r.name = drift_events.name and r.created_at <= drift_events.seen_at))';
  execute format('create policy tenant_reads on pauses for select to plumb_tenant using (
    (select sees_everything()) or (name is null and (select seeing_tenant()) is not null) or ' || named || ')', 'pauses', 'pauses');

  foreach each in array array['nodes', 'sweeps', 'audit_events'] loop
    execute format('create policy tenant_reads on %I for select to plumb_tenant using ((select sees_everything()))', each);
  end loop;
  foreach each in array array['pauses', 'secret_exports'] loop
    execute format('create policy tenant_writes on %I to plumb_tenant using ((select sees_everything())) with check ((select sees_everything()))', each);
  end loop;
  execute 'create policy tenant_makes on audit_events for insert to plumb_tenant with check (true)';
  execute 'create policy tenant_reads on chain for select to plumb_tenant using ((select sees_everything()))';

  execute 'create policy tenant_reads on tenants for select to plumb_tenant using (
    (select sees_everything()) or id = (select seeing_tenant()) or reseller_id = (select seeing_tenant()))';
  execute 'create policy tenant_writes on tenants to plumb_tenant
    using ((select sees_everything()) or reseller_id = (select seeing_tenant()))
    with check ((select sees_everything()) or (kind = ''customer'' and reseller_id = (select seeing_tenant())))';
  execute 'create policy tenant_all on users to plumb_tenant
    using ((select sees_everything()) or exists (select from tenants t where t.id = users.tenant_id))
    with check ((select sees_everything()) or exists (select from tenants t where t.id = users.tenant_id))';

  -- Between requests: who somebody is, before anybody knows what they may see.
  execute 'create policy api_all on users to plumb_api using (true) with check (true)';
  execute 'create policy api_reads on tenants for select to plumb_api using (true)';
  execute 'create policy api_makes on audit_events for insert to plumb_api with check (true)';
  execute 'create policy api_reads on nodes for select to plumb_api using (true)';
  execute 'create policy api_reads on sweeps for select to plumb_api using (true)';

  foreach each in array array['records', 'status', 'inventory', 'drift_events', 'sweeps', 'nodes', 'runs', 'reports',
    'measurements', 'traffic', 'pauses', 'secret_exports']
  loop
    execute format('create policy agent_all on %I to plumb_agent using (true) with check (true)', each);
  end loop;
end $$;
select secure_tenancy();
drop function secure_tenancy();

-- A queue of letters makes its tables itself (effect's PersistedQueue), in a schema of the API's own.
create schema plumb_api authorization plumb_api;
do $$
declare
  made text;
begin
  -- What it made before there was one.
  foreach made in array array['outbox', 'outbox_migrations'] loop
    if to_regclass('public.' || made) is not null then
      execute format('alter table public.%I set schema plumb_api', made);
      execute format('alter table plumb_api.%I owner to plumb_api', made);
      execute format('grant select, insert, update, delete on plumb_api.%I to plumb_tenant', made);
    end if;
  end loop;
end $$;
grant usage on schema plumb_api to plumb_tenant;
alter default privileges for role plumb_api in schema plumb_api grant select, insert, update, delete on tables to plumb_tenant;
alter default privileges for role plumb_api in schema plumb_api grant usage on sequences to plumb_tenant;

grant usage on schema public to plumb_api, plumb_tenant, plumb_auditor, plumb_agent;

grant select, insert, update, delete on users, sessions, refresh_tokens, devices, login_attempts, signing_keys, first_runs,
  totp_secrets, recovery_codes, tickets, rate_limits, api_tokens, settings, password_resets to plumb_api;
grant select on tenants, nodes, sweeps, migrations to plumb_api;
grant insert on audit_events to plumb_api;

grant select, insert, update on records to plumb_tenant;
grant select, insert on revisions, account_uids, audit_events to plumb_tenant;
grant select on record_owners, status, drift_events, runs, reports, measurements, traffic, inventory, nodes, sweeps, settings, chain
  to plumb_tenant;
grant select, insert, update, delete on pauses, secret_exports, users, tenants, sessions, password_resets to plumb_tenant;
grant select, delete on totp_secrets, recovery_codes, tickets to plumb_tenant;

grant select on account_uids to plumb_auditor;

grant select, delete on records to plumb_agent;
grant select, insert, update, delete on status, inventory, runs, reports, measurements, traffic, traffic_logs, nodes to plumb_agent;
grant select, insert on drift_events, sweeps to plumb_agent;
grant select on pauses to plumb_agent;
grant select, update, delete on secret_exports to plumb_agent;
