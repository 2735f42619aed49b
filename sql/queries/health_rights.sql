-- name: definer_open_to_low_roles
-- A SECURITY DEFINER function, which acts with its owner's rights, can be called by anybody or by any visitor.
WITH callable AS (
    SELECT proc.oid, proc.proargtypes, namespace.nspname, proc.proname, proc.provolatile, proc.prosrc,
           proc.proconfig, proc.proowner, proc.prokind, held.grantee, grantee.rolname,
           EXISTS (SELECT
                     FROM pg_catalog.pg_depend AS use
                    WHERE use.classid = CAST('pg_catalog.pg_policy' AS regclass)
                      AND use.refclassid = CAST('pg_catalog.pg_proc' AS regclass)
                      AND use.refobjid = proc.oid) AS is_used_by_policy
      FROM pg_catalog.pg_proc AS proc
      JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = proc.pronamespace
     CROSS JOIN LATERAL pg_catalog.aclexplode(
               coalesce(proc.proacl, pg_catalog.acldefault('f', proc.proowner))) AS held
      LEFT JOIN pg_catalog.pg_roles AS grantee ON grantee.oid = held.grantee
     WHERE proc.prosecdef
       AND proc.prorettype NOT IN (CAST('pg_catalog.trigger' AS regtype), CAST('pg_catalog.event_trigger' AS regtype))
       AND namespace.nspname = ANY (CAST(:schemas AS text[]))
       AND (held.grantee = 0
            OR (grantee.rolname ~* '(^|_)(anon|anonymous|authenticated|guest|visitor|public)(_|$)'
                AND NOT grantee.rolsuper
                AND NOT grantee.rolbypassrls))
       AND EXISTS (
               SELECT
                 FROM pg_catalog.aclexplode(namespace.nspacl) AS entry
                 LEFT JOIN pg_catalog.pg_roles AS entrant ON entrant.oid = entry.grantee
                WHERE entry.privilege_type = 'USAGE'
                  AND entry.grantee NOT IN (namespace.nspowner, proc.proowner)
                  AND (entry.grantee = 0
                       OR (held.grantee IN (0, entry.grantee) AND NOT entrant.rolsuper AND NOT entrant.rolbypassrls)))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_proc' AS regclass)
              AND member.objid = proc.oid
              AND member.deptype = 'e'))
SELECT CASE WHEN bool_or(grantee = 0 OR rolname ~* '(^|_)(anon|anonymous|guest|visitor|public)(_|$)')
                 AND NOT bool_or(is_used_by_policy)
            THEN 'error' ELSE 'warning' END AS severity,
       format('%I.%I(%s)', nspname, proname, pg_catalog.oidvectortypes(proargtypes)) AS object,
       format('the function acts as its owner %I, and %s may call it', pg_catalog.pg_get_userbyid(proowner),
              string_agg(CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(rolname) END, ', ')) AS message,
       jsonb_build_object('callers', jsonb_agg(coalesce(rolname, 'PUBLIC')),
                          'owner', pg_catalog.pg_get_userbyid(proowner)) AS evidence,
       format('REVOKE EXECUTE ON %s %I.%I(%s) FROM %s', CASE prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
              nspname, proname, pg_catalog.oidvectortypes(proargtypes),
              string_agg(CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(rolname) END, ', ')) AS fix
  FROM callable
 WHERE grantee = 0
    OR rolname ~* '(^|_)(anon|anonymous|guest|visitor|public)(_|$)'
    OR NOT coalesce(array_to_string(proconfig, ' ') ~ 'search_path=', false)
    OR NOT ((provolatile <> 'v' AND is_used_by_policy)
            OR prosrc ~* '(uid|jwt|user_?id|identity|claims?)\s*\(|current_setting\s*\(|session_user')
 GROUP BY oid, proargtypes, nspname, proname, proowner, prokind
 ORDER BY object;

