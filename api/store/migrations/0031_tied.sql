-- Which records have a tie, found by the index. Row-level security lets no operator near an index that could tell of rows which
-- somebody may not see, and those of arrays could: so the look-up runs as the owner of the tables, gives ids alone, and whoever
-- asks reads of them what they may.
create function tied(wanted text[]) returns table (tie text, id uuid) language sql stable rows 20
security definer set search_path = public, pg_temp as $$
  select w.tie, t.id from unnest(wanted) as w (tie)
    cross join lateral (select r.id from records r where r.ties @> array[w.tie] and r.deleted_at is null offset 0) t
$$;
create function untied() returns setof uuid language sql stable rows 1
security definer set search_path = public, pg_temp as $$
  select id from records where untied and deleted_at is null
$$;
revoke execute on function tied(text[]), untied() from public;
grant execute on function tied(text[]), untied() to plumb_tenant, plumb_auditor;
