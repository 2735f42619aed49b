"""Features of molecules: known values, equal structures, equal features."""

import numpy as np
import pytest

from cryokit.chemistry.descriptors import DESCRIPTOR_NAMES, DESCRIPTORS, descriptors, fingerprints, tanimoto
from cryokit.errors import InputError

SUCROSE = "OC[C@H]1O[C@@](CO)(O[C@H]2O[C@H](CO)[C@@H](O)[C@H](O)[C@H]2O)[C@@H](O)[C@@H]1O"


def features_of(smiles: str) -> dict[str, float]:
    return dict(zip(DESCRIPTOR_NAMES, descriptors([smiles])[0].tolist(), strict=True))


def test_descriptors_have_distinct_names_units_and_meanings():
    assert len(set(DESCRIPTOR_NAMES)) == len(DESCRIPTORS)
    assert all(item.unit and item.meaning for item in DESCRIPTORS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("heavy_atoms", 6),
        ("hydrogens", 8),
        ("donors", 3),
        ("primary_alcohols", 2),
        ("secondary_alcohols", 1),
        ("vicinal_hydroxyl_pairs", 2),
        ("rings", 0),
        ("unsaturation", 0),
        ("oxygen_to_carbon", 1),
    ],
)
def test_descriptors_of_glycerol_are_known(name, value):
    assert features_of("OCC(O)CO")[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("molar_mass", 342.297),
        ("rings", 2),
        ("acetal_carbons", 2),
        ("stereocentres", 9),
        ("unspecified_stereocentres", 0),
    ],
)
def test_descriptors_of_sucrose_are_known(name, value):
    assert features_of(SUCROSE)[name] == pytest.approx(value, abs=0.01)


def test_enantiomers_differ_in_their_labelled_centres_only():
    left, right = features_of("C[C@H](N)C(=O)O"), features_of("C[C@@H](N)C(=O)O")

    assert {name for name in left if left[name] != right[name]} == {"r_centres", "s_centres"}


def test_a_zwitterion_and_a_salt_have_the_features_of_the_neutral_molecule():
    neutral = descriptors(["NCC(=O)O"])[0]

    assert np.array_equal(descriptors(["[NH3+]CC(=O)[O-]"])[0], neutral)
    assert np.array_equal(descriptors(["[Na+].NCC(=O)[O-]"])[0], neutral)


def test_descriptors_are_finite_for_a_single_atom():
    assert np.isfinite(descriptors(["C", "O"])).all()


def test_descriptors_do_not_depend_on_the_other_molecules():
    together = descriptors(["CCO", "OCC(O)CO", "CCO"])

    assert np.array_equal(together[1], descriptors(["OCC(O)CO"])[0])
    assert np.array_equal(together[0], together[2])


@pytest.mark.parametrize("smiles", ["", "not a structure", "C1CC"])
def test_an_unreadable_structure_is_an_input_error(smiles):
    with pytest.raises(InputError, match="SMILES"):
        descriptors([smiles])


def test_no_molecule_gives_an_empty_matrix():
    assert descriptors([]).shape == (0, len(DESCRIPTORS))


def test_tanimoto_is_one_with_itself_and_symmetric():
    bits = fingerprints(["OCCO", "OCC(O)CO", "c1ccccc1"])
    similarity = tanimoto(bits, bits)

    assert np.array_equal(np.diag(similarity), np.ones(3))
    assert np.array_equal(similarity, similarity.T)
    assert similarity[0, 2] == 0.0


def test_tanimoto_refuses_fingerprints_of_other_length():
    with pytest.raises(InputError, match="equal length"):
        tanimoto(np.zeros((1, 2), np.uint8), np.zeros((1, 3), np.uint8))
