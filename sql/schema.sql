--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: app; Type: SCHEMA; Schema: -; Owner: cryokit_owner
--

CREATE SCHEMA app;

ALTER SCHEMA app OWNER TO cryokit_owner;

--
-- Name: SCHEMA app; Type: COMMENT; Schema: -; Owner: cryokit_owner
--

COMMENT ON SCHEMA app IS 'functions of the access rules, and which migrations were applied';

--
-- Name: cryo; Type: SCHEMA; Schema: -; Owner: cryokit_owner
--

CREATE SCHEMA cryo;

ALTER SCHEMA cryo OWNER TO cryokit_owner;

--
-- Name: SCHEMA cryo; Type: COMMENT; Schema: -; Owner: cryokit_owner
--

COMMENT ON SCHEMA cryo IS 'substances, measurements, models and people of cryokit';

--
-- Name: quarantine; Type: SCHEMA; Schema: -; Owner: cryokit_owner
--

CREATE SCHEMA quarantine;

ALTER SCHEMA quarantine OWNER TO cryokit_owner;

--
-- Name: SCHEMA quarantine; Type: COMMENT; Schema: -; Owner: cryokit_owner
--

COMMENT ON SCHEMA quarantine IS 'rows that had lost what they refer to, moved here whole by repair';

--
-- Name: may(text); Type: FUNCTION; Schema: app; Owner: cryokit_owner
--

