-- Two resellers with their customers, a row of each in every table, and a function that says what everybody sees and may write of it.

insert into tenants (id, kind, slug, name, reseller_id, created_at, updated_at) values
  ('00000000-0000-4000-8000-000000000001', 'reseller', 'ours', 'Ours', null, now(), now()),
  ('00000000-0000-4000-8000-000000000002', 'reseller', 'theirs', 'Theirs', null, now(), now()),
  ('00000000-0000-4000-8000-000000000011', 'customer', 'own', 'Own', '00000000-0000-4000-8000-000000000001', now(), now()),
  ('00000000-0000-4000-8000-000000000012', 'customer', 'sibling', 'Sibling', '00000000-0000-4000-8000-000000000001', now(), now()),
  ('00000000-0000-4000-8000-000000000013', 'customer', 'foreign', 'Foreign', '00000000-0000-4000-8000-000000000002', now(), now()),
  ('00000000-0000-4000-8000-000000000014', 'customer', 'direct', 'Direct', null, now(), now());

insert into users (email, name, role, tenant_id, created_at, updated_at) values ('operator', 'n', 'super-admin', null, now(), now());
insert into users (email, name, role, tenant_id, created_at, updated_at)
select slug, slug, kind, id, now(), now() from tenants;

insert into records (kind, name, spec) values ('Package', 'small', '{}'), ('Package', 'used', '{}'), ('Package', 'hidden', '{}'), ('Node', 'web1', '{}'), ('Account', 'house', '{}');
insert into records (kind, name, spec)
select 'Account', slug, jsonb_build_object('customer', slug, 'package', case slug when 'own' then 'used' when 'foreign' then 'hidden' end)
from tenants where kind = 'customer';
insert into records (kind, name, spec)
select 'Site', slug || what, jsonb_build_object('account', slug) from tenants, (values ('-blog'), ('-shop')) w (what)
where kind = 'customer';
insert into records (kind, name, spec)
select 'Certificate', slug, jsonb_build_object('site', slug || '-blog') from tenants where kind = 'customer';

insert into revisions (record_id, kind, name, generation, version, action, actor, source, metadata, spec)
select id, kind, name, 1, 1, 'create', 'a', 's', '{}', spec from records;
insert into status (kind, name, node, observed_generation, conditions) select kind, name, 'web1', 1, '[]' from records;
insert into drift_events (node, kind, name, resource_key, drift_kind, stream, outcome, diff, seen_at)
select 'web1', kind, name, 'k', 'changed', 'corrective', 'healed', 'd', now() + interval '1 hour' from records;
-- Of a record that had the name before.
insert into drift_events (node, kind, name, resource_key, drift_kind, stream, outcome, diff, seen_at)
values ('web1', 'Site', 'own-blog', 'before', 'changed', 'corrective', 'healed', 'd', now() - interval '1 hour');
insert into runs (node, kind, name, run_id, record_id, started_at, outcome)
select 'web1', kind, name, gen_random_uuid(), id, now(), 'succeeded' from records;
insert into reports (node, kind, name, record_id, report, reported_at) select 'web1', kind, name, id, '{}', now() from records;
insert into measurements (node, kind, name, measure, value, measured_at) select 'web1', kind, name, 'bytes', 1, now() from records;
insert into traffic (node, record_id, kind, name, day, requests, bytes_in, bytes_out)
select 'web1', id, kind, name, current_date, 1, 1, 1 from records;
insert into inventory (node, key, kind, name, record_id, resource_kind, resource_id, on_delete, generation)
select 'web1', kind || name, kind, name, id, 'file', 'f', 'remove', 1 from records;
insert into pauses (kind, name, mode, actor, reason)
select kind, name, 'pause', 'a', 'r' from records where kind = 'Site' union all values ('Site', null, 'pause', 'a', 'r');
insert into nodes (name) values ('web1');
insert into sweeps (node, resources, drifted, duration_ms) values ('web1', 1, 0, 1);
insert into secret_exports (node, actor) values ('web1', 'a');
insert into audit_events (at, action, outcome, actor, address, agent, request_id, target)
values (now(), 'login', 'succeeded', 'a', '', '', '', '');
insert into audit_events (at, action, outcome, actor, actor_id, address, agent, request_id, target)
select now(), 'by ' || email, 'succeeded', 'a', id, '', '', '', '' from users;
insert into audit_events (at, action, outcome, actor, subject_id, address, agent, request_id, target)
select now(), 'as ' || email, 'succeeded', 'a', id, '', '', '', '' from users;
insert into offers (package, title, currency, visible, updated_at) values ('small', 'Small', 'EUR', true, now()),
  -- Offered, and of no record: one that is made of it would be seen.
  ('ghost', 'Ghost', 'EUR', true, now()), ('used', 'Used', 'EUR', false, now()), ('hidden', 'Hidden', 'EUR', false, now());
