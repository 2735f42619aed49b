-- name: store_report_run
-- Write down that a notebook begins to run.
INSERT INTO cryo.report_run (name, parameters, owner_id, job_id)
VALUES (:name, CAST(:parameters AS jsonb), CAST(:owner_id AS uuid), CAST(:job_id AS uuid))
RETURNING CAST(id AS text) AS id;

-- name: finish_report_run
-- Write down what came of a run; a finished one stays as it is.
UPDATE cryo.report_run
   SET status = CASE WHEN CAST(:error AS text) IS NULL THEN 'succeeded' ELSE 'failed' END,
       path = :path,
       error = :error,
       finished_at = clock_timestamp()
 WHERE id = CAST(:id AS uuid)
   AND status = 'running'
RETURNING CAST(id AS text) AS id;

-- name: fail_interrupted_report_runs
-- Mark runs as failed whose process has gone without a word.
UPDATE cryo.report_run
   SET status = 'failed', error = 'interrupted', finished_at = clock_timestamp()
 WHERE status = 'running'
   AND started_at < clock_timestamp() - make_interval(secs => :older_than_seconds)
RETURNING CAST(id AS text) AS id;

-- name: fail_silent_report_runs
-- Mark runs as failed whose job has ended, or says nothing any more, without a word about its report.
UPDATE cryo.report_run
   SET status = 'failed', error = 'interrupted: its process ended before it was done; run it again',
       finished_at = clock_timestamp()
  FROM cryo.job
 WHERE job.id = report_run.job_id
   AND report_run.status = 'running'
   AND job.status NOT IN ('queued', 'running')
   AND job.alive_at < clock_timestamp() - make_interval(secs => :silent_seconds)
RETURNING CAST(report_run.id AS text) AS id;

-- name: report_runs
-- Runs of one notebook or of all, newest first.
SELECT CAST(id AS text) AS id, name, status, parameters, path, error,
       to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS started_at,
       to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS finished_at,
       CAST(extract(epoch FROM finished_at - started_at) AS double precision) AS seconds
  FROM cryo.report_run
 WHERE CAST(:name AS text) IS NULL OR name = :name
 ORDER BY report_run.started_at DESC, report_run.id
 LIMIT CAST(:limit AS integer);

-- name: report_run
-- One run.
SELECT CAST(id AS text) AS id, name, status, parameters, path, error
  FROM cryo.report_run
 WHERE id = CAST(:id AS uuid);

-- name: has_rows_of_nobody
-- Whether some rows are seen by the installation itself alone.
SELECT EXISTS (
           SELECT
             FROM cryo.measurement
            WHERE (CAST(:target AS text) IS NULL OR measurement.target = :target)
              AND measurement.owner_id IS NULL
              AND measurement.team_id IS NULL
              AND NOT measurement.is_public) AS is_so;
