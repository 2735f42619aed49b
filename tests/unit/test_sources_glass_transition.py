"""The bundled glass transitions: as published, as curated, and every known error."""

import hashlib
import zipfile

import pytest

from cryokit.chemistry import molecules
from cryokit.errors import InputError, IntegrityCheckError
from cryokit.sources import bundled, compile_glass_transition, curation, glass_transition


@pytest.fixture(scope="module")
def table():
    return bundled.bundled_rows("tg")


@pytest.fixture(scope="module")
def published(table):
    return table[table["is_published"]].set_index("name")


@pytest.fixture(scope="module")
def curated(table):
    return table[table["is_curated"]].set_index("name")


def constitutions(rows):
    return set(rows["inchikey"].str[:14])


def listed_lines(rows):
    lists = rows["note"].str.extract(r"^lines? ([\d, ]+) of")[0].dropna()
    return {line for text in lists for line in text.split(", ")}


def test_the_published_selection_has_404_rows_and_283_connectivities(published):
    assert published["count"].sum() == 404
    assert len(constitutions(published)) == 283


def test_every_row_belongs_to_a_selection(table):
    assert (table["is_published"] | table["is_curated"]).all()


def test_repeats_are_one_consensus_with_spread_and_count(curated):
    glycerol = curated.loc["glycerol"]

    assert (glycerol["value"], glycerol["count"]) == (190.0, 7)
    assert glycerol["spread"] == pytest.approx(3.04, abs=0.01)


def test_synonyms_are_one_substance(published):
    butanol = published[published["smiles"] == "CCCCO"]

    assert len(butanol) == 1
    assert butanol["count"].item() == 3


def test_sugars_drawn_alike_keep_their_names(published):
    alike = published[published["smiles"] == molecules.parse("OCC1OC(O)C(O)C(O)C1O").smiles]

    assert set(alike.index) == {"Altrose", "glucose", "mannose", "talose"}


def test_mannitol_and_sorbitol_are_two_substances(published, curated):
    assert (published.loc["mannitol", "value"], published.loc["sorbitol", "value"]) == (283.0, 268.0)
    assert curated.loc["D-mannitol", "inchikey"] != curated.loc["D-sorbitol", "inchikey"]


def test_maltose_and_cellobiose_are_two_substances(published):
    assert {"maltose", "cellobiose"} <= set(published.index)


@pytest.mark.parametrize("name", ["D-fructose", "D-xylose", "lactose"])
def test_ring_and_open_chain_of_one_sugar_are_one_curated_row(curated, name):
    assert "one tautomer" in curated.loc[name, "note"]


@pytest.mark.parametrize("smiles", ["O=S(=O)([O-])O.[NH4+]", "O=[N+]([O-])[O-].[Na+]"])
def test_inorganic_salts_are_in_no_selection(table, smiles):
    assert molecules.parse(smiles).inchikey not in set(table["inchikey"])


@pytest.mark.parametrize("length", range(2, 11))
def test_extrapolated_alkanes_are_in_no_selection(table, length):
    assert molecules.parse("C" * length).inchikey not in set(table["inchikey"])


def test_later_additions_are_kept_and_marked(published):
    assert "later addition" in published.loc["IEPOX", "note"]
    assert published.loc["IEPOX", "count"] == 5


@pytest.mark.parametrize(
    ("line", "wrong", "right"),
    [
        ("line 250", "OCC1CCCCO1", "Oc1ccc(OC2CCCCO2)cc1"),
        ("line 293", "CCCCC(C)(O)CCC", "CCCCC(O)C(C)CC"),
    ],
)
def test_wrong_structures_stay_as_published_and_are_corrected_when_curated(table, line, wrong, right):
    rows = table[table["note"].str.match(rf"(?:lines? .*)?\b{line}\b")]
    corrected = rows[rows["is_curated"]]

    assert molecules.parse(right).smiles in set(corrected["smiles"])
    assert molecules.parse(wrong).smiles not in set(corrected["smiles"])


def test_the_mislabelled_methyl_lactate_of_line_253_is_published_only(table):
    rows = table[table["inchikey"].str.startswith(molecules.parse("COC(=O)C(C)O").connectivity)]

    assert rows["is_published"].all()
    assert not rows["is_curated"].any()


@pytest.mark.parametrize(
    ("name", "tm_kelvin"), [("D-sorbitol", 384.15), ("phenyl salicylate", 316.2), ("2-octanol", 241.55)]
)
def test_mistyped_melting_points_are_corrected(curated, name, tm_kelvin):
    assert curated.loc[name, "tm_kelvin"] == tm_kelvin