CREATE FUNCTION app.may(wanted text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO ''
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

ALTER FUNCTION app.may(wanted text) OWNER TO cryokit_owner;

--
-- Name: FUNCTION may(wanted text); Type: COMMENT; Schema: app; Owner: cryokit_owner
--

COMMENT ON FUNCTION app.may(wanted text) IS 'whether who is asking has at least this role';

--
-- Name: shared_experiments(text); Type: FUNCTION; Schema: app; Owner: cryokit_owner
--

CREATE FUNCTION app.shared_experiments(wanted text) RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO ''
    AS $$
    SELECT coalesce(array_agg(experiment_id), '{}')
    FROM cryo.share
    WHERE experiment_id IS NOT NULL
        AND may IN (wanted, 'edit')
        AND (grantee_user_id = app.uid() OR grantee_team_id = ANY (app.team_ids('viewer')))
        AND (expires_at IS NULL OR expires_at > now())
$$;

ALTER FUNCTION app.shared_experiments(wanted text) OWNER TO cryokit_owner;

--
-- Name: FUNCTION shared_experiments(wanted text); Type: COMMENT; Schema: app; Owner: cryokit_owner
--

COMMENT ON FUNCTION app.shared_experiments(wanted text) IS 'experiments that others let who is asking view or edit, now';

--
-- Name: shared_measurements(text); Type: FUNCTION; Schema: app; Owner: cryokit_owner
--

CREATE FUNCTION app.shared_measurements(wanted text) RETURNS bigint[]
    LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO ''
    AS $$
    SELECT coalesce(array_agg(measurement_id), '{}')
    FROM cryo.share
    WHERE measurement_id IS NOT NULL
        AND may IN (wanted, 'edit')
        AND (grantee_user_id = app.uid() OR grantee_team_id = ANY (app.team_ids('viewer')))
        AND (expires_at IS NULL OR expires_at > now())
$$;

ALTER FUNCTION app.shared_measurements(wanted text) OWNER TO cryokit_owner;

--
-- Name: FUNCTION shared_measurements(wanted text); Type: COMMENT; Schema: app; Owner: cryokit_owner
--

COMMENT ON FUNCTION app.shared_measurements(wanted text) IS 'measurements that others let who is asking view or edit, now';

--
-- Name: shared_predictions(); Type: FUNCTION; Schema: app; Owner: cryokit_owner
--

CREATE FUNCTION app.shared_predictions() RETURNS bigint[]
    LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO ''
    AS $$
    SELECT coalesce(array_agg(prediction_id), '{}')
    FROM cryo.share
    WHERE prediction_id IS NOT NULL
        AND (grantee_user_id = app.uid() OR grantee_team_id = ANY (app.team_ids('viewer')))
        AND (expires_at IS NULL OR expires_at > now())
$$;

ALTER FUNCTION app.shared_predictions() OWNER TO cryokit_owner;

--
-- Name: FUNCTION shared_predictions(); Type: COMMENT; Schema: app; Owner: cryokit_owner
--

COMMENT ON FUNCTION app.shared_predictions() IS 'predictions that others let who is asking view, now';

--
-- Name: team_ids(text); Type: FUNCTION; Schema: app; Owner: cryokit_owner
--

CREATE FUNCTION app.team_ids(wanted text) RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO ''
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

ALTER FUNCTION app.team_ids(wanted text) OWNER TO cryokit_owner;

--
-- Name: FUNCTION team_ids(wanted text); Type: COMMENT; Schema: app; Owner: cryokit_owner
--

COMMENT ON FUNCTION app.team_ids(wanted text) IS 'teams in which who is asking has at least this role';

--
-- Name: uid(); Type: FUNCTION; Schema: app; Owner: cryokit_owner
--

CREATE FUNCTION app.uid() RETURNS uuid
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
BEGIN
    IF session_user = 'cryokit_app' THEN
        RETURN nullif(current_setting('app.user_id', true), '')::uuid;
    END IF;
    RETURN (SELECT user_id FROM cryo.app_login WHERE login_role = session_user);
END
$$;

ALTER FUNCTION app.uid() OWNER TO cryokit_owner;

--
-- Name: FUNCTION uid(); Type: COMMENT; Schema: app; Owner: cryokit_owner
--

COMMENT ON FUNCTION app.uid() IS 'who is asking; null for visitors and for maintenance';

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: app; Owner: cryokit_owner
--

CREATE TABLE app.alembic_version (
    version_num character varying(32) NOT NULL
);

ALTER TABLE app.alembic_version OWNER TO cryokit_owner;

--
-- Name: applied_file; Type: TABLE; Schema: app; Owner: cryokit_owner
--

CREATE TABLE app.applied_file (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT applied_file_sha256_form CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE app.applied_file OWNER TO cryokit_owner;

--
-- Name: TABLE applied_file; Type: COMMENT; Schema: app; Owner: cryokit_owner
--

COMMENT ON TABLE app.applied_file IS 'checksum of each SQL file at the time it was applied';

--
-- Name: api_token; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.api_token (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    scope text NOT NULL,
    token_sha256 text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT api_token_expires_later CHECK ((expires_at > created_at)),
    CONSTRAINT api_token_name_present CHECK ((name <> ''::text)),
    CONSTRAINT api_token_scope_known CHECK ((scope = ANY (ARRAY['all'::text, 'read'::text, 'monitoring'::text]))),
    CONSTRAINT api_token_token_sha256_form CHECK ((token_sha256 ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY cryo.api_token FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.api_token OWNER TO cryokit_owner;

--
-- Name: TABLE api_token; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.api_token IS 'a key by which a program acts for a person; the key itself is not kept';

--
-- Name: COLUMN api_token.token_sha256; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.api_token.token_sha256 IS 'only service_role may read it';

--
-- Name: app_login; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.app_login (
    login_role name NOT NULL,
    user_id uuid NOT NULL
);

ALTER TABLE ONLY cryo.app_login FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.app_login OWNER TO cryokit_owner;

--
-- Name: TABLE app_login; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.app_login IS 'whose personal database login a role is, for people who query with psql';

--
-- Name: app_user; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.app_user (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    disabled_at timestamp with time zone,
    password_changed_at timestamp with time zone DEFAULT now() NOT NULL,
    failed_sign_ins integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    CONSTRAINT app_user_failed_sign_ins_counted CHECK ((failed_sign_ins >= 0)),
    CONSTRAINT app_user_name_form CHECK ((name ~ '^[^[:space:]][^[:cntrl:]]{0,98}[^[:space:]]$'::text)),
    CONSTRAINT app_user_password_hash_is_argon2 CHECK ((password_hash ~~ '$argon2%'::text)),
    CONSTRAINT app_user_role_known CHECK ((role = ANY (ARRAY['viewer'::text, 'researcher'::text, 'admin'::text])))
);

ALTER TABLE ONLY cryo.app_user FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.app_user OWNER TO cryokit_owner;

--
-- Name: TABLE app_user; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.app_user IS 'an account; it is disabled, never deleted, because its rows keep their owner';

--
-- Name: COLUMN app_user.password_hash; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.app_user.password_hash IS 'argon2; only service_role may read it';

--
-- Name: COLUMN app_user.password_changed_at; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.app_user.password_changed_at IS 'sessions from before it have ended';

--
-- Name: COLUMN app_user.failed_sign_ins; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.app_user.failed_sign_ins IS 'wrong passwords since the last right one';

--
-- Name: COLUMN app_user.locked_until; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.app_user.locked_until IS 'until then not even the right password signs in; null if never locked';

--
-- Name: audit_event; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.audit_event (
    id bigint NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    object text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT audit_event_action_form CHECK ((action ~ '^[a-z][a-z0-9_]*$'::text))
);

ALTER TABLE ONLY cryo.audit_event FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.audit_event OWNER TO cryokit_owner;

--
-- Name: TABLE audit_event; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.audit_event IS 'who did what; rows are only added';

--
-- Name: COLUMN audit_event.actor_id; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.audit_event.actor_id IS 'null for local maintenance';

--
-- Name: audit_event_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.audit_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.audit_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: backup_drill; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.backup_drill (
    id bigint NOT NULL,
    backup_set_id text,
    drilled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    is_passed boolean NOT NULL,
    recovery_seconds double precision NOT NULL,
    lost_seconds double precision,
    report jsonb NOT NULL,
    CONSTRAINT backup_drill_lost_seconds_not_negative CHECK ((lost_seconds >= (0)::double precision)),
    CONSTRAINT backup_drill_recovery_seconds_not_negative CHECK ((recovery_seconds >= (0)::double precision))
);

ALTER TABLE ONLY cryo.backup_drill FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.backup_drill OWNER TO cryokit_owner;

--
-- Name: TABLE backup_drill; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.backup_drill IS 'each restore that was tried: how long it took and how much would have been lost';

--
-- Name: backup_drill_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.backup_drill ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.backup_drill_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: backup_set; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.backup_set (
    id text NOT NULL,
    kind text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    seconds double precision NOT NULL,
    bytes bigint NOT NULL,
    proved_at timestamp with time zone,
    remote_at timestamp with time zone,
    removed_at timestamp with time zone,
    manifest jsonb NOT NULL,
    CONSTRAINT backup_set_bytes_positive CHECK ((bytes > 0)),
    CONSTRAINT backup_set_id_form CHECK ((id ~ '^[0-9]{8}T[0-9]{6}Z-(full|incremental|dump)(-[0-9]+)?$'::text)),
    CONSTRAINT backup_set_kind_known CHECK ((kind = ANY (ARRAY['full'::text, 'incremental'::text, 'dump'::text]))),
    CONSTRAINT backup_set_manifest_named CHECK ((jsonb_typeof(manifest) = 'object'::text)),
    CONSTRAINT backup_set_seconds_not_negative CHECK ((seconds >= (0)::double precision))
);

ALTER TABLE ONLY cryo.backup_set FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.backup_set OWNER TO cryokit_owner;

--
-- Name: TABLE backup_set; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.backup_set IS 'each backup, also one that was removed by rotation';

--
-- Name: dataset_snapshot; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.dataset_snapshot (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    target text NOT NULL,
    sha256 text NOT NULL,
    row_count integer NOT NULL,
    content jsonb NOT NULL,
    is_public boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    team_id uuid,
    CONSTRAINT dataset_snapshot_content_complete CHECK ((jsonb_array_length(content) = row_count)),
    CONSTRAINT dataset_snapshot_row_count_positive CHECK ((row_count > 0)),
    CONSTRAINT dataset_snapshot_sha256_form CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY cryo.dataset_snapshot FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.dataset_snapshot OWNER TO cryokit_owner;

--
-- Name: TABLE dataset_snapshot; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.dataset_snapshot IS 'the rows that a model version learned from, word for word';

--
-- Name: COLUMN dataset_snapshot.team_id; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.dataset_snapshot.team_id IS 'the team whose private rows are in it, null without such rows';

--
-- Name: evaluation; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.evaluation (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_version_id bigint NOT NULL,
    kind text NOT NULL,
    split text NOT NULL,
    metrics jsonb NOT NULL,
    baselines jsonb NOT NULL,
    rows jsonb NOT NULL,
    is_public boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    owner_id uuid,
    CONSTRAINT evaluation_baselines_named CHECK ((jsonb_typeof(baselines) = 'object'::text)),
    CONSTRAINT evaluation_kind_present CHECK ((kind <> ''::text)),
    CONSTRAINT evaluation_metrics_named CHECK ((jsonb_typeof(metrics) = 'object'::text)),
    CONSTRAINT evaluation_rows_are_a_table CHECK ((jsonb_typeof(rows) = 'array'::text)),
    CONSTRAINT evaluation_split_present CHECK ((split <> ''::text))
);

ALTER TABLE ONLY cryo.evaluation FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.evaluation OWNER TO cryokit_owner;

--
-- Name: TABLE evaluation; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.evaluation IS 'predictions for rows that the model had not seen, and the scores from them';

--
-- Name: COLUMN evaluation.owner_id; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.evaluation.owner_id IS 'who brought the rows; null for rows that the version was validated on';

--
-- Name: experiment; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.experiment (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    protocol text DEFAULT ''::text NOT NULL,
    performed_on date,
    team_id uuid,
    owner_id uuid,
    is_public boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT experiment_name_present CHECK ((name <> ''::text))
);

ALTER TABLE ONLY cryo.experiment FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.experiment OWNER TO cryokit_owner;

--
-- Name: TABLE experiment; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.experiment IS 'work at the bench that measurements came from';

--
-- Name: health_run; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.health_run (
    id bigint NOT NULL,
    checked_at timestamp with time zone NOT NULL,
    status text NOT NULL,
    error_count integer NOT NULL,
    warning_count integer NOT NULL,
    info_count integer NOT NULL,
    seconds double precision NOT NULL,
    report jsonb NOT NULL,
    CONSTRAINT health_run_error_count_not_negative CHECK ((error_count >= 0)),
    CONSTRAINT health_run_info_count_not_negative CHECK ((info_count >= 0)),
    CONSTRAINT health_run_status_known CHECK ((status = ANY (ARRAY['ok'::text, 'findings'::text, 'error'::text]))),
    CONSTRAINT health_run_warning_count_not_negative CHECK ((warning_count >= 0))
);

ALTER TABLE ONLY cryo.health_run FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.health_run OWNER TO cryokit_owner;

--
-- Name: TABLE health_run; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.health_run IS 'what each check of the database found';

--
-- Name: health_run_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.health_run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.health_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: job; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.job (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    done_fraction double precision DEFAULT 0 NOT NULL,
    result jsonb,
    error text,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    log text DEFAULT ''::text NOT NULL,
    alive_at timestamp with time zone,
    CONSTRAINT job_done_fraction_is_a_fraction CHECK (((done_fraction >= (0)::double precision) AND (done_fraction <= (1)::double precision))),
    CONSTRAINT job_failure_has_a_reason CHECK (((status <> 'failed'::text) OR (error IS NOT NULL))),
    CONSTRAINT job_finished_in_order CHECK ((finished_at >= started_at)),
    CONSTRAINT job_kind_form CHECK ((kind ~ '^[a-z][a-z0-9_]*$'::text)),
    CONSTRAINT job_parameters_named CHECK ((jsonb_typeof(parameters) = 'object'::text)),
    CONSTRAINT job_status_known CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY cryo.job FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.job OWNER TO cryokit_owner;

--
-- Name: TABLE job; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.job IS 'long work that somebody asked for';

--
-- Name: COLUMN job.alive_at; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.job.alive_at IS 'when its process last said that it works; null for work that does not say so';

--
-- Name: lab_verification; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.lab_verification (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    experiment_id uuid NOT NULL,
    verifier_id uuid NOT NULL,
    outcome text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    verified_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT lab_verification_outcome_known CHECK ((outcome = ANY (ARRAY['confirmed'::text, 'refuted'::text, 'inconclusive'::text])))
);

ALTER TABLE ONLY cryo.lab_verification FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.lab_verification OWNER TO cryokit_owner;

--
-- Name: TABLE lab_verification; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.lab_verification IS 'whether somebody could repeat an experiment; an experiment that has one stays';

--
-- Name: measurement; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.measurement (
    id bigint NOT NULL,
    target text NOT NULL,
    property_type_id smallint NOT NULL,
    molecule_id bigint,
    mixture_id bigint,
    name text NOT NULL,
    value double precision NOT NULL,
    unit text NOT NULL,
    conditions jsonb DEFAULT '{}'::jsonb NOT NULL,
    spread double precision,
    repeat_count integer DEFAULT 1 NOT NULL,
    source text NOT NULL,
    evidence text,
    is_published boolean DEFAULT true NOT NULL,
    is_curated boolean DEFAULT true NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    row_sha256 text NOT NULL,
    owner_id uuid,
    is_public boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    team_id uuid,
    experiment_id uuid,
    CONSTRAINT measurement_conditions_are_named CHECK ((jsonb_typeof(conditions) = 'object'::text)),
    CONSTRAINT measurement_details_are_named CHECK ((jsonb_typeof(details) = 'object'::text)),
    CONSTRAINT measurement_evidence_known CHECK ((evidence = ANY (ARRAY['A'::text, 'B'::text, 'C'::text, 'D'::text, 'N'::text]))),
    CONSTRAINT measurement_one_subject CHECK ((num_nonnulls(molecule_id, mixture_id) = 1)),
    CONSTRAINT measurement_repeat_count_positive CHECK ((repeat_count > 0)),
    CONSTRAINT measurement_row_sha256_form CHECK ((row_sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT measurement_source_present CHECK ((source <> ''::text)),
    CONSTRAINT measurement_spread_not_negative CHECK (((spread >= (0)::double precision) AND (spread < 'Infinity'::double precision))),
    CONSTRAINT measurement_unit_present CHECK ((unit <> ''::text)),
    CONSTRAINT measurement_value_finite CHECK ((value <> ALL (ARRAY['NaN'::double precision, 'Infinity'::double precision, '-Infinity'::double precision])))
);

ALTER TABLE ONLY cryo.measurement FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.measurement OWNER TO cryokit_owner;

--
-- Name: TABLE measurement; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.measurement IS 'a measured value with its unit, conditions and source';

--
-- Name: COLUMN measurement.name; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.measurement.name IS 'what the source calls the substance: stereoisomers may share a structure';

--
-- Name: COLUMN measurement.conditions; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.measurement.conditions IS 'named conditions of the target, and "text" for the rest';

--
-- Name: COLUMN measurement.spread; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.measurement.spread IS 'standard deviation of the repeats, null if there was one';

--
-- Name: COLUMN measurement.details; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.measurement.details IS 'what else the row says: tm_kelvin, note, the recipe as written';

--
-- Name: COLUMN measurement.row_sha256; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.measurement.row_sha256 IS 'over target, subject, name, value, conditions and source';

--
-- Name: COLUMN measurement.owner_id; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.measurement.owner_id IS 'null: the installation''s own row';

--
-- Name: measurement_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.measurement ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.measurement_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: membership; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.membership (
    team_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT membership_role_known CHECK ((role = ANY (ARRAY['viewer'::text, 'editor'::text, 'admin'::text])))
);

ALTER TABLE ONLY cryo.membership FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.membership OWNER TO cryokit_owner;

--
-- Name: TABLE membership; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.membership IS 'who belongs to which team: viewers read, editors write, admins also say who belongs';

--
-- Name: mixture; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.mixture (
    id bigint NOT NULL,
    composition_sha256 text NOT NULL,
    is_public boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT mixture_composition_sha256_form CHECK ((composition_sha256 ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY cryo.mixture FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.mixture OWNER TO cryokit_owner;

--
-- Name: TABLE mixture; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.mixture IS 'a formulation, one for each composition';

--
-- Name: COLUMN mixture.composition_sha256; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.mixture.composition_sha256 IS 'over the sorted components with their amounts and units';

--
-- Name: mixture_component; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.mixture_component (
    id bigint NOT NULL,
    mixture_id bigint NOT NULL,
    "position" smallint NOT NULL,
    molecule_id bigint,
    material text,
    name text NOT NULL,
    amount double precision NOT NULL,
    unit text NOT NULL,
    CONSTRAINT mixture_component_amount_not_negative CHECK (((amount >= (0)::double precision) AND (amount < 'Infinity'::double precision))),
    CONSTRAINT mixture_component_material_present CHECK ((material <> ''::text)),
    CONSTRAINT mixture_component_name_present CHECK ((name <> ''::text)),
    CONSTRAINT mixture_component_one_substance CHECK ((num_nonnulls(molecule_id, material) = 1)),
    CONSTRAINT mixture_component_position_positive CHECK (("position" > 0)),
    CONSTRAINT mixture_component_unit_known CHECK ((unit = ANY (ARRAY['mol/kg'::text, 'mol/L'::text, '% w/w'::text, '% w/v'::text, '% v/v'::text])))
);

ALTER TABLE ONLY cryo.mixture_component FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.mixture_component OWNER TO cryokit_owner;

--
-- Name: TABLE mixture_component; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.mixture_component IS 'a molecule, or a material without one structure such as serum, and its amount';

--
-- Name: mixture_component_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.mixture_component ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.mixture_component_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: mixture_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.mixture ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.mixture_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: model; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.model (
    id integer NOT NULL,
    target text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY cryo.model FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.model OWNER TO cryokit_owner;

--
-- Name: TABLE model; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.model IS 'the line of model versions of one target';

--
-- Name: model_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.model ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.model_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: model_version; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.model_version (
    id bigint NOT NULL,
    model_id integer NOT NULL,
    version integer NOT NULL,
    dataset_snapshot_id uuid NOT NULL,
    dataset_sha256 text NOT NULL,
    artifact_sha256 text NOT NULL,
    metrics jsonb NOT NULL,
    verdict text NOT NULL,
    seed bigint NOT NULL,
    recipe jsonb NOT NULL,
    library_versions jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT model_version_artifact_sha256_form CHECK ((artifact_sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT model_version_metrics_named CHECK ((jsonb_typeof(metrics) = 'object'::text)),
    CONSTRAINT model_version_verdict_known CHECK ((verdict = ANY (ARRAY['skill'::text, 'insufficient skill'::text]))),
    CONSTRAINT model_version_version_positive CHECK ((version > 0))
);

ALTER TABLE ONLY cryo.model_version FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.model_version OWNER TO cryokit_owner;

--
-- Name: TABLE model_version; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.model_version IS 'a trained model: its data, its recipe, its artifact, its scores';

--
-- Name: COLUMN model_version.artifact_sha256; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.model_version.artifact_sha256 IS 'name and checksum of the file that holds the model';

--
-- Name: model_version_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.model_version ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.model_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: molecule; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.molecule (
    id bigint NOT NULL,
    smiles text NOT NULL,
    inchikey text NOT NULL,
    connectivity text GENERATED ALWAYS AS ("left"(inchikey, 14)) STORED NOT NULL,
    is_public boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT molecule_inchikey_form CHECK ((inchikey ~ '^[A-Z]{14}-[A-Z]{10}-[A-Z]$'::text)),
    CONSTRAINT molecule_smiles_present CHECK ((smiles <> ''::text))
);

ALTER TABLE ONLY cryo.molecule FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.molecule OWNER TO cryokit_owner;

--
-- Name: TABLE molecule; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.molecule IS 'a structure; private until something public is known of it';

--
-- Name: COLUMN molecule.smiles; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.molecule.smiles IS 'canonical isomeric SMILES';

--
-- Name: COLUMN molecule.connectivity; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.molecule.connectivity IS 'first block of the InChIKey: the constitution without stereochemistry';

--
-- Name: molecule_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.molecule ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.molecule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: molecule_identifier; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.molecule_identifier (
    id bigint NOT NULL,
    molecule_id bigint NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    is_public boolean DEFAULT false NOT NULL,
    CONSTRAINT molecule_identifier_kind_known CHECK ((kind = ANY (ARRAY['name'::text, 'cas'::text]))),
    CONSTRAINT molecule_identifier_value_present CHECK ((value <> ''::text))
);

ALTER TABLE ONLY cryo.molecule_identifier FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.molecule_identifier OWNER TO cryokit_owner;

--
-- Name: TABLE molecule_identifier; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.molecule_identifier IS 'names and numbers under which a molecule is known';

--
-- Name: molecule_identifier_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.molecule_identifier ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.molecule_identifier_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: prediction; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.prediction (
    id bigint NOT NULL,
    model_version_id bigint NOT NULL,
    subject text NOT NULL,
    molecule_id bigint,
    mixture_id bigint,
    name text,
    value double precision NOT NULL,
    unit text NOT NULL,
    lower double precision NOT NULL,
    upper double precision NOT NULL,
    confidence double precision NOT NULL,
    conditions jsonb DEFAULT '{}'::jsonb NOT NULL,
    in_training boolean NOT NULL,
    in_domain boolean NOT NULL,
    domain_reasons jsonb DEFAULT '[]'::jsonb NOT NULL,
    owner_id uuid,
    is_public boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    team_id uuid,
    CONSTRAINT prediction_confidence_is_a_fraction CHECK (((confidence > (0)::double precision) AND (confidence < (1)::double precision))),
    CONSTRAINT prediction_interval_holds_value CHECK (((lower <= value) AND (value <= upper))),
    CONSTRAINT prediction_one_subject CHECK ((num_nonnulls(molecule_id, mixture_id) <= 1)),
    CONSTRAINT prediction_subject_present CHECK ((subject <> ''::text)),
    CONSTRAINT prediction_unit_present CHECK ((unit <> ''::text))
);

ALTER TABLE ONLY cryo.prediction FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.prediction OWNER TO cryokit_owner;

--
-- Name: TABLE prediction; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.prediction IS 'a predicted value with its interval and the model version that gave it';

--
-- Name: COLUMN prediction.subject; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.prediction.subject IS 'canonical SMILES or recipe, also of what is not registered';

--
-- Name: prediction_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.prediction ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.prediction_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: promotion; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.promotion (
    id bigint NOT NULL,
    model_version_id bigint NOT NULL,
    depth integer NOT NULL,
    kind text NOT NULL,
    is_override boolean DEFAULT false NOT NULL,
    reason text NOT NULL,
    actor_id uuid,
    promoted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT promotion_depth_not_negative CHECK ((depth >= 0)),
    CONSTRAINT promotion_kind_known CHECK ((kind = ANY (ARRAY['found'::text, 'trained'::text, 'promoted'::text, 'rolled_back'::text]))),
    CONSTRAINT promotion_reason_present CHECK ((reason <> ''::text))
);

ALTER TABLE ONLY cryo.promotion FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.promotion OWNER TO cryokit_owner;

--
-- Name: TABLE promotion; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.promotion IS 'moves of the current version; the newest one of a target and an owner counts; rows are only added';

--
-- Name: COLUMN promotion.depth; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.promotion.depth IS 'how many moves can be undone from here; a rollback returns to the newest move of the depth below';

--
-- Name: COLUMN promotion.is_override; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.promotion.is_override IS 'a version without skill was promoted all the same';

--
-- Name: COLUMN promotion.actor_id; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.promotion.actor_id IS 'null for local maintenance';

--
-- Name: promotion_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.promotion ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.promotion_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: property_type; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.property_type (
    id smallint NOT NULL,
    name text NOT NULL,
    unit text NOT NULL,
    plausible_lower double precision NOT NULL,
    plausible_upper double precision NOT NULL,
    CONSTRAINT property_type_name_form CHECK ((name ~ '^[a-z][a-z0-9_]*$'::text)),
    CONSTRAINT property_type_plausible_range CHECK ((plausible_lower < plausible_upper)),
    CONSTRAINT property_type_unit_present CHECK ((unit <> ''::text))
);

ALTER TABLE ONLY cryo.property_type FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.property_type OWNER TO cryokit_owner;

--
-- Name: TABLE property_type; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.property_type IS 'a quantity with its unit and the range outside which a value is an error';

--
-- Name: property_type_id_seq; Type: SEQUENCE; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.property_type ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cryo.property_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: provider_identity; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.provider_identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT provider_identity_issuer_length CHECK (((length(issuer) >= 1) AND (length(issuer) <= 2000))),
    CONSTRAINT provider_identity_subject_length CHECK (((length(subject) >= 1) AND (length(subject) <= 255)))
);

ALTER TABLE ONLY cryo.provider_identity FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.provider_identity OWNER TO cryokit_owner;

--
-- Name: TABLE provider_identity; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.provider_identity IS 'whose account it is that a provider of identities knows by a subject';

--
-- Name: report_run; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.report_run (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    status text DEFAULT 'running'::text NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    path text,
    error text,
    owner_id uuid,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    job_id uuid,
    CONSTRAINT report_run_finished_in_order CHECK ((finished_at >= started_at)),
    CONSTRAINT report_run_name_present CHECK ((name <> ''::text)),
    CONSTRAINT report_run_parameters_named CHECK ((jsonb_typeof(parameters) = 'object'::text)),
    CONSTRAINT report_run_status_agrees CHECK ((((status = 'running'::text) AND (finished_at IS NULL)) OR ((status = 'succeeded'::text) AND (finished_at IS NOT NULL) AND (path IS NOT NULL) AND (error IS NULL)) OR ((status = 'failed'::text) AND (finished_at IS NOT NULL) AND (error IS NOT NULL)))),
    CONSTRAINT report_run_status_known CHECK ((status = ANY (ARRAY['running'::text, 'succeeded'::text, 'failed'::text])))
);

ALTER TABLE ONLY cryo.report_run FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.report_run OWNER TO cryokit_owner;

--
-- Name: TABLE report_run; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.report_run IS 'one run of a notebook';

--
-- Name: COLUMN report_run.owner_id; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.report_run.owner_id IS 'null: started on the machine itself';

--
-- Name: COLUMN report_run.job_id; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.report_run.job_id IS 'the job that does it; null for a run that whoever asked for it waits for';

--
-- Name: request_key; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.request_key (
    owner_id uuid NOT NULL,
    key text NOT NULL,
    request_sha256 text NOT NULL,
    begun_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    status integer,
    location text,
    body text,
    alive_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT request_key_answered_as_a_whole CHECK (((status IS NULL) = (body IS NULL))),
    CONSTRAINT request_key_key_length CHECK (((length(key) >= 1) AND (length(key) <= 200))),
    CONSTRAINT request_key_request_sha256_is_one CHECK ((request_sha256 ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY cryo.request_key FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.request_key OWNER TO cryokit_owner;

--
-- Name: TABLE request_key; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.request_key IS 'keys of requests that began work, with their answers; forgotten after 24 hours';

--
-- Name: COLUMN request_key.request_sha256; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.request_key.request_sha256 IS 'of method, address and body of the request';

--
-- Name: COLUMN request_key.status; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.request_key.status IS 'HTTP status of the answer; null until there is one';

--
-- Name: COLUMN request_key.alive_at; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.request_key.alive_at IS 'when the server last said that it works on the answer';

--
-- Name: share; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.share (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    experiment_id uuid,
    measurement_id bigint,
    prediction_id bigint,
    grantee_user_id uuid,
    grantee_team_id uuid,
    may text NOT NULL,
    granted_by uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    CONSTRAINT share_expires_later CHECK ((expires_at > created_at)),
    CONSTRAINT share_may_known CHECK ((may = ANY (ARRAY['view'::text, 'edit'::text]))),
    CONSTRAINT share_one_grantee CHECK ((num_nonnulls(grantee_user_id, grantee_team_id) = 1)),
    CONSTRAINT share_one_item CHECK ((num_nonnulls(experiment_id, measurement_id, prediction_id) = 1))
);

ALTER TABLE ONLY cryo.share FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.share OWNER TO cryokit_owner;

--
-- Name: TABLE share; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.share IS 'one item that somebody outside of the team may view or edit, until it expires';

--
-- Name: COLUMN share.experiment_id; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON COLUMN cryo.share.experiment_id IS 'the experiment with its measurements and verifications';

--
-- Name: signed_out; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.signed_out (
    session_id uuid NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY cryo.signed_out FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.signed_out OWNER TO cryokit_owner;

--
-- Name: TABLE signed_out; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.signed_out IS 'sessions that were signed out before their time was over; kept until it is';

--
-- Name: target; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.target (
    name text NOT NULL,
    subject text NOT NULL,
    unit text NOT NULL,
    CONSTRAINT target_name_form CHECK ((name ~ '^[a-z][a-z0-9_]*$'::text)),
    CONSTRAINT target_subject_known CHECK ((subject = ANY (ARRAY['smiles'::text, 'recipe'::text]))),
    CONSTRAINT target_unit_present CHECK ((unit <> ''::text))
);

ALTER TABLE ONLY cryo.target FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.target OWNER TO cryokit_owner;

--
-- Name: TABLE target; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.target IS 'what models predict';

--
-- Name: team; Type: TABLE; Schema: cryo; Owner: cryokit_owner
--

CREATE TABLE cryo.team (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT team_name_form CHECK ((name ~ '^[^[:space:]][^[:cntrl:]]{0,98}[^[:space:]]$'::text))
);

ALTER TABLE ONLY cryo.team FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.team OWNER TO cryokit_owner;

--
-- Name: TABLE team; Type: COMMENT; Schema: cryo; Owner: cryokit_owner
--

COMMENT ON TABLE cryo.team IS 'people who see each other''s rows';

--
-- Name: quarantined_row; Type: TABLE; Schema: quarantine; Owner: cryokit_owner
--

CREATE TABLE quarantine.quarantined_row (
    id bigint NOT NULL,
    table_schema text NOT NULL,
    table_name text NOT NULL,
    key jsonb NOT NULL,
    reason text NOT NULL,
    content jsonb NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL,
    restored_at timestamp with time zone
);

ALTER TABLE ONLY quarantine.quarantined_row FORCE ROW LEVEL SECURITY;

ALTER TABLE quarantine.quarantined_row OWNER TO cryokit_owner;

--
-- Name: TABLE quarantined_row; Type: COMMENT; Schema: quarantine; Owner: cryokit_owner
--

COMMENT ON TABLE quarantine.quarantined_row IS 'one row as it was, and why it is here; it can be put back';

--
-- Name: quarantined_row_id_seq; Type: SEQUENCE; Schema: quarantine; Owner: cryokit_owner
--

ALTER TABLE quarantine.quarantined_row ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME quarantine.quarantined_row_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: app; Owner: cryokit_owner
--

ALTER TABLE ONLY app.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

--
-- Name: applied_file applied_file_pkey; Type: CONSTRAINT; Schema: app; Owner: cryokit_owner
--

ALTER TABLE ONLY app.applied_file
    ADD CONSTRAINT applied_file_pkey PRIMARY KEY (name);

--
-- Name: api_token api_token_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.api_token
    ADD CONSTRAINT api_token_pkey PRIMARY KEY (id);

--
-- Name: api_token api_token_token_sha256_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.api_token
    ADD CONSTRAINT api_token_token_sha256_key UNIQUE (token_sha256);

--
-- Name: app_login app_login_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.app_login
    ADD CONSTRAINT app_login_pkey PRIMARY KEY (login_role);

--
-- Name: app_user app_user_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.app_user
    ADD CONSTRAINT app_user_pkey PRIMARY KEY (id);

--
-- Name: audit_event audit_event_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (id);

--
-- Name: backup_drill backup_drill_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.backup_drill
    ADD CONSTRAINT backup_drill_pkey PRIMARY KEY (id);

--
-- Name: backup_set backup_set_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.backup_set
    ADD CONSTRAINT backup_set_pkey PRIMARY KEY (id);

--
-- Name: dataset_snapshot dataset_snapshot_content_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.dataset_snapshot
    ADD CONSTRAINT dataset_snapshot_content_key UNIQUE (target, sha256);

--
-- Name: dataset_snapshot dataset_snapshot_hash_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.dataset_snapshot
    ADD CONSTRAINT dataset_snapshot_hash_key UNIQUE (id, sha256);

--
-- Name: dataset_snapshot dataset_snapshot_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.dataset_snapshot
    ADD CONSTRAINT dataset_snapshot_pkey PRIMARY KEY (id);

--
-- Name: evaluation evaluation_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.evaluation
    ADD CONSTRAINT evaluation_pkey PRIMARY KEY (id);

--
-- Name: experiment experiment_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.experiment
    ADD CONSTRAINT experiment_pkey PRIMARY KEY (id);

--
-- Name: health_run health_run_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.health_run
    ADD CONSTRAINT health_run_pkey PRIMARY KEY (id);

--
-- Name: job job_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);

--
-- Name: lab_verification lab_verification_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.lab_verification
    ADD CONSTRAINT lab_verification_pkey PRIMARY KEY (id);

--
-- Name: measurement measurement_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.measurement
    ADD CONSTRAINT measurement_pkey PRIMARY KEY (id);

--
-- Name: measurement measurement_row_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.measurement
    ADD CONSTRAINT measurement_row_key UNIQUE NULLS NOT DISTINCT (row_sha256, owner_id);

--
-- Name: membership membership_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.membership
    ADD CONSTRAINT membership_pkey PRIMARY KEY (team_id, user_id);

--
-- Name: mixture_component mixture_component_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.mixture_component
    ADD CONSTRAINT mixture_component_pkey PRIMARY KEY (id);

--
-- Name: mixture_component mixture_component_position_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.mixture_component
    ADD CONSTRAINT mixture_component_position_key UNIQUE (mixture_id, "position");

--
-- Name: mixture mixture_composition_sha256_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.mixture
    ADD CONSTRAINT mixture_composition_sha256_key UNIQUE (composition_sha256);

--
-- Name: mixture mixture_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.mixture
    ADD CONSTRAINT mixture_pkey PRIMARY KEY (id);

--
-- Name: model model_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.model
    ADD CONSTRAINT model_pkey PRIMARY KEY (id);

--
-- Name: model model_target_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.model
    ADD CONSTRAINT model_target_key UNIQUE (target);

--
-- Name: model_version model_version_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.model_version
    ADD CONSTRAINT model_version_pkey PRIMARY KEY (id);

--
-- Name: model_version model_version_version_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.model_version
    ADD CONSTRAINT model_version_version_key UNIQUE (model_id, version);

--
-- Name: molecule_identifier molecule_identifier_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.molecule_identifier
    ADD CONSTRAINT molecule_identifier_key UNIQUE (molecule_id, kind, value);

--
-- Name: molecule_identifier molecule_identifier_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.molecule_identifier
    ADD CONSTRAINT molecule_identifier_pkey PRIMARY KEY (id);

--
-- Name: molecule molecule_inchikey_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.molecule
    ADD CONSTRAINT molecule_inchikey_key UNIQUE (inchikey);

--
-- Name: molecule molecule_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.molecule
    ADD CONSTRAINT molecule_pkey PRIMARY KEY (id);

--
-- Name: prediction prediction_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.prediction
    ADD CONSTRAINT prediction_pkey PRIMARY KEY (id);

--
-- Name: promotion promotion_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.promotion
    ADD CONSTRAINT promotion_pkey PRIMARY KEY (id);

--
-- Name: property_type property_type_name_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.property_type
    ADD CONSTRAINT property_type_name_key UNIQUE (name);

--
-- Name: property_type property_type_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.property_type
    ADD CONSTRAINT property_type_pkey PRIMARY KEY (id);

--
-- Name: provider_identity provider_identity_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.provider_identity
    ADD CONSTRAINT provider_identity_pkey PRIMARY KEY (issuer, subject);

--
-- Name: report_run report_run_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.report_run
    ADD CONSTRAINT report_run_pkey PRIMARY KEY (id);

--
-- Name: request_key request_key_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.request_key
    ADD CONSTRAINT request_key_pkey PRIMARY KEY (owner_id, key);

--
-- Name: share share_key; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.share
    ADD CONSTRAINT share_key UNIQUE NULLS NOT DISTINCT (experiment_id, measurement_id, prediction_id, grantee_user_id, grantee_team_id);

--
-- Name: share share_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.share
    ADD CONSTRAINT share_pkey PRIMARY KEY (id);

--
-- Name: signed_out signed_out_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.signed_out
    ADD CONSTRAINT signed_out_pkey PRIMARY KEY (session_id);

--
-- Name: target target_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.target
    ADD CONSTRAINT target_pkey PRIMARY KEY (name);

--
-- Name: team team_pkey; Type: CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.team
    ADD CONSTRAINT team_pkey PRIMARY KEY (id);

--
-- Name: quarantined_row quarantined_row_pkey; Type: CONSTRAINT; Schema: quarantine; Owner: cryokit_owner
--

ALTER TABLE ONLY quarantine.quarantined_row
    ADD CONSTRAINT quarantined_row_pkey PRIMARY KEY (id);

--
-- Name: api_token_user_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX api_token_user_id_idx ON cryo.api_token USING btree (user_id);

--
-- Name: app_login_user_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX app_login_user_id_idx ON cryo.app_login USING btree (user_id);

--
-- Name: app_user_name_key; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE UNIQUE INDEX app_user_name_key ON cryo.app_user USING btree (lower(name));

--
-- Name: audit_event_actor_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX audit_event_actor_id_idx ON cryo.audit_event USING btree (actor_id);

--
-- Name: audit_event_recorded_at_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX audit_event_recorded_at_idx ON cryo.audit_event USING btree (recorded_at);

--
-- Name: backup_drill_backup_set_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX backup_drill_backup_set_id_idx ON cryo.backup_drill USING btree (backup_set_id);

--
-- Name: backup_drill_drilled_at_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX backup_drill_drilled_at_idx ON cryo.backup_drill USING btree (drilled_at);

--
-- Name: backup_set_started_at_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX backup_set_started_at_idx ON cryo.backup_set USING btree (started_at);

--
-- Name: dataset_snapshot_team_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX dataset_snapshot_team_id_idx ON cryo.dataset_snapshot USING btree (team_id);

--
-- Name: evaluation_model_version_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX evaluation_model_version_id_idx ON cryo.evaluation USING btree (model_version_id);

--
-- Name: evaluation_owner_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX evaluation_owner_id_idx ON cryo.evaluation USING btree (owner_id);

--
-- Name: experiment_owner_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX experiment_owner_id_idx ON cryo.experiment USING btree (owner_id);

--
-- Name: experiment_team_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX experiment_team_id_idx ON cryo.experiment USING btree (team_id);

--
-- Name: health_run_checked_at_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX health_run_checked_at_idx ON cryo.health_run USING btree (checked_at);

--
-- Name: job_owner_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX job_owner_id_idx ON cryo.job USING btree (owner_id);

--
-- Name: lab_verification_experiment_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX lab_verification_experiment_id_idx ON cryo.lab_verification USING btree (experiment_id);

--
-- Name: lab_verification_verifier_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX lab_verification_verifier_id_idx ON cryo.lab_verification USING btree (verifier_id);

--
-- Name: measurement_experiment_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX measurement_experiment_id_idx ON cryo.measurement USING btree (experiment_id);

--
-- Name: measurement_mixture_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX measurement_mixture_id_idx ON cryo.measurement USING btree (mixture_id);

--
-- Name: measurement_molecule_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX measurement_molecule_id_idx ON cryo.measurement USING btree (molecule_id);

--
-- Name: measurement_owner_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX measurement_owner_id_idx ON cryo.measurement USING btree (owner_id);

--
-- Name: measurement_property_type_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX measurement_property_type_id_idx ON cryo.measurement USING btree (property_type_id);

--
-- Name: measurement_target_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX measurement_target_idx ON cryo.measurement USING btree (target);

--
-- Name: measurement_team_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX measurement_team_id_idx ON cryo.measurement USING btree (team_id);

--
-- Name: membership_user_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX membership_user_id_idx ON cryo.membership USING btree (user_id);

--
-- Name: mixture_component_molecule_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX mixture_component_molecule_id_idx ON cryo.mixture_component USING btree (molecule_id);

--
-- Name: model_version_dataset_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX model_version_dataset_idx ON cryo.model_version USING btree (dataset_snapshot_id, dataset_sha256);

--
-- Name: molecule_connectivity_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX molecule_connectivity_idx ON cryo.molecule USING btree (connectivity);

--
-- Name: molecule_identifier_value_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX molecule_identifier_value_idx ON cryo.molecule_identifier USING btree (lower(value));

--
-- Name: prediction_mixture_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX prediction_mixture_id_idx ON cryo.prediction USING btree (mixture_id);

--
-- Name: prediction_model_version_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX prediction_model_version_id_idx ON cryo.prediction USING btree (model_version_id);

--
-- Name: prediction_molecule_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX prediction_molecule_id_idx ON cryo.prediction USING btree (molecule_id);

--
-- Name: prediction_owner_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX prediction_owner_id_idx ON cryo.prediction USING btree (owner_id);

--
-- Name: prediction_team_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX prediction_team_id_idx ON cryo.prediction USING btree (team_id);

--
-- Name: promotion_actor_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX promotion_actor_id_idx ON cryo.promotion USING btree (actor_id);

--
-- Name: promotion_model_version_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX promotion_model_version_id_idx ON cryo.promotion USING btree (model_version_id);

--
-- Name: provider_identity_user_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX provider_identity_user_id_idx ON cryo.provider_identity USING btree (user_id);

--
-- Name: report_run_job_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX report_run_job_id_idx ON cryo.report_run USING btree (job_id);

--
-- Name: report_run_name_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX report_run_name_idx ON cryo.report_run USING btree (name, started_at);

--
-- Name: report_run_owner_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX report_run_owner_id_idx ON cryo.report_run USING btree (owner_id);

--
-- Name: request_key_begun_at_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX request_key_begun_at_idx ON cryo.request_key USING btree (begun_at);

--
-- Name: share_granted_by_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX share_granted_by_idx ON cryo.share USING btree (granted_by);

--
-- Name: share_grantee_team_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX share_grantee_team_id_idx ON cryo.share USING btree (grantee_team_id);

--
-- Name: share_grantee_user_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX share_grantee_user_id_idx ON cryo.share USING btree (grantee_user_id);

--
-- Name: share_measurement_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX share_measurement_id_idx ON cryo.share USING btree (measurement_id);

--
-- Name: share_prediction_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX share_prediction_id_idx ON cryo.share USING btree (prediction_id);

--
-- Name: signed_out_user_id_idx; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE INDEX signed_out_user_id_idx ON cryo.signed_out USING btree (user_id);

--
-- Name: team_name_key; Type: INDEX; Schema: cryo; Owner: cryokit_owner
--

CREATE UNIQUE INDEX team_name_key ON cryo.team USING btree (lower(name));

--
-- Name: api_token api_token_user_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.api_token
    ADD CONSTRAINT api_token_user_id_fkey FOREIGN KEY (user_id) REFERENCES cryo.app_user(id) ON DELETE CASCADE;

--
-- Name: app_login app_login_user_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.app_login
    ADD CONSTRAINT app_login_user_id_fkey FOREIGN KEY (user_id) REFERENCES cryo.app_user(id) ON DELETE CASCADE;

--
-- Name: audit_event audit_event_actor_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.audit_event
    ADD CONSTRAINT audit_event_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES cryo.app_user(id) ON DELETE RESTRICT;

--
-- Name: backup_drill backup_drill_backup_set_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.backup_drill
    ADD CONSTRAINT backup_drill_backup_set_id_fkey FOREIGN KEY (backup_set_id) REFERENCES cryo.backup_set(id) ON DELETE RESTRICT;

--
-- Name: dataset_snapshot dataset_snapshot_target_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.dataset_snapshot
    ADD CONSTRAINT dataset_snapshot_target_fkey FOREIGN KEY (target) REFERENCES cryo.target(name) ON DELETE RESTRICT;

--
-- Name: dataset_snapshot dataset_snapshot_team_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.dataset_snapshot
    ADD CONSTRAINT dataset_snapshot_team_id_fkey FOREIGN KEY (team_id) REFERENCES cryo.team(id) ON DELETE RESTRICT;

--
-- Name: evaluation evaluation_model_version_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.evaluation
    ADD CONSTRAINT evaluation_model_version_id_fkey FOREIGN KEY (model_version_id) REFERENCES cryo.model_version(id) ON DELETE CASCADE;

--
-- Name: evaluation evaluation_owner_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.evaluation
    ADD CONSTRAINT evaluation_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES cryo.app_user(id) ON DELETE RESTRICT;

--
-- Name: experiment experiment_owner_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.experiment
    ADD CONSTRAINT experiment_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES cryo.app_user(id) ON DELETE RESTRICT;

--
-- Name: experiment experiment_team_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.experiment
    ADD CONSTRAINT experiment_team_id_fkey FOREIGN KEY (team_id) REFERENCES cryo.team(id) ON DELETE RESTRICT;

--
-- Name: job job_owner_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.job
    ADD CONSTRAINT job_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES cryo.app_user(id) ON DELETE RESTRICT;

--
-- Name: lab_verification lab_verification_experiment_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.lab_verification
    ADD CONSTRAINT lab_verification_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES cryo.experiment(id) ON DELETE RESTRICT;

--
-- Name: lab_verification lab_verification_verifier_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.lab_verification
    ADD CONSTRAINT lab_verification_verifier_id_fkey FOREIGN KEY (verifier_id) REFERENCES cryo.app_user(id) ON DELETE RESTRICT;

--
-- Name: measurement measurement_experiment_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.measurement
    ADD CONSTRAINT measurement_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES cryo.experiment(id) ON DELETE RESTRICT;

--
-- Name: measurement measurement_mixture_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.measurement
    ADD CONSTRAINT measurement_mixture_id_fkey FOREIGN KEY (mixture_id) REFERENCES cryo.mixture(id) ON DELETE RESTRICT;

--
-- Name: measurement measurement_molecule_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.measurement
    ADD CONSTRAINT measurement_molecule_id_fkey FOREIGN KEY (molecule_id) REFERENCES cryo.molecule(id) ON DELETE RESTRICT;

--
-- Name: measurement measurement_owner_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.measurement
    ADD CONSTRAINT measurement_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES cryo.app_user(id) ON DELETE RESTRICT;

--
-- Name: measurement measurement_property_type_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.measurement
    ADD CONSTRAINT measurement_property_type_id_fkey FOREIGN KEY (property_type_id) REFERENCES cryo.property_type(id) ON DELETE RESTRICT;

--
-- Name: measurement measurement_target_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.measurement
    ADD CONSTRAINT measurement_target_fkey FOREIGN KEY (target) REFERENCES cryo.target(name) ON DELETE RESTRICT;

--
-- Name: measurement measurement_team_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.measurement
    ADD CONSTRAINT measurement_team_id_fkey FOREIGN KEY (team_id) REFERENCES cryo.team(id) ON DELETE RESTRICT;

--
-- Name: membership membership_team_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.membership
    ADD CONSTRAINT membership_team_id_fkey FOREIGN KEY (team_id) REFERENCES cryo.team(id) ON DELETE CASCADE;

--
-- Name: membership membership_user_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.membership
    ADD CONSTRAINT membership_user_id_fkey FOREIGN KEY (user_id) REFERENCES cryo.app_user(id) ON DELETE CASCADE;

--
-- Name: mixture_component mixture_component_mixture_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.mixture_component
    ADD CONSTRAINT mixture_component_mixture_id_fkey FOREIGN KEY (mixture_id) REFERENCES cryo.mixture(id) ON DELETE CASCADE;

--
-- Name: mixture_component mixture_component_molecule_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.mixture_component
    ADD CONSTRAINT mixture_component_molecule_id_fkey FOREIGN KEY (molecule_id) REFERENCES cryo.molecule(id) ON DELETE RESTRICT;

--
-- Name: model model_target_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.model
    ADD CONSTRAINT model_target_fkey FOREIGN KEY (target) REFERENCES cryo.target(name) ON DELETE RESTRICT;

--
-- Name: model_version model_version_dataset_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.model_version
    ADD CONSTRAINT model_version_dataset_fkey FOREIGN KEY (dataset_snapshot_id, dataset_sha256) REFERENCES cryo.dataset_snapshot(id, sha256) ON DELETE RESTRICT;

--
-- Name: model_version model_version_model_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.model_version
    ADD CONSTRAINT model_version_model_id_fkey FOREIGN KEY (model_id) REFERENCES cryo.model(id) ON DELETE RESTRICT;

--
-- Name: molecule_identifier molecule_identifier_molecule_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.molecule_identifier
    ADD CONSTRAINT molecule_identifier_molecule_id_fkey FOREIGN KEY (molecule_id) REFERENCES cryo.molecule(id) ON DELETE CASCADE;

--
-- Name: prediction prediction_mixture_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.prediction
    ADD CONSTRAINT prediction_mixture_id_fkey FOREIGN KEY (mixture_id) REFERENCES cryo.mixture(id) ON DELETE SET NULL;

--
-- Name: prediction prediction_model_version_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.prediction
    ADD CONSTRAINT prediction_model_version_id_fkey FOREIGN KEY (model_version_id) REFERENCES cryo.model_version(id) ON DELETE RESTRICT;

--
-- Name: prediction prediction_molecule_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.prediction
    ADD CONSTRAINT prediction_molecule_id_fkey FOREIGN KEY (molecule_id) REFERENCES cryo.molecule(id) ON DELETE SET NULL;

--
-- Name: prediction prediction_owner_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.prediction
    ADD CONSTRAINT prediction_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES cryo.app_user(id) ON DELETE RESTRICT;

--
-- Name: prediction prediction_team_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.prediction
    ADD CONSTRAINT prediction_team_id_fkey FOREIGN KEY (team_id) REFERENCES cryo.team(id) ON DELETE RESTRICT;

--
-- Name: promotion promotion_actor_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.promotion
    ADD CONSTRAINT promotion_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES cryo.app_user(id) ON DELETE RESTRICT;

--
-- Name: promotion promotion_model_version_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.promotion
    ADD CONSTRAINT promotion_model_version_id_fkey FOREIGN KEY (model_version_id) REFERENCES cryo.model_version(id) ON DELETE RESTRICT;

--
-- Name: provider_identity provider_identity_user_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.provider_identity
    ADD CONSTRAINT provider_identity_user_id_fkey FOREIGN KEY (user_id) REFERENCES cryo.app_user(id) ON DELETE CASCADE;

--
-- Name: report_run report_run_job_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.report_run
    ADD CONSTRAINT report_run_job_id_fkey FOREIGN KEY (job_id) REFERENCES cryo.job(id) ON DELETE SET NULL;

--
-- Name: report_run report_run_owner_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.report_run
    ADD CONSTRAINT report_run_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES cryo.app_user(id) ON DELETE RESTRICT;

--
-- Name: request_key request_key_owner_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.request_key
    ADD CONSTRAINT request_key_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES cryo.app_user(id) ON DELETE CASCADE;

--
-- Name: share share_experiment_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.share
    ADD CONSTRAINT share_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES cryo.experiment(id) ON DELETE CASCADE;

--
-- Name: share share_granted_by_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.share
    ADD CONSTRAINT share_granted_by_fkey FOREIGN KEY (granted_by) REFERENCES cryo.app_user(id) ON DELETE RESTRICT;

--
-- Name: share share_grantee_team_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.share
    ADD CONSTRAINT share_grantee_team_id_fkey FOREIGN KEY (grantee_team_id) REFERENCES cryo.team(id) ON DELETE CASCADE;

--
-- Name: share share_grantee_user_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.share
    ADD CONSTRAINT share_grantee_user_id_fkey FOREIGN KEY (grantee_user_id) REFERENCES cryo.app_user(id) ON DELETE CASCADE;

--
-- Name: share share_measurement_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.share
    ADD CONSTRAINT share_measurement_id_fkey FOREIGN KEY (measurement_id) REFERENCES cryo.measurement(id) ON DELETE CASCADE;

--
-- Name: share share_prediction_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.share
    ADD CONSTRAINT share_prediction_id_fkey FOREIGN KEY (prediction_id) REFERENCES cryo.prediction(id) ON DELETE CASCADE;

--
-- Name: signed_out signed_out_user_id_fkey; Type: FK CONSTRAINT; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE ONLY cryo.signed_out
    ADD CONSTRAINT signed_out_user_id_fkey FOREIGN KEY (user_id) REFERENCES cryo.app_user(id) ON DELETE CASCADE;

--
-- Name: api_token; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.api_token ENABLE ROW LEVEL SECURITY;

--
-- Name: api_token api_token_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY api_token_select ON cryo.api_token FOR SELECT TO authenticated USING ((user_id = ( SELECT app.uid() AS uid)));

--
-- Name: app_login; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.app_login ENABLE ROW LEVEL SECURITY;

--
-- Name: app_login app_login_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY app_login_select ON cryo.app_login FOR SELECT TO authenticated, cryokit_owner USING ((login_role = SESSION_USER));

--
-- Name: app_user; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.app_user ENABLE ROW LEVEL SECURITY;

--
-- Name: app_user app_user_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY app_user_select ON cryo.app_user FOR SELECT TO authenticated USING ((id = ( SELECT app.uid() AS uid)));

--
-- Name: audit_event; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.audit_event ENABLE ROW LEVEL SECURITY;

--
-- Name: audit_event audit_event_insert; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY audit_event_insert ON cryo.audit_event FOR INSERT TO authenticated WITH CHECK (((actor_id = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('viewer'::text) AS may)));

--
-- Name: audit_event audit_event_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY audit_event_select ON cryo.audit_event FOR SELECT TO authenticated USING (((actor_id = ( SELECT app.uid() AS uid)) OR ( SELECT app.may('admin'::text) AS may)));

--
-- Name: backup_drill; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.backup_drill ENABLE ROW LEVEL SECURITY;

--
-- Name: backup_drill backup_drill_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY backup_drill_select ON cryo.backup_drill FOR SELECT TO authenticated USING (( SELECT app.may('admin'::text) AS may));

--
-- Name: backup_set; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.backup_set ENABLE ROW LEVEL SECURITY;

--
-- Name: backup_set backup_set_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY backup_set_select ON cryo.backup_set FOR SELECT TO authenticated USING (( SELECT app.may('admin'::text) AS may));

--
-- Name: dataset_snapshot; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.dataset_snapshot ENABLE ROW LEVEL SECURITY;

--
-- Name: dataset_snapshot dataset_snapshot_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY dataset_snapshot_select ON cryo.dataset_snapshot FOR SELECT TO authenticated USING ((is_public OR (team_id = ANY (( SELECT app.team_ids('viewer'::text) AS team_ids)::uuid[]))));

--
-- Name: dataset_snapshot dataset_snapshot_select_public; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY dataset_snapshot_select_public ON cryo.dataset_snapshot FOR SELECT TO anon USING (is_public);

--
-- Name: evaluation; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.evaluation ENABLE ROW LEVEL SECURITY;

--
-- Name: evaluation evaluation_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY evaluation_select ON cryo.evaluation FOR SELECT TO authenticated USING ((is_public OR (owner_id = ( SELECT app.uid() AS uid)) OR ((owner_id IS NULL) AND (EXISTS ( SELECT
   FROM (cryo.model_version
     JOIN cryo.dataset_snapshot ON ((model_version.dataset_snapshot_id = dataset_snapshot.id)))
  WHERE ((model_version.id = evaluation.model_version_id) AND (dataset_snapshot.team_id = ANY (( SELECT app.team_ids('viewer'::text) AS team_ids)::uuid[]))))))));

--
-- Name: evaluation evaluation_select_public; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY evaluation_select_public ON cryo.evaluation FOR SELECT TO anon USING (is_public);

--
-- Name: experiment; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.experiment ENABLE ROW LEVEL SECURITY;

--
-- Name: experiment experiment_delete; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY experiment_delete ON cryo.experiment FOR DELETE TO authenticated USING ((( SELECT app.may('researcher'::text) AS may) AND (((owner_id = ( SELECT app.uid() AS uid)) AND (team_id IS NULL)) OR ((owner_id = ( SELECT app.uid() AS uid)) AND (team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[]))) OR (team_id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[])))));

--
-- Name: experiment experiment_insert; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY experiment_insert ON cryo.experiment FOR INSERT TO authenticated WITH CHECK (((owner_id = ( SELECT app.uid() AS uid)) AND (NOT is_public) AND ( SELECT app.may('researcher'::text) AS may) AND ((team_id IS NULL) OR (team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[])))));

--
-- Name: experiment experiment_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY experiment_select ON cryo.experiment FOR SELECT TO authenticated USING ((is_public OR (owner_id = ( SELECT app.uid() AS uid)) OR (team_id = ANY (( SELECT app.team_ids('viewer'::text) AS team_ids)::uuid[])) OR (id = ANY (( SELECT app.shared_experiments('view'::text) AS shared_experiments)::uuid[]))));

--
-- Name: experiment experiment_select_public; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY experiment_select_public ON cryo.experiment FOR SELECT TO anon USING (is_public);

--
-- Name: experiment experiment_update; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY experiment_update ON cryo.experiment FOR UPDATE TO authenticated USING ((( SELECT app.may('researcher'::text) AS may) AND (((owner_id = ( SELECT app.uid() AS uid)) AND (team_id IS NULL)) OR (team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[])) OR (id = ANY (( SELECT app.shared_experiments('edit'::text) AS shared_experiments)::uuid[]))))) WITH CHECK ((( SELECT app.may('researcher'::text) AS may) AND (((owner_id = ( SELECT app.uid() AS uid)) AND (team_id IS NULL)) OR (team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[])) OR (id = ANY (( SELECT app.shared_experiments('edit'::text) AS shared_experiments)::uuid[])))));

--
-- Name: health_run; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.health_run ENABLE ROW LEVEL SECURITY;

--
-- Name: health_run health_run_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY health_run_select ON cryo.health_run FOR SELECT TO authenticated USING (( SELECT app.may('admin'::text) AS may));

--
-- Name: job; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.job ENABLE ROW LEVEL SECURITY;

--
-- Name: job job_insert; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY job_insert ON cryo.job FOR INSERT TO authenticated WITH CHECK (((owner_id = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('researcher'::text) AS may)));

--
-- Name: job job_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY job_select ON cryo.job FOR SELECT TO authenticated USING ((owner_id = ( SELECT app.uid() AS uid)));

--
-- Name: job job_update; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY job_update ON cryo.job FOR UPDATE TO authenticated USING (((owner_id = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('researcher'::text) AS may))) WITH CHECK (((owner_id = ( SELECT app.uid() AS uid)) AND (status = 'cancelled'::text) AND ( SELECT app.may('researcher'::text) AS may)));

--
-- Name: lab_verification; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.lab_verification ENABLE ROW LEVEL SECURITY;

--
-- Name: lab_verification lab_verification_insert; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY lab_verification_insert ON cryo.lab_verification FOR INSERT TO authenticated WITH CHECK (((verifier_id = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('researcher'::text) AS may) AND (EXISTS ( SELECT
   FROM cryo.experiment
  WHERE ((experiment.id = lab_verification.experiment_id) AND (((experiment.owner_id = ( SELECT app.uid() AS uid)) AND (experiment.team_id IS NULL)) OR (experiment.team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[])) OR (experiment.id = ANY (( SELECT app.shared_experiments('edit'::text) AS shared_experiments)::uuid[]))))))));

--
-- Name: lab_verification lab_verification_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY lab_verification_select ON cryo.lab_verification FOR SELECT TO anon, authenticated USING ((EXISTS ( SELECT
   FROM cryo.experiment
  WHERE (experiment.id = lab_verification.experiment_id))));

--
-- Name: lab_verification lab_verification_update; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY lab_verification_update ON cryo.lab_verification FOR UPDATE TO authenticated USING (((verifier_id = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('researcher'::text) AS may))) WITH CHECK (((verifier_id = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('researcher'::text) AS may)));

--
-- Name: measurement; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.measurement ENABLE ROW LEVEL SECURITY;

--
-- Name: measurement measurement_delete; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY measurement_delete ON cryo.measurement FOR DELETE TO authenticated USING ((( SELECT app.may('researcher'::text) AS may) AND (((owner_id = ( SELECT app.uid() AS uid)) AND (team_id IS NULL)) OR ((owner_id = ( SELECT app.uid() AS uid)) AND (team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[]))) OR (team_id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[])))));

--
-- Name: measurement measurement_insert; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY measurement_insert ON cryo.measurement FOR INSERT TO authenticated WITH CHECK (((owner_id = ( SELECT app.uid() AS uid)) AND (NOT is_public) AND ( SELECT app.may('researcher'::text) AS may) AND ((team_id IS NULL) OR (team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[]))) AND ((experiment_id IS NULL) OR (EXISTS ( SELECT
   FROM cryo.experiment
  WHERE ((experiment.id = measurement.experiment_id) AND (((experiment.owner_id = ( SELECT app.uid() AS uid)) AND (experiment.team_id IS NULL)) OR (experiment.team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[])) OR (experiment.id = ANY (( SELECT app.shared_experiments('edit'::text) AS shared_experiments)::uuid[])))))))));

--
-- Name: measurement measurement_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY measurement_select ON cryo.measurement FOR SELECT TO authenticated USING ((is_public OR (owner_id = ( SELECT app.uid() AS uid)) OR (team_id = ANY (( SELECT app.team_ids('viewer'::text) AS team_ids)::uuid[])) OR (id = ANY (( SELECT app.shared_measurements('view'::text) AS shared_measurements)::bigint[])) OR (experiment_id = ANY (( SELECT app.shared_experiments('view'::text) AS shared_experiments)::uuid[]))));

--
-- Name: measurement measurement_select_public; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY measurement_select_public ON cryo.measurement FOR SELECT TO anon USING (is_public);

--
-- Name: measurement measurement_update; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY measurement_update ON cryo.measurement FOR UPDATE TO authenticated USING ((( SELECT app.may('researcher'::text) AS may) AND (((owner_id = ( SELECT app.uid() AS uid)) AND (team_id IS NULL)) OR (team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[])) OR (id = ANY (( SELECT app.shared_measurements('edit'::text) AS shared_measurements)::bigint[])) OR (experiment_id = ANY (( SELECT app.shared_experiments('edit'::text) AS shared_experiments)::uuid[]))))) WITH CHECK ((( SELECT app.may('researcher'::text) AS may) AND (((owner_id = ( SELECT app.uid() AS uid)) AND (team_id IS NULL)) OR (team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[])) OR (id = ANY (( SELECT app.shared_measurements('edit'::text) AS shared_measurements)::bigint[])) OR (experiment_id = ANY (( SELECT app.shared_experiments('edit'::text) AS shared_experiments)::uuid[])))));

--
-- Name: membership; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.membership ENABLE ROW LEVEL SECURITY;

--
-- Name: membership membership_delete; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY membership_delete ON cryo.membership FOR DELETE TO authenticated USING ((team_id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[])));

--
-- Name: membership membership_insert; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY membership_insert ON cryo.membership FOR INSERT TO authenticated WITH CHECK ((team_id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[])));

--
-- Name: membership membership_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY membership_select ON cryo.membership FOR SELECT TO authenticated USING ((team_id = ANY (( SELECT app.team_ids('viewer'::text) AS team_ids)::uuid[])));

--
-- Name: membership membership_select_own; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY membership_select_own ON cryo.membership FOR SELECT TO cryokit_owner USING ((user_id = ( SELECT app.uid() AS uid)));

--
-- Name: membership membership_update; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY membership_update ON cryo.membership FOR UPDATE TO authenticated USING ((team_id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[]))) WITH CHECK ((team_id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[])));

--
-- Name: mixture; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.mixture ENABLE ROW LEVEL SECURITY;

--
-- Name: mixture_component; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.mixture_component ENABLE ROW LEVEL SECURITY;

--
-- Name: mixture_component mixture_component_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY mixture_component_select ON cryo.mixture_component FOR SELECT TO anon, authenticated USING ((EXISTS ( SELECT
   FROM cryo.mixture
  WHERE (mixture.id = mixture_component.mixture_id))));

--
-- Name: mixture mixture_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY mixture_select ON cryo.mixture FOR SELECT TO authenticated USING ((is_public OR (EXISTS ( SELECT
   FROM cryo.measurement
  WHERE (measurement.mixture_id = mixture.id)))));

--
-- Name: mixture mixture_select_public; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY mixture_select_public ON cryo.mixture FOR SELECT TO anon USING (is_public);

--
-- Name: model; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.model ENABLE ROW LEVEL SECURITY;

--
-- Name: model model_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY model_select ON cryo.model FOR SELECT TO anon, authenticated USING (true);

--
-- Name: model_version; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.model_version ENABLE ROW LEVEL SECURITY;

--
-- Name: model_version model_version_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY model_version_select ON cryo.model_version FOR SELECT TO anon, authenticated USING ((EXISTS ( SELECT
   FROM cryo.dataset_snapshot
  WHERE (dataset_snapshot.id = model_version.dataset_snapshot_id))));

--
-- Name: molecule; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.molecule ENABLE ROW LEVEL SECURITY;

--
-- Name: molecule_identifier; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.molecule_identifier ENABLE ROW LEVEL SECURITY;

--
-- Name: molecule_identifier molecule_identifier_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY molecule_identifier_select ON cryo.molecule_identifier FOR SELECT TO authenticated USING ((is_public OR (EXISTS ( SELECT
   FROM cryo.measurement
  WHERE ((measurement.molecule_id = molecule_identifier.molecule_id) AND (measurement.name = molecule_identifier.value))))));

--
-- Name: molecule_identifier molecule_identifier_select_public; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY molecule_identifier_select_public ON cryo.molecule_identifier FOR SELECT TO anon USING (is_public);

--
-- Name: molecule molecule_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY molecule_select ON cryo.molecule FOR SELECT TO authenticated USING ((is_public OR (EXISTS ( SELECT
   FROM cryo.measurement
  WHERE (measurement.molecule_id = molecule.id))) OR (EXISTS ( SELECT
   FROM cryo.mixture_component
  WHERE (mixture_component.molecule_id = molecule.id)))));

--
-- Name: molecule molecule_select_public; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY molecule_select_public ON cryo.molecule FOR SELECT TO anon USING (is_public);

--
-- Name: prediction; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.prediction ENABLE ROW LEVEL SECURITY;

--
-- Name: prediction prediction_delete; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY prediction_delete ON cryo.prediction FOR DELETE TO authenticated USING ((( SELECT app.may('researcher'::text) AS may) AND (((owner_id = ( SELECT app.uid() AS uid)) AND (team_id IS NULL)) OR ((owner_id = ( SELECT app.uid() AS uid)) AND (team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[]))) OR (team_id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[])))));

