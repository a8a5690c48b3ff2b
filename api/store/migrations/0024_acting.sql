-- A session in which somebody sees what another user sees: whose it is stands in user_id, who looks in acting_user.
alter table sessions
  add column acting_user uuid references users on delete cascade,
  -- What they were when they began: another role ends it.
  add column acting_role text,
  add column reason      text not null default '',
  -- From when on it may change things too.
  add column raised_at   timestamptz,
  add constraint sessions_acting_check check ((acting_user is null) = (acting_role is null));
create index sessions_of_acting_user on sessions (acting_user) where acting_user is not null;
