"""The disk becomes full in each phase of a backup and of a restore: nothing is lost, nothing half done is kept."""

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryokit.backup import archive, engine, restore, scratch, sets
from cryokit.backup.files import Cipher
from cryokit.db import programs
from cryokit.db.registry import Registry
from cryokit.workbench import Workbench

pytestmark = pytest.mark.drill

BACKUP_PHASES = {
    "copying": (Cipher, "compress"),
    "manifest": (engine, "write_manifest"),
    "unpacking for the proof": (Cipher, "extract"),
    "combining": (programs, "run_here"),
    "replaying": (scratch.Scratch, "_start"),
    "verifying": (restore, "verify_restored"),
    "noting the proof": (sets.BackupSet, "with_changes"),
    "catalogue": (Registry, "store_backup_set"),
    "packing WAL": (archive.Archive, "pack"),
}
RESTORE_PHASES = {
    "unpacking": (Cipher, "extract"),
    "gathering WAL": (archive.Archive, "unpack"),
    "preparing": (scratch.Scratch, "_prepare_recovery"),
    "replaying": (scratch.Scratch, "_start"),
    "verifying": (restore, "verify_restored"),
    "putting in place": (restore, "_put_in_place"),
}


class Disk:
    """A small disk that can be filled, but for some bytes, and emptied again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.filler = folder / "filler"
        self._enough = threading.Event()
        self._filling: threading.Thread | None = None

    def free(self) -> int:
        """Return how many bytes are free."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, left: int) -> None:
        """Leave no more than so many bytes free, whatever the server gives back, until there is to be room again."""
        if self._filling is None:
            self._top_up(left)
            self._enough.clear()
            self._filling = threading.Thread(target=self._keep_full, args=(left,))
            self._filling.start()

    def _keep_full(self, left: int) -> None:
        while not self._enough.wait(0.01):
            self._top_up(left)

    def _top_up(self, left: int) -> None:
        if (wanted := self.free() - left) > 0:
            with self.filler.open("ab") as stream, contextlib.suppress(OSError):  # somebody else took the last page
                os.posix_fallocate(stream.fileno(), stream.tell(), wanted)

    def make_room(self) -> bool:
        """Have the room again; return whether it was gone."""
        was_full = self._filling is not None
        if self._filling is not None:
            self._enough.set()
            self._filling.join()
            self._filling = None
        self.filler.unlink(missing_ok=True)
        return was_full


@pytest.fixture(scope="module")
def disk(small_disk) -> Iterator[Disk]:
    """A small disk."""
    disk = Disk(small_disk)
    yield disk
    disk.make_room()


@pytest.fixture
def fills(monkeypatch, disk, chance):
    """Let the disk become full when a phase begins; the real work of the phase follows."""

    def at(owner: object, name: str) -> int:
        left, work = chance.choice((0, chance.randrange(1, 1 << 20))), getattr(owner, name)

        def begun(*words: object, **options: object) -> object:
            # Of all programs, only the one that combines a chain is a phase of its own.
            if name != "run_here" or Path(words[0][0]).name == "pg_combinebackup":
                disk.fill(left)
            return work(*words, **options)

        monkeypatch.setattr(owner, name, begun)
        return left

    return at


@pytest.fixture(scope="module")
def installation(disk, new_installation):
    """An installation that lies on the small disk, with a proved backup; at the end it makes another."""
    folder = disk.folder / "state"
    folder.mkdir()
    made = new_installation(state_dir=folder)
    made.workbench.create_backup("full")
    yield made
    made.require_backups_work()


@pytest.mark.parametrize("phase", list(BACKUP_PHASES))
def test_a_disk_that_becomes_full_in_a_backup_loses_nothing(installation, disk, fills, monkeypatch, say, phase):
    kind = "incremental" if phase == "combining" else "full"
    if kind == "incremental" and programs.major(programs.version(programs.pg_bindir(installation.settings))) < 17:
        pytest.skip("PostgreSQL before 17 makes no incremental backups")
    before = installation.ids()
    left = fills(*BACKUP_PHASES[phase])
    with installation.ledger.being_written():
        error = installation.attempt(lambda: installation.workbench.create_backup(kind))
        monkeypatch.undo()
        was_full = disk.make_room()
    rows = installation.require_nothing_lost()
    installation.require_honest_sets()
    fresh = [found for found in installation.sets.all() if found.id not in before]
    say(f"  {phase}, {left} bytes left: {error or 'made'}; {rows} rows, none lost; new: {[one.id for one in fresh]}")

    assert was_full
    assert error is not None or fresh[0].is_proved
    installation.workbench.create_backup("dump", prove=False)
    assert installation.leftovers() == []


@pytest.mark.parametrize(
    ("phase", "is_replaced"),
    [*((phase, False) for phase in RESTORE_PHASES), ("verifying", True), ("putting in place", True)],
)
def test_a_disk_that_becomes_full_in_a_restore_loses_nothing(
    installation, disk, fills, monkeypatch, say, phase, is_replaced, other_settings
):
    with installation.ledger.being_written():
        time.sleep(1)
    elsewhere = other_settings(state_dir=disk.folder / "elsewhere")
    into = None if is_replaced else elsewhere.state_dir
    left = fills(*RESTORE_PHASES[phase])
    error = installation.attempt(
        lambda: installation.workbench.restore_backup(to="latest", into=into, replace=is_replaced)
    )
    monkeypatch.undo()
    was_full = disk.make_room()
    rows = installation.require_nothing_lost()
    say(f"  {phase}, {left} bytes left: {error or 'restored'}; {rows} rows, none lost")

    assert was_full
    if phase == "putting in place" and error is not None and "does not start" in error:
        assert "was verified and is in place" in error
    if error is None and not is_replaced:
        assert installation.require_nothing_lost(elsewhere) == rows
    if error is not None and not is_replaced:
        # What is there is whole: a cluster of another place has either been verified, or has no name.
        assert not elsewhere.cluster_dir.exists() or installation.require_nothing_lost(elsewhere) == rows
    assert installation.leftovers() == []
    Workbench(elsewhere).stop_database()
    shutil.rmtree(elsewhere.state_dir, ignore_errors=True)
