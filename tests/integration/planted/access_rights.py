"""Defects of views, functions, grants and roles, planted in a well-made application, and clean look-alikes."""

from tests.integration.planted import LookAlike, Planted
from tests.integration.planted.access_application import APPLICATION, PLAIN

_INVOKER = (
    "DO $$ BEGIN IF current_setting('server_version_num')::integer >= 150000"
    " THEN ALTER VIEW app.shown SET (security_invoker = true); ELSE DROP VIEW app.shown; END IF; END $$"
)


def _case(name, check, what, broken, mend, base=APPLICATION):
    return Planted(name, f"{base};\n\n{broken}", check, what, mend)


def _look_alike(name, sql, base=APPLICATION):
    return LookAlike(name, f"{base};\n\n{sql}")


def _role(name, check, what, broken, roles):
    """Make a case with roles of its own, which are dropped again."""
    drop = "; ".join(f"DROP ROLE IF EXISTS {role}" for role in roles)
    return Planted(name, f"{drop};\n\n{broken}", check, what, drop)


_VIEWS = [
    _case(
        "view with its owner's rights",
        "view_without_security_invoker",
        "app.shown",
        "CREATE VIEW app.shown AS SELECT * FROM app.note; GRANT SELECT ON app.shown TO authenticated",
        _INVOKER,
    ),
    _case(
        "view with its owner's rights that says so",
        "view_without_security_invoker",
        "app.shown",
        "CREATE VIEW app.shown WITH (security_barrier, security_invoker = false) AS SELECT id FROM app.note;"
        " GRANT SELECT ON app.shown TO authenticated",
        _INVOKER,
    ),
    _case(
        "view over a view",
        "view_without_security_invoker",
        'app."Over ""view"',
        "CREATE VIEW app.shown WITH (security_invoker) AS SELECT id, body FROM app.note;"
        ' CREATE VIEW app."Over ""view" AS SELECT body FROM app.shown;'
        ' GRANT SELECT (body) ON app."Over ""view" TO authenticated',
        'ALTER VIEW app."Over ""view" SET (security_invoker = on)',
    ),
    _case(
        "view that nobody was granted yet",
        "view_without_security_invoker",
        "shop.total",
        "CREATE VIEW shop.total AS SELECT customer_id, sum(cents) AS cents FROM shop.invoice GROUP BY customer_id",
        "DROP VIEW shop.total",
        base=PLAIN,
    ),
    _case(
        "accounts in a view",
        "accounts_exposed_by_view",
        "app.shown",
        "CREATE TABLE auth.users (id uuid PRIMARY KEY, email text);"
        " CREATE VIEW app.shown AS SELECT id, email FROM auth.users; GRANT SELECT ON app.shown TO authenticated",
        "REVOKE SELECT ON app.shown FROM authenticated",
    ),
    _case(
        "materialized view exposed",
        "materialized_view_exposed",
        "app.digest",
        "CREATE MATERIALIZED VIEW app.digest AS SELECT * FROM app.note; GRANT SELECT ON app.digest TO anon",
        "REVOKE SELECT ON app.digest FROM anon",
    ),
    _case(
        "foreign table exposed",
        "foreign_table_exposed",
        "app.elsewhere",
        "CREATE FOREIGN DATA WRAPPER planted_wrapper; CREATE SERVER planted_server FOREIGN DATA WRAPPER"
        " planted_wrapper; CREATE FOREIGN TABLE app.elsewhere (id bigint) SERVER planted_server;"
        " GRANT SELECT ON app.elsewhere TO authenticated",
        "REVOKE SELECT ON app.elsewhere FROM authenticated",
    ),
]

