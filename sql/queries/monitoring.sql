-- name: last_runs
-- For each kind of job and each report: when it last succeeded, how long that took, how many failed since, how many run.
WITH run AS (
    SELECT 'job' AS family, kind AS name, status, started_at, finished_at FROM cryo.job
     UNION ALL
    SELECT 'report', name, status, started_at, finished_at FROM cryo.report_run
), success AS (
    SELECT DISTINCT ON (family, name) family, name, started_at, finished_at
      FROM run
     WHERE status = 'succeeded'
     ORDER BY family, name, finished_at DESC
)
SELECT run.family, run.name,
       CAST(extract(epoch FROM success.finished_at) AS double precision) AS succeeded_at,
       CAST(extract(epoch FROM success.finished_at - success.started_at) AS double precision) AS seconds,
       count(*) FILTER (WHERE run.status = 'running') AS running,
       count(*) FILTER (WHERE run.status = 'failed'
                          AND run.finished_at > coalesce(success.finished_at, '-infinity')) AS failed
  FROM run
  LEFT JOIN success ON success.family = run.family AND success.name = run.name
 GROUP BY run.family, run.name, success.started_at, success.finished_at
 ORDER BY run.family, run.name;

-- name: last_health_run
-- When the database was last checked, and what was found.
SELECT CAST(extract(epoch FROM checked_at) AS double precision) AS checked_at,
       error_count AS error, warning_count AS warning, info_count AS info,
       (SELECT count(*)
          FROM jsonb_array_elements(health_run.report -> 'findings') AS finding
         WHERE finding ->> 'check' IN ('orphan_rows', 'prediction_without_model')) AS orphans
  FROM cryo.health_run
 ORDER BY health_run.checked_at DESC, health_run.id DESC
 LIMIT 1;

-- name: server_clock
-- The time of the database's machine.
SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision) AS epoch_seconds;

-- name: backup_ages
-- When the newest proved backup began and the newest copy elsewhere, when the last drill passed, what is not proved.
-- What says that it was made later than now does not count.
SELECT CAST(extract(epoch FROM max(started_at) FILTER (WHERE proved_at IS NOT NULL
                                                         AND started_at <= now() + INTERVAL '5 minutes'))
            AS double precision) AS proved_at,
       CAST(extract(epoch FROM max(started_at) FILTER (WHERE remote_at IS NOT NULL
                                                         AND started_at <= now() + INTERVAL '5 minutes'))
            AS double precision) AS remote_at,
       CAST(max(seconds) FILTER (WHERE proved_at IS NOT NULL
                                   AND started_at > now() - INTERVAL '2 days') AS double precision) AS seconds,
       count(*) FILTER (WHERE proved_at IS NULL AND started_at < now() - INTERVAL '1 hour') AS unproved,
       (SELECT CAST(extract(epoch FROM max(drilled_at)) AS double precision)
          FROM cryo.backup_drill
         WHERE is_passed
           AND drilled_at <= now() + INTERVAL '5 minutes') AS drilled_at
  FROM cryo.backup_set
 WHERE removed_at IS NULL;