--
-- Name: prediction prediction_insert; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY prediction_insert ON cryo.prediction FOR INSERT TO authenticated WITH CHECK (((owner_id = ( SELECT app.uid() AS uid)) AND (NOT is_public) AND ( SELECT app.may('researcher'::text) AS may) AND ((team_id IS NULL) OR (team_id = ANY (( SELECT app.team_ids('editor'::text) AS team_ids)::uuid[])))));

--
-- Name: prediction prediction_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY prediction_select ON cryo.prediction FOR SELECT TO authenticated USING ((is_public OR (owner_id = ( SELECT app.uid() AS uid)) OR (team_id = ANY (( SELECT app.team_ids('viewer'::text) AS team_ids)::uuid[])) OR (id = ANY (( SELECT app.shared_predictions() AS shared_predictions)::bigint[]))));

--
-- Name: prediction prediction_select_public; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY prediction_select_public ON cryo.prediction FOR SELECT TO anon USING (is_public);

--
-- Name: promotion; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.promotion ENABLE ROW LEVEL SECURITY;

--
-- Name: promotion promotion_insert; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY promotion_insert ON cryo.promotion FOR INSERT TO authenticated WITH CHECK (((actor_id = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('admin'::text) AS may) AND (EXISTS ( SELECT
   FROM cryo.model_version
  WHERE (model_version.id = promotion.model_version_id)))));

