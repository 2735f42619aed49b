"""What a map may say, and what becomes of legacy rows; no database."""

import json
import re

import pytest

from cryokit.errors import InputError
from cryokit.paths import shared_folder
from cryokit.sources.legacy import NOT_OUR_MODEL, SortedRows, legacy_id, sort_rows
from cryokit.sources.legacy_map import Conversion, LegacyMap, parse_map, read_map

SHIPPED = shared_folder("sql") / "adoption" / "cryoprotect_map.yml"
SMALL = """\
source: old
people:
  new_accounts: viewer
  accounts: {7: Ada}
tables:
  user_profiles: {table: people, columns: {key: id, name: name}}
  molecules: {table: molecules, columns: {key: id, name: name, smiles: smiles, inchikey: inchikey}}
  mixtures: {table: mixtures, columns: {key: id}}
  mixture_components:
    table: components
    columns: {key: id, mixture: mixture, molecule: molecule, amount: amount, unit: unit}
    units: {"%": "% w/w"}
  molecular_properties:
    table: properties
    columns: {key: id, molecule: molecule, property: property, value: value, unit: unit, source: source}
    evidence: B
  predictions: {table: predictions, columns: {key: id}}
quantities:
  - names: [Tg]
    target: tg
    units: {K: {}, "°F": {factor: 0.5555555555555556, offset: 255.3722222222222}}
"""
GLYCEROL = {"id": 1, "name": "glycerol", "smiles": "OCC(O)CO"}
GLYCEROL_TG = {"id": 1, "molecule": 1, "property": "tg", "value": 190, "unit": "K", "source": "notebook"}


@pytest.fixture
def small() -> LegacyMap:
    return parse_map(SMALL, "map.yml")


def sorted_rows(legacy_map: LegacyMap, accounts: dict | None = None, **rows: list[dict]) -> SortedRows:
    content = {kind: [json.dumps(row) for row in found] for kind, found in rows.items()}
    return sort_rows(legacy_map, content, accounts or {"ada": "id-of-ada"}, {})


def reasons(found: SortedRows) -> dict[tuple[str, str | None], str]:
    return {(row.kind, row.key): row.reason for row in found.refused}


# The map


def test_the_map_that_ships_can_be_read():
    found = read_map(SHIPPED)

    assert found.source == "cryoprotect"
    assert found.team is None
    assert len(found.read_tables()) == 10


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: old", "source: Old one", "map.yml, line 1: source: String should match pattern"),
        ("source: old\n", "", "map.yml, line 1: source: is missing; it must be given"),
        (
            "people:\n",
            "persons: {}\npeople:\n",
            "line 2: persons: there is no such key; allowed are source, schema, team",
        ),
        ("key: id, name: name}}", "key: id, nick: name}}", "line 6: tables.user_profiles.columns.name: is missing"),
        ("new_accounts: viewer", "new_accounts: admin", "line 3: people.new_accounts: Input should be 'viewer' or"),
        ("evidence: B", "evidence: Z", "line 16: tables.molecular_properties.evidence: Input should be 'A', 'B'"),
        ("target: tg", "target: gt", "line 20: quantities.0.target: there is no target 'gt'; the targets are tg, iri"),
        (
            "factor: 0.5",
            "faktor: 0.5",
            "line 21: quantities.0.units.°F.faktor: there is no such key; allowed are factor",
        ),
        ("offset: 255.3722222222222", "offset: .inf", "quantities.0.units.°F.offset: Input should be a finite number"),
        ("units: {K", "conditions: {assay: {value: splat}}\n    units: {K", "tg has no condition 'assay'"),
        ("names: [Tg]", "names: [Tg, tg]", "quantities name tg twice"),
        ("source: old", "source: old\nsource: older", "line 2: the key source is there twice; keep one"),
        ("accounts: {7: Ada}", "accounts: [Ada]", "line 4: people.accounts: Input should be a valid dictionary"),
        ("source: old", "source: old\ncreate_team: true", "create_team is true, but team names none"),
        (
            "  mixtures: {table: mixtures, columns: {key: id}}\n",
            "",
            "mixture_components cannot be read without mixtures",
        ),
        ("source: old", "source: [old", "map.yml, line 2: this is not YAML"),
        ("names: [Tg]", "names: &a [Tg]\n    other: *a", "map.yml uses an alias"),
    ],
)
def test_a_wrong_map_is_refused_with_its_line_and_key(old, new, message):
    assert SMALL.count(old) == 1

    with pytest.raises(InputError, match=re.escape(message)):
        parse_map(SMALL.replace(old, new), "map.yml")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "words\n"])
