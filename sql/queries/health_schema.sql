-- name: table_without_primary_key
-- A table without a primary key has rows that nothing can name, so they cannot be referred to or repaired.
SELECT 'error' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       'the table has no primary key' AS message,
       jsonb_build_object('columns', relation.relnatts) AS evidence,
       format('ALTER TABLE %I.%I ADD PRIMARY KEY (...)', namespace.nspname, relation.relname) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE relation.relkind IN ('r', 'p')
   AND NOT relation.relispartition
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_constraint AS held
            WHERE held.conrelid = relation.oid
              AND held.contype = 'p')
 ORDER BY object;
