-- name: indexes
-- Valid indexes of some schemas with all that tells whether one does the work of another.
SELECT CAST(held.indexrelid AS bigint) AS oid,
       CAST(held.indrelid AS bigint) AS table_oid,
       held.indexprs IS NOT NULL AND CAST(held.indrelid AS bigint) = ANY (CAST(:locked AS bigint[])) AS is_locked,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       format('%I.%I', space_of_table.nspname, base.relname) AS table_name,
       method.amname AS method,
       relation.relpages AS pages,
       held.indisunique AS is_unique,
       held.indimmediate AS is_immediate,
       coalesce(CAST(to_jsonb(held) ->> 'indnullsnotdistinct' AS boolean), false) AS is_null_equal,
       held.indisprimary AS is_primary,
       held.indisreplident AS is_replica_identity,
       base.relkind = 'p' AS is_partitioned,
       relation.relispartition AS is_part,
       owner_of_it.conname AS constraint_name,
       EXISTS (
           SELECT
             FROM pg_catalog.pg_constraint AS asking
            WHERE asking.contype = 'f'
              AND asking.conindid = held.indexrelid) AS is_referenced,
       keys.keys,
       keys.options,
       coalesce(keys.included, CAST('{}' AS text[])) AS included,
       regexp_replace(coalesce(CAST(held.indpred AS text), ''), ' \:(location|stmt_len|stmt_location) -?\d+', '', 'g')
           AS predicate
  FROM pg_catalog.pg_index AS held
  JOIN pg_catalog.pg_class AS relation ON relation.oid = held.indexrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_class AS base ON base.oid = held.indrelid
  JOIN pg_catalog.pg_namespace AS space_of_table ON space_of_table.oid = base.relnamespace
  JOIN pg_catalog.pg_am AS method ON method.oid = relation.relam
  LEFT JOIN pg_catalog.pg_constraint AS owner_of_it
    ON owner_of_it.conindid = held.indexrelid AND owner_of_it.contype IN ('p', 'u', 'x')
 CROSS JOIN LATERAL (
    SELECT array_agg(concat_ws(' ', coalesce(quote_ident(part.attname), expression.text),
                               held.indclass[place.number], held.indcollation[place.number])
                     ORDER BY place.number) FILTER (WHERE place.number < held.indnkeyatts) AS keys,
           array_agg(CAST(held.indoption[place.number] AS integer) ORDER BY place.number)
               FILTER (WHERE place.number < held.indnkeyatts) AS options,
           array_agg(quote_ident(part.attname)) FILTER (WHERE place.number >= held.indnkeyatts) AS included
      FROM generate_series(0, held.indnatts - 1) AS place (number)
      LEFT JOIN pg_catalog.pg_attribute AS part
        ON part.attrelid = held.indrelid AND part.attnum = held.indkey[place.number]
       AND held.indkey[place.number] <> 0
     CROSS JOIN LATERAL (
        SELECT CASE WHEN held.indkey[place.number] = 0
                     AND NOT CAST(held.indrelid AS bigint) = ANY (CAST(:locked AS bigint[]))
                    THEN pg_catalog.pg_get_indexdef(held.indexrelid, place.number + 1, false)
               END AS text) AS expression) AS keys
 WHERE held.indisvalid
   AND held.indislive
   AND relation.relpersistence <> 't'
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS dependency
            WHERE dependency.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND dependency.objid = held.indrelid
              AND dependency.deptype = 'e')
 ORDER BY object;

-- name: sizes
-- Tables of some schemas with more than a few pages, and how many they would need for their rows, where that is known.
-- Widths are those of pg_stats, with half of the padding that the worst order of columns needs.
SELECT CAST(relation.oid AS bigint) AS oid,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       relation.relpages AS pages,
       CAST(greatest(relation.reltuples, 0) AS bigint) AS row_count,
       fill.factor AS fillfactor,
       row_width.is_readable,
       CASE
           WHEN row_width.is_known AND relation.reltuples >= 0
               THEN ceil(relation.reltuples / greatest(1, floor(page.bytes * fill.factor / 100 / row_width.bytes)))
       END AS needed_pages
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 CROSS JOIN LATERAL (
    SELECT coalesce(max(CAST(option.option_value AS integer)), 100) AS factor
      FROM pg_catalog.pg_options_to_table(relation.reloptions) AS option
     WHERE option.option_name = 'fillfactor') AS fill
 CROSS JOIN (SELECT CAST(pg_catalog.current_setting('block_size') AS integer) - 24 AS bytes) AS page
 CROSS JOIN LATERAL (
    SELECT 4 + 8 * ceil((23 + count(*) / 8) / 8.0)
           + 8 * ceil(sum(coalesce((1 - known.null_frac) * known.avg_width, greatest(part.attlen, 0))
                          + CASE part.attalign WHEN 'd' THEN 3.5 WHEN 'i' THEN 1.5 WHEN 's' THEN 0.5 ELSE 0 END)
                      / 8.0) AS bytes,
           bool_and((known.attname IS NOT NULL OR part.attlen > 0) AND NOT part.attisdropped) AS is_known,
           bool_and(part.attisdropped OR pg_catalog.has_column_privilege(relation.oid, part.attnum, 'SELECT'))
               AS is_readable
      FROM pg_catalog.pg_attribute AS part
      LEFT JOIN pg_catalog.pg_stats AS known
        ON known.schemaname = namespace.nspname AND known.tablename = relation.relname
       AND known.attname = part.attname AND NOT known.inherited
     WHERE part.attrelid = relation.oid
       AND part.attnum > 0
       AND coalesce(to_jsonb(part) ->> 'attgenerated', '') <> 'v') AS row_width
 WHERE relation.relkind IN ('r', 'm')
   AND relation.relpersistence <> 't'
   AND relation.relpages >= CAST(:pages AS integer)
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 ORDER BY object;