--
-- Name: promotion promotion_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY promotion_select ON cryo.promotion FOR SELECT TO anon, authenticated USING ((EXISTS ( SELECT
   FROM cryo.model_version
  WHERE (model_version.id = promotion.model_version_id))));

--
-- Name: property_type; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.property_type ENABLE ROW LEVEL SECURITY;

--
-- Name: property_type property_type_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY property_type_select ON cryo.property_type FOR SELECT TO anon, authenticated USING (true);

--
-- Name: provider_identity; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.provider_identity ENABLE ROW LEVEL SECURITY;

--
-- Name: provider_identity provider_identity_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY provider_identity_select ON cryo.provider_identity FOR SELECT TO authenticated USING ((user_id = ( SELECT app.uid() AS uid)));

--
-- Name: report_run; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.report_run ENABLE ROW LEVEL SECURITY;

--
-- Name: report_run report_run_insert; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY report_run_insert ON cryo.report_run FOR INSERT TO authenticated WITH CHECK (((owner_id = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('researcher'::text) AS may)));

--
-- Name: report_run report_run_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY report_run_select ON cryo.report_run FOR SELECT TO authenticated USING (((owner_id IS NULL) OR (owner_id = ( SELECT app.uid() AS uid))));

--
-- Name: report_run report_run_update; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY report_run_update ON cryo.report_run FOR UPDATE TO authenticated USING (((owner_id = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('researcher'::text) AS may))) WITH CHECK (((owner_id = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('researcher'::text) AS may)));

