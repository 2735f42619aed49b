-- name: invalid_index
-- An index that failed to build is kept up by every write and used by no query.
SELECT 'error' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       'the index is invalid: building it failed' AS message,
       jsonb_build_object('table', CAST(CAST(held.indrelid AS regclass) AS text)) AS evidence,
       format('REINDEX INDEX CONCURRENTLY %I.%I', namespace.nspname, relation.relname) AS fix
  FROM pg_catalog.pg_index AS held
  JOIN pg_catalog.pg_class AS relation ON relation.oid = held.indexrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE NOT (held.indisvalid AND held.indisready AND held.indislive)
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 ORDER BY object;
