-- name: schemas
-- Schemas that are neither PostgreSQL's own nor an extension's.
SELECT namespace.nspname AS name
  FROM pg_catalog.pg_namespace AS namespace
 WHERE namespace.nspname NOT LIKE 'pg\_%'
   AND namespace.nspname <> 'information_schema'
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS dependency
            WHERE dependency.classid = CAST('pg_catalog.pg_namespace' AS regclass)
              AND dependency.objid = namespace.oid
              AND dependency.deptype = 'e')
 ORDER BY name;

-- name: locked
-- Relations of this database that somebody holds exclusively.
SELECT DISTINCT CAST(held.relation AS bigint) AS oid
  FROM pg_catalog.pg_locks AS held
 WHERE held.locktype = 'relation'
   AND held.mode = 'AccessExclusiveLock'
   AND held.granted
   AND held.pid <> pg_catalog.pg_backend_pid()
   AND held.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database());

-- name: locked_names
-- Names of the locked tables in some schemas.
SELECT format('%I.%I', namespace.nspname, relation.relname) AS name
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE CAST(relation.oid AS bigint) = ANY (CAST(:locked AS bigint[]))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND relation.relkind IN ('r', 'p', 'm')
 ORDER BY name;

-- name: low_roles
-- Roles that rights and policies are there to hold back: PUBLIC (0), visitors, users, plain roles named by policies.
SELECT CAST(0 AS bigint) AS oid
 UNION
SELECT CAST(role.oid AS bigint)
  FROM pg_catalog.pg_roles AS role
 WHERE NOT role.rolsuper
   AND NOT role.rolbypassrls
   AND role.rolname NOT LIKE 'pg\_%'
   AND (role.rolname ~* '(^|_)(anon|anonymous|authenticated|guest|visitor|public)(_|$)'
        OR (role.rolname !~* '(^|_)(admin|administrator|dba|service_role|maint|maintenance|owner|migrat(or|ion|ions)|'
                             'deploy|backup|worker|etl|audit|auditor|monitor(ing)?|report(ing|er|s)?|analyst|'
                             'analytics)(_|$)'
            AND NOT EXISTS (
                    SELECT
                      FROM pg_catalog.pg_shdepend AS owned
                      JOIN pg_catalog.pg_database AS database ON database.oid = owned.dbid
                     WHERE database.datname = pg_catalog.current_database()
                       AND owned.refclassid = CAST('pg_catalog.pg_authid' AS regclass)
                       AND owned.refobjid = role.oid
                       AND owned.deptype = 'o')
            AND (EXISTS (SELECT FROM pg_catalog.pg_policy AS policy WHERE role.oid = ANY (policy.polroles))
                 OR EXISTS (
                        SELECT
                          FROM pg_catalog.pg_class AS relation
                         CROSS JOIN LATERAL pg_catalog.aclexplode(relation.relacl) AS given
                         WHERE relation.relrowsecurity
                           AND given.grantee = role.oid)
                 OR EXISTS (
                        SELECT
                          FROM pg_catalog.pg_attribute AS attribute
                          JOIN pg_catalog.pg_class AS relation ON relation.oid = attribute.attrelid
                         CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS given
                         WHERE relation.relrowsecurity
                           AND given.grantee = role.oid)
                 OR EXISTS (
                        SELECT
                          FROM pg_catalog.pg_namespace AS namespace
                         CROSS JOIN LATERAL pg_catalog.aclexplode(namespace.nspacl) AS given
                         WHERE given.privilege_type = 'CREATE'
                           AND given.grantee = role.oid)
                 OR EXISTS (
                        SELECT
                          FROM pg_catalog.pg_database AS database
                         CROSS JOIN LATERAL pg_catalog.aclexplode(database.datacl) AS given
                         WHERE database.datname = pg_catalog.current_database()
                           AND given.privilege_type = 'CREATE'
                           AND given.grantee = role.oid))));

