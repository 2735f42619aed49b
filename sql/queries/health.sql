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

-- name: store_health_run
-- Remember what a check of the database found.
INSERT INTO cryo.health_run (checked_at, status, error_count, warning_count, info_count, seconds, report)
VALUES (CAST(:checked_at AS timestamptz), :status, :error, :warning, :info, :seconds, CAST(:report AS jsonb));

-- name: health_runs
-- What the newest checks of the database found, oldest first.
SELECT to_char(newest.checked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS checked_at, newest.status,
       newest.error_count AS error, newest.warning_count AS warning, newest.info_count AS info, newest.seconds
  FROM (SELECT *
          FROM cryo.health_run
         ORDER BY health_run.checked_at DESC, health_run.id DESC
         LIMIT CAST(:limit AS integer)) AS newest
 ORDER BY newest.checked_at, newest.id;

-- name: newest_health_report
-- The newest report on the database, whole.
SELECT health_run.report
  FROM cryo.health_run
 ORDER BY health_run.checked_at DESC, health_run.id DESC
 LIMIT 1;
