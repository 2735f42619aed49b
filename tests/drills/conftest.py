"""What the drills of backups stand on: an installation whose ledger is written to all the time, and its checks."""

import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from cryokit.backup.scratch import damaged_files
from cryokit.backup.sets import Sets
from cryokit.config import Settings
from cryokit.db.server import SUPERUSER, Server
from cryokit.errors import CryokitError
from cryokit.workbench import Workbench

SEED = os.environ.get("DRILL_SEED", "20261122")
_PAUSE_SECONDS = 0.02
# Rows of some size, so that the disk and the archive have something to do.
_WRITE = "INSERT INTO public.ledger SELECT %s, clock_timestamp(), repeat(md5(%s::text), 20)"


class Ledger:
    """Rows written one by one; those that the server acknowledged must never be gone again."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.acknowledged: list[int] = []
        self._number = 0
        self._lock = threading.Lock()

    def write(self, cursor: psycopg2.extensions.cursor) -> None:
        """Write one row; it is acknowledged when this returns."""
        self._number += 1
        cursor.execute(_WRITE, (self._number, self._number))
        with self._lock:
            self.acknowledged.append(self._number)

    @contextlib.contextmanager
    def being_written(self) -> Iterator[None]:
        """Write rows in the background, through every failure of the server."""
        enough = threading.Event()
        thread = threading.Thread(target=self._write_until, args=(enough,))
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()

    def _write_until(self, enough: threading.Event) -> None:
        while not enough.wait(_PAUSE_SECONDS):
            with contextlib.suppress(psycopg2.Error), connected(self.settings) as cursor:
                while not enough.wait(_PAUSE_SECONDS):
                    self.write(cursor)

    def known(self) -> set[int]:
        """Return the rows that were acknowledged up to now."""
        with self._lock:
            return set(self.acknowledged)


@contextlib.contextmanager
def connected(settings: Settings) -> Iterator[psycopg2.extensions.cursor]:
    """Open a connection as the superuser."""
    with contextlib.closing(psycopg2.connect(Server(settings).url(SUPERUSER), connect_timeout=5)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


class Installation:
    """A workbench with a ledger, and what must hold of both whatever happened."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.settings = workbench.settings
        self.ledger = Ledger(self.settings)
        workbench.migrate()
        workbench.add_user("anna", "admin")
        with connected(self.settings) as cursor:
            cursor.execute("CREATE TABLE public.ledger (number integer PRIMARY KEY, at timestamptz, filler text)")

    @property
    def sets(self) -> Sets:
        """The backups that are there."""
        return Sets(self.settings)

    def ids(self) -> list[str]:
        """Return the backups that are there, oldest first."""
        return [found.id for found in self.sets.all()]

    def attempt(self, act: Callable[[], object]) -> str | None:
        """Do something that may fail; return None when it said that it succeeded, else the error in words."""
        try:
            act()
        except (CryokitError, OSError) as error:
            return f"{type(error).__name__}: {error}"
        return None

    def run(self, *words: str, environment: dict[str, str] | None = None) -> subprocess.Popen:
        """Start a command of cryokit on this installation."""
        known = os.environ | {"CRYOKIT_STATE_DIR": str(self.settings.state_dir)} | (environment or {})
        argv = [sys.executable, "-m", "cryokit.cli", *words]
        return subprocess.Popen(argv, env=known, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def done(self, *words: str, environment: dict[str, str] | None = None) -> str:
        """Run a command of cryokit to its end, which must be a good one, and return what it said."""
        process = self.run(*words, environment=environment)
        said, _ = process.communicate(timeout=600)
        assert process.returncode == 0, f"{words}: {said}"
        return said

    # What must hold

    def require_nothing_lost(self, settings: Settings | None = None, known: set[int] | None = None) -> int:
        """Have the server run and see every acknowledged row; return how many rows there are."""
        settings = settings or self.settings
        Server(settings).start()
        with connected(settings) as cursor:
            cursor.execute("SELECT number FROM public.ledger")
            found = {number for (number,) in cursor.fetchall()}
        lost = (self.ledger.known() if known is None else known) - found
        assert not lost, f"{len(lost)} acknowledged rows are gone, among them {sorted(lost)[:5]}"
        return len(found)

    def require_honest_sets(self) -> None:
        """See that every backup that has a name is whole, and every one called proved passed all its checks."""
        for found in self.sets.all():
            assert damaged_files(found) == []
            if found.is_proved:
                assert {line["status"] for line in found.manifest["proof"]["lines"]} == {"pass"}
                assert found.manifest["contents"]["tables"]["cryo.app_user"]["rows"] == 1

    def leftovers(self) -> list[str]:
        """Return what half-done work left in the state folder."""
        folder = self.settings.state_dir
        left = [*self.sets.folder.glob("*.partial"), *folder.glob("restore-*"), *folder.glob("cluster.partial*")]
        return sorted(str(path.relative_to(folder)) for path in left)

    def require_backups_work(self) -> None:
        """Make a proved backup, after which nothing half done is left, and read all archived WAL."""
        assert self.workbench.create_backup("full")["proved_at"]
        assert self.leftovers() == []
        assert self.workbench.verify_archive()["status"] == "pass"


@pytest.fixture
def chance(request) -> random.Random:
    """Random numbers of this test, the same again with the same DRILL_SEED."""
    said(f"\nseed {SEED}, {request.node.name}")
    return random.Random(f"{SEED} {request.node.name}")  # noqa: S311  a repeatable drill, not a secret


def said(text: str) -> None:
    """Print a line of the drill's record."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@pytest.fixture
def say() -> Callable[[str], None]:
    """Print a line of the drill's record."""
    return said


@pytest.fixture(scope="session")
def connect() -> Callable[[Settings], contextlib.AbstractContextManager]:
    """Open a connection as the superuser."""
    return connected


@pytest.fixture(scope="module")
def new_installation(make_settings) -> Iterator[Callable[..., Installation]]:
    """Make installations with a state folder of their own, gone after the drills of a file."""
    with make_settings() as make, contextlib.ExitStack() as stack:
        yield lambda **overrides: Installation(stack.enter_context(Workbench(make(**overrides))))


@pytest.fixture(scope="module")
def installation(new_installation) -> Installation:
    """An installation."""
    return new_installation()


def wait_until(holds: Callable[[], object], patience_seconds: float = 60) -> None:
    """Wait for something that must come."""
    deadline = time.monotonic() + patience_seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def small_disk() -> Iterator[Path]:
    """A small file system of its own, which only root can make."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a file system in memory")
    folder = Path("/tmp") / f"ckt-disk-{os.getpid()}"  # noqa: S108  a socket path holds 107 bytes
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600m,mode=0755", "cryokit", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()
