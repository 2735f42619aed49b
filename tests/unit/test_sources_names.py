"""What names stand for, and whether a structure agrees."""

import pytest

from cryokit.chemistry import molecules
from cryokit.domain import TARGETS
from cryokit.sources import bundled, names


@pytest.mark.parametrize(
    ("name", "smiles"),
    [
        ("glycerol", "OCC(O)CO"),
        ("DMSO", "CS(C)=O"),
        ("56-81-5", "OCC(O)CO"),
        ("PG", "CC(O)CO"),
        ("isoleucine", "CC[C@H](C)[C@H](N)C(=O)O"),
        ("N-methyl-2-pyrrolidone", "CN1CCCC1=O"),
        ("phenyl salicylate", "O=C(Oc1ccccc1)c1ccccc1O"),
        ("118-55-8", "O=C(Oc1ccccc1)c1ccccc1O"),
    ],
)
def test_names_and_cas_numbers_give_molecules(name, smiles):
    assert names.molecule_named(name) == molecules.parse(smiles)


@pytest.mark.parametrize("name", ["", "unobtainium", "FBS", "N-octylfoobaramide", "99-99-9", "EGX"])
def test_names_that_mean_nothing_give_none(name):
    assert names.molecule_named(name) is None


@pytest.mark.parametrize(
    ("name", "smiles"),
    [
        ("glycerol", "OCC(O)CO"),
        ("unobtainium", "OCC(O)CO"),
        ("glucose", "O=C[C@H](O)[C@@H](O)[C@H](O)[C@H](O)CO"),
        ("D-glucose", "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O"),
        ("lactose", "O=CC(O)C(O)C(OC1OC(CO)C(O)C(O)C1O)C(O)CO"),
        ("sorbitol", "OCC(O)C(O)C(O)C(O)CO"),
        ("alanine", "C[C@@H](N)C(=O)O"),
        ("dioctyl phthalate", "CCCCCCCCOC(=O)c1ccccc1C(=O)OCCCCCCCC"),
    ],
)
def test_a_structure_that_agrees_or_was_reviewed_is_no_mismatch(name, smiles):
    assert names.structure_mismatch(name, smiles) is None


@pytest.mark.parametrize(
    ("name", "smiles"),
    [
        ("methanol", "CCO"),
        ("67-56-1", "CCO"),
        ("L-alanine", "C[C@@H](N)C(=O)O"),
        ("D-mannitol", "OC[C@@H](O)[C@@H](O)[C@H](O)[C@@H](O)CO"),
        ("di(2-ethylhexyl) phthalate", "CCCCCCCCOC(=O)c1ccccc1C(=O)OCCCCCCCC"),
    ],
)
def test_a_structure_of_something_else_is_a_mismatch(name, smiles):
    assert "correct one of them" in names.structure_mismatch(name, smiles)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("2-(p-Hydroxyphenoxy)tetrahydropyran", "OCC1CCCCO1"),
        ("3-methyl-4-octanol", "CCCCC(C)(O)CCC"),
        ("(+) Methyl 3-hydroxy-2-methyl propionate", "COC(=O)[C@@H](C)O"),
        ("methyl 3-hydroxy-2-methylpropionate", "COC(=O)C(C)O"),
    ],
)
def test_the_known_wrong_structures_are_recognised(name, wrong):
    assert "a known error" in names.structure_mismatch(name, wrong)


@pytest.mark.parametrize("target", [name for name, target in TARGETS.items() if target.subject == "smiles"])
def test_no_bundled_name_contradicts_its_structure_except_as_published(target):
    table = bundled.bundled_rows(target)
    used = table[table["is_curated"]] if "is_curated" in table else table

    found = [names.structure_mismatch(row.name, row.smiles) for row in used.itertuples(index=False)]

    assert [problem for problem in found if problem] == []
