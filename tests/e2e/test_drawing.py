import re

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from tests.e2e.axe import violations
from tests.e2e.files import choose_file

SMILES = "SMILES, one on each line"
EDITOR = "/assets/jsme/editor.html"
WIDTHS = (390, 768, 1440)
# Tools of the editor by column and row.
CLEAR, CHAIN, SIX_RING = (1, 0), (4, 1), (9, 1)


def open_editor(page: Page, says: str) -> Locator:
    """Open the dialog with the keyboard and wait until the editor says what it begins with."""
    page.get_by_role("button", name="Draw a molecule").press("Enter")
    dialog = page.get_by_role("dialog", name="Draw a molecule")
    expect(dialog.get_by_role("status")).to_contain_text(says)
    return dialog


def choose(frame: Locator, tool: tuple[int, int]) -> None:
    side = 24 if frame.bounding_box()["width"] < 600 else 36
    frame.click(position={"x": (tool[0] + 0.5) * side, "y": (tool[1] + 0.5) * side})


def middle(frame: Locator) -> dict[str, float]:
    box = frame.bounding_box()
    return {"x": box["width"] / 2, "y": box["height"] / 2}


def editor_in(page: Page) -> Frame:
    return next(frame for frame in page.frames if EDITOR in frame.url)


def predict(page: Page) -> None:
    page.get_by_role("button", name="Predict", exact=True).click()


@pytest.fixture(scope="module")
def desk(common_visit):
    """A page where one molecule after the other is drawn."""
    return common_visit(width=WIDTHS[0]).open()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_drawn_ring_is_predicted(desk, width):
    page = desk
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_label(SMILES).fill("")
    predict(page)
    expect(page.get_by_text("Nothing to predict")).to_be_visible()
    assert not any(EDITOR in frame.url for frame in page.frames)
    dialog = open_editor(page, "Choose a bond, a ring or an atom")
    frame = dialog.get_by_title("Structure editor")
    choose(frame, SIX_RING)
    frame.click(position=middle(frame))
    expect(dialog.get_by_text("Drawn: C1CCCCC1", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Add to the list").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_label(SMILES)).to_have_value("C1CCCCC1")
    predict(page)

    expect(page.get_by_text("1 predicted, 0 refused.")).to_be_visible()
    expect(page.get_by_alt_text("Structure of C1CCCCC1")).to_be_visible()


def test_what_is_drawn_with_the_mouse_joins_what_was_pasted(desk):
    page = desk
    page.get_by_label(SMILES).fill("OCC(O)CO\nnonsense")
    dialog = open_editor(page, "Choose a bond, a ring or an atom")  # it cannot read the last line
    frame = dialog.get_by_title("Structure editor")
    choose(frame, CHAIN)
    box = frame.bounding_box()
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 200, y, steps=10)
    page.mouse.up()
    expect(dialog.get_by_role("status")).to_have_text(re.compile("^Drawn: C{4,}$"))
    chain = dialog.get_by_role("status").inner_text().removeprefix("Drawn: ")
    dialog.get_by_role("button", name="Add to the list").press("Enter")
    expect(page.get_by_label(SMILES)).to_have_value(f"OCC(O)CO\nnonsense\n{chain}")
    predict(page)

    expect(page.get_by_text("2 predicted, 1 refused.")).to_be_visible()
    expect(page.get_by_alt_text(f"Structure of {chain}", exact=True)).to_be_visible()


def test_drawing_goes_on_from_the_last_line_and_escape_leaves_all_as_it_was(desk):
    page = desk
    page.get_by_label(SMILES).fill("OCC(O)CO\nOC[C@H](N)C")
    dialog = open_editor(page, "Drawn: ")
    drawn = dialog.get_by_role("status")
    expect(drawn).to_have_text(re.compile(r"\[C@@?H\]"))
    choose(dialog.get_by_title("Structure editor"), CLEAR)
    expect(drawn).to_contain_text("Choose a bond, a ring or an atom")
    expect(dialog.get_by_role("button", name="Add to the list")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    expect(page.get_by_label(SMILES)).to_have_value("OCC(O)CO\nOC[C@H](N)C")
    expect(page.get_by_role("button", name="Draw a molecule")).to_be_focused()


def test_drawing_is_offered_where_a_molecule_is_asked_and_no_file_is_chosen(visit):
    page = visit.open("/?target=viability")
    expect(page.get_by_role("button", name="Draw a molecule")).to_have_count(0)
    page.get_by_role("combobox", name="Target").click()
    page.get_by_role("option", name="Glass transition").click()
    expect(page.get_by_role("button", name="Draw a molecule")).to_be_enabled()
    choose_file(page, "smiles\nCCO\n", "rows.csv")

    expect(page.get_by_role("button", name="Draw a molecule")).to_be_disabled()
    page.get_by_role("button", name="Remove file").click()
    expect(page.get_by_role("button", name="Draw a molecule")).to_be_enabled()


def test_the_editor_is_accessible_and_fits(new_visit):
    visit = new_visit(width=WIDTHS[0])
    page = visit.open()
    page.get_by_label(SMILES).fill("OC[C@H]1O[C@H](O[C@]2(CO)O[C@H](CO)[C@@H](O)[C@@H]2O)[C@H](O)[C@@H](O)[C@@H]1O")
    for scheme in visit.in_both_themes():
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            dialog = open_editor(page, "Drawn: ")
            visit.picture(f"draw-{scheme}-{width}")

            assert violations(page) == [], (scheme, width)
            assert violations(editor_in(page)) == [], (scheme, width)
            box = dialog.bounding_box()
            assert box["x"] >= 0, (scheme, width)
            assert box["x"] + box["width"] <= width, (scheme, width)
            assert dialog.evaluate("element => element.scrollHeight - element.clientHeight") == 0, (scheme, width)
            dialog.get_by_role("button", name="Cancel").click()
