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
