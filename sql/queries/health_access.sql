-- name: row_security_off
-- A table that ordinary roles may read or write has no row level security, so each of them sees all its rows.
SELECT 'error' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       'row level security is off, but ' || string_agg(DISTINCT held.who, ', ')
           || ' may use the table' AS message,
       jsonb_build_object('grantees', jsonb_agg(DISTINCT held.who),
                          'rights', jsonb_agg(DISTINCT held.privilege_type)) AS evidence,
       format('ALTER TABLE %1$I.%2$I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; -- then write policies',
              namespace.nspname, relation.relname) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type, given.attname,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM (SELECT whole.grantee, whole.privilege_type, CAST(NULL AS name) AS attname
                     FROM pg_catalog.aclexplode(relation.relacl) AS whole
                    UNION
                   SELECT part.grantee, part.privilege_type, attribute.attname
                     FROM pg_catalog.pg_attribute AS attribute
                    CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS part
                    WHERE attribute.attrelid = relation.oid
                      AND NOT attribute.attisdropped) AS given) AS held
 WHERE relation.relkind IN ('r', 'p')
   AND NOT relation.relrowsecurity
   AND held.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
   AND held.grantee <> relation.relowner
   AND CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 GROUP BY namespace.nspname, relation.relname
 ORDER BY object;

-- name: row_security_not_forced
-- A table with row level security does not force it, so its owner, and whoever acts as the owner, sees all rows.
SELECT CASE WHEN owner.rolsuper OR owner.rolbypassrls THEN 'info' ELSE 'warning' END AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       format('row level security is not forced: the owner %I passes by the policies', owner.rolname) AS message,
       jsonb_build_object('owner', owner.rolname, 'owner_bypasses_anyway', owner.rolsuper OR owner.rolbypassrls)
           AS evidence,
       format('ALTER TABLE %I.%I FORCE ROW LEVEL SECURITY', namespace.nspname, relation.relname) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_roles AS owner ON owner.oid = relation.relowner
 WHERE relation.relkind IN ('r', 'p')
   AND relation.relrowsecurity
   AND NOT relation.relforcerowsecurity
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 ORDER BY object;

-- name: row_security_without_policy
-- Row level security is on and no policy exists, so nobody but the owner sees a row.
SELECT CASE WHEN bool_or(CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))) THEN 'warning'
            ELSE 'info' END AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       'row level security is enabled but there is no policy: roles with rights on the table see no rows' AS message,
       jsonb_build_object('grantees', coalesce(jsonb_agg(DISTINCT held.who)
                                                   FILTER (WHERE held.grantee IS NOT NULL), '[]')) AS evidence,
       format('CREATE POLICY %I ON %I.%I FOR SELECT TO ... USING (...) -- or take the rights away',
              relation.relname || '_select', namespace.nspname, relation.relname) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  LEFT JOIN LATERAL (
           SELECT given.grantee, given.privilege_type, given.attname,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM (SELECT whole.grantee, whole.privilege_type, CAST(NULL AS name) AS attname
                     FROM pg_catalog.aclexplode(relation.relacl) AS whole
                    UNION
                   SELECT part.grantee, part.privilege_type, attribute.attname
                     FROM pg_catalog.pg_attribute AS attribute
                    CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS part
                    WHERE attribute.attrelid = relation.oid
                      AND NOT attribute.attisdropped) AS given) AS held ON held.grantee <> relation.relowner
 WHERE relation.relkind IN ('r', 'p')
   AND relation.relrowsecurity
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy AS policy WHERE policy.polrelid = relation.oid)
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 GROUP BY namespace.nspname, relation.relname, relation.relispartition
HAVING bool_or(CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[])))
    OR (count(held.grantee) = 0 AND NOT relation.relispartition)
 ORDER BY object;

-- name: policy_without_row_security
-- Policies exist on a table whose row level security is off, so they do nothing.
SELECT 'error' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       format('%s policies do nothing, because row level security is off', count(*)) AS message,
       jsonb_build_object('policies', jsonb_agg(policy.polname ORDER BY policy.polname)) AS evidence,
       format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
              namespace.nspname, relation.relname) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_policy AS policy ON policy.polrelid = relation.oid
 WHERE NOT relation.relrowsecurity
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 GROUP BY namespace.nspname, relation.relname
 ORDER BY object;

