-- name: table_without_primary_key
-- A table without a primary key has rows that nothing can name, so they cannot be referred to or repaired.
SELECT 'error' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       'the table has no primary key' AS message,
       jsonb_build_object('columns', relation.relnatts, 'unique_indexes', (
           SELECT coalesce(jsonb_agg(named.relname ORDER BY named.relname), '[]')
             FROM pg_catalog.pg_index AS held
             JOIN pg_catalog.pg_class AS named ON named.oid = held.indexrelid
            WHERE held.indrelid = relation.oid
              AND held.indisunique)) AS evidence,
       format('ALTER TABLE %I.%I ADD PRIMARY KEY (...)', namespace.nspname, relation.relname) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE relation.relkind IN ('r', 'p')
   AND NOT relation.relispartition
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_constraint AS held
            WHERE held.conrelid = relation.oid
              AND held.contype = 'p')
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS dependency
            WHERE dependency.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND dependency.objid = relation.oid
              AND dependency.deptype = 'e')
 ORDER BY object;

-- name: trigger_disabled
-- A disabled trigger does nothing: what it should check, stamp or write down is missing from then on.
SELECT CASE fired.tgenabled WHEN 'D' THEN 'error' ELSE 'warning' END AS severity,
       format('%I.%I.%I', namespace.nspname, relation.relname, fired.tgname) AS object,
       CASE fired.tgenabled
           WHEN 'D' THEN 'the trigger is disabled'
           ELSE 'the trigger fires only while changes are replicated, not for those that are made here'
       END AS message,
       jsonb_build_object('enabled', fired.tgenabled, 'function', format('%I.%I', home.nspname, called.proname)) AS evidence,
       format('ALTER TABLE %I.%I ENABLE TRIGGER %I', namespace.nspname, relation.relname, fired.tgname) AS fix
  FROM pg_catalog.pg_trigger AS fired
  JOIN pg_catalog.pg_class AS relation ON relation.oid = fired.tgrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_proc AS called ON called.oid = fired.tgfoid
  JOIN pg_catalog.pg_namespace AS home ON home.oid = called.pronamespace
 WHERE NOT fired.tgisinternal
   AND fired.tgenabled IN ('D', 'R')
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_trigger AS above
            WHERE above.oid = fired.tgparentid
              AND above.tgenabled = fired.tgenabled)
 ORDER BY object;

-- name: event_trigger_disabled
-- A disabled event trigger no longer watches over changes of the schema.
SELECT 'warning' AS severity,
       quote_ident(watching.evtname) AS object,
       CASE watching.evtenabled
           WHEN 'D' THEN 'the event trigger is disabled'
           ELSE 'the event trigger fires only while changes are replicated'
       END AS message,
       jsonb_build_object('event', watching.evtevent, 'enabled', watching.evtenabled) AS evidence,
       format('ALTER EVENT TRIGGER %I ENABLE', watching.evtname) AS fix
  FROM pg_catalog.pg_event_trigger AS watching
 WHERE watching.evtenabled IN ('D', 'R')
 ORDER BY object;

-- name: rule_disabled
-- A disabled rewrite rule does nothing.
SELECT 'warning' AS severity,
       format('%I.%I.%I', namespace.nspname, relation.relname, rewritten.rulename) AS object,
       'the rule is disabled' AS message,
       jsonb_build_object('enabled', rewritten.ev_enabled) AS evidence,
       format('ALTER TABLE %I.%I ENABLE RULE %I', namespace.nspname, relation.relname, rewritten.rulename) AS fix
  FROM pg_catalog.pg_rewrite AS rewritten
  JOIN pg_catalog.pg_class AS relation ON relation.oid = rewritten.ev_class
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE rewritten.ev_enabled IN ('D', 'R')
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 ORDER BY object;

-- name: extension_outdated
-- The files of a newer version are there, with its mended defects, but the database still runs the older one.
SELECT 'warning' AS severity,
       quote_ident(installed.extname) AS object,
       format('version %s is installed, %s is there', installed.extversion, offered.default_version) AS message,
       jsonb_build_object('installed', installed.extversion, 'available', offered.default_version) AS evidence,
       format('ALTER EXTENSION %I UPDATE', installed.extname) AS fix
  FROM pg_catalog.pg_extension AS installed
  JOIN pg_catalog.pg_available_extensions AS offered ON offered.name = installed.extname
 WHERE offered.default_version <> installed.extversion
   AND EXISTS (
           SELECT
             FROM pg_catalog.pg_extension_update_paths(installed.extname) AS way
            WHERE way.source = installed.extversion
              AND way.target = offered.default_version
              AND way.path IS NOT NULL)
 ORDER BY object;

