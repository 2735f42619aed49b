-- Teams and what they share, experiments and their verification, jobs, tokens, health over time, quarantine.

CREATE TABLE cryo.team (
    id uuid DEFAULT gen_random_uuid() CONSTRAINT team_pkey PRIMARY KEY,
    name text NOT NULL
        CONSTRAINT team_name_form CHECK (name ~ '^[^[:space:]][^[:cntrl:]]{0,98}[^[:space:]]$'),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX team_name_key ON cryo.team (lower(name));

COMMENT ON TABLE cryo.team IS 'people who see each other''s rows';

ALTER TABLE cryo.app_user ADD COLUMN password_changed_at timestamptz NOT NULL DEFAULT now();

COMMENT ON COLUMN cryo.app_user.password_changed_at IS 'sessions from before it have ended';

CREATE TABLE cryo.membership (
    team_id uuid NOT NULL
        CONSTRAINT membership_team_id_fkey REFERENCES cryo.team (id) ON DELETE CASCADE,
    user_id uuid NOT NULL
        CONSTRAINT membership_user_id_fkey REFERENCES cryo.app_user (id) ON DELETE CASCADE,
    role text NOT NULL CONSTRAINT membership_role_known CHECK (role IN ('viewer', 'editor', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT membership_pkey PRIMARY KEY (team_id, user_id)
);

CREATE INDEX membership_user_id_idx ON cryo.membership (user_id);

COMMENT ON TABLE cryo.membership IS 'who belongs to which team: viewers read, editors write, admins also say who belongs';

CREATE TABLE cryo.experiment (
    id uuid DEFAULT gen_random_uuid() CONSTRAINT experiment_pkey PRIMARY KEY,
    name text NOT NULL CONSTRAINT experiment_name_present CHECK (name <> ''),
    protocol text NOT NULL DEFAULT '',
    performed_on date,
    team_id uuid CONSTRAINT experiment_team_id_fkey REFERENCES cryo.team (id) ON DELETE RESTRICT,
    owner_id uuid CONSTRAINT experiment_owner_id_fkey REFERENCES cryo.app_user (id) ON DELETE RESTRICT,
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX experiment_team_id_idx ON cryo.experiment (team_id);
CREATE INDEX experiment_owner_id_idx ON cryo.experiment (owner_id);

COMMENT ON TABLE cryo.experiment IS 'work at the bench that measurements came from';

CREATE TABLE cryo.lab_verification (
    id uuid DEFAULT gen_random_uuid() CONSTRAINT lab_verification_pkey PRIMARY KEY,
    experiment_id uuid NOT NULL
        CONSTRAINT lab_verification_experiment_id_fkey REFERENCES cryo.experiment (id) ON DELETE RESTRICT,
    verifier_id uuid NOT NULL
        CONSTRAINT lab_verification_verifier_id_fkey REFERENCES cryo.app_user (id) ON DELETE RESTRICT,
    outcome text NOT NULL
        CONSTRAINT lab_verification_outcome_known CHECK (outcome IN ('confirmed', 'refuted', 'inconclusive')),
    note text NOT NULL DEFAULT '',
    verified_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX lab_verification_experiment_id_idx ON cryo.lab_verification (experiment_id);
CREATE INDEX lab_verification_verifier_id_idx ON cryo.lab_verification (verifier_id);

COMMENT ON TABLE cryo.lab_verification IS 'whether somebody could repeat an experiment; an experiment that has one stays';

-- The new columns are empty: their keys hold at once, and an index over nothing but nulls is built in a moment.
ALTER TABLE cryo.measurement ADD COLUMN team_id uuid;
ALTER TABLE cryo.measurement
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ADD CONSTRAINT measurement_team_id_fkey FOREIGN KEY (team_id) REFERENCES cryo.team (id) ON DELETE RESTRICT;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX measurement_team_id_idx ON cryo.measurement (team_id);

ALTER TABLE cryo.measurement ADD COLUMN experiment_id uuid;
ALTER TABLE cryo.measurement
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ADD CONSTRAINT measurement_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES cryo.experiment (id) ON DELETE RESTRICT;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX measurement_experiment_id_idx ON cryo.measurement (experiment_id);

ALTER TABLE cryo.prediction ADD COLUMN team_id uuid;
ALTER TABLE cryo.prediction
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ADD CONSTRAINT prediction_team_id_fkey FOREIGN KEY (team_id) REFERENCES cryo.team (id) ON DELETE RESTRICT;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX prediction_team_id_idx ON cryo.prediction (team_id);

ALTER TABLE cryo.dataset_snapshot ADD COLUMN team_id uuid;
ALTER TABLE cryo.dataset_snapshot
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ADD CONSTRAINT dataset_snapshot_team_id_fkey FOREIGN KEY (team_id) REFERENCES cryo.team (id) ON DELETE RESTRICT;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX dataset_snapshot_team_id_idx ON cryo.dataset_snapshot (team_id);

COMMENT ON COLUMN cryo.dataset_snapshot.team_id IS 'the team whose private rows are in it, null without such rows';

CREATE TABLE cryo.share (
    id uuid DEFAULT gen_random_uuid() CONSTRAINT share_pkey PRIMARY KEY,
    experiment_id uuid CONSTRAINT share_experiment_id_fkey REFERENCES cryo.experiment (id) ON DELETE CASCADE,
    measurement_id bigint CONSTRAINT share_measurement_id_fkey REFERENCES cryo.measurement (id) ON DELETE CASCADE,
    prediction_id bigint CONSTRAINT share_prediction_id_fkey REFERENCES cryo.prediction (id) ON DELETE CASCADE,
    grantee_user_id uuid CONSTRAINT share_grantee_user_id_fkey REFERENCES cryo.app_user (id) ON DELETE CASCADE,
    grantee_team_id uuid CONSTRAINT share_grantee_team_id_fkey REFERENCES cryo.team (id) ON DELETE CASCADE,
    may text NOT NULL CONSTRAINT share_may_known CHECK (may IN ('view', 'edit')),
    granted_by uuid NOT NULL
        CONSTRAINT share_granted_by_fkey REFERENCES cryo.app_user (id) ON DELETE RESTRICT,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    CONSTRAINT share_one_item CHECK (num_nonnulls(experiment_id, measurement_id, prediction_id) = 1),
    CONSTRAINT share_one_grantee CHECK (num_nonnulls(grantee_user_id, grantee_team_id) = 1),
    CONSTRAINT share_expires_later CHECK (expires_at > created_at),
    CONSTRAINT share_key UNIQUE NULLS NOT DISTINCT (
        experiment_id, measurement_id, prediction_id, grantee_user_id, grantee_team_id
    )
);

CREATE INDEX share_measurement_id_idx ON cryo.share (measurement_id);
CREATE INDEX share_prediction_id_idx ON cryo.share (prediction_id);
CREATE INDEX share_grantee_user_id_idx ON cryo.share (grantee_user_id);
CREATE INDEX share_grantee_team_id_idx ON cryo.share (grantee_team_id);
CREATE INDEX share_granted_by_idx ON cryo.share (granted_by);

COMMENT ON TABLE cryo.share IS 'one item that somebody outside of the team may view or edit, until it expires';
COMMENT ON COLUMN cryo.share.experiment_id IS 'the experiment with its measurements and verifications';

CREATE TABLE cryo.job (
    id uuid DEFAULT gen_random_uuid() CONSTRAINT job_pkey PRIMARY KEY,
    kind text NOT NULL CONSTRAINT job_kind_form CHECK (kind ~ '^[a-z][a-z0-9_]*$'),
    status text NOT NULL DEFAULT 'queued'
        CONSTRAINT job_status_known CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    parameters jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT job_parameters_named CHECK (jsonb_typeof(parameters) = 'object'),
    done_fraction double precision NOT NULL DEFAULT 0
        CONSTRAINT job_done_fraction_is_a_fraction CHECK (done_fraction >= 0 AND done_fraction <= 1),
    result jsonb,
    error text,
    owner_id uuid CONSTRAINT job_owner_id_fkey REFERENCES cryo.app_user (id) ON DELETE RESTRICT,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT job_finished_in_order CHECK (finished_at >= started_at),
    CONSTRAINT job_failure_has_a_reason CHECK (status <> 'failed' OR error IS NOT NULL)
);

CREATE INDEX job_owner_id_idx ON cryo.job (owner_id);

COMMENT ON TABLE cryo.job IS 'long work that somebody asked for';

CREATE TABLE cryo.api_token (
    id uuid DEFAULT gen_random_uuid() CONSTRAINT api_token_pkey PRIMARY KEY,
    user_id uuid NOT NULL
        CONSTRAINT api_token_user_id_fkey REFERENCES cryo.app_user (id) ON DELETE CASCADE,
    name text NOT NULL CONSTRAINT api_token_name_present CHECK (name <> ''),
    scope text NOT NULL CONSTRAINT api_token_scope_known CHECK (scope IN ('all', 'read', 'monitoring')),
    token_sha256 text NOT NULL
        CONSTRAINT api_token_token_sha256_key UNIQUE
        CONSTRAINT api_token_token_sha256_form CHECK (token_sha256 ~ '^[0-9a-f]{64}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT api_token_expires_later CHECK (expires_at > created_at)
);

CREATE INDEX api_token_user_id_idx ON cryo.api_token (user_id);

COMMENT ON TABLE cryo.api_token IS 'a key by which a program acts for a person; the key itself is not kept';
COMMENT ON COLUMN cryo.api_token.token_sha256 IS 'only service_role may read it';

CREATE TABLE cryo.health_run (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT health_run_pkey PRIMARY KEY,
    checked_at timestamptz NOT NULL,
    status text NOT NULL CONSTRAINT health_run_status_known CHECK (status IN ('ok', 'findings', 'error')),
    error_count integer NOT NULL CONSTRAINT health_run_error_count_not_negative CHECK (error_count >= 0),
    warning_count integer NOT NULL CONSTRAINT health_run_warning_count_not_negative CHECK (warning_count >= 0),
    info_count integer NOT NULL CONSTRAINT health_run_info_count_not_negative CHECK (info_count >= 0),
    seconds double precision NOT NULL,
    report jsonb NOT NULL
);

CREATE INDEX health_run_checked_at_idx ON cryo.health_run (checked_at);

COMMENT ON TABLE cryo.health_run IS 'what each check of the database found';

-- Who is asking, in a language that looks at personal logins only for sessions that are not the application's: visitors
-- need no right to see them then, and plans are kept for the session.

CREATE OR REPLACE FUNCTION app.uid() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    IF session_user = 'cryokit_app' THEN
        RETURN nullif(current_setting('app.user_id', true), '')::uuid;
    END IF;
    RETURN (SELECT user_id FROM cryo.app_login WHERE login_role = session_user);
END
$$;

-- Teams and shares, asked by policies. They act as the owner of the tables, whose own policies let them see only what
-- concerns the person who asks; reading the tables as that person would ask the same policies again, without end.

CREATE FUNCTION app.team_ids(wanted text) RETURNS uuid []
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = ''
AS $$
    SELECT coalesce(array_agg(team_id), '{}')
    FROM cryo.membership
    WHERE user_id = app.uid()
        AND CASE wanted
            WHEN 'viewer' THEN true
            WHEN 'editor' THEN role IN ('editor', 'admin')
            WHEN 'admin' THEN role = 'admin'
        END
$$;

COMMENT ON FUNCTION app.team_ids(text) IS 'teams in which who is asking has at least this role';

CREATE FUNCTION app.shared_experiments(wanted text) RETURNS uuid []
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = ''
AS $$
    SELECT coalesce(array_agg(experiment_id), '{}')
    FROM cryo.share
    WHERE experiment_id IS NOT NULL
        AND may IN (wanted, 'edit')
        AND (grantee_user_id = app.uid() OR grantee_team_id = ANY (app.team_ids('viewer')))
        AND (expires_at IS NULL OR expires_at > now())
$$;

COMMENT ON FUNCTION app.shared_experiments(text) IS 'experiments that others let who is asking view or edit, now';

CREATE FUNCTION app.shared_measurements(wanted text) RETURNS bigint []
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = ''
AS $$
    SELECT coalesce(array_agg(measurement_id), '{}')
    FROM cryo.share
    WHERE measurement_id IS NOT NULL
        AND may IN (wanted, 'edit')
        AND (grantee_user_id = app.uid() OR grantee_team_id = ANY (app.team_ids('viewer')))
        AND (expires_at IS NULL OR expires_at > now())
$$;

COMMENT ON FUNCTION app.shared_measurements(text) IS 'measurements that others let who is asking view or edit, now';

CREATE FUNCTION app.shared_predictions() RETURNS bigint []
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = ''
AS $$
    SELECT coalesce(array_agg(prediction_id), '{}')
    FROM cryo.share
    WHERE prediction_id IS NOT NULL
        AND (grantee_user_id = app.uid() OR grantee_team_id = ANY (app.team_ids('viewer')))
        AND (expires_at IS NULL OR expires_at > now())
$$;

COMMENT ON FUNCTION app.shared_predictions() IS 'predictions that others let who is asking view, now';

REVOKE EXECUTE ON FUNCTION
app.team_ids(text), app.shared_experiments(text), app.shared_measurements(text), app.shared_predictions()
FROM public;
GRANT EXECUTE ON FUNCTION
app.team_ids(text), app.shared_experiments(text), app.shared_measurements(text), app.shared_predictions()
TO authenticated;

-- Quarantine

CREATE SCHEMA quarantine;

COMMENT ON SCHEMA quarantine IS 'rows that had lost what they refer to, moved here whole by repair';

GRANT USAGE ON SCHEMA quarantine TO service_role;

CREATE TABLE quarantine.quarantined_row (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT quarantined_row_pkey PRIMARY KEY,
    table_schema text NOT NULL,
    table_name text NOT NULL,
    key jsonb NOT NULL,
    reason text NOT NULL,
    content jsonb NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now(),
    restored_at timestamptz
);

COMMENT ON TABLE quarantine.quarantined_row IS 'one row as it was, and why it is here; it can be put back';

ALTER TABLE cryo.team ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.membership ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.experiment ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.lab_verification ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.share ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.job ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.api_token ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.health_run ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE quarantine.quarantined_row ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