--
-- Name: request_key; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.request_key ENABLE ROW LEVEL SECURITY;

--
-- Name: request_key request_key_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY request_key_select ON cryo.request_key FOR SELECT TO authenticated USING ((owner_id = ( SELECT app.uid() AS uid)));

--
-- Name: share; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.share ENABLE ROW LEVEL SECURITY;

--
-- Name: share share_delete; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY share_delete ON cryo.share FOR DELETE TO authenticated USING ((granted_by = ( SELECT app.uid() AS uid)));

--
-- Name: share share_insert; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY share_insert ON cryo.share FOR INSERT TO authenticated WITH CHECK (((granted_by = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('researcher'::text) AS may) AND ((EXISTS ( SELECT
   FROM cryo.experiment
  WHERE ((experiment.id = share.experiment_id) AND ((experiment.owner_id = ( SELECT app.uid() AS uid)) OR (experiment.team_id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[])))))) OR (EXISTS ( SELECT
   FROM cryo.measurement
  WHERE ((measurement.id = share.measurement_id) AND ((measurement.owner_id = ( SELECT app.uid() AS uid)) OR (measurement.team_id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[])))))) OR (EXISTS ( SELECT
   FROM cryo.prediction
  WHERE ((prediction.id = share.prediction_id) AND ((prediction.owner_id = ( SELECT app.uid() AS uid)) OR (prediction.team_id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[])))))))));

