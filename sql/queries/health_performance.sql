-- name: missing_index
-- A large table that is read from end to end again and again lacks an index for what is asked of it.
-- A partition counts for its topmost table; a yearly backup or report is no such reading.
WITH threshold AS (
    SELECT 10000 AS rows_of_table, 50 AS scans, 0.1 AS part_read_each_time, 10 AS times_read_by_index,
           1000 AS index_scans_for_each, 2 AS scans_a_day),
life AS (
    SELECT greatest(1, extract(epoch FROM pg_catalog.now() - activity.stats_reset) / 86400) AS days
      FROM pg_catalog.pg_stat_database AS activity
     WHERE activity.datname = pg_catalog.current_database()),
scanned AS (
    SELECT coalesce(CAST(pg_catalog.pg_partition_root(usage.relid) AS oid), usage.relid) AS root,
           count(*) AS tables, max(usage.seq_scan) AS seq_scan, sum(usage.seq_tup_read) AS seq_tup_read,
           sum(coalesce(usage.idx_scan, 0)) AS idx_scan, max(size.row_count) AS row_count
      FROM threshold
     CROSS JOIN life
     CROSS JOIN pg_catalog.pg_stat_user_tables AS usage
      JOIN pg_catalog.pg_class AS relation ON relation.oid = usage.relid
     CROSS JOIN LATERAL (SELECT greatest(usage.n_live_tup, relation.reltuples) AS row_count) AS size
     WHERE size.row_count >= threshold.rows_of_table
       AND usage.seq_scan >= threshold.scans
       AND usage.seq_tup_read >= usage.seq_scan * size.row_count * threshold.part_read_each_time
       AND usage.seq_tup_read >= coalesce(usage.idx_tup_fetch, 0) * threshold.times_read_by_index
       AND usage.seq_scan * threshold.index_scans_for_each >= coalesce(usage.idx_scan, 0)
       AND (life.days IS NULL OR usage.seq_scan >= life.days * threshold.scans_a_day)
     GROUP BY root),
bare AS (
    SELECT scanned.root,
           jsonb_agg(part.attname ORDER BY part.attnum) FILTER (WHERE NOT EXISTS (
               SELECT
                 FROM pg_catalog.pg_index AS held
                WHERE held.indrelid = scanned.root
                  AND held.indkey[0] = part.attnum)) AS columns
      FROM scanned
      JOIN pg_catalog.pg_attribute AS part
        ON part.attrelid = scanned.root AND part.attnum > 0 AND NOT part.attisdropped
     GROUP BY scanned.root)
SELECT 'warning' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       format('the table was read from end to end %s times; an index for these queries is missing', scanned.seq_scan)
           AS message,
       jsonb_build_object('sequential_scans', scanned.seq_scan, 'rows_read_by_them', scanned.seq_tup_read,
                          'index_scans', scanned.idx_scan, 'rows', CAST(scanned.row_count AS bigint),
                          'tables', scanned.tables, 'columns_that_begin_no_index', bare.columns) AS evidence,
       format('CREATE INDEX %sON %I.%I (...) -- the column is one that slow queries filter by: '
              'see EXPLAIN or pg_stat_statements; '
              'SELECT pg_stat_reset_single_table_counters(...) begins to count anew',
              CASE relation.relkind WHEN 'p' THEN '' ELSE 'CONCURRENTLY ' END, namespace.nspname, relation.relname)
           AS fix
  FROM scanned
  JOIN bare ON bare.root = scanned.root
  JOIN pg_catalog.pg_class AS relation ON relation.oid = scanned.root
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS dependency
            WHERE dependency.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND dependency.objid = relation.oid
              AND dependency.deptype = 'e')
 ORDER BY object;

-- name: invalid_index
-- An index that failed to build is kept up by every write and used by no query; one being built is left alone.
SELECT 'error' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       CASE relation.relkind
           WHEN 'I' THEN 'the index is invalid: some partitions have no part of it'
           ELSE 'the index is invalid: building it failed'
       END AS message,
       jsonb_build_object('table', format('%I.%I', space_of_table.nspname, base.relname), 'valid', held.indisvalid,
                          'ready', held.indisready, 'live', held.indislive) AS evidence,
       CASE
           WHEN relation.relkind = 'I'
               THEN format('ALTER INDEX %I.%I ATTACH PARTITION ... -- after CREATE INDEX on each partition without one',
                           namespace.nspname, relation.relname)
           WHEN NOT held.indislive OR relation.relname ~ '_cc(new|old)[0-9]*$'
               THEN format('DROP INDEX CONCURRENTLY %I.%I', namespace.nspname, relation.relname)
           ELSE format('REINDEX INDEX CONCURRENTLY %I.%I', namespace.nspname, relation.relname)
       END AS fix
  FROM pg_catalog.pg_index AS held
  JOIN pg_catalog.pg_class AS relation ON relation.oid = held.indexrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_class AS base ON base.oid = held.indrelid
  JOIN pg_catalog.pg_namespace AS space_of_table ON space_of_table.oid = base.relnamespace
 WHERE NOT (held.indisvalid AND held.indisready AND held.indislive)
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_stat_progress_create_index AS building
            WHERE building.datname = pg_catalog.current_database()
              AND (building.relid IS NULL OR building.relid = held.indrelid))
 ORDER BY object;

