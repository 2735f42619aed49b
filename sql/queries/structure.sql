-- name: structure
-- Everything that makes up the schema, as kind, object and definition, the same on every version of PostgreSQL.
WITH relation AS (
    SELECT class.oid, class.relname, class.relkind, class.relowner, class.relacl, class.relrowsecurity,
           class.relforcerowsecurity, class.relpersistence, class.reloptions,
           namespace.nspname || '.' || class.relname AS name
      FROM pg_catalog.pg_class AS class
      JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
     WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
       AND NOT CAST(class.oid AS bigint) = ANY (CAST(:locked AS bigint[]))
), definition AS (
    SELECT 'table' AS kind, relation.name AS object,
           concat_ws(' ', relation.relpersistence, CASE WHEN relation.relrowsecurity THEN 'row security' END,
                     CASE WHEN relation.relforcerowsecurity THEN 'forced' END) AS definition
      FROM relation
     WHERE relation.relkind IN ('r', 'p')
    UNION ALL
    SELECT 'view', relation.name, pg_catalog.pg_get_viewdef(relation.oid) || coalesce(CAST(relation.reloptions AS text), '')
      FROM relation
     WHERE relation.relkind IN ('v', 'm')
    UNION ALL
    SELECT 'column', relation.name || '.' || attribute.attname,
           concat_ws(' ', format_type(attribute.atttypid, attribute.atttypmod),
                     CASE WHEN attribute.attnotnull THEN 'NOT NULL' END,
                     'DEFAULT ' || pg_catalog.pg_get_expr(given.adbin, given.adrelid),
                     CASE WHEN attribute.attidentity <> '' THEN 'IDENTITY ' || CAST(attribute.attidentity AS text) END,
                     CASE WHEN attribute.attgenerated <> '' THEN 'GENERATED' END)
      FROM relation
      JOIN pg_catalog.pg_attribute AS attribute
        ON attribute.attrelid = relation.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
      LEFT JOIN pg_catalog.pg_attrdef AS given
        ON given.adrelid = attribute.attrelid AND given.adnum = attribute.attnum
     WHERE relation.relkind IN ('r', 'p')
    UNION ALL
    SELECT 'constraint', relation.name || '.' || held.conname, pg_catalog.pg_get_constraintdef(held.oid)
      FROM relation
      JOIN pg_catalog.pg_constraint AS held ON held.conrelid = relation.oid
     WHERE held.contype <> 'n'
    UNION ALL
    SELECT 'index', relation.name || '.' || index_class.relname,
           pg_catalog.pg_get_indexdef(held.indexrelid) || CASE WHEN held.indisvalid THEN '' ELSE ' INVALID' END
      FROM relation
      JOIN pg_catalog.pg_index AS held ON held.indrelid = relation.oid
      JOIN pg_catalog.pg_class AS index_class ON index_class.oid = held.indexrelid
    UNION ALL
    SELECT 'trigger', relation.name || '.' || fired.tgname,
           pg_catalog.pg_get_triggerdef(fired.oid) || ' ' || CAST(fired.tgenabled AS text)
      FROM relation
      JOIN pg_catalog.pg_trigger AS fired ON fired.tgrelid = relation.oid
     WHERE NOT fired.tgisinternal
    UNION ALL
    SELECT 'key trigger', relation.name || '.' || held.conname, string_agg(DISTINCT CAST(fired.tgenabled AS text), '')
      FROM relation
      JOIN pg_catalog.pg_constraint AS held ON held.conrelid = relation.oid AND held.contype = 'f'
      JOIN pg_catalog.pg_trigger AS fired ON fired.tgconstraint = held.oid
     GROUP BY relation.name, held.conname
    UNION ALL
    SELECT 'policy', relation.name || '.' || policy.polname,
           concat_ws(' ', policy.polcmd, CASE WHEN policy.polpermissive THEN 'permissive' ELSE 'restrictive' END,
                     (SELECT string_agg(coalesce(role.rolname, 'public'), ',' ORDER BY role.rolname)
                        FROM unnest(policy.polroles) AS given (oid)
                        LEFT JOIN pg_catalog.pg_roles AS role ON role.oid = given.oid),
                     'USING ' || pg_catalog.pg_get_expr(policy.polqual, policy.polrelid),
                     'CHECK ' || pg_catalog.pg_get_expr(policy.polwithcheck, policy.polrelid))
      FROM relation
      JOIN pg_catalog.pg_policy AS policy ON policy.polrelid = relation.oid
    UNION ALL
    SELECT 'function', namespace.nspname || '.' || routine.proname || '('
                       || pg_catalog.pg_get_function_identity_arguments(routine.oid) || ')',
           concat_ws(' ', routine.provolatile, routine.proparallel,
                     CASE WHEN routine.prosecdef THEN 'SECURITY DEFINER' END,
                     CAST(routine.proconfig AS text), md5(routine.prosrc))
      FROM pg_catalog.pg_proc AS routine
      JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = routine.pronamespace
     WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
    UNION ALL
    SELECT 'grant', relation.name || ' to ' || coalesce(role.rolname, 'public'),
           string_agg(held.privilege_type, ',' ORDER BY held.privilege_type)
      FROM relation
     CROSS JOIN LATERAL pg_catalog.aclexplode(relation.relacl) AS held
      LEFT JOIN pg_catalog.pg_roles AS role ON role.oid = held.grantee
     WHERE held.grantee <> relation.relowner
     GROUP BY relation.name, role.rolname
    UNION ALL
    SELECT 'grant', relation.name || '.' || attribute.attname || ' to ' || coalesce(role.rolname, 'public'),
           string_agg(held.privilege_type, ',' ORDER BY held.privilege_type)
      FROM relation
      JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = relation.oid AND NOT attribute.attisdropped
     CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS held
      LEFT JOIN pg_catalog.pg_roles AS role ON role.oid = held.grantee
     GROUP BY relation.name, attribute.attname, role.rolname
    UNION ALL
    SELECT 'grant', namespace.nspname || '.' || routine.proname || '('
                    || pg_catalog.pg_get_function_identity_arguments(routine.oid) || ') to '
                    || coalesce(role.rolname, 'public'),
           held.privilege_type
      FROM pg_catalog.pg_proc AS routine
      JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = routine.pronamespace
     CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(routine.proacl, acldefault('f', routine.proowner))) AS held
      LEFT JOIN pg_catalog.pg_roles AS role ON role.oid = held.grantee
     WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
       AND held.grantee <> routine.proowner
    UNION ALL
    SELECT 'grant', 'schema ' || namespace.nspname || ' to ' || coalesce(role.rolname, 'public'),
           string_agg(held.privilege_type, ',' ORDER BY held.privilege_type)
      FROM pg_catalog.pg_namespace AS namespace
     CROSS JOIN LATERAL pg_catalog.aclexplode(namespace.nspacl) AS held
      LEFT JOIN pg_catalog.pg_roles AS role ON role.oid = held.grantee
     WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
       AND held.grantee <> namespace.nspowner
     GROUP BY namespace.nspname, role.rolname
)
SELECT definition.kind, definition.object, definition.definition
  FROM definition
 ORDER BY definition.kind COLLATE "C", definition.object COLLATE "C";

-- name: ledger
-- Migrations as they were when they were applied.
SELECT applied_file.name, applied_file.sha256
  FROM app.applied_file
 ORDER BY applied_file.name;
