-- name: constraint_not_validated
-- A constraint marked NOT VALID holds for new rows only; old rows may break it.
SELECT 'warning' AS severity,
       concat_ws('.', quote_ident(namespace.nspname), quote_ident(coalesce(relation.relname, named.typname)),
                 quote_ident(held.conname)) AS object,
       'the constraint is not validated: rows from before it may break it' AS message,
       jsonb_build_object('definition', pg_catalog.pg_get_constraintdef(held.oid)) AS evidence,
       format('ALTER %s %I.%I VALIDATE CONSTRAINT %I', CASE WHEN relation.oid IS NULL THEN 'DOMAIN' ELSE 'TABLE' END,
              namespace.nspname, coalesce(relation.relname, named.typname), held.conname) AS fix
  FROM pg_catalog.pg_constraint AS held
  LEFT JOIN pg_catalog.pg_class AS relation ON relation.oid = held.conrelid
  LEFT JOIN pg_catalog.pg_type AS named ON named.oid = held.contypid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = held.connamespace
 WHERE NOT held.convalidated
   AND held.conparentid = 0
   AND coalesce(CAST(to_jsonb(held) ->> 'conenforced' AS boolean), true)
   AND NOT CAST(held.conrelid AS bigint) = ANY (CAST(:locked AS bigint[]))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 ORDER BY object;

-- name: constraint_not_enforced
-- A constraint marked NOT ENFORCED is a comment: nothing refuses the rows that break it.
-- needs: server 18
SELECT 'warning' AS severity,
       format('%I.%I.%I', namespace.nspname, relation.relname, held.conname) AS object,
       'the constraint is not enforced: nothing refuses rows that break it' AS message,
       jsonb_build_object('definition', pg_catalog.pg_get_constraintdef(held.oid)) AS evidence,
       CASE held.contype
           WHEN 'f' THEN format('ALTER TABLE %I.%I ALTER CONSTRAINT %I ENFORCED',
                                namespace.nspname, relation.relname, held.conname)
           ELSE format('ALTER TABLE %I.%I DROP CONSTRAINT %I -- then add it again without NOT ENFORCED',
                       namespace.nspname, relation.relname, held.conname)
       END AS fix
  FROM pg_catalog.pg_constraint AS held
  JOIN pg_catalog.pg_class AS relation ON relation.oid = held.conrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE NOT coalesce(CAST(to_jsonb(held) ->> 'conenforced' AS boolean), true)
   AND held.conparentid = 0
   AND NOT CAST(held.conrelid AS bigint) = ANY (CAST(:locked AS bigint[]))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 ORDER BY object;

-- name: foreign_key_duplicate
-- A second foreign key that says the same checks every row twice and outlives a change of the first.
WITH pair AS (
    SELECT held.oid, held.conrelid, held.confrelid, held.conname, held.confdeltype,
           array_agg(format('%s>%s', own.attnum, far.attnum) ORDER BY own.attnum, far.attnum) AS pairs
      FROM pg_catalog.pg_constraint AS held
     CROSS JOIN LATERAL unnest(held.conkey) WITH ORDINALITY AS own (attnum, place)
      JOIN LATERAL unnest(held.confkey) WITH ORDINALITY AS far (attnum, place) ON far.place = own.place
     WHERE held.contype = 'f'
       AND held.conparentid = 0
     GROUP BY held.oid, held.conrelid, held.confrelid, held.conname, held.confdeltype)