-- name: unused_index
-- An index that no query has used, while its table was read often, costs space and slows every write.
-- Unique ones and those that serve a foreign key have another task. Statistics younger than a month give a hint only.
-- Lookups that find nothing, as by ON CONFLICT, and those that foreign keys of other tables need are no reads.
WITH threshold AS (SELECT 2000 AS rows_of_table, 50 AS reads, 30 AS days, 100000 AS reads_that_suffice),
life AS (
    SELECT activity.stats_reset, extract(epoch FROM pg_catalog.now() - activity.stats_reset) / 86400 AS days
      FROM pg_catalog.pg_stat_database AS activity
     WHERE activity.datname = pg_catalog.current_database()),
checked AS (
    SELECT asking.conindid AS index_id, sum(writes.n_tup_ins + writes.n_tup_upd) AS lookups
      FROM pg_catalog.pg_constraint AS asking
      JOIN pg_catalog.pg_stat_user_tables AS writes ON writes.relid = asking.conrelid
     WHERE asking.contype = 'f'
     GROUP BY asking.conindid),
reading AS (
    SELECT usage.relid,
           sum(greatest(0, least(usage.idx_scan, usage.idx_tup_read) - coalesce(checked.lookups, 0))) AS by_index
      FROM pg_catalog.pg_stat_user_indexes AS usage
      LEFT JOIN checked ON checked.index_id = usage.indexrelid
     GROUP BY usage.relid),
used AS (
    SELECT coalesce(CAST(pg_catalog.pg_partition_root(usage.indexrelid) AS oid), usage.indexrelid) AS root,
           count(*) AS parts, sum(usage.idx_scan) AS scans, sum(reading.by_index + whole.seq_scan) AS reads,
           sum(greatest(whole.n_live_tup, base.reltuples)) AS row_count, sum(relation.relpages) AS pages,
           bool_and(held.indisvalid AND NOT held.indisunique AND NOT held.indisexclusion AND NOT held.indisreplident
                    AND NOT held.indisclustered AND method.amname <> 'brin'
                    AND NOT EXISTS (
                            SELECT
                              FROM pg_catalog.pg_constraint AS link
                             WHERE link.contype = 'f'
                               AND link.conrelid = held.indrelid
                               AND held.indkey[0] = ANY (link.conkey))
                    AND NOT EXISTS (
                            SELECT
                              FROM pg_catalog.pg_depend AS dependency
                             WHERE dependency.classid = CAST('pg_catalog.pg_class' AS regclass)
                               AND dependency.objid = usage.relid
                               AND dependency.deptype = 'e')) AS is_free
      FROM pg_catalog.pg_stat_user_indexes AS usage
      JOIN reading ON reading.relid = usage.relid
      JOIN pg_catalog.pg_stat_user_tables AS whole ON whole.relid = usage.relid
      JOIN pg_catalog.pg_class AS base ON base.oid = usage.relid
      JOIN pg_catalog.pg_class AS relation ON relation.oid = usage.indexrelid
      JOIN pg_catalog.pg_am AS method ON method.oid = relation.relam
      JOIN pg_catalog.pg_index AS held ON held.indexrelid = usage.indexrelid
     GROUP BY root)
