-- A tenant has few of all records: they are found by whose they are, and not among everybody's.
drop index records_of_tenant, records_of_reseller;
create index records_of_tenant on records (tenant_id, kind, name) where tenant_id is not null;
create index records_of_reseller on records (reseller_id, kind, name) where reseller_id is not null;

create or replace view records_with_status with (security_invoker = true) as
  select r.kind, r.name, r.id::text as id, r.version::float8 as version, r.generation::float8 as generation, r.metadata, r.spec,
    r.source, r.created_at, r.updated_at, r.deleted_at, r.updated_at::text as updated_key,
    coalesce((
      select jsonb_agg(jsonb_build_object(
        'node', s.node, 'observedGeneration', s.observed_generation, 'observedVersion', s.observed_version,
        'conditions', s.conditions, 'details', s.details,
        'updatedAt', to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      ) order by s.node)
      from status s where s.kind = r.kind and s.name = r.name
    ), '[]'::jsonb) as status,
    r.tenant_id, r.reseller_id
  from records r;

-- What requests that come together ask for, each as whoever asks (0032), in one statement: `place` says whose a row is.
create function records_named(roles text[], sights text[], tenants text[], parts text[], kinds text[], names text[])
returns table (place int, kind text, name text, id text, version float8, generation float8, metadata jsonb, spec jsonb,
  source text, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, updated_key text, status jsonb)
language plpgsql as $$
#variable_conflict use_column
begin
  for i in 1 .. cardinality(kinds) loop
    perform look_as(roles[i], sights[i], tenants[i], parts[i]);
    return query
      select i, r.kind, r.name, r.id, r.version, r.generation, r.metadata, r.spec, r.source, r.created_at, r.updated_at,
        r.deleted_at, r.updated_key, r.status
      from records_with_status r where r.kind = kinds[i] and r.name = names[i];
  end loop;
end $$;

-- Pages of one kind by name, each from a name on.
create function records_paged(roles text[], sights text[], tenants text[], parts text[], kinds text[], behind text[],
  up_to int[])
returns table (place int, kind text, name text, id text, version float8, generation float8, metadata jsonb, spec jsonb,
  source text, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, updated_key text, status jsonb)
language plpgsql as $$
#variable_conflict use_column
declare
  found text[];
begin
  for i in 1 .. cardinality(kinds) loop
    perform look_as(roles[i], sights[i], tenants[i], parts[i]);
    if tenants[i] = '' or kinds[i] = 'Package' then
      found := array(select name from records where kind = kinds[i] and name > behind[i] order by kind, name limit up_to[i]);
    else
      found := array(
        select name from (
          (select name from records where tenant_id = tenants[i]::uuid and kind = kinds[i] and name > behind[i]
            order by name limit up_to[i])
          union
          (select name from records where reseller_id = tenants[i]::uuid and kind = kinds[i] and name > behind[i]
            order by name limit up_to[i])
        ) own order by name limit up_to[i]);
    end if;
    return query
      select i, r.kind, r.name, r.id, r.version, r.generation, r.metadata, r.spec, r.source, r.created_at, r.updated_at,
        r.deleted_at, r.updated_key, r.status
      from records_with_status r where r.kind = kinds[i] and r.name = any (found) order by r.name;
  end loop;
end $$;

drop function record_seen, records_seen;

-- What a change touches, all of it, and which of it is seen by whoever asks: of all that is their tenant's, also where they look
-- after a part of it. A rule is about all there is, and what is said of a mistake about what they see.
create function touched(wanted text[])
returns table (kind text, name text, id text, version float8, generation float8, metadata jsonb, spec jsonb, source text,
  created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, seen boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  sight constant text := current_setting('plumb.sight', true);
  part constant text := current_setting('plumb.records', true);
  all_of_them uuid[];
  own uuid[];
begin
  all_of_them := array(select t.id from tied(wanted) t union select * from untied());
  perform set_config('plumb.records', '{*}', true);
  own := array(select r.id from records r where r.id = any (all_of_them));
  perform set_config('plumb.sight', 'everything', true);
  return query
    select r.kind, r.name, r.id::text, r.version::float8, r.generation::float8, r.metadata, r.spec, r.source, r.created_at,
      r.updated_at, r.deleted_at, r.id = any (own)
    from records r where r.id = any (all_of_them) and r.deleted_at is null order by r.kind, r.name;
  perform set_config('plumb.sight', sight, true), set_config('plumb.records', part, true);
end $$;
