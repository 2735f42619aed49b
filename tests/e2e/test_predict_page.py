import re

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from cryokit.chemistry.structure_files import sdf_text
from tests.e2e.axe import violations
from tests.e2e.files import choose_file

SMILES = "SMILES, one on each line"
RECIPES = "Recipes, one on each line"


def predict(page: Page, label: str, text: str) -> None:
    page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Predict").click()


def choose(page: Page, field: str, option: str) -> None:
    page.get_by_role("combobox", name=field).click()
    page.get_by_role("option", name=option).click()


def expect_last_refused(page: Page, pattern: str) -> None:
    row = page.get_by_role("table", name="Rows that cannot be predicted").get_by_role("row").last
    expect(row).to_contain_text(re.compile(pattern))


def tick(page: Page, smiles: str) -> None:
    picture = page.get_by_alt_text(f"Structure of {smiles}", exact=True)
    page.get_by_role("row").filter(has=picture).get_by_role("checkbox").check()


def taken_smiles(page: Page) -> list[str]:
    with page.expect_download(timeout=60_000) as downloaded:
        page.get_by_role("button", name="Download as CSV").click()
    return pd.read_csv(downloaded.value.path())["smiles"].tolist()


def ask_all_targets(page: Page, text: str) -> None:
    choose(page, "Endpoint (viability)", "exposure survival")
    fields = {"Assay (IRI)": "splat", "Concentration millimolar (IRI)": "22", "Buffer (IRI)": "PBS"}
    fields |= {"Amount (viability)": "6 mol/kg", "Cell (viability)": "BPAEC", "Assay (viability)": "calcein"}
    fields |= {"Temperature kelvin (viability)": "277", "Minutes (viability)": "30"}
    for field, value in fields.items():
        page.get_by_label(field).fill(value)
    predict(page, SMILES, text)


@pytest.fixture(scope="module")
def predicted(common_visit):
    """A desk where glycerol and DMSO are predicted; tests look at it."""
    visit = common_visit()
    page = visit.open()
    predict(page, SMILES, "OCC(O)CO\nCS(C)=O\nnonsense")
    expect(page.get_by_text("2 predicted, 1 refused.")).to_be_visible()
    return visit


@pytest.fixture(scope="module")
def desk_for_files(common_visit):
    """A page where one file after the other is chosen."""
    return common_visit().open()


@pytest.fixture(scope="module")
def all_predicted(common_visit):
    """A desk where glycerol and DMSO are predicted for all targets; tests look at it."""
    visit = common_visit()
    page = visit.open("/?target=all", has_chart=False)
    ask_all_targets(page, "OCC(O)CO\nnonsense\nCS(C)=O")
    expect(page.get_by_text("2 predicted, 1 refused.")).to_be_visible()
    return visit


def test_a_link_reproduces_what_was_seen_after_the_login_and_signing_out_closes_it(visit):
    link = f"{visit.address}/?target=iri&version=1"
    visit.page.goto(link)
    expect(visit.page).to_have_url(re.compile(r"/login\?next=%2F%3Ftarget%3Diri%26version%3D1$"))
    page = visit.sign_in("/?target=iri&version=1")
    expect(page.get_by_role("combobox", name="Target")).to_have_text("Ice recrystallization inhibition")
    expect(page.get_by_role("combobox", name="Version")).to_contain_text("1")

    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Name").wait_for()
    page.goto(link)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_glycerol_is_predicted_with_its_structure(predicted):
    page = predicted.page
    picture = page.get_by_alt_text("Structure of OCC(O)CO")
    expect(picture).to_be_visible()
    page.wait_for_function("image => image.naturalWidth > 0", arg=picture.element_handle())


