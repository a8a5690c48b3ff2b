-- What is sold: a package of the records with its price. Amounts are whole minor units of the currency (cents).
create table offers (
  -- The name of a Package.
  package       text        primary key,
  title         text        not null,
  features      text[]      not null default '{}',
  -- ISO 4217.
  currency      text        not null,
  -- Null: not sold by that time.
  monthly_price bigint      check (monthly_price >= 0),
  yearly_price  bigint      check (yearly_price >= 0),
  -- Whether those who choose one see it.
  visible       boolean     not null default false,
  position      integer     not null default 0,
  updated_at    timestamptz not null
);

-- How many of what a reseller may have, by name; what is not named has no limit. And its part of what its customers pay.
alter table tenants
  add column limits                  jsonb   not null default '{}',
  add column commission_basis_points integer not null default 0 check (commission_basis_points between 0 and 10000);

alter table offers enable row level security;
alter table offers force row level security;
do $$ begin
  execute format('create policy owner_all on offers to %I using (true) with check (true)', current_user);
end $$;

-- Of those who do not run the installation: what is offered, and what they have. As the owner of the tables, since whether a package
-- may be seen is not for the policies of what it is asked by.
create function visible_packages() returns text[] language sql stable security definer set search_path = public, pg_temp as $$
  select coalesce(array_agg(name), '{}') from (
    select package as name from offers where visible
    union
    select spec ->> 'package' from records where kind = 'Account' and seeing_tenant() in (tenant_id, reseller_id)
  ) p
  where seeing_tenant() is not null
$$;

create policy tenant_reads on offers for select to plumb_tenant using (
  (select sees_everything()) or package = any ((select visible_packages())::text[]));
create policy tenant_writes on offers to plumb_tenant using ((select sees_everything())) with check ((select sees_everything()));
create policy auditor_reads on offers for select to plumb_auditor using (true);
grant select, insert, update, delete on offers to plumb_tenant;
grant select on offers to plumb_auditor;

alter policy tenant_reads on records using (
  (select sees_everything())
  or (kind = 'Package' and name = any ((select visible_packages())::text[]))
  or ((tenant_id = (select seeing_tenant()) or reseller_id = (select seeing_tenant()))
    and ('*' = any ((select seeing_records())::text[]) or kind || '/' || name = any ((select seeing_records())::text[]))));