-- name: granted_without_policy
-- A role was granted an operation on a table with row level security for which no policy lets it touch a row.
WITH wanting AS (
    SELECT DISTINCT relation.oid, namespace.nspname, relation.relname, held.grantee, held.privilege_type
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type, given.attname,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM (SELECT whole.grantee, whole.privilege_type, CAST(NULL AS name) AS attname
                     FROM pg_catalog.aclexplode(relation.relacl) AS whole
                    UNION
                   SELECT part.grantee, part.privilege_type, attribute.attname
                     FROM pg_catalog.pg_attribute AS attribute
                    CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS part
                    WHERE attribute.attrelid = relation.oid
                      AND NOT attribute.attisdropped) AS given) AS held
     WHERE relation.relkind IN ('r', 'p')
       AND relation.relrowsecurity
       AND held.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
       AND held.grantee NOT IN (0, relation.relowner)
       AND CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))
       AND namespace.nspname = ANY (CAST(:schemas AS text[]))
       AND EXISTS (SELECT FROM pg_catalog.pg_policy AS policy WHERE policy.polrelid = relation.oid))
SELECT CASE WHEN bool_or(wanting.privilege_type <> 'SELECT') THEN 'warning' ELSE 'info' END AS severity,
       format('%I.%I', wanting.nspname, wanting.relname) AS object,
       'granted, but no policy allows it: '
           || string_agg(format('%s to %I', wanting.privilege_type, grantee.rolname), ', '
                         ORDER BY grantee.rolname, wanting.privilege_type) AS message,
       jsonb_build_object('missing', jsonb_agg(jsonb_build_object('role', grantee.rolname,
                                                                  'operation', wanting.privilege_type))) AS evidence,
       string_agg(format('CREATE POLICY %I ON %I.%I FOR %s TO %I ... -- or REVOKE %4$s ON %2$I.%3$I FROM %5$I',
                         lower(wanting.relname || '_' || wanting.privilege_type),
                         wanting.nspname, wanting.relname, wanting.privilege_type, grantee.rolname), E'\n'
                  ORDER BY grantee.rolname, wanting.privilege_type) AS fix
  FROM wanting
  JOIN pg_catalog.pg_roles AS grantee ON grantee.oid = wanting.grantee
 WHERE NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_policy AS policy
            CROSS JOIN LATERAL unnest(policy.polroles) AS named (role)
            WHERE policy.polrelid = wanting.oid
              AND policy.polpermissive
              AND (policy.polcmd = '*'
                   OR wanting.privilege_type = CASE policy.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
                                                                  WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' END)
              AND (named.role = 0 OR pg_catalog.pg_has_role(wanting.grantee, named.role, 'MEMBER')))
 GROUP BY wanting.nspname, wanting.relname
 ORDER BY object;

-- name: several_permissive_policies
-- Several permissive policies apply to one role and operation: any of them opens a row, and all of them cost time.
WITH applying AS (
    SELECT relation.oid, namespace.nspname, relation.relname, named.role, operation.letter, policy.polname
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
      JOIN pg_catalog.pg_policy AS policy ON policy.polrelid = relation.oid AND policy.polpermissive
     CROSS JOIN LATERAL unnest(CASE policy.polcmd WHEN '*' THEN CAST('{r,a,w,d}' AS "char"[])
                                                  ELSE ARRAY[policy.polcmd] END) AS operation (letter)
      JOIN (SELECT other.polrelid, every_role.role
              FROM pg_catalog.pg_policy AS other
             CROSS JOIN LATERAL unnest(other.polroles) AS every_role (role)
             GROUP BY other.polrelid, every_role.role) AS named
        ON named.polrelid = relation.oid
       AND (named.role = ANY (policy.polroles) OR 0 = ANY (policy.polroles))
     WHERE namespace.nspname = ANY (CAST(:schemas AS text[]))
       AND CAST(named.role AS bigint) = ANY (CAST(:low AS bigint[]))),
crowded AS (
    SELECT nspname, relname,
           CASE letter WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                       ELSE 'DELETE' END AS operation,
           CASE role WHEN 0 THEN 'PUBLIC' ELSE format('%I', pg_catalog.pg_get_userbyid(role)) END AS role,
           array_agg(polname ORDER BY polname) AS policies
      FROM applying
     GROUP BY nspname, relname, role, letter
    HAVING count(*) > 1)
SELECT 'warning' AS severity,
       format('%I.%I', nspname, relname) AS object,
       'several permissive policies for one role and operation: '
           || string_agg(format('%s by %s (%s)', operation, role, array_to_string(policies, ', ')), '; '
                         ORDER BY operation, role) AS message,
       jsonb_build_object('crowded', jsonb_agg(jsonb_build_object('operation', operation, 'role', role,
                                                                  'policies', to_jsonb(policies)))) AS evidence,
       'join them into one policy with OR, or make the narrowing one AS RESTRICTIVE' AS fix
  FROM crowded
 GROUP BY nspname, relname
 ORDER BY object;