SELECT CASE
           WHEN life.days >= threshold.days OR used.reads >= threshold.reads_that_suffice THEN 'warning'
           ELSE 'info'
       END AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       format('no query has used the index, while %I.%I was read %s times', space_of_table.nspname, base.relname,
              used.reads) AS message,
       jsonb_build_object('table', format('%I.%I', space_of_table.nspname, base.relname), 'reads_of_table', used.reads,
                          'rows', CAST(used.row_count AS bigint), 'pages', used.pages, 'parts', used.parts,
                          'statistics_since', coalesce(CAST(life.stats_reset AS text), 'the database was made'),
                          'statistics_days', round(life.days)) AS evidence,
       format('DROP INDEX %s%I.%I -- first look whether a standby or a rare report uses it',
              CASE relation.relkind WHEN 'I' THEN '' ELSE 'CONCURRENTLY ' END, namespace.nspname, relation.relname)
           AS fix
  FROM used
 CROSS JOIN threshold
 CROSS JOIN life
  JOIN pg_catalog.pg_index AS held ON held.indexrelid = used.root
  JOIN pg_catalog.pg_class AS relation ON relation.oid = used.root
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_class AS base ON base.oid = held.indrelid
  JOIN pg_catalog.pg_namespace AS space_of_table ON space_of_table.oid = base.relnamespace
 WHERE used.scans = 0
   AND used.is_free
   AND used.row_count >= threshold.rows_of_table
   AND used.reads >= threshold.reads
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 ORDER BY object;

-- name: dead_rows
-- Rows that were deleted or replaced still fill a large part of the table: vacuum does not keep up.
-- A session counts its changes up to a minute late, after its own vacuum too. So, soon after a vacuum, the count is
-- believed only if analyze has seen the dead rows, the file has grown, or more rows were known then than are left.
WITH threshold AS (SELECT 1000 AS dead, 0.3 AS part, 300 AS seconds_after_vacuum, 1.05 AS growth, 1.1 AS rows_known)
SELECT 'warning' AS severity,
       format('%I.%I', usage.schemaname, usage.relname) AS object,
       format('%s %% of the rows are dead: vacuum does not keep up and the table is bloated',
              round(100.0 * usage.n_dead_tup / (usage.n_live_tup + usage.n_dead_tup))) AS message,
       jsonb_build_object('dead_rows', usage.n_dead_tup, 'live_rows', usage.n_live_tup,
                          'last_vacuum', usage.last_vacuum, 'last_autovacuum', usage.last_autovacuum) AS evidence,
       format('VACUUM (ANALYZE) %I.%I -- end old transactions first and see that autovacuum is on for it',
              usage.schemaname, usage.relname) AS fix
  FROM pg_catalog.pg_stat_user_tables AS usage
  JOIN pg_catalog.pg_class AS relation ON relation.oid = usage.relid
 CROSS JOIN threshold
 WHERE usage.schemaname = ANY (CAST(:schemas AS text[]))
   AND usage.n_dead_tup >= threshold.dead
   AND usage.n_dead_tup >= threshold.part * (usage.n_live_tup + usage.n_dead_tup)
   AND CASE
           WHEN usage.vacuum_count + usage.autovacuum_count = 0
                OR greatest(usage.last_vacuum, usage.last_autovacuum)
                   < pg_catalog.now() - make_interval(secs => threshold.seconds_after_vacuum)
                OR usage.n_mod_since_analyze < usage.n_dead_tup
                OR relation.reltuples >= threshold.rows_known * (usage.n_tup_ins - usage.n_tup_del)
               THEN true
           WHEN CAST(usage.relid AS bigint) = ANY (CAST(:locked AS bigint[])) THEN false
           ELSE pg_catalog.pg_relation_size(usage.relid)
                > threshold.growth * relation.relpages * CAST(pg_catalog.current_setting('block_size') AS bigint)
       END
 ORDER BY object;

-- name: never_analyzed
-- A large table without statistics on its columns, or with those of a time when it was nearly empty, gets bad plans.
WITH threshold AS (SELECT 10000 AS rows_of_table, 0.5 AS part_changed, 0.1 AS part_known),
large AS (
    SELECT usage.*, relation.reltuples, usage.analyze_count + usage.autoanalyze_count = 0 AS is_never,
           relation.reltuples >= 0 AND relation.reltuples < usage.n_live_tup * threshold.part_known AS is_before_filling,
           -- pg_stats tells nothing of a table whose rows the role may not read.
           has_table_privilege(usage.relid, 'SELECT') AND NOT row_security_active(usage.relid) AS is_readable
      FROM threshold
     CROSS JOIN pg_catalog.pg_stat_user_tables AS usage
      JOIN pg_catalog.pg_class AS relation ON relation.oid = usage.relid
     WHERE usage.n_live_tup >= threshold.rows_of_table
       AND usage.n_mod_since_analyze >= usage.n_live_tup * threshold.part_changed
       AND relation.relkind IN ('r', 'm')
       AND relation.relpersistence <> 't')