def test_predictions_are_taken_along(desk_for_files):
    page = desk_for_files
    choose_file(page, "smiles,name\nOCC(O)CO,glycerol\n", "glycerol.csv")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_text("1 predicted, 0 refused.")).to_be_visible()
    for kind, begins in (("CSV", b"target,smiles"), ("XLSX", b"PK"), ("SDF", b"glycerol")):
        with page.expect_download(timeout=60_000) as downloaded:
            page.get_by_role("button", name=f"Download as {kind}").click()

        assert downloaded.value.path().read_bytes().startswith(begins), kind


def test_files_hold_ticked_rows_or_those_in_sight(visit):
    page = visit.open()
    predict(page, SMILES, "\n".join("C" * length + "O" for length in range(1, 13)))
    expect(page.get_by_text("Files hold 12 rows.")).to_be_visible()
    choose(page, "Rows in the files", "rows of the page in sight")
    page.get_by_role("button", name="Next Page").first.click()
    expect(page.get_by_text("Files hold 2 rows.")).to_be_visible()
    assert taken_smiles(page) == ["C" * 11 + "O", "C" * 12 + "O"]

    choose(page, "Rows in the files", "ticked rows")
    expect(page.get_by_text("Tick rows in the table first.")).to_be_visible()
    expect(page.get_by_role("button", name="Download as CSV")).to_be_disabled()
    tick(page, "C" * 12 + "O")
    page.get_by_role("button", name="Prev Page").first.click()
    tick(page, "CO")
    expect(page.get_by_text("Files hold 2 rows.")).to_be_visible()
    assert taken_smiles(page) == ["CO", "C" * 12 + "O"]


def test_a_prediction_stands_among_the_known_ones(predicted):
    page = predicted.page
    cell = page.get_by_role("row", name="OCC(O)CO").get_by_text(re.compile(r"^above \d+ % of 48$"))
    expect(cell).to_be_visible()
    page.get_by_role("columnheader", name="Among known").hover()
    expect(page.get_by_text("the share of the known cryoprotectants")).to_be_visible()
    with page.expect_download(timeout=60_000) as downloaded:
        page.get_by_role("button", name="Download as SDF").click()
    text = downloaded.value.path().read_text()
    fraction = float(re.search(r">  <known_fraction_below>.*\n(.+)", text)[1])
    assert cell.inner_text() == f"above {100 * fraction:.0f} % of 48"


def test_dmso_is_flagged_as_outside_the_domain(predicted):
    page = predicted.page

    expect(page.get_by_role("row", name="CS(C)=O").get_by_text("outside")).to_be_visible()
    expect(page.get_by_role("row", name="OCC(O)CO").get_by_text("in domain")).to_be_visible()


def test_a_button_can_be_pressed_again_however_fast_its_work_has_ended(visit):
    button = visit.open(has_chart=False).get_by_role("button", name="Predict", exact=True)
    for _ in range(60):  # nothing is asked, so each ends at once
        button.click()

    expect(visit.page.get_by_text("Nothing to predict")).to_be_visible()


def test_the_chart_has_a_sentence_metrics_and_a_table_beside_it(predicted):
    page = predicted.page

    expect(page.get_by_text("measured values lie inside their prediction interval")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Mean absolute error (K)")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Measured (K)")).to_be_visible()
    box = page.locator(".bk-Canvas").first.bounding_box()
    assert box["width"] > 300
    assert box["height"] > 300


def test_a_csv_with_a_bad_row_shows_its_line_and_predicts_the_others(desk_for_files):
    page = desk_for_files
    choose_file(page, "name,smiles\nglycerol,OCC(O)CO\nbroken,C1CC\nethanol,CCO\n", "a-bad-row.csv")
    page.get_by_role("button", name="Predict").click()

    expect(page.get_by_text("2 predicted, 1 refused.")).to_be_visible()
    expect_last_refused(page, r"^3.*C1CC")


