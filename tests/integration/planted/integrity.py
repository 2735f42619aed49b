"""Planted defects of integrity."""

from tests.integration.planted import LookAlike, Planted

_PARENT = """
CREATE TABLE public.molecule (id integer PRIMARY KEY, label text NOT NULL);

INSERT INTO public.molecule SELECT number, 'm' || number FROM generate_series(1, 5) AS number"""
_CHILD = f"""{_PARENT};

CREATE TABLE public.assay (
    id integer PRIMARY KEY,
    molecule_id integer CONSTRAINT assay_molecule REFERENCES public.molecule);

CREATE INDEX assay_molecule_id ON public.assay (molecule_id);

INSERT INTO public.assay SELECT number, number FROM generate_series(1, 5) AS number"""
_PLATE = """
CREATE TABLE public.plate (run integer NOT NULL, place integer NOT NULL, PRIMARY KEY (run, place));

INSERT INTO public.plate SELECT run, place FROM generate_series(1, 3) AS run, generate_series(1, 3) AS place"""
_WELL = f"""{_PLATE};

CREATE TABLE public.well (
    id integer PRIMARY KEY, run integer, place integer,
    CONSTRAINT well_plate FOREIGN KEY (run, place) REFERENCES public.plate (run, place));

CREATE INDEX well_run_place ON public.well (run, place);

INSERT INTO public.well VALUES (1, 1, 1), (2, 2, 2), (3, NULL, NULL)"""
_BYPASS = "SET session_replication_role = replica"
_LONG = """
CREATE TABLE public.measurement (
    id integer PRIMARY KEY, property text NOT NULL, value double precision NOT NULL, unit text);

INSERT INTO public.measurement
SELECT number, 'Tg', 150 + number, 'K' FROM generate_series(1, 20) AS number;

INSERT INTO public.measurement
SELECT 100 + number, 'pH', 7, 'pH' FROM generate_series(1, 20) AS number"""
_STRUCTURES = """
CREATE TABLE public.substance (id integer PRIMARY KEY, smiles text NOT NULL, inchikey text NOT NULL);

INSERT INTO public.substance VALUES
    (1, 'OCC(O)CO', 'PEDCQBHIVMGVHV-UHFFFAOYSA-N'), (2, 'CS(C)=O', 'IAZDPXIOMUYVGZ-UHFFFAOYSA-N'),
    (3, 'OCCO', 'LYCAIKOWRPUZTN-UHFFFAOYSA-N')"""
_COMMENTS = f"""{_PARENT};

CREATE TABLE public.batches (id integer PRIMARY KEY);

INSERT INTO public.batches VALUES (1), (2);

CREATE TABLE public.remark (
    id integer PRIMARY KEY, item_type text NOT NULL, item_id integer NOT NULL, body text NOT NULL);

INSERT INTO public.remark VALUES (1, 'molecule', 1, 'good'), (2, 'Batch', 2, 'bad')"""

