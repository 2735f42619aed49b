"""Each restore begins a timeline that the archive does not know yet: no history is written over another."""

import contextlib
import time
from collections.abc import Iterator

import psycopg2
import pytest

from cryokit.db.server import SUPERUSER, Server
from cryokit.workbench import Workbench


@pytest.fixture
def workbench(make_settings) -> Iterator[Workbench]:
    """An installation with a ledger."""
    with make_settings() as make, Workbench(make()) as workbench:
        workbench.migrate()
        execute(workbench.settings, "CREATE TABLE public.ledger (number integer)")
        yield workbench


def execute(settings, statement: str) -> list[tuple]:
    with contextlib.closing(psycopg2.connect(Server(settings).url(SUPERUSER))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def write(workbench: Workbench, number: int) -> str:
    """Write a row and have it in the archive; return the segment that holds it."""
    execute(workbench.settings, f"INSERT INTO public.ledger VALUES ({number})")
    [(segment,)] = execute(workbench.settings, "SELECT pg_walfile_name(pg_switch_wal())")
    deadline = time.monotonic() + 30
    while not (workbench.settings.wal_archive_dir / f"{segment}.sha256").exists():
        assert time.monotonic() < deadline, f"{segment} was not archived: {workbench.backup_status()['archiver']}"
        time.sleep(0.05)
    return segment


def rows(settings) -> list[int]:
    return [number for (number,) in execute(settings, "SELECT number FROM public.ledger ORDER BY number")]


def archived(workbench: Workbench) -> dict[str, str]:
    """Return the checksum of each archived file."""
    return {path.name: path.read_text() for path in workbench.settings.wal_archive_dir.glob("*.sha256")}


def timeline_of(segment: str) -> int:
    return int(segment[:8], 16)


@pytest.mark.drill
def test_one_set_restored_twice_leads_to_two_timelines_that_both_come_back(workbench, other_settings):
    full = workbench.create_backup("full", prove=False)["id"]
    written, before = [], archived(workbench)
    for number in (1, 2):
        workbench.restore_backup(full, replace=True)
        written.append(write(workbench, number))
        now = archived(workbench)
        assert before.items() <= now.items()
        before = now
    workbench.verify_backup(full, deep=True)
    elsewhere = other_settings()
    workbench.restore_backup(full, timeline=2, into=elsewhere.state_dir)

    assert [timeline_of(segment) for segment in written] == [2, 3]
    assert rows(elsewhere) == [1]
    assert rows(workbench.settings) == [2]
    assert not workbench.backup_status()["archiver"]["failed_count"]
    assert workbench.verify_archive()["status"] == "pass"


@pytest.mark.parametrize("to", [pytest.param(None, marks=pytest.mark.drill), "latest"])
def test_a_timeline_that_began_with_a_dump_is_not_begun_again(workbench, to):
    full, dump = (workbench.create_backup(kind, prove=False)["id"] for kind in ("full", "dump"))
    workbench.restore_backup(dump, replace=True)
    from_dump = write(workbench, 1)
    workbench.restore_backup(full, to, replace=True, timeline=1 if to else None)
    from_full = write(workbench, 2)

    assert [timeline_of(segment) for segment in (from_dump, from_full)] == [2, 3]
    assert rows(workbench.settings) == [2]
    assert not workbench.backup_status()["archiver"]["failed_count"]


def test_what_the_old_server_hands_over_at_its_end_is_not_refused(workbench):
    full = workbench.create_backup("full", prove=False)["id"]
    execute(workbench.settings, "INSERT INTO public.ledger VALUES (1)")
    workbench.restore_backup(full, "latest", replace=True)
    write(workbench, 2)

    assert rows(workbench.settings) == [1, 2]
    assert not workbench.backup_status()["archiver"]["failed_count"]
    assert workbench.verify_archive()["status"] == "pass"
