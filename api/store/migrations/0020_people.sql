-- An auditor reads, and until a day that is set.
alter table users drop constraint users_role_check;
alter table users
  add constraint users_role_check check (role in ('super-admin', 'auditor')),
  add column expires_at      timestamptz,
  add column suspend_reason  text not null default '';
