"""The tables that ship: every row has value, unit, conditions, source, evidence, identity, and a plausible value."""

import time

import pandas as pd
import pytest

from cryokit.chemistry import molecules
from cryokit.domain import TARGETS
from cryokit.errors import InputError
from cryokit.sources import bundled, rows


@pytest.fixture
def iri_line():
    return {
        "name": "glycine",
        "smiles": "NCC(=O)O",
        "inchikey": "DHMQDGOQFOQNFH-UHFFFAOYSA-N",
        "value": "97.7",
        "unit": "% of control",
        "assay": "splat",
        "concentration_millimolar": "20",
        "buffer": "10 mM NaCl",
        "conditions": "splat assay",
        "spread": "",
        "count": "1",
        "source": "10.1038/s41467-024-52266-w",
        "evidence": "A",
        "note": "",
    }


def written(folder, lines):
    path = folder / "figures.csv"
    pd.DataFrame(lines).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(("target", "count"), [("tg", 347), ("iri", 39), ("viability", 80)])
def test_bundled_tables_hold_what_they_should(target, count):
    table = bundled.bundled_rows(target)

    assert list(table) == rows.frame_columns(TARGETS[target])
    assert len(table) == count


@pytest.mark.parametrize("target", list(TARGETS))
def test_every_bundled_row_is_cited_and_identified(target):
    table = bundled.bundled_rows(target)

    assert table[["name", "inchikey", "unit", "conditions", "source", "evidence"]].ne("").all().all()


@pytest.mark.parametrize("target", list(TARGETS))
def test_no_two_bundled_rows_look_like_the_same_measurement(target):
    table = bundled.bundled_rows(target)
    conditions = [condition.name for condition in TARGETS[target].conditions]

    assert not table.duplicated([TARGETS[target].subject, "value", "conditions", "source", *conditions]).any()


def test_bundled_rows_are_a_copy():
    changed = bundled.bundled_rows("iri")
    changed["value"] = 0.0

    assert bundled.bundled_rows("iri")["value"].max() == 112.8


def test_tables_load_fast():
    bundled._target_table.cache_clear()
    start = time.perf_counter()

    for target in TARGETS:
        bundled.bundled_rows(target)

    assert time.perf_counter() - start < 2


def test_a_good_line_is_read(tmp_path, iri_line):
    table = bundled.read_target_table(written(tmp_path, [iri_line]), TARGETS["iri"])

    assert table.loc[0, "value"] == 97.7


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"source": ""}, "source is empty"),
        ({"inchikey": "PEDCQBHIVMGVHV-UHFFFAOYSA-N"}, "but the structure gives DHMQDGOQFOQNFH-UHFFFAOYSA-N"),
        ({"inchikey": ""}, "inchikey is empty"),
        ({"value": "977"}, "outside the plausible range 0 to 200"),
        ({"value": "-3"}, "outside the plausible range"),
        ({"value": ""}, "value is empty"),
        ({"unit": ""}, "unit is empty"),
        ({"unit": "K"}, "unit is 'K'"),
        ({"evidence": "Z"}, "evidence is 'Z'"),
        ({"buffer": ""}, "buffer is missing"),
        ({"concentration_millimolar": "0"}, "concentration_millimolar is 0"),
        ({"count": "1.5"}, "whole number"),
        ({"spread": "-1"}, "spread is -1"),
        ({"smiles": "C1CC"}, "cannot be read"),
    ],
)
def test_a_bad_line_is_refused_with_file_line_and_reason(tmp_path, iri_line, change, reason):
    path = written(tmp_path, [iri_line, {**iri_line, **change}])

    with pytest.raises(InputError, match=rf"figures\.csv, line 3: .*{reason}"):
        bundled.read_target_table(path, TARGETS["iri"])


def test_a_table_with_other_columns_is_refused(tmp_path, iri_line):
    del iri_line["source"]

    with pytest.raises(InputError, match="they must be"):
        bundled.read_target_table(written(tmp_path, [iri_line]), TARGETS["iri"])


def test_amino_acids_keep_their_buffer_concentration_and_spread():
    table = bundled.bundled_rows("iri").query("buffer == '10 mM NaCl'").set_index("name")

    assert set(table["concentration_millimolar"]) == {20.0}
    assert (table.loc["L-alanine", "value"], table.loc["L-alanine", "spread"]) == (54.4, 17.3)


def test_values_above_the_control_are_kept_and_not_clipped():
    table = bundled.bundled_rows("iri").set_index("name")

    assert table.loc["L-cysteine", "value"] == 112.8


def test_octyl_gluconamide_keeps_the_two_diastereomers_of_the_data_set():
    table = bundled.bundled_rows("iri").query("name == 'N-octyl-D-gluconamide'")

    assert table["inchikey"].nunique() == 2
    assert table["note"].str.contains("diastereomers").all()


def test_melibiose_says_that_it_carries_no_stereochemistry():
    table = bundled.bundled_rows("iri").set_index("name")

    assert "no stereochemistry" in table.loc["melibiose", "note"]


def test_survival_is_named_as_what_it_is():
    table = bundled.bundled_rows("viability")

    assert set(table["endpoint"]) == {"exposure_survival"}
    assert set(table["cell"]) == {"BPAEC"}
    assert set(table["assay"]) == {"calcein", "presto_blue"}
    assert table["evidence"].value_counts().to_dict() == {"C": 79, "B": 1}


def test_the_mixture_rescue_is_there():
    table = bundled.bundled_rows("viability").query("evidence == 'B'").iloc[0]

    assert table["recipe"] == "formamide=6 mol/kg; glycerol=6 mol/kg"
    assert (table["value"], table["temperature_kelvin"], table["minutes"]) == (0.97, 277.15, 30.0)
    assert table["inchikey"] == "PEDCQBHIVMGVHV-UHFFFAOYSA-N+ZHNUHDYFZUAESO-UHFFFAOYSA-N"


def test_survival_above_one_is_kept():
    assert bundled.bundled_rows("viability")["value"].max() == 1.25


def test_the_figures_of_one_study_share_their_source():
    assert bundled.bundled_rows("viability")["source"].nunique() == 3


def test_every_component_is_found_by_name_alias_and_cas():
    for row in bundled.known_components().itertuples():
        for name in filter(None, (row.name, *row.aliases.split("|"), row.cas)):
            assert bundled.component_named(name).inchikey == row.inchikey


def test_exceptions_say_why():
    table = bundled.reviewed_exceptions()

    assert set(table["kind"]) <= set(bundled.EXCEPTION_KINDS)
    assert table["reason"].ne("").all()


def test_inchikeys_of_components_are_what_rdkit_computes():
    table = bundled.known_components()

    assert all(molecules.matches(row.smiles, row.inchikey) for row in table.itertuples())
