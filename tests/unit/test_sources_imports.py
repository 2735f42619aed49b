"""A laboratory's own tables: all bad rows with line and reason, or nothing is loaded."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryokit.domain import TARGETS
from cryokit.errors import InputError, NotFoundError
from cryokit.sources import imports, rows

TG = "smiles,name,value,source\n"
IRI = "smiles,name,value,assay,concentration_millimolar,buffer\n"
VIABILITY = "recipe,value,cell,assay,temperature_kelvin,minutes,endpoint,source\n"


@pytest.fixture
def file(tmp_path):
    def write(content, name="rows.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(path, target="tg"):
    with pytest.raises(InputError) as caught:
        imports.read_rows(path, target)
    return str(caught.value)


def test_good_rows_come_as_the_row_frame_of_the_target(file):
    table, problems = imports.read_rows(file(TG + "C(O)C(O)CO,glycerol,190.5,my notebook\n"), "tg")

    assert list(table) == rows.frame_columns(TARGETS["tg"])
    assert (table.loc[0, "smiles"], table.loc[0, "value"], table.loc[0, "is_curated"]) == ("OCC(O)CO", 190.5, True)
    assert problems == []


def test_a_recipe_is_brought_to_its_canonical_form(file):
    line = "urea=300 mM; DMSO=1 M,0.8,BPAEC,calcein,277.15,30,exposure_survival,my notebook\n"
    table, _ = imports.read_rows(file(VIABILITY + line), "viability")

    assert table.loc[0, "recipe"] == "DMSO=1 mol/L; urea=0.3 mol/L"
    assert table.loc[0, "inchikey"] == "IAZDPXIOMUYVGZ-UHFFFAOYSA-N+XSQUKJJJFZCRTK-UHFFFAOYSA-N"


def test_all_bad_rows_are_reported_at_once_with_their_lines(file):
    message = refusal(file(TG + "C1CC,x,190,me\nOCC(O)CO,glycerol,190,me\nOCCO,ethylene glycol,9000,me\nCCO,,,\n"))

    assert "3 bad row(s)" in message
    assert "line 2: 'C1CC' cannot be read" in message
    assert "line 4: value 9000 K lies outside the plausible range 30 to 700" in message
    assert "line 5: value is empty" in message
    assert "line 5: source is empty" in message
    assert "line 3" not in message


def test_skip_bad_loads_the_good_rows_and_still_reports_the_bad_ones(file):
    table, problems = imports.read_rows(file(TG + "C1CC,x,190,me\nOCC(O)CO,glycerol,190,me\n"), "tg", skip_bad=True)

    assert table["name"].tolist() == ["glycerol"]
    assert [problem.line for problem in problems] == [2]
    assert str(problems[0]).startswith("line 2: ")


def test_line_numbers_count_line_ends_inside_quotes_and_empty_lines(file):
    message = refusal(file(TG + '"OCC(O)CO","glycerol\n(dry)\n",190,me\n\nC1CC,x,190,me\n'))

    assert "line 6: 'C1CC'" in message


def test_a_name_of_another_structure_is_refused(file):
    assert "line 2: 'methanol' is CO" in refusal(file(TG + "CCO,methanol,100,me\n"))


def test_a_cas_number_of_another_structure_is_refused(file):
    path = file("smiles,name,value,source,cas\nCCO,my alcohol,100,me,67-56-1\n")

    assert "'67-56-1' is CO" in refusal(path)


def test_an_inchikey_of_another_structure_is_refused(file):
    path = file("smiles,name,value,source,inchikey\nCCO,ethanol,100,me,OKKJLVBELUTLKV-UHFFFAOYSA-N\n")

    assert "the InChIKey is OKKJLVBELUTLKV-UHFFFAOYSA-N, but the structure gives LFQSCWFLJHTTHZ" in refusal(path)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("2-(p-Hydroxyphenoxy)tetrahydropyran", "OCC1CCCCO1"),
        ("3-methyl-4-octanol", "CCCCC(C)(O)CCC"),
        ("(+) Methyl 3-hydroxy-2-methyl propionate", "COC(=O)[C@@H](C)O"),
    ],
)
def test_the_known_wrong_structures_are_refused_with_the_reason(file, name, wrong):
    assert "a known error" in refusal(file(TG + f"{wrong},{name},200,me\n"))


def test_the_same_measurement_twice_is_refused(file):
    line = "OCC(O)CO,glycerol,190,me\n"

    assert "line 3: the same measurement stands on line 2 already" in refusal(file(TG + line + line))


def test_another_value_of_the_same_substance_is_a_repeat(file):
    table, _ = imports.read_rows(file(TG + "OCCO,ethylene glycol,152,me\nOCCO,ethylene glycol,154,me\n"), "tg")

    assert len(table) == 2


def test_another_unit_is_refused(file):
    path = file("smiles,name,value,unit,source\nOCCO,ethylene glycol,-121,degC,me\n")

    assert "unit is 'degC'; it must be 'K'" in refusal(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_spreadsheet_dialects_are_read(file, encoding, delimiter, line_end):
    lines = (TG + "OCC(O)CO,glycerol,190,me\n").replace(",", delimiter).replace("\n", line_end)
    table, _ = imports.read_rows(file(lines.encode(encoding)), "tg")

    assert table["value"].tolist() == [190.0]


def test_a_decimal_comma_is_explained(file):
    path = file("smiles;name;value;source\nOCC(O)CO;glycerol;190,5;me\n")

    assert "value is '190,5', which is not a number; write a decimal point" in refusal(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"  \n \n", "is empty"),
        (TG.encode(), "a header but no rows"),
        (b"smiles,name,source\nCCO,ethanol,me\n", "lacks value"),
        (b"smiles,name,value,value,source\nCCO,ethanol,1,1,me\n", "has value twice"),
        ("smiles,name,value,source\nCCO,\u00c4thanol,100,me\n".encode("latin-1"), r"not UTF-8 text \(line 2\)"),
        (b'smiles,name,value,source\n"CCO,ethanol,100,me\n', "cannot be read as CSV"),
    ],
)
def test_a_file_that_is_no_table_is_refused(file, content, reason):
    with pytest.raises(InputError, match=reason):
        imports.read_rows(file(content), "tg")


def test_more_cells_than_columns_are_a_bad_row(file):
    assert "line 2: the row has more cells than the header" in refusal(file(TG + "CCO,ethanol,100,me,surplus\n"))


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        imports.read_rows(tmp_path / "nothing.csv", "tg")


def test_a_huge_file_is_refused_before_it_is_read(file, monkeypatch):
    monkeypatch.setattr(imports, "MAX_FILE_BYTES", 10)

    with pytest.raises(InputError, match="at most 10 are allowed"):
        imports.read_rows(file(TG + "CCO,ethanol,100,me\n"), "tg")


def test_an_unknown_target_is_named(file):
    with pytest.raises(NotFoundError, match="there is no target 'tm'"):
        imports.read_rows(file(TG), "tm")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("unobtainium=1 M,0.8,BPAEC,calcein,277,30,exposure_survival,me", "'unobtainium' is not known"),
        ("DMSO=1 M,0.8,,calcein,277,30,exposure_survival,me", "cell is missing"),
        ("DMSO=1 M,0.8,BPAEC,calcein,,30,exposure_survival,me", "temperature_kelvin is missing"),
        ("DMSO=1 M,0.8,BPAEC,calcein,4,30,exposure_survival,me", "temperature_kelvin is 4"),
        ("DMSO=1 M,0.8,BPAEC,calcein,277,30,survival,me", "endpoint is 'survival'; allowed are viability"),
        ("DMSO=1 M,80,BPAEC,calcein,277,30,exposure_survival,me", "value 80 fraction of control lies outside"),
    ],
)
def test_a_bad_viability_row_says_what_is_missing(file, line, reason):
    assert reason in refusal(file(VIABILITY + line + "\n"), "viability")


def test_a_freezing_run_needs_no_exposure(file):
    table, _ = imports.read_rows(file(VIABILITY + "DMSO=10 % v/v,0.8,MSC,calcein,,,viability,me\n"), "viability")

    assert table["temperature_kelvin"].isna().all()


def test_rows_for_evaluation_need_no_source_but_every_condition(file):
    table, warnings = imports.rows_for_evaluation(file(IRI + "NCC(=O)O,glycine,97.7,splat,20,10 mM NaCl\n"), "iri")

    assert (table.loc[0, "concentration_millimolar"], table.loc[0, "buffer"]) == (20.0, "10 mM NaCl")
    assert warnings == []


def test_rows_for_evaluation_warn_of_implausible_values_and_keep_them(file):
    table, warnings = imports.rows_for_evaluation(file(IRI + "NCC(=O)O,glycine,977,splat,20,PBS\n"), "iri")

    assert table["value"].tolist() == [977.0]
    assert warnings == ["line 2: value 977 % of control lies outside the plausible range 0 to 200"]


def test_rows_for_evaluation_refuse_any_bad_row(file):
    content = IRI + "NCC(=O)O,glycine,97.7,splat,,PBS\nxx,glycine,97.7,splat,20,PBS\n"

    with pytest.raises(
        InputError, match=r"line 2: concentration_millimolar is missing .*\n  line 3: 'xx' cannot be read"
    ):
        imports.rows_for_evaluation(file(content), "iri")


def test_rows_for_evaluation_take_repeats_and_unknown_melting_points(file):
    content = "smiles,name,value,tm_kelvin\nOCCO,eg,152,260.15\nOCCO,eg,152,\n"
    table, _ = imports.rows_for_evaluation(file(content), "tg")

    assert table["tm_kelvin"].isna().tolist() == [False, True]


def test_viability_rows_for_evaluation_need_their_source(file):
    content = VIABILITY + "DMSO=1 M,0.8,BPAEC,calcein,277,30,exposure_survival,\n"

    with pytest.raises(InputError, match="line 2: source is empty"):
        imports.rows_for_evaluation(file(content), "viability")


def test_folds_are_read_as_whole_numbers(file):
    table = imports.read_folds(file("row,repeat,fold\n0,0,1\n2,0,0\n0,1,0\n"), 3)

    assert table.to_numpy().tolist() == [[0, 0, 1], [2, 0, 0], [0, 1, 0]]
    assert set(table.dtypes.astype(str)) == {"int64"}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("3,0,0\n", "line 2: row is 3, but there are 3 rows"),
        ("0.5,0,0\n", "line 2: row is '0.5'; it must be a whole number"),
        ("-1,0,0\n", "line 2: row is '-1'"),
        ("0,0,\n", "line 2: fold is ''"),
        ("0,0,0\n0,0,1\n", "line 3: row 0 is in repeat 0 on line 2 already"),
        ("0,0,0,9\n", "line 2: the row has more cells"),
    ],
)
def test_folds_that_mean_nothing_are_refused(file, lines, reason):
    with pytest.raises(InputError, match=reason):
        imports.read_folds(file("row,repeat,fold\n" + lines), 3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.binary(max_size=120))
def test_any_file_is_a_table_or_an_input_error(file, content):
    try:
        table, _ = imports.read_rows(file(TG.encode() + content), "tg", skip_bad=True)
    except InputError:
        return

    assert table["value"].between(30, 700).all()
