"""Libraries are read piece by piece; what cannot be read is said."""

import pandas as pd
import pytest

from cryokit.errors import InputError
from cryokit.sources.library import Library

MOLECULES = [("OCCO", "ethylene glycol"), ("CS(C)=O", ""), ("OCCO", "again")]


def written(folder, name: str, content: bytes) -> Library:
    path = folder / name
    path.write_bytes(content)
    return Library(path)


def test_lines_hold_smiles_and_a_name_of_several_words(tmp_path):
    library = written(tmp_path, "a.smi", b"OCCO ethylene glycol\nCS(C)=O\r\n\n OCCO\tagain\n")

    assert list(library.entries()) == MOLECULES
    assert library.count() == 3


@pytest.mark.parametrize("heading", [b"smiles name\n", b"\xef\xbb\xbfSMILES\tname\n"])
def test_a_heading_is_no_molecule(tmp_path, heading):
    assert list(written(tmp_path, "a.smi", heading + b"OCCO a\n").entries()) == [("OCCO", "a")]


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
def test_csv_columns_are_found_by_name(tmp_path, delimiter):
    content = b"id,Name,SMILES\n1,ethylene glycol,OCCO\n2,,CS(C)=O\n\n3,again,OCCO\n".replace(b",", delimiter)

    assert list(written(tmp_path, "a.csv", content).entries()) == MOLECULES


def test_a_quoted_cell_may_hold_delimiter_and_line_end(tmp_path):
    library = written(tmp_path, "a.csv", b'smiles,name\nOCCO,"1,2-ethane\ndiol"\nC\n')

    assert list(library.entries()) == [("OCCO", "1,2-ethane\ndiol"), ("C", "")]


def test_parquet_gives_the_same_molecules(tmp_path):
    table = pd.DataFrame({"Smiles": ["OCCO", "CS(C)=O", "OCCO"], "x": 1, "name": ["ethylene glycol", None, "again"]})
    table.to_parquet(tmp_path / "a.parquet", row_group_size=2)

    assert list(Library(tmp_path / "a.parquet").entries()) == MOLECULES


def test_partitions_hold_every_molecule_once(tmp_path):
    library = written(tmp_path, "a.smi", b"".join(b"C%d\n" % number for number in range(7)))
    parts = list(library.partitions(3))

    assert [len(part) for part in parts] == [3, 3, 1]
    assert [entry for part in parts for entry in part] == list(library.entries())


def test_bytes_that_are_no_text_spoil_only_their_row(tmp_path):
    first, second = written(tmp_path, "a.smi", b"CCO caf\xe9\nOCCO b\n").entries()

    assert first[1] == "caf\udce9"
    assert second == ("OCCO", "b")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.sdf", b"", "one of .smi, .csv, .parquet"),
        ("a.csv", b"structure,name\nC,a\n", "needs one that is called smiles"),
        ("a.csv", b"", "has the columns none"),
        ("a.csv", b"smiles,smiles\nC,C\n", "more than once"),
        ("a.csv", b'smiles\n"C"C\n', "near line 2"),
        ("a.parquet", b"PAR1 not really", "cannot be read as Parquet"),
    ],
)
def test_what_cannot_be_read_is_an_input_error(tmp_path, name, content, reason):
    with pytest.raises(InputError, match=reason):
        list(written(tmp_path, name, content).entries())


def test_a_library_that_is_not_there_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        Library(tmp_path / "a.smi")
