-- name: constraint_not_validated
-- A constraint marked NOT VALID holds for new rows only; old rows may break it.
SELECT 'error' AS severity,
       format('%I.%I.%I', namespace.nspname, relation.relname, held.conname) AS object,
       'the constraint is not validated: rows from before it may break it' AS message,
       jsonb_build_object('definition', pg_catalog.pg_get_constraintdef(held.oid)) AS evidence,
       format('ALTER TABLE %I.%I VALIDATE CONSTRAINT %I', namespace.nspname, relation.relname, held.conname) AS fix
  FROM pg_catalog.pg_constraint AS held
  JOIN pg_catalog.pg_class AS relation ON relation.oid = held.conrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE NOT held.convalidated
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 ORDER BY object;
