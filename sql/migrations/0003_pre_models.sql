-- What models were trained on, how good they are, what they predicted.

CREATE TABLE cryo.dataset_snapshot (
    id uuid DEFAULT gen_random_uuid() CONSTRAINT dataset_snapshot_pkey PRIMARY KEY,
    target text NOT NULL CONSTRAINT dataset_snapshot_target_fkey REFERENCES cryo.target (name) ON DELETE RESTRICT,
    sha256 text NOT NULL CONSTRAINT dataset_snapshot_sha256_form CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    row_count integer NOT NULL CONSTRAINT dataset_snapshot_row_count_positive CHECK (row_count > 0),
    content jsonb NOT NULL,
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT dataset_snapshot_content_key UNIQUE (target, sha256),
    CONSTRAINT dataset_snapshot_hash_key UNIQUE (id, sha256),
    CONSTRAINT dataset_snapshot_content_complete CHECK (jsonb_array_length(content) = row_count)
);

COMMENT ON TABLE cryo.dataset_snapshot IS 'the rows that a model version learned from, word for word';

CREATE TABLE cryo.model (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT model_pkey PRIMARY KEY,
    target text NOT NULL
        CONSTRAINT model_target_key UNIQUE
        CONSTRAINT model_target_fkey REFERENCES cryo.target (name) ON DELETE RESTRICT,
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE cryo.model IS 'the line of model versions of one target';

CREATE TABLE cryo.model_version (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT model_version_pkey PRIMARY KEY,
    model_id integer NOT NULL
        CONSTRAINT model_version_model_id_fkey REFERENCES cryo.model (id) ON DELETE RESTRICT,
    version integer NOT NULL CONSTRAINT model_version_version_positive CHECK (version > 0),
    dataset_snapshot_id uuid NOT NULL,
    dataset_sha256 text NOT NULL,
    artifact_sha256 text NOT NULL
        CONSTRAINT model_version_artifact_sha256_form CHECK (artifact_sha256 ~ '^[0-9a-f]{64}$'),
    metrics jsonb NOT NULL CONSTRAINT model_version_metrics_named CHECK (jsonb_typeof(metrics) = 'object'),
    verdict text NOT NULL CONSTRAINT model_version_verdict_known CHECK (verdict IN ('skill', 'insufficient skill')),
    seed bigint NOT NULL,
    recipe jsonb NOT NULL,
    library_versions jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT model_version_version_key UNIQUE (model_id, version),
    CONSTRAINT model_version_dataset_fkey FOREIGN KEY (dataset_snapshot_id, dataset_sha256)
        REFERENCES cryo.dataset_snapshot (id, sha256) ON DELETE RESTRICT
);

CREATE INDEX model_version_dataset_idx ON cryo.model_version (dataset_snapshot_id, dataset_sha256);

COMMENT ON TABLE cryo.model_version IS 'a trained model: its data, its recipe, its artifact, its scores';
COMMENT ON COLUMN cryo.model_version.artifact_sha256 IS 'name and checksum of the file that holds the model';

CREATE TABLE cryo.evaluation (
    id uuid DEFAULT gen_random_uuid() CONSTRAINT evaluation_pkey PRIMARY KEY,
    model_version_id bigint NOT NULL
        CONSTRAINT evaluation_model_version_id_fkey REFERENCES cryo.model_version (id) ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT evaluation_kind_present CHECK (kind <> ''),
    split text NOT NULL CONSTRAINT evaluation_split_present CHECK (split <> ''),
    metrics jsonb NOT NULL CONSTRAINT evaluation_metrics_named CHECK (jsonb_typeof(metrics) = 'object'),
    baselines jsonb NOT NULL CONSTRAINT evaluation_baselines_named CHECK (jsonb_typeof(baselines) = 'object'),
    rows jsonb NOT NULL CONSTRAINT evaluation_rows_are_a_table CHECK (jsonb_typeof(rows) = 'array'),
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX evaluation_model_version_id_idx ON cryo.evaluation (model_version_id);

COMMENT ON TABLE cryo.evaluation IS 'predictions for rows that the model had not seen, and the scores from them';

CREATE TABLE cryo.prediction (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT prediction_pkey PRIMARY KEY,
    model_version_id bigint NOT NULL
        CONSTRAINT prediction_model_version_id_fkey REFERENCES cryo.model_version (id) ON DELETE RESTRICT,
    subject text NOT NULL CONSTRAINT prediction_subject_present CHECK (subject <> ''),
    molecule_id bigint
        CONSTRAINT prediction_molecule_id_fkey REFERENCES cryo.molecule (id) ON DELETE SET NULL,
    mixture_id bigint
        CONSTRAINT prediction_mixture_id_fkey REFERENCES cryo.mixture (id) ON DELETE SET NULL,
    name text,
    value double precision NOT NULL,
    unit text NOT NULL CONSTRAINT prediction_unit_present CHECK (unit <> ''),
    lower double precision NOT NULL,
    upper double precision NOT NULL,
    confidence double precision NOT NULL
        CONSTRAINT prediction_confidence_is_a_fraction CHECK (confidence > 0 AND confidence < 1),
    conditions jsonb NOT NULL DEFAULT '{}',
    in_training boolean NOT NULL,
    in_domain boolean NOT NULL,
    domain_reasons jsonb NOT NULL DEFAULT '[]',
    owner_id uuid CONSTRAINT prediction_owner_id_fkey REFERENCES cryo.app_user (id) ON DELETE RESTRICT,
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT prediction_interval_holds_value CHECK (lower <= value AND value <= upper),
    CONSTRAINT prediction_one_subject CHECK (num_nonnulls(molecule_id, mixture_id) <= 1)
);

CREATE INDEX prediction_model_version_id_idx ON cryo.prediction (model_version_id);
CREATE INDEX prediction_molecule_id_idx ON cryo.prediction (molecule_id);
CREATE INDEX prediction_mixture_id_idx ON cryo.prediction (mixture_id);
CREATE INDEX prediction_owner_id_idx ON cryo.prediction (owner_id);

COMMENT ON TABLE cryo.prediction IS 'a predicted value with its interval and the model version that gave it';
COMMENT ON COLUMN cryo.prediction.subject IS 'canonical SMILES or recipe, also of what is not registered';

ALTER TABLE cryo.dataset_snapshot ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.model ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.model_version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.evaluation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.prediction ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