-- name: index_sizes
-- B-trees of some schemas on plain columns, with more than a few pages, and how many their entries would need.
SELECT format('%I.%I', namespace.nspname, relation.relname) AS object,
       format('%I.%I', space_of_table.nspname, base.relname) AS table_name,
       relation.relpages AS pages,
       CAST(relation.reltuples AS bigint) AS row_count,
       entry.is_readable,
       CASE
           WHEN entry.is_known
               THEN ceil(relation.reltuples / greatest(1, floor(page.bytes * fill.factor / 100 / entry.bytes)))
       END AS needed_pages
  FROM pg_catalog.pg_index AS held
  JOIN pg_catalog.pg_class AS relation ON relation.oid = held.indexrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_class AS base ON base.oid = held.indrelid
  JOIN pg_catalog.pg_namespace AS space_of_table ON space_of_table.oid = base.relnamespace
  JOIN pg_catalog.pg_am AS method ON method.oid = relation.relam AND method.amname = 'btree'
 CROSS JOIN LATERAL (
    SELECT coalesce(max(CAST(option.option_value AS integer)), 90) AS factor
      FROM pg_catalog.pg_options_to_table(relation.reloptions) AS option
     WHERE option.option_name = 'fillfactor') AS fill
 CROSS JOIN (SELECT CAST(pg_catalog.current_setting('block_size') AS integer) - 40 AS bytes) AS page
 CROSS JOIN LATERAL (
    SELECT 12 + 8 * ceil(sum(known.avg_width
                             + CASE WHEN held.indnatts = 1 OR part.attalign = 'c' THEN 0 ELSE 3 END) / 8.0) AS bytes,
           bool_and(known.attname IS NOT NULL) AS is_known,
           bool_and(pg_catalog.has_column_privilege(held.indrelid, part.attnum, 'SELECT')) AS is_readable
      FROM pg_catalog.pg_attribute AS part
      LEFT JOIN pg_catalog.pg_stats AS known
        ON known.schemaname = space_of_table.nspname AND known.tablename = base.relname
       AND known.attname = part.attname AND NOT known.inherited
     WHERE part.attrelid = held.indrelid
       AND part.attnum = ANY (held.indkey)) AS entry
 WHERE held.indexprs IS NULL
   AND held.indisvalid
   AND relation.reltuples >= 0
   AND relation.relpages >= CAST(:pages AS integer)
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 ORDER BY object;

-- name: measured_space
-- The part of a table that is free or dead, by pgstattuple, which reads only what is not known to be full.
SELECT measured.approx_free_percent AS free, measured.dead_tuple_percent AS dead
  FROM extension_schema.pgstattuple_approx(CAST(CAST(:oid AS oid) AS regclass)) AS measured;

-- name: slow_statements
-- Statements of this database that take long: again and again, or once for very long; loads of many rows are not meant.
WITH threshold AS (SELECT 3 AS calls, 200 AS milliseconds, 1000 AS milliseconds_once, 1000 AS rows_of_a_load),
timed AS (
    SELECT statement.query, CAST(statement.queryid AS text) AS queryid, statement.calls, statement.rows,
           coalesce(CAST(whole.fields ->> 'mean_exec_time' AS float8), CAST(whole.fields ->> 'mean_time' AS float8))
               AS mean_ms,
           coalesce(CAST(whole.fields ->> 'max_exec_time' AS float8), CAST(whole.fields ->> 'max_time' AS float8))
               AS max_ms,
           regexp_replace(statement.query, '^(\s|/\*.*?\*/|--[^\n]*\n)*', '') AS bare
      FROM extension_schema.pg_stat_statements(true) AS statement
     CROSS JOIN LATERAL (SELECT to_jsonb(statement) - 'query' AS fields) AS whole
     WHERE statement.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
       AND coalesce(CAST(whole.fields ->> 'toplevel' AS boolean), true)
       AND statement.query NOT LIKE '%pg\_catalog.%'
       AND statement.query NOT LIKE '%asked by cryokit%')