-- name: extension_in_public
-- An extension in public mixes its objects with yours, and its functions are found by everybody's search_path.
SELECT 'warning' AS severity,
       quote_ident(installed.extname) AS object,
       'the extension is installed in the schema public' AS message,
       jsonb_build_object('version', installed.extversion, 'relocatable', installed.extrelocatable) AS evidence,
       CASE WHEN installed.extrelocatable
            THEN format('CREATE SCHEMA IF NOT EXISTS extensions; ALTER EXTENSION %I SET SCHEMA extensions', installed.extname)
            ELSE format('DROP EXTENSION %1$I; CREATE EXTENSION %1$I SCHEMA extensions', installed.extname)
       END AS fix
  FROM pg_catalog.pg_extension AS installed
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = installed.extnamespace
 WHERE namespace.nspname = 'public'
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS dependency
            WHERE dependency.refclassid = CAST('pg_catalog.pg_extension' AS regclass)
              AND dependency.refobjid = installed.oid
              AND dependency.deptype = 'e')
 ORDER BY object;

-- name: function_search_path_dependent
-- What a function means that names tables or functions without their schema depends on who calls it.
WITH written AS (
    SELECT body.oid, body.pronamespace, body.proname, body.prokind,
           pg_catalog.pg_get_function_identity_arguments(body.oid) AS arguments,
           -- Comments, then texts, leave nothing behind that could be taken for a name.
           regexp_replace(regexp_replace(body.prosrc, '--[^\n]*|/\*.*?\*/', ' ', 'g'), '''(?:[^'']|'''')*''', ' ', 'g') AS source
      FROM pg_catalog.pg_proc AS body
      JOIN pg_catalog.pg_language AS language ON language.oid = body.prolang
     WHERE body.prokind IN ('f', 'p')
       AND language.lanname IN ('sql', 'plpgsql')
       AND to_jsonb(body) ->> 'prosqlbody' IS NULL
       AND NOT body.prosecdef
       AND NOT EXISTS (
               SELECT FROM unnest(body.proconfig) AS setting WHERE setting LIKE 'search\_path=%')
       AND NOT EXISTS (
               SELECT
                 FROM pg_catalog.pg_depend AS dependency
                WHERE dependency.classid = CAST('pg_catalog.pg_proc' AS regclass)
                  AND dependency.objid = body.oid
                  AND dependency.deptype = 'e')),
called AS (
    SELECT written.oid, format('%I()', other.proname) AS name
      FROM written
      JOIN pg_catalog.pg_proc AS other ON other.oid <> written.oid
      JOIN pg_catalog.pg_namespace AS home ON home.oid = other.pronamespace
     WHERE home.nspname NOT IN ('pg_catalog', 'information_schema')
       AND written.source ~* format('(^|[^.\w"])"?%s"?\s*\(', regexp_replace(other.proname, '([^\w])', '\\\1', 'g'))
       AND NOT EXISTS (
               SELECT
                 FROM pg_catalog.pg_proc AS builtin
                WHERE builtin.proname = other.proname
                  AND builtin.pronamespace = CAST('pg_catalog' AS regnamespace))),
named AS (
    SELECT written.oid, quote_ident(other.relname) AS name
      FROM written
      JOIN pg_catalog.pg_class AS other ON other.relkind IN ('r', 'p', 'v', 'm', 'f')
      JOIN pg_catalog.pg_namespace AS home ON home.oid = other.relnamespace
     WHERE home.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
       AND written.source ~* format(
               '\m(from|join|into|update|only|table|using|truncate|like)\s+(only\s+)?"?%1$s"?(?![.\w"])|(^|[^.\w"])"?%1$s"?\s*%%\s*rowtype',
               regexp_replace(other.relname, '([^\w])', '\\\1', 'g'))
       -- A common table expression of the same name is no table.
       AND NOT written.source ~* format('\m%s\M"?\s*(\([^)]*\)\s*)?as\s+(not\s+)?(materialized\s+)?\(',
                                        regexp_replace(other.relname, '([^\w])', '\\\1', 'g')))
SELECT 'warning' AS severity,
       format('%I.%I(%s)', namespace.nspname, written.proname, written.arguments) AS object,
       'the ' || CASE written.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END
           || ' has no search_path of its own and names without schema: ' || string_agg(DISTINCT found.name, ', ') AS message,
       jsonb_build_object('names', jsonb_agg(DISTINCT found.name)) AS evidence,
       format('ALTER ROUTINE %I.%I(%s) SET search_path = %s', namespace.nspname, written.proname, written.arguments,
              concat_ws(', ', quote_ident(namespace.nspname), 'pg_temp')) AS fix
  FROM written
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = written.pronamespace
  JOIN (SELECT * FROM called UNION SELECT * FROM named) AS found ON found.oid = written.oid
 WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
 GROUP BY namespace.nspname, written.oid, written.proname, written.arguments, written.prokind
 ORDER BY object;

