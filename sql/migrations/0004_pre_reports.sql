-- Which notebooks ran, with which parameters, and what came of it.

CREATE TABLE cryo.report_run (
    id uuid DEFAULT gen_random_uuid() CONSTRAINT report_run_pkey PRIMARY KEY,
    name text NOT NULL CONSTRAINT report_run_name_present CHECK (name <> ''),
    status text NOT NULL DEFAULT 'running'
        CONSTRAINT report_run_status_known CHECK (status IN ('running', 'succeeded', 'failed')),
    parameters jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT report_run_parameters_named CHECK (jsonb_typeof(parameters) = 'object'),
    path text,
    error text,
    owner_id uuid CONSTRAINT report_run_owner_id_fkey REFERENCES cryo.app_user (id) ON DELETE RESTRICT,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    CONSTRAINT report_run_finished_in_order CHECK (finished_at >= started_at),
    CONSTRAINT report_run_status_agrees CHECK (
        (status = 'running' AND finished_at IS NULL)
        OR (status = 'succeeded' AND finished_at IS NOT NULL AND path IS NOT NULL AND error IS NULL)
        OR (status = 'failed' AND finished_at IS NOT NULL AND error IS NOT NULL)
    )
);

CREATE INDEX report_run_owner_id_idx ON cryo.report_run (owner_id);
CREATE INDEX report_run_name_idx ON cryo.report_run (name, started_at);

COMMENT ON TABLE cryo.report_run IS 'one run of a notebook';
COMMENT ON COLUMN cryo.report_run.owner_id IS 'null: started on the machine itself';

ALTER TABLE cryo.report_run ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