def test_a_csv_with_semicolons_and_a_surplus_cell_predicts_the_right_molecule(desk_for_files):
    page = desk_for_files
    choose_file(page, "smiles;name;operator\nOCCO;CCO;me;surplus\n\nCO;methanol;me\n", "semicolons.csv")
    page.get_by_role("button", name="Predict").click()

    expect(page.get_by_text("1 predicted, 1 refused. Columns not used: operator.")).to_be_visible()
    expect_last_refused(page, r"^2.*more cells than the header")
    expect(page.get_by_role("row", name="methanol").first).to_be_visible()


def test_what_a_file_says_is_never_markup(desk_for_files):
    page = desk_for_files
    choose_file(page, 'smiles\n"<img src=x onerror=""document.title=1"">"\n', "markup.csv")
    page.get_by_role("button", name="Predict").click()

    expect(page.get_by_text("0 predicted, 1 refused.")).to_be_visible()
    expect(page).to_have_title("Predict - cryokit")


def test_viability_asks_for_its_conditions_and_is_labelled_as_of_insufficient_skill(visit):
    page = visit.open("/?target=viability")
    predict(page, RECIPES, "glycerol=6 mol/kg; formamide=6 mol/kg")
    expect(page.get_by_text("fill in: cell, assay, endpoint")).to_be_visible()
    choose(page, "Endpoint", "exposure survival")
    for field, value in {"Cell": "BPAEC", "Assay": "calcein", "Temperature kelvin": "277", "Minutes": "30"}.items():
        page.get_by_label(field).fill(value)
    predict(page, RECIPES, "glycerol=6 mol/kg; formamide=6 mol/kg")

    expect(page.get_by_text("1 predicted, 0 refused.")).to_be_visible()
    expect(page.get_by_role("row", name="formamide").get_by_text("insufficient skill")).to_be_visible()


def test_all_targets_stand_in_one_row_with_flags_and_nearest_measured(all_predicted):
    page = all_predicted.page
    row = page.get_by_role("row", name="OCC(O)CO").first
    expect(row.get_by_role("list", name="Nearest measured")).to_have_count(3)
    expect(row.get_by_text("in training", exact=True)).to_have_count(1)
    expect(row).to_contain_text("glycerol: 190 K, likeness 1.00")
    expect(row).to_contain_text(re.compile(r"among known: above \d+ % of 48"))
    expect(row).to_contain_text("among known: unknown, none comparable")
    expect(row).to_contain_text("galactitol: 87.9 % of control")
    expect(row).to_contain_text("glycerol: 0.75 fraction of control")
    expect(page.get_by_role("row", name="CS(C)=O").first.get_by_text("outside", exact=True)).to_have_count(2)
    expect(page.get_by_role("link", name="model card")).to_have_count(3)


def test_a_target_without_conditions_is_left_out_and_one_with_some_is_refused(visit):
    page = visit.open("/?target=all", has_chart=False)
    predict(page, SMILES, "OCC(O)CO")

    expect(page.get_by_text("Cell viability: not asked, its conditions are empty")).to_be_visible()
    page.get_by_label("Cell (viability)").fill("BPAEC")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_text("fill in: assay, endpoint, amount")).to_be_visible()


def test_an_sdf_is_predicted_record_by_record(desk_for_files):
    page = desk_for_files
    drawn = sdf_text(["OCC(O)CO", "CO"], [{"name": "glycerol", "operator": "me"}, {"name": "methanol"}])
    whole, other = drawn.split("$$$$\n", 1)
    choose_file(page, f"{whole}$$$$\nbroken\n\n\n  1  0\nM  END\n$$$$\n{other}", "molecules.sdf")
    page.get_by_role("button", name="Predict").click()

    expect(page.get_by_text("2 predicted, 1 refused. Columns not used: operator.")).to_be_visible()
    expect_last_refused(page, rf"^{len(whole.splitlines()) + 2}.*cannot be read")
    expect(page.get_by_role("row", name="methanol").first).to_be_visible()


