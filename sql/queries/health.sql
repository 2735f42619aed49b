-- name: server_version
-- Version of the server that answers.
SELECT current_setting('server_version') AS version;

-- name: tables
-- Tables of the schema with their size on disk, the largest first.
SELECT relation.relname AS name, pg_total_relation_size(relation.oid) AS bytes
  FROM pg_catalog.pg_class AS relation
 WHERE relation.relnamespace = CAST('cryo' AS regnamespace)
   AND relation.relkind = 'r'
 ORDER BY bytes DESC, name;
