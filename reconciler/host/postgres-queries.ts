// What the server is asked: each gives one JSON value. What differs from how it should be comes with the statement that
// mends it, written by the server with its own quoting (`format`), since only it knows what there is in a database.
//
// The one thing to know before changing it: names resolve in pg_catalog alone (the connection sets the search path), and
// nothing here runs a function, an operator or a view that a tenant has made.

import { databaseRights, ownersOf, readersOf, writersOf } from "./postgres.ts"
import { literal } from "./postgres-text.ts"

/** What a role has beyond CREATE ROLE … NOLOGIN. */
const attributes = `
  array_to_string(array_remove(array[
    case when rolbypassrls then 'BYPASSRLS' end, case when rolcreatedb then 'CREATEDB' end,
    case when rolcreaterole then 'CREATEROLE' end, case when rolcanlogin then 'LOGIN' end,
    case when not rolinherit then 'NOINHERIT' end, case when rolreplication then 'REPLICATION' end,
    case when rolsuper then 'SUPERUSER' end,
    case when rolvaliduntil < 'infinity' then 'VALID UNTIL ' || rolvaliduntil end], null), ', ')`

const withOption = `case when m.admin_option then ' WITH ADMIN OPTION' else '' end`
const memberOf = `
  coalesce((select json_agg(g.rolname || ${withOption} order by g.rolname) from pg_auth_members m
    join pg_roles g on g.oid = m.roleid where m.member = r.oid), '[]')`
const members = `
  coalesce((select json_agg(g.rolname || ${withOption} order by g.rolname) from pg_auth_members m
    join pg_roles g on g.oid = m.member where m.roleid = r.oid), '[]')`

/**
 * Whether the rules of who comes in are those of the file. A file that took another's place may have been written a while
 * before: its inode changed in that moment. The server tells whole seconds of it, cut off: until the next one has begun,
 * what was read may be what was there before.
 */
const hbaIsRead = `
  (select pg_conf_load_time() > greatest(modification, change) + interval '1 s' from pg_stat_file(current_setting('hba_file')))`

/**
 * Sessions of a database's users that began before the rules were read and that its lines of pg_hba.conf let in no more: over
 * the network whom none of them names, on the host itself whom one of them rejects. Whom rules of the administrator's own let
 * in may come back, and is none of these then.
 */
export const strangers = `
  select s.datname, s.pid from pg_stat_activity s
  where s.backend_start < pg_conf_load_time() and s.pid <> pg_backend_pid()
    and pg_has_role(s.usesysid, to_regrole(quote_ident(s.datname)), 'MEMBER')
    and not (select rolsuper from pg_roles where oid = s.usesysid)
    and case when s.client_addr is null or s.client_addr <<= '127.0.0.0/8' or s.client_addr = '::1'
      then exists (select from own where (own.datname, own.who) = (s.datname, s.usename) and not comes)
      else not exists (select from own where (own.datname, own.who) = (s.datname, s.usename) and comes
        and family(network) = family(s.client_addr) and network & mask = s.client_addr & mask) end`

/** The lines of pg_hba.conf that are for one user of one database: read once, however many databases are asked for. */
export const withOwnLines = `
  with own as materialized (select database[1] as datname, user_name[1] as who, auth_method <> 'reject' as comes,
      case when type <> 'local' and address ~ '^[0-9a-f.:]+$' then address::inet end as network,
      case when type <> 'local' and netmask ~ '^[0-9a-f.:]+$' then netmask::inet end as mask
    from pg_hba_file_rules where cardinality(database) = 1 and cardinality(user_name) = 1)`

/** A text for each database. Rows that were written in it tell of changes that nothing outside of it shows. */
export const databasesQuery = `
  ${withOwnLines}, strangers as materialized (${strangers})
  select coalesce(json_object_agg(d.datname, concat_ws('/', d.oid, d.datdba, d.datallowconn, d.datistemplate, d.datacl,
    s.tup_inserted + s.tup_updated + s.tup_deleted,
    (select string_agg(concat_ws(':', r.rolname, ${attributes}, ${memberOf}::text, ${members}::text, r.rolpassword is null), ',')
      from pg_authid r
      where r.rolname in (d.datname, 'plumb_write_' || d.datname, 'plumb_owner_' || d.datname)),
    ${hbaIsRead}, exists (select from strangers x where x.datname = d.datname)
  )), '{}') from pg_database d left join pg_stat_database s on s.datid = d.oid where not d.datistemplate or d.datname !~ '^template'`

