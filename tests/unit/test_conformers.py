"""Features of shape: stereoisomers differ, mirror images do not, and what cannot be embedded is not known."""

import numpy as np
import pytest

from cryokit.chemistry import conformers, descriptors
from cryokit.chemistry.conformers import SHAPE_DESCRIPTORS, shape_descriptors
from cryokit.errors import InputError

GLUCOSE = "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O"
GALACTOSE = "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@H]1O"
MANNOSE = "OC[C@H]1O[C@@H](O)[C@@H](O)[C@@H](O)[C@@H]1O"
L_GLUCOSE = "OC[C@@H]1O[C@H](O)[C@@H](O)[C@H](O)[C@H]1O"


def named(smiles: str) -> dict[str, float]:
    names = [descriptor.name for descriptor in SHAPE_DESCRIPTORS]
    return dict(zip(names, shape_descriptors([smiles])[0].tolist(), strict=True))


def test_diastereomers_have_different_shapes_but_equal_graph_features():
    sugars = [GLUCOSE, GALACTOSE, MANNOSE]
    shapes = shape_descriptors(sugars)
    alike = [name for name in descriptors.DESCRIPTOR_NAMES if name not in ("r_centres", "s_centres")]
    graph = descriptors.descriptors(sugars)[:, [descriptors.DESCRIPTOR_NAMES.index(name) for name in alike]]

    assert (graph == graph[0]).all()
    assert min(np.ptp(shapes[[first, second]], axis=0).max() for first, second in ((0, 1), (0, 2), (1, 2))) > 1.0


@pytest.mark.parametrize("pair", [(GLUCOSE, L_GLUCOSE), ("C[C@@H](N)C(=O)O", "C[C@H](N)C(=O)O")], ids=["sugar", "acid"])
def test_mirror_images_have_equal_features(pair):
    left, right = shape_descriptors(pair)

    assert np.array_equal(left, right, equal_nan=True)


def test_the_spelling_of_a_structure_and_a_counterion_do_not_matter():
    rows = shape_descriptors(["C[C@@H](C(=O)O)N", "N[C@@H](C)C(O)=O", "C[C@@H](C(=O)[O-])N.[Na+]"])

    assert (rows == rows[0]).all()


def test_features_are_bit_equal_when_computed_again():
    first = shape_descriptors([GALACTOSE]).copy()
    conformers._shape.cache_clear()

    assert np.array_equal(first, shape_descriptors([GALACTOSE]))


@pytest.mark.parametrize("smiles", ["C1C#C1", "C" * (conformers.MAX_HEAVY_ATOMS + 1)], ids=["strained", "too large"])
def test_a_molecule_that_cannot_be_embedded_is_not_known_and_no_error(smiles):
    rows = shape_descriptors([smiles, "OCC(O)CO"])

    assert np.isnan(rows[0]).all()
    assert np.isfinite(rows[1]).all()


@pytest.mark.parametrize("smiles", ["O", "C", "CO", "[Na+].[Cl-]", "N#N"])
def test_the_smallest_molecules_do_not_fail(smiles):
    assert shape_descriptors([smiles]).shape == (1, len(SHAPE_DESCRIPTORS))


def test_surfaces_add_up_and_are_where_they_belong():
    octanol, benzene = named("CCCCCCCCO"), named("c1ccccc1")

    assert octanol["shape: polar surface, mean"] + octanol["shape: apolar surface, mean"] == pytest.approx(
        octanol["shape: surface, mean"]
    )
    assert octanol["shape: aromatic surface, mean"] == 0.0
    assert benzene["shape: aromatic fraction, mean"] == pytest.approx(1.0)
    assert benzene["shape: amphiphilic moment, mean"] == 0.0


def test_pairs_are_counted_at_their_distance():
    pairs = {name: value for name, value in named("CC").items() if name.startswith("pairs:")}
    present = {name: round(value, 2) for name, value in pairs.items() if value > 0.01}

    assert present == {"pairs: aliphatic C and aliphatic C about 2.5 angstrom": 0.26}


def test_a_structure_that_cannot_be_read_is_an_input_error():
    with pytest.raises(InputError, match="not a molecule"):
        shape_descriptors(["not a molecule"])