ORPHANS = [
    Planted(
        "orphan_under_a_valid_key",
        f"{_CHILD};\n\n{_BYPASS};\n\nDELETE FROM public.molecule WHERE id = 3",
        "orphan_rows",
        "public.assay.assay_molecule",
        "DELETE FROM public.assay WHERE molecule_id = 3",
    ),
    Planted(
        "orphan_by_disabled_triggers",
        f"{_CHILD};\n\nALTER TABLE public.assay DISABLE TRIGGER ALL;\n\nINSERT INTO public.assay VALUES (9, 99);\n\n"
        "ALTER TABLE public.assay ENABLE TRIGGER ALL",
        "orphan_rows",
        "public.assay.assay_molecule",
        "DELETE FROM public.assay WHERE id = 9",
    ),
    Planted(
        "orphan_under_a_key_not_valid",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id integer);\n\n"
        "CREATE INDEX assay_molecule_id ON public.assay (molecule_id);\n\nINSERT INTO public.assay VALUES (1, 99);\n\n"
        "ALTER TABLE public.assay ADD CONSTRAINT assay_molecule FOREIGN KEY (molecule_id) "
        "REFERENCES public.molecule NOT VALID",
        "orphan_rows",
        "public.assay.assay_molecule",
        "DELETE FROM public.assay;\n\nALTER TABLE public.assay VALIDATE CONSTRAINT assay_molecule",
    ),
    Planted(
        "orphan_of_a_composite_key",
        f"{_WELL};\n\n{_BYPASS};\n\nINSERT INTO public.well VALUES (9, 1, 9)",
        "orphan_rows",
        "public.well.well_plate",
        "DELETE FROM public.well WHERE id = 9",
    ),
    Planted(
        "half_null_row_under_match_full",
        f"{_PLATE};\n\nCREATE TABLE public.well (id integer PRIMARY KEY, run integer, place integer, CONSTRAINT "
        f"well_plate "
        "FOREIGN KEY (run, place) REFERENCES public.plate (run, place) MATCH FULL);\n\n"
        f"CREATE INDEX well_run_place ON public.well (run, place);\n\n{_BYPASS};\n\n"
        "INSERT INTO public.well VALUES (9, 1, NULL)",
        "orphan_rows",
        "public.well.well_plate",
        "DELETE FROM public.well",
    ),
    Planted(
        "orphan_in_a_tree",
        "CREATE TABLE public.node (id integer PRIMARY KEY, above integer CONSTRAINT node_above REFERENCES "
        "public.node);\n\n"
        "CREATE INDEX node_above_index ON public.node (above);\n\nINSERT INTO public.node VALUES (1, NULL), (2, "
        "1), (3, 2);"
        f"\n\n{_BYPASS};\n\nDELETE FROM public.node WHERE id = 1",
        "orphan_rows",
        "public.node.node_above",
        "INSERT INTO public.node VALUES (1, NULL)",
    ),
    Planted(
        "orphan_in_a_partitioned_table",
        f"""{_PARENT};

CREATE TABLE public.reading (
    day date NOT NULL, id integer NOT NULL, molecule_id integer NOT NULL, PRIMARY KEY (day, id),
    CONSTRAINT reading_molecule FOREIGN KEY (molecule_id) REFERENCES public.molecule) PARTITION BY RANGE (day);

CREATE TABLE public.reading_a PARTITION OF public.reading FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');

CREATE TABLE public.reading_b PARTITION OF public.reading FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');

CREATE INDEX reading_molecule_id ON public.reading (molecule_id);

{_BYPASS};

INSERT INTO public.reading VALUES ('2026-01-02', 1, 1), ('2026-02-02', 2, 77)""",
        "orphan_rows",
        "public.reading.reading_molecule",
        "DELETE FROM public.reading WHERE molecule_id = 77",
    ),
    Planted(
        "orphan_of_a_partitioned_parent",
        f"""
CREATE TABLE public.run (id integer PRIMARY KEY) PARTITION BY RANGE (id);

CREATE TABLE public.run_a PARTITION OF public.run FOR VALUES FROM (1) TO (100);

INSERT INTO public.run VALUES (1), (2);

CREATE TABLE public.step (id integer PRIMARY KEY, run_id integer CONSTRAINT step_run REFERENCES public.run);

CREATE INDEX step_run_id ON public.step (run_id);

{_BYPASS};

INSERT INTO public.step VALUES (1, 1), (2, 55)""",
        "orphan_rows",
        "public.step.step_run",
        "DELETE FROM public.step WHERE id = 2",
    ),
    Planted(
        "orphan_with_odd_names",
        f"""
CREATE SCHEMA "Odd ""Schema";

CREATE TABLE "Odd ""Schema"."a:b %s" ("Key %" varchar(20) PRIMARY KEY);

CREATE TABLE "Odd ""Schema"."C {{d}}" (id integer PRIMARY KEY, "To :x" varchar(20)
    CONSTRAINT "to %(x)s" REFERENCES "Odd ""Schema"."a:b %s");

CREATE INDEX "odd index" ON "Odd ""Schema"."C {{d}}" ("To :x");

{_BYPASS};

INSERT INTO "Odd ""Schema"."C {{d}}" VALUES (1, 'gone')""",
        "orphan_rows",
        '"Odd ""Schema"."C {d}"."to %(x)s"',
        'DELETE FROM "Odd ""Schema"."C {d}"',
    ),
    Planted(
        "orphan_of_text_in_another_collation",
        f"""
CREATE TABLE public.country (code text COLLATE "C" PRIMARY KEY);

CREATE TABLE public.site (
    id integer PRIMARY KEY, country_code text COLLATE "POSIX" CONSTRAINT site_country REFERENCES public.country);

CREATE INDEX site_country_code ON public.site (country_code);

INSERT INTO public.country VALUES ('de');

INSERT INTO public.site VALUES (1, 'de');

{_BYPASS};

INSERT INTO public.site VALUES (2, 'xx')""",
        "orphan_rows",
        "public.site.site_country",
        "DELETE FROM public.site WHERE id = 2",
    ),
    Planted(
        "prediction_whose_model_is_gone",
        f"""
CREATE TABLE public.model (id integer PRIMARY KEY, name text NOT NULL);

CREATE TABLE public.prediction (
    id integer PRIMARY KEY, model_id integer NOT NULL CONSTRAINT prediction_model REFERENCES public.model,
    value double precision NOT NULL);

CREATE INDEX prediction_model_id ON public.prediction (model_id);

INSERT INTO public.model VALUES (1, 'glass'), (2, 'toxicity');

INSERT INTO public.prediction VALUES (1, 1, 0.5), (2, 2, 0.5);

{_BYPASS};

DELETE FROM public.model WHERE id = 2""",
        "prediction_without_model",
        "public.prediction.prediction_model",
        "DELETE FROM public.prediction WHERE model_id = 2",
    ),
    Planted(
        "prediction_whose_model_is_gone_without_a_key",
        """
CREATE TABLE public.models (id bigint PRIMARY KEY, name text NOT NULL);

CREATE TABLE public.predictions (id integer PRIMARY KEY, model_id bigint NOT NULL, value double precision NOT NULL);

INSERT INTO public.models VALUES (1, 'glass');

INSERT INTO public.predictions VALUES (1, 1, 0.5), (2, 7, 0.5)""",
        "prediction_without_model",
        "public.predictions.model_id",
        "DELETE FROM public.predictions WHERE model_id = 7",
    ),
    Planted(
        "prediction_whose_model_version_is_gone",
        """
CREATE TABLE public.model (
    id integer PRIMARY KEY, name text NOT NULL, version integer NOT NULL, UNIQUE (name, version));

CREATE TABLE public.prediction (
    id integer PRIMARY KEY, model_name text NOT NULL, model_version integer NOT NULL, value double precision NOT NULL);

INSERT INTO public.model VALUES (1, 'glass', 1), (2, 'glass', 2);

INSERT INTO public.prediction VALUES (1, 'glass', 1, 0.5), (2, 'glass', 2, 0.5), (3, 'glass', 3, 0.5)""",
        "prediction_without_model",
        "public.prediction",
        "DELETE FROM public.prediction WHERE model_version = 3",
    ),
]

ORPHANS += [
    Planted(
        "prediction_whose_model_is_gone_by_name",
        """
CREATE TABLE public.ml_models (id integer PRIMARY KEY, name text NOT NULL UNIQUE);

CREATE TABLE public.predictions (id integer PRIMARY KEY, model_name text NOT NULL, value double precision NOT NULL);

INSERT INTO public.ml_models VALUES (1, 'glass');

INSERT INTO public.predictions VALUES (1, 'glass', 0.5), (2, 'gone', 0.5)""",
        "prediction_without_model",
        "public.predictions.model_name",
        "DELETE FROM public.predictions WHERE id = 2",
    ),
    Planted(
        "prediction_whose_model_is_gone_by_number",
        """
CREATE TABLE public.trained_models (id integer PRIMARY KEY, name text NOT NULL);

CREATE TABLE public.predictions (id integer PRIMARY KEY, model_id integer NOT NULL, value double precision NOT NULL);

INSERT INTO public.trained_models VALUES (1, 'glass'), (2, 'toxicity');

INSERT INTO public.predictions VALUES (1, 1, 0.5), (2, 2, 0.5), (3, 3, 0.5)""",
        "prediction_without_model",
        "public.predictions.model_id",
        "DELETE FROM public.predictions WHERE id = 3",
    ),
]