SELECT 'warning' AS severity,
       format('%I.%I', large.schemaname, large.relname) AS object,
       CASE
           WHEN large.is_never THEN format('the table has %s rows and was never analyzed', large.n_live_tup)
           ELSE format('the table was analyzed when it was nearly empty; now it has %s rows', large.n_live_tup)
       END AS message,
       jsonb_build_object('rows', large.n_live_tup, 'changed_since_analyze', large.n_mod_since_analyze,
                          'last_analyze', large.last_analyze, 'last_autoanalyze', large.last_autoanalyze) AS evidence,
       format('ANALYZE %I.%I', large.schemaname, large.relname) AS fix
  FROM large
 WHERE large.schemaname = ANY (CAST(:schemas AS text[]))
   AND (large.is_before_filling
        OR (large.is_never OR large.is_readable) AND NOT EXISTS (
               SELECT
                 FROM pg_catalog.pg_stats AS known
                WHERE known.schemaname = large.schemaname
                  AND known.tablename = large.relname))
 ORDER BY object;

-- name: autovacuum_off
-- Without autovacuum dead rows pile up, statistics age and transaction numbers run out.
-- Thresholds that are never reached are as good as off.
WITH threshold AS (SELECT 5 AS scale_factor, 100000000 AS row_count),
given AS (
    SELECT coalesce(owner.oid, relation.oid) AS table_id, option.option_name, option.option_value,
           relation.relkind = 't' AS is_toast
      FROM pg_catalog.pg_class AS relation
      LEFT JOIN pg_catalog.pg_class AS owner ON owner.reltoastrelid = relation.oid
     CROSS JOIN LATERAL pg_catalog.pg_options_to_table(relation.reloptions) AS option
     WHERE relation.relkind IN ('r', 'm', 't')
       AND relation.relpersistence <> 't'),
hindered AS (
    SELECT given.table_id, bool_and(given.is_toast) AS is_only_toast,
           jsonb_object_agg(CASE WHEN given.is_toast THEN 'toast.' ELSE '' END || given.option_name,
                            given.option_value) AS options,
           string_agg(CASE WHEN given.is_toast THEN 'toast.' ELSE '' END || given.option_name, ', '
                      ORDER BY given.is_toast, given.option_name) AS names
      FROM given
     CROSS JOIN threshold
     WHERE CASE given.option_name
               WHEN 'autovacuum_enabled' THEN NOT CAST(given.option_value AS boolean)
               WHEN 'autovacuum_vacuum_scale_factor'
                   THEN CAST(given.option_value AS float8) >= threshold.scale_factor
               WHEN 'autovacuum_vacuum_threshold' THEN CAST(given.option_value AS bigint) >= threshold.row_count
               ELSE false
           END
     GROUP BY given.table_id)
SELECT 'warning' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       CASE WHEN hindered.is_only_toast THEN 'autovacuum is off for the long values of this table'
            ELSE 'autovacuum is off for this table' END AS message,
       jsonb_build_object('options', hindered.options) AS evidence,
       format('ALTER TABLE %I.%I RESET (%s)', namespace.nspname, relation.relname, hindered.names) AS fix
  FROM hindered
  JOIN pg_catalog.pg_class AS relation ON relation.oid = hindered.table_id
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
UNION ALL
SELECT 'warning', setting.name, format('%s is off: no table of this server is vacuumed by itself', setting.name),
       jsonb_build_object('setting', setting.reset_val, 'source', setting.source),
       format('ALTER SYSTEM SET %I = on; SELECT pg_reload_conf()', setting.name)
  FROM pg_catalog.pg_settings AS setting
 WHERE setting.name IN ('autovacuum', 'track_counts')
   AND setting.reset_val = 'off'
 ORDER BY object;

