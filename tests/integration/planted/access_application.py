"""Two well-made applications with row level security, in which access defects are planted."""

ROLES = """
DO $roles$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['anon', 'authenticated', 'planted_clerk'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END
$roles$
"""

APPLICATION = f"""{ROLES};

CREATE SCHEMA auth;
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA auth, app TO anon, authenticated;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE
    AS $$SELECT nullif(pg_catalog.current_setting('request.jwt.claim.sub', true), '')::uuid$$;
CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE
    AS $$SELECT nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb$$;
CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE
    AS $$SELECT nullif(pg_catalog.current_setting('request.jwt.claim.role', true), '')$$;
CREATE TABLE app.team (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL
);
CREATE TABLE app.membership (
    team_id uuid NOT NULL REFERENCES app.team,
    user_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
    PRIMARY KEY (user_id, team_id)
);
CREATE INDEX membership_team_id_idx ON app.membership (team_id);
CREATE TABLE app.word (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    label text NOT NULL UNIQUE
);
CREATE TABLE app.note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id uuid,
    team_id uuid REFERENCES app.team,
    word_id bigint REFERENCES app.word,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX note_owner_id_idx ON app.note (owner_id);
CREATE INDEX note_team_id_idx ON app.note (team_id);
CREATE INDEX note_word_id_idx ON app.note (word_id);
CREATE FUNCTION app.team_ids() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$SELECT coalesce(array_agg(team_id), '{{}}') FROM app.membership WHERE user_id = auth.uid()$$;
REVOKE EXECUTE ON FUNCTION app.team_ids() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.team_ids() TO authenticated;
ALTER TABLE app.team ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE app.membership ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE app.word ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE app.note ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY team_select ON app.team FOR SELECT TO authenticated
    USING (id = ANY ((SELECT app.team_ids())::uuid[]));
CREATE POLICY membership_select ON app.membership FOR SELECT TO authenticated
    USING (team_id = ANY ((SELECT app.team_ids())::uuid[]));
CREATE POLICY word_select ON app.word FOR SELECT TO anon, authenticated USING (true);
CREATE POLICY note_select ON app.note FOR SELECT TO authenticated
    USING (owner_id = (SELECT auth.uid()) OR team_id = ANY ((SELECT app.team_ids())::uuid[]));
CREATE POLICY note_insert ON app.note FOR INSERT TO authenticated WITH CHECK (owner_id = (SELECT auth.uid()));
CREATE POLICY note_update ON app.note FOR UPDATE TO authenticated
    USING (owner_id = (SELECT auth.uid())) WITH CHECK (owner_id = (SELECT auth.uid()));
CREATE POLICY note_delete ON app.note FOR DELETE TO authenticated USING (owner_id = (SELECT auth.uid()));
GRANT SELECT ON app.team, app.membership TO authenticated;
GRANT SELECT ON app.word TO anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.note TO authenticated;
ANALYZE app.team, app.membership, app.word, app.note
"""

PLAIN = f"""{ROLES};

CREATE SCHEMA shop;
GRANT USAGE ON SCHEMA shop TO planted_clerk;
CREATE TABLE shop.customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
CREATE TABLE shop.invoice (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES shop.customer,
    cents bigint NOT NULL CHECK (cents >= 0)
);
CREATE INDEX invoice_customer_id_idx ON shop.invoice (customer_id);
ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.invoice ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_own ON shop.customer FOR SELECT TO planted_clerk
    USING (id = (SELECT nullif(pg_catalog.current_setting('shop.customer', true), '')::bigint));
CREATE POLICY invoice_own ON shop.invoice TO planted_clerk
    USING (customer_id = (SELECT nullif(pg_catalog.current_setting('shop.customer', true), '')::bigint));
GRANT SELECT ON shop.customer TO planted_clerk;
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.invoice TO planted_clerk;
ANALYZE shop.customer, shop.invoice
"""