KEYS = [
    Planted(
        "key_missing",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id integer NOT NULL);\n\n"
        "INSERT INTO public.assay VALUES (1, 1), (2, 2)",
        "foreign_key_missing",
        "public.assay.molecule_id",
        "ALTER TABLE public.assay ADD FOREIGN KEY (molecule_id) REFERENCES public.molecule;\n\n"
        "CREATE INDEX ON public.assay (molecule_id)",
    ),
    Planted(
        "key_missing_in_an_empty_table",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id integer NOT NULL)",
        "foreign_key_missing",
        "public.assay.molecule_id",
        "ALTER TABLE public.assay ADD FOREIGN KEY (molecule_id) REFERENCES public.molecule;\n\n"
        "CREATE INDEX ON public.assay (molecule_id)",
    ),
    Planted(
        "key_missing_with_orphans",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id bigint NOT NULL);\n\n"
        "INSERT INTO public.assay SELECT number, 1 + number % 7 FROM generate_series(1, 40) AS number",
        "orphan_rows",
        "public.assay.molecule_id",
        "DELETE FROM public.assay WHERE molecule_id > 5",
    ),
    Planted(
        "key_missing_to_a_plural_table_of_another_style",
        """
CREATE TABLE public."Batches" ("Id" uuid PRIMARY KEY DEFAULT gen_random_uuid());

INSERT INTO public."Batches" SELECT FROM generate_series(1, 4);

CREATE TABLE public."Vials" ("Id" uuid PRIMARY KEY DEFAULT gen_random_uuid(), "batchId" uuid NOT NULL);

INSERT INTO public."Vials" ("batchId") SELECT "Id" FROM public."Batches" """,
        "foreign_key_missing",
        'public."Vials"."batchId"',
        'ALTER TABLE public."Vials" ADD FOREIGN KEY ("batchId") REFERENCES public."Batches";\n\n'
        'CREATE INDEX ON public."Vials" ("batchId")',
    ),
    Planted(
        "key_missing_in_a_role",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, reference_molecule_id integer NOT NULL);\n\n"
        "INSERT INTO public.assay SELECT number, number FROM generate_series(1, 5) AS number",
        "foreign_key_missing",
        "public.assay.reference_molecule_id",
        "DROP TABLE public.assay",
    ),
    Planted(
        "key_missing_in_a_tree",
        "CREATE TABLE public.node (id integer PRIMARY KEY, parent_id integer);\n\n"
        "INSERT INTO public.node SELECT number, nullif(number / 2, 0) FROM generate_series(1, 20) AS number",
        "foreign_key_missing",
        "public.node.parent_id",
        "DROP TABLE public.node",
    ),
    Planted(
        "key_missing_with_key_columns_of_one_name",
        "CREATE TABLE public.donor (donor_id integer PRIMARY KEY);\n\nINSERT INTO public.donor VALUES (1), (2);\n\n"
        "CREATE TABLE public.sample (sample_id integer PRIMARY KEY, donor_id integer);\n\n"
        "INSERT INTO public.sample VALUES (1, 1), (2, 2), (3, NULL)",
        "foreign_key_missing",
        "public.sample.donor_id",
        "DROP TABLE public.sample",
    ),
    Planted(
        "key_missing_and_of_another_type",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id text NOT NULL);\n\n"
        "INSERT INTO public.assay VALUES (1, '1'), (2, '2')",
        "foreign_key_missing",
        "public.assay.molecule_id",
        "DROP TABLE public.assay",
    ),
    Planted(
        "key_not_valid",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id integer);\n\n"
        "CREATE INDEX ON public.assay (molecule_id);\n\nALTER TABLE public.assay ADD CONSTRAINT assay_molecule "
        "FOREIGN KEY (molecule_id) REFERENCES public.molecule NOT VALID",
        "constraint_not_validated",
        "public.assay.assay_molecule",
        "ALTER TABLE public.assay VALIDATE CONSTRAINT assay_molecule",
    ),
    Planted(
        "rule_not_valid",
        f"{_PARENT};\n\nALTER TABLE public.molecule ADD CONSTRAINT label_filled CHECK (label <> '') NOT VALID",
        "constraint_not_validated",
        "public.molecule.label_filled",
        "ALTER TABLE public.molecule VALIDATE CONSTRAINT label_filled",
    ),
    Planted(
        "rule_of_a_domain_not_valid",
        "CREATE DOMAIN public.share AS double precision;\n\n"
        "ALTER DOMAIN public.share ADD CONSTRAINT share_range CHECK (VALUE BETWEEN 0 AND 1) NOT VALID",
        "constraint_not_validated",
        "public.share.share_range",
        "ALTER DOMAIN public.share VALIDATE CONSTRAINT share_range",
    ),
    Planted(
        "key_declared_twice",
        f"{_CHILD};\n\nALTER TABLE public.assay ADD CONSTRAINT assay_again FOREIGN KEY (molecule_id) "
        "REFERENCES public.molecule ON DELETE CASCADE",
        "foreign_key_duplicate",
        "public.assay.assay_again",
        "ALTER TABLE public.assay DROP CONSTRAINT assay_again",
    ),
    Planted(
        "composite_key_declared_twice_in_another_order",
        f"{_WELL};\n\nALTER TABLE public.well ADD CONSTRAINT well_again FOREIGN KEY (place, run) "
        "REFERENCES public.plate (place, run)",
        "foreign_key_duplicate",
        "public.well.well_again",
        "ALTER TABLE public.well DROP CONSTRAINT well_again",
    ),
    Planted(
        "key_of_another_type",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id smallint "
        "CONSTRAINT assay_molecule REFERENCES public.molecule);\n\nCREATE INDEX ON public.assay (molecule_id)",
        "foreign_key_type_mismatch",
        "public.assay.assay_molecule",
        "ALTER TABLE public.assay ALTER COLUMN molecule_id TYPE integer",
    ),
    Planted(
        "key_larger_than_what_it_refers_to",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id bigint "
        "CONSTRAINT assay_molecule REFERENCES public.molecule);\n\nCREATE INDEX ON public.assay (molecule_id)",
        "foreign_key_type_mismatch",
        "public.assay.assay_molecule",
        "ALTER TABLE public.assay ALTER COLUMN molecule_id TYPE integer",
    ),
    Planted(
        "key_shorter_than_what_it_refers_to",
        "CREATE TABLE public.country (code varchar(20) PRIMARY KEY);\n\nCREATE TABLE public.site (id integer "
        "PRIMARY KEY, "
        "country varchar(5) CONSTRAINT site_country REFERENCES public.country);\n\nCREATE INDEX ON public.site "
        "(country)",
        "foreign_key_type_mismatch",
        "public.site.site_country",
        "ALTER TABLE public.site ALTER COLUMN country TYPE varchar(20)",
    ),
    *(
        Planted(
            f"key_with_{name}_index",
            f"{_CHILD};\n\nDROP INDEX public.assay_molecule_id;\n\n{index}",
            "foreign_key_without_index",
            "public.assay.assay_molecule",
            "DROP INDEX IF EXISTS public.bad;\n\nCREATE INDEX ON public.assay (molecule_id)",
        )
        for name, index in (
            ("no", "ANALYZE public.assay"),
            ("a_partial", "CREATE INDEX bad ON public.assay (molecule_id) WHERE id > 3"),
            ("a_second_place", "CREATE INDEX bad ON public.assay (id, molecule_id)"),
            ("an_include", "CREATE UNIQUE INDEX bad ON public.assay (abs(id)) INCLUDE (molecule_id)"),
            ("a_brin", "CREATE INDEX bad ON public.assay USING brin (molecule_id)"),
            ("an_expression", "CREATE INDEX bad ON public.assay ((molecule_id + 0))"),
            (
                "an_invalid",
                "CREATE INDEX bad ON public.assay (molecule_id);\n\n"
                "UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = 'public.bad'::regclass",
            ),
        )
    ),
    Planted(
        "composite_key_with_an_index_on_one_column",
        f"{_WELL};\n\nDROP INDEX public.well_run_place;\n\nCREATE INDEX well_run ON public.well (run)",
        "foreign_key_without_index",
        "public.well.well_plate",
        "DROP INDEX public.well_run;\n\nCREATE INDEX ON public.well (place, run)",
    ),
    Planted(
        "half_null_key",
        f"{_WELL};\n\nINSERT INTO public.well VALUES (9, 77, NULL)",
        "foreign_key_half_null",
        "public.well.well_plate",
        "DELETE FROM public.well WHERE id = 9",
    ),
    Planted(
        "half_null_key_with_a_filled_column",
        f"{_PLATE};\n\nCREATE TABLE public.well (id integer PRIMARY KEY, run integer NOT NULL, place integer, "
        "CONSTRAINT well_plate FOREIGN KEY (run, place) REFERENCES public.plate (run, place));\n\n"
        "CREATE INDEX ON public.well (run, place);\n\nINSERT INTO public.well VALUES (1, 1, 1), (2, 99, NULL)",
        "foreign_key_half_null",
        "public.well.well_plate",
        "DELETE FROM public.well WHERE id = 2",
    ),
    Planted(
        "set_null_on_not_null",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id integer NOT NULL "
        "CONSTRAINT assay_molecule REFERENCES public.molecule ON DELETE SET NULL);\n\nCREATE INDEX ON "
        "public.assay (molecule_id)",
        "foreign_key_action_impossible",
        "public.assay.assay_molecule",
        "ALTER TABLE public.assay ALTER COLUMN molecule_id DROP NOT NULL",
    ),
    Planted(
        "update_set_null_on_a_checked_column",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id integer CHECK "
        f"(molecule_id IS NOT NULL) "
        "CONSTRAINT assay_molecule REFERENCES public.molecule ON UPDATE SET NULL);\n\nCREATE INDEX ON "
        "public.assay (molecule_id)",
        "foreign_key_action_impossible",
        "public.assay.assay_molecule",
        "ALTER TABLE public.assay DROP CONSTRAINT assay_molecule_id_check",
    ),
    Planted(
        "set_null_on_a_half_required_composite_key",
        f"{_PLATE};\n\nCREATE TABLE public.well (id integer PRIMARY KEY, run integer NOT NULL, place integer, "
        "CONSTRAINT well_plate FOREIGN KEY (run, place) REFERENCES public.plate (run, place) ON DELETE SET NULL);\n\n"
        "CREATE INDEX ON public.well (run, place)",
        "foreign_key_action_impossible",
        "public.well.well_plate",
        "ALTER TABLE public.well ALTER COLUMN run DROP NOT NULL",
    ),
    Planted(
        "set_default_without_default",
        f"{_PARENT};\n\nCREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id integer NOT NULL "
        "CONSTRAINT assay_molecule REFERENCES public.molecule ON DELETE SET DEFAULT);\n\nCREATE INDEX ON "
        "public.assay (molecule_id)",
        "foreign_key_action_impossible",
        "public.assay.assay_molecule",
        "ALTER TABLE public.assay ALTER COLUMN molecule_id SET DEFAULT 1",
    ),
    Planted(
        "key_triggers_of_the_referring_table_disabled",
        f"{_CHILD};\n\nALTER TABLE public.assay DISABLE TRIGGER ALL",
        "key_trigger_disabled",
        "public.assay.assay_molecule",
        "ALTER TABLE public.assay ENABLE TRIGGER ALL",
    ),
    Planted(
        "key_triggers_of_the_other_table_disabled",
        f"{_CHILD};\n\nALTER TABLE public.molecule DISABLE TRIGGER ALL",
        "key_trigger_disabled",
        "public.assay.assay_molecule",
        "ALTER TABLE public.molecule ENABLE TRIGGER ALL",
    ),
    Planted(
        "login_that_bypasses_keys",
        "CREATE ROLE planted_bypass LOGIN;\n\nALTER ROLE planted_bypass SET session_replication_role = replica",
        "key_triggers_bypassed",
        "planted_bypass",
        "DROP ROLE planted_bypass",
    ),
    Planted(
        "keys_do_not_see_inheriting_tables",
        f"{_CHILD};\n\nCREATE TABLE public.salt (PRIMARY KEY (id)) INHERITS (public.molecule)",
        "inherited_rows_outside_keys",
        "public.molecule",
        "DROP TABLE public.salt",
    ),
]

