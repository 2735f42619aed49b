-- name: tables_with_content
-- Tables whose content is counted and hashed.
SELECT namespace.nspname AS schema, class.relname AS name
  FROM pg_catalog.pg_class AS class
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
 WHERE class.relkind IN ('r', 'm')
   AND class.relpersistence = 'p'
   AND namespace.nspname NOT LIKE 'pg\_%'
   AND namespace.nspname <> 'information_schema'
 ORDER BY 1, 2;

-- name: size
-- How large all databases of the server are, and this one.
SELECT CAST(sum(pg_database_size(oid)) AS bigint) AS server_bytes, pg_database_size(current_database()) AS own_bytes
  FROM pg_catalog.pg_database;

-- name: roles
-- Roles and logins with their rights, passwords apart.
SELECT role.rolname AS name,
       concat_ws(' ', CASE WHEN role.rolsuper THEN 'superuser' END, CASE WHEN role.rolcreaterole THEN 'createrole' END,
                 CASE WHEN role.rolcreatedb THEN 'createdb' END, CASE WHEN role.rolcanlogin THEN 'login' END,
                 CASE WHEN role.rolreplication THEN 'replication' END, CASE WHEN role.rolbypassrls THEN 'bypassrls' END,
                 CASE WHEN role.rolinherit THEN 'inherit' END,
                 (SELECT 'in ' || string_agg(parent.rolname, ',' ORDER BY parent.rolname)
                    FROM pg_catalog.pg_auth_members AS member
                    JOIN pg_catalog.pg_roles AS parent ON parent.oid = member.roleid
                   WHERE member.member = role.oid)) AS rights
  FROM pg_catalog.pg_roles AS role
 WHERE role.rolname NOT LIKE 'pg\_%'
 ORDER BY role.rolname;

-- name: model_files
-- Each model file that the database refers to, and the versions that need it.
SELECT model_version.artifact_sha256,
       string_agg(model.target || ' version ' || model_version.version, ', '
                  ORDER BY model.target, model_version.version) AS versions
  FROM cryo.model_version
  JOIN cryo.model ON model.id = model_version.model_id
 GROUP BY model_version.artifact_sha256
 ORDER BY model_version.artifact_sha256;

-- name: place_in_wal
-- Where the server writes now.
SELECT CAST(pg_current_wal_lsn() AS text) AS lsn, point.timeline_id AS timeline
  FROM pg_catalog.pg_control_checkpoint() AS point;

