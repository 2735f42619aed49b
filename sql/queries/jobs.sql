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
-- Write down what came of the work; finished work stays as it is, and cancelled work stays cancelled.
UPDATE cryo.job
   SET status = CASE WHEN status = 'cancelled' THEN 'cancelled'
                     WHEN CAST(:error AS text) IS NULL THEN 'succeeded' ELSE 'failed' END,
       done_fraction = CASE WHEN CAST(:error AS text) IS NULL THEN 1.0 ELSE done_fraction END,
       result = CAST(:result AS jsonb),
       error = :error,
       finished_at = clock_timestamp()
 WHERE id = CAST(:id AS uuid)
   AND status IN ('running', 'cancelled')
   AND started_at IS NOT NULL
   AND finished_at IS NULL
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

-- name: lock_jobs
-- Let one who counts the jobs of a kind wait for another who does.
SELECT pg_advisory_xact_lock(hashtextextended('cryokit jobs ' || CAST(:kind AS text), 0));

-- name: queue_job
-- Write down work that somebody asked for and that a process of its own will do.
-- No row comes back if as much work of this kind and owner waits already as may wait.
INSERT INTO cryo.job (kind, status, parameters, owner_id, alive_at)
SELECT :kind, 'queued', CAST(:parameters AS jsonb), CAST(:owner_id AS uuid), clock_timestamp()
 WHERE CAST(:most_waiting AS integer) IS NULL
    OR CAST(:most_waiting AS integer) > (
           SELECT count(*)
             FROM cryo.job
            WHERE job.kind = :kind
              AND job.status = 'queued'
              AND job.owner_id IS NOT DISTINCT FROM CAST(:owner_id AS uuid))
RETURNING CAST(id AS text) AS id;

-- name: take_job
-- Begin queued work, if it is its turn.
-- No row comes back if it was cancelled, or taken already, or as much of its kind runs or was asked for before as may
-- run at once.
UPDATE cryo.job
   SET status = 'running', started_at = clock_timestamp(), alive_at = clock_timestamp()
 WHERE id = CAST(:id AS uuid)
   AND status = 'queued'
   AND (CAST(:at_once AS integer) IS NULL
        OR CAST(:at_once AS integer) > (
               SELECT count(*)
                 FROM cryo.job AS other
                WHERE other.kind = job.kind
                  AND (other.status = 'running'
                       OR other.status = 'queued' AND (other.created_at, other.id) < (job.created_at, job.id))))
RETURNING CAST(id AS text) AS id;

-- name: job_waits
-- Say that queued work waits for its turn; no row comes back when it does not any more.
UPDATE cryo.job
   SET alive_at = clock_timestamp()
 WHERE id = CAST(:id AS uuid)
   AND status = 'queued'
RETURNING CAST(id AS text) AS id;

-- name: job_alive
-- Say that work goes on, and add a line to its log; no row comes back when it was cancelled.
UPDATE cryo.job
   SET alive_at = clock_timestamp(),
       log = right(log || CAST(:line AS text), 20000)
 WHERE id = CAST(:id AS uuid)
   AND status = 'running'
RETURNING CAST(id AS text) AS id;

-- name: fail_silent_jobs
-- Mark work as failed whose process has not said anything for a while: it was killed, or the machine was restarted.
UPDATE cryo.job
   SET status = 'failed', error = 'interrupted: its process ended before it was done; ask for it again',
       finished_at = clock_timestamp()
 WHERE status IN ('queued', 'running')
   AND alive_at < clock_timestamp() - make_interval(secs => :silent_seconds)
RETURNING CAST(id AS text) AS id;

-- name: cancel_job
-- Stop work that is not done.
UPDATE cryo.job
   SET status = 'cancelled'
 WHERE id = CAST(:id AS uuid)
   AND status IN ('queued', 'running')
RETURNING CAST(id AS text) AS id;

-- name: job_is_cancelled
-- Whether somebody stopped a piece of work.
SELECT status = 'cancelled' AS is_cancelled
  FROM cryo.job
 WHERE id = CAST(:id AS uuid);

-- name: job
-- One piece of work with its log.
SELECT CAST(job.id AS text) AS id, job.kind, job.status, job.done_fraction, job.parameters, job.result, job.error,
       job.log, CAST(job.owner_id AS text) AS owner_id,
       to_char(job.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at,
       to_char(job.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started_at,
       to_char(job.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS finished_at
  FROM cryo.job
 WHERE job.id = CAST(:id AS uuid);
