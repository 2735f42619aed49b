"""Defects of rights and row level security, planted in a well-made application, and clean look-alikes."""

from tests.integration.planted import LookAlike, Planted, access_rights
from tests.integration.planted.access_application import APPLICATION, PLAIN

NOTE = "app.note"


def _case(name, check, what, broken, mend, base=APPLICATION):
    return Planted(name, f"{base};\n\n{broken}", check, what, mend)


def _select(name, check, condition, roles="authenticated"):
    """Make a case in which notes are read under another condition."""
    return _case(
        name,
        check,
        "app.note.note_select",
        f"DROP POLICY note_select ON app.note; CREATE POLICY note_select ON app.note FOR SELECT TO {roles}"
        f" USING ({condition})",
        "ALTER POLICY note_select ON app.note USING (owner_id = (SELECT auth.uid()))",
    )


def _update(name, check, using, with_check):
    """Make a case in which notes are changed under another condition."""
    return _case(
        name,
        check,
        "app.note.note_update",
        f"ALTER POLICY note_update ON app.note USING ({using}) WITH CHECK ({with_check})",
        "ALTER POLICY note_update ON app.note USING (owner_id = (SELECT auth.uid()))"
        " WITH CHECK (owner_id = (SELECT auth.uid()))",
    )


_MINE = "owner_id = (SELECT auth.uid())"

_TABLES = [
    _case(
        "row security off",
        "row_security_off",
        "app.letter",
        "CREATE TABLE app.letter (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner_id uuid, body text);"
        " GRANT SELECT ON app.letter TO authenticated",
        "DROP TABLE app.letter",
    ),
    _case(
        "row security off for a partitioned table with an odd name",
        "row_security_off",
        'app."Odd ""Name"',
        'CREATE TABLE app."Odd ""Name" (id bigint, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);'
        ' GRANT SELECT (id) ON app."Odd ""Name" TO authenticated',
        'REVOKE ALL (id) ON app."Odd ""Name" FROM authenticated',
    ),
    _case(
        "row security switched off",
        "policy_without_row_security",
        NOTE,
        "ALTER TABLE app.note DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE app.note ENABLE ROW LEVEL SECURITY",
    ),
    _case(
        "row security off for plain roles",
        "row_security_off",
        "shop.invoice",
        "ALTER TABLE shop.invoice DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE shop.invoice ENABLE ROW LEVEL SECURITY",
        base=PLAIN,
    ),
    _case(
        "row security not forced",
        "row_security_not_forced",
        NOTE,
        "ALTER TABLE app.note NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE app.note FORCE ROW LEVEL SECURITY",
    ),
    _case(
        "row security without policy",
        "row_security_without_policy",
        "app.letter",
        "CREATE TABLE app.letter (id bigint PRIMARY KEY);"
        " ALTER TABLE app.letter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        " GRANT SELECT ON app.letter TO authenticated",
        "CREATE POLICY mine ON app.letter FOR SELECT TO authenticated USING (id = 3)",
    ),
    _case(
        "row security without policy and without rights",
        "row_security_without_policy",
        "app.letter",
        "CREATE TABLE app.letter (id bigint PRIMARY KEY);"
        " ALTER TABLE app.letter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        "DROP TABLE app.letter",
    ),
    _case(
        "granted without policy",
        "granted_without_policy",
        NOTE,
        "GRANT DELETE ON app.note TO authenticated; DROP POLICY note_delete ON app.note",
        "REVOKE DELETE ON app.note FROM authenticated",
    ),
    _case(
        "granted to visitors without policy",
        "granted_without_policy",
        NOTE,
        "GRANT SELECT (id) ON app.note TO anon",
        "REVOKE SELECT (id) ON app.note FROM anon",
    ),
    _case(
        "granted with restrictive policies only",
        "granted_without_policy",
        NOTE,
        "DROP POLICY note_select ON app.note; CREATE POLICY note_select ON app.note AS RESTRICTIVE FOR SELECT"
        " TO authenticated USING (owner_id = (SELECT auth.uid()))",
        "DROP POLICY note_select ON app.note; CREATE POLICY note_select ON app.note FOR SELECT"
        " TO authenticated USING (owner_id = (SELECT auth.uid()))",
    ),
    _case(
        "several permissive policies",
        "several_permissive_policies",
        NOTE,
        "CREATE POLICY note_team ON app.note FOR SELECT TO authenticated"
        " USING (team_id = ANY ((SELECT app.team_ids())::uuid[]))",
        "DROP POLICY note_team ON app.note",
    ),
    _case(
        "a permissive policy for all beside one for reading",
        "several_permissive_policies",
        NOTE,
        "CREATE POLICY everything ON app.note USING (owner_id = (SELECT auth.uid()))",
        "DROP POLICY everything ON app.note",
    ),
    _case(
        "table open to visitors",
        "table_open_to_anonymous",
        "app.letter",
        "CREATE TABLE app.letter (id bigint PRIMARY KEY); GRANT SELECT ON app.letter TO anon",
        "REVOKE SELECT ON app.letter FROM anon",
    ),
    _case(
        "table open to PUBLIC in a plain database",
        "table_open_to_anonymous",
        "public.letter",
        "CREATE TABLE public.letter (id bigint PRIMARY KEY); GRANT SELECT ON public.letter TO PUBLIC",
        "REVOKE SELECT ON public.letter FROM PUBLIC",
        base="SELECT 1",
    ),
    _case(
        "password hash readable",
        "sensitive_column_exposed",
        "app.note.password_hash",
        "ALTER TABLE app.note ADD COLUMN password_hash text",
        "ALTER TABLE app.note DROP COLUMN password_hash",
    ),
    _case(
        "token readable by its column right",
        "sensitive_column_exposed",
        'app.account."refreshToken"',
        'CREATE TABLE app.account (id uuid PRIMARY KEY, "refreshToken" text, other text);'
        " ALTER TABLE app.account ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        " CREATE POLICY mine ON app.account FOR SELECT TO authenticated USING (id = (SELECT auth.uid()));"
        ' GRANT SELECT (id, "refreshToken") ON app.account TO authenticated',
        'REVOKE SELECT ("refreshToken") ON app.account FROM authenticated',
    ),
    _case(
        "social security number readable by a plain role",
        "sensitive_column_exposed",
        "shop.invoice.ssn",
        "ALTER TABLE shop.invoice ADD COLUMN ssn integer",
        "ALTER TABLE shop.invoice DROP COLUMN ssn",
        base=PLAIN,
    ),
]

