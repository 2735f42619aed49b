"""Random points in time, addresses and names: each restore has exactly the rows that were there then."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from cryokit.backup.files import Cipher
from cryokit.backup.restore import fill, newest_before
from cryokit.backup.scratch import RecoveryTarget, Scratch
from cryokit.db import programs

pytestmark = pytest.mark.drill

TARGETS = 20
STEPS = 240
Rows = dict[int, str]


@dataclass(frozen=True)
class Point:
    """A moment that can be named, and the rows that were there."""

    kind: str
    target: str
    rows: Rows


def change(cursor, rows: Rows, chance: random.Random, number: int) -> None:
    """Insert, change or delete rows in one transaction, here and there."""
    verb = chance.choice(("insert", "insert", "update", "delete")) if rows else "insert"
    if verb == "insert":
        rows[number] = f"new {number}"
        cursor.execute("INSERT INTO public.ledger VALUES (%s, now(), %s)", (number, rows[number]))
        return
    chosen = chance.sample(sorted(rows), min(len(rows), chance.randint(1, 4)))
    if verb == "delete":
        cursor.execute("DELETE FROM public.ledger WHERE number = ANY (%s)", (chosen,))
        for one in chosen:
            del rows[one]
        return
    cursor.execute("UPDATE public.ledger SET filler = %s WHERE number = ANY (%s)", (f"changed {number}", chosen))
    rows |= dict.fromkeys(chosen, f"changed {number}")


def named(cursor, chance: random.Random, number: int) -> tuple[str, str]:
    """Return a way to name this moment."""
    kind = chance.choice(("time", "time", "address", "name"))
    if kind == "address":
        cursor.execute("SELECT pg_current_wal_lsn()::text")
        return kind, cursor.fetchone()[0]
    if kind == "name":
        cursor.execute("SELECT pg_create_restore_point(%s)", (f"step {number}",))
        return kind, f"step {number}"
    time.sleep(0.01)
    moment = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    return kind, moment


def history(installation, connect, chance: random.Random) -> list[Point]:
    """Write for a while, with backups, checkpoints, finished segments and a restart of the server between."""
    workbench, rows, points = installation.workbench, {}, []
    kinds = ["full", "incremental", "full"]
    if programs.major(programs.version(programs.pg_bindir(installation.settings))) < 17:
        kinds = ["full", "full"]
    backups = dict(zip(sorted(chance.sample(range(1, STEPS // 2), len(kinds) - 1)), kinds[1:], strict=True))
    workbench.create_backup(kinds[0], prove=True)
    for number in range(STEPS):
        if number in backups:
            workbench.create_backup(backups[number])
        if chance.random() < 0.02:
            workbench.stop_database()
            workbench.start_database()
        with connect(installation.settings) as cursor:
            change(cursor, rows, chance, number)
            points.append(Point(*named(cursor, chance, number), dict(rows)))
            if chance.random() < 0.05:
                cursor.execute(chance.choice(("SELECT pg_switch_wal()", "CHECKPOINT")))
    return points


def rows_at(installation, connect, point: Point) -> tuple[str, Rows]:
    """Replay up to a point as a restore does, without its verification; return from which backup, and the rows."""
    target = RecoveryTarget.at(point.target)
    # A time chooses its backup; an address or a name may lie before the newest one, so the first is taken.
    found = newest_before(installation.settings, target) if point.kind == "time" else installation.sets.all()[0]
    with Scratch(installation.settings, Cipher(None)).opened() as scratch:
        fill(scratch, installation.sets, found, target)
        with connect(scratch.settings) as cursor:
            cursor.execute("SELECT number, filler FROM public.ledger")
            return found.id, dict(cursor.fetchall())


def test_random_points_come_back_exactly(installation, connect, chance, say):
    points = history(installation, connect, chance)
    chosen = sorted(chance.sample(range(len(points)), TARGETS))
    say(f"{len(points)} points, {len(installation.ids())} backups; restoring {TARGETS} of them")
    wrong = []
    for number in chosen:
        point, began = points[number], time.perf_counter()
        set_id, found = rows_at(installation, connect, point)
        is_exact = found == point.rows
        say(
            f"  {point.kind} {point.target} from {set_id}: {len(found)} rows, "
            f"{'exact' if is_exact else 'WRONG'}, {time.perf_counter() - began:.1f} s"
        )
        if not is_exact:
            wrong.append(number)
    say(f"{TARGETS - len(wrong)} of {TARGETS} exact")

    assert wrong == []
