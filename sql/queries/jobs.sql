-- name: begin_job
-- Write down that long work begins, on behalf of its owner.
INSERT INTO cryo.job (kind, status, parameters, owner_id, started_at)
VALUES (:kind, 'running', CAST(:parameters AS jsonb), CAST(:owner_id AS uuid), clock_timestamp())
RETURNING CAST(id AS text) AS id;

-- name: fail_interrupted_jobs
-- Mark work as failed that nobody does any more: its process is gone, for another one holds its output.
UPDATE cryo.job
   SET status = 'failed', error = 'interrupted', finished_at = clock_timestamp()
 WHERE status = 'running'
   AND kind = :kind
   AND parameters ->> 'out' = :out
RETURNING CAST(id AS text) AS id;

-- name: job_progress
-- Write down how much is done; no row comes back when the work was cancelled.
UPDATE cryo.job
   SET done_fraction = :done_fraction
 WHERE id = CAST(:id AS uuid)
   AND status = 'running'
RETURNING CAST(id AS text) AS id;

-- name: finish_job
-- Write down what came of the work; finished work stays as it is.
UPDATE cryo.job
   SET status = CASE WHEN CAST(:error AS text) IS NULL THEN 'succeeded' ELSE 'failed' END,
       done_fraction = CASE WHEN CAST(:error AS text) IS NULL THEN 1.0 ELSE done_fraction END,
       result = CAST(:result AS jsonb),
       error = :error,
       finished_at = clock_timestamp()
 WHERE id = CAST(:id AS uuid)
   AND status = 'running'
RETURNING CAST(id AS text) AS id;

-- name: jobs
-- Long work of one kind or of all, newest first.
SELECT CAST(id AS text) AS id, kind, status, done_fraction, parameters, result, error,
       to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS started_at,
       to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS finished_at
  FROM cryo.job
 WHERE CAST(:kind AS text) IS NULL OR kind = :kind
 ORDER BY job.created_at DESC, job.id
 LIMIT CAST(:limit AS integer);
