-- Molecules, mixtures, and what was measured of them.

CREATE TABLE cryo.molecule (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT molecule_pkey PRIMARY KEY,
    smiles text NOT NULL CONSTRAINT molecule_smiles_present CHECK (smiles <> ''),
    inchikey text NOT NULL
        CONSTRAINT molecule_inchikey_key UNIQUE
        CONSTRAINT molecule_inchikey_form CHECK (inchikey ~ '^[A-Z]{14}-[A-Z]{10}-[A-Z]$'),
    connectivity text NOT NULL GENERATED ALWAYS AS (left(inchikey, 14)) STORED,
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX molecule_connectivity_idx ON cryo.molecule (connectivity);

COMMENT ON TABLE cryo.molecule IS 'a structure; private until something public is known of it';
COMMENT ON COLUMN cryo.molecule.smiles IS 'canonical isomeric SMILES';
COMMENT ON COLUMN cryo.molecule.connectivity IS 'first block of the InChIKey: the constitution without stereochemistry';

CREATE TABLE cryo.molecule_identifier (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT molecule_identifier_pkey PRIMARY KEY,
    molecule_id bigint NOT NULL
        CONSTRAINT molecule_identifier_molecule_id_fkey REFERENCES cryo.molecule (id) ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT molecule_identifier_kind_known CHECK (kind IN ('name', 'cas')),
    value text NOT NULL CONSTRAINT molecule_identifier_value_present CHECK (value <> ''),
    is_public boolean NOT NULL DEFAULT false,
    CONSTRAINT molecule_identifier_key UNIQUE (molecule_id, kind, value)
);

CREATE INDEX molecule_identifier_value_idx ON cryo.molecule_identifier (lower(value));

COMMENT ON TABLE cryo.molecule_identifier IS 'names and numbers under which a molecule is known';

CREATE TABLE cryo.mixture (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT mixture_pkey PRIMARY KEY,
    composition_sha256 text NOT NULL
        CONSTRAINT mixture_composition_sha256_key UNIQUE
        CONSTRAINT mixture_composition_sha256_form CHECK (composition_sha256 ~ '^[0-9a-f]{64}$'),
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE cryo.mixture IS 'a formulation, one for each composition';
COMMENT ON COLUMN cryo.mixture.composition_sha256 IS 'over the sorted components with their amounts and units';

CREATE TABLE cryo.mixture_component (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT mixture_component_pkey PRIMARY KEY,
    mixture_id bigint NOT NULL
        CONSTRAINT mixture_component_mixture_id_fkey REFERENCES cryo.mixture (id) ON DELETE CASCADE,
    position smallint NOT NULL CONSTRAINT mixture_component_position_positive CHECK (position > 0),
    molecule_id bigint
        CONSTRAINT mixture_component_molecule_id_fkey REFERENCES cryo.molecule (id) ON DELETE RESTRICT,
    material text CONSTRAINT mixture_component_material_present CHECK (material <> ''),
    name text NOT NULL CONSTRAINT mixture_component_name_present CHECK (name <> ''),
    amount double precision NOT NULL
        CONSTRAINT mixture_component_amount_not_negative CHECK (amount >= 0 AND amount < 'Infinity'),
    unit text NOT NULL
        CONSTRAINT mixture_component_unit_known CHECK (unit IN ('mol/kg', 'mol/L', '% w/w', '% w/v', '% v/v')),
    CONSTRAINT mixture_component_position_key UNIQUE (mixture_id, position),
    CONSTRAINT mixture_component_one_substance CHECK (num_nonnulls(molecule_id, material) = 1)
);

CREATE INDEX mixture_component_molecule_id_idx ON cryo.mixture_component (molecule_id);

COMMENT ON TABLE cryo.mixture_component IS 'a molecule, or a material without one structure such as serum, and its amount';

CREATE TABLE cryo.property_type (
    id smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT property_type_pkey PRIMARY KEY,
    name text NOT NULL
        CONSTRAINT property_type_name_key UNIQUE
        CONSTRAINT property_type_name_form CHECK (name ~ '^[a-z][a-z0-9_]*$'),
    unit text NOT NULL CONSTRAINT property_type_unit_present CHECK (unit <> ''),
    plausible_lower double precision NOT NULL,
    plausible_upper double precision NOT NULL,
    CONSTRAINT property_type_plausible_range CHECK (plausible_lower < plausible_upper)
);

COMMENT ON TABLE cryo.property_type IS 'a quantity with its unit and the range outside which a value is an error';

CREATE TABLE cryo.target (
    name text CONSTRAINT target_pkey PRIMARY KEY CONSTRAINT target_name_form CHECK (name ~ '^[a-z][a-z0-9_]*$'),
    subject text NOT NULL CONSTRAINT target_subject_known CHECK (subject IN ('smiles', 'recipe')),
    unit text NOT NULL CONSTRAINT target_unit_present CHECK (unit <> '')
);

COMMENT ON TABLE cryo.target IS 'what models predict';

CREATE TABLE cryo.measurement (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT measurement_pkey PRIMARY KEY,
    target text NOT NULL CONSTRAINT measurement_target_fkey REFERENCES cryo.target (name) ON DELETE RESTRICT,
    property_type_id smallint NOT NULL
        CONSTRAINT measurement_property_type_id_fkey REFERENCES cryo.property_type (id) ON DELETE RESTRICT,
    molecule_id bigint
        CONSTRAINT measurement_molecule_id_fkey REFERENCES cryo.molecule (id) ON DELETE RESTRICT,
    mixture_id bigint
        CONSTRAINT measurement_mixture_id_fkey REFERENCES cryo.mixture (id) ON DELETE RESTRICT,
    name text NOT NULL,
    value double precision NOT NULL
        CONSTRAINT measurement_value_finite CHECK (value NOT IN ('NaN', 'Infinity', '-Infinity')),
    unit text NOT NULL CONSTRAINT measurement_unit_present CHECK (unit <> ''),
    conditions jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT measurement_conditions_are_named CHECK (jsonb_typeof(conditions) = 'object'),
    spread double precision CONSTRAINT measurement_spread_not_negative CHECK (spread >= 0 AND spread < 'Infinity'),
    repeat_count integer NOT NULL DEFAULT 1 CONSTRAINT measurement_repeat_count_positive CHECK (repeat_count > 0),
    source text NOT NULL CONSTRAINT measurement_source_present CHECK (source <> ''),
    evidence text CONSTRAINT measurement_evidence_known CHECK (evidence IN ('A', 'B', 'C', 'D', 'N')),
    is_published boolean NOT NULL DEFAULT true,
    is_curated boolean NOT NULL DEFAULT true,
    details jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT measurement_details_are_named CHECK (jsonb_typeof(details) = 'object'),
    row_sha256 text NOT NULL CONSTRAINT measurement_row_sha256_form CHECK (row_sha256 ~ '^[0-9a-f]{64}$'),
    owner_id uuid CONSTRAINT measurement_owner_id_fkey REFERENCES cryo.app_user (id) ON DELETE RESTRICT,
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT measurement_one_subject CHECK (num_nonnulls(molecule_id, mixture_id) = 1),
    CONSTRAINT measurement_row_key UNIQUE NULLS NOT DISTINCT (row_sha256, owner_id)
);

CREATE INDEX measurement_target_idx ON cryo.measurement (target);
CREATE INDEX measurement_property_type_id_idx ON cryo.measurement (property_type_id);
CREATE INDEX measurement_molecule_id_idx ON cryo.measurement (molecule_id);
CREATE INDEX measurement_mixture_id_idx ON cryo.measurement (mixture_id);
CREATE INDEX measurement_owner_id_idx ON cryo.measurement (owner_id);

COMMENT ON TABLE cryo.measurement IS 'a measured value with its unit, conditions and source';
COMMENT ON COLUMN cryo.measurement.name IS 'what the source calls the substance: stereoisomers may share a structure';
COMMENT ON COLUMN cryo.measurement.conditions IS 'named conditions of the target, and "text" for the rest';
COMMENT ON COLUMN cryo.measurement.spread IS 'standard deviation of the repeats, null if there was one';
COMMENT ON COLUMN cryo.measurement.details IS 'what else the row says: tm_kelvin, note, the recipe as written';
COMMENT ON COLUMN cryo.measurement.row_sha256 IS 'over target, subject, name, value, conditions and source';
COMMENT ON COLUMN cryo.measurement.owner_id IS 'null: the installation''s own row';

INSERT INTO cryo.property_type (name, unit, plausible_lower, plausible_upper) VALUES
    ('glass_transition_temperature', 'K', 30, 700),
    ('mean_grain_size', '% of control', 0, 200),
    ('viability', 'fraction of control', 0, 2),
    ('recovery', 'fraction of control', 0, 2),
    ('function', 'fraction of control', 0, 2),
    ('exposure_survival', 'fraction of control', 0, 2);

INSERT INTO cryo.target (name, subject, unit) VALUES
    ('tg', 'smiles', 'K'),
    ('iri', 'smiles', '% of control'),
    ('viability', 'recipe', 'fraction of control');

ALTER TABLE cryo.molecule ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.molecule_identifier ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.mixture ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.mixture_component ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.property_type ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.target ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cryo.measurement ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