-- name: transaction_age
-- Rows that were not frozen for too long: at two thousand million transactions the server stops to write.
-- From `overdue` times the age at which autovacuum must begin something is in its way; `danger` is near the end.
WITH threshold AS (SELECT 1.2 AS overdue, 1000000000 AS late, 1500000000 AS danger),
old AS (
    SELECT CAST(base.datname AS text) AS name, NULL AS schema_name, 'transactions' AS what,
           pg_catalog.age(base.datfrozenxid) AS age, 'autovacuum_freeze_max_age' AS setting_name
      FROM pg_catalog.pg_database AS base
    UNION ALL
    SELECT base.datname, NULL, 'multixacts', pg_catalog.mxid_age(base.datminmxid), 'autovacuum_multixact_freeze_max_age'
      FROM pg_catalog.pg_database AS base
    UNION ALL
    SELECT relation.relname, namespace.nspname, 'transactions',
           greatest(pg_catalog.age(relation.relfrozenxid), pg_catalog.age(long_values.relfrozenxid)),
           'autovacuum_freeze_max_age'
      FROM pg_catalog.pg_class AS relation
      JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
      LEFT JOIN pg_catalog.pg_class AS long_values ON long_values.oid = relation.reltoastrelid
     WHERE relation.relkind IN ('r', 'm')
       AND namespace.nspname = ANY (CAST(:schemas AS text[]))
    UNION ALL
    SELECT relation.relname, namespace.nspname, 'multixacts',
           greatest(pg_catalog.mxid_age(relation.relminmxid), pg_catalog.mxid_age(long_values.relminmxid)),
           'autovacuum_multixact_freeze_max_age'
      FROM pg_catalog.pg_class AS relation
      JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
      LEFT JOIN pg_catalog.pg_class AS long_values ON long_values.oid = relation.reltoastrelid
     WHERE relation.relkind IN ('r', 'm')
       AND namespace.nspname = ANY (CAST(:schemas AS text[])))
SELECT CASE WHEN old.age >= threshold.danger THEN 'error' ELSE 'warning' END AS severity,
       concat_ws('.', quote_ident(old.schema_name), quote_ident(old.name)) AS object,
       format('the oldest row that is not frozen is %s %s old; the server stops to write near 2147483647', old.age,
              old.what) AS message,
       jsonb_build_object('age', old.age, 'counted_in', old.what, old.setting_name, bound.setting) AS evidence,
       CASE
           WHEN old.schema_name IS NULL
               THEN format('VACUUM (FREEZE) in the database %I; before, end old transactions, prepared transactions '
                           'and unused slots', old.name)
           ELSE format('VACUUM (FREEZE) %I.%I', old.schema_name, old.name)
       END AS fix
  FROM old
 CROSS JOIN threshold
  JOIN pg_catalog.pg_settings AS bound ON bound.name = old.setting_name
 WHERE old.age >= least(CAST(bound.setting AS bigint) * threshold.overdue, threshold.late)
   AND old.age < 2147483647
 ORDER BY object;

-- name: cache_hit_ratio
-- Most of what is read should be in memory; counted only after many reads, more than loading and indexing need.
WITH threshold AS (SELECT 50000 AS blocks_read, 10 AS times_the_database, 0.9 AS part)
SELECT 'warning' AS severity,
       quote_ident(activity.datname) AS object,
       format('only %s %% of the blocks that queries ask for are in shared_buffers',
              round(100.0 * activity.blks_hit / (activity.blks_hit + activity.blks_read), 1)) AS message,
       jsonb_build_object('blocks_hit', activity.blks_hit, 'blocks_read', activity.blks_read,
                          'shared_buffers', pg_catalog.current_setting('shared_buffers'),
                          'statistics_since', activity.stats_reset) AS evidence,
       'ALTER SYSTEM SET shared_buffers = a quarter of the memory, and restart; before, look for large tables that are '
       'read from end to end' AS fix
  FROM pg_catalog.pg_stat_database AS activity
 CROSS JOIN threshold
 WHERE activity.datname = pg_catalog.current_database()
   AND activity.blks_read >= threshold.blocks_read
   AND activity.blks_read >= threshold.times_the_database * (SELECT sum(relpages) FROM pg_catalog.pg_class)
   AND activity.blks_hit < threshold.part * (activity.blks_hit + activity.blks_read);

-- name: long_query
-- A statement that has run for long holds back vacuum and maybe others; for a short time it is only a hint.
-- needs: role pg_read_all_stats
WITH threshold AS (SELECT 3 AS seconds, 60 AS seconds_that_hurt)
SELECT CASE WHEN running.seconds >= threshold.seconds_that_hurt THEN 'warning' ELSE 'info' END AS severity,
       format('pid %s', running.pid) AS object,
       format('%s has run one statement for %s s', running.usename, round(running.seconds)) AS message,
       jsonb_build_object('seconds', round(running.seconds), 'user', running.usename, 'query', left(running.query, 500),
                          'application', running.application_name, 'waits_for', running.wait_event) AS evidence,
       format('SELECT pg_catalog.pg_cancel_backend(%s)', running.pid) AS fix
  FROM (SELECT activity.*, extract(epoch FROM pg_catalog.clock_timestamp() - activity.query_start) AS seconds
          FROM pg_catalog.pg_stat_activity AS activity) AS running
 CROSS JOIN threshold
 WHERE running.datname = pg_catalog.current_database()
   AND running.backend_type = 'client backend'
   AND running.state = 'active'
   AND running.pid <> pg_catalog.pg_backend_pid()
   AND running.seconds >= threshold.seconds
   AND running.query !~* '^\s*(START_REPLICATION|LISTEN)'
   AND running.wait_event IS DISTINCT FROM 'WalSenderMain'
   AND cardinality(pg_catalog.pg_blocking_pids(running.pid)) = 0
 ORDER BY object;

