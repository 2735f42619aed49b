"""Recipes as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryokit.chemistry import molecules
from cryokit.chemistry.recipe import UNITS, amounts, format_recipe, material_named, parse_amount, parse_recipe
from cryokit.domain import Component
from cryokit.errors import InputError
from cryokit.sources.bundled import component_named


def parsed(text):
    return parse_recipe(text, component_named)


def test_a_recipe_gives_its_components_in_order():
    first, second = parsed("glycerol=6 mol/kg; formamide=6 mol/kg")

    assert (first.name, first.amount, first.unit) == ("glycerol", 6.0, "mol/kg")
    assert second.molecule == molecules.parse("NC=O")


@pytest.mark.parametrize("name", ["DMSO", "dimethyl sulfoxide", "67-68-5", "CS(C)=O", "Me2SO"])
def test_a_component_may_be_a_name_an_alias_a_cas_number_or_a_smiles(name):
    (component,) = parsed(f"{name}=10 % v/v")

    assert component.molecule.inchikey == "IAZDPXIOMUYVGZ-UHFFFAOYSA-N"


def test_a_smiles_with_double_bonds_is_split_at_its_last_equals_sign():
    (component,) = parse_recipe("NC=O=3 M", lambda name: None)

    assert (component.name, component.amount, component.unit) == ("NC=O", 3.0, "mol/L")


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("6 mol/kg", 6.0, "mol/kg"),
        ("6 molal", 6.0, "mol/kg"),
        ("1.5 M", 1.5, "mol/L"),
        ("1.5 mol/L", 1.5, "mol/L"),
        ("300 mM", 0.3, "mol/L"),
        ("300 mmol/L", 0.3, "mol/L"),
        ("10 uM", 1e-5, "mol/L"),
        ("10 \u00b5M", 1e-5, "mol/L"),
        ("20 % w/w", 20.0, "% w/w"),
        ("20%w/v", 20.0, "% w/v"),
        ("10 % v/v", 10.0, "% v/v"),
        ("50 mg/mL", 5.0, "% w/v"),
        ("1e-3 mol/L", 0.001, "mol/L"),
    ],
)
def test_amounts_are_read_in_their_unit(text, amount, unit):
    assert parse_amount(text) == (amount, unit)


def test_molar_and_millimolar_differ_by_a_thousand():
    assert parse_amount("1 M")[0] == 1000 * parse_amount("1 mM")[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10 %", "they differ"),
        ("10", "missing or unclear"),
        ("6 m", "not an accepted unit"),
        ("6 mol", "not an accepted unit"),
        ("-1 M", "not possible"),
        ("1e400 M", "not possible"),
        ("70 M", "between 0 and 60"),
        ("101 % w/w", "between 0 and 100"),
        ("nan M", "is not an amount"),
        ("six M", "is not an amount"),
        ("", "is not an amount"),
    ],
)
def test_an_amount_that_is_unclear_or_impossible_is_refused(text, reason):
    with pytest.raises(InputError, match=reason):
        parse_amount(text)


@pytest.mark.parametrize("text", ["", "  ", "none", "None"])
def test_an_empty_recipe_is_the_carrier_alone(text):
    assert parsed(text) == ()


def test_a_component_at_level_zero_is_left_out():
    assert [component.name for component in parsed("sucrose=0 mM; glycerol=1 M")] == ["glycerol"]


def test_an_unknown_name_is_named_and_smiles_offered():
    with pytest.raises(InputError, match="'unobtainium' is not known; use .* or its SMILES"):
        parsed("unobtainium=1 M")


@pytest.mark.parametrize("text", ["glycerol", "=1 M", "glycerol 1 M", "glycerol=1 M, urea 2 M"])
def test_text_outside_the_grammar_is_refused(text):
    with pytest.raises(InputError):
        parsed(text)


def test_the_same_substance_twice_is_refused():
    with pytest.raises(InputError, match="same substance as 'DMSO'"):
        parsed("DMSO=1 M; dimethyl sulfoxide=1 M")


def test_more_than_the_whole_is_refused():
    with pytest.raises(InputError, match="add up to 120"):
        parsed("glycerol=60 % v/v; DMSO=60 % v/v")


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("FBS", "fetal bovine serum"),
        ("FCS", "fetal bovine serum"),
        ("HSA", "human serum albumin"),
        ("PEG 400", "polyethylene glycol 400"),
        ("PEG400", "polyethylene glycol 400"),
        ("PVP K30", "polyvinylpyrrolidone K30"),
        ("Dextran-40", "dextran 40"),
        ("DMEM", "culture medium"),
        ("glycerol", None),
    ],
)
def test_materials_without_one_structure_have_a_canonical_name(written, canonical):
    assert material_named(written) == canonical


def test_a_material_has_no_molecule():
    (serum,) = parsed("FBS=20 % v/v")

    assert serum == Component("fetal bovine serum", 20.0, "% v/v", None)


def test_format_recipe_sorts_and_reads_back():
    text = format_recipe(parsed("urea=300 mM; glycerol=1.5 M; FBS=10 % v/v"))

    assert text == "fetal bovine serum=10 % v/v; glycerol=1.5 mol/L; urea=0.3 mol/L"
    assert format_recipe(parsed(text)) == text
    assert format_recipe(()) == "none"


def test_amounts_keep_the_bases_apart():
    assert amounts(parsed("glycerol=6 mol/kg; formamide=6 mol/kg; FBS=10 % v/v")) == {"mol/kg": 12.0, "% v/v": 10.0}


@given(st.text(alphabet="glycerolDMSO0123456789.=;% mM/kgLwv-+eE", max_size=80))
def test_any_text_is_a_recipe_or_an_input_error(text):
    try:
        components = parsed(text)
    except InputError:
        return

    assert all(component.amount > 0 and component.unit in UNITS for component in components)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["glycerol", "urea", "sucrose", "FBS"]),
            st.floats(min_value=1e-9, max_value=25, allow_nan=False),
            st.sampled_from(UNITS),
        ),
        max_size=4,
        unique_by=lambda item: item[0],
    )
)
def test_a_formatted_recipe_reads_back_as_it_was(items):
    text = "; ".join(f"{name}={amount!r} {unit}" for name, amount, unit in items)
    components = parsed(text)

    again = parsed(format_recipe(components))

    assert sorted(again, key=lambda item: item.name) == sorted(components, key=lambda item: item.name)
