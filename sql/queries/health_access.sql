-- name: row_security_off
-- A table that ordinary roles may read or write has no row level security, so each of them sees all its rows.
SELECT 'error' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       'row level security is off, but ' || string_agg(DISTINCT grantee.rolname, ', ') || ' may use the table' AS message,
       jsonb_build_object('grantees', jsonb_agg(DISTINCT grantee.rolname)) AS evidence,
       format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; then write policies',
              namespace.nspname, relation.relname) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 CROSS JOIN LATERAL pg_catalog.aclexplode(relation.relacl) AS right_held
  JOIN pg_catalog.pg_roles AS grantee ON grantee.oid = right_held.grantee
 WHERE relation.relkind IN ('r', 'p')
   AND NOT relation.relrowsecurity
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND right_held.grantee <> relation.relowner
   AND NOT grantee.rolbypassrls
   AND NOT grantee.rolsuper
 GROUP BY namespace.nspname, relation.relname
 ORDER BY object;