-- name: blocked_query
-- A statement waits for a lock that another session does not give back.
-- needs: role pg_read_all_stats
WITH threshold AS (SELECT 1 AS seconds, 30 AS seconds_that_hurt),
waiting AS (
    SELECT activity.*, pg_catalog.pg_blocking_pids(activity.pid) AS blockers,
           extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(wanted.waitstart, activity.query_start))
               AS seconds,
           (SELECT format('%I.%I', namespace.nspname, relation.relname)
              FROM pg_catalog.pg_class AS relation
              JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
             WHERE relation.oid = wanted.relation) AS relation_name
      FROM pg_catalog.pg_stat_activity AS activity
      JOIN pg_catalog.pg_locks AS wanted ON wanted.pid = activity.pid AND NOT wanted.granted
     WHERE activity.datname = pg_catalog.current_database()
       AND activity.wait_event_type = 'Lock')
SELECT CASE WHEN waiting.seconds >= threshold.seconds_that_hurt THEN 'error' ELSE 'warning' END AS severity,
       format('pid %s', waiting.pid) AS object,
       format('a statement has waited %s s for a lock%s that pid %s holds', round(waiting.seconds),
              coalesce(' on ' || waiting.relation_name, ''), array_to_string(waiting.blockers, ', ')) AS message,
       jsonb_build_object(
           'seconds', round(waiting.seconds), 'user', waiting.usename, 'query', left(waiting.query, 500),
           'relation', waiting.relation_name,
           'blocked_by', (SELECT jsonb_agg(jsonb_build_object('pid', blocker.pid, 'state', blocker.state,
                                                              'user', blocker.usename,
                                                              'query', left(blocker.query, 500)))
                            FROM pg_catalog.pg_stat_activity AS blocker
                           WHERE blocker.pid = ANY (waiting.blockers))) AS evidence,
       format('SELECT pg_catalog.pg_terminate_backend(%s) -- the session that holds the lock', waiting.blockers[1]) AS fix
  FROM waiting
 CROSS JOIN threshold
 WHERE cardinality(waiting.blockers) > 0
   AND waiting.seconds >= threshold.seconds
 ORDER BY object;

-- name: idle_in_transaction
-- A session that opened a transaction and does nothing keeps its locks and lets no dead row be removed.
-- needs: role pg_read_all_stats
WITH threshold AS (SELECT 1 AS seconds, 60 AS seconds_that_hurt)
SELECT CASE WHEN idle.seconds >= threshold.seconds_that_hurt THEN 'warning' ELSE 'info' END AS severity,
       format('pid %s', idle.pid) AS object,
       format('%s has been idle inside of a transaction for %s s', idle.usename, round(idle.seconds)) AS message,
       jsonb_build_object('seconds', round(idle.seconds), 'user', idle.usename, 'state', idle.state,
                          'transaction_since', idle.xact_start, 'last_query', left(idle.query, 500),
                          'application', idle.application_name) AS evidence,
       format('SELECT pg_catalog.pg_terminate_backend(%s) -- and set idle_in_transaction_session_timeout', idle.pid) AS fix
  FROM (SELECT activity.*, extract(epoch FROM pg_catalog.clock_timestamp() - activity.state_change) AS seconds
          FROM pg_catalog.pg_stat_activity AS activity) AS idle
 CROSS JOIN threshold
 WHERE idle.datname = pg_catalog.current_database()
   AND idle.state LIKE 'idle in transaction%'
   AND idle.pid <> pg_catalog.pg_backend_pid()
   AND idle.seconds >= threshold.seconds
 ORDER BY object;

-- name: connections
-- When nearly all connections of the server, a database or a role are taken, the next ones are refused.
-- Very low limits are meant to be filled.
WITH threshold AS (SELECT 0.8 AS part, 0.95 AS part_that_breaks, 3 AS lowest_limit),
taken AS (
    SELECT activity.datid, activity.datname, activity.usesysid, activity.usename
      FROM pg_catalog.pg_stat_activity AS activity
     WHERE activity.datid IS NOT NULL
       AND activity.usesysid IS NOT NULL
       AND activity.pid <> pg_catalog.pg_backend_pid()
       AND coalesce(activity.backend_type, 'client backend') = 'client backend'),
