-- What happens, told to programs of those whom it concerns: noted by the database in the transaction in which it happens, whoever
-- writes, and sent from there by the API.

create table webhooks (
  id               uuid        primary key default gen_random_uuid(),
  -- Whose it is; null: the operator's, which hears of everything.
  tenant_id        uuid        references tenants on delete cascade,
  url              text        not null,
  description      text        not null default '',
  -- What it hears of (`run.failed`); `*`: everything.
  events           text[]      not null,
  -- Sealed for the API: it signs with it.
  secret           text        not null,
  enabled          boolean     not null default true,
  -- Why the API has stopped sending to it.
  stopped          text,
  -- Since when nothing has arrived.
  failing_since    timestamptz,
  -- Nothing is sent before: one that does not answer is not to keep the others waiting.
  rests_until      timestamptz,
  version          bigint      not null default 1,
  created_at       timestamptz not null,
  updated_at       timestamptz not null
);
create index webhooks_of_tenant on webhooks (tenant_id);

create table happenings (
  seq         bigint      generated always as identity primary key,
  id          uuid        not null default gen_random_uuid() unique,
  at          timestamptz not null default now(),
  type        text        not null,
  -- The record that it is about.
  kind        text,
  name        text,
  record_id   uuid,
  -- Whose that was then.
  tenant_id   uuid,
  reseller_id uuid,
  data        jsonb       not null,
  told        boolean     not null default false
);
create index happenings_untold on happenings (seq) where not told;
create index happenings_by_age on happenings (at);

create table webhook_deliveries (
  id           uuid        primary key default gen_random_uuid(),
  webhook_id   uuid        not null references webhooks on delete cascade,
  happening_id uuid        not null references happenings (id) on delete cascade,
  state        text        not null default 'waiting' check (state in ('waiting', 'delivered', 'given-up')),
  attempts     integer     not null default 0,
  created_at   timestamptz not null,
  tried_at     timestamptz,
  -- Of the last attempt: what it was answered, or why it was not.
  status       integer,
  answer       text        not null default '',
  error        text        not null default '',
  took_ms      integer,
  -- Asked for by somebody who wants it once more.
  replay       boolean     not null default false
);
create index webhook_deliveries_of_webhook on webhook_deliveries (webhook_id, created_at desc, id);
create index webhook_deliveries_of_happening on webhook_deliveries (happening_id);

-- Once a day at most is somebody told by mail of the same thing.
create table letters_told (
  record_id uuid        not null,
  what      text        not null,
  at        timestamptz not null,
  primary key (record_id, what)
);

-- The limits that are near, so that each is told once until there is room again.
create table limits_near (
  record_id uuid        not null references records (id) on delete cascade,
  what      text        not null,
  at        timestamptz not null,
  primary key (record_id, what)
);

-- Only what somebody wants to hear of is noted: with no webhook, a write costs a look at an empty table.
create function note_happening(what text, of_kind text, of_name text, of_record uuid, more jsonb) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  owner record_owners%rowtype;
begin
  select * into owner from record_owners where record_id = of_record;
  if not (
    what in ('backup.failed', 'certificate.failing', 'limit.near')
    or exists (
      select from webhooks w
      where w.enabled and (what = any (w.events) or '*' = any (w.events))
        and (w.tenant_id is null or w.tenant_id in (owner.tenant_id, owner.reseller_id))
    )
  ) then
    return;
  end if;
  insert into happenings (type, kind, name, record_id, tenant_id, reseller_id, data)
  values (what, of_kind, of_name, of_record, owner.tenant_id, owner.reseller_id,
    jsonb_build_object('kind', of_kind, 'name', of_name) || more);
  perform pg_notify('plumb_happenings', '');
end $$;
revoke execute on function note_happening(text, text, text, uuid, jsonb) from public;
grant execute on function note_happening(text, text, text, uuid, jsonb) to plumb_tenant;