-- name: policies
-- Policies with their expressions, who they are for, and what a reader of the expressions must know.
SELECT format('%I.%I.%I', namespace.nspname, relation.relname, policy.polname) AS object,
       format('%I.%I', namespace.nspname, relation.relname) AS table_object,
       format('%I', policy.polname) AS quoted_name,
       namespace.nspname AS schema_name,
       relation.relname AS table_name,
       CAST(policy.polcmd AS text) AS command,
       policy.polpermissive AS is_permissive,
       EXISTS (SELECT FROM unnest(policy.polroles) AS named (role)
                WHERE CAST(named.role AS bigint) = ANY (CAST(:low AS bigint[]))) AS is_for_low_roles,
       ARRAY(SELECT CASE named.role WHEN 0 THEN 'PUBLIC' ELSE CAST(pg_catalog.pg_get_userbyid(named.role) AS text) END
               FROM unnest(policy.polroles) AS named (role)) AS roles,
       pg_catalog.pg_get_expr(policy.polqual, policy.polrelid) AS using_text,
       pg_catalog.pg_get_expr(policy.polwithcheck, policy.polrelid) AS check_text,
       ARRAY(SELECT CAST(attribute.attname AS text)
               FROM pg_catalog.pg_attribute AS attribute
              WHERE attribute.attrelid = relation.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
              ORDER BY attribute.attnum) AS columns,
       ARRAY(SELECT CAST(attribute.attname AS text)
               FROM pg_catalog.pg_attribute AS attribute
              WHERE attribute.attrelid = relation.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
                AND attribute.attnotnull) AS filled_columns,
       (SELECT jsonb_object_agg(attribute.attname, jsonb_build_object(
                   'quoted', quote_ident(attribute.attname),
                   'person', CASE
                       WHEN attribute.atttypid IN (CAST('name' AS regtype), CAST('text' AS regtype),
                                                   CAST('varchar' AS regtype)) THEN 'current_user'
                       ELSE format('nullif(current_setting(%L, true), %L)::%s', 'app.user_id', '',
                                   pg_catalog.format_type(attribute.atttypid, NULL))
                   END))
          FROM pg_catalog.pg_attribute AS attribute
         WHERE attribute.attrelid = relation.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped)
           AS compared_columns,
       EXISTS (SELECT
                 FROM pg_catalog.aclexplode(relation.relacl) AS given
                WHERE given.privilege_type = 'SELECT'
                  AND (given.grantee = 0
                       OR pg_catalog.pg_get_userbyid(given.grantee)
                              ~* '(^|_)(anon|anonymous|guest|visitor|public)(_|$)'))
           AS is_read_by_visitors,
       ARRAY(SELECT format('%I.%I', parent_schema.nspname, parent.relname)
               FROM pg_catalog.pg_constraint AS key
               JOIN pg_catalog.pg_class AS parent ON parent.oid = key.confrelid
               JOIN pg_catalog.pg_namespace AS parent_schema ON parent_schema.oid = parent.relnamespace
              WHERE key.conrelid = relation.oid
                AND key.contype = 'f'
                AND key.confrelid <> relation.oid) AS parents,
       EXISTS (SELECT
                 FROM pg_catalog.aclexplode(relation.relacl) AS given
                WHERE given.privilege_type = 'UPDATE'
                  AND given.grantee <> relation.relowner)
           OR NOT EXISTS (SELECT
                            FROM pg_catalog.pg_attribute AS attribute
                           CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS given
                           WHERE attribute.attrelid = relation.oid
                             AND given.privilege_type = 'UPDATE') AS is_wholly_writable,
       ARRAY(SELECT CAST(attribute.attname AS text)
               FROM pg_catalog.pg_attribute AS attribute
              CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS given
              WHERE attribute.attrelid = relation.oid
                AND given.privilege_type = 'UPDATE') AS writable_columns,
       (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object(
                   'object', format('%I.%I', target_schema.nspname, target.relname), 'name', target.relname,
                   'has_row_security', target.relrowsecurity,
                   'columns', (SELECT jsonb_agg(attribute.attname)
                                 FROM pg_catalog.pg_attribute AS attribute
                                WHERE attribute.attrelid = target.oid
                                  AND attribute.attnum > 0
                                  AND NOT attribute.attisdropped))), '[]')
          FROM pg_catalog.pg_depend AS use
          JOIN pg_catalog.pg_class AS target ON target.oid = use.refobjid
          JOIN pg_catalog.pg_namespace AS target_schema ON target_schema.oid = target.relnamespace
         WHERE use.classid = CAST('pg_catalog.pg_policy' AS regclass)
           AND use.objid = policy.oid
           AND use.refclassid = CAST('pg_catalog.pg_class' AS regclass)
           AND target.oid <> relation.oid) AS relations,
       (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object(
                   'schema', target_schema.nspname, 'name', target.proname, 'volatility', target.provolatile,
                   'body', target.prosrc)), '[]')
          FROM pg_catalog.pg_depend AS use
          JOIN pg_catalog.pg_proc AS target ON target.oid = use.refobjid
          JOIN pg_catalog.pg_namespace AS target_schema ON target_schema.oid = target.pronamespace
         WHERE use.classid = CAST('pg_catalog.pg_policy' AS regclass)
           AND use.objid = policy.oid
           AND use.refclassid = CAST('pg_catalog.pg_proc' AS regclass)) AS functions
  FROM pg_catalog.pg_policy AS policy
  JOIN pg_catalog.pg_class AS relation ON relation.oid = policy.polrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT CAST(relation.oid AS bigint) = ANY (CAST(:locked AS bigint[]))
   AND NOT EXISTS (  -- writing out a subquery opens the tables that it reads
           SELECT
             FROM pg_catalog.pg_depend AS use
            WHERE use.classid = CAST('pg_catalog.pg_policy' AS regclass)
              AND use.objid = policy.oid
              AND use.refclassid = CAST('pg_catalog.pg_class' AS regclass)
              AND CAST(use.refobjid AS bigint) = ANY (CAST(:locked AS bigint[])))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 ORDER BY object;
