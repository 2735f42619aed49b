-- Backups: what was made, what of it was proved, and what drills found. The files' own manifests are the truth, because
-- they are there when the database is not; these rows are for pages, metrics and the health check.

CREATE TABLE cryo.backup_set (
    id text CONSTRAINT backup_set_pkey PRIMARY KEY
        CONSTRAINT backup_set_id_form CHECK (id ~ '^[0-9]{8}T[0-9]{6}Z-(full|incremental|dump)(-[0-9]+)?$'),
    kind text NOT NULL CONSTRAINT backup_set_kind_known CHECK (kind IN ('full', 'incremental', 'dump')),
    started_at timestamptz NOT NULL,
    seconds double precision NOT NULL CONSTRAINT backup_set_seconds_not_negative CHECK (seconds >= 0),
    bytes bigint NOT NULL CONSTRAINT backup_set_bytes_positive CHECK (bytes > 0),
    proved_at timestamptz,
    remote_at timestamptz,
    removed_at timestamptz,
    manifest jsonb NOT NULL CONSTRAINT backup_set_manifest_named CHECK (jsonb_typeof(manifest) = 'object')
);

CREATE INDEX backup_set_started_at_idx ON cryo.backup_set (started_at);

COMMENT ON TABLE cryo.backup_set IS 'each backup, also one that was removed by rotation';

CREATE TABLE cryo.backup_drill (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT backup_drill_pkey PRIMARY KEY,
    backup_set_id text CONSTRAINT backup_drill_backup_set_id_fkey REFERENCES cryo.backup_set (id) ON DELETE RESTRICT,
    drilled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    is_passed boolean NOT NULL,
    recovery_seconds double precision NOT NULL
        CONSTRAINT backup_drill_recovery_seconds_not_negative CHECK (recovery_seconds >= 0),
    lost_seconds double precision
        CONSTRAINT backup_drill_lost_seconds_not_negative CHECK (lost_seconds >= 0),
    report jsonb NOT NULL
);

CREATE INDEX backup_drill_backup_set_id_idx ON cryo.backup_drill (backup_set_id);
CREATE INDEX backup_drill_drilled_at_idx ON cryo.backup_drill (drilled_at);

COMMENT ON TABLE cryo.backup_drill IS 'each restore that was tried: how long it took and how much would have been lost';

ALTER TABLE cryo.backup_set ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.backup_drill ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