_POLICIES = [
    _select("always true", "policy_always_true", "true"),
    _select("always true by numbers", "policy_always_true", f"{_MINE} OR 1 = 1"),
    _select("a column equal to itself", "policy_always_true", "owner_id = owner_id"),
    _select("null or not null", "policy_always_true", "owner_id IS NOT NULL OR owner_id IS NULL"),
    _select("coalesce true", "policy_always_true", f"coalesce(true, {_MINE})"),
    _select("coalesce that falls open", "policy_always_true", f"coalesce({_MINE}, true)"),
    _select("a key that is never null", "policy_always_true", "id IS NOT NULL"),
    _select("one branch or the other", "policy_always_true", f"CASE WHEN {_MINE} THEN true ELSE true END"),
    _select("not false", "policy_always_true", "NOT (false)"),
    _select("somebody equal to himself", "policy_always_true", "(SELECT auth.uid()) = (SELECT auth.uid())"),
    _select("text equal to text", "policy_always_true", "'a' = 'a'"),
    _select("like anything", "policy_always_true", "body LIKE '%'"),
    _select("a subquery that is true", "policy_always_true", "(SELECT true)"),
    _select("one or the opposite", "policy_always_true", "body = 'x' OR NOT (body = 'x')"),
    _select("open to visitors", "policy_always_true", "true", roles="anon, authenticated"),
    _select(
        "coalesce with the column itself",
        "policy_always_true",
        "team_id = coalesce((SELECT nullif(current_setting('app.team', true), ''))::uuid, team_id)",
    ),
    _select("somebody whose name is greater than another", "policy_always_true", f"({_MINE} AND 1 = 1) OR 2 > 1"),
    _select("a restriction on nothing but time", "policy_drops_scope", "created_at <= now()"),
    _select(
        "own rows, read from the table itself", "policy_drops_scope", "owner_id IN (SELECT owner_id FROM app.note)"
    ),
    _select(
        "somebody who has set nothing",
        "policy_drops_scope",
        f"(SELECT current_setting('app.user_id', true)) IS NULL OR {_MINE}",
    ),
    _select("any member", "policy_drops_scope", "(SELECT current_setting('app.role', true)) = 'member'"),
    _select(
        "more teams than none",
        "policy_uncorrelated_subquery",
        "(SELECT count(*) FROM app.membership m WHERE m.user_id = (SELECT auth.uid())) > 0",
    ),
    _case(
        "open to visitors by a policy",
        "table_open_to_anonymous_by_policy",
        NOTE,
        "GRANT SELECT ON app.note TO anon; CREATE POLICY visitors ON app.note FOR SELECT TO anon USING (true)",
        "REVOKE SELECT ON app.note FROM anon",
    ),
    _case(
        "insert for anybody signed in",
        "policy_drops_scope",
        "app.note.note_insert",
        "ALTER POLICY note_insert ON app.note WITH CHECK ((SELECT auth.role()) = 'authenticated')",
        f"ALTER POLICY note_insert ON app.note WITH CHECK ({_MINE})",
    ),
    _case(
        "insert without condition",
        "policy_always_true",
        "app.note.note_insert",
        "ALTER POLICY note_insert ON app.note WITH CHECK (true)",
        f"ALTER POLICY note_insert ON app.note WITH CHECK ({_MINE})",
    ),
    _update("update that checks nothing", "policy_always_true", _MINE, "true"),
    _update("update that checks nothing gives rows away", "policy_check_weaker", _MINE, "true"),
    _update("a row can be given away", "policy_check_weaker", _MINE, "body <> ''"),
    _update(
        "a row can be given to a team", "policy_check_weaker", _MINE, "team_id = ANY ((SELECT app.team_ids())::uuid[])"
    ),
    _update(
        "a row can be given away by anybody signed in", "policy_check_weaker", _MINE, "(SELECT auth.uid()) IS NOT NULL"
    ),
    _case(
        "delete always true for all commands and PUBLIC",
        "policy_always_true",
        "shop.invoice.everybody",
        "DROP POLICY invoice_own ON shop.invoice; CREATE POLICY everybody ON shop.invoice USING (true)",
        "ALTER POLICY everybody ON shop.invoice"
        " USING (customer_id = (SELECT nullif(current_setting('shop.customer', true), '')::bigint))",
        base=PLAIN,
    ),
    _select("anybody signed in", "policy_drops_scope", "(SELECT auth.uid()) IS NOT NULL"),
    _select("anybody of the role", "policy_drops_scope", "(SELECT auth.role()) = 'authenticated'"),
    _select("mine or anybody signed in", "policy_drops_scope", f"{_MINE} OR (SELECT auth.role()) = 'authenticated'"),
    _select("whoever is not signed in", "policy_drops_scope", f"{_MINE} OR (SELECT auth.uid()) IS NULL"),
    _select("rows with an owner", "policy_drops_scope", "owner_id IS NOT NULL"),
    _select("rows of a kind", "policy_drops_scope", "body <> ''"),
    _select(
        "subquery that asks for nobody",
        "policy_drops_scope",
        "EXISTS (SELECT FROM app.word w WHERE w.id = note.word_id)",
    ),
    _case(
        "delete whatever is old",
        "policy_drops_scope",
        "app.note.note_delete",
        "ALTER POLICY note_delete ON app.note USING (created_at < now() - interval '1 day')",
        f"ALTER POLICY note_delete ON app.note USING ({_MINE})",
    ),
    _case(
        "the login instead of the customer",
        "policy_drops_scope",
        "shop.invoice.invoice_own",
        "ALTER POLICY invoice_own ON shop.invoice USING (current_user = 'planted_clerk')",
        "ALTER POLICY invoice_own ON shop.invoice"
        " USING (customer_id = (SELECT nullif(current_setting('shop.customer', true), '')::bigint))",
        base=PLAIN,
    ),
    _case(
        "any setting instead of the customer",
        "policy_drops_scope",
        "shop.invoice.invoice_own",
        "ALTER POLICY invoice_own ON shop.invoice USING ((SELECT current_setting('shop.customer', true)) <> '')",
        "ALTER POLICY invoice_own ON shop.invoice"
        " USING (customer_id = (SELECT nullif(current_setting('shop.customer', true), '')::bigint))",
        base=PLAIN,
    ),
    _select(
        "exists that does not refer to the row",
        "policy_uncorrelated_subquery",
        "EXISTS (SELECT 1 FROM app.membership m WHERE m.user_id = (SELECT auth.uid()))",
    ),
    _select(
        "an administrator of any team",
        "policy_uncorrelated_subquery",
        "EXISTS (SELECT 1 FROM app.membership m WHERE m.user_id = (SELECT auth.uid()) AND m.role = 'admin')",
    ),
    _select(
        "a member of the team or anything",
        "policy_uncorrelated_subquery",
        "EXISTS (SELECT 1 FROM app.membership m WHERE m.user_id = (SELECT auth.uid())"
        " AND (m.team_id = note.team_id OR m.role <> ''))",
    ),
    _select(
        "whoever is in the list of members",
        "policy_uncorrelated_subquery",
        "(SELECT auth.uid()) IN (SELECT m.user_id FROM app.membership m)",
    ),
    _select(
        "inner team instead of the row's",
        "policy_name_capture",
        "EXISTS (SELECT 1 FROM app.membership m WHERE m.team_id = team_id AND m.user_id = (SELECT auth.uid()))",
    ),
    _case(
        "inner table's own number instead of the row's",
        "policy_name_capture",
        "app.note.note_select",
        "CREATE TABLE app.note_reader (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " note_id bigint NOT NULL REFERENCES app.note, reader_id uuid NOT NULL);"
        " CREATE INDEX ON app.note_reader (note_id); ALTER POLICY note_select ON app.note"
        " USING (id IN (SELECT id FROM app.note_reader WHERE note_id = id AND reader_id = (SELECT auth.uid())))",
        "ALTER POLICY note_select ON app.note USING"
        " (id IN (SELECT r.note_id FROM app.note_reader r WHERE r.reader_id = (SELECT auth.uid())))",
    ),
    _select(
        "outer column in the list of results",
        "policy_name_capture",
        "owner_id IN (SELECT owner_id FROM app.membership m WHERE m.user_id = (SELECT auth.uid()))",
    ),
    _select("function once a row", "policy_calls_function_per_row", "owner_id = auth.uid()"),
    _select(
        "setting once a row", "policy_calls_function_per_row", "owner_id = current_setting('app.user_id', true)::uuid"
    ),
    _select(
        "function once a row in a subquery",
        "policy_calls_function_per_row",
        "EXISTS (SELECT 1 FROM app.membership m WHERE m.team_id = note.team_id AND m.user_id = auth.uid())",
    ),
    _case(
        "volatile function once a row",
        "policy_calls_function_per_row",
        "app.note.note_select",
        "CREATE FUNCTION app.is_mine(owner uuid) RETURNS boolean LANGUAGE sql AS 'SELECT owner = auth.uid()';"
        " ALTER POLICY note_select ON app.note USING (app.is_mine(owner_id))",
        f"ALTER POLICY note_select ON app.note USING ({_MINE})",
    ),
    _select(
        "metadata that users edit",
        "policy_uses_user_metadata",
        "team_id = ((SELECT auth.jwt()) -> 'user_metadata' ->> 'team_id')::uuid",
    ),
    _case(
        "metadata that users edit, behind a function",
        "policy_uses_user_metadata",
        "app.note.note_select",
        "CREATE FUNCTION app.own_team() RETURNS uuid LANGUAGE sql STABLE AS"
        " $$SELECT (auth.jwt() -> 'user_metadata' ->> 'team_id')::uuid$$;"
        " ALTER POLICY note_select ON app.note USING (team_id = (SELECT app.own_team()))",
        f"ALTER POLICY note_select ON app.note USING ({_MINE})",
    ),
]