--
-- Name: share share_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY share_select ON cryo.share FOR SELECT TO authenticated USING (((granted_by = ( SELECT app.uid() AS uid)) OR (grantee_user_id = ( SELECT app.uid() AS uid)) OR (grantee_team_id = ANY (( SELECT app.team_ids('viewer'::text) AS team_ids)::uuid[]))));

--
-- Name: share share_select_received; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY share_select_received ON cryo.share FOR SELECT TO cryokit_owner USING (((grantee_user_id = ( SELECT app.uid() AS uid)) OR (grantee_team_id = ANY (( SELECT app.team_ids('viewer'::text) AS team_ids)::uuid[]))));

--
-- Name: share share_update; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY share_update ON cryo.share FOR UPDATE TO authenticated USING (((granted_by = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('researcher'::text) AS may))) WITH CHECK (((granted_by = ( SELECT app.uid() AS uid)) AND ( SELECT app.may('researcher'::text) AS may)));

--
-- Name: signed_out; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.signed_out ENABLE ROW LEVEL SECURITY;

--
-- Name: signed_out signed_out_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY signed_out_select ON cryo.signed_out FOR SELECT TO authenticated USING ((user_id = ( SELECT app.uid() AS uid)));

--
-- Name: target; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.target ENABLE ROW LEVEL SECURITY;