-- name: table_open_to_anonymous
-- A table without row level security can be read or written without logging in.
SELECT 'error' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       format('%s may %s every row, and no policy holds them back', string_agg(DISTINCT held.who, ', '),
              string_agg(DISTINCT held.privilege_type, ', ')) AS message,
       jsonb_build_object('grantees', jsonb_agg(DISTINCT held.who),
                          'rights', jsonb_agg(DISTINCT held.privilege_type)) AS evidence,
       format('REVOKE ALL ON %I.%I FROM %s', namespace.nspname, relation.relname,
              string_agg(DISTINCT held.who, ', ')) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type, given.attname,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM (SELECT whole.grantee, whole.privilege_type, CAST(NULL AS name) AS attname
                     FROM pg_catalog.aclexplode(relation.relacl) AS whole
                    UNION
                   SELECT part.grantee, part.privilege_type, attribute.attname
                     FROM pg_catalog.pg_attribute AS attribute
                    CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS part
                    WHERE attribute.attrelid = relation.oid
                      AND NOT attribute.attisdropped) AS given) AS held
  LEFT JOIN pg_catalog.pg_roles AS grantee ON grantee.oid = held.grantee
 WHERE relation.relkind IN ('r', 'p')
   AND NOT relation.relrowsecurity
   AND held.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
   AND (held.grantee = 0
        OR (grantee.rolname ~* '(^|_)(anon|anonymous|guest|visitor|public)(_|$)'
            AND NOT grantee.rolsuper
            AND NOT grantee.rolbypassrls))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 GROUP BY namespace.nspname, relation.relname
 ORDER BY object;

-- name: sensitive_column_exposed
-- A column that holds a password, a token or another secret can be read by ordinary roles.
SELECT 'error' AS severity,
       format('%I.%I.%I', namespace.nspname, relation.relname, shown.attname) AS object,
       'the column looks like a secret, and ' || string_agg(DISTINCT held.who, ', ')
           || ' may read it' AS message,
       jsonb_build_object('grantees', jsonb_agg(DISTINCT held.who),
                          'type', pg_catalog.format_type(shown.atttypid, shown.atttypmod)) AS evidence,
       format('REVOKE SELECT ON %1$I.%2$I FROM %3$s; REVOKE SELECT (%4$I) ON %1$I.%2$I FROM %3$s; '
              '-- then GRANT SELECT (the other columns)', namespace.nspname, relation.relname,
              string_agg(DISTINCT held.who, ', '), shown.attname) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_attribute AS shown
    ON shown.attrelid = relation.oid AND shown.attnum > 0 AND NOT shown.attisdropped
  JOIN pg_catalog.pg_type AS type ON type.oid = shown.atttypid
 CROSS JOIN LATERAL (
           SELECT lower(regexp_replace(shown.attname, '([a-z0-9])([A-Z])', '\1_\2', 'g')) AS name) AS plain
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type, given.attname,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM (SELECT whole.grantee, whole.privilege_type, CAST(NULL AS name) AS attname
                     FROM pg_catalog.aclexplode(relation.relacl) AS whole
                    UNION
                   SELECT part.grantee, part.privilege_type, attribute.attname
                     FROM pg_catalog.pg_attribute AS attribute
                    CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS part
                    WHERE attribute.attrelid = relation.oid
                      AND NOT attribute.attisdropped) AS given) AS held
 WHERE relation.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND held.privilege_type = 'SELECT'
   AND (held.attname IS NULL OR held.attname = shown.attname)
   AND held.grantee <> relation.relowner
   AND CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))
   AND ((type.typcategory NOT IN ('B', 'D', 'T', 'N', 'I', 'G', 'R')
         AND plain.name ~ '(^|_)(password|passwd|passphrase|passcode|pwd|secret|token|jwt|otp|totp|credentials?|'
                           'api_?key|auth_?key|private_?key|secret_?key|access_?key|signing_?key|encryption_?key|'
                           'service_?key|session_?key|recovery_?codes?|backup_?codes?|verification_?code|pass_?hash|'
                           'pin_?hash|key_?hash)s?(_(hash|hashed|digest|encrypted|enc|ciphertext|cipher|plain|'
                           'plaintext|text|value|salt|seed|key|sha256|bcrypt|argon2?))?$')
        OR plain.name ~ '(^|_)(ssn|social_security(_(number|no))?|credit_?card(_(number|no))?|card_number|cvv|cvc|'
                           'national_insurance(_number)?)(_(hash|encrypted|enc))?$'
        OR ((NOT relation.relrowsecurity OR held.grantee = 0
             OR pg_catalog.pg_get_userbyid(held.grantee) ~* '(^|_)(anon|anonymous|guest|visitor|public)(_|$)')
            AND plain.name ~ '(^|_)(passport_(number|no|id)|driver_?s?_licen[cs]e(_(number|no))?|national_id|tax_id|'
                           'bank_account(_(number|no))?|routing_number|iban)$'))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 GROUP BY namespace.nspname, relation.relname, shown.attname, shown.atttypid, shown.atttypmod
 ORDER BY object;