def test_a_map_without_keys_is_refused(text):
    with pytest.raises(InputError, match="map.yml holds no keys; a map has source, schema"):
        parse_map(text, "map.yml")


def test_a_map_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "map.yml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(InputError, match="it is not UTF-8 text"):
        read_map(tmp_path / "map.yml")


def test_a_condition_is_a_column_or_a_value():
    both = SHIPPED.read_text().replace("{column: buffer}", "{column: buffer, value: PBS}")

    with pytest.raises(InputError, match=r"quantities\.1\.conditions\.buffer: give either column or value"):
        parse_map(both, "map.yml")


@pytest.mark.parametrize(
    ("conversion", "given", "ours"),
    [
        (Conversion(), 190.0, 190.0),
        (Conversion(offset=273.15), -93.0, 180.15),
        (Conversion(factor=0.01), 85.0, 0.85),
        (Conversion(factor=5 / 9, offset=255.3722222222222), -117.67, 190.0),
    ],
)
def test_conversions_leave_no_rounding_tail(conversion, given, ours):
    assert conversion.of(given) == ours


# Rows


def test_a_number_is_always_the_same_and_differs_by_database():
    assert legacy_id("old", "experiments", "1") == legacy_id("old", "experiments", "1")
    assert len({legacy_id(*where) for where in (("old", "a", "1"), ("older", "a", "1"), ("old", "b", "1"))}) == 3


def test_each_row_is_either_accepted_or_refused(small):
    found = sorted_rows(small, molecules=[GLYCEROL, {"id": 2, "smiles": "("}, GLYCEROL, {"id": None}])

    assert [row["key"] for row in found.accepted["molecules"]] == ["1", "1"]
    assert found.accepted["molecules"][1]["is_copy"]
    assert sorted(str(row.key) for row in found.refused) == ["2", "None"]


def test_a_copy_of_a_refused_row_is_refused_too(small):
    wrong = GLYCEROL | {"smiles": "CO"}
    found = sorted_rows(small, molecules=[wrong, wrong])

    assert not found.accepted["molecules"]
    assert [row.reason for row in found.refused] == [
        "'glycerol' is OCC(O)CO, but the structure given is CO; correct one of them"
    ] * 2


def test_an_inchikey_is_compared_and_not_taken_over(small):
    found = sorted_rows(small, molecules=[GLYCEROL | {"inchikey": "InChIKey=PEDCQBHIVMGVHV-UHFFFAOYSA-N"}])

    assert found.accepted["molecules"][0]["inchikey"] == "PEDCQBHIVMGVHV-UHFFFAOYSA-N"
    assert reasons(sorted_rows(small, molecules=[GLYCEROL | {"inchikey": "anything"}])) == {
        ("molecules", "1"): "the InChIKey is anything, but the structure gives PEDCQBHIVMGVHV-UHFFFAOYSA-N"
    }


def test_numbers_keep_all_their_digits(small):
    huge = json.dumps(GLYCEROL)[:-1] + ', "big": ' + "9" * 5000 + "}"
    found = sort_rows(small, {"molecules": [huge]}, {"ada": "x"}, {})

    assert [row["key"] for row in found.accepted["molecules"]] == ["1"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"unit": None}, "the value has no unit; for tg the map knows K, °F"),
        ({"unit": "mg/L"}, "the unit is 'mg/L'; for tg the map knows K, °F"),
        ({"value": 701}, "value 701 K lies outside the plausible range 30 to 700"),
        ({"value": "hot"}, "value is 'hot', which is not a number"),
        ({"value": "Infinity"}, "value is inf; it must be a finite number"),
        ({"value": None}, "value is empty"),
        ({"property": "LogP"}, "'LogP' is not a quantity of the map, so it is not one that cryokit keeps"),
        ({"molecule": 9}, "molecule 9 is not there"),
        ({"molecule": None}, "names no molecule"),
    ],
    ids=str,
)
def test_a_measurement_that_breaks_a_rule_is_refused(small, change, reason):
    found = sorted_rows(small, molecules=[GLYCEROL], molecular_properties=[GLYCEROL_TG | change])

    assert reasons(found) == {("molecular_properties", "1"): reason}