--
-- Name: target target_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY target_select ON cryo.target FOR SELECT TO anon, authenticated USING (true);

--
-- Name: team; Type: ROW SECURITY; Schema: cryo; Owner: cryokit_owner
--

ALTER TABLE cryo.team ENABLE ROW LEVEL SECURITY;

--
-- Name: team team_select; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY team_select ON cryo.team FOR SELECT TO authenticated USING ((id = ANY (( SELECT app.team_ids('viewer'::text) AS team_ids)::uuid[])));

--
-- Name: team team_update; Type: POLICY; Schema: cryo; Owner: cryokit_owner
--

CREATE POLICY team_update ON cryo.team FOR UPDATE TO authenticated USING ((id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[]))) WITH CHECK ((id = ANY (( SELECT app.team_ids('admin'::text) AS team_ids)::uuid[])));

--
-- Name: quarantined_row; Type: ROW SECURITY; Schema: quarantine; Owner: cryokit_owner
--

ALTER TABLE quarantine.quarantined_row ENABLE ROW LEVEL SECURITY;

--
-- Name: quarantined_row quarantined_row_select; Type: POLICY; Schema: quarantine; Owner: cryokit_owner
--

CREATE POLICY quarantined_row_select ON quarantine.quarantined_row FOR SELECT TO authenticated USING (( SELECT app.may('admin'::text) AS may));

--
-- Name: SCHEMA app; Type: ACL; Schema: -; Owner: cryokit_owner
--

GRANT USAGE ON SCHEMA app TO anon;
GRANT USAGE ON SCHEMA app TO authenticated;
GRANT USAGE ON SCHEMA app TO service_role;

--
-- Name: SCHEMA cryo; Type: ACL; Schema: -; Owner: cryokit_owner
--

GRANT USAGE ON SCHEMA cryo TO anon;
GRANT USAGE ON SCHEMA cryo TO authenticated;
GRANT USAGE ON SCHEMA cryo TO service_role;

--
-- Name: SCHEMA quarantine; Type: ACL; Schema: -; Owner: cryokit_owner
--

GRANT USAGE ON SCHEMA quarantine TO service_role;
GRANT USAGE ON SCHEMA quarantine TO authenticated;

--
-- Name: FUNCTION may(wanted text); Type: ACL; Schema: app; Owner: cryokit_owner
--

