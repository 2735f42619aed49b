"""What is counted by tables for many molecules is what RDKit's patterns find in each of them."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from cryokit.chemistry import descriptors
from cryokit.chemistry.atoms import kind_numbers
from cryokit.chemistry.bond_tables import tabled
from cryokit.sources.bundled import bundled_rows

ODD = """
C O N [H]O[H] OO COO COOC CC(=O)OO CC(=O)OC(C)=O O=C1CCCO1 O=C1OC1 C1OO1 CC(O)=O O=CO C=O O=CC=O CC(=O)C(C)=O OCO COCO
OC1CCCCO1 OC(O)O OC1(O)COC1 OCC1OC(O)C(O)C(O)C1O OC1C(O)C1 OC1=CC=CC=C1O OC=CO C=CO C=COC COC=O COC(C)=N CN=C=O C=C=O
C=C=C CC#C C#N CC#CC N#CC#N OC#N CN=O NC=O CC(N)=O CN(C)C=O NC(N)=O CNC(=N)C CC(=S)N CSC=S NC(=S)N FC(F)(F)C CC(F)(F)F
ClC(Cl)(Cl)CO BrC(Br)(Br)CBr CC(C)(C)C CC(C)(C)CO CC(C)CO CC(C)C FC(F)(F)C(F)(F)F CC(C)(C)C(C)(C)C c1ccccc1-c1ccccc1
Cc1ccccc1 CCc1ccccc1 O=c1cccc[nH]1 c1cc[nH]c1 c1ccncc1 c1cnc[nH]1 c1ccoc1 c1ccsc1 Nc1ccccc1 CN(C)c1ccccc1 CCN(CC)CC
CNC NCCN NN CN=NC NO CONC C1CN1 C1CCNCC1 CC(=O)N1CCCC1 O=C1CCCN1 CC(=O)NCC(=O)NC NCC(=O)O CSC CS CSSC SCCO CC(C)C(C)C
C1CC2CCC1C2 C1CCC2(CC1)CCCC2 CC1CCCCC1C CC=CC C=CC=C CC(=C)C C1=CCCCC1 O=C1C=CC(=O)C=C1 CCOCC CCOC(C)OCC C[N+](C)(C)C
CC(=O)[O-] [O-][N+](=O)c1ccccc1 CS(C)=O CS(=O)(=O)C COP(=O)(OC)OC C[Si](C)(C)C CB(O)O [2H]OC([2H])([2H])[2H] C[CH]C
C[N]C [OH] CO[Se]C C[C@H](O)[C@@H](O)C C/C=C/C IC(I)I CN(O)C=O CC(=NO)C O=NN(C)C CCO.CCN [Na+].[Cl-] O=S=O S=C=S
CN1CCN=C1 C[n+]1ccccc1
"""


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return [*ODD.split(), *bundled_rows("tg")["smiles"], *bundled_rows("iri")["smiles"]]


def test_tables_find_what_patterns_find(smiles):
    molecules = [descriptors.plain(text) for text in smiles]
    counts, ordinary = tabled(molecules, [kind_numbers(molecule) for molecule in molecules])
    strict = rdMolDescriptors.NumRotatableBondsOptions.Strict
    patterns = {name: Chem.MolFromSmarts(smarts) for name, smarts in descriptors._GROUPS.items()}
    for index in np.flatnonzero(ordinary):
        molecule = molecules[index]
        expected = {name: len(molecule.GetSubstructMatches(pattern)) for name, pattern in patterns.items()}
        expected["acceptors"] = rdMolDescriptors.CalcNumHBA(molecule)
        expected["rotatable_bonds"] = rdMolDescriptors.CalcNumRotatableBonds(molecule, strict)
        assert {name: int(found[index]) for name, found in counts.items()} == expected, smiles[index]

    assert ordinary.mean() >= 0.8
    assert all((found[ordinary] > 0).any() for name, found in counts.items() if name != "nitro_groups")


CHARGED, RADICALS = ["C[n+]1ccccc1", "C[N+](C)(C)C", "[Na+].[Cl-]"], ["C[CH]C", "C[N]C"]
ELEMENTS = ["CS(C)=O", "[2H]OC", "C[Si](C)(C)C", "C[Se]C"]


@pytest.mark.parametrize("text", [*CHARGED, *RADICALS, *ELEMENTS, "C" * 201])
def test_what_tables_cannot_count_is_told(text):
    molecule = descriptors.plain(text)

    assert tabled([molecule], [kind_numbers(molecule)])[1].tolist() == [False]


def test_features_of_many_are_those_of_each(smiles):
    alone = np.concatenate([descriptors.fast_descriptors([text]) for text in smiles])

    assert (descriptors.fast_descriptors(smiles) == alone).all()
    assert (descriptors.fast_descriptors(smiles[::-1])[::-1] == alone).all()


def test_tables_leave_nothing_behind_in_molecules_and_large_ones_have_none():
    """RDKit would keep a number for each pair of atoms with a molecule, and molecules are kept."""
    molecules = [Chem.MolFromSmiles(text) for text in ("C" * 200, "C" * 201, "OCC(O)CO")]
    before = [set(molecule.GetPropNames(True, True)) for molecule in molecules]
    counts, ordinary = tabled(molecules, [kind_numbers(molecule) for molecule in molecules])

    assert [set(molecule.GetPropNames(True, True)) for molecule in molecules] == before
    assert (ordinary.tolist(), counts["primary_alcohols"].tolist()[2]) == ([True, False, True], 2)


def test_no_molecule_gives_an_empty_table():
    assert tabled([], [])[1].tolist() == []