def test_a_measurement_is_converted_and_says_where_it_is_from(small):
    row = GLYCEROL_TG | {"value": -117.67, "unit": "°F", "source": None}
    [found] = sorted_rows(small, molecules=[GLYCEROL], molecular_properties=[row]).accepted["molecular_properties"]
    values = found["values"]

    assert (values["value"], values["unit"], values["evidence"]) == (190.0, "K", "B")
    assert values["source"] == "old, source not given"
    assert "adopted from old, properties 1" in values["note"]
    assert not values["is_published"]


def test_other_values_of_the_same_are_a_conflict_unless_they_are_repeats(small):
    rows = {"molecules": [GLYCEROL], "molecular_properties": [GLYCEROL_TG, GLYCEROL_TG | {"id": 2, "value": 191}]}
    repeats = parse_map(SMALL.replace("evidence: B", "evidence: B\n    repeats: true"), "map.yml")

    assert set(reasons(sorted_rows(small, **rows))) == {("molecular_properties", "1"), ("molecular_properties", "2")}
    assert not sorted_rows(repeats, **rows).refused


def test_a_mixture_is_kept_whole_or_not_at_all(small):
    parts = [
        {"id": 1, "mixture": 1, "molecule": 1, "amount": 10, "unit": "%"},
        {"id": 2, "mixture": 2, "molecule": 1, "amount": 1, "unit": "M"},
        {"id": 3, "mixture": 2, "molecule": 9, "amount": 1, "unit": "M"},
    ]
    found = sorted_rows(small, molecules=[GLYCEROL], mixtures=[{"id": 1}, {"id": 2}], mixture_components=parts)

    assert [row["recipe"] for row in found.accepted["mixtures"]] == ["glycerol=10 % w/w"]
    assert [row["key"] for row in found.accepted["mixture_components"]] == ["1"]
    assert reasons(found) == {
        ("mixture_components", "3"): "molecule 9 is not there",
        ("mixtures", "2"): "its composition is not whole: component 3: molecule 9 is not there",
        ("mixture_components", "2"): "mixture 2 is in quarantine: its composition is not whole: component 3: molecule 9"
        " is not there",
    }


@pytest.mark.parametrize("name", ["FBS", "PEG 400", "a; b", "water=1 M", "CPA-17", None])
def test_a_name_that_a_recipe_would_read_otherwise_gives_way_to_the_structure(small, name):
    molecule = {"id": 1, "name": name, "smiles": "COCC(O)COC"}
    part = {"id": 1, "mixture": 1, "molecule": 1, "amount": 1, "unit": "M"}
    found = sorted_rows(small, molecules=[molecule], mixtures=[{"id": 1}], mixture_components=[part])

    assert [row["recipe"] for row in found.accepted["mixtures"]] == ["COCC(O)COC=1 mol/L"]


def test_people_are_those_of_the_map_or_new(small):
    people = [{"id": 7, "name": "A. Old"}, {"id": 8, "name": "Ben"}, {"id": 9, "name": "ada"}, {"id": 10, "name": " "}]
    found = sorted_rows(small, user_profiles=people)

    assert [(row["id"], row["is_new"]) for row in found.accepted["user_profiles"]] == [
        ("id-of-ada", False),
        (str(legacy_id("old", "user_profiles", "8")), True),
    ]
    assert set(reasons(found)) == {("user_profiles", "9"), ("user_profiles", "10")}


def test_an_account_that_was_made_before_is_the_same_person(small):
    accounts = {"ada": "id-of-ada", "ben": str(legacy_id("old", "user_profiles", "8"))}
    found = sorted_rows(small, accounts, user_profiles=[{"id": 8, "name": "Ben"}])

    assert not found.refused


def test_people_without_an_account_are_refused_if_none_are_made():
    strict = parse_map(SMALL.replace("new_accounts: viewer", "new_accounts: null"), "map.yml")
    found = sorted_rows(strict, user_profiles=[{"id": 8, "name": "Ben"}])

    assert "people.new_accounts makes none" in found.refused[0].reason


def test_predictions_are_never_accepted(small):
    found = sorted_rows(small, predictions=[{"id": 1, "value": 99.9}])

    assert reasons(found) == {("predictions", "1"): NOT_OUR_MODEL}
    assert json.loads(found.refused[0].content) == {"id": 1, "value": 99.9}


def test_progress_ends_with_all_rows(small):
    seen = []
    content = {"molecules": [json.dumps(GLYCEROL)]}
    sort_rows(small, content, {"ada": "x"}, {}, lambda *said: seen.append(said))

    assert seen == [("checking molecules", 1, 1)]
