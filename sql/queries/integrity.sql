-- name: keys
-- Foreign keys as they are: where from, where to, the rule, whether they hold for old rows and whether they are enforced.
SELECT held.conname AS name,
       child_schema.nspname || '.' || child.relname AS child,
       (SELECT string_agg(attribute.attname, ' ' ORDER BY numbered.place)
          FROM unnest(held.conkey) WITH ORDINALITY AS numbered (attnum, place)
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = held.conrelid AND attribute.attnum = numbered.attnum) AS child_columns,
       parent_schema.nspname || '.' || parent.relname AS parent,
       (SELECT string_agg(attribute.attname, ' ' ORDER BY numbered.place)
          FROM unnest(held.confkey) WITH ORDINALITY AS numbered (attnum, place)
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = held.confrelid AND attribute.attnum = numbered.attnum) AS parent_columns,
       CASE held.confdeltype WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL'
                             WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END AS on_delete,
       held.convalidated AS is_validated,
       NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_trigger AS fired
            WHERE fired.tgconstraint = held.oid
              AND fired.tgenabled <> 'O') AS is_enforced
  FROM pg_catalog.pg_constraint AS held
  JOIN pg_catalog.pg_class AS child ON child.oid = held.conrelid
  JOIN pg_catalog.pg_namespace AS child_schema ON child_schema.oid = child.relnamespace
  JOIN pg_catalog.pg_class AS parent ON parent.oid = held.confrelid
  JOIN pg_catalog.pg_namespace AS parent_schema ON parent_schema.oid = parent.relnamespace
 WHERE held.contype = 'f'
   AND child_schema.nspname IN ('cryo', 'app', 'quarantine')
 ORDER BY name;

-- name: tables
-- Tables with the columns of their primary keys and the columns that a row is put back with.
SELECT namespace.nspname || '.' || relation.relname AS name,
       array_agg(attribute.attname ORDER BY attribute.attnum) FILTER (
           WHERE attribute.attnum = ANY (CAST(primary_key.indkey AS smallint[]))) AS key,
       array_agg(attribute.attname ORDER BY attribute.attnum) FILTER (WHERE attribute.attgenerated = '') AS columns
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_attribute AS attribute
    ON attribute.attrelid = relation.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
  LEFT JOIN pg_catalog.pg_index AS primary_key ON primary_key.indrelid = relation.oid AND primary_key.indisprimary
 WHERE namespace.nspname IN ('cryo', 'app')
   AND relation.relkind IN ('r', 'p')
 GROUP BY namespace.nspname, relation.relname
 ORDER BY name;

-- name: indexes
-- Columns that usable indexes begin with, for finding keys that no index serves.
SELECT namespace.nspname || '.' || relation.relname AS table_name,
       (SELECT array_agg(attribute.attname ORDER BY numbered.place)
          FROM unnest(CAST(index.indkey AS smallint[])) WITH ORDINALITY AS numbered (attnum, place)
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = index.indrelid AND attribute.attnum = numbered.attnum
         WHERE numbered.place <= index.indnkeyatts) AS columns
  FROM pg_catalog.pg_index AS index
  JOIN pg_catalog.pg_class AS relation ON relation.oid = index.indrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname IN ('cryo', 'app')
   AND index.indisvalid
   AND index.indisready
   AND index.indpred IS NULL
   AND index.indexprs IS NULL
 ORDER BY table_name;

-- name: policies
-- Policies as they are, written as sql/structure.csv writes them.
SELECT namespace.nspname || '.' || relation.relname AS table_name,
       policy.polname AS name,
       concat_ws(' ', policy.polcmd, CASE WHEN policy.polpermissive THEN 'permissive' ELSE 'restrictive' END,
                 (SELECT string_agg(coalesce(role.rolname, 'public'), ',' ORDER BY role.rolname)
                    FROM unnest(policy.polroles) AS given (oid)
                    LEFT JOIN pg_catalog.pg_roles AS role ON role.oid = given.oid),
                 'USING ' || pg_catalog.pg_get_expr(policy.polqual, policy.polrelid),
                 'CHECK ' || pg_catalog.pg_get_expr(policy.polwithcheck, policy.polrelid)) AS definition
  FROM pg_catalog.pg_policy AS policy
  JOIN pg_catalog.pg_class AS relation ON relation.oid = policy.polrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname IN ('cryo', 'quarantine')
 ORDER BY table_name, name;

-- name: unvalidated
-- Constraints other than foreign keys that were never checked against the rows that were there before them.
SELECT namespace.nspname || '.' || relation.relname || '.' || held.conname AS name
  FROM pg_catalog.pg_constraint AS held
  JOIN pg_catalog.pg_class AS relation ON relation.oid = held.conrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname IN ('cryo', 'app', 'quarantine')
   AND held.contype <> 'f'
   AND NOT held.convalidated
 ORDER BY name;

-- name: unforced
-- Tables whose row level security is not enabled and forced.
SELECT namespace.nspname || '.' || relation.relname AS name
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 WHERE namespace.nspname IN ('cryo', 'quarantine')
   AND relation.relkind IN ('r', 'p')
   AND NOT (relation.relrowsecurity AND relation.relforcerowsecurity)
 ORDER BY name;

-- name: quarantine
-- Keep rows whole, with the reason, before they are taken out of their table.
INSERT INTO quarantine.quarantined_row (table_schema, table_name, key, reason, content)
SELECT :table_schema, :table_name, moved.key, :reason, moved.content
  FROM jsonb_to_recordset(CAST(:moved AS jsonb)) AS moved (key jsonb, content jsonb)
RETURNING id;

-- name: quarantined_row
-- One row in quarantine that was not put back yet.
SELECT id, table_schema || '.' || table_name AS table_name, key, reason, content, restored_at
  FROM quarantine.quarantined_row
 WHERE id = :id
   FOR UPDATE;

-- name: quarantined_rows
-- What is in quarantine, newest first.
SELECT id, table_schema || '.' || table_name AS table_name, key, reason,
       to_char(moved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS moved_at,
       to_char(restored_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS restored_at
  FROM quarantine.quarantined_row
 ORDER BY id DESC;

-- name: mark_restored
-- Write down that a row is back in its table.
UPDATE quarantine.quarantined_row
   SET restored_at = now()
 WHERE id = :id;

-- name: audit
-- Write down what repair changed, and for whom if it was asked for by somebody who is signed in.
INSERT INTO cryo.audit_event (actor_id, action, object, detail)
VALUES (CAST(nullif(current_setting('app.user_id', true), '') AS uuid), :action, :object, CAST(:detail AS jsonb));