KEYS += [
    Planted(
        "short_key_within_a_long_one",
        f"""{_PLATE};

ALTER TABLE public.plate ADD COLUMN number integer GENERATED ALWAYS AS (10 * run + place) STORED UNIQUE;

ALTER TABLE public.plate ADD UNIQUE (number, run);

CREATE TABLE public.well (id integer PRIMARY KEY, number integer NOT NULL, run integer NOT NULL,
    CONSTRAINT long_key FOREIGN KEY (number, run) REFERENCES public.plate (number, run),
    CONSTRAINT short_key FOREIGN KEY (number) REFERENCES public.plate (number));

CREATE INDEX ON public.well (number, run)""",
        "foreign_key_duplicate",
        "public.well.short_key",
        "ALTER TABLE public.well DROP CONSTRAINT short_key",
    ),
]

POLYMORPHIC = [
    Planted(
        "pair_without_row",
        f"{_COMMENTS};\n\nINSERT INTO public.remark VALUES (3, 'molecule', 99, 'lost')",
        "polymorphic_reference",
        "public.remark.item_id",
        "DELETE FROM public.remark WHERE id = 3",
    ),
    Planted(
        "pair_without_row_in_a_plural_table",
        f"{_COMMENTS};\n\nDELETE FROM public.batches WHERE id = 2",
        "polymorphic_reference",
        "public.remark.item_id",
        "INSERT INTO public.batches VALUES (2)",
    ),
    Planted(
        "pair_without_table",
        f"{_COMMENTS};\n\nINSERT INTO public.remark VALUES (3, 'ghost', 1, 'lost')",
        "polymorphic_reference",
        "public.remark.item_id",
        "DELETE FROM public.remark WHERE id = 3",
    ),
    Planted(
        "pair_of_texts_without_row",
        f"""{_PARENT};

CREATE TABLE public.attachment (
    id integer PRIMARY KEY, target_table text NOT NULL, target_id text NOT NULL, file text NOT NULL);

INSERT INTO public.attachment VALUES (1, 'public.molecule', '1', 'a'), (2, 'public.molecule', '9', 'b')""",
        "polymorphic_reference",
        "public.attachment.target_id",
        "DELETE FROM public.attachment WHERE id = 2",
    ),
    Planted(
        "pair_of_an_enum_and_a_uuid",
        """
CREATE TYPE public.kind AS ENUM ('vial', 'rack');

CREATE TABLE public.vial (id uuid PRIMARY KEY);

CREATE TABLE public.rack (id uuid PRIMARY KEY);

INSERT INTO public.vial VALUES ('11111111-1111-1111-1111-111111111111');

CREATE TABLE public.tag (
    id integer PRIMARY KEY, taggable_type public.kind NOT NULL, taggable_id uuid NOT NULL, UNIQUE (taggable_type,
    taggable_id));

INSERT INTO public.tag VALUES (1, 'vial', '11111111-1111-1111-1111-111111111111'),
    (2, 'rack', '22222222-2222-2222-2222-222222222222')""",
        "polymorphic_reference",
        "public.tag.taggable_id",
        "DELETE FROM public.tag WHERE id = 2",
    ),
    Planted(
        "pair_of_table_name_and_record",
        f"""{_PARENT};

CREATE TABLE public.note (id integer PRIMARY KEY, table_name text NOT NULL, record_id integer NOT NULL);

INSERT INTO public.note VALUES (1, 'molecule', 1), (2, 'molecule', 12)""",
        "polymorphic_reference",
        "public.note.record_id",
        "DELETE FROM public.note WHERE id = 2",
    ),
]