SELECT CASE WHEN kept.pairs = extra.pairs THEN 'warning' ELSE 'info' END AS severity,
       format('%I.%I.%I', namespace.nspname, relation.relname, extra.conname) AS object,
       CASE WHEN kept.pairs = extra.pairs THEN 'the foreign key says the same as ' ELSE 'the foreign key is part of ' END
           || string_agg(quote_ident(kept.conname), ', ' ORDER BY kept.conname) AS message,
       jsonb_build_object('definition', pg_catalog.pg_get_constraintdef(extra.oid),
                          'other', jsonb_agg(pg_catalog.pg_get_constraintdef(kept.oid))) AS evidence,
       format('ALTER TABLE %I.%I DROP CONSTRAINT %I', namespace.nspname, relation.relname, extra.conname) AS fix
  FROM pair AS extra
  JOIN pair AS kept
    ON kept.conrelid = extra.conrelid AND kept.confrelid = extra.confrelid AND kept.oid <> extra.oid
   AND (kept.pairs = extra.pairs AND kept.oid < extra.oid
        OR kept.pairs @> extra.pairs AND cardinality(kept.pairs) > cardinality(extra.pairs) AND NOT EXISTS (
               SELECT
                 FROM pg_catalog.pg_constraint AS longer
                 JOIN pg_catalog.pg_attribute AS attribute
                   ON attribute.attrelid = longer.conrelid AND attribute.attnum = ANY (longer.conkey)
                WHERE longer.oid = kept.oid
                  AND NOT attribute.attnotnull))
  JOIN pg_catalog.pg_class AS relation ON relation.oid = extra.conrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
 GROUP BY namespace.nspname, relation.relname, extra.oid, extra.conname, kept.pairs = extra.pairs
 ORDER BY object;

-- name: foreign_key_type_mismatch
-- A key column of another type than the column it refers to cannot hold all of its values, or costs a cast a row.
WITH RECURSIVE based AS (
    SELECT named.oid AS shown, named.oid, named.typtype, named.typbasetype, named.typtypmod AS modifier
      FROM pg_catalog.pg_type AS named
     UNION ALL
    SELECT based.shown, below.oid, below.typtype, below.typbasetype, greatest(based.modifier, below.typtypmod)
      FROM based
      JOIN pg_catalog.pg_type AS below ON below.oid = based.typbasetype
     WHERE based.typtype = 'd'),
typed AS (
    SELECT held.oid, held.conname, held.conrelid, held.conparentid, own.place,
           child.attname AS child_name, parent.attname AS parent_name,
           child_type.oid AS child_base, parent_type.oid AS parent_base,
           greatest(child.atttypmod, child_type.modifier) AS child_modifier,
           greatest(parent.atttypmod, parent_type.modifier) AS parent_modifier,
           pg_catalog.format_type(child.atttypid, child.atttypmod) AS child_shown,
           pg_catalog.format_type(parent.atttypid, parent.atttypmod) AS parent_shown
      FROM pg_catalog.pg_constraint AS held
     CROSS JOIN LATERAL unnest(held.conkey) WITH ORDINALITY AS own (attnum, place)
      JOIN LATERAL unnest(held.confkey) WITH ORDINALITY AS far (attnum, place) ON far.place = own.place
      JOIN pg_catalog.pg_attribute AS child ON child.attrelid = held.conrelid AND child.attnum = own.attnum
      JOIN pg_catalog.pg_attribute AS parent ON parent.attrelid = held.confrelid AND parent.attnum = far.attnum
      JOIN based AS child_type ON child_type.shown = child.atttypid AND child_type.typtype <> 'd'
      JOIN based AS parent_type ON parent_type.shown = parent.atttypid AND parent_type.typtype <> 'd'
     WHERE held.contype = 'f')
SELECT 'warning' AS severity,
       format('%I.%I.%I', namespace.nspname, relation.relname, typed.conname) AS object,
       'the key refers to a column of another type: ' || string_agg(
           format('%I is %s, %I is %s', child_name, child_shown, parent_name, parent_shown), '; ' ORDER BY place) AS message,
       jsonb_object_agg(child_name, jsonb_build_array(child_shown, parent_shown)) AS evidence,
       string_agg(format('ALTER TABLE %I.%I ALTER COLUMN %I TYPE %s',
                         namespace.nspname, relation.relname, child_name, parent_shown), '; ' ORDER BY place) AS fix
  FROM typed
  JOIN pg_catalog.pg_class AS relation ON relation.oid = typed.conrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE typed.conparentid = 0
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND (child_base <> parent_base
        OR child_modifier <> parent_modifier
           AND child_modifier <> -1
           AND (parent_modifier = -1 OR child_modifier < parent_modifier))
 GROUP BY namespace.nspname, relation.relname, typed.oid, typed.conname
 ORDER BY object;