def test_predictions_are_filtered_by_structure_and_files_hold_what_is_shown(visit):
    page = visit.open()
    predict(page, SMILES, "OCC(O)CO\nCCCC\nOCCO")
    expect(page.get_by_text("3 predicted, 0 refused.")).to_be_visible()
    page.get_by_label("Holds (SMARTS)").fill("[OX2H]")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_text("2 of 3 are shown")).to_be_visible()
    expect(page.get_by_alt_text("Structure of CCCC")).to_have_count(0)
    with page.expect_download(timeout=60_000) as downloaded:
        page.get_by_role("button", name="Download as CSV").click()
    assert len(downloaded.value.path().read_text().splitlines()) == 3
    page.get_by_label("Holds (SMARTS)").fill("")
    page.get_by_label("Alike to (SMILES)").fill("nonsense")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_text("'nonsense' cannot be read as a SMILES")).to_be_visible()
    page.get_by_label("Alike to (SMILES)").fill("OCCO")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_alt_text("Structure of OCCO")).to_be_visible()
    expect(page.get_by_text("1.00", exact=True).filter(visible=True)).to_be_visible()

    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_alt_text("Structure of CCCC")).to_be_visible()


def test_all_targets_together_are_accessible_and_fit_a_desk(all_predicted):
    expect_accessible_and_fitting(all_predicted, "predict-all-light-1440")


def test_all_targets_together_are_accessible_and_fit_a_dark_phone(new_visit):
    visit = new_visit(color_scheme="dark", width=390)
    page = visit.open("/?target=all", has_chart=False)
    ask_all_targets(page, "OCC(O)CO\nCS(C)=O")
    expect(page.get_by_text("2 predicted, 0 refused.")).to_be_visible()

    expect_accessible_and_fitting(visit, "predict-all-dark-390")


def expect_accessible_and_fitting(visit, picture):
    page = visit.page
    visit.screenshot(picture)
    assert violations(page) == []
    inner = page.locator(".main-content").evaluate("element => element.scrollWidth - element.clientWidth")
    assert inner == 0


def test_choosing_another_target_changes_the_axes_and_the_address(visit):
    page = visit.open()
    choose(page, "Target", "Ice recrystallization inhibition")

    expect(page.get_by_role("columnheader", name="Measured (% of control)")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?target=iri&version=\d+$"))
    labels = page.evaluate(
        "Bokeh.documents[0].all_models ? [...Bokeh.documents[0].all_models].map(m => m.axis_label).filter(Boolean) : []"
    )
    assert "measured ice recrystallization inhibition (% of control)" in labels


def test_the_documentation_works_offline(visit):
    visit.be_signed_in()
    visit.page.goto(f"{visit.address}/docs")

    expect(visit.page.get_by_role("link", name="/api/v1/predict", exact=True)).to_be_visible()


def test_a_desk_sees_no_accessibility_violation(predicted):
    visit, page = predicted, predicted.page
    page.get_by_alt_text("Structure of CS(C)=O").wait_for()
    for scheme in visit.in_both_themes():
        visit.screenshot(f"predict-{scheme}-1440")

        assert violations(page) == [], scheme


def test_the_login_page_has_no_accessibility_violation(visit):
    visit.page.goto(f"{visit.address}/login")

    assert violations(visit.page) == []


def test_a_phone_needs_no_sideways_scrolling(new_visit):
    visit = new_visit(width=390, is_mobile=True, has_touch=True)
    page = visit.open()
    predict(page, SMILES, "OCC(O)CO\nCS(C)=O")
    expect(page.get_by_text("2 predicted, 0 refused.")).to_be_visible()
    expect(page.get_by_text("outside", exact=True).filter(visible=True)).to_have_count(1)
    for scheme in visit.in_both_themes():
        visit.screenshot(f"predict-{scheme}-390")

        width = page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
        inner = page.locator(".main-content").evaluate("element => element.scrollWidth - element.clientWidth")
        assert (width, inner) == (390, 0), scheme
