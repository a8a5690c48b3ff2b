-- What every change of a record does besides, in fewer steps. A generated column has its expression planned anew by each update, so
-- the trigger that reads the same things writes them.
alter table records alter column belongs drop expression, alter column customer drop expression;

-- As before (0021). Whose a record is, is looked up anew where it may be another's: where it belongs elsewhere, or somebody asks for
-- it by taking away its owner.
create or replace function settle_owner() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  new.belongs := belongs_to(new.kind, new.spec);
  new.customer := case when new.kind = 'Account' then new.spec ->> 'customer' end;
  if tg_op = 'UPDATE' and new.tenant_id is not null
    and (new.belongs, new.customer, new.tenant_id, new.reseller_id)
      is not distinct from (old.belongs, old.customer, old.tenant_id, old.reseller_id)
  then
    return new;
  end if;
  new.tenant_id := null;
  new.reseller_id := null;
  if new.kind = 'Account' then
    select id, t.reseller_id into new.tenant_id, new.reseller_id
    from tenants t where slug = new.customer and t.kind = 'customer';
  elsif new.belongs is not null then
    select r.tenant_id, r.reseller_id into new.tenant_id, new.reseller_id
    from records r where r.kind = split_part(new.belongs, '/', 1) and r.name = substr(new.belongs, strpos(new.belongs, '/') + 1);
  end if;
  return new;
end $$;

drop trigger records_owner_passed on records;
create trigger records_owner_passed after insert on records for each row execute function pass_owner_on();
create trigger records_owner_changed after update on records for each row
  when ((old.tenant_id, old.reseller_id) is distinct from (new.tenant_id, new.reseller_id)) execute function pass_owner_on();

-- As before (0029), for all revisions of a statement. With no webhook, they cost a look at an empty table.
create or replace function note_revision() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  added  revisions%rowtype;
  before jsonb;
begin
  if not exists (select from webhooks where enabled) then
    return null;
  end if;
  for added in select * from added_rows order by seq loop
    perform note_happening(
      case added.action when 'create' then 'record.created' when 'delete' then 'record.deleted' else 'record.changed' end,
      added.kind, added.name, added.record_id,
      jsonb_build_object('generation', added.generation, 'version', added.version, 'revision', added.seq, 'action', added.action,
        'actor', added.actor, 'source', added.source));
    if added.kind = 'Account' and added.action <> 'delete' then
      before := (select spec from revisions where record_id = added.record_id and seq < added.seq order by seq desc limit 1);
      if coalesce(before -> 'suspended', 'false') <> coalesce(added.spec -> 'suspended', 'false') then
        perform note_happening(
          case added.spec ->> 'suspended' when 'true' then 'account.suspended' else 'account.resumed' end,
          added.kind, added.name, added.record_id,
          jsonb_build_object('reason', coalesce(added.spec #>> '{suspension,reason}', '')));
      end if;
    end if;
  end loop;
  return null;
end $$;
drop trigger revisions_happen on revisions;
create trigger revisions_happen after insert on revisions
  referencing new table as added_rows for each statement execute function note_revision();

-- As before (0038): what all changes were judged beside is looked up in one go.
create or replace function carry_out_each(roles text[], sights text[], tenants text[], parts text[], changes jsonb)
returns table (place int, done boolean) language plpgsql as $$
#variable_conflict use_column
declare
  one jsonb;
  changed record;
  found int;
  stale bigint[];
  carried int[] := '{}';
  written uuid[] := '{}';
  gained text[] := '{}';
begin
  perform pg_advisory_xact_lock(7205759405);
  perform look_as('plumb_tenant', 'everything', '', '');
  stale := array(
    with each as materialized (
      select c.place, c.change from jsonb_array_elements(changes) with ordinality as c (change, place)
    ), wanted as materialized (
      select e.place, w.tie from each as e cross join lateral jsonb_array_elements_text(e.change -> 'wanted') as w (tie)
    ), near as (
      select w.place, t.id from tied(array(select distinct tie from wanted)) as t join wanted as w using (tie)
      union select e.place, u.id from each as e cross join untied() as u (id)
    ), present as (
      select n.place, n.id, r.version from near as n
        cross join lateral (select version from records where id = n.id and deleted_at is null offset 0) as r
    ), was as (
      select e.place, b.id, b.version from each as e
        cross join lateral jsonb_to_recordset(e.change -> 'beside') as b (id uuid, version bigint)
    )
    select distinct place from present full join was using (place, id) where present.version is distinct from was.version);
  for i in 1 .. cardinality(roles) loop
    one := changes -> (i - 1);
    place := i;
    done := i <> all (stale);
    if done and carried <> '{}' then
      done := not exists (select from jsonb_to_recordset(one -> 'beside') as was (id uuid) where was.id = any (written))
        and not (one -> 'wanted') ?| gained;
    end if;
    if done then
      perform look_as(roles[i], sights[i], tenants[i], parts[i]);
      update records r set version = n.version, generation = n.generation, metadata = n.metadata, spec = n.spec, ties = n.ties,
        tied_version = n.version, updated_at = now()
      from jsonb_to_record(one -> 'row') as n (id uuid, version bigint, generation bigint, metadata jsonb, spec jsonb, ties text[])
      where r.id = n.id
      returning r.id, r.ties into changed;
      get diagnostics found = row_count;
      done := found = 1;
    end if;
    if done then
      carried := carried || i;
      written := written || changed.id;
      gained := gained || changed.ties;
    end if;
    return next;
  end loop;
  if carried = '{}' then
    return;
  end if;
  -- That whoever asked may change the record was seen by its update.
  perform look_as('plumb_tenant', 'everything', '', '');
  insert into revisions (record_id, kind, name, generation, version, action, actor, source, metadata, spec)
  select n.id, n.kind, n.name, n.generation, n.version, 'update', c.change ->> 'actor', c.change ->> 'via', n.metadata, n.spec
  from unnest(carried) as p (place) cross join lateral (select changes -> (p.place - 1) as change) as c
    cross join lateral jsonb_to_record(c.change -> 'row') as n (id uuid, kind text, name text, version bigint, generation bigint,
      metadata jsonb, spec jsonb)
  order by p.place;
  insert into audit_events (at, action, outcome, actor_id, actor, subject_id, session_id, address, agent, request_id, target,
    before, after, details)
  select at, action, outcome, actor_id, actor, subject_id, session_id, address, agent, request_id, target, before, after, details
  from unnest(carried) as p (place)
    cross join lateral jsonb_to_record(changes -> (p.place - 1) -> 'audit') as a (at timestamptz, action text, outcome text,
      actor_id uuid, actor text, subject_id uuid, session_id uuid, address text, agent text, request_id text, target text,
      before jsonb, after jsonb, details jsonb)
  order by p.place;
end $$;