-- name: foreign_key_without_index
-- Without an index that begins with the columns of a key, each change of the other table reads all of this one.
WITH RECURSIVE family AS (
    SELECT held.oid, held.oid AS root, held.conrelid, held.conkey
      FROM pg_catalog.pg_constraint AS held
     WHERE held.contype = 'f'
       AND held.conparentid = 0
     UNION ALL
    SELECT part.oid, family.root, part.conrelid, part.conkey
      FROM family
      JOIN pg_catalog.pg_constraint AS part ON part.conparentid = family.oid),
usable AS (
    SELECT served.indrelid, served.indisunique,
           CAST(string_to_array(CAST(served.indkey AS text), ' ') AS smallint[]) AS columns,
           CAST(served.indnkeyatts AS integer) AS width,
           coalesce(pg_catalog.pg_get_expr(served.indpred, served.indrelid), '') AS predicate
      FROM pg_catalog.pg_index AS served
      JOIN pg_catalog.pg_class AS relation ON relation.oid = served.indexrelid
      JOIN pg_catalog.pg_am AS method ON method.oid = relation.relam
     WHERE served.indisvalid
       AND served.indisready
       AND served.indislive
       AND NOT CAST(served.indrelid AS bigint) = ANY (CAST(:locked AS bigint[]))
       AND method.amname IN ('btree', 'hash', 'gist', 'spgist')),
bare AS (
    SELECT DISTINCT family.root
      FROM family
      JOIN pg_catalog.pg_class AS relation ON relation.oid = family.conrelid
     WHERE (relation.relkind = 'r' OR NOT EXISTS (
               SELECT FROM pg_catalog.pg_inherits AS part WHERE part.inhparent = relation.oid))
       AND NOT CAST(family.conrelid AS bigint) = ANY (CAST(:locked AS bigint[]))
       AND NOT EXISTS (
               SELECT
                 FROM usable
                WHERE usable.indrelid = family.conrelid
                  AND (usable.predicate = '' OR usable.predicate IN (
                          SELECT format('(%I IS NOT NULL)', attribute.attname)
                            FROM pg_catalog.pg_attribute AS attribute
                           WHERE attribute.attrelid = family.conrelid
                             AND attribute.attnum = ANY (family.conkey)))
                  AND (usable.width >= cardinality(family.conkey)
                       AND usable.columns[1:cardinality(family.conkey)] @> family.conkey
                       OR usable.indisunique AND family.conkey @> usable.columns[1:usable.width])))
SELECT 'warning' AS severity,
       format('%I.%I.%I', namespace.nspname, relation.relname, held.conname) AS object,
       'no usable index begins with the columns of the foreign key' AS message,
       jsonb_build_object('definition', pg_catalog.pg_get_constraintdef(held.oid), 'rows', relation.reltuples) AS evidence,
       format('CREATE INDEX %s ON %I.%I (%s)', CASE WHEN relation.relkind = 'r' THEN 'CONCURRENTLY' ELSE '' END,
              namespace.nspname, relation.relname,
              (SELECT string_agg(quote_ident(attribute.attname), ', ' ORDER BY numbered.place)
                 FROM unnest(held.conkey) WITH ORDINALITY AS numbered (attnum, place)
                 JOIN pg_catalog.pg_attribute AS attribute
                   ON attribute.attrelid = held.conrelid AND attribute.attnum = numbered.attnum)) AS fix
  FROM bare
  JOIN pg_catalog.pg_constraint AS held ON held.oid = bare.root
  JOIN pg_catalog.pg_class AS relation ON relation.oid = held.conrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS dependency
            WHERE dependency.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND dependency.objid = relation.oid
              AND dependency.deptype = 'e')
 ORDER BY object;

-- name: foreign_key_action_impossible
-- A rule that empties a column which may not be empty turns the deletion of the other row into an error.
WITH acted AS (
    SELECT held.oid, held.conname, held.conrelid, rule.word, rule.action, emptied.attnum
      FROM pg_catalog.pg_constraint AS held
     CROSS JOIN LATERAL (
            VALUES ('ON DELETE', held.confdeltype,
                    (SELECT array_agg(CAST(column_number AS smallint))
                       FROM jsonb_array_elements_text(coalesce(nullif(to_jsonb(held) -> 'confdelsetcols', 'null'), '[]'))
                         AS column_number)),
                   ('ON UPDATE', held.confupdtype, CAST(NULL AS smallint[]))) AS rule (word, action, columns)
     CROSS JOIN LATERAL unnest(coalesce(rule.columns, held.conkey)) AS emptied (attnum)
     WHERE held.contype = 'f'
       AND held.conparentid = 0
       AND rule.action IN ('n', 'd'))