-- name: view_without_security_invoker
-- A view over tables with row level security reads them with its owner's rights, not with those of who asks.
WITH RECURSIVE reads (view, relation) AS (
    SELECT DISTINCT rule.ev_class, dependency.refobjid
      FROM pg_catalog.pg_rewrite AS rule
      JOIN pg_catalog.pg_depend AS dependency
        ON dependency.classid = CAST('pg_catalog.pg_rewrite' AS regclass)
       AND dependency.objid = rule.oid
       AND dependency.refclassid = CAST('pg_catalog.pg_class' AS regclass)
       AND dependency.refobjid <> rule.ev_class),
reached (view, relation) AS (
    SELECT view, relation FROM reads
     UNION
    SELECT reached.view, reads.relation FROM reached JOIN reads ON reads.view = reached.relation)
SELECT CASE WHEN relation.relacl IS NULL THEN 'info'
            WHEN owner.rolsuper OR owner.rolbypassrls OR bool_or(NOT base.relforcerowsecurity) THEN 'error'
            ELSE 'warning' END AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       format('the view reads %s with the rights of its owner %I, so the policies there do not see who asks',
              string_agg(DISTINCT format('%I.%I', base_schema.nspname, base.relname), ', '), owner.rolname) AS message,
       jsonb_build_object('tables', jsonb_agg(DISTINCT format('%I.%I', base_schema.nspname, base.relname)),
                          'owner', owner.rolname) AS evidence,
       CASE WHEN CAST(current_setting('server_version_num') AS integer) >= 150000
            THEN format('ALTER VIEW %I.%I SET (security_invoker = true)', namespace.nspname, relation.relname)
            ELSE format('REVOKE ALL ON %I.%I FROM PUBLIC -- security_invoker needs PostgreSQL 15',
                        namespace.nspname, relation.relname) END AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN pg_catalog.pg_roles AS owner ON owner.oid = relation.relowner
  JOIN reached ON reached.view = relation.oid
  JOIN pg_catalog.pg_class AS base ON base.oid = reached.relation AND base.relrowsecurity
  JOIN pg_catalog.pg_namespace AS base_schema ON base_schema.oid = base.relnamespace
 WHERE relation.relkind = 'v'
   AND NOT coalesce(relation.reloptions && CAST(
           '{security_invoker=true,security_invoker=on,security_invoker=1,security_invoker=yes}' AS text[]), false)
   AND (relation.relacl IS NULL
        OR EXISTS (
               SELECT
                 FROM pg_catalog.pg_roles AS role
                 JOIN (SELECT given.grantee
                         FROM pg_catalog.aclexplode(relation.relacl) AS given
                        UNION
                       SELECT given.grantee
                         FROM pg_catalog.pg_attribute AS attribute
                        CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS given
                        WHERE attribute.attrelid = relation.oid) AS held ON held.grantee IN (0, role.oid)
                WHERE held.grantee <> relation.relowner
                  AND NOT role.rolsuper
                  AND NOT role.rolbypassrls))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 GROUP BY namespace.nspname, relation.relname, relation.relacl IS NULL, owner.rolname, owner.rolsuper,
          owner.rolbypassrls
 ORDER BY object;

-- name: accounts_exposed_by_view
-- A view that ordinary roles may read shows the table of accounts (auth.users).
WITH RECURSIVE reads (view, relation) AS (
    SELECT DISTINCT rule.ev_class, dependency.refobjid
      FROM pg_catalog.pg_rewrite AS rule
      JOIN pg_catalog.pg_depend AS dependency
        ON dependency.classid = CAST('pg_catalog.pg_rewrite' AS regclass)
       AND dependency.objid = rule.oid
       AND dependency.refclassid = CAST('pg_catalog.pg_class' AS regclass)
       AND dependency.refobjid <> rule.ev_class),
reached (view, relation) AS (
    SELECT view, relation FROM reads
     UNION
    SELECT reached.view, reads.relation FROM reached JOIN reads ON reads.view = reached.relation)
