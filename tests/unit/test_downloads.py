"""Which rows of a table a file holds: all, those of the page in sight, or those that are ticked."""

import io
import zipfile

import pandas as pd
import pytest

from dashboards import _tables
from dashboards._downloads import IN_SIGHT, SHOWN, TICKED, Downloads

ROWS = pd.DataFrame({"name": [f"row {number:02}" for number in range(12)], "smiles": ["C" * n for n in range(1, 13)]})


@pytest.fixture
def table():
    """A table of pages of ten rows, in which a name stands for each row."""
    return _tables.html_table(ROWS[["name"]].copy(), {"name": ("Name", "of the row")}, {})


@pytest.fixture
def downloads(table):
    return Downloads("tg", ROWS, table)


def names(downloads: Downloads) -> list[int]:
    return [int(name.removeprefix("row ")) for name in downloads.chosen()["name"]]


def test_all_rows_are_taken_unless_others_are_asked(downloads):
    assert downloads.which.value == SHOWN
    assert names(downloads) == list(range(12))
    assert "Files hold 12 rows." in downloads.said.object


def test_the_page_in_sight_follows_the_pager_and_the_order_shown(downloads, table):
    downloads.which.value = IN_SIGHT
    assert names(downloads) == list(range(10))

    table.page = 2
    assert names(downloads) == [10, 11]
    assert "Files hold 2 rows." in downloads.said.object

    table.page, table.sorters = 1, [{"field": "name", "dir": "desc"}]
    assert names(downloads) == list(range(11, 1, -1))


def test_ticked_rows_are_taken_in_the_order_shown(downloads, table):
    downloads.which.value = TICKED
    table.selection = [11, 3, 0]
    assert names(downloads) == [0, 3, 11]

    table.sorters = [{"field": "name", "dir": "desc"}]
    assert names(downloads) == [11, 3, 0]
    assert "Files hold 3 rows." in downloads.said.object


def test_nothing_ticked_gives_no_file_and_says_what_to_do(downloads, table):
    downloads.which.value = TICKED

    assert all(button.disabled for button in downloads.buttons)
    assert "Tick rows in the table first." in downloads.said.object
    table.selection = [5]
    assert not any(button.disabled for button in downloads.buttons)
    assert "Files hold 1 row." in downloads.said.object


def test_every_kind_of_file_holds_the_chosen_rows(downloads, table):
    downloads.which.value, table.selection = TICKED, [1, 2]
    csv, xlsx, sdf = (button.callback().read() for button in downloads.buttons)

    assert pd.read_csv(io.BytesIO(csv)).equals(ROWS.iloc[[1, 2]].reset_index(drop=True))
    assert sdf.decode().count("$$$$") == 2
    with zipfile.ZipFile(io.BytesIO(xlsx)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 3


def test_recipes_have_no_file_of_structures(table):
    labels = [button.label for button in Downloads("viability", ROWS.drop(columns="smiles"), table).buttons]

    assert labels == ["Download as CSV", "Download as XLSX"]