SELECT 'error' AS severity,
       format('%I.%I.%I', namespace.nspname, relation.relname, acted.conname) AS object,
       format('%s %s cannot work: %s may not be null', min(acted.word),
              CASE min(acted.action) WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT without a default' END,
              string_agg(DISTINCT quote_ident(attribute.attname), ', ')) AS message,
       jsonb_build_object('definition', pg_catalog.pg_get_constraintdef(acted.oid)) AS evidence,
       format('ALTER TABLE %1$I.%2$I ALTER COLUMN %3$s DROP NOT NULL -- or make the key anew with ON DELETE RESTRICT',
              namespace.nspname, relation.relname, min(quote_ident(attribute.attname))) AS fix
  FROM acted
  JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = acted.conrelid AND attribute.attnum = acted.attnum
  JOIN pg_catalog.pg_type AS named ON named.oid = attribute.atttypid
  JOIN pg_catalog.pg_class AS relation ON relation.oid = acted.conrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  LEFT JOIN pg_catalog.pg_attrdef AS value ON value.adrelid = acted.conrelid AND value.adnum = acted.attnum
 WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT CAST(acted.conrelid AS bigint) = ANY (CAST(:locked AS bigint[]))
   AND (attribute.attnotnull OR named.typnotnull OR EXISTS (
           SELECT
             FROM pg_catalog.pg_constraint AS checked
            WHERE checked.conrelid = acted.conrelid
              AND checked.contype = 'c'
              AND checked.convalidated
              AND CASE WHEN CAST(checked.conrelid AS bigint) = ANY (CAST(:locked AS bigint[])) THEN false
                       ELSE pg_catalog.pg_get_constraintdef(checked.oid)
                            = format('CHECK ((%I IS NOT NULL))', attribute.attname) END))
   AND (acted.action = 'n'
        OR value.oid IS NULL AND named.typdefault IS NULL
        OR CASE WHEN CAST(value.adrelid AS bigint) = ANY (CAST(:locked AS bigint[])) THEN false
                ELSE pg_catalog.pg_get_expr(value.adbin, value.adrelid) LIKE 'NULL%' END)
 GROUP BY namespace.nspname, relation.relname, acted.oid, acted.conname
 ORDER BY object;

-- name: key_trigger_disabled
-- With its triggers disabled a foreign key or deferred unique key is not checked at all.
SELECT 'error' AS severity,
       format('%I.%I.%I', namespace.nspname, relation.relname, held.conname) AS object,
       'triggers that enforce the key are disabled on ' || string_agg(DISTINCT format(
           '%I.%I', place.nspname, fired_on.relname), ', ') AS message,
       jsonb_build_object('definition', pg_catalog.pg_get_constraintdef(held.oid),
                          'triggers', jsonb_agg(fired.tgname ORDER BY fired.tgname)) AS evidence,
       string_agg(DISTINCT format('ALTER TABLE %I.%I ENABLE TRIGGER ALL', place.nspname, fired_on.relname), '; ') AS fix
  FROM pg_catalog.pg_trigger AS fired
  JOIN pg_catalog.pg_class AS fired_on ON fired_on.oid = fired.tgrelid
  JOIN pg_catalog.pg_namespace AS place ON place.oid = fired_on.relnamespace
  JOIN pg_catalog.pg_constraint AS held ON held.oid = fired.tgconstraint
  JOIN pg_catalog.pg_class AS relation ON relation.oid = held.conrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE fired.tgisinternal
   AND fired.tgenabled IN ('D', 'R')
   AND held.contype IN ('f', 'u', 'p', 'x')
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_trigger AS above
            WHERE above.tgconstraint = held.conparentid
              AND held.conparentid <> 0
              AND above.tgenabled IN ('D', 'R'))
 GROUP BY namespace.nspname, relation.relname, held.oid, held.conname
 ORDER BY object;

