"""Partitions: what has its name is whole, nothing is mixed with other work, nothing is lost or repeated."""

import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from cryokit.compute.partitions import MANIFEST, Partitions
from cryokit.compute.results import count_present, pieces, schema_of, table_of
from cryokit.errors import ConflictError, InputError, IntegrityCheckError, NotFoundError

WORK = {"input sha256": "a", "model of tg": "version 1"}
SCHEMA = schema_of(["tg"])


def part(first_row: int, count: int):
    columns = {name: [None] * count for name in SCHEMA.names if name != "row"}
    texts = [f"C{number}" for number in range(first_row, first_row + count)]
    return table_of(SCHEMA, columns | {"name": texts, "smiles": texts}, first_row)


@pytest.fixture
def work(tmp_path) -> Partitions:
    return Partitions(tmp_path / "out.parquet", WORK)


def test_partitions_that_are_done_are_known_to_the_next_process(work):
    with work.opened() as done:
        assert done == set()
        work.store(1, part(2, 2))

    with Partitions(work.output, WORK).opened() as done:
        assert done == {1}


def test_half_a_file_does_not_count(work):
    with work.opened():
        work.store(0, part(0, 2))
    (work.folder / "part-00000001.partial").write_bytes(b"PAR1 half")

    with work.opened() as done:
        assert done == {0}
    assert not (work.folder / "part-00000001.partial").exists()


@pytest.mark.parametrize("name", list(WORK))
def test_other_work_is_refused_and_says_what_differs(work, name):
    with work.opened():
        work.store(0, part(0, 2))
    other = Partitions(work.output, WORK | {name: "other"})

    with pytest.raises(ConflictError, match=f"{name} was {WORK[name]}, now it is other"), other.opened():
        pass
    assert work.done() == {0}


def test_one_process_at_a_time_works_on_an_output(work):
    program = (
        "from cryokit.compute.partitions import Partitions; from pathlib import Path; import sys\n"
        f"with Partitions(Path(sys.argv[1]), {WORK!r}).opened(): pass"
    )
    with work.opened():
        run = subprocess.run(
            [sys.executable, "-c", program, str(work.output)], capture_output=True, text=True, check=False
        )

    assert run.returncode == 1
    assert "ConflictError: another process is working on" in run.stderr


def test_the_output_holds_all_rows_in_order_and_the_folder_is_gone(work):
    with work.opened():
        for number in (2, 0, 1):
            work.store(number, part(2 * number, 2 if number < 2 else 1))
        work.assemble(SCHEMA, 3, 5)

    assert pq.read_table(work.output)["row"].to_pylist() == [0, 1, 2, 3, 4]
    assert not work.folder.exists()
    assert work.is_finished()


@pytest.mark.parametrize(("second", "rows"), [(part(1, 2), 4), (part(3, 2), 4), (part(2, 1), 4)])
def test_a_gap_or_a_repeat_gives_no_output(work, second, rows):
    with work.opened():
        work.store(0, part(0, 2))
        work.store(1, second)
        with pytest.raises(IntegrityCheckError):
            work.assemble(SCHEMA, 2, rows)

    assert not work.output.exists()
    assert (work.folder / MANIFEST).exists()


def test_an_output_of_other_work_is_never_overwritten(work):
    with work.opened():
        work.store(0, part(0, 2))
        work.assemble(SCHEMA, 1, 2)
    before = work.output.read_bytes()

    with pytest.raises(ConflictError, match="input sha256 was a, now it is b"):
        Partitions(work.output, WORK | {"input sha256": "b"}).is_finished()
    assert work.output.read_bytes() == before


def test_a_file_of_somebody_else_is_never_overwritten(work):
    work.output.write_text("my notes")

    with pytest.raises(ConflictError, match="is there already"):
        work.is_finished()


def test_units_stand_in_the_output(work):
    with work.opened():
        work.store(0, part(0, 2))
        work.assemble(SCHEMA, 1, 2)

    assert pq.read_schema(work.output).field("tg_value").metadata == {b"unit": b"K"}
    assert count_present(work.output, "error") == 0


def test_reading_says_what_is_not_there(work):
    with pytest.raises(NotFoundError, match="`cryokit screen` makes one"):
        list(pieces(work.output))
    work.output.write_text("my notes")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        list(pieces(work.output))
