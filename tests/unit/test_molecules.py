"""Structures and names as they come from people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryokit.chemistry import molecules
from cryokit.errors import InputError


def test_parse_gives_the_canonical_structure_and_its_inchikey():
    molecule = molecules.parse(" C(O)C(O)CO ")

    assert (molecule.smiles, molecule.inchikey) == ("OCC(O)CO", "PEDCQBHIVMGVHV-UHFFFAOYSA-N")


def test_parse_keeps_stereochemistry():
    l_alanine, d_alanine = molecules.parse("C[C@H](N)C(=O)O"), molecules.parse("C[C@@H](N)C(=O)O")

    assert l_alanine.inchikey == "QNAYBMKLOCPYGJ-REOHCLBHSA-N"
    assert l_alanine.inchikey != d_alanine.inchikey
    assert l_alanine.connectivity == d_alanine.connectivity


def test_parse_folds_explicit_hydrogens_in():
    explicit = molecules.parse("C1(C(O1)CO[H])(CO[H])C")

    assert explicit == molecules.parse("CC1(CO)OC1CO")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must be a SMILES"),
        ("   ", "must be a SMILES"),
        (None, "must be a SMILES"),
        (7, "must be a SMILES"),
        ("not a smiles", "cannot be read"),
        ("C1CC", "cannot be read"),
        ("C(C)(C)(C)(C)C", "cannot be read"),
        ("[H][H]", "no atom heavier"),
        ("*CC(*)O", "placeholder"),
        ("C" * 2001, "at most 2000"),
    ],
)
def test_parse_refuses_what_is_no_molecule(text, reason):
    with pytest.raises(InputError, match=reason):
        molecules.parse(text)


def test_parse_is_silent_about_bad_input(capfd):
    with pytest.raises(InputError):
        molecules.parse("C1CC(")

    assert capfd.readouterr() == ("", "")


@given(st.text(max_size=60))
def test_parse_answers_any_text_with_a_molecule_or_an_input_error(text):
    try:
        molecule = molecules.parse(text)
    except InputError:
        return

    assert molecules.parse(molecule.smiles) == molecule


def test_matches_takes_the_prefix_of_an_inchikey():
    assert molecules.matches("CS(C)=O", "InChIKey=IAZDPXIOMUYVGZ-UHFFFAOYSA-N")
    assert not molecules.matches("CS(C)=O", "PEDCQBHIVMGVHV-UHFFFAOYSA-N")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("n-Butanol", "butanol"),
        ("1,2-Propanediol", "1,2-propane diol"),
        ("1 -butene ", "1-butene"),
        ("Citricacid", "citric acid"),
        ("\u03b1-D-Glucose", "alpha-D-glucose"),
        ("\u201c(S)\u201d Glycerol", "(S) glycerol"),
        ("4-methoxyphenyl \u00df-d-galactopyranoside", "4-Methoxyphenyl beta-D-galactopyranoside"),
        ("2\u2010octanol", "2-octanol"),
    ],
)
def test_normalised_name_joins_spellings(first, second):
    assert molecules.normalised_name(first) == molecules.normalised_name(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1,2-propanediol", "1,3-propanediol"),
        ("N-methylacetamide", "methylacetamide"),
        ("1,12-dodecanediol", "11,2-dodecanediol"),
        ("mannitol", "sorbitol"),
        ("(+)-methyl lactate", "methyl lactate"),
    ],
)
def test_normalised_name_keeps_substances_apart(first, second):
    assert molecules.normalised_name(first) != molecules.normalised_name(second)


@pytest.mark.parametrize(
    ("smiles", "count"), [("OCC(O)CO", 0), ("CC(O)CO", 1), ("OCC(O)C(O)C(O)C(O)CO", 4), ("C[C@H](N)C(=O)O", 0)]
)
def test_open_stereocentres_counts_what_is_not_drawn(smiles, count):
    assert molecules.open_stereocentres(molecules.parse(smiles)) == count