export const databaseQuery = (name: string) => `
  ${withOwnLines}
  select json_build_object(
    'owner', (select rolname from pg_roles r where r.oid = d.datdba),
    'attributes', concat_ws(', ', case when not d.datallowconn then 'NO CONNECTIONS' end, case when d.datistemplate then 'TEMPLATE' end),
    'groups', coalesce((select json_object_agg(r.rolname, json_build_object(
      'attributes', concat_ws(', ', nullif(${attributes}, ''), case when r.rolpassword is not null then 'PASSWORD' end),
      'memberOf', ${memberOf}, 'members', ${members}))
      from pg_authid r
      where r.rolname in (${[readersOf(name), writersOf(name), ownersOf(name)].map(literal).join(", ")})), '{}'),
    'hbaIsRead', ${hbaIsRead},
    'hasStrangers', exists (select from (${strangers}) x where x.datname = d.datname))
  from pg_database d where d.datname = ${literal(name)}`

/** Both at one moment, asked in the database itself. */
export const wholeQuery = (name: string) =>
  `select json_build_object('entry', (${databaseQuery(name)}), 'differences', (${differencesQuery(name)}))`

/** Of a role, or of all: everything that shared tables say of it. */
const roleObject = `
  json_build_object('attributes', ${attributes}, 'memberOf', ${memberOf}, 'members', ${members},
    'verifier', r.rolpassword,
    'begins', coalesce((select json_agg(json_build_object('as', substr(c, 6), 'database', d.datname) order by c, d.datname)
      from pg_db_role_setting s left join pg_database d on d.oid = s.setdatabase, unnest(s.setconfig) c
      where s.setrole = r.oid and c like 'role=%'), '[]'),
    'grantedIn', coalesce((select json_agg(distinct coalesce(d.datname, current_database()))
      from pg_shdepend s left join pg_database d on d.oid = s.dbid
      where s.refclassid = 'pg_authid'::regclass and s.refobjid = r.oid and s.deptype = 'a'
        and s.classid <> 'pg_default_acl'::regclass and (d.datallowconn is not false)), '[]'))`

export const rolesQuery = (names?: ReadonlyArray<string>) => `
  select coalesce(json_object_agg(r.rolname, ${roleObject}), '{}') from pg_authid r
  where ${names === undefined ? "r.rolname !~ '^pg_'" : `r.rolname in (${names.map(literal).join(", ")})`}`

export const loginsQuery = "select coalesce(json_agg(rolname), '[]') from pg_roles where rolcanlogin"

/** Databases in which a role owns something, or may do something by itself. */
export const placesQuery = (name: string) => `
  select coalesce(json_agg(distinct d.datname), '[]') from pg_shdepend s join pg_database d on d.oid = s.dbid
  where s.refclassid = 'pg_authid'::regclass and s.refobjid = (select oid from pg_roles where rolname = ${literal(name)})
    and d.datallowconn`

export const sizesQuery = `
  select coalesce(json_object_agg(datname, pg_database_size(oid)), '{}') from pg_database where datname !~ '^template'`

const grantee = (oid: string) => `case ${oid} when 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(${oid})) end`

/** REVOKE ALL ON … of any object. */
const revokeAll = (role: string) => `
  format('REVOKE ALL ON %s FROM %I CASCADE', case when i.type like '% column' then format('TABLE %I.%I', n.nspname, c.relname) else case i.type
    when 'table' then 'TABLE ' || i.identity when 'view' then 'TABLE ' || i.identity
    when 'materialized view' then 'TABLE ' || i.identity when 'foreign table' then 'TABLE ' || i.identity
    when 'function' then 'FUNCTION ' || i.identity when 'aggregate' then 'FUNCTION ' || i.identity
    when 'procedure' then 'PROCEDURE ' || i.identity when 'server' then 'FOREIGN SERVER ' || i.identity
    when 'parameter ACL' then 'PARAMETER ' || i.identity
    else upper(i.type) || ' ' || i.identity end end, ${role})`