-- name: definer_search_path_mutable
-- A SECURITY DEFINER function takes the search_path of who calls it, who can so make it run other code.
SELECT 'error' AS severity,
       format('%I.%I(%s)', namespace.nspname, proc.proname, pg_catalog.oidvectortypes(proc.proargtypes))
           AS object,
       'SECURITY DEFINER without a search_path of its own: the caller decides what its names mean' AS message,
       jsonb_build_object('settings', coalesce(to_jsonb(proc.proconfig), '[]')) AS evidence,
       format('ALTER %s %I.%I(%s) SET search_path = '''' -- and qualify the names in its body',
              CASE proc.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, namespace.nspname, proc.proname,
              pg_catalog.oidvectortypes(proc.proargtypes)) AS fix
  FROM pg_catalog.pg_proc AS proc
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = proc.pronamespace
  JOIN pg_catalog.pg_language AS language ON language.oid = proc.prolang
 WHERE proc.prosecdef
   AND proc.prosqlbody IS NULL
   AND language.lanname NOT IN ('c', 'internal')
   AND NOT EXISTS (SELECT FROM unnest(proc.proconfig) AS setting (text) WHERE setting.text LIKE 'search\_path=%')
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_proc' AS regclass)
              AND member.objid = proc.oid
              AND member.deptype = 'e')
 ORDER BY object;

-- name: definer_search_path_writable
-- A SECURITY DEFINER function looks for names where ordinary roles can create objects of these names.
WITH pinned AS (
    SELECT proc.oid, proc.proargtypes, proc.proname, proc.proowner, proc.prosrc, proc.prokind, namespace.nspname,
           substr(setting.text, length('search_path=') + 1) AS path
      FROM pg_catalog.pg_proc AS proc
      JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = proc.pronamespace
     CROSS JOIN LATERAL unnest(proc.proconfig) AS setting (text)
     WHERE proc.prosecdef
       AND proc.prosqlbody IS NULL
       AND setting.text LIKE 'search\_path=%'
       AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_proc' AS regclass)
              AND member.objid = proc.oid
              AND member.deptype = 'e')),
step AS (
    SELECT pinned.oid, btrim(part.name, ' "') AS name, part.place,
           part.place = max(part.place) OVER (PARTITION BY pinned.oid) AS is_last
      FROM pinned
     CROSS JOIN LATERAL unnest(string_to_array(pinned.path, ',')) WITH ORDINALITY AS part (name, place)),
reason AS (
    SELECT step.oid, 'error' AS severity,
           format('its search_path contains %s, where who calls it can create objects', step.name) AS text
      FROM step
     WHERE step.name = '$user'
        OR (step.name = 'pg_temp' AND NOT step.is_last)
     UNION ALL
    SELECT step.oid, 'error',
           format('its search_path contains %I, where %s may create objects', step.name,
                  string_agg(DISTINCT held.who, ', '))
      FROM step
      JOIN pinned ON pinned.oid = step.oid
      JOIN pg_catalog.pg_namespace AS schema ON schema.nspname = step.name
     CROSS JOIN LATERAL (
               SELECT maker.grantee,
                      CASE maker.grantee WHEN 0 THEN 'PUBLIC'
                                         ELSE quote_ident(pg_catalog.pg_get_userbyid(maker.grantee)) END AS who
                 FROM (SELECT given.grantee
                         FROM pg_catalog.aclexplode(schema.nspacl) AS given
                        WHERE given.privilege_type = 'CREATE'
                        UNION
                       SELECT schema.nspowner) AS maker) AS held
     WHERE CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))
       AND held.grantee <> pinned.proowner
     GROUP BY step.oid, step.name
     UNION ALL
    SELECT pinned.oid, 'info',
           format('pg_temp is not the last of its search_path, so it is the first, and the name %s can be taken over',
                  string_agg(DISTINCT word.found[2], ', '))
      FROM pinned
     CROSS JOIN LATERAL regexp_matches(
               pinned.prosrc, '\m(from|join|into|update)\s+([a-z_][a-z0-9_$]*)(?![a-z0-9_$]|\s*[.(])', 'gi')
                        AS word (found)
     WHERE NOT EXISTS (SELECT FROM step WHERE step.oid = pinned.oid AND step.name = 'pg_temp')
       AND EXISTS (
               SELECT
                 FROM step
                 JOIN pg_catalog.pg_namespace AS schema ON schema.nspname = step.name
                 JOIN pg_catalog.pg_class AS relation
                   ON relation.relnamespace = schema.oid AND relation.relname = lower(word.found[2])
                WHERE step.oid = pinned.oid
                  AND relation.relkind IN ('r', 'p', 'v', 'm', 'f'))
       AND EXISTS (
               SELECT
                 FROM pg_catalog.pg_database AS database
                CROSS JOIN LATERAL pg_catalog.aclexplode(
                          coalesce(database.datacl, pg_catalog.acldefault('d', database.datdba))) AS given
                WHERE database.datname = current_database()
                  AND given.privilege_type = 'TEMPORARY'
                  AND CAST(given.grantee AS bigint) = ANY (CAST(:low AS bigint[])))
     GROUP BY pinned.oid)
SELECT (array_agg(reason.severity ORDER BY reason.severity = 'info'))[1] AS severity,
       format('%I.%I(%s)', pinned.nspname, pinned.proname, pg_catalog.oidvectortypes(pinned.proargtypes))
           AS object,
       'SECURITY DEFINER: ' || string_agg(reason.text, '; ') AS message,
       jsonb_build_object('search_path', pinned.path) AS evidence,
       format('ALTER %s %I.%I(%s) SET search_path = '''' -- and qualify the names in its body',
              CASE pinned.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, pinned.nspname, pinned.proname,
              pg_catalog.oidvectortypes(pinned.proargtypes)) AS fix
  FROM pinned
  JOIN reason ON reason.oid = pinned.oid
 GROUP BY pinned.oid, pinned.proargtypes, pinned.nspname, pinned.proname, pinned.prokind, pinned.path
 ORDER BY object;

