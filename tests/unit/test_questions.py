"""What is asked of a model: nothing is dropped in silence."""

import numpy as np
import pandas as pd
import pytest

from cryokit.domain import TARGETS
from cryokit.errors import InputError
from cryokit.workbench.predictions import Predictions
from cryokit.workbench.questions import check_cells, questions_in, rows_of, with_conditions

TG, IRI = TARGETS["tg"], TARGETS["iri"]


class Refusing(Predictions):
    """Predictions whose model refuses every second row."""

    def __init__(self) -> None:
        self.asked = pd.DataFrame()

    def predict_checked(self, target, rows, version=None):
        self.asked = rows
        return rows, [{"row": number, "message": "bad"} for number in range(1, len(rows), 2)]


@pytest.fixture
def table(tmp_path):
    """Write a table and return its path."""

    def write(text: str):
        path = tmp_path / "rows.csv"
        path.write_text(text)
        return path

    return write


def test_a_table_gives_rows_lines_and_columns_not_used(table):
    asked = questions_in(TG, table("name,smiles,operator\na,CCO,me\n\nb,CO,me\n"))

    assert asked.rows.to_dict("list") == {"name": ["a", "b"], "smiles": ["CCO", "CO"]}
    assert (asked.lines, asked.unused) == ([2, 4], ["operator"])


def test_a_misspelt_column_is_refused(table):
    with pytest.raises(InputError, match="'bufer'.*call it 'buffer'"):
        questions_in(IRI, table("smiles,bufer\nCCO,PBS\n"))


def test_a_header_without_rows_is_refused(table):
    with pytest.raises(InputError, match="holds a header but no rows"):
        questions_in(TG, table("smiles\n"))


def test_a_condition_that_the_file_says_too_is_refused():
    with pytest.raises(InputError, match="assay is given, but is a column of the file too"):
        with_conditions(IRI, pd.DataFrame({"smiles": ["CCO"], "assay": ["splat"]}), {"assay": "sucrose sandwich"})


def test_a_condition_of_another_target_is_refused():
    with pytest.raises(InputError, match="tg takes no cell"):
        with_conditions(TG, pd.DataFrame({"smiles": ["CCO"]}), {"cell": "BPAEC"})


@pytest.mark.parametrize("values", [[20.0], [20.0, 30.0, 40.0], np.array([1.0]), pd.Series([1.0, 2.0, 3.0])])
def test_a_list_of_conditions_has_one_value_for_each_item(values):
    with pytest.raises(InputError, match="values for 2 items; give one value for all or one for each item"):
        rows_of(IRI, ["CCO", "CO"], {"concentration_millimolar": values})


def test_conditions_are_for_all_or_for_each_whatever_their_index():
    given = {"assay": "splat", "concentration_millimolar": pd.Series([20.0, 30.0], index=[7, 8])}
    rows = rows_of(IRI, ["CCO", "CO"], given)

    assert rows["assay"].tolist() == ["splat", "splat"]
    assert rows["concentration_millimolar"].tolist() == [20.0, 30.0]


def test_a_bad_row_of_a_file_is_told_by_its_line(table):
    with pytest.raises(InputError, match="^line 5: bad$"):
        Refusing().predict_file("tg", table("smiles\nCCO\n\n\nCO\n"))


def test_a_file_says_which_columns_it_has_for_nothing(table):
    said = []
    Refusing().predict_file("tg", table("smiles,operator\nCCO,me\n"), warn=said.append)

    assert said == ["columns that tg does not use: operator"]


@pytest.mark.parametrize("text", ["C\ud800", "C\x00"])
def test_text_that_nothing_can_store_is_refused(text):
    with pytest.raises(InputError, match="plain Unicode text"):
        check_cells({"smiles": text})