@pytest.mark.parametrize(
    "name", ["raffinose", "gentiobiose", "melibiose", "isomaltose", "4-methyl-3-heptanol", "1,2-pentanediol"]
)
def test_melting_points_that_cannot_be_are_masked(curated, name):
    assert curated.loc[[name], "tm_kelvin"].isna().all()


def test_suspect_ratios_that_remain_are_reviewed_one_by_one(curated):
    ratio = curated["value"] / curated["tm_kelvin"]
    suspect = curated[(ratio < 0.5) | (ratio > 0.95)]

    assert set(suspect.index) == {"2-methyl-2-pentanol", "o-xylene"}
    assert suspect["note"].str.contains("flagged").all()


def test_published_melting_points_are_left_as_they_were(published):
    assert published.loc["raffinose", "tm_kelvin"] == 353.15


@pytest.mark.parametrize("name", ["camphor", "nicardipine hydrochloride"])
def test_flagged_substances_are_kept_with_a_note(curated, name):
    assert "flagged" in curated.loc[name, "note"]


def test_fifteen_amines_four_liquids_and_a_hydrate_are_dropped():
    dropped = [rule for rule in curation.rules() if rule.action == "drop"]

    assert len([rule for rule in dropped if "amines" in rule.evidence]) == 15
    assert len([rule for rule in dropped if "liquid" in rule.evidence]) == 4
    assert len(dropped) == 20


def test_at_most_8_percent_of_compounds_are_dropped(published, curated):
    names = {rule.species for rule in curation.rules() if rule.action == "drop"}
    names |= {rule.new for rule in curation.rules() if rule.action == "rename" and rule.species in names}
    dropped = constitutions(published[published.index.isin(names)]) - constitutions(curated)

    assert len(dropped) == 19
    assert len(dropped) / len(constitutions(published)) <= 0.08


def test_no_other_row_of_the_compilation_got_lost(published, curated):
    lost = listed_lines(published) - listed_lines(curated)

    assert len(listed_lines(published)) == 404
    assert len(lost) == 20


def test_the_projects_own_additions_are_curated_only(table):
    ribose = table.set_index("name").loc["D-ribose"]

    assert (ribose["value"], ribose["is_published"], ribose["is_curated"]) == (262.5, False, True)


def test_extrapolated_values_are_not_measurements(table):
    assert not table["conditions"].str.contains("extrapolated").any()
    assert "water" not in set(table["name"])


def test_an_addition_joins_the_consensus_of_its_substance(published, curated):
    assert (published.loc["glucose", "count"], curated.loc["D-glucose", "count"]) == (2, 4)
    assert "10.1016/0008-6215(90)84102-Z" in curated.loc["D-glucose", "source"]


@pytest.mark.parametrize("smiles", ["CS(C)=O", "NC=O", "O=C(O)[C@@H]1CCCN1"])
def test_dmso_formamide_and_proline_have_no_bundled_glass_transition(table, smiles):
    assert molecules.parse(smiles).inchikey not in set(table["inchikey"])


def test_every_decision_gives_its_evidence():
    assert all(rule.evidence and rule.decision for rule in curation.rules())
    assert {rule.action for rule in curation.rules()} == set(curation.ACTIONS)


def test_a_correction_applies_only_to_the_value_it_names():
    text = "Species,SMILES,Tg (K),Tm_exp (K)\n2-octanol,CCCCCCC(C)O,166,311.75\n2-octanol,CCCCCCC(C)O,166,241.55\n"
    first, second = glass_transition.listed_records(text)

    assert glass_transition.applied_corrections(first) == ["replace_tm"]
    assert glass_transition.applied_corrections(second) == []


def test_a_name_with_a_structure_of_another_formula_stops_the_compilation():
    text = "Species,SMILES,Tg (K),Tm_exp (K)\nglycerol,CCO,189,\n"

    with pytest.raises(InputError, match="line 2: 'glycerol' is OCC"):
        glass_transition.table(text)


def test_something_else_than_the_wheel_is_refused(tmp_path):
    path = tmp_path / "other.whl"
    path.write_bytes(b"no archive")

    with pytest.raises(InputError, match="is not the wheel of tgapp==0.0.6"):
        compile_glass_transition.compilation_text(path)


def test_a_wheel_with_other_data_is_refused(tmp_path):
    path = tmp_path / "tgapp-0.0.6-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(compile_glass_transition.MEMBER, "Species,SMILES\n")
    found = hashlib.sha256(b"Species,SMILES\n").hexdigest()

    with pytest.raises(IntegrityCheckError, match=found):
        compile_glass_transition.compilation_text(path)


def test_the_command_reports_errors_by_code_and_exit_status(tmp_path, capsys):
    status = compile_glass_transition.main(["--wheel", str(tmp_path / "missing.whl")])

    assert status == InputError.exit_code
    assert capsys.readouterr().err.startswith("invalid_input: ")
