import pytest

from cryokit.domain import TARGETS
from cryokit.errors import InputError
from cryokit.workbench.questions import check_cells
from dashboards._rows import MAX_ROWS, missing_conditions, rows_from_csv, rows_from_text

TG, IRI, VIABILITY = TARGETS["tg"], TARGETS["iri"], TARGETS["viability"]
IN_PBS = {"assay": "splat", "concentration_millimolar": "20", "buffer": "PBS"}


def test_text_gives_a_row_for_each_line_that_is_not_empty():
    rows = rows_from_text("CCO\n\n  CO \n", TG, {})

    assert rows.to_dict("list") == {"line": [1, 3], "smiles": ["CCO", "CO"]}


def test_text_takes_the_conditions_of_the_page():
    rows = rows_from_text("CCO", IRI, IN_PBS)

    assert rows.iloc[0].to_dict() == {"line": 1, "smiles": "CCO"} | IN_PBS


def test_empty_text_says_what_to_do():
    with pytest.raises(InputError, match="write one SMILES on each line"):
        rows_from_text("  \n", TG, {})


def test_every_missing_condition_is_named():
    with pytest.raises(InputError, match="fill in: cell, assay, endpoint"):
        rows_from_text("glycerol=1 mol/L", VIABILITY, {"cell": " ", "assay": None, "endpoint": ""})


def test_exposure_needs_temperature_and_time():
    given = {"cell": "BPAEC", "assay": "calcein", "endpoint": "exposure_survival"}

    assert missing_conditions(VIABILITY, given) == ["temperature_kelvin", "minutes"]


def test_recovery_does_not_need_temperature_and_time():
    assert missing_conditions(VIABILITY, {"cell": "a", "assay": "b", "endpoint": "recovery"}) == []


def test_too_many_lines_are_refused():
    with pytest.raises(InputError, match="at most 10,000"):
        rows_from_text("C\n" * (MAX_ROWS + 1), TG, {})


def test_csv_keeps_the_line_of_each_row():
    rows = rows_from_csv(b"name,smiles\na,CCO\nb,CO\n", TG, {})

    assert rows.to_dict("list") == {"line": [2, 3], "name": ["a", "b"], "smiles": ["CCO", "CO"]}


def test_csv_lines_count_blank_lines_and_cells_of_several_lines():
    rows = rows_from_csv(b'name,smiles\n\n"a\nb",CCO\n\nc,CO\n', TG, {})

    assert rows["line"].tolist() == [3, 6]


def test_csv_with_semicolons_is_read():
    rows = rows_from_csv(b"smiles;tm_kelvin\nCCO;159.1\n", TG, {})

    assert rows.loc[0].to_dict() == {"line": 2, "smiles": "CCO", "tm_kelvin": "159.1"}


def test_csv_with_a_surplus_cell_shifts_no_column_and_keeps_the_cell_for_the_check():
    rows = rows_from_csv(b"smiles,name\nOCCO,CCO,x\nCO,methanol\n", TG, {})

    assert rows["smiles"].tolist() == ["OCCO", "CO"]
    with pytest.raises(InputError, match="more cells than the header"):
        check_cells(rows.loc[0, ["smiles", "name", ""]].to_dict())


def test_csv_names_the_columns_that_are_not_used():
    rows = rows_from_csv(b"smiles,operator\nCCO,me\n", TG, {})

    assert rows.attrs["unused"] == ["operator"]


def test_csv_from_a_spreadsheet_with_byte_order_mark_is_read():
    rows = rows_from_csv("\ufeffSMILES\nCCO\n".encode(), TG, {})

    assert rows["smiles"].tolist() == ["CCO"]


def test_csv_column_wins_over_the_field_of_the_page():
    rows = rows_from_csv(b"smiles,buffer\nCCO,10 mM NaCl\n", IRI, IN_PBS)

    assert rows.loc[0, ["assay", "buffer"]].tolist() == ["splat", "10 mM NaCl"]


def test_csv_without_the_needed_column_says_what_it_has():
    with pytest.raises(InputError, match="lacks smiles; required are smiles; found are structure"):
        rows_from_csv(b"structure\nCCO\n", TG, {})


def test_csv_without_rows_is_refused():
    with pytest.raises(InputError, match="no rows"):
        rows_from_csv(b"smiles\n", TG, {})


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00bad", b'smiles\n"CCO\n'])
def test_what_is_no_csv_is_refused(content):
    with pytest.raises(InputError):
        rows_from_csv(content, TG, {})


def test_a_cell_that_reads_na_is_kept_as_text():
    rows = rows_from_csv(b"smiles\nNA\n", TG, {})

    assert rows["smiles"].tolist() == ["NA"]
