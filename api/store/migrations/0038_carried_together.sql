-- As before (0034), with fewer statements: they cost more than what they do. Whether everything is as it was is asked once for all
-- changes, and revisions and the audit trail are written once for those that were carried out. A change beside which another of
-- the same statement wrote is not carried out: what was asked may not hold any more, and `write` sees to it.
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
    select c.place from jsonb_array_elements(changes) with ordinality as c (change, place)
    where exists (
      select from (
        select r.id, r.version from records r where r.deleted_at is null and r.id in (
          select t.id from tied(array(select jsonb_array_elements_text(c.change -> 'wanted'))) t union select * from untied())
      ) as present
      full join jsonb_to_recordset(c.change -> 'beside') as was (id uuid, version bigint) using (id)
      where present.version is distinct from was.version));
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