REVOKE ALL ON FUNCTION app.may(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.may(wanted text) TO anon;
GRANT ALL ON FUNCTION app.may(wanted text) TO authenticated;
GRANT ALL ON FUNCTION app.may(wanted text) TO service_role;

--
-- Name: FUNCTION shared_experiments(wanted text); Type: ACL; Schema: app; Owner: cryokit_owner
--

REVOKE ALL ON FUNCTION app.shared_experiments(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.shared_experiments(wanted text) TO authenticated;

--
-- Name: FUNCTION shared_measurements(wanted text); Type: ACL; Schema: app; Owner: cryokit_owner
--

REVOKE ALL ON FUNCTION app.shared_measurements(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.shared_measurements(wanted text) TO authenticated;

--
-- Name: FUNCTION shared_predictions(); Type: ACL; Schema: app; Owner: cryokit_owner
--

REVOKE ALL ON FUNCTION app.shared_predictions() FROM PUBLIC;
GRANT ALL ON FUNCTION app.shared_predictions() TO authenticated;

--
-- Name: FUNCTION team_ids(wanted text); Type: ACL; Schema: app; Owner: cryokit_owner
--

REVOKE ALL ON FUNCTION app.team_ids(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.team_ids(wanted text) TO authenticated;

--
-- Name: FUNCTION uid(); Type: ACL; Schema: app; Owner: cryokit_owner
--

REVOKE ALL ON FUNCTION app.uid() FROM PUBLIC;
GRANT ALL ON FUNCTION app.uid() TO anon;
GRANT ALL ON FUNCTION app.uid() TO authenticated;
GRANT ALL ON FUNCTION app.uid() TO service_role;

--
-- Name: TABLE alembic_version; Type: ACL; Schema: app; Owner: cryokit_owner
--

GRANT SELECT ON TABLE app.alembic_version TO service_role;

--
-- Name: TABLE applied_file; Type: ACL; Schema: app; Owner: cryokit_owner
--

GRANT SELECT ON TABLE app.applied_file TO service_role;

--
-- Name: TABLE api_token; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.api_token TO service_role;

--
-- Name: COLUMN api_token.id; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(id) ON TABLE cryo.api_token TO authenticated;

--
-- Name: COLUMN api_token.user_id; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(user_id) ON TABLE cryo.api_token TO authenticated;

--
-- Name: COLUMN api_token.name; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(name) ON TABLE cryo.api_token TO authenticated;

--
-- Name: COLUMN api_token.scope; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(scope) ON TABLE cryo.api_token TO authenticated;

--
-- Name: COLUMN api_token.created_at; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(created_at) ON TABLE cryo.api_token TO authenticated;

--
-- Name: COLUMN api_token.expires_at; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(expires_at) ON TABLE cryo.api_token TO authenticated;

--
-- Name: COLUMN api_token.revoked_at; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(revoked_at) ON TABLE cryo.api_token TO authenticated;

--
-- Name: TABLE app_login; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.app_login TO service_role;
GRANT SELECT ON TABLE cryo.app_login TO authenticated;

--
-- Name: TABLE app_user; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.app_user TO service_role;

--
-- Name: COLUMN app_user.id; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(id) ON TABLE cryo.app_user TO authenticated;

--
-- Name: COLUMN app_user.name; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(name) ON TABLE cryo.app_user TO authenticated;

--
-- Name: COLUMN app_user.role; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(role) ON TABLE cryo.app_user TO authenticated;

--
-- Name: COLUMN app_user.created_at; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(created_at) ON TABLE cryo.app_user TO authenticated;

--
-- Name: COLUMN app_user.disabled_at; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT(disabled_at) ON TABLE cryo.app_user TO authenticated;

--
-- Name: TABLE audit_event; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT ON TABLE cryo.audit_event TO service_role;
GRANT SELECT,INSERT ON TABLE cryo.audit_event TO authenticated;

--
-- Name: SEQUENCE audit_event_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.audit_event_id_seq TO service_role;

--
-- Name: TABLE backup_drill; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.backup_drill TO service_role;
GRANT SELECT ON TABLE cryo.backup_drill TO authenticated;

--
-- Name: SEQUENCE backup_drill_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.backup_drill_id_seq TO service_role;

--
-- Name: TABLE backup_set; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.backup_set TO service_role;
GRANT SELECT ON TABLE cryo.backup_set TO authenticated;

--
-- Name: TABLE dataset_snapshot; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.dataset_snapshot TO service_role;
GRANT SELECT ON TABLE cryo.dataset_snapshot TO anon;
GRANT SELECT ON TABLE cryo.dataset_snapshot TO authenticated;

--
-- Name: TABLE evaluation; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.evaluation TO service_role;
GRANT SELECT ON TABLE cryo.evaluation TO anon;
GRANT SELECT ON TABLE cryo.evaluation TO authenticated;

--
-- Name: TABLE experiment; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.experiment TO service_role;
GRANT SELECT ON TABLE cryo.experiment TO anon;
GRANT SELECT,INSERT,DELETE ON TABLE cryo.experiment TO authenticated;

--
-- Name: COLUMN experiment.name; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(name) ON TABLE cryo.experiment TO authenticated;

--
-- Name: COLUMN experiment.protocol; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(protocol) ON TABLE cryo.experiment TO authenticated;

--
-- Name: COLUMN experiment.performed_on; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(performed_on) ON TABLE cryo.experiment TO authenticated;

--
-- Name: TABLE health_run; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.health_run TO service_role;
GRANT SELECT ON TABLE cryo.health_run TO authenticated;

--
-- Name: SEQUENCE health_run_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.health_run_id_seq TO service_role;

--
-- Name: TABLE job; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.job TO service_role;
GRANT SELECT,INSERT ON TABLE cryo.job TO authenticated;

--
-- Name: COLUMN job.status; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(status) ON TABLE cryo.job TO authenticated;

--
-- Name: TABLE lab_verification; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.lab_verification TO service_role;
GRANT SELECT ON TABLE cryo.lab_verification TO anon;
GRANT SELECT,INSERT ON TABLE cryo.lab_verification TO authenticated;

--
-- Name: COLUMN lab_verification.outcome; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(outcome) ON TABLE cryo.lab_verification TO authenticated;

--
-- Name: COLUMN lab_verification.note; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(note) ON TABLE cryo.lab_verification TO authenticated;

--
-- Name: TABLE measurement; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.measurement TO service_role;
GRANT SELECT ON TABLE cryo.measurement TO anon;
GRANT SELECT,INSERT,DELETE ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.name; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(name) ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.value; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(value) ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.unit; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(unit) ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.conditions; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(conditions) ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.spread; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(spread) ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.repeat_count; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(repeat_count) ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.source; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(source) ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.evidence; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(evidence) ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.is_published; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(is_published) ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.is_curated; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(is_curated) ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.details; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(details) ON TABLE cryo.measurement TO authenticated;

--
-- Name: COLUMN measurement.row_sha256; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(row_sha256) ON TABLE cryo.measurement TO authenticated;

--
-- Name: SEQUENCE measurement_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.measurement_id_seq TO service_role;

--
-- Name: TABLE membership; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.membership TO service_role;
GRANT SELECT,INSERT,DELETE ON TABLE cryo.membership TO authenticated;

--
-- Name: COLUMN membership.role; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(role) ON TABLE cryo.membership TO authenticated;

--
-- Name: TABLE mixture; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.mixture TO service_role;
GRANT SELECT ON TABLE cryo.mixture TO anon;
GRANT SELECT ON TABLE cryo.mixture TO authenticated;

--
-- Name: TABLE mixture_component; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.mixture_component TO service_role;
GRANT SELECT ON TABLE cryo.mixture_component TO anon;
GRANT SELECT ON TABLE cryo.mixture_component TO authenticated;

--
-- Name: SEQUENCE mixture_component_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.mixture_component_id_seq TO service_role;

--
-- Name: SEQUENCE mixture_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.mixture_id_seq TO service_role;

--
-- Name: TABLE model; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.model TO service_role;
GRANT SELECT ON TABLE cryo.model TO anon;
GRANT SELECT ON TABLE cryo.model TO authenticated;

--
-- Name: SEQUENCE model_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.model_id_seq TO service_role;

--
-- Name: TABLE model_version; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.model_version TO service_role;
GRANT SELECT ON TABLE cryo.model_version TO anon;
GRANT SELECT ON TABLE cryo.model_version TO authenticated;

--
-- Name: SEQUENCE model_version_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.model_version_id_seq TO service_role;

--
-- Name: TABLE molecule; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.molecule TO service_role;
GRANT SELECT ON TABLE cryo.molecule TO anon;
GRANT SELECT ON TABLE cryo.molecule TO authenticated;

--
-- Name: SEQUENCE molecule_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.molecule_id_seq TO service_role;

--
-- Name: TABLE molecule_identifier; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.molecule_identifier TO service_role;
GRANT SELECT ON TABLE cryo.molecule_identifier TO anon;
GRANT SELECT ON TABLE cryo.molecule_identifier TO authenticated;

--
-- Name: SEQUENCE molecule_identifier_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.molecule_identifier_id_seq TO service_role;

--
-- Name: TABLE prediction; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.prediction TO service_role;
GRANT SELECT ON TABLE cryo.prediction TO anon;
GRANT SELECT,INSERT,DELETE ON TABLE cryo.prediction TO authenticated;

--
-- Name: SEQUENCE prediction_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.prediction_id_seq TO service_role;

--
-- Name: TABLE promotion; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.promotion TO service_role;
GRANT SELECT ON TABLE cryo.promotion TO anon;
GRANT SELECT,INSERT ON TABLE cryo.promotion TO authenticated;

--
-- Name: SEQUENCE promotion_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.promotion_id_seq TO service_role;

--
-- Name: TABLE property_type; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.property_type TO service_role;
GRANT SELECT ON TABLE cryo.property_type TO anon;
GRANT SELECT ON TABLE cryo.property_type TO authenticated;

--
-- Name: SEQUENCE property_type_id_seq; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE cryo.property_type_id_seq TO service_role;

--
-- Name: TABLE provider_identity; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.provider_identity TO service_role;
GRANT SELECT ON TABLE cryo.provider_identity TO authenticated;

--
-- Name: TABLE report_run; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.report_run TO service_role;
GRANT SELECT,INSERT,UPDATE ON TABLE cryo.report_run TO authenticated;

--
-- Name: TABLE request_key; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.request_key TO service_role;
GRANT SELECT ON TABLE cryo.request_key TO authenticated;

--
-- Name: TABLE share; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.share TO service_role;
GRANT SELECT,INSERT,DELETE ON TABLE cryo.share TO authenticated;

--
-- Name: COLUMN share.may; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(may) ON TABLE cryo.share TO authenticated;

--
-- Name: COLUMN share.expires_at; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(expires_at) ON TABLE cryo.share TO authenticated;

--
-- Name: TABLE signed_out; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.signed_out TO service_role;
GRANT SELECT ON TABLE cryo.signed_out TO authenticated;

--
-- Name: TABLE target; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.target TO service_role;
GRANT SELECT ON TABLE cryo.target TO anon;
GRANT SELECT ON TABLE cryo.target TO authenticated;

--
-- Name: TABLE team; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cryo.team TO service_role;
GRANT SELECT ON TABLE cryo.team TO authenticated;

--
-- Name: COLUMN team.name; Type: ACL; Schema: cryo; Owner: cryokit_owner
--

GRANT UPDATE(name) ON TABLE cryo.team TO authenticated;

--
-- Name: TABLE quarantined_row; Type: ACL; Schema: quarantine; Owner: cryokit_owner
--

GRANT SELECT,INSERT ON TABLE quarantine.quarantined_row TO service_role;
GRANT SELECT ON TABLE quarantine.quarantined_row TO authenticated;

--
-- Name: COLUMN quarantined_row.restored_at; Type: ACL; Schema: quarantine; Owner: cryokit_owner
--

GRANT UPDATE(restored_at) ON TABLE quarantine.quarantined_row TO service_role;

--
-- Name: SEQUENCE quarantined_row_id_seq; Type: ACL; Schema: quarantine; Owner: cryokit_owner
--

GRANT SELECT ON SEQUENCE quarantine.quarantined_row_id_seq TO service_role;

--
-- PostgreSQL database dump complete
--
