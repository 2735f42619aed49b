-- name: tables
-- Tables with what a scan has to know of each: whether it may be read, how large it is, which column is its key.
SELECT CAST(relation.oid AS bigint) AS oid,
       namespace.nspname AS schema,
       relation.relname AS name,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       relation.relkind = 'p' AS is_partitioned,
       CAST(greatest(relation.reltuples, 0) AS bigint) AS row_estimate,
       has_schema_privilege(namespace.oid, 'USAGE')
           AND has_table_privilege(relation.oid, 'SELECT')
           AND NOT row_security_active(relation.oid) AS is_readable,
       (SELECT array_agg(attribute.attname ORDER BY attribute.attname)
          FROM pg_catalog.pg_constraint AS held
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = held.conrelid AND attribute.attnum = ANY (held.conkey)
         WHERE held.conrelid = relation.oid
           AND held.contype = 'p') AS key_columns,
       (SELECT coalesce(jsonb_agg(distinct_key.columns), '[]')
          FROM (SELECT (SELECT array_agg(attribute.attname)
                          FROM pg_catalog.pg_attribute AS attribute
                         WHERE attribute.attrelid = held.conrelid
                           AND attribute.attnum = ANY (held.conkey)) AS columns
                  FROM pg_catalog.pg_constraint AS held
                 WHERE held.conrelid = relation.oid
                   AND held.contype IN ('p', 'u')) AS distinct_key
         WHERE cardinality(distinct_key.columns) <= 3) AS unique_keys
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE relation.relkind IN ('r', 'p')
   AND NOT relation.relispartition
   AND relation.relpersistence <> 't'
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS dependency
            WHERE dependency.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND dependency.objid = relation.oid
              AND dependency.deptype = 'e')
 ORDER BY object;

-- name: columns
-- Columns of tables by table, in order, with their type below all domains and whether a foreign key uses them.
WITH RECURSIVE based AS (
    SELECT named.oid AS shown, named.oid, named.typtype, named.typbasetype
      FROM pg_catalog.pg_type AS named
     UNION ALL
    SELECT based.shown, below.oid, below.typtype, below.typbasetype
      FROM based
      JOIN pg_catalog.pg_type AS below ON below.oid = based.typbasetype
     WHERE based.typtype = 'd')
SELECT CAST(attribute.attrelid AS bigint) AS table_oid,
       attribute.attname AS name,
       quote_ident(attribute.attname) AS quoted,
       format('%I.%I.%I', namespace.nspname, relation.relname, attribute.attname) AS object,
       CASE WHEN based.typtype = 'e' THEN 'enum' ELSE named.typname END AS type,
       CAST(based.oid AS bigint) AS type_oid,
       attribute.attnotnull AS is_required,
       EXISTS (
           SELECT
             FROM pg_catalog.pg_constraint AS held
            WHERE held.conrelid = attribute.attrelid
              AND held.contype = 'f'
              AND attribute.attnum = ANY (held.conkey)) AS is_referring
  FROM pg_catalog.pg_attribute AS attribute
  JOIN pg_catalog.pg_class AS relation ON relation.oid = attribute.attrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN based ON based.shown = attribute.atttypid AND based.typtype <> 'd'
  JOIN pg_catalog.pg_type AS named ON named.oid = based.oid
 WHERE attribute.attnum > 0
   AND NOT attribute.attisdropped
   AND attribute.attgenerated <> 'v'
   AND relation.relkind IN ('r', 'p')
   AND NOT relation.relispartition
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 ORDER BY attribute.attrelid, attribute.attnum;

-- name: keys
-- Foreign keys with both tables, the columns and the operators that compare them.
SELECT format('%I.%I.%I', namespace.nspname, child.relname, held.conname) AS object,
       quote_ident(held.conname) AS quoted,
       format('%I.%I', namespace.nspname, child.relname) AS child_object,
       format('%I.%I', parent_space.nspname, parent.relname) AS parent_object,
       format('SELECT c.* FROM %I.%I AS c WHERE %s AND NOT EXISTS (SELECT FROM %I.%I AS p WHERE %s)', namespace.nspname,
              child.relname, paired.filled, parent_space.nspname, parent.relname, paired.same) AS finder,
       CAST(child.oid AS bigint) AS child_oid,
       namespace.nspname AS child_schema,
       child.relname AS child,
       child.relkind = 'p' AS is_child_partitioned,
       CAST(parent.oid AS bigint) AS parent_oid,
       parent_space.nspname AS parent_schema,
       parent.relname AS parent,
       parent.relkind = 'p' AS is_parent_partitioned,
       held.confmatchtype = 'f' AS is_match_full,
       held.convalidated AS is_validated,
       coalesce(CAST(to_jsonb(held) ->> 'conperiod' AS boolean), false) AS is_of_periods,
       CAST(greatest(child.reltuples, 0) AS bigint) AS row_estimate,
       paired.columns,
       pg_catalog.pg_get_constraintdef(held.oid) AS definition,
       has_schema_privilege(namespace.oid, 'USAGE') AND has_table_privilege(child.oid, 'SELECT')
           AND NOT row_security_active(child.oid)
           AND has_schema_privilege(parent_space.oid, 'USAGE') AND has_table_privilege(parent.oid, 'SELECT')
           AND NOT row_security_active(parent.oid) AS is_readable
  FROM pg_catalog.pg_constraint AS held
  JOIN pg_catalog.pg_class AS child ON child.oid = held.conrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = child.relnamespace
  JOIN pg_catalog.pg_class AS parent ON parent.oid = held.confrelid
  JOIN pg_catalog.pg_namespace AS parent_space ON parent_space.oid = parent.relnamespace
 CROSS JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object(
               'child', own.attname, 'parent', far.attname,
               'operator_schema', operator_space.nspname, 'operator', operator.oprname,
               'collation_schema', collation_space.nspname, 'collation', collated.collname,
               'is_required', own.attnotnull,
               'has_other_use', EXISTS (
                   SELECT
                     FROM pg_catalog.pg_constraint AS other
                    WHERE other.conrelid = held.conrelid
                      AND other.oid <> held.oid
                      AND other.contype IN ('f', 'p')
                      AND own.attnum = ANY (other.conkey)
                      AND NOT (other.contype = 'f' AND other.confrelid = held.confrelid AND other.conkey @> held.conkey)))
               ORDER BY numbered.place) AS columns,
           string_agg(format('c.%I IS NOT NULL', own.attname), ' AND ' ORDER BY numbered.place) AS filled,
           string_agg(format('p.%I = c.%I', far.attname, own.attname), ' AND ' ORDER BY numbered.place) AS same
      FROM unnest(held.conkey, held.confkey, held.conpfeqop) WITH ORDINALITY AS numbered (child, parent, operator, place)
      JOIN pg_catalog.pg_attribute AS own ON own.attrelid = held.conrelid AND own.attnum = numbered.child
      JOIN pg_catalog.pg_attribute AS far ON far.attrelid = held.confrelid AND far.attnum = numbered.parent
      JOIN pg_catalog.pg_operator AS operator ON operator.oid = numbered.operator
      JOIN pg_catalog.pg_namespace AS operator_space ON operator_space.oid = operator.oprnamespace
      LEFT JOIN pg_catalog.pg_collation AS collated
        ON collated.oid = far.attcollation AND far.attcollation <> own.attcollation
      LEFT JOIN pg_catalog.pg_namespace AS collation_space ON collation_space.oid = collated.collnamespace) AS paired
 WHERE held.contype = 'f'
   AND held.conparentid = 0
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 ORDER BY object;