filled AS (
    SELECT 'max_connections' AS object, 'the server' AS whose, count(*) AS taken,
           CAST(pg_catalog.current_setting('max_connections') AS integer)
           - CAST(pg_catalog.current_setting('superuser_reserved_connections') AS integer) AS limit_of_it,
           'end idle sessions, put a pool before the server, or ALTER SYSTEM SET max_connections and restart' AS fix
      FROM taken
    UNION ALL
    SELECT quote_ident(base.datname), 'the database', count(*), base.datconnlimit,
           format('ALTER DATABASE %I CONNECTION LIMIT %s', base.datname, 2 * base.datconnlimit)
      FROM pg_catalog.pg_database AS base
      JOIN taken ON taken.datid = base.oid
     WHERE base.datconnlimit >= (SELECT threshold.lowest_limit FROM threshold)
     GROUP BY base.datname, base.datconnlimit
    UNION ALL
    SELECT quote_ident(login.rolname), 'the role', count(*), login.rolconnlimit,
           format('ALTER ROLE %I CONNECTION LIMIT %s', login.rolname, 2 * login.rolconnlimit)
      FROM pg_catalog.pg_roles AS login
      JOIN taken ON taken.usesysid = login.oid
     WHERE login.rolconnlimit >= (SELECT threshold.lowest_limit FROM threshold)
       AND NOT login.rolsuper
     GROUP BY login.rolname, login.rolconnlimit)
SELECT CASE WHEN filled.taken >= filled.limit_of_it * threshold.part_that_breaks THEN 'error' ELSE 'warning' END
           AS severity,
       filled.object,
       format('%s of the %s connections of %s are taken', filled.taken, filled.limit_of_it, filled.whose) AS message,
       jsonb_build_object('taken', filled.taken, 'limit', filled.limit_of_it) AS evidence,
       filled.fix
  FROM filled
 CROSS JOIN threshold
 WHERE filled.taken >= filled.limit_of_it * threshold.part
 ORDER BY object;

-- name: replication_slot
-- A slot that nobody reads keeps WAL and dead rows until the disk is full; a lost one is of no use any more.
SELECT CASE
           WHEN slot.wal_status IN ('lost', 'unreserved') THEN 'error'
           WHEN slot.restart_lsn IS NULL THEN 'info'
           ELSE 'warning'
       END AS severity,
       quote_ident(slot.slot_name) AS object,
       CASE
           WHEN slot.wal_status = 'lost' THEN 'the replication slot has lost WAL that its reader needs'
           WHEN slot.wal_status = 'unreserved' THEN 'the replication slot is about to lose WAL that its reader needs'
           WHEN NOT slot.active THEN 'nobody reads the replication slot'
           ELSE 'the reader of the replication slot is far behind'
       END AS message,
       jsonb_build_object(
           'type', slot.slot_type, 'database', slot.database, 'active', slot.active, 'wal_status', slot.wal_status,
           'restart_lsn', CAST(slot.restart_lsn AS text),
           'kept_bytes', CASE WHEN NOT pg_catalog.pg_is_in_recovery()
                              THEN pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), slot.restart_lsn)
                         END) AS evidence,
       CASE
           WHEN slot.active
               THEN 'see why the reader is slow (pg_stat_replication), or ALTER SYSTEM SET max_slot_wal_keep_size'
           ELSE format('SELECT pg_catalog.pg_drop_replication_slot(%L) -- or start its reader', slot.slot_name)
       END AS fix
  FROM pg_catalog.pg_replication_slots AS slot
 WHERE NOT slot.temporary
   AND NOT coalesce(CAST(to_jsonb(slot) ->> 'synced' AS boolean), false)
   AND (NOT slot.active OR slot.wal_status IN ('extended', 'unreserved', 'lost'))
 ORDER BY object;

-- name: prepared_transaction
-- A prepared transaction keeps its locks, over restarts too, until somebody ends it; one of a moment ago is left alone.
WITH threshold AS (SELECT 1 AS seconds, 300 AS seconds_that_hurt)
SELECT CASE WHEN open.seconds >= threshold.seconds_that_hurt THEN 'error' ELSE 'warning' END AS severity,
       open.gid AS object,
       format('the prepared transaction has been open for %s s', round(open.seconds)) AS message,
       jsonb_build_object('owner', open.owner, 'database', open.database, 'prepared', open.prepared,
                          'age_in_transactions', pg_catalog.age(open.transaction)) AS evidence,
       format('ROLLBACK PREPARED %L -- or COMMIT PREPARED, in the database %I', open.gid, open.database) AS fix
  FROM (SELECT held.*, extract(epoch FROM pg_catalog.clock_timestamp() - held.prepared) AS seconds
          FROM pg_catalog.pg_prepared_xacts AS held) AS open
 CROSS JOIN threshold
 WHERE open.seconds >= threshold.seconds
   AND open.database = pg_catalog.current_database()
 ORDER BY object;