insert into webhooks (tenant_id, url, events, secret, created_at, updated_at) select id, slug, '{}'::text[], '', now(), now() from tenants
union all values (null::uuid, 'operator', '{}'::text[], '', now(), now());
insert into happenings (type, tenant_id, reseller_id, data)
select w.url, w.tenant_id, t.reseller_id, '{}' from webhooks w left join tenants t on t.id = w.tenant_id;
insert into happenings (type, data) values ('unheard', '{}');
insert into webhook_deliveries (webhook_id, happening_id, created_at, answer)
select w.id, h.id, now(), w.url from webhooks w join happenings h on h.type = w.url;
insert into letters_told (record_id, what, at) select id, name, now() from records where kind = 'Account';
insert into limits_near (record_id, what, at) select id, name, now() from records where kind = 'Account';
insert into idempotency_keys (actor, key, tenant_id, fingerprint, created_at) select slug, slug, id, '', now() from tenants
union all values ('operator', 'operator', null::uuid, ''::bytea, now());

create function probe() returns setof text language plpgsql as $probe$
declare
  who    record;
  asked  record;
  found  text;
  changed int;
begin
  for who in select * from (values
    ('nobody',      'plumb_tenant',  '',           '',                                     ''),
    ('operator',    'plumb_tenant',  'everything', '',                                     ''),
    ('reseller',    'plumb_tenant',  '',           '00000000-0000-4000-8000-000000000001', '{*}'),
    ('customer',    'plumb_tenant',  '',           '00000000-0000-4000-8000-000000000011', '{*}'),
    ('technical',   'plumb_tenant',  '',           '00000000-0000-4000-8000-000000000011', '{Site/own-blog}'),
    ('no records',  'plumb_tenant',  '',           '00000000-0000-4000-8000-000000000011', ''),
    ('auditor',     'plumb_auditor', '',           '',                                     ''),
    ('api',         'plumb_api',     '',           '',                                     ''),
    ('agent',       'plumb_agent',   '',           '',                                     '')
  ) w (name, role, sight, tenant, records) loop
    perform set_config('plumb.sight', who.sight, true), set_config('plumb.tenant', who.tenant, true),
      set_config('plumb.records', who.records, true);

    for asked in select * from (values
      ('records', 'kind || ''/'' || name'), ('record_owners', '(select i.kind || ''/'' || i.name from ids i where i.id = record_id)'), ('revisions', 'kind || ''/'' || name'),
      ('status', 'kind || ''/'' || name'), ('drift_events', 'kind || ''/'' || name || '' '' || resource_key'),
      ('runs', 'kind || ''/'' || name'), ('reports', 'kind || ''/'' || name'), ('measurements', 'kind || ''/'' || name'),
      ('traffic', 'kind || ''/'' || name'), ('inventory', 'kind || ''/'' || name'), ('pauses', 'kind || ''/'' || coalesce(name, ''*'')'),
      ('nodes', 'name'), ('sweeps', 'node'), ('secret_exports', 'node'), ('users', 'email'), ('tenants', 'slug'),
      ('audit_events', 'action'), ('chain', 'table_name'),
      ('idempotency_keys', 'key'), ('offers', 'package'),
      ('webhooks', 'url'), ('happenings', 'type'), ('webhook_deliveries', 'answer'), ('letters_told', 'what'), ('limits_near', 'what')
    ) a (tab, label) loop
      begin
        perform set_config('role', who.role, true);
        execute format('select string_agg(distinct l, '' '' order by l) from (select %s as l from %I) t', asked.label, asked.tab) into found;
        raise exception using errcode = 'PROBE', message = coalesce(found, '-');
      exception
        when sqlstate 'PROBE' then return next format('%s sees of %s: %s', who.name, asked.tab, sqlerrm);
        when insufficient_privilege then return next format('%s sees of %s: no right', who.name, asked.tab);
      end;
    end loop;

    for asked in select * from (values
      ('changes sites', 'update records set source = ''x'' where kind = ''Site'''),
      ('changes packages', 'update records set source = ''x'' where kind = ''Package'''),
      ('changes nodes', 'update records set source = ''x'' where kind = ''Node'''),
      ('deletes records', 'delete from records where kind = ''Certificate'''),
      ('makes a site of own', 'insert into records (kind, name, spec) values (''Site'', ''new'', ''{"account": "own"}'')'),
      ('makes a site of sibling', 'insert into records (kind, name, spec) values (''Site'', ''new'', ''{"account": "sibling"}'')'),
      ('makes a site of foreign', 'insert into records (kind, name, spec) values (''Site'', ''new'', ''{"account": "foreign"}'')'),
      ('makes a site of nobody', 'insert into records (kind, name, spec) values (''Site'', ''new'', ''{"account": "none"}'')'),
      ('makes an account of own', 'insert into records (kind, name, spec) values (''Account'', ''new'', ''{"customer": "own"}'')'),
      ('makes an account of foreign', 'insert into records (kind, name, spec) values (''Account'', ''new'', ''{"customer": "foreign"}'')'),
      ('makes an account of a reseller', 'insert into records (kind, name, spec) values (''Account'', ''new'', ''{"customer": "ours"}'')'),
      ('makes a node', 'insert into records (kind, name, spec) values (''Node'', ''new'', ''{}'')'),
      ('claims to own', 'insert into records (kind, name, spec, tenant_id) values (''Node'', ''new'', ''{}'', ''00000000-0000-4000-8000-000000000011'')'),
      ('gives own-blog to foreign', 'update records set spec = ''{"account": "foreign"}'' where kind = ''Site'' and name = ''own-blog'''),
      ('makes a package of own-blog', 'update records set kind = ''Package'', name = ''ghost'' where kind = ''Site'' and name = ''own-blog'''),
      ('takes foreign-blog', 'update records set spec = ''{"account": "own"}'' where kind = ''Site'' and name = ''foreign-blog'''),
      ('writes a revision of own', 'insert into revisions (record_id, kind, name, generation, version, action, actor, source, metadata, spec)
        values ((select id from ids where kind = ''Site'' and name = ''own-blog''), ''Site'', ''own-blog'', 2, 2, ''update'', ''a'', ''s'', ''{}'', ''{}'')'),
      ('writes a revision of foreign', 'insert into revisions (record_id, kind, name, generation, version, action, actor, source, metadata, spec)
        values ((select id from ids where kind = ''Site'' and name = ''foreign-blog''), ''Site'', ''foreign-blog'', 2, 2, ''update'', ''a'', ''s'', ''{}'', ''{}'')'),
      ('changes revisions', 'update revisions set actor = ''x'''),
      ('writes status', 'update status set observed_generation = 2'),
      ('deletes status', 'delete from status'),
      ('notes drift', 'insert into drift_events (node, kind, name, resource_key, drift_kind, stream, outcome, diff)
        values (''web1'', ''Site'', ''own-blog'', ''k'', ''changed'', ''corrective'', ''healed'', ''d'')'),
      ('claims', 'insert into inventory (node, key, kind, name, record_id, resource_kind, resource_id, on_delete, generation)
        values (''web1'', ''new'', ''Site'', ''own-blog'', gen_random_uuid(), ''file'', ''f'', ''remove'', 1)'),
      ('forgets runs', 'delete from runs'),
      ('tells reports', 'update reports set report = ''[]'''),
      ('measures', 'update measurements set value = 2'),
      ('counts traffic', 'update traffic set requests = 2'),
      ('pauses', 'insert into pauses (kind, name, mode, actor, reason) values (''Site'', ''own-shop'', ''pause'', ''a'', ''r'')'),
      ('resumes', 'delete from pauses'),
      ('asks for secrets', 'insert into secret_exports (node, actor) values (''web1'', ''a'')'),
      ('takes secrets', 'delete from secret_exports'),
      ('is a node', 'update nodes set last_seen_at = now()'),
      ('sweeps', 'insert into sweeps (node, at, resources, drifted, duration_ms) values (''web1'', now() + interval ''1 hour'', 1, 0, 1)'),
      ('notes what was done', 'insert into audit_events (at, action, outcome, actor, address, agent, request_id, target)
        values (now(), ''login'', ''succeeded'', ''a'', '''', '''', '''', '''')'),
      ('renames users', 'update users set name = ''x'''),
      ('removes users', 'delete from users'),
      ('moves a user to foreign', 'update users set tenant_id = ''00000000-0000-4000-8000-000000000013'' where email = ''own'''),
      ('makes a user of own', 'insert into users (email, name, role, tenant_id, created_at, updated_at)
        values (''new'', ''n'', ''customer'', ''00000000-0000-4000-8000-000000000011'', now(), now())'),
      ('makes a user of foreign', 'insert into users (email, name, role, tenant_id, created_at, updated_at)
        values (''new'', ''n'', ''customer'', ''00000000-0000-4000-8000-000000000013'', now(), now())'),
      ('makes an administrator', 'insert into users (email, name, role, created_at, updated_at) values (''new'', ''n'', ''super-admin'', now(), now())'),
      ('renames tenants', 'update tenants set name = ''x'''),
      ('makes a customer of ours', 'insert into tenants (kind, slug, name, reseller_id, created_at, updated_at)
        values (''customer'', ''new'', ''n'', ''00000000-0000-4000-8000-000000000001'', now(), now())'),
      ('makes a customer of theirs', 'insert into tenants (kind, slug, name, reseller_id, created_at, updated_at)
        values (''customer'', ''new'', ''n'', ''00000000-0000-4000-8000-000000000002'', now(), now())'),
      ('makes a reseller', 'insert into tenants (kind, slug, name, created_at, updated_at) values (''reseller'', ''new'', ''n'', now(), now())'),
      ('gives a customer away', 'update tenants set reseller_id = ''00000000-0000-4000-8000-000000000002'' where slug = ''sibling'''),
      ('takes a customer', 'update tenants set reseller_id = ''00000000-0000-4000-8000-000000000001'' where slug = ''foreign'''),
      ('offers', 'insert into offers (package, title, currency, updated_at) values (''new'', ''n'', ''EUR'', now())'),
      ('prices', 'update offers set monthly_price = 1'),
      ('offers no more', 'delete from offers'),
      ('keeps a key of own', 'insert into idempotency_keys (actor, key, tenant_id, fingerprint, created_at)
        values (''a'', ''new'', ''00000000-0000-4000-8000-000000000011'', '''', now())'),
      ('keeps a key of foreign', 'insert into idempotency_keys (actor, key, tenant_id, fingerprint, created_at)
        values (''a'', ''new'', ''00000000-0000-4000-8000-000000000013'', '''', now())'),
      ('answers by keys', 'update idempotency_keys set answer = ''{}'''),
      ('forgets keys', 'delete from idempotency_keys'),
      ('makes a webhook of own', 'insert into webhooks (tenant_id, url, events, secret, created_at, updated_at)
        values (''00000000-0000-4000-8000-000000000011'', ''new'', ''{}'', '''', now(), now())'),
      ('makes a webhook of foreign', 'insert into webhooks (tenant_id, url, events, secret, created_at, updated_at)
        values (''00000000-0000-4000-8000-000000000013'', ''new'', ''{}'', '''', now(), now())'),
      ('makes a webhook that hears everything', 'insert into webhooks (url, events, secret, created_at, updated_at)
        values (''new'', ''{}'', '''', now(), now())'),
      ('leads webhooks elsewhere', 'update webhooks set url = ''x'''),
      ('gives a webhook to foreign', 'update webhooks set tenant_id = ''00000000-0000-4000-8000-000000000013'' where url = ''own'''),
      ('gives up webhooks', 'delete from webhooks'),
      ('has own told', 'insert into webhook_deliveries (webhook_id, happening_id, created_at)
        select w.id, h.id, now() from hooks w, hooks h where w.name = ''own'' and h.name = ''happened to own'''),
      ('has foreign told', 'insert into webhook_deliveries (webhook_id, happening_id, created_at)
        select w.id, h.id, now() from hooks w, hooks h where w.name = ''foreign'' and h.name = ''happened to foreign'''),
      ('has own told of foreign', 'insert into webhook_deliveries (webhook_id, happening_id, created_at)
        select w.id, h.id, now() from hooks w, hooks h where w.name = ''own'' and h.name = ''happened to foreign'''),
      ('forgets deliveries', 'delete from webhook_deliveries'),
      ('lets happen to own', 'insert into happenings (type, tenant_id, data) values (''new'', ''00000000-0000-4000-8000-000000000011'', ''{}'')'),
      ('lets happen to foreign', 'insert into happenings (type, tenant_id, data) values (''new'', ''00000000-0000-4000-8000-000000000013'', ''{}'')'),
      ('changes what happened', 'update happenings set told = true'),
      ('tells letters', 'insert into letters_told (record_id, what, at) values (gen_random_uuid(), ''new'', now())'),
      ('nears limits', 'insert into limits_near (record_id, what, at) select id, ''new'', now() from ids where kind = ''Site'' limit 1'),
      ('writes the chain', 'insert into chain (seq, table_name, row_seq, payload_hash, prev_hash, hash) values (999, ''x'', 1, '''', '''', '''')')
    ) a (what, statement) loop
      begin
        perform set_config('role', who.role, true);
        execute asked.statement;
        get diagnostics changed = row_count;
        raise exception using errcode = 'PROBE', message = changed::text;
      exception
        when sqlstate 'PROBE' then return next format('%s %s: %s', who.name, asked.what, sqlerrm);
        when insufficient_privilege then return next format('%s %s: refused', who.name, asked.what);
        when others then return next format('%s %s: fails (%s)', who.name, asked.what, sqlstate);
      end;
    end loop;
  end loop;
end $probe$;

-- Ids that nobody is kept from, so that what is refused is the writing.
create table ids as select kind, name, id from records;
grant select on ids to public;
create table hooks as select url as name, id from webhooks union all select 'happened to ' || type, id from happenings;
grant select on hooks to public;
