-- Rows that were untied once keep their places in the index until the next vacuum. Unlike one by bitmap, a plain scan marks the
-- places that it finds empty, and whoever comes next passes them by: every write asks, and after ten thousand new records it
-- would look at ten thousand empty places each time.
create or replace function untied() returns setof uuid language sql stable rows 1
security definer set search_path = public, pg_temp set enable_bitmapscan = off set enable_seqscan = off as $$
  select id from records where untied and deleted_at is null
$$;

-- A row whose indexed columns stay as they are is written where it is, without a place in any index ("heap-only tuple"). An index
-- of an expression counts as one of all the columns in it, so each change of a spec moved its row in every index there is.
alter table records
  add column belongs  text generated always as (belongs_to(kind, spec)) stored,
  add column customer text generated always as (case when kind = 'Account' then spec ->> 'customer' end) stored,
  set (fillfactor = 80);
drop index records_belonging, accounts_of_customer;
create index records_belonging on records (belongs) where belongs is not null;
create index accounts_of_customer on records (customer) where customer is not null;

-- As before (0021), by the columns.
create or replace function pass_owner_on() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' or (new.tenant_id, new.reseller_id) is distinct from (old.tenant_id, old.reseller_id) then
    insert into record_owners (record_id, tenant_id, reseller_id) values (new.id, new.tenant_id, new.reseller_id)
    on conflict (record_id) do update set tenant_id = excluded.tenant_id, reseller_id = excluded.reseller_id;
    -- Their own triggers look up whose they are, and pass it on.
    update records set tenant_id = null
    where belongs = new.kind || '/' || new.name
      and (tenant_id, reseller_id) is distinct from (new.tenant_id, new.reseller_id);
  end if;
  return null;
end $$;

create or replace function settle_accounts() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update records set tenant_id = null where customer = new.slug;
  return null;
end $$;