create function note_revision() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  before jsonb;
begin
  perform note_happening(
    case new.action when 'create' then 'record.created' when 'delete' then 'record.deleted' else 'record.changed' end,
    new.kind, new.name, new.record_id,
    jsonb_build_object('generation', new.generation, 'version', new.version, 'revision', new.seq, 'action', new.action,
      'actor', new.actor, 'source', new.source));
  if new.kind = 'Account' and new.action <> 'delete' then
    select spec into before from revisions where record_id = new.record_id and seq < new.seq order by seq desc limit 1;
    if coalesce(before -> 'suspended', 'false') <> coalesce(new.spec -> 'suspended', 'false') then
      perform note_happening(
        case new.spec ->> 'suspended' when 'true' then 'account.suspended' else 'account.resumed' end,
        new.kind, new.name, new.record_id,
        jsonb_build_object('reason', coalesce(new.spec #>> '{suspension,reason}', '')));
    end if;
  end if;
  return null;
end $$;
create trigger revisions_happen after insert on revisions for each row execute function note_revision();

create function condition_of(conditions jsonb, of_type text) returns jsonb language sql immutable parallel safe as $$
  select coalesce((select c from jsonb_array_elements(conditions) c where c ->> 'type' = of_type limit 1), '{}')
$$;

-- Not while it is only being ordered, nor while it waits for something else, which says for itself what is wrong.
create function failure_of_certificate(conditions jsonb) returns jsonb language sql immutable parallel safe as $$
  select case
    when c ->> 'reason' = 'RenewalFailed' then c
    when c ->> 'status' = 'False'
      and c ->> 'reason' not in ('Ordering', 'OrderTakesLong', 'WaitingForRecord', 'WaitingForResource', 'NotInSync',
        'StillReferred', 'Changed', 'StoreAway', 'Removed', 'Drifted') then c
  end from condition_of(conditions, 'Ready') c
$$;

create function note_status() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  ready   jsonb := condition_of(new.conditions, 'Ready');
  stalled jsonb := condition_of(new.conditions, 'Stalled');
  before  jsonb := case tg_op when 'UPDATE' then old.conditions else '[]' end;
  record  uuid;
  about   jsonb := jsonb_build_object('node', new.node, 'generation', new.observed_generation);
begin
  select id into record from records where kind = new.kind and name = new.name;
  if record is null then
    return null;
  end if;
  if ready ->> 'status' = 'True' and (condition_of(before, 'Ready') ->> 'status' is distinct from 'True'
      or tg_op = 'UPDATE' and new.observed_generation > old.observed_generation) then
    perform note_happening('record.ready', new.kind, new.name, record, about);
  end if;
  if stalled ->> 'status' = 'True' and condition_of(before, 'Stalled') ->> 'reason' is distinct from stalled ->> 'reason' then
    perform note_happening('record.stalled', new.kind, new.name, record,
      about || jsonb_build_object('reason', stalled ->> 'reason', 'message', stalled ->> 'message'));
  end if;
  if new.kind = 'Certificate' and failure_of_certificate(new.conditions) is not null
    and failure_of_certificate(before) ->> 'reason' is distinct from failure_of_certificate(new.conditions) ->> 'reason' then
    perform note_happening('certificate.failing', new.kind, new.name, record,
      about || jsonb_build_object('reason', ready ->> 'reason', 'message', ready ->> 'message'));
  end if;
  return null;
end $$;
create trigger status_happens after insert or update of conditions, observed_generation on status
  for each row execute function note_status();

create function note_run() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  about jsonb := jsonb_build_object('node', new.node, 'run', new.run_id, 'outcome', new.outcome, 'exitStatus', new.exit_status,
    'startedAt', new.started_at, 'endedAt', new.ended_at);
  well  boolean := new.outcome = 'succeeded';
begin
  if new.outcome = 'skipped' then
    return null;
  end if;
  perform note_happening(case when well then 'run.succeeded' else 'run.failed' end, new.kind, new.name, new.record_id, about);
  if new.kind in ('BackupPolicy', 'Backup') then
    perform note_happening(case when well then 'backup.succeeded' else 'backup.failed' end, new.kind, new.name, new.record_id, about);
  end if;
  return null;
end $$;
create trigger runs_happen after insert on runs for each row execute function note_run();

create function note_drift() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if new.stream = 'corrective' and new.name is not null then
    perform note_happening('drift.found', new.kind, new.name,
      (select id from records where kind = new.kind and name = new.name),
      jsonb_build_object('node', new.node, 'drift', new.seq, 'resource', new.resource_key, 'class', new.drift_kind, 'outcome', new.outcome));
  end if;
  return null;
end $$;
create trigger drift_events_happen after insert on drift_events for each row execute function note_drift();

do $$
declare
  each text;
begin
  foreach each in array array['webhooks', 'happenings', 'webhook_deliveries', 'limits_near'] loop
    execute format('alter table %I enable row level security', each);
    execute format('alter table %I force row level security', each);
    execute format('create policy owner_all on %I to %I using (true) with check (true)', each, current_user);
  end loop;
end $$;
create policy tenant_all on webhooks to plumb_tenant
  using ((select sees_everything()) or exists (select from tenants t where t.id = webhooks.tenant_id))
  with check ((select sees_everything()) or exists (select from tenants t where t.id = webhooks.tenant_id));
-- Whoever sees a webhook sees what it was told, and has it told once more what is theirs.
create policy tenant_all on webhook_deliveries to plumb_tenant
  using (exists (select from webhooks w where w.id = webhook_deliveries.webhook_id))
  with check (exists (select from webhooks w where w.id = webhook_deliveries.webhook_id)
    and exists (select from happenings h where h.id = webhook_deliveries.happening_id));
create policy tenant_reads on happenings for select to plumb_tenant
  using ((select sees_everything()) or tenant_id = (select seeing_tenant()) or reseller_id = (select seeing_tenant()));
-- One that only tries a webhook.
create policy tenant_makes on happenings for insert to plumb_tenant
  with check ((select sees_everything()) or tenant_id = (select seeing_tenant()) or reseller_id = (select seeing_tenant()));
create policy tenant_all on limits_near to plumb_tenant using ((select sees_everything())) with check ((select sees_everything()));
create policy auditor_reads on webhooks for select to plumb_auditor using (true);
create policy auditor_reads on happenings for select to plumb_auditor using (true);
create policy auditor_reads on webhook_deliveries for select to plumb_auditor using (true);
create policy api_all on webhooks to plumb_api using (true) with check (true);
create policy api_all on happenings to plumb_api using (true) with check (true);
create policy api_all on webhook_deliveries to plumb_api using (true) with check (true);

grant select, insert, update, delete on webhooks to plumb_tenant;
grant select, insert on webhook_deliveries, happenings to plumb_tenant;
grant select, insert, delete on limits_near to plumb_tenant;
grant select on webhooks, happenings, webhook_deliveries to plumb_auditor;
grant select, update on webhooks to plumb_api;
grant select, insert, update, delete on happenings, webhook_deliveries, letters_told to plumb_api;

-- Of packages that name no other; an auditor, who sees packages, sees no settings.
create function default_currency() returns text language sql stable security definer set search_path = public, pg_temp as $$
  select value ->> 'currency' from settings where name = 'billing'
$$;