SELECT 'error' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       'the view shows auth.users to ' || string_agg(DISTINCT held.who, ', ') AS message,
       jsonb_build_object('grantees', jsonb_agg(DISTINCT held.who)) AS evidence,
       format('REVOKE ALL ON %I.%I FROM %s', namespace.nspname, relation.relname,
              string_agg(DISTINCT held.who, ', ')) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  JOIN reached ON reached.view = relation.oid
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type, given.attname,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM (SELECT whole.grantee, whole.privilege_type, CAST(NULL AS name) AS attname
                     FROM pg_catalog.aclexplode(relation.relacl) AS whole
                    UNION
                   SELECT part.grantee, part.privilege_type, attribute.attname
                     FROM pg_catalog.pg_attribute AS attribute
                    CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS part
                    WHERE attribute.attrelid = relation.oid
                      AND NOT attribute.attisdropped) AS given) AS held
 WHERE relation.relkind IN ('v', 'm')
   AND namespace.nspname <> 'auth'
   AND held.privilege_type = 'SELECT'
   AND held.grantee <> relation.relowner
   AND CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))
   AND EXISTS (
           SELECT
             FROM pg_catalog.pg_class AS account
             JOIN pg_catalog.pg_namespace AS account_schema ON account_schema.oid = account.relnamespace
            WHERE account.oid = reached.relation
              AND account_schema.nspname = 'auth'
              AND account.relname = 'users'
              AND NOT (account.relrowsecurity
                       AND coalesce(relation.reloptions && CAST('{security_invoker=true,security_invoker=on,'
                           'security_invoker=1,security_invoker=yes}' AS text[]), false)))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
 GROUP BY namespace.nspname, relation.relname
 ORDER BY object;

-- name: materialized_view_exposed
-- A materialized view, which no policy can protect, can be read by ordinary roles.
SELECT 'warning' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       'row level security does not work on a materialized view, and ' || string_agg(DISTINCT held.who, ', ')
           || ' may read it' AS message,
       jsonb_build_object('grantees', jsonb_agg(DISTINCT held.who)) AS evidence,
       format('REVOKE ALL ON %I.%I FROM %s', namespace.nspname, relation.relname,
              string_agg(DISTINCT held.who, ', ')) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type, given.attname,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM (SELECT whole.grantee, whole.privilege_type, CAST(NULL AS name) AS attname
                     FROM pg_catalog.aclexplode(relation.relacl) AS whole
                    UNION
                   SELECT part.grantee, part.privilege_type, attribute.attname
                     FROM pg_catalog.pg_attribute AS attribute
                    CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS part
                    WHERE attribute.attrelid = relation.oid
                      AND NOT attribute.attisdropped) AS given) AS held
 WHERE relation.relkind = 'm'
   AND held.privilege_type = 'SELECT'
   AND held.grantee <> relation.relowner
   AND CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 GROUP BY namespace.nspname, relation.relname
 ORDER BY object;

-- name: foreign_table_exposed
-- A foreign table, which no policy can protect, can be used by ordinary roles.
SELECT 'warning' AS severity,
       format('%I.%I', namespace.nspname, relation.relname) AS object,
       'row level security does not work on a foreign table, and ' || string_agg(DISTINCT held.who, ', ')
           || ' may use it' AS message,
       jsonb_build_object('grantees', jsonb_agg(DISTINCT held.who),
                          'rights', jsonb_agg(DISTINCT held.privilege_type)) AS evidence,
       format('REVOKE ALL ON %I.%I FROM %s', namespace.nspname, relation.relname,
              string_agg(DISTINCT held.who, ', ')) AS fix
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
 CROSS JOIN LATERAL (
           SELECT given.grantee, given.privilege_type, given.attname,
                  CASE given.grantee WHEN 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END AS who
             FROM (SELECT whole.grantee, whole.privilege_type, CAST(NULL AS name) AS attname
                     FROM pg_catalog.aclexplode(relation.relacl) AS whole
                    UNION
                   SELECT part.grantee, part.privilege_type, attribute.attname
                     FROM pg_catalog.pg_attribute AS attribute
                    CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS part
                    WHERE attribute.attrelid = relation.oid
                      AND NOT attribute.attisdropped) AS given) AS held
 WHERE relation.relkind = 'f'
   AND held.grantee <> relation.relowner
   AND CAST(held.grantee AS bigint) = ANY (CAST(:low AS bigint[]))
   AND namespace.nspname = ANY (CAST(:schemas AS text[]))
   AND NOT EXISTS (
           SELECT
             FROM pg_catalog.pg_depend AS member
            WHERE member.classid = CAST('pg_catalog.pg_class' AS regclass)
              AND member.objid = relation.oid
              AND member.deptype = 'e')
 GROUP BY namespace.nspname, relation.relname
 ORDER BY object;