-- name: excessive_table_rights
-- Ordinary roles hold rights that policies do not check: TRUNCATE, REFERENCES, TRIGGER, MAINTAIN.
SELECT CASE WHEN bool_or(held.privilege_type = 'TRUNCATE') THEN 'error' ELSE 'warning' END AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       format('%s: %s on the table, which row level security does not check', string_agg(DISTINCT held.who, ', '),
              string_agg(DISTINCT held.privilege_type, ', ')) AS message,
       jsonb_build_object('grantees', jsonb_agg(DISTINCT held.who),
                          'rights', jsonb_agg(DISTINCT held.privilege_type)) AS evidence,
       format('REVOKE %s ON %I.%I FROM %s', string_agg(DISTINCT held.privilege_type, ', '), namespace.nspname,
              relation.relname, string_agg(DISTINCT held.who, ', ')) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM pg_catalog.aclexplode(relation.relacl) AS given) AS held
 WHERE relation.relkind IN ('r', 'p')
   AND held.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
   AND held.grantee <> relation.relowner
   AND CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 GROUP BY namespace.nspname, relation.relname
 ORDER BY object;

-- name: public_rights_on_relation
-- PUBLIC, that is every login that there will ever be, holds rights on a table, a view or a sequence.
SELECT 'warning' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       format('PUBLIC may %s', string_agg(DISTINCT held.privilege_type, ', ')) AS message,
       jsonb_build_object('rights', jsonb_agg(DISTINCT held.privilege_type)) AS evidence,
       format('REVOKE ALL ON %s %I.%I FROM PUBLIC', CASE relation.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
              namespace.nspname, relation.relname) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type, given.attname,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM (SELECT whole.grantee, whole.privilege_type, CAST(NULL AS name) AS attname
                     FROM pg_catalog.aclexplode(relation.relacl) AS whole
                    UNION
                   SELECT part.grantee, part.privilege_type, attribute.attname
                     FROM pg_catalog.pg_attribute AS attribute
                    CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS part
                    WHERE attribute.attrelid = relation.oid
                      AND NOT attribute.attisdropped) AS given) AS held
 WHERE relation.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
   AND held.grantee = 0
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 GROUP BY namespace.nspname, relation.relname, relation.relkind
 ORDER BY object;