SELECT CASE WHEN timed.calls >= threshold.calls THEN 'warning' ELSE 'info' END AS severity,
       left(regexp_replace(timed.bare, '\s+', ' ', 'g'), 160) AS object,
       format('the statement takes %s ms on average (%s calls)', round(timed.mean_ms), timed.calls) AS message,
       jsonb_build_object('query', left(timed.query, 2000), 'queryid', timed.queryid, 'calls', timed.calls,
                          'mean_ms', round(timed.mean_ms), 'max_ms', round(timed.max_ms), 'rows', timed.rows)
           AS evidence,
       'look at it with EXPLAIN (ANALYZE, BUFFERS), then add the index or change the statement; '
       'SELECT pg_stat_statements_reset() begins to count anew' AS fix
  FROM timed
 CROSS JOIN threshold
 WHERE (timed.bare ~* '^(SELECT|WITH|TABLE|VALUES|INSERT|UPDATE|DELETE|MERGE)\M'
        AND timed.calls >= threshold.calls
        AND timed.mean_ms >= threshold.milliseconds
        AND (timed.bare ~* '^(SELECT|TABLE|VALUES)\M' OR timed.rows < threshold.rows_of_a_load * timed.calls))
    OR (timed.bare ~* '^(SELECT|WITH)\M'
        AND timed.calls < threshold.calls
        AND timed.mean_ms >= threshold.milliseconds_once
        AND (timed.bare ~* '^SELECT\M' OR timed.rows < threshold.rows_of_a_load * timed.calls))
 ORDER BY timed.mean_ms * timed.calls DESC
 LIMIT 20;

-- name: extension_schema
-- Where an extension keeps its functions.
SELECT quote_ident(namespace.nspname) AS name
  FROM pg_catalog.pg_extension AS installed
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = installed.extnamespace
 WHERE installed.extname = :extension;

-- name: may_call
-- Whether this login may call all functions of a name that an extension brings.
SELECT coalesce(bool_and(pg_catalog.has_function_privilege(routine.oid, 'EXECUTE')), false) AS may
  FROM pg_catalog.pg_proc AS routine
  JOIN pg_catalog.pg_depend AS dependency
    ON dependency.classid = CAST('pg_catalog.pg_proc' AS regclass) AND dependency.objid = routine.oid
   AND dependency.deptype = 'e'
  JOIN pg_catalog.pg_extension AS installed ON installed.oid = dependency.refobjid
 WHERE installed.extname = :extension
   AND routine.proname = :routine;

-- name: verifiable
-- Tables and B-trees of some schemas, with those of long values, that amcheck can read.
SELECT CAST(relation.oid AS bigint) AS oid,
       relation.relkind = 'i' AS is_index,
       format('%I.%I', namespace.nspname, coalesce(owner.relname, relation.relname)) AS object,
       relation.relkind = 't' OR owner.oid IS NOT NULL AS is_of_long_values,
       CAST(coalesce(owner.oid, base.oid, relation.oid) AS bigint) AS table_oid
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_am AS method ON method.oid = relation.relam AND method.amname IN ('heap', 'btree')
  LEFT JOIN pg_catalog.pg_index AS held ON held.indexrelid = relation.oid
  LEFT JOIN pg_catalog.pg_class AS base ON base.oid = held.indrelid
  LEFT JOIN pg_catalog.pg_class AS owner
    ON owner.reltoastrelid = coalesce(base.oid, relation.oid) AND owner.reltoastrelid <> 0
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = coalesce(owner.relnamespace, relation.relnamespace)
 WHERE relation.relkind IN ('r', 'm', 't', 'i')
   AND relation.relpersistence <> 't'
   AND coalesce(held.indisvalid, true)
   AND (namespace.nspname = ANY (CAST(:schemas AS text[])) OR namespace.nspname = 'pg_catalog')
 ORDER BY is_index, object;

-- name: verify_index
-- Order and pointers of a B-tree, and whether it has an entry for each row; damage is an error.
SELECT extension_schema.bt_index_check(CAST(CAST(:oid AS oid) AS regclass), true);

-- name: verify_table
-- Damaged rows of a table and of its long values.
SELECT found.blkno AS block, found.offnum AS place, found.msg AS message
  FROM extension_schema.verify_heapam(CAST(CAST(:oid AS oid) AS regclass), check_toast => true) AS found
 LIMIT 20;