VALUES = [
    *(
        Planted(
            f"value_{name}_{place}",
            f'CREATE TABLE public.trial (id integer PRIMARY KEY, "{name}" {kind});\n\n'
            f"INSERT INTO public.trial SELECT number, {good} FROM generate_series(1, 20) AS number;\n\n"
            f"INSERT INTO public.trial VALUES (21, {bad})",
            "implausible_value",
            f"public.trial.{shown or name}",
            "DELETE FROM public.trial WHERE id = 21",
        )
        for place, (name, kind, good, bad, shown) in enumerate(
            (
                ("temperature_kelvin", "double precision", "273.15", "-83", None),
                ("tg_k", "numeric", "190", "0", None),
                ("glass_transition_k", "double precision", "190", "-83", None),
                ("tg_kelvin", "double precision", "190", "20", None),
                ("temperature_c", "double precision", "-80", "-300", None),
                ("storage_temperature_celsius", "real", "-80", "-400", None),
                ("concentration_mM", "numeric(10, 2)", "20", "-1", '"concentration_mM"'),
                ("concentration", "double precision", "20", "-0.5", None),
                ("molarity", "double precision", "2", "'NaN'", None),
                ("ph", "numeric", "7.4", "15.2", None),
                ("pH", "numeric", "7.4", "-1", '"pH"'),
                ("buffer_ph", "double precision", "7.4", "74", None),
                ("viability_percent", "double precision", "80", "140", None),
                ("viability_pct", "numeric", "80", "-3", None),
                ("viability", "double precision", "80", "850", None),
                ("mass_fraction", "double precision", "0.3", "30", None),
                ("survival_probability", "double precision", "0.3", "1.7", None),
                ("p_value", "double precision", "0.3", "4.7", None),
                ("molecular_weight", "double precision", "92.09", "0", None),
                ("molar_mass_g_mol", "numeric", "92.09", "-92", None),
                ("volume_ml", "double precision", "1.5", "-1.5", None),
                ("cell_count", "integer", "1000", "-5", None),
                ("measured_at", "timestamptz", "TIMESTAMPTZ '2024-01-01'", "'2999-01-01'", None),
                ("collected_on", "date", "DATE '2024-01-01'", "'0024-01-01'", None),
            )
        )
    ),
    Planted(
        "value_of_a_property_in_kelvin",
        f"{_LONG};\n\nINSERT INTO public.measurement VALUES (999, 'Tg', -83, 'K')",
        "implausible_value",
        "public.measurement.value",
        "DELETE FROM public.measurement WHERE id = 999",
    ),
    Planted(
        "value_of_a_property_ph",
        f"{_LONG};\n\nINSERT INTO public.measurement VALUES (999, 'pH', 71, 'pH')",
        "implausible_value",
        "public.measurement.value",
        "DELETE FROM public.measurement WHERE id = 999",
    ),
    Planted(
        "unit_that_cannot_be_converted",
        f"{_LONG};\n\nINSERT INTO public.measurement VALUES (999, 'Tg', 190, 'mol/L')",
        "inconsistent_unit",
        "public.measurement.unit",
        "DELETE FROM public.measurement WHERE id = 999",
    ),
    Planted(
        "unit_that_nobody_knows",
        f"{_LONG};\n\nINSERT INTO public.measurement VALUES (999, 'Tg', 190, 'furlong')",
        "inconsistent_unit",
        "public.measurement.unit",
        "DELETE FROM public.measurement WHERE id = 999",
    ),
    Planted(
        "unit_missing",
        f"{_LONG};\n\nINSERT INTO public.measurement VALUES (999, 'Tg', 190, NULL)",
        "inconsistent_unit",
        "public.measurement.unit",
        "DELETE FROM public.measurement WHERE id = 999",
    ),
    Planted(
        "unit_missing_beside_a_value_alone",
        "CREATE TABLE public.reading (id integer PRIMARY KEY, value numeric NOT NULL, unit text);\n\n"
        "INSERT INTO public.reading VALUES (1, 190, 'K'), (2, 1.2, 'mol/kg'), (3, 190, NULL)",
        "inconsistent_unit",
        "public.reading.unit",
        "DELETE FROM public.reading WHERE id = 3",
    ),
    Planted(
        "unit_beside_a_column",
        "CREATE TABLE public.trial (id integer PRIMARY KEY, osmolality numeric NOT NULL, osmolality_unit text "
        "NOT NULL);\n\n"
        "INSERT INTO public.trial VALUES (1, 300, 'mOsm/kg'), (2, 310, 'mOsm/kg'), (3, 310, 'K')",
        "inconsistent_unit",
        "public.trial.osmolality_unit",
        "DELETE FROM public.trial WHERE id = 3",
    ),
]

