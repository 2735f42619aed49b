"""The declared matrix of access: how it is read, and by which statement a cell is tried."""

from pathlib import Path

import pytest
from psycopg2 import sql

from cryokit.db import access_matrix
from cryokit.db.access_matrix import (
    ACTORS,
    Cell,
    actor_of,
    count_after,
    declared_cells,
    statement_of,
)
from cryokit.errors import ConfigError

HEADER = ",".join(("table", "row", *ACTORS))
ROW = {"id": 7, "owner_id": "somebody", "verifier_id": None, "value": 190.0, "extra": {"a": [1]}, "names": ["b"]}
DESCRIBED = {
    "schema": "cryo",
    "key": ["id", "value"],
    "columns": ["id", "owner_id", "verifier_id", "value", "extra", "names"],
    "updatable": ["value"],
    "maintainable": ["extra", "value"],
}


@pytest.fixture
def matrix(tmp_path, monkeypatch):
    """Write a matrix that is read in place of the committed one."""
    monkeypatch.setattr(access_matrix, "shared_folder", lambda name: tmp_path / name)
    (tmp_path / "sql").mkdir()
    file: Path = tmp_path / "sql" / "access_matrix.csv"
    return lambda *lines: file.write_text("\n".join((HEADER, *lines)) + "\n")


def line(table: str, row: str, **given: str) -> str:
    return ",".join((table, row, *(given.get(actor, "-") for actor in ACTORS)))


def test_each_line_is_a_cell_for_each_actor_and_operation(matrix):
    matrix(line("team", "own", service="SIUD", anonymous="S"))
    cells = declared_cells()

    assert [(cell.table, cell.row) for cell in cells] == [("team", "own")] * 4 * len(ACTORS)
    assert [cell.actor for cell in cells] == [actor for actor in ACTORS for _ in range(4)]
    assert [cell.operation for cell in cells[:4]] == ["select", "insert", "update", "delete"]
    assert [cell.is_declared for cell in cells[:4]] == [True, False, False, False]
    assert [cell.is_declared for cell in cells[4:-4]] == [False] * (4 * len(ACTORS) - 8)
    assert [cell.is_declared for cell in cells[-4:]] == [True] * 4


def test_the_committed_matrix_can_be_read():
    cells = declared_cells()

    assert len(cells) % (4 * len(ACTORS)) == 0
    assert len(set(cells)) == len(cells) > 1000


def test_other_columns_are_refused(matrix, tmp_path):
    (tmp_path / "sql" / "access_matrix.csv").write_text("table,row,anonymous\n")
    with pytest.raises(ConfigError) as caught:
        declared_cells()

    assert str(caught.value) == f"access_matrix.csv must have the columns table, row, {', '.join(ACTORS)}"
    (tmp_path / "sql" / "access_matrix.csv").write_text("")
    with pytest.raises(ConfigError, match="must have the columns"):
        declared_cells()


def test_another_letter_is_refused_with_its_line(matrix):
    matrix(line("team", "own"), line("team", "other", service="SX"))
    with pytest.raises(ConfigError) as caught:
        declared_cells()

    assert str(caught.value) == "access_matrix.csv line 3: 'SX' is not made of SIUD, or -"


def tried(operation: str, actor: str = "outsider", person: str | None = "me", **changed: object) -> tuple[str, list]:
    """Return a statement as text, with names as they are written, and its values."""
    statement, values = statement_of(
        Cell("measurement", "own", actor, operation, True), DESCRIBED | changed, ROW, person
    )
    return _text(statement), values


def _text(part: sql.Composable) -> str:
    if isinstance(part, sql.Composed):
        return "".join(map(_text, part.seq))
    return ".".join(part.strings) if isinstance(part, sql.Identifier) else part.as_string(None)


def test_a_row_is_read_and_deleted_by_its_key():
    assert tried("select") == ("SELECT id FROM cryo.measurement WHERE id = %s AND value = %s", [7, 190.0])
    assert tried("delete") == ("DELETE FROM cryo.measurement WHERE id = %s AND value = %s RETURNING 1", [7, 190.0])


def test_a_row_is_changed_in_a_column_that_may_be_changed():
    text = "UPDATE cryo.measurement SET {0} = {0} WHERE id = %s AND value = %s RETURNING 1"

    assert tried("update") == (text.format("value"), [7, 190.0])
    assert tried("update", "service") == (text.format("extra"), [7, 190.0])
    assert tried("update", updatable=None)[0] == text.format("id")


def test_a_new_row_is_like_the_other_one_but_ones_own():
    text = "INSERT INTO cryo.measurement (owner_id, verifier_id, value, extra, names) VALUES (%s, %s, %s, %s, %s)"

    assert tried("insert") == (text, ["me", None, 190.0, '{"a": [1]}', '["b"]'])
    assert tried("insert", person=None)[1][0] == "somebody"


def test_a_known_escape_says_as_whom_it_is_tried():
    assert actor_of("by_a_view", "-- As anonymous: reads what is not his.\nSELECT 1") == "anonymous"
    for query in ("-- As nobody: reads.", "SELECT 1", "x -- As anonymous: reads."):
        with pytest.raises(ConfigError) as caught:
            actor_of("by_a_view", query)
        assert str(caught.value) == (
            f"access_escapes.sql: by_a_view does not begin with `-- As ACTOR: `; actors are {', '.join(ACTORS)}"
        )


class RefusedError(Exception):
    """An error of the database with its code."""

    def __init__(self, pgcode: str | None) -> None:
        super().__init__(pgcode)
        self.pgcode = pgcode


def test_a_missing_right_is_a_refusal_and_a_constraint_comes_after_access():
    assert count_after(RefusedError("42501")) == 0
    assert [count_after(RefusedError(code)) for code in ("23505", "23503", "23514")] == [1, 1, 1]


@pytest.mark.parametrize(
    "error", [RefusedError("42P01"), RefusedError("55P03"), RefusedError(None), RuntimeError("away")]
)
def test_what_says_nothing_of_access_is_an_error(error):
    with pytest.raises(type(error)):
        count_after(error)
