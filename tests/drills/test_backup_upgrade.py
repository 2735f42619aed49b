"""A dump that an older PostgreSQL made comes back in a newer one, in place of the old cluster."""

from pathlib import Path

import pytest

from cryokit.db import programs
from cryokit.workbench import Workbench

pytestmark = pytest.mark.drill

OLD = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def new_bindir() -> Path:
    """The programs of the package."""
    return next(folder for folder in programs._wheel_folders() if programs._is_complete(folder))


def test_a_dump_of_15_is_restored_into_18(new_installation, new_bindir, connect, say):
    if not OLD.is_dir():
        pytest.fail("PostgreSQL 15 is missing; install it with ops/bootstrap.sh postgresql 15")
    installation = new_installation(pg_bindir=OLD)
    old = installation.workbench
    with connect(installation.settings) as cursor:
        for _ in range(50):
            installation.ledger.write(cursor)
    full = old.create_backup("full")
    dump = old.create_backup("dump")
    old.close()
    settings = installation.settings.model_copy(update={"pg_bindir": new_bindir})
    with Workbench(settings) as new:
        done = new.restore_backup(dump["id"], replace=True)
        say(f"  {dump['server_version']} -> {new.database_status()['version']}: {done['verification']}")
        rows = installation.require_nothing_lost(settings)
        first = new.create_backup("full")
        with connect(settings) as cursor:
            installation.ledger.write(cursor)
            cursor.execute("SELECT pg_switch_wal()")
        report = new.drill_backup()

        assert dump["server_version"].startswith("15.")
        assert (Path(done["kept"]) / "PG_VERSION").read_text().strip() == "15"
        assert {line["status"] for line in done["verification"]} == {"pass"}
        assert rows == 50
        assert list(new.users()["name"]) == ["anna"]
        # The copies of the old cluster's files lead nowhere here, and nothing is built on them.
        assert (report["backup"], report["is_passed"]) == (first["id"], True)
        assert new.create_backup("incremental")["parent"] == first["id"] != full["id"]
        assert not new.backup_status()["archiver"]["is_failing"]
        new.stop_database()
