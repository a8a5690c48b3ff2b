-- How busy a node is, as its agent saw it when it was heard of last: for administrators, not for tenants.
alter table nodes add column load jsonb;