-- name: public_usage_of_schema
-- PUBLIC may use a schema other than public, so that everything granted in it is granted to every login.
SELECT 'warning' AS severity,
       format('%I', namespace.nspname) AS object,
       'PUBLIC, every login that there will ever be, may use the schema' AS message,
       jsonb_build_object('acl', CAST(namespace.nspacl AS text)) AS evidence,
       format('REVOKE USAGE ON SCHEMA %I FROM PUBLIC', namespace.nspname) AS fix
  FROM pg_catalog.pg_namespace AS namespace
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM pg_catalog.aclexplode(namespace.nspacl) AS given) AS held
 WHERE held.grantee = 0
   AND held.privilege_type = 'USAGE'
   AND namespace.nspname <> 'public'
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_extension AS extension
            WHERE extension.extnamespace = namespace.oid)
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_namespace' AS regclass)
              AND member.objid = namespace.oid
              AND member.deptype = 'e')
 ORDER BY object;

-- name: default_privileges_open
-- Default privileges give rights on objects that do not exist yet to PUBLIC, visitors or users.
SELECT CASE WHEN bool_or(held.grantee = 0 OR role.rolname ~* '(^|_)(anon|anonymous|guest|visitor|public)(_|$)')
            THEN 'error' ELSE 'warning' END AS severity,
       quote_ident(coalesce(namespace.nspname, pg_catalog.pg_get_userbyid(entry.defaclrole))) AS object,
       format('each new %s that %I creates%s gives %s to %s', kind.word,
              pg_catalog.pg_get_userbyid(entry.defaclrole), coalesce(' in ' || quote_ident(namespace.nspname), ''),
              string_agg(DISTINCT held.privilege_type, ', '), string_agg(DISTINCT held.who, ', ')) AS message,
       jsonb_build_object('owner', pg_catalog.pg_get_userbyid(entry.defaclrole), 'schema', namespace.nspname,
                          'kind', kind.word, 'grantees', jsonb_agg(DISTINCT held.who),
                          'rights', jsonb_agg(DISTINCT held.privilege_type)) AS evidence,
       format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s REVOKE ALL ON %sS FROM %s',
              pg_catalog.pg_get_userbyid(entry.defaclrole),
              coalesce(' IN SCHEMA ' || quote_ident(namespace.nspname), ''),
              upper(kind.word), string_agg(DISTINCT held.who, ', ')) AS fix
  FROM pg_catalog.pg_default_acl AS entry
  LEFT JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = entry.defaclnamespace
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM pg_catalog.aclexplode(entry.defaclacl) AS given) AS held
 CROSS JOIN LATERAL (SELECT CASE entry.defaclobjtype WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence'
                                                     WHEN 'f' THEN 'function' WHEN 'T' THEN 'type'
                                                     WHEN 'n' THEN 'schema' ELSE 'large object' END AS word) AS kind
  LEFT JOIN pg_catalog.pg_roles AS role ON role.oid = held.grantee
 WHERE (entry.defaclnamespace = 0 OR namespace.nspname = ANY (CAST(:schemas AS text[])))
   AND held.grantee <> entry.defaclrole
   AND CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))
   AND NOT (held.grantee = 0 AND entry.defaclnamespace = 0 AND entry.defaclobjtype IN ('f', 'T'))
   AND (held.grantee = 0
        OR role.rolname ~* '(^|_)(anon|anonymous|authenticated|guest|visitor|public)(_|$)'
        OR held.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'))
 GROUP BY namespace.nspname, entry.defaclrole, kind.word
 ORDER BY object, message;

-- name: create_on_schema_open
-- Ordinary roles may create objects in a schema, and so objects that others take for their own.
SELECT CASE WHEN CAST(current_setting('server_version_num') AS integer) < 150000 AND namespace.nspname = 'public'
            THEN 'info' ELSE 'error' END AS severity,
       format('%I', namespace.nspname) AS object,
       string_agg(DISTINCT held.who, ', ') || ' may create objects in the schema' AS message,
       jsonb_build_object('grantees', jsonb_agg(DISTINCT held.who)) AS evidence,
       format('REVOKE CREATE ON SCHEMA %I FROM %s', namespace.nspname, string_agg(DISTINCT held.who, ', ')) AS fix
  FROM pg_catalog.pg_namespace AS namespace
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM pg_catalog.aclexplode(namespace.nspacl) AS given) AS held
 WHERE held.privilege_type = 'CREATE'
   AND held.grantee <> namespace.nspowner
   AND CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_namespace' AS regclass)
              AND member.objid = namespace.oid
              AND member.deptype = 'e')
 GROUP BY namespace.nspname
 ORDER BY object;

