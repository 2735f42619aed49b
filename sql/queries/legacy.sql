-- name: legacy_tables
-- Tables and views of a schema that one may read, with their columns in their order.
SELECT relation.relname AS name,
       array_agg(attribute.attname ORDER BY attribute.attnum) AS columns
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_attribute AS attribute
    ON attribute.attrelid = relation.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
 WHERE namespace.nspname = :schema
   AND relation.relkind IN ('r', 'p', 'v', 'm', 'f')
 GROUP BY relation.relname
 ORDER BY relation.relname;

-- name: legacy_schemas
-- Schemas that there are.
SELECT nspname AS name
  FROM pg_catalog.pg_namespace
 WHERE nspname NOT LIKE 'pg\_%'
   AND nspname <> 'information_schema'
 ORDER BY nspname;
