"""SDF files are read record by record; what is wrong with one stops no other."""

import pytest

from cryokit.chemistry.structure_files import read_sdf, sdf_text
from cryokit.errors import InputError


def test_what_was_written_is_read_again():
    smiles = ["OCC(O)CO", "C[C@H](N)C(=O)O"]
    records = read_sdf(sdf_text(smiles, [{"name": "glycerol", "value": 190.0}, {"name": "L-alanine"}]))

    assert [(item.smiles, item.title) for item in records] == [(smiles[0], "glycerol"), (smiles[1], "L-alanine")]
    assert records[0].data == {"value": "190.0"}


def test_a_bad_record_says_at_which_line_it_begins_and_why():
    good = sdf_text(["CO"], [{"name": "methanol"}])
    pentavalent = sdf_text(["CC(C)(C)C"], [{"name": "neopentane"}]).replace(" C ", " N ")
    records = read_sdf(good + "cut off\n\n\n$$$$\n" + pentavalent + good)

    assert [item.smiles for item in records] == ["CO", "", "", "CO"]
    assert records[1].line == len(good.splitlines()) + 1
    assert "M  END" in records[1].problem
    assert "valence" in records[2].problem


def test_a_structure_without_atoms_is_refused():
    [record] = read_sdf("empty\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n$$$$\n")

    assert "no atom" in record.problem


@pytest.mark.parametrize("text", ["", "\n\n", "$$$$\n"])
def test_a_text_without_a_record_is_refused(text):
    with pytest.raises(InputError, match="no record"):
        read_sdf(text)
