"""Fixtures shared by all tests: settings of their own, and one database server a session, started on demand."""

import contextlib
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from cryokit.config import PREFIX, Settings, load_settings
from cryokit.db import migrations
from cryokit.db.engine import Database
from cryokit.db.server import SUPERUSER, Server

_KEPT = {"CRYOKIT_PG_BINDIR", "CRYOKIT_DATA_MIRROR"}
_STATE_DIR = pytest.StashKey[Path]()
DEMO_STATE_DIR = os.environ.get("CRYOKIT_STATE_DIR")
"""State that the test runner's demo prepared; notebooks, pages and operations are tried on it."""
_MEMORY = Path("/dev/shm")  # noqa: S108  nobody's folder, in which mkdtemp makes private ones
_MEMORY_BYTES = 6 * 2**30
"""What the clusters of all workers may need at once, with room to spare."""
_DEAREST = (
    *("test_screening", "test_database_health", "test_backup_restore", "test_api", "test_previous_release"),
    *("test_backup_parts", "test_training", "test_backup_timelines", "test_promotion", "test_ladder", "test_integrity"),
    *("test_validation_ladder", "test_dose_response", "test_helpers", "test_predictive_models", "test_artifacts"),
)
"""Files that take longest; a worker that began one of them last would work alone in the end."""


@cache
def _place_of_state() -> Path:
    """Return where state folders lie: in memory, where nothing waits for a disk, if there is room to run programs."""
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK):
        found = os.statvfs(_MEMORY)
        if not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize >= _MEMORY_BYTES:
            return _MEMORY
    return Path("/tmp")  # noqa: S108  a socket path holds 107 bytes


def short_folder() -> Path:
    """Return a new folder that PostgreSQL's account can enter too, which pytest's own folders keep closed."""
    folder = Path(tempfile.mkdtemp(prefix="ckt-", dir=_place_of_state()))
    folder.chmod(0o755)
    return folder


def pytest_configure(config: pytest.Config) -> None:
    for name in list(os.environ):
        if (name.startswith(PREFIX) and name not in _KEPT) or name == "DATABASE_URL":
            del os.environ[name]
    # Programs and kernels that tests start find the same state by this variable.
    config.stash[_STATE_DIR] = short_folder()
    is_about_notebooks = config.getoption("nbval_lax", default=False)
    own = DEMO_STATE_DIR if is_about_notebooks and DEMO_STATE_DIR else str(config.stash[_STATE_DIR])
    os.environ["CRYOKIT_STATE_DIR"] = own


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {name: rank for rank, name in enumerate(_DEAREST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(ranks)))


def pytest_unconfigure(config: pytest.Config) -> None:
    if (folder := config.stash.get(_STATE_DIR, None)) is not None:
        discard(load_settings(state_dir=folder, database_url=None))


def discard(settings: Settings) -> None:
    """Stop the server of a state folder and remove both."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        pid = int((settings.cluster_dir / "postmaster.pid").read_text().split()[0])
        if str(settings.cluster_dir) in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGQUIT)  # at once, without writing down what is thrown away
    shutil.rmtree(settings.socket_dir, ignore_errors=True)
    shutil.rmtree(settings.state_dir, ignore_errors=True)


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> Settings:
    """Settings of this test session."""
    return load_settings(state_dir=pytestconfig.stash[_STATE_DIR])


@contextlib.contextmanager
def settings_made() -> Iterator[Callable[..., Settings]]:
    """Make settings with a state folder of their own; at the end their servers are stopped and all is removed."""
    made: list[Settings] = []

    def make(**overrides: object) -> Settings:
        made.append(load_settings(**{"state_dir": short_folder(), "database_url": None} | overrides))
        return made[-1]

    try:
        yield make
    finally:
        for settings in made:
            discard(settings)


@pytest.fixture(scope="session")
def make_settings() -> Callable[[], contextlib.AbstractContextManager]:
    """Make settings with state folders of their own, for fixtures that live longer than one test."""
    return settings_made


@pytest.fixture
def other_settings() -> Iterator[Callable[..., Settings]]:
    """Make settings with a state folder of their own, gone after the test."""
    with settings_made() as make:
        yield make


@pytest.fixture(scope="session")
def server(settings: Settings) -> Iterator[Server]:
    """The session's running PostgreSQL."""
    server = Server(settings)
    server.start()
    _make_hasty(server)
    yield server
    server.stop()


def _make_hasty(server: Server) -> None:
    """Let the server forget its files when the machine fails: nothing here is kept, and tests make many databases."""
    with contextlib.closing(psycopg2.connect(server.url(SUPERUSER, "postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("ALTER SYSTEM SET fsync = off")
            cursor.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def database(server: Server) -> Iterator[Database]:
    """The session's database with the schema and no rows; tests that commit take `fresh_database` instead."""
    database = Database(server.settings)
    migrations.migrate(database)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def superuser_runs(server: Server) -> Callable[..., list[tuple]]:
    """Run one statement as the superuser, outside of a transaction, in a database of the session's cluster."""

    def run(statement: str | sql.Composable, name: str = "postgres", parameters: tuple | None = None) -> list[tuple]:
        with contextlib.closing(psycopg2.connect(server.url(SUPERUSER, name))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture(scope="session")
def template_database(database: Database, superuser_runs: Callable) -> str:
    """Name of a migrated database that nobody is connected to."""
    database.dispose()
    superuser_runs(f"CREATE DATABASE template_cryokit TEMPLATE {database.name} IS_TEMPLATE true")
    return "template_cryokit"


@pytest.fixture(scope="session")
def cloned(server: Server, superuser_runs: Callable) -> Callable[[str], contextlib.AbstractContextManager[Database]]:
    """Make a database from a template that is dropped at the end of its ``with``, whatever its scope."""

    @contextlib.contextmanager
    def clone(template: str) -> Iterator[Database]:
        database = Database(server.settings, name=f"test_{uuid.uuid4().hex[:12]}")
        # Files are copied as they are: written through the log, a copy takes twice the processor time.
        superuser_runs(f"CREATE DATABASE {database.name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield database
        finally:
            database.dispose()
            superuser_runs(f"DROP DATABASE {database.name} WITH (FORCE)")

    return clone


@pytest.fixture
def clone_of(cloned: Callable) -> Iterator[Callable[[str], Database]]:
    """Make databases from a template and drop them after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda template: stack.enter_context(cloned(template))


@pytest.fixture
def fresh_database(template_database: str, clone_of: Callable[[str], Database]) -> Database:
    """A database of its own with the schema and no rows, for a test that commits."""
    return clone_of(template_database)