VALUES += [
    Planted(
        "value_outside_of_the_range_of_its_property",
        """
CREATE TABLE public.property (
    code text PRIMARY KEY, unit text NOT NULL, min_value double precision, max_value double precision);

INSERT INTO public.property VALUES ('hue', '1', 0, 360), ('any', '1', NULL, NULL);

CREATE TABLE public.reading (
    id integer PRIMARY KEY, property_code text NOT NULL REFERENCES public.property, value double precision NOT NULL);

CREATE INDEX ON public.reading (property_code);

INSERT INTO public.reading VALUES (1, 'hue', 12), (2, 'any', 1000), (3, 'hue', 412)""",
        "value_outside_declared_range",
        "public.reading.value",
        "DELETE FROM public.reading WHERE id = 3",
    ),
]

STRUCTURES = [
    Planted(
        "structure_with_the_key_of_another",
        f"{_STRUCTURES};\n\nINSERT INTO public.substance VALUES (9, 'CO', 'PEDCQBHIVMGVHV-UHFFFAOYSA-N')",
        "structure_mismatch",
        "public.substance.inchikey",
        "DELETE FROM public.substance WHERE id = 9",
    ),
    Planted(
        "structure_with_the_key_of_its_mirror_image",
        f"{_STRUCTURES};\n\nINSERT INTO public.substance VALUES (9, 'C[C@H](N)C(=O)O', 'QNAYBMKLOCPYGJ-UWTATZPHSA-N')",
        "structure_mismatch",
        "public.substance.inchikey",
        "DELETE FROM public.substance WHERE id = 9",
    ),
    Planted(
        "structure_that_cannot_be_read",
        f"{_STRUCTURES};\n\nINSERT INTO public.substance VALUES (9, 'C1CC(', 'PEDCQBHIVMGVHV-UHFFFAOYSA-N')",
        "structure_mismatch",
        "public.substance.inchikey",
        "DELETE FROM public.substance WHERE id = 9",
    ),
    Planted(
        "structure_under_other_names",
        "CREATE TABLE public.cpa (id integer PRIMARY KEY, canonical_smiles varchar(500), inchi_key char(27));\n\n"
        "INSERT INTO public.cpa VALUES (1, 'OCCO', 'LYCAIKOWRPUZTN-UHFFFAOYSA-N'), (2, 'CO', "
        "'LYCAIKOWRPUZTN-UHFFFAOYSA-N')",
        "structure_mismatch",
        "public.cpa.inchi_key",
        "DELETE FROM public.cpa WHERE id = 2",
    ),
]

SEQUENCES = [
    Planted(
        "sequence_of_a_key_that_cycles",
        "CREATE TABLE public.run (id serial PRIMARY KEY);\n\nALTER SEQUENCE public.run_id_seq CYCLE",
        "sequence_cycles",
        "public.run_id_seq",
        "ALTER SEQUENCE public.run_id_seq NO CYCLE",
    ),
    Planted(
        "identity_behind_its_column",
        "CREATE TABLE public.run (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);\n\n"
        "INSERT INTO public.run SELECT FROM generate_series(1, 3);\n\nINSERT INTO public.run VALUES (50)",
        "sequence_behind_column",
        "public.run_id_seq",
        "SELECT setval('public.run_id_seq', 50)",
    ),
    Planted(
        "serial_restarted",
        "CREATE TABLE public.run (id serial PRIMARY KEY);\n\nINSERT INTO public.run SELECT FROM "
        "generate_series(1, 30);\n\n"
        "SELECT setval('public.run_id_seq', 5)",
        "sequence_behind_column",
        "public.run_id_seq",
        "SELECT setval('public.run_id_seq', 30)",
    ),
    Planted(
        "sequence_never_used",
        "CREATE TABLE public.run (id bigserial PRIMARY KEY);\n\nINSERT INTO public.run VALUES (1), (2)",
        "sequence_behind_column",
        "public.run_id_seq",
        "SELECT setval('public.run_id_seq', 2)",
    ),
    Planted(
        "sequence_not_owned_behind",
        'CREATE SEQUENCE public."Numbers";\n\n'
        "CREATE TABLE public.run (id integer PRIMARY KEY DEFAULT nextval('public.\"Numbers\"'));\n\n"
        "INSERT INTO public.run VALUES (10)",
        "sequence_behind_column",
        'public."Numbers"',
        "SELECT setval('public.\"Numbers\"', 10)",
    ),
    Planted(
        "sequence_near_the_end_of_an_integer",
        "CREATE TABLE public.run (id serial PRIMARY KEY);\n\nSELECT setval('public.run_id_seq', 2000000000)",
        "sequence_near_end",
        "public.run_id_seq",
        "SELECT setval('public.run_id_seq', 1)",
    ),
    Planted(
        "wide_sequence_of_a_narrow_column",
        "CREATE SEQUENCE public.numbers AS bigint;\n\n"
        "CREATE TABLE public.run (id smallint PRIMARY KEY DEFAULT nextval('public.numbers'));\n\n"
        "SELECT setval('public.numbers', 30000)",
        "sequence_near_end",
        "public.numbers",
        "SELECT setval('public.numbers', 100)",
    ),
    Planted(
        "sequence_near_its_own_end",
        "CREATE SEQUENCE public.numbers MAXVALUE 100;\n\nSELECT setval('public.numbers', 85)",
        "sequence_near_end",
        "public.numbers",
        "ALTER SEQUENCE public.numbers NO MAXVALUE",
    ),
    Planted(
        "sequence_downwards_near_its_end",
        "CREATE SEQUENCE public.numbers AS smallint INCREMENT -1;\n\nSELECT setval('public.numbers', -32000)",
        "sequence_near_end",
        "public.numbers",
        "SELECT setval('public.numbers', -1)",
    ),
]