-- name: archiver
-- WAL that is not archived fills the disk and is missing in every later recovery.
SELECT 'error' AS severity,
       CASE WHEN coalesce(way.library, '') <> '' THEN 'archive_library' ELSE 'archive_command' END AS object,
       CASE
           WHEN state.last_failed_time IS NOT NULL
               THEN format('archiving fails: %s times, last at %s', state.failed_count, state.last_failed_time)
           ELSE 'archive_mode is on, but nothing says how to archive'
       END AS message,
       jsonb_build_object('failed_count', state.failed_count, 'last_failed_wal', state.last_failed_wal,
                          'last_failed_time', state.last_failed_time, 'archived_count', state.archived_count,
                          'last_archived_time', state.last_archived_time) AS evidence,
       'read in the server log why the command fails, mend it: ALTER SYSTEM SET archive_command; SELECT pg_reload_conf()'
           AS fix
  FROM pg_catalog.pg_stat_archiver AS state
 CROSS JOIN (SELECT pg_catalog.current_setting('archive_mode') AS mode,
                    pg_catalog.current_setting('archive_command', true) AS command,
                    pg_catalog.current_setting('archive_library', true) AS library) AS way
 WHERE way.mode <> 'off'
   AND NOT (pg_catalog.pg_is_in_recovery() AND way.mode = 'on')
   AND (state.last_failed_time > coalesce(state.last_archived_time, '-infinity')
        OR coalesce(way.library, '') = '' AND way.command IN ('', '(disabled)'));

-- name: checksums
-- Without checksums of the blocks a disk that changes bytes is noticed late or never.
SELECT 'warning' AS severity,
       'data_checksums' AS object,
       'data checksums are off: damage on the disk is not noticed' AS message,
       jsonb_build_object('data_checksums', 'off') AS evidence,
       format('stop the server, run pg_checksums --enable -D %L, start it',
              coalesce((SELECT setting.setting FROM pg_catalog.pg_settings AS setting
                         WHERE setting.name = 'data_directory'), 'data directory')) AS fix
 WHERE pg_catalog.current_setting('data_checksums') = 'off'
UNION ALL
SELECT 'error',
       coalesce(quote_ident(activity.datname), 'shared objects'),
       format('%s blocks that were read did not match their checksum', activity.checksum_failures),
       jsonb_build_object('failures', activity.checksum_failures, 'last', activity.checksum_last_failure),
       'run this check with --deep, look at the disk, restore what is damaged from a backup'
  FROM pg_catalog.pg_stat_database AS activity
 WHERE activity.checksum_failures > 0
   AND (activity.datname IS NULL OR activity.datname = pg_catalog.current_database());

-- name: unsafe_setting
-- With these settings a crash, or a damaged block, costs data that was reported as stored.
WITH danger (name, bad, severity, message) AS (
    VALUES ('fsync', 'off', 'warning', 'a crash of the machine can destroy the whole cluster'),
           ('full_page_writes', 'off', 'warning', 'a crash in the middle of writing a block can destroy it'),
           ('synchronous_commit', 'off', 'info', 'a crash loses the last transactions that were reported as stored'),
           ('zero_damaged_pages', 'on', 'warning', 'damaged blocks are silently read as empty'),
           ('ignore_checksum_failure', 'on', 'warning', 'damaged blocks are read as if they were whole'))
SELECT danger.severity,
       danger.name AS object,
       format('%s is %s: %s', danger.name, danger.bad, danger.message) AS message,
       jsonb_build_object('setting', setting.setting, 'source', setting.source) AS evidence,
       CASE
           WHEN setting.source IN ('database', 'user', 'database user')
               THEN format('ALTER DATABASE or ALTER ROLE ... RESET %I, where pg_db_role_setting sets it', danger.name)
           ELSE format('ALTER SYSTEM RESET %I; SELECT pg_reload_conf() -- if no other file sets it', danger.name)
       END AS fix
  FROM danger
  JOIN pg_catalog.pg_settings AS setting ON setting.name = danger.name AND setting.setting = danger.bad
 ORDER BY object;