_PINNED = "LANGUAGE sql SECURITY DEFINER SET search_path = ''"
_FUNCTIONS = [
    _case(
        "definer that anybody may call",
        "definer_open_to_low_roles",
        "app.all_notes()",
        f"CREATE FUNCTION app.all_notes() RETURNS SETOF app.note {_PINNED} AS 'SELECT * FROM app.note'",
        "REVOKE EXECUTE ON FUNCTION app.all_notes() FROM PUBLIC",
    ),
    _case(
        "definer that visitors may call",
        "definer_open_to_low_roles",
        "app.drop_note(bigint)",
        f"CREATE PROCEDURE app.drop_note(wanted bigint) {_PINNED} AS 'DELETE FROM app.note WHERE id = wanted';"
        " REVOKE EXECUTE ON PROCEDURE app.drop_note FROM PUBLIC; GRANT EXECUTE ON PROCEDURE app.drop_note TO anon",
        "REVOKE EXECUTE ON PROCEDURE app.drop_note FROM anon",
    ),
    _case(
        "definer that users may call and that does not ask who calls",
        "definer_open_to_low_roles",
        "app.all_notes()",
        f"CREATE FUNCTION app.all_notes() RETURNS SETOF app.note {_PINNED} AS 'SELECT * FROM app.note';"
        " REVOKE EXECUTE ON FUNCTION app.all_notes() FROM PUBLIC;"
        " GRANT EXECUTE ON FUNCTION app.all_notes() TO authenticated",
        "REVOKE EXECUTE ON FUNCTION app.all_notes() FROM authenticated",
    ),
    _case(
        "definer in the schema public",
        "definer_open_to_low_roles",
        "public.answer(integer, text)",
        f"CREATE FUNCTION public.answer(integer, text) RETURNS text {_PINNED} AS 'SELECT $2'",
        "REVOKE EXECUTE ON FUNCTION public.answer FROM PUBLIC",
        base="SELECT 1",
    ),
    _case(
        "definer without search_path",
        "definer_search_path_mutable",
        "app.first_note(uuid)",
        "CREATE FUNCTION app.first_note(who uuid) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET work_mem = '8MB'"
        " AS 'SELECT min(id) FROM app.note WHERE owner_id = who';"
        " REVOKE EXECUTE ON FUNCTION app.first_note(uuid) FROM PUBLIC",
        "ALTER FUNCTION app.first_note(uuid) SET search_path = ''",
    ),
    _case(
        "definer that looks where users may create",
        "definer_search_path_writable",
        "app.first_note(uuid)",
        "CREATE SCHEMA scratch; GRANT CREATE, USAGE ON SCHEMA scratch TO authenticated;"
        " CREATE FUNCTION app.first_note(who uuid) RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " SET search_path = scratch, pg_temp AS 'SELECT min(id) FROM app.note WHERE owner_id = who';"
        " REVOKE EXECUTE ON FUNCTION app.first_note(uuid) FROM PUBLIC",
        "REVOKE CREATE ON SCHEMA scratch FROM authenticated",
    ),
    _case(
        "definer that looks in the caller's schema",
        "definer_search_path_writable",
        "app.first_note()",
        "CREATE FUNCTION app.first_note() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " SET search_path = \"$user\", app, pg_temp AS 'SELECT min(id) FROM app.note';"
        " REVOKE EXECUTE ON FUNCTION app.first_note() FROM PUBLIC",
        "ALTER FUNCTION app.first_note() SET search_path = app, pg_temp",
    ),
    _case(
        "definer that looks among temporary tables first",
        "definer_search_path_writable",
        "app.first_note()",
        "CREATE FUNCTION app.first_note() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " SET search_path = app AS 'SELECT min(id) FROM note';"
        " REVOKE EXECUTE ON FUNCTION app.first_note() FROM PUBLIC",
        "ALTER FUNCTION app.first_note() SET search_path = app, pg_temp",
    ),
]

_GRANTS = [
    _case(
        "all rights on a table",
        "excessive_table_rights",
        "app.note",
        "GRANT ALL ON app.note TO authenticated",
        "REVOKE ALL ON app.note FROM authenticated; GRANT SELECT ON app.note TO authenticated",
    ),
    _case(
        "truncate for a plain role",
        "excessive_table_rights",
        "shop.customer",
        "GRANT TRUNCATE ON shop.customer TO planted_clerk",
        "REVOKE TRUNCATE ON shop.customer FROM planted_clerk",
        base=PLAIN,
    ),
    _case(
        "sequence for PUBLIC",
        "public_rights_on_relation",
        'app."Serial no"',
        'CREATE SEQUENCE app."Serial no"; GRANT USAGE ON SEQUENCE app."Serial no" TO PUBLIC',
        'REVOKE USAGE ON SEQUENCE app."Serial no" FROM PUBLIC',
    ),
    _case(
        "column for PUBLIC",
        "public_rights_on_relation",
        "shop.customer",
        "GRANT SELECT (name) ON shop.customer TO PUBLIC",
        "REVOKE SELECT (name) ON shop.customer FROM PUBLIC",
        base=PLAIN,
    ),
    _case(
        "schema for PUBLIC",
        "public_usage_of_schema",
        "app",
        "GRANT USAGE ON SCHEMA app TO PUBLIC",
        "REVOKE USAGE ON SCHEMA app FROM PUBLIC",
    ),
    _case(
        "default privileges for PUBLIC",
        "default_privileges_open",
        "app",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM PUBLIC",
    ),
    _case(
        "default privileges for visitors everywhere",
        "default_privileges_open",
        "postgres",
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO anon, authenticated",
        "ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM anon, authenticated",
    ),
    _case(
        "default privileges on functions",
        "default_privileges_open",
        "app",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT EXECUTE ON FUNCTIONS TO anon",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE EXECUTE ON FUNCTIONS FROM anon",
    ),
    _case(
        "anybody may create in public",
        "create_on_schema_open",
        "public",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        base="SELECT 1",
    ),
    _case(
        "a plain role may create in the schema of the application",
        "create_on_schema_open",
        "shop",
        "GRANT CREATE ON SCHEMA shop TO planted_clerk",
        "REVOKE CREATE ON SCHEMA shop FROM planted_clerk",
        base=PLAIN,
    ),
]

