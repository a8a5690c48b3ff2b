-- A tenant sees what its own users have done, and what was done as one of them.
alter policy tenant_reads on audit_events using (
  (select sees_everything())
  or actor_id in (select u.id from users u) or subject_id in (select u.id from users u));
create index audit_events_of_subject on audit_events (subject_id, seq desc) where subject_id is not null;
