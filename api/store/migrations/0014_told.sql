-- Who was told of a run that failed, by which way: {"mail": {"state": "sent", "at": "…", "why": null}}. Written by the agent.
alter table runs add column told jsonb not null default '{}';
