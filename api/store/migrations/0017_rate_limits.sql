-- How many requests somebody may still send: shared by all processes of the API. Unlogged, since what a crash forgets is a
-- minute old.
create unlogged table rate_limits (
  key        text             primary key,
  tokens     double precision not null,
  -- When the present interval of refilling began, in milliseconds since 1970.
  at         double precision not null,
  -- What the last request left, which is below zero where it was refused.
  remaining  double precision not null
);
create index rate_limits_by_age on rate_limits (at);