-- name: key_triggers_bypassed
-- session_replication_role set to replica for a login or a database turns off all keys and triggers of its sessions.
SELECT 'error' AS severity,
       coalesce(quote_ident(role.rolname), quote_ident(database.datname), 'session_replication_role') AS object,
       'sessions start with session_replication_role = replica: no foreign key is checked and no trigger runs' AS message,
       jsonb_build_object('role', role.rolname, 'database', database.datname) AS evidence,
       CASE WHEN role.rolname IS NULL THEN format('ALTER DATABASE %I RESET session_replication_role', database.datname)
            WHEN database.datname IS NULL THEN format('ALTER ROLE %I RESET session_replication_role', role.rolname)
            ELSE format('ALTER ROLE %I IN DATABASE %I RESET session_replication_role', role.rolname, database.datname)
       END AS fix
  FROM pg_catalog.pg_db_role_setting AS kept
  LEFT JOIN pg_catalog.pg_roles AS role ON role.oid = kept.setrole
  LEFT JOIN pg_catalog.pg_database AS database ON database.oid = kept.setdatabase
 WHERE 'session_replication_role=replica' = ANY (kept.setconfig)
   AND (kept.setdatabase = 0 OR database.datname = pg_catalog.current_database())
 UNION ALL
SELECT 'error', 'session_replication_role',
       'the server starts all sessions with session_replication_role = replica: no foreign key is checked',
       jsonb_build_object('source', source, 'setting', setting),
       'ALTER SYSTEM RESET session_replication_role; SELECT pg_reload_conf()'
  FROM pg_catalog.pg_settings
 WHERE name = 'session_replication_role'
   AND reset_val = 'replica'
   AND source NOT IN ('database', 'user', 'database user')
 ORDER BY object;

-- name: inherited_rows_outside_keys
-- A key that refers to a table with inheriting tables does not see their rows, and a unique key does not count them.
SELECT 'warning' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       'other tables inherit from it, but keys count its own rows only' AS message,
       jsonb_build_object('children', jsonb_agg(DISTINCT CAST(CAST(heir.inhrelid AS regclass) AS text)),
                          'keys', jsonb_agg(DISTINCT held.conname)) AS evidence,
       'declare the table PARTITION BY, or move the rows of the inheriting tables into it' AS fix
  FROM pg_catalog.pg_inherits AS heir
  JOIN pg_catalog.pg_class AS relation ON relation.oid = heir.inhparent AND relation.relkind = 'r'
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_constraint AS held ON held.confrelid = relation.oid AND held.contype = 'f'
 WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
 GROUP BY namespace.nspname, relation.relname
 ORDER BY object;

-- name: sequence_cycles
-- A sequence that begins anew gives numbers that a unique column has already.
SELECT DISTINCT 'warning' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       format('the sequence cycles, but its numbers have to be unique in %I.%I.%I',
              place.nspname, base.relname, attribute.attname) AS message,
       jsonb_build_object('largest', counted.seqmax) AS evidence,
       format('ALTER SEQUENCE %I.%I NO CYCLE', namespace.nspname, relation.relname) AS fix
  FROM pg_catalog.pg_sequence AS counted
  JOIN pg_catalog.pg_class AS relation ON relation.oid = counted.seqrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_depend AS dependency
    ON dependency.classid = CAST('pg_catalog.pg_class' AS regclass) AND dependency.objid = relation.oid
   AND dependency.refclassid = CAST('pg_catalog.pg_class' AS regclass) AND dependency.deptype IN ('a', 'i')
  JOIN pg_catalog.pg_class AS base ON base.oid = dependency.refobjid
  JOIN pg_catalog.pg_namespace AS place ON place.oid = base.relnamespace
  JOIN pg_catalog.pg_attribute AS attribute
    ON attribute.attrelid = base.oid AND attribute.attnum = dependency.refobjsubid
  JOIN pg_catalog.pg_index AS served
    ON served.indrelid = base.oid AND served.indisunique AND served.indnkeyatts = 1 AND served.indkey[0] = attribute.attnum
 WHERE counted.seqcycle
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 ORDER BY object;