-- name: create_on_database_open
-- Ordinary roles may create schemas in this database.
SELECT 'error' AS severity,
       format('%I', database.datname) AS object,
       string_agg(DISTINCT held.who, ', ') || ' may create schemas in the database' AS message,
       jsonb_build_object('grantees', jsonb_agg(DISTINCT held.who)) AS evidence,
       format('REVOKE CREATE ON DATABASE %I FROM %s', database.datname, string_agg(DISTINCT held.who, ', ')) AS fix
  FROM pg_catalog.pg_database AS database
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM pg_catalog.aclexplode(database.datacl) AS given) AS held
 WHERE database.datname = current_database()
   AND held.privilege_type = 'CREATE'
   AND held.grantee <> database.datdba
   AND CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))
 GROUP BY database.datname
 ORDER BY object;

-- name: login_bypasses_row_security
-- A login other than the first superuser is a superuser or passes by row level security.
SELECT 'error' AS severity,
       format('%I', role.rolname) AS object,
       CASE WHEN role.rolsuper THEN 'this login is a superuser: no right and no policy holds it back'
            ELSE 'this login has BYPASSRLS: no policy holds it back' END AS message,
       jsonb_build_object('superuser', role.rolsuper, 'bypassrls', role.rolbypassrls) AS evidence,
       format('ALTER ROLE %I %s', role.rolname,
              CASE WHEN role.rolsuper THEN 'NOSUPERUSER NOBYPASSRLS' ELSE 'NOBYPASSRLS' END) AS fix
  FROM pg_catalog.pg_roles AS role
 WHERE role.rolcanlogin
   AND (role.rolsuper OR role.rolbypassrls)
   AND role.oid <> 10
   AND role.rolname NOT IN (session_user, 'rdsadmin', 'cloudsqladmin', 'azuresu', 'supabase_admin')
   AND coalesce(role.rolvaliduntil > now(), true)
 ORDER BY object;

-- name: login_can_become_privileged
-- A login can change into a superuser, or into a role that passes by row level security, in one step or in several.
-- What is taken back is what was given to the login itself; the step behind it may be there for others.
WITH way AS (
    SELECT CASE WHEN CAST(current_setting('server_version_num') AS integer) >= 160000
                THEN 'SET' ELSE 'MEMBER' END AS word)
SELECT 'error' AS severity,
       format('%I', login.rolname) AS object,
       format('this login can SET ROLE to %s, whom no policy holds back',
              string_agg(DISTINCT quote_ident(target.rolname), ', ')) AS message,
       jsonb_build_object('roles', jsonb_agg(DISTINCT target.rolname)) AS evidence,
       string_agg(DISTINCT format('REVOKE %I FROM %I', step.given, login.rolname), '; ') AS fix
  FROM way
 CROSS JOIN pg_catalog.pg_roles AS login
  JOIN pg_catalog.pg_roles AS target
    ON target.oid <> login.oid
   AND (target.rolsuper OR target.rolbypassrls
        OR target.rolname IN ('pg_execute_server_program', 'pg_write_server_files'))
   AND pg_catalog.pg_has_role(login.oid, target.oid, way.word)
 CROSS JOIN LATERAL (
    SELECT pg_catalog.pg_get_userbyid(member.roleid) AS given
      FROM pg_catalog.pg_auth_members AS member
     WHERE member.member = login.oid
       AND (member.roleid = target.oid OR pg_catalog.pg_has_role(member.roleid, target.oid, way.word))) AS step
 WHERE login.rolcanlogin
   AND NOT login.rolsuper
   AND login.rolname <> session_user
   AND (target.rolsuper
        OR login.rolinherit
        OR login.rolname !~* '(^|_)(admin|administrator|dba|maintenance|migrat(or|ion|ions))(_|$)')
   AND coalesce(login.rolvaliduntil > now(), true)
 GROUP BY login.rolname
 ORDER BY object;
