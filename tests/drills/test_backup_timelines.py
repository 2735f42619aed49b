"""After a restore to an earlier point both ways can be gone: the new timeline, and the older one past its branch."""

from datetime import UTC, datetime

import pytest

from cryokit.backup.files import Cipher
from cryokit.backup.restore import fill, newest_before
from cryokit.backup.scratch import RecoveryTarget, Scratch
from cryokit.errors import InputError

pytestmark = pytest.mark.drill


def rows_at(installation, connect, to: str | None, timeline: int | None = None) -> tuple[str, list[int]]:
    """Replay up to a point as a restore does; return from which backup, and the rows."""
    target = RecoveryTarget.at(to, timeline)
    found = newest_before(installation.settings, target)
    with Scratch(installation.settings, Cipher(None)).opened() as scratch:
        fill(scratch, installation.sets, found, target)
        with connect(scratch.settings) as cursor:
            cursor.execute("SELECT number FROM public.ledger ORDER BY number")
            return found.id, [number for (number,) in cursor.fetchall()]


def insert(installation, connect, number: int) -> str:
    """Insert a row and return the moment after it."""
    with connect(installation.settings) as cursor:
        cursor.execute("INSERT INTO public.ledger VALUES (%s, now(), '')", (number,))
        cursor.execute("SELECT pg_sleep(0.05)")
        moment = datetime.now(UTC).isoformat()
        cursor.execute("SELECT pg_sleep(0.05)")
    return moment


def test_points_on_both_sides_of_a_branch_come_back(installation, connect, say):
    workbench = installation.workbench
    first = workbench.create_backup("full")["id"]
    early = insert(installation, connect, 1)
    insert(installation, connect, 2)
    abandoned = workbench.create_backup("full")["id"]
    late = insert(installation, connect, 3)
    workbench.restore_backup(to=early, replace=True)
    insert(installation, connect, 10)

    found = {
        "latest": rows_at(installation, connect, "latest"),
        "late, older timeline": rows_at(installation, connect, late, timeline=1),
        "end of the older timeline": rows_at(installation, connect, None, timeline=1),
        "early, older timeline": rows_at(installation, connect, early, timeline=1),
    }
    for name, (set_id, rows) in found.items():
        say(f"  {name}: {rows} from {set_id}")

    # The backup that was made after the branch, but on the way that was left, leads to the older timeline only.
    assert found["latest"] == (first, [1, 10])
    assert found["late, older timeline"] == (abandoned, [1, 2, 3])
    assert found["end of the older timeline"] == (abandoned, [1, 2, 3])
    assert found["early, older timeline"] == (first, [1])
    assert workbench.backup_status()["timelines"][:2] == [1, 2]
    with pytest.raises(InputError, match="was made after that was left for timeline 2; .* or --timeline 1"):
        workbench.restore_backup(abandoned, "latest", replace=True)
    with pytest.raises(InputError, match="there is no timeline 9; there are 1, 2"):
        workbench.restore_backup(timeline=9, replace=True)


def test_a_dump_in_place_of_the_cluster_goes_on_handing_over_wal(installation, connect, say):
    workbench = installation.workbench
    insert(installation, connect, 20)
    dump = workbench.create_backup("dump")["id"]
    workbench.restore_backup(dump, replace=True)
    full = workbench.create_backup("full")
    insert(installation, connect, 21)
    with connect(installation.settings) as cursor:
        cursor.execute("SELECT pg_switch_wal()")
    insert(installation, connect, 22)
    set_id, rows = rows_at(installation, connect, "latest")
    say(f"  after a dump in place: {rows} from {set_id}, archiver {workbench.backup_status()['archiver']}")

    assert set_id == full["id"]
    assert rows[-3:] == [20, 21, 22]
    assert not workbench.backup_status()["archiver"]["is_failing"]
    assert workbench.verify_archive()["status"] == "pass"
