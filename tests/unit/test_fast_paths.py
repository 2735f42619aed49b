"""What is computed in a faster way gives exactly what the plain way gives."""

import numpy as np
import pytest
from rdkit import Chem

from cryokit.chemistry import descriptors
from cryokit.chemistry.molecules import canonical, formula, parse
from cryokit.chemistry.skeletons import Skeletons
from cryokit.models.applicability import FUNCTIONAL_GROUPS, elements_of, functional_groups_of
from cryokit.sources.bundled import bundled_rows

UNUSUAL = [
    "[2H]OC",
    "[2H]C([2H])([2H])O",
    "C[N+](C)(C)C.[Cl-]",
    "[O-]C(=O)C[NH3+]",
    "[Na+].[O-]C=O",
    "C[Si](C)(C)C",
    "OB(O)c1ccccc1",
    "N#CC#N",
    "[O-][N+](=O)c1ccccc1",
    "OP(=O)(O)O",
    "CSSC",
    "CS(C)=O",
    "C[S+](C)[O-]",
    "CC(=O)OO",
    "NC(N)=N",
    "[18OH]C",
    "O=S(=O)(O)c1ccccc1",
    "C[Se]C",
    "C=[N+]=[N-]",
    "FC(F)(F)C(Cl)(Br)I",
    "C#CC=O",
    "CC/C=C/C",
]


@pytest.fixture(scope="module")
def structures() -> list[str]:
    """Bundled and unusual molecules, canonical."""
    return sorted({parse(smiles).smiles for smiles in [*bundled_rows("tg")["smiles"], *UNUSUAL]})


def test_atoms_are_those_of_the_graph(structures):
    columns = [descriptors.DESCRIPTOR_NAMES.index(name) for name in ("carbons", "nitrogens", "oxygens", "hydrogens")]
    found = descriptors.descriptors(structures)[:, columns]
    for smiles, counts in zip(structures, found, strict=True):
        atoms = list(descriptors.prepared(smiles).GetAtoms())
        numbers = [atom.GetAtomicNum() for atom in atoms]
        hydrogens = sum(atom.GetTotalNumHs() for atom in atoms) + numbers.count(1)

        assert counts.tolist() == [numbers.count(6), numbers.count(7), numbers.count(8), hydrogens]
        assert elements_of(smiles) == sorted({atom.GetSymbol() for atom in atoms})


def test_charges_are_seen(structures):
    for smiles in structures:
        plain = Chem.MolFromSmiles(max(smiles.split("."), key=len))
        charged = any(atom.GetFormalCharge() for atom in plain.GetAtoms())

        assert not charged or "+" in smiles or "-" in smiles


def test_groups_are_those_of_all_patterns(structures):
    for smiles in structures:
        molecule = descriptors.prepared(smiles)
        expected = [
            name for name, smarts in FUNCTIONAL_GROUPS.items() if molecule.HasSubstructMatch(Chem.MolFromSmarts(smarts))
        ]

        assert functional_groups_of(smiles) == expected


def test_similarities_are_shared_bits_over_all_bits(structures):
    bits = np.unpackbits(descriptors.fingerprints(structures), axis=1).astype(bool)
    few = bits[:50]
    expected = [[(row & other).sum() / (row | other).sum() for other in bits] for row in few]

    packed = descriptors.fingerprints(structures)
    assert (descriptors.tanimoto(packed[:50], packed) == np.array(expected)).all()
    assert descriptors.tanimoto(packed[:0], packed).shape == (0, len(packed))


def test_the_canonical_text_is_that_of_parsing(structures):
    written = [Chem.MolToSmiles(Chem.MolFromSmiles(smiles), doRandom=True) for smiles in structures]

    assert [canonical(smiles) for smiles in written] == [parse(smiles).smiles for smiles in written]


def test_skeletons_tell_apart_only_what_differs(structures):
    known = structures[::2]
    connectivities = {parse(smiles).connectivity for smiles in known if "." not in smiles}
    skeletons = Skeletons((formula(smiles), smiles) for smiles in known)
    maybe = [smiles for smiles in structures if skeletons.may_hold(smiles)]

    assert connectivities.isdisjoint(parse(smiles).connectivity for smiles in structures if smiles not in maybe)
    assert len(maybe) < 0.9 * len(structures)


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("[NH3+]CC(=O)[O-]", "NCC(=O)O"),
        ("C[S+](C)[O-]", "CS(C)=O"),
        ("Oc1ccccn1", "O=c1cccc[nH]1"),
        ("CC(=O)[O-]", "CC(=O)O"),
        ("C[C@H](O)CO", "CC(O)CO"),
        ("[13CH3]CO", "CCO"),
        ("[2H]C([2H])([2H])O", "CO"),
        ("CO", "[2H]C([2H])([2H])O"),
        ("CC(O)=CC(C)=O", "CC(=O)CC(C)=O"),
    ],
)
def test_other_drawings_of_one_molecule_share_a_skeleton(known, asked):
    assert Skeletons([(formula(known), known)]).may_hold(parse(asked).smiles)