_LOGINS = [
    _role(
        "superuser that logs in",
        "login_bypasses_row_security",
        "planted_super",
        "CREATE ROLE planted_super LOGIN SUPERUSER",
        ["planted_super"],
    ),
    _role(
        "login that passes by policies",
        "login_bypasses_row_security",
        '"Planted passer"',
        'CREATE ROLE "Planted passer" LOGIN BYPASSRLS',
        ['"Planted passer"'],
    ),
    _role(
        "login that can become a superuser through another role",
        "login_can_become_privileged",
        "planted_login",
        "CREATE ROLE planted_top NOLOGIN SUPERUSER; CREATE ROLE planted_between NOLOGIN;"
        " CREATE ROLE planted_login LOGIN NOINHERIT; GRANT planted_top TO planted_between;"
        " GRANT planted_between TO planted_login",
        ["planted_login", "planted_between", "planted_top"],
    ),
    _role(
        "login that can become a role that passes by policies",
        "login_can_become_privileged",
        "planted_web",
        "CREATE ROLE planted_passing NOLOGIN BYPASSRLS; CREATE ROLE planted_web LOGIN;"
        " GRANT planted_passing TO planted_web",
        ["planted_web", "planted_passing"],
    ),
]

PLANTED = [*_VIEWS, *_FUNCTIONS, *_GRANTS, *_LOGINS]

LOOK_ALIKES = [
    _look_alike(
        "view with the rights of who asks",
        "DO $$ BEGIN IF current_setting('server_version_num')::integer >= 150000 THEN"
        " CREATE VIEW app.shown WITH (security_invoker = on) AS SELECT id, body FROM app.note;"
        " GRANT SELECT ON app.shown TO authenticated; END IF; END $$",
    ),
    _look_alike(
        "view and materialized view of public words",
        "CREATE TABLE app.unit (id bigint PRIMARY KEY, symbol text NOT NULL);"
        " CREATE MATERIALIZED VIEW app.digest AS SELECT id, symbol FROM app.unit;"
        " CREATE VIEW app.shown AS SELECT symbol FROM app.unit; GRANT SELECT ON app.shown TO authenticated;"
        " ANALYZE app.unit, app.digest",
    ),
    _look_alike(
        "definer of a trigger",
        "CREATE TABLE app.trace (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note_id bigint NOT NULL"
        " REFERENCES app.note); CREATE INDEX ON app.trace (note_id);"
        " CREATE FUNCTION app.trace_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''"
        " AS $$BEGIN INSERT INTO app.trace (note_id) VALUES (NEW.id); RETURN NEW; END$$;"
        " CREATE TRIGGER trace AFTER INSERT ON app.note FOR EACH ROW EXECUTE FUNCTION app.trace_note();"
        " ANALYZE app.trace",
    ),
    _look_alike(
        "definer in a schema that nobody may use",
        "CREATE SCHEMA private; CREATE FUNCTION private.is_member(team uuid) RETURNS boolean LANGUAGE sql STABLE"
        " SECURITY DEFINER SET search_path = ''"
        " AS 'SELECT EXISTS (SELECT FROM app.membership WHERE team_id = team AND user_id = auth.uid())';"
        " ALTER POLICY note_select ON app.note USING (private.is_member(team_id))",
    ),
    _look_alike(
        "definer that asks who calls, with temporary tables last",
        "CREATE FUNCTION app.my_notes() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER"
        " SET search_path = app, pg_temp AS 'SELECT count(*) FROM app.note WHERE owner_id = auth.uid()';"
        " REVOKE EXECUTE ON FUNCTION app.my_notes() FROM PUBLIC;"
        " GRANT EXECUTE ON FUNCTION app.my_notes() TO authenticated",
    ),
    _look_alike(
        "definer for a plain role",
        "CREATE FUNCTION shop.total(wanted bigint) RETURNS numeric LANGUAGE sql STABLE SECURITY DEFINER"
        " SET search_path = '' AS 'SELECT sum(cents) FROM shop.invoice WHERE customer_id = wanted';"
        " REVOKE EXECUTE ON FUNCTION shop.total(bigint) FROM PUBLIC;"
        " GRANT EXECUTE ON FUNCTION shop.total(bigint) TO planted_clerk",
        base=PLAIN,
    ),
    _look_alike(
        "secret columns that nobody may read",
        "CREATE TABLE app.account (id uuid PRIMARY KEY, password_hash text NOT NULL, token_count integer NOT NULL,"
        " password_changed_at timestamptz); ALTER TABLE app.account ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL"
        " SECURITY; CREATE POLICY me ON app.account FOR SELECT TO authenticated USING (id = (SELECT auth.uid()));"
        " GRANT SELECT (id, token_count, password_changed_at) ON app.account TO authenticated; ANALYZE app.account",
    ),
    _look_alike(
        "default privileges that take rights away",
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;"
        " ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO planted_clerk",
    ),
    LookAlike(
        "tables without row security for one application role",
        "CREATE SCHEMA plain; CREATE TABLE plain.parcel (id bigint PRIMARY KEY, user_id bigint NOT NULL);"
        " DO $$ BEGIN CREATE ROLE planted_reader NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation"
        " THEN NULL; END $$; GRANT USAGE ON SCHEMA plain TO planted_reader;"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON plain.parcel TO planted_reader; ANALYZE plain.parcel",
    ),
]