/** What these roles may do in this database, or on the server, by themselves; \`but\` leaves out what is dealt with elsewhere. */
const strays = (roles: string, but: string) => `
  select pg_describe_object(s.classid, s.objid, s.objsubid) as on, null as want, 'granted to ' || r.rolname as have,
    ${revokeAll("r.rolname")} as mend
  from pg_shdepend s join pg_roles r on r.oid = s.refobjid
    left join pg_class c on s.classid = 'pg_class'::regclass and c.oid = s.objid left join pg_namespace n on n.oid = c.relnamespace,
    pg_identify_object(s.classid, s.objid, s.objsubid) i
  where s.refclassid = 'pg_authid'::regclass and s.deptype = 'a' and s.classid <> 'pg_default_acl'::regclass
    and s.dbid in (0, (select oid from pg_database where datname = current_database()))
    and r.rolname in (${roles}) and not (${but})`

/** Asked in each database in which there may be some. */
export const straysQuery = (roles: ReadonlyArray<string>) =>
  `select coalesce(json_agg(x), '[]') from (${strays(roles.map(literal).join(", "), "false")}) x`

/** Asked in the database itself: every right and every owner in it that is not as it should be. */
export const differencesQuery = (name: string) => `
with
  names(part, name) as (values ('r', ${literal(readersOf(name))}), ('w', ${literal(writersOf(name))}), ('o', ${literal(ownersOf(name))})),
  who as (select part, oid, rolname from names join pg_roles on rolname = name),
  wanted(kind, part, privilege) as (values
    ${databaseRights.map(({ part, privilege }) => `('DATABASE', '${part}', '${privilege}')`).join(", ")},
    ('SCHEMA', 'r', 'USAGE'), ('TABLE', 'r', 'SELECT'), ('TABLE', 'w', 'INSERT'), ('TABLE', 'w', 'UPDATE'), ('TABLE', 'w', 'DELETE'),
    ('SEQUENCE', 'r', 'SELECT'), ('SEQUENCE', 'w', 'USAGE'), ('SEQUENCE', 'w', 'UPDATE')),
  schemas as (select n.* from pg_namespace n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (select from pg_depend e where e.classid = 'pg_namespace'::regclass and e.objid = n.oid and e.deptype = 'e')),
  relations as (select c.*, n.nspname from pg_class c join schemas n on n.oid = c.relnamespace
    where c.relkind in ('r', 'v', 'm', 'f', 'p', 'S') and c.relpersistence <> 't'
    and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')),
  things(kind, oid, object, owner, acl) as (
    select 'DATABASE', d.oid, format('DATABASE %I', datname), datdba, coalesce(datacl, acldefault('d', datdba))
      from pg_database d where datname = current_database()
    union all select 'SCHEMA', oid, format('SCHEMA %I', nspname), nspowner, coalesce(nspacl, acldefault('n', nspowner)) from schemas
    union all select case relkind when 'S' then 'SEQUENCE' else 'TABLE' end, oid,
      format('%s %I.%I', case relkind when 'S' then 'SEQUENCE' else 'TABLE' end, nspname, relname), relowner,
      coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner)) from relations),
  have as (select t.*, a.grantee, a.privilege_type as privilege, a.is_grantable, w.part
    from things t cross join aclexplode(t.acl) a left join who w on w.oid = a.grantee where a.grantee <> t.owner),
  owned(object, owner) as (
    select format('SCHEMA %I', nspname), nspowner from schemas
    union all select format('%s %I.%I', case relkind when 'S' then 'SEQUENCE' when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW'
        when 'f' then 'FOREIGN TABLE' else 'TABLE' end, nspname, relname), relowner
      from relations c where not (relkind = 'S' and exists (select from pg_depend e
        where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.refclassid = 'pg_class'::regclass and e.deptype in ('a', 'i')))
    union all select format('ROUTINE %I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid)), proowner
      from pg_proc p join schemas n on n.oid = p.pronamespace where p.prokind <> 'a' and not exists (select from pg_depend e
        where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype in ('e', 'i'))
    union all select format('TYPE %I.%I', nspname, typname), typowner
      from pg_type t join schemas n on n.oid = t.typnamespace where t.typtype in ('e', 'd', 'r', 'c')
        and (t.typrelid = 0 or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
        and not exists (select from pg_depend e where e.classid = 'pg_type'::regclass and e.objid = t.oid and e.deptype in ('e', 'i'))),
  initial(kind, letter, plural) as (values ('TABLE', 'r', 'TABLES'), ('SEQUENCE', 'S', 'SEQUENCES'), ('SCHEMA', 'n', 'SCHEMAS'),
    ('FUNCTION', 'f', 'FUNCTIONS'), ('TYPE', 'T', 'TYPES')),
  defaults as (select d.defaclrole, n.nspname, i.kind, i.plural, a.grantee, a.privilege_type as privilege, a.is_grantable, w.part,
      d.defaclrole = (select oid from who where part = 'o') and d.defaclnamespace = 0 as ours
    from pg_default_acl d join initial i on i.letter = d.defaclobjtype::text left join pg_namespace n on n.oid = d.defaclnamespace
      cross join aclexplode(d.defaclacl) a left join who w on w.oid = a.grantee
    where a.grantee <> d.defaclrole and not (d.defaclnamespace = 0 and d.defaclobjtype in ('f', 'T') and a.grantee = 0)),
  found(place, "on", want, have, mend) as (
    select 1, object, 'owned by ' || o.rolname, 'owned by ' || pg_get_userbyid(owner), format('ALTER %s OWNER TO %I', object, o.rolname)
      from owned, who o where o.part = 'o' and owner <> o.oid
    union all select 2, object, null, ${grantee("grantee")} || ': ' || privilege || case when is_grantable then ' WITH GRANT OPTION' else '' end,
        format('REVOKE %s ON %s FROM %s CASCADE', privilege, object, ${grantee("grantee")})
      from have h where is_grantable or not exists (select from wanted w where (w.kind, w.part, w.privilege) = (h.kind, h.part, h.privilege))
    union all select 2, format('column %I of ', attname) || object, null, ${grantee("a.grantee")} || ': ' || a.privilege_type,
        format('REVOKE %s (%I) ON %s FROM %s CASCADE', a.privilege_type, attname, object, ${grantee("a.grantee")})
      from things t join pg_attribute c on t.kind = 'TABLE' and c.attrelid = t.oid and not c.attisdropped cross join aclexplode(c.attacl) a
      where a.grantee <> t.owner
    union all select 3, object, quote_ident(o.rolname) || ': ' || w.privilege, null, format('GRANT %s ON %s TO %I', w.privilege, object, o.rolname)
      from things t join wanted w using (kind) join who o using (part)
      where t.owner <> o.oid and not exists (select from have h
        where (h.kind, h.oid, h.grantee, h.privilege) = (t.kind, t.oid, o.oid, w.privilege) and not h.is_grantable)
    union all select 4, 'new ' || lower(plural) || ' of ' || pg_get_userbyid(defaclrole) || coalesce(' in ' || nspname, ''), null,
        ${grantee("grantee")} || ': ' || privilege || case when is_grantable then ' WITH GRANT OPTION' else '' end,
        format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s REVOKE %s ON %s FROM %s CASCADE', pg_get_userbyid(defaclrole),
          'IN SCHEMA ' || quote_ident(nspname), privilege, plural, ${grantee("grantee")})
      from defaults d where is_grantable or not ours or not exists (select from wanted w
        where (w.kind, w.part, w.privilege) = (d.kind, d.part, d.privilege))
    union all select 5, 'new ' || lower(plural) || ' of ' || o.rolname, quote_ident(g.rolname) || ': ' || privilege, null,
        format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT %s ON %s TO %I', o.rolname, privilege, plural, g.rolname)
      from wanted w join initial using (kind) join who g using (part), who o
      where o.part = 'o' and not exists (select from defaults d
        where d.ours and (d.kind, d.part, d.privilege) = (w.kind, w.part, w.privilege) and not d.is_grantable)
    union all select 6, s.* from (${strays(
      "select rolname from who",
      `(s.dbid = 0 and s.classid = 'pg_database'::regclass and s.objid in (select oid from things where kind = 'DATABASE'))
       or (s.classid = 'pg_class'::regclass and s.objid in (select oid from relations))
       or (s.classid = 'pg_namespace'::regclass and s.objid in (select oid from schemas))
       or exists (select from pg_shdepend e where (e.dbid, e.classid, e.objid) = (s.dbid, s.classid, s.objid) and e.deptype = 'o'
         and e.refclassid = 'pg_authid'::regclass and e.refobjid in (select oid from who where part = 'o'))`,
    )}) s)
select coalesce(json_agg(json_build_object('on', "on", 'want', want, 'have', have, 'mend', mend) order by place, "on", mend), '[]') from found`