-- name: archiver
-- How the hand-over of WAL goes.
SELECT archived_count, failed_count, last_archived_wal, last_failed_wal,
       to_char(last_archived_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS last_archived_at,
       to_char(last_failed_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS last_failed_at,
       last_failed_time > coalesce(last_archived_time, '-infinity') AS is_failing
  FROM pg_catalog.pg_stat_archiver;

-- name: end_others
-- End what other sessions of this server do.
SELECT pg_terminate_backend(pid)
  FROM pg_catalog.pg_stat_activity
 WHERE backend_type = 'client backend'
   AND pid <> pg_backend_pid();

-- name: commit_once
-- Have a number for this transaction, so that its commit is written: replay to a moment ends at a commit after it.
SELECT CAST(pg_current_xact_id() AS text) AS mark;

-- name: store_backup_set
-- Write down a backup, or what became of it.
INSERT INTO cryo.backup_set (id, kind, started_at, seconds, bytes, proved_at, remote_at, removed_at, manifest)
VALUES (:id, :kind, CAST(:started_at AS timestamptz), :seconds, :bytes, CAST(:proved_at AS timestamptz),
        CAST(:remote_at AS timestamptz), CAST(:removed_at AS timestamptz), CAST(:manifest AS jsonb))
    ON CONFLICT (id) DO UPDATE
   SET proved_at = excluded.proved_at, remote_at = excluded.remote_at, removed_at = excluded.removed_at,
       manifest = excluded.manifest;

-- name: store_backup_drill
-- Write down a restore that was tried.
INSERT INTO cryo.backup_drill (backup_set_id, is_passed, recovery_seconds, lost_seconds, report)
VALUES (:backup_set_id, :is_passed, :recovery_seconds, :lost_seconds, CAST(:report AS jsonb));

-- name: backup_sets
-- The backups, newest first.
SELECT id, kind, seconds, bytes,
       to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started_at,
       to_char(proved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS proved_at,
       to_char(remote_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS remote_at,
       to_char(removed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS removed_at
  FROM cryo.backup_set
 ORDER BY backup_set.started_at DESC, backup_set.id DESC
 LIMIT CAST(:limit AS integer);

-- name: backup_drills
-- The drills, newest first.
SELECT to_char(drilled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS drilled_at, backup_set_id, is_passed,
       recovery_seconds, lost_seconds
  FROM cryo.backup_drill
 ORDER BY backup_drill.drilled_at DESC, backup_drill.id DESC
 LIMIT CAST(:limit AS integer);

-- name: protection
-- How old the newest backups are, in hours, and how long the database has had time to get one.
-- One that says that it was made later than now, because the clock was wrong, does not stand in for the others.
SELECT extract(epoch FROM now() - (SELECT min(applied_at) FROM app.applied_file)) / 3600 AS age_hours,
       extract(epoch FROM now() - max(started_at) FILTER (WHERE proved_at IS NOT NULL
                                                            AND started_at <= now() + INTERVAL '5 minutes')) / 3600
           AS proved_hours,
       extract(epoch FROM now() - max(started_at) FILTER (WHERE remote_at IS NOT NULL
                                                            AND started_at <= now() + INTERVAL '5 minutes')) / 3600
           AS remote_hours,
       array_agg(id ORDER BY started_at) FILTER (WHERE started_at > now() + INTERVAL '5 minutes') AS from_the_future,
       (array_agg(id ORDER BY started_at DESC) FILTER (WHERE proved_at IS NULL
                                                         AND started_at < now() - INTERVAL '1 hour')) AS unproved
  FROM cryo.backup_set
 WHERE removed_at IS NULL;

-- name: primary_keys
-- The columns of each table's primary key, in order.
SELECT namespace.nspname, class.relname, array_agg(CAST(attribute.attname AS text) ORDER BY place.number)
  FROM pg_catalog.pg_constraint AS held
  JOIN pg_catalog.pg_class AS class ON class.oid = held.conrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
 CROSS JOIN LATERAL unnest(held.conkey) WITH ORDINALITY AS place (attnum, number)
  JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = class.oid AND attribute.attnum = place.attnum
 WHERE held.contype = 'p'
 GROUP BY namespace.nspname, class.relname;

-- name: written_columns
-- The columns of each table that are stored as they are given.
SELECT namespace.nspname, class.relname, array_agg(CAST(attribute.attname AS text) ORDER BY attribute.attnum)
  FROM pg_catalog.pg_class AS class
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
  JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = class.oid
 WHERE class.relkind = 'r'
   AND attribute.attnum > 0
   AND NOT attribute.attisdropped
   AND attribute.attgenerated = ''
   AND namespace.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
 GROUP BY namespace.nspname, class.relname;

-- name: references_between
-- Each foreign key with the columns of both sides, in order.
SELECT child_space.nspname, child.relname,
       (SELECT array_agg(CAST(attribute.attname AS text) ORDER BY place.number)
          FROM unnest(held.conkey) WITH ORDINALITY AS place (attnum, number)
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = held.conrelid AND attribute.attnum = place.attnum),
       parent_space.nspname, parent.relname,
       (SELECT array_agg(CAST(attribute.attname AS text) ORDER BY place.number)
          FROM unnest(held.confkey) WITH ORDINALITY AS place (attnum, number)
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = held.confrelid AND attribute.attnum = place.attnum)
  FROM pg_catalog.pg_constraint AS held
  JOIN pg_catalog.pg_class AS child ON child.oid = held.conrelid
  JOIN pg_catalog.pg_namespace AS child_space ON child_space.oid = child.relnamespace
  JOIN pg_catalog.pg_class AS parent ON parent.oid = held.confrelid
  JOIN pg_catalog.pg_namespace AS parent_space ON parent_space.oid = parent.relnamespace
 WHERE held.contype = 'f';

-- name: own_sequences
-- The sequences that give the numbers of a table's columns.
SELECT CAST(attribute.attname AS text),
       pg_catalog.pg_get_serial_sequence(CAST(class.oid AS pg_catalog.regclass)::text, attribute.attname)
  FROM pg_catalog.pg_class AS class
  JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = class.oid AND attribute.attnum > 0
 WHERE class.oid = CAST(CAST(:table AS text) AS pg_catalog.regclass)
   AND pg_catalog.pg_get_serial_sequence(CAST(class.oid AS pg_catalog.regclass)::text, attribute.attname) IS NOT NULL;
