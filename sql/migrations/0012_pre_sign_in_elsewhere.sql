-- People may sign in at an OpenID provider; work that a request or a report began says whether it is still alive.
-- Keys of requests and runs of reports are few, so that one lock for all of a table is short.

CREATE TABLE cryo.provider_identity (
    issuer text NOT NULL
        CONSTRAINT provider_identity_issuer_length CHECK (length(issuer) BETWEEN 1 AND 2000),
    subject text NOT NULL
        CONSTRAINT provider_identity_subject_length CHECK (length(subject) BETWEEN 1 AND 255),
    user_id uuid NOT NULL
        CONSTRAINT provider_identity_user_id_fkey REFERENCES cryo.app_user (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT provider_identity_pkey PRIMARY KEY (issuer, subject)
);

CREATE INDEX provider_identity_user_id_idx ON cryo.provider_identity (user_id);

COMMENT ON TABLE cryo.provider_identity IS 'whose account it is that a provider of identities knows by a subject';
ALTER TABLE cryo.provider_identity ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE cryo.request_key ADD COLUMN alive_at timestamptz NOT NULL DEFAULT now();

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX request_key_begun_at_idx ON cryo.request_key (begun_at);

COMMENT ON COLUMN cryo.request_key.alive_at IS 'when the server last said that it works on the answer';

ALTER TABLE cryo.report_run ADD COLUMN job_id uuid
    -- squawk-ignore adding-foreign-key-constraint
    CONSTRAINT report_run_job_id_fkey REFERENCES cryo.job (id) ON DELETE SET NULL;

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX report_run_job_id_idx ON cryo.report_run (job_id);

COMMENT ON COLUMN cryo.report_run.job_id IS 'the job that does it; null for a run that whoever asked for it waits for';
