-- name: tables
-- Tables that the matrix must cover, with their keys, the columns of a new row, and those that may be updated.
SELECT namespace.nspname AS schema, relation.relname AS name,
       (SELECT array_agg(attribute.attname ORDER BY attribute.attnum)
          FROM pg_catalog.pg_index AS index
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = relation.oid AND attribute.attnum = ANY (index.indkey)
         WHERE index.indrelid = relation.oid AND index.indisprimary) AS key,
       written.columns, written.updatable, written.maintainable
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 CROSS JOIN LATERAL (
           SELECT array_agg(attribute.attname) AS columns,
                  array_agg(attribute.attname) FILTER (
                      WHERE has_column_privilege('authenticated', relation.oid, attribute.attnum, 'UPDATE')) AS updatable,
                  array_agg(attribute.attname) FILTER (
                      WHERE has_column_privilege('service_role', relation.oid, attribute.attnum, 'UPDATE')) AS maintainable
             FROM (SELECT *
                     FROM pg_catalog.pg_attribute
                    WHERE attrelid = relation.oid
                      AND attnum > 0
                      AND NOT attisdropped
                      AND attgenerated = ''
                      AND attidentity = ''
                    ORDER BY attnum) AS attribute) AS written
 WHERE namespace.nspname IN ('cryo', 'quarantine')
   AND relation.relkind IN ('r', 'p')
 ORDER BY schema, name;

-- name: views
-- Views of the schema, which must not show more than the tables below them.
SELECT namespace.nspname AS schema, relation.relname AS name
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname IN ('cryo', 'app', 'quarantine')
   AND relation.relkind IN ('v', 'm')
 ORDER BY schema, name;

-- name: unguarded
-- Tables without forced row level security, and rights that pass by it.
SELECT format('%I.%I', namespace.nspname, relation.relname) AS object, 'row level security is not enabled and forced' AS reason
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname IN ('cryo', 'quarantine')
   AND relation.relkind IN ('r', 'p')
   AND NOT (relation.relrowsecurity AND relation.relforcerowsecurity)
UNION ALL
SELECT format('%I.%I', namespace.nspname, relation.relname), held.privilege_type || ' is granted to ' || grantee.name
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 CROSS JOIN LATERAL pg_catalog.aclexplode(relation.relacl) AS held
 CROSS JOIN LATERAL (SELECT coalesce((SELECT rolname FROM pg_catalog.pg_roles WHERE oid = held.grantee), 'everybody')
                         AS name) AS grantee
 WHERE namespace.nspname IN ('cryo', 'quarantine')
   AND held.grantee <> relation.relowner
   AND (held.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN') OR grantee.name = 'everybody')
UNION ALL
SELECT format('%I.%I', namespace.nspname, relation.relname), 'the view reads with the rights of its owner'
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname IN ('cryo', 'app', 'quarantine')
   AND (relation.relkind = 'm'
        OR (relation.relkind = 'v' AND NOT coalesce(relation.reloptions && ARRAY['security_invoker=true',
                                                                                'security_invoker=on',
                                                                                'security_invoker=1'], false)))
UNION ALL
SELECT format('%I.%I', namespace.nspname, routine.proname),
       CASE WHEN routine.proconfig @> ARRAY['search_path=""'] THEN 'everybody may call this SECURITY DEFINER function'
            ELSE 'a SECURITY DEFINER function must pin an empty search_path' END
  FROM pg_catalog.pg_proc AS routine
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = routine.pronamespace
 WHERE namespace.nspname IN ('cryo', 'app', 'quarantine')
   AND routine.prosecdef
   AND (NOT coalesce(routine.proconfig @> ARRAY['search_path=""'], false)
        OR has_function_privilege('anon', routine.oid, 'EXECUTE'))
UNION ALL
SELECT pg_catalog.pg_get_userbyid(given.defaclrole), 'default privileges give new objects away: ' || CAST(given.defaclacl AS text)
  FROM pg_catalog.pg_default_acl AS given
UNION ALL
SELECT member.rolname, 'the login can become ' || role.rolname
  FROM pg_catalog.pg_roles AS member
  JOIN pg_catalog.pg_roles AS role
    ON role.rolname IN ('service_role', 'cryokit_owner') AND pg_has_role(member.oid, role.oid, 'MEMBER')
 WHERE member.rolcanlogin
   AND NOT member.rolsuper
   AND member.rolname NOT IN ('cryokit_admin', current_user)
   AND (member.rolname = 'cryokit_app' OR NOT member.rolcreaterole)
UNION ALL
SELECT role.rolname, 'the role passes by row level security'
  FROM pg_catalog.pg_roles AS role
 WHERE role.rolname IN ('anon', 'authenticated', 'cryokit_app', 'cryokit_owner')
   AND (role.rolsuper OR role.rolbypassrls)
UNION ALL
SELECT namespace.nspname, 'ordinary roles may create objects in the schema'
  FROM pg_catalog.pg_namespace AS namespace
 WHERE namespace.nspname IN ('cryo', 'app', 'quarantine')
   AND (has_schema_privilege('anon', namespace.oid, 'CREATE')
        OR has_schema_privilege('authenticated', namespace.oid, 'CREATE')
        OR has_schema_privilege('cryokit_app', namespace.oid, 'CREATE'))
 ORDER BY object, reason;
