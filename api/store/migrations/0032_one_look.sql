-- What is asked for most, in one statement: to look as somebody (0021) and to read. It takes a transaction of several statements
-- otherwise, each of which a request waits for. They run as whoever calls them, and what they set ends with the statement.
create function look_as(role text, sight text, tenant text, records text) returns void language plpgsql as $$
begin
  perform set_config('role', role, true), set_config('plumb.sight', sight, true), set_config('plumb.tenant', tenant, true),
    set_config('plumb.records', records, true);
end $$;

-- As the API reads records elsewhere (`store/rows.ts`), with every node's status in one list.
create view records_with_status with (security_invoker = true) as
  select r.kind, r.name, r.id::text as id, r.version::float8 as version, r.generation::float8 as generation, r.metadata, r.spec,
    r.source, r.created_at, r.updated_at, r.deleted_at, r.updated_at::text as updated_key,
    coalesce((
      select jsonb_agg(jsonb_build_object(
        'node', s.node, 'observedGeneration', s.observed_generation, 'observedVersion', s.observed_version,
        'conditions', s.conditions, 'details', s.details,
        'updatedAt', to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      ) order by s.node)
      from status s where s.kind = r.kind and s.name = r.name
    ), '[]'::jsonb) as status
  from records r;
grant select on records_with_status to plumb_tenant, plumb_auditor;

create function record_seen(role text, sight text, tenant text, records text, of_kind text, of_name text)
returns setof records_with_status language plpgsql as $$
begin
  perform look_as(role, sight, tenant, records);
  return query select * from records_with_status r where r.kind = of_kind and r.name = of_name;
end $$;

-- A page of one kind by name, from a name on.
create function records_seen(role text, sight text, tenant text, records text, of_kind text, behind text, up_to int)
returns setof records_with_status language plpgsql as $$
begin
  perform look_as(role, sight, tenant, records);
  return query select * from records_with_status r where r.kind = of_kind and r.name > behind order by r.kind, r.name limit up_to;
end $$;