PLANTED = [*_TABLES, *_POLICIES, *access_rights.PLANTED]


def _look_alike(name, sql, base=APPLICATION):
    return LookAlike(name, f"{base};\n\n{sql}")


def _read(name, condition):
    return _look_alike(name, f"ALTER POLICY note_select ON app.note USING ({condition})")


LOOK_ALIKES = [
    LookAlike("well made application with teams", APPLICATION),
    LookAlike("well made shop with plain roles", PLAIN),
    _read("setting read once a query", "owner_id = (SELECT current_setting('app.user_id', true)::uuid)"),
    _read(
        "member of the row's team",
        "EXISTS (SELECT 1 FROM app.membership m WHERE m.team_id = note.team_id AND m.user_id = (SELECT auth.uid()))",
    ),
    _read(
        "one of the teams",
        "team_id IN (SELECT m.team_id FROM app.membership m WHERE m.user_id = (SELECT auth.uid()))",
    ),
    _read(
        "member of the row's team or a superadmin",
        "EXISTS (SELECT 1 FROM app.membership m WHERE m.user_id = (SELECT auth.uid())"
        " AND (m.team_id = note.team_id OR m.role = 'superadmin'))",
    ),
    _read("the team of the token", "team_id = ((SELECT auth.jwt()) -> 'app_metadata' ->> 'team_id')::uuid"),
    _read("mine or what an administrator asks for", f"{_MINE} OR (SELECT auth.role()) = 'service_role'"),
    _read("a visible row whose team guards itself", "EXISTS (SELECT FROM app.team t WHERE t.id = note.team_id)"),
    _look_alike(
        "published rows for visitors and own rows for users",
        "ALTER TABLE app.note ADD is_public boolean NOT NULL DEFAULT false; GRANT SELECT ON app.note TO anon;"
        " CREATE POLICY note_public ON app.note FOR SELECT TO anon USING (is_public)",
    ),
    _look_alike(
        "restrictive policy without the owner",
        "CREATE POLICY no_drafts ON app.note AS RESTRICTIVE FOR SELECT TO authenticated USING (body <> '')",
    ),
    _look_alike(
        "owner that nobody may write and a check of something else",
        "REVOKE UPDATE ON app.note FROM authenticated; GRANT UPDATE (body) ON app.note TO authenticated;"
        " ALTER POLICY note_update ON app.note USING (owner_id = (SELECT auth.uid()))"
        " WITH CHECK (team_id = ANY ((SELECT app.team_ids())::uuid[]))",
    ),
    _look_alike(
        "administrators see all by a policy of their own",
        "CREATE TABLE app.administrator (user_id uuid PRIMARY KEY);"
        " ALTER TABLE app.administrator ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        " CREATE POLICY me ON app.administrator FOR SELECT TO authenticated USING (user_id = (SELECT auth.uid()));"
        " GRANT SELECT ON app.administrator TO authenticated; ANALYZE app.administrator;"
        " ALTER POLICY note_select ON app.note USING (owner_id = (SELECT auth.uid())"
        " OR EXISTS (SELECT 1 FROM app.administrator a WHERE a.user_id = (SELECT auth.uid())))",
    ),
    _look_alike(
        "tenant of a partitioned table",
        "CREATE TABLE app.event (id bigint, owner_id uuid NOT NULL, at date NOT NULL, PRIMARY KEY (id, at))"
        " PARTITION BY RANGE (at);"
        " CREATE TABLE app.event_2026 PARTITION OF app.event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
        " CREATE INDEX ON app.event (owner_id);"
        " ALTER TABLE app.event ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        " CREATE POLICY mine ON app.event FOR SELECT TO authenticated USING (owner_id = (SELECT auth.uid()));"
        " GRANT SELECT ON app.event TO authenticated; ANALYZE app.event",
    ),
    *access_rights.LOOK_ALIKES,
]
