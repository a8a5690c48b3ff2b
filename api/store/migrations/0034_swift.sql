-- What several changes touch, each as whoever asks (0033).
create function touched_each(roles text[], sights text[], tenants text[], parts text[], wanted jsonb)
returns table (place int, kind text, name text, id text, version float8, generation float8, metadata jsonb, spec jsonb,
  source text, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, seen boolean)
language plpgsql as $$
begin
  for i in 1 .. cardinality(roles) loop
    perform look_as(roles[i], sights[i], tenants[i], parts[i]);
    return query select i, t.* from touched(array(select jsonb_array_elements_text(wanted -> (i - 1)))) t;
  end loop;
end $$;

-- Changes of one record each, as the one writer and each as whoever asks. One is carried out where all that it was judged beside
-- is as it was then: what has its ties (`wanted`) is the same rows (`beside`) in the same versions, its own among them.
create function carry_out_each(roles text[], sights text[], tenants text[], parts text[], changes jsonb)
returns table (place int, done boolean) language plpgsql as $$
#variable_conflict use_column
declare
  one jsonb;
  found int;
begin
  perform pg_advisory_xact_lock(7205759405);
  for i in 1 .. cardinality(roles) loop
    one := changes -> (i - 1);
    perform look_as('plumb_tenant', 'everything', '', '');
    place := i;
    done := not exists (
      select from (
        select r.id, r.version from records r where r.deleted_at is null and r.id in (
          select t.id from tied(array(select jsonb_array_elements_text(one -> 'wanted'))) t union select * from untied())
      ) as present
      full join jsonb_to_recordset(one -> 'beside') as was (id uuid, version bigint) using (id)
      where present.version is distinct from was.version);
    if done then
      perform look_as(roles[i], sights[i], tenants[i], parts[i]);
      update records r set version = n.version, generation = n.generation, metadata = n.metadata, spec = n.spec, ties = n.ties,
        tied_version = n.version, updated_at = now()
      from jsonb_to_record(one -> 'row') as n (id uuid, version bigint, generation bigint, metadata jsonb, spec jsonb, ties text[])
      where r.id = n.id;
      get diagnostics found = row_count;
      done := found = 1;
    end if;
    if done then
      insert into revisions (record_id, kind, name, generation, version, action, actor, source, metadata, spec)
      select id, kind, name, generation, version, 'update', one ->> 'actor', one ->> 'via', metadata, spec
      from jsonb_to_record(one -> 'row') as n (id uuid, kind text, name text, version bigint, generation bigint, metadata jsonb,
        spec jsonb);
      insert into audit_events (at, action, outcome, actor_id, actor, subject_id, session_id, address, agent, request_id, target,
        before, after, details)
      select at, action, outcome, actor_id, actor, subject_id, session_id, address, agent, request_id, target, before, after, details
      from jsonb_to_record(one -> 'audit') as a (at timestamptz, action text, outcome text, actor_id uuid, actor text,
        subject_id uuid, session_id uuid, address text, agent text, request_id text, target text, before jsonb, after jsonb,
        details jsonb);
    end if;
    return next;
  end loop;
end $$;
