-- The roles of cryokit and what they may do in this database. It can be run again at any time.
--
-- Run it in the database that cryokit shall use, as a superuser, or from PostgreSQL 16 on as a login that has both
-- CREATEROLE and BYPASSRLS and owns the database:
--
--     psql -f roles.sql "postgresql://administrator@host/database"
--
-- The passwords of the two logins are not set here.

DO $roles$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('cryokit_owner', 'NOLOGIN'),
            ('anon', 'NOLOGIN'),
            ('authenticated', 'NOLOGIN'),
            ('service_role', 'NOLOGIN BYPASSRLS'),
            ('cryokit_app', 'LOGIN NOINHERIT'),
            ('cryokit_admin', 'LOGIN NOINHERIT')
        ) AS role (name, attributes)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name) THEN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.attributes);
        END IF;
    END LOOP;
    IF NOT (SELECT rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = 'service_role') THEN
        ALTER ROLE service_role BYPASSRLS;
    END IF;
END
$roles$;

COMMENT ON ROLE cryokit_owner IS 'owns the schema of cryokit; only migrations act as it';
COMMENT ON ROLE anon IS 'visitors without an account: sees what is public';
COMMENT ON ROLE authenticated IS 'people with an account: row level security decides by app.uid()';
COMMENT ON ROLE service_role IS 'maintenance: passes by row level security; reached only from cryokit_admin';
COMMENT ON ROLE cryokit_app IS 'login of the application; has no rights of its own, acts as anon or authenticated';
COMMENT ON ROLE cryokit_admin IS 'login of maintenance and migrations; acts as service_role or cryokit_owner';

GRANT anon, authenticated TO cryokit_app;
-- The administrator may act as anybody, to try what people can do.
GRANT service_role, cryokit_owner, anon, authenticated TO cryokit_admin;

-- Health checks see other sessions and statistics if whoever runs this may grant that.
DO $monitor$
BEGIN
    GRANT pg_monitor TO service_role;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'pg_monitor was not granted to service_role: health checks see the sessions of cryokit only';
END
$monitor$;

-- Health checks find slow statements where the server counts them, if whoever runs this may install what shows them.
DO $statements$
BEGIN
    IF current_setting('pg_stat_statements.max', true) IS NOT NULL
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_stat_statements') THEN
        CREATE SCHEMA IF NOT EXISTS extensions;
        CREATE EXTENSION pg_stat_statements SCHEMA extensions;
        GRANT USAGE ON SCHEMA extensions TO service_role;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'pg_stat_statements was not installed here: health checks do not find slow statements';
END
$statements$;

ALTER ROLE cryokit_app SET statement_timeout = '60s';
ALTER ROLE cryokit_app SET lock_timeout = '10s';
ALTER ROLE cryokit_app SET idle_in_transaction_session_timeout = '120s';

DO $database$
BEGIN
    EXECUTE format(
        'GRANT CONNECT, TEMPORARY ON DATABASE %I TO cryokit_app, cryokit_admin', current_database()
    );
    EXECUTE format('GRANT CREATE ON DATABASE %I TO cryokit_owner', current_database());
END
$database$;