-- name: sequences
-- Sequences with their limits, and the columns that take their numbers from them.
SELECT format('%I.%I', namespace.nspname, relation.relname) AS object,
       quote_literal(format('%I.%I', namespace.nspname, relation.relname)) AS literal,
       CAST(relation.oid AS bigint) AS oid,
       namespace.nspname AS schema,
       relation.relname AS name,
       counted.seqincrement AS step,
       counted.seqmin AS least,
       counted.seqmax AS most,
       counted.seqcycle AS is_cyclic,
       has_schema_privilege(namespace.oid, 'USAGE') AND has_sequence_privilege(relation.oid, 'SELECT') AS is_readable,
       coalesce(used.columns, '[]') AS columns
  FROM pg_catalog.pg_sequence AS counted
  JOIN pg_catalog.pg_class AS relation ON relation.oid = counted.seqrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  LEFT JOIN LATERAL (
    SELECT jsonb_agg(DISTINCT jsonb_build_object(
               'object', format('%I.%I.%I', space.nspname, base.relname, attribute.attname),
               'table_oid', CAST(base.oid AS bigint), 'schema', space.nspname, 'table', base.relname,
               'name', attribute.attname, 'type', coalesce(below.typname, named.typname),
               'widening', format('ALTER TABLE %I.%I ALTER COLUMN %I TYPE bigint',
                                  space.nspname, base.relname, attribute.attname),
               'is_unique', EXISTS (
                   SELECT
                     FROM pg_catalog.pg_index AS served
                    WHERE served.indrelid = base.oid
                      AND served.indisunique
                      AND attribute.attnum = ANY (CAST(served.indkey AS smallint[]))),
               'is_readable', has_schema_privilege(space.oid, 'USAGE') AND has_table_privilege(base.oid, 'SELECT')
                              AND NOT row_security_active(base.oid))) AS columns
      FROM (SELECT refobjid AS table_oid, refobjsubid AS number
              FROM pg_catalog.pg_depend
             WHERE classid = CAST('pg_catalog.pg_class' AS regclass)
               AND objid = relation.oid
               AND refclassid = CAST('pg_catalog.pg_class' AS regclass)
               AND refobjsubid > 0
               AND (deptype = 'i' OR deptype = 'a' AND EXISTS (
                       SELECT
                         FROM pg_catalog.pg_attrdef AS value
                        WHERE value.adrelid = refobjid
                          AND value.adnum = refobjsubid))
             UNION
            SELECT value.adrelid, value.adnum
              FROM pg_catalog.pg_depend AS dependency
              JOIN pg_catalog.pg_attrdef AS value ON value.oid = dependency.objid
             WHERE dependency.classid = CAST('pg_catalog.pg_attrdef' AS regclass)
               AND dependency.refclassid = CAST('pg_catalog.pg_class' AS regclass)
               AND dependency.refobjid = relation.oid) AS taker
      JOIN pg_catalog.pg_class AS base ON base.oid = taker.table_oid AND NOT base.relispartition
      JOIN pg_catalog.pg_namespace AS space ON space.oid = base.relnamespace
      JOIN pg_catalog.pg_attribute AS attribute
        ON attribute.attrelid = taker.table_oid AND attribute.attnum = taker.number
      JOIN pg_catalog.pg_type AS named ON named.oid = attribute.atttypid
      LEFT JOIN pg_catalog.pg_type AS below ON below.oid = named.typbasetype) AS used ON true
 WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND relation.relpersistence <> 't'
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS dependency
            WHERE dependency.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND dependency.objid = relation.oid
              AND dependency.deptype = 'e')
 ORDER BY object;