PLANTED: list[Planted] = [*ORPHANS, *KEYS, *POLYMORPHIC, *VALUES, *STRUCTURES, *SEQUENCES]
LOOK_ALIKES: list[LookAlike] = [
    LookAlike("sound_keys", _CHILD),
    LookAlike("composite_key_with_rows_empty_as_a_whole", _WELL),
    LookAlike("sound_pairs", _COMMENTS),
    LookAlike("sound_structures", _STRUCTURES),
    LookAlike("sound_properties", _LONG),
    LookAlike(
        "properties_without_a_name_and_without_a_unit",
        f"{_LONG};\n\nALTER TABLE public.measurement ALTER COLUMN property DROP NOT NULL;\n\n"
        "INSERT INTO public.measurement VALUES (998, NULL, 1, NULL), (999, '', 1, NULL), (997, '--', 1, NULL)",
    ),
    LookAlike(
        "properties_by_number_beside_an_assay_that_some_have",
        """
CREATE TABLE public.property_type (id integer PRIMARY KEY);

CREATE TABLE public.finding (id integer PRIMARY KEY, property_type_id integer NOT NULL REFERENCES public.property_type,
    assay text, value numeric NOT NULL, unit text NOT NULL);

CREATE INDEX ON public.finding (property_type_id);

INSERT INTO public.property_type VALUES (1), (2);

INSERT INTO public.finding VALUES (1, 1, NULL, 190, 'K'), (2, 2, NULL, 68, 'mg/L'), (3, 2, 'splat', 1, 'mg/L')""",
    ),
    LookAlike(
        "one_substance_in_two_models_of_unlike_units",
        """
CREATE TABLE public.model_version (id integer PRIMARY KEY);

CREATE TABLE public.forecast (id integer PRIMARY KEY, model_version_id integer NOT NULL REFERENCES public.model_version,
    name text NOT NULL, value numeric NOT NULL, unit text NOT NULL);

CREATE INDEX ON public.forecast (model_version_id);

INSERT INTO public.model_version VALUES (1), (2);

INSERT INTO public.forecast VALUES (1, 1, 'glycerol', 190, 'K'), (2, 2, 'glycerol', 68, '% of control')""",
    ),
    LookAlike(
        "optional_reference_within_a_tenant",
        """
CREATE TABLE public.tenant (id integer PRIMARY KEY);

CREATE TABLE public.project (tenant_id integer NOT NULL REFERENCES public.tenant, id integer NOT NULL,
    PRIMARY KEY (tenant_id, id));

CREATE TABLE public.task (
    id integer PRIMARY KEY, tenant_id integer NOT NULL REFERENCES public.tenant, project_id integer,
    FOREIGN KEY (tenant_id, project_id) REFERENCES public.project (tenant_id, id));

CREATE INDEX ON public.task (tenant_id, project_id);

INSERT INTO public.tenant VALUES (1), (2);

INSERT INTO public.project VALUES (1, 1);

INSERT INTO public.task VALUES (1, 1, 1), (2, 2, NULL)""",
    ),
    LookAlike(
        "indexes_that_serve_keys",
        f"""{_PARENT};

CREATE TABLE public.assay (id integer PRIMARY KEY, molecule_id integer REFERENCES public.molecule,
    second_id integer REFERENCES public.molecule, third_id integer REFERENCES public.molecule);

CREATE INDEX ON public.assay (molecule_id) WHERE molecule_id IS NOT NULL;

CREATE INDEX ON public.assay USING hash (second_id);

CREATE INDEX ON public.assay (third_id, id) INCLUDE (second_id)""",
    ),
    LookAlike(
        "set_null_of_some_columns",
        f"""{_PARENT};

CREATE TABLE public.assay (id integer PRIMARY KEY,
    molecule_id integer REFERENCES public.molecule ON DELETE SET NULL,
    other_id integer NOT NULL DEFAULT 1 REFERENCES public.molecule ON DELETE SET DEFAULT);

CREATE INDEX ON public.assay (molecule_id);

CREATE INDEX ON public.assay (other_id)""",
    ),
    LookAlike(
        "records_of_what_was",
        f"""{_PARENT};

CREATE TABLE public.audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, table_name text NOT NULL, record_id integer NOT NULL,
    molecule_id integer);

INSERT INTO public.audit_log (table_name, record_id, molecule_id) VALUES ('molecule', 1, 1), ('molecule', 99, 99)""",
    ),
    LookAlike(
        "numbers_from_elsewhere",
        f"""{_PARENT};

CREATE TABLE public.purchase (
    id integer PRIMARY KEY, external_molecule_id integer, vendor_id text, sample_type text, sample_id text,
    order_id bigint);

INSERT INTO public.purchase
SELECT number, number, 'v' || number, 'blood', 's' || number, number FROM generate_series(1, 5) AS number""",
    ),
    LookAlike(
        "values_that_are_rare_but_right",
        """
CREATE TABLE public.trial (
    id integer PRIMARY KEY, temperature_c double precision, temperature_change_percent double precision,
    recovery_percent double precision, growth_percent double precision, mgs_percent double precision,
    log_concentration double precision, ph numeric, fraction double precision, viability double precision,
    temperature_kelvin double precision, phase text, confidence double precision, delta_ph double precision,
    percent_change double precision, charge_c double precision, measured_at timestamptz, expires_at timestamptz,
    relative_viability double precision, weight_change_g double precision, molecular_weight numeric, tg_c numeric,
    concentration_change double precision, scheduled_at timestamptz, graph_phase integer);

INSERT INTO public.trial VALUES (1, -273.15, -40, 125, -3, 140, -4.5, 0, 1, 100, 4.2, 'x', 0.9, -2, -50, -300,
    now(), '2999-01-01', 1.25, -4, 18.015, -138, -5, '2999-01-01', 99), (2, 37, NULL, NULL, NULL, NULL, NULL, 14, 0, 0,
    310.15, NULL, NULL, NULL, 300, NULL, '1999-01-01', NULL, NULL, NULL, 0.5, NULL, NULL, NULL, NULL)""",
    ),
    LookAlike(
        "units_that_go_together",
        """
CREATE TABLE public.measurement (
    id integer PRIMARY KEY, property text NOT NULL, value double precision NOT NULL, unit text);

INSERT INTO public.measurement VALUES (1, 'Tg', 190, 'K'), (2, 'Tg', -83, '°C'), (3, 'concentration', 1, 'mM'),
    (4, 'concentration', 1, 'M'), (5, 'concentration', 10, '% w/v'), (6, 'viscosity', 1, 'mPa·s'), (7, 'viscosity',
    1, 'cP'),
    (8, 'concentration', 10, 'mg/mL'), (9, 'cooling rate', -1, 'K/min'), (10, 'cooling rate', -1, '°C/min'),
    (11, 'pH', 7, NULL), (12, 'recovery', 110, '%'), (13, 'relative growth', -5, '%'), (14, 'count', 5, NULL),
    (15, 'osmolality', 300, 'mOsm/kg'), (16, 'osmolality', 300, 'mOsmol/kg'), (17, 'time', 3, 'min'), (18, 'time',
    3, 'h')""",
    ),
    LookAlike(
        "keys_below_domains",
        """
CREATE DOMAIN public.number AS integer;

CREATE DOMAIN public.positive AS public.number CHECK (VALUE > 0);

CREATE DOMAIN public.short AS varchar(5);

CREATE TABLE public.parent (id integer PRIMARY KEY, code varchar(5) NOT NULL UNIQUE);

CREATE TABLE public.child (id public.positive PRIMARY KEY REFERENCES public.parent,
    code public.short REFERENCES public.parent (code));

CREATE INDEX ON public.child (code);

INSERT INTO public.parent VALUES (1, 'a');

INSERT INTO public.child VALUES (1, 'a')""",
    ),
    LookAlike(
        "numbers_of_other_trades",
        """
CREATE TABLE public.metric (id integer PRIMARY KEY, name text NOT NULL, value double precision NOT NULL, unit text);

INSERT INTO public.metric VALUES (1, 'latency', 3, 'ms'), (2, 'latency', 3, 's'), (3, 'size', 3, 'MB'),
    (4, 'size', 3, 'GB'), (5, 'profit_percent', -30, '%'), (6, 'cpu percent', 180, '%');

CREATE TABLE public.weather (
    id integer PRIMARY KEY, temperature numeric, rain_percent numeric, pressure numeric, temperature_f numeric,
    wind_c text);

INSERT INTO public.weather VALUES (1, -40, 100, -5, -40, 'x');

CREATE TABLE public.order_line (id integer PRIMARY KEY, kind text, amount numeric, unit text, discount_percent numeric);

INSERT INTO public.order_line VALUES (1, 'goods', 1, 'box', 10), (2, 'goods', -1, 'kg', 0), (3, 'goods', 1, NULL, 0)""",
    ),
    LookAlike(
        "structures_out_of_reach",
        """
CREATE TABLE public.substance (
    id integer PRIMARY KEY, canonical_smiles text, isomeric_smiles text, inchikey text);

INSERT INTO public.substance VALUES
    (1, 'CC(N)C(=O)O', 'C[C@H](N)C(=O)O', 'QNAYBMKLOCPYGJ-REOHCLBHSA-N'), (2, NULL, NULL,
    'PEDCQBHIVMGVHV-UHFFFAOYSA-N'),
    (3, '*CCO*', NULL, 'PEDCQBHIVMGVHV-UHFFFAOYSA-N'), (4, 'OCCO', NULL, NULL)""",
    ),
    LookAlike(
        "sequences_in_order",
        """
CREATE TABLE public.run (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number serial NOT NULL);

INSERT INTO public.run SELECT FROM generate_series(1, 30);

CREATE SEQUENCE public.down INCREMENT -1;

CREATE TABLE public.step (id bigint PRIMARY KEY DEFAULT nextval('public.down'));

INSERT INTO public.step SELECT FROM generate_series(1, 30);

CREATE SEQUENCE public.around MAXVALUE 10 CYCLE;

SELECT setval('public.around', 10);

CREATE TABLE public.given (id smallserial PRIMARY KEY);

ALTER TABLE public.given ALTER COLUMN id DROP DEFAULT;

INSERT INTO public.given VALUES (7)""",
    ),
    LookAlike(
        "parts_with_keys",
        f"""{_PARENT};

CREATE TABLE public.reading (
    day date NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, molecule_id integer NOT NULL REFERENCES public.molecule,
    PRIMARY KEY (day, id)) PARTITION BY RANGE (day);

CREATE TABLE public.reading_a PARTITION OF public.reading FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');

CREATE INDEX ON public.reading (molecule_id);

INSERT INTO public.reading (day, molecule_id) SELECT '2026-01-05', 1 + number % 5 FROM generate_series(1, 50) AS
    number""",
    ),
]