-- name: object_number_in_column
-- Types such as regclass hold the number of an object: it is another one after a restore, and pg_upgrade refuses most.
WITH RECURSIVE held AS MATERIALIZED (
    SELECT wider.oid AS whole, wider.typelem AS part
      FROM pg_catalog.pg_type AS wider
     WHERE wider.typelem <> 0
       AND wider.typcategory = 'A'
     UNION ALL
    SELECT wider.oid, wider.typbasetype
      FROM pg_catalog.pg_type AS wider
     WHERE wider.typbasetype <> 0
     UNION ALL
    SELECT composite.reltype, field.atttypid
      FROM pg_catalog.pg_class AS composite
      JOIN pg_catalog.pg_attribute AS field ON field.attrelid = composite.oid
     WHERE composite.relkind = 'c'
       AND field.attnum > 0
       AND NOT field.attisdropped),
fragile AS (
    SELECT named.oid, named.typname
      FROM pg_catalog.pg_type AS named
     WHERE named.typnamespace = CAST('pg_catalog' AS regnamespace)
       AND named.typname IN ('regclass', 'regcollation', 'regconfig', 'regdatabase', 'regdictionary', 'regnamespace',
                             'regoper', 'regoperator', 'regproc', 'regprocedure', 'regrole', 'regtype')
     UNION
    SELECT held.whole, fragile.typname
      FROM fragile
      JOIN held ON held.part = fragile.oid)
SELECT 'warning' AS severity,
       format('%I.%I.%I', namespace.nspname, relation.relname, attribute.attname) AS object,
       format('the column holds numbers of database objects (%s), which change when the database is restored',
              string_agg(DISTINCT fragile.typname, ', ')) AS message,
       jsonb_build_object('type', pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)) AS evidence,
       format('ALTER TABLE %I.%I ALTER COLUMN %I TYPE text', namespace.nspname, relation.relname, attribute.attname) AS fix
  FROM fragile
  JOIN pg_catalog.pg_attribute AS attribute ON attribute.atttypid = fragile.oid
  JOIN pg_catalog.pg_class AS relation ON relation.oid = attribute.attrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE relation.relkind IN ('r', 'p', 'm', 'f')
   AND NOT relation.relispartition
   AND attribute.attnum > 0
   AND NOT attribute.attisdropped
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS dependency
            WHERE dependency.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND dependency.objid = relation.oid
              AND dependency.deptype = 'e')
 GROUP BY namespace.nspname, relation.relname, attribute.attname, attribute.atttypid, attribute.atttypmod
 ORDER BY object;

-- name: table_without_columns
-- A table without columns holds nothing.
SELECT 'warning' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       'the table has no column left' AS message,
       jsonb_build_object('dropped_columns', relation.relnatts) AS evidence,
       format('DROP TABLE %I.%I', namespace.nspname, relation.relname) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE relation.relkind IN ('r', 'p')
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_attribute AS attribute
            WHERE attribute.attrelid = relation.oid
              AND attribute.attnum > 0
              AND NOT attribute.attisdropped)
 ORDER BY object;

-- name: collation_outdated
-- The system's sorting rules changed since the indexes were built: searches in them can miss rows.
SELECT 'error' AS severity,
       format('%I.%I', namespace.nspname, sorted.collname) AS object,
       'the collation is of another version than the system has: indexes that use it may be wrong' AS message,
       jsonb_build_object('recorded', sorted.collversion, 'actual', pg_catalog.pg_collation_actual_version(sorted.oid)) AS evidence,
       format('REINDEX DATABASE %I; ALTER COLLATION %I.%I REFRESH VERSION', pg_catalog.current_database(),
              namespace.nspname, sorted.collname) AS fix
  FROM pg_catalog.pg_collation AS sorted
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = sorted.collnamespace
 WHERE sorted.collversion <> pg_catalog.pg_collation_actual_version(sorted.oid)
   AND EXISTS (
           SELECT
             FROM pg_catalog.pg_attribute AS attribute
             JOIN pg_catalog.pg_class AS relation ON relation.oid = attribute.attrelid
             JOIN pg_catalog.pg_namespace AS home ON home.oid = relation.relnamespace
            WHERE attribute.attcollation = sorted.oid
              AND home.nspname = ANY (CAST(:schemas AS text[])))
 ORDER BY object;

-- name: database_collation_outdated
-- The system's sorting rules changed since the database was made: searches in indexes on text can miss rows.
-- needs: server 15
SELECT 'error' AS severity,
       quote_ident(here.datname) AS object,
       'the database''s collation is of another version than the system has: indexes on text may be wrong' AS message,
       jsonb_build_object('recorded', to_jsonb(here) ->> 'datcollversion',
                          'actual', pg_catalog.pg_database_collation_actual_version(here.oid)) AS evidence,
       format('REINDEX DATABASE %1$I; ALTER DATABASE %1$I REFRESH COLLATION VERSION', here.datname) AS fix
  FROM pg_catalog.pg_database AS here
 WHERE here.datname = pg_catalog.current_database()
   AND to_jsonb(here) ->> 'datcollversion' <> pg_catalog.pg_database_collation_actual_version(here.oid);
