-- Who uses the workbench, what they did, and who is asking now.

CREATE SCHEMA cryo;

COMMENT ON SCHEMA cryo IS 'substances, measurements, models and people of cryokit';

GRANT USAGE ON SCHEMA cryo, app TO anon, authenticated, service_role;

CREATE TABLE cryo.app_user (
    id uuid DEFAULT gen_random_uuid() CONSTRAINT app_user_pkey PRIMARY KEY,
    name text NOT NULL
        CONSTRAINT app_user_name_form CHECK (name ~ '^[^[:space:]][^[:cntrl:]]{0,98}[^[:space:]]$'),
    role text NOT NULL
        CONSTRAINT app_user_role_known CHECK (role IN ('viewer', 'researcher', 'admin')),
    password_hash text NOT NULL
        CONSTRAINT app_user_password_hash_is_argon2 CHECK (password_hash LIKE '$argon2%'),
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);

CREATE UNIQUE INDEX app_user_name_key ON cryo.app_user (lower(name));

COMMENT ON TABLE cryo.app_user IS 'an account; it is disabled, never deleted, because its rows keep their owner';
COMMENT ON COLUMN cryo.app_user.password_hash IS 'argon2; only service_role may read it';

CREATE TABLE cryo.app_login (
    login_role name CONSTRAINT app_login_pkey PRIMARY KEY,
    user_id uuid NOT NULL
        CONSTRAINT app_login_user_id_fkey REFERENCES cryo.app_user (id) ON DELETE CASCADE
);

CREATE INDEX app_login_user_id_idx ON cryo.app_login (user_id);

COMMENT ON TABLE cryo.app_login IS 'whose personal database login a role is, for people who query with psql';

CREATE TABLE cryo.audit_event (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_event_pkey PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    actor_id uuid
        CONSTRAINT audit_event_actor_id_fkey REFERENCES cryo.app_user (id) ON DELETE RESTRICT,
    action text NOT NULL CONSTRAINT audit_event_action_form CHECK (action ~ '^[a-z][a-z0-9_]*$'),
    object text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX audit_event_actor_id_idx ON cryo.audit_event (actor_id);
CREATE INDEX audit_event_recorded_at_idx ON cryo.audit_event (recorded_at);

COMMENT ON TABLE cryo.audit_event IS 'who did what; rows are only added';
COMMENT ON COLUMN cryo.audit_event.actor_id IS 'null for local maintenance';

-- The application's login says whom it serves; anybody else is who he logged in as, whatever he sets.
CREATE FUNCTION app.uid() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = ''
AS $$
    SELECT CASE
        WHEN session_user = 'cryokit_app'
            THEN nullif(current_setting('app.user_id', true), '')::uuid
        ELSE (SELECT user_id FROM cryo.app_login WHERE login_role = session_user)
    END
$$;

COMMENT ON FUNCTION app.uid() IS 'who is asking; null for visitors and for maintenance';

CREATE FUNCTION app.may(wanted text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = ''
AS $$
    SELECT EXISTS (
        SELECT
        FROM cryo.app_user
        WHERE id = app.uid()
            AND disabled_at IS NULL
            AND CASE wanted
                WHEN 'viewer' THEN true
                WHEN 'researcher' THEN role IN ('researcher', 'admin')
                WHEN 'admin' THEN role = 'admin'
            END
    )
$$;

COMMENT ON FUNCTION app.may(text) IS 'whether who is asking has at least this role';

REVOKE EXECUTE ON FUNCTION app.uid(), app.may(text) FROM public;
GRANT EXECUTE ON FUNCTION app.uid(), app.may(text) TO anon, authenticated, service_role;

ALTER TABLE cryo.app_user ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.app_login ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.audit_event ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
