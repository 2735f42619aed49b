"""Identity never leaks from one person to the next through shared connections, pooled here or by PgBouncer."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
from sqlalchemy import text

from cryokit.db.engine import ADMIN, APP, Database
from cryokit.domain import Identity
from cryokit.errors import CryokitError
from tests.ports import free_port

PERSONS, CONNECTIONS = 50, 5
QUERIES = [2_000, pytest.param(10_000, marks=pytest.mark.drill)]
"""Asked by all at once; the drill asks for longer."""
_ROWS = text("SELECT owner_id FROM cryo.measurement")


@pytest.fixture
def crowd(fresh_database) -> list[Identity]:
    """Fifty people with one private row each, and one public row of the installation."""
    crowd = [Identity(uuid4(), f"person {number}", "researcher") for number in range(PERSONS)]
    with fresh_database.service() as connection:
        connection.execute(
            text("INSERT INTO cryo.app_user (id, name, role, password_hash) VALUES (:id, :name, :role, '$argon2id$x')"),
            [{"id": person.user_id, "name": person.name, "role": person.role} for person in crowd],
        )
        connection.execute(
            text("INSERT INTO cryo.molecule (smiles, inchikey) VALUES ('CCO', 'LFQSCWFLJHTTHZ-UHFFFAOYSA-N')")
        )
        connection.execute(
            text(
                "INSERT INTO cryo.measurement"
                "       (target, property_type_id, molecule_id, name, value, unit, source, row_sha256, owner_id,"
                "        is_public)"
                " SELECT 'tg', 1, molecule.id, 'ethanol', 97, 'K', 'own', repeat('a', 64), :owner, :owner IS NULL"
                "   FROM cryo.molecule"
            ),
            [{"owner": str(person.user_id)} for person in crowd],
        )
    return crowd


def foreign_rows(database: Database, crowd: list[Identity], queries: int) -> tuple[int, int]:
    """Return how many queries were answered, and with how many rows of somebody else, asked by all at once."""
    turn = threading.Barrier(len(crowd))

    def ask(person: Identity) -> tuple[int, int]:
        turn.wait()
        answered = foreign = 0
        for number in range(queries // len(crowd)):
            expected = [person.user_id]
            if number % 10 == 9:  # a transaction that fails, and a visitor, must leave nothing behind either
                with contextlib.suppress(CryokitError), database.acting_as(person) as connection:
                    connection.execute(text("SELECT 1 / 0"))
                with database.anonymous() as connection:
                    seen, expected = list(connection.execute(_ROWS).scalars()), []
            else:
                with database.acting_as(person) as connection:
                    seen = list(connection.execute(_ROWS).scalars())
            answered += 1
            foreign += seen != expected
        return answered, foreign

    with ThreadPoolExecutor(len(crowd)) as pool:
        answers = list(pool.map(ask, crowd))
    return sum(answered for answered, _ in answers), sum(foreign for _, foreign in answers)


def limited(database: Database) -> Database:
    """Keep the pool of the application's login at five connections; people wait for one as long as it takes."""
    pool = database.engine(APP).pool
    pool._max_overflow, pool._timeout = 0, 300
    assert pool.size() == CONNECTIONS
    return database


@pytest.mark.parametrize("queries", QUERIES)
def test_identity_does_not_leak_through_the_pool(fresh_database, crowd, queries):
    assert foreign_rows(limited(fresh_database), crowd, queries) == (queries, 0)


@pytest.fixture
def behind_pgbouncer(fresh_database, other_settings, tmp_path) -> Iterator[Database]:
    """The same database, reached through PgBouncer in transaction mode."""
    folder = Path(other_settings().state_dir)
    port = free_port()
    passwords = {login: fresh_database.passwords.get(login) for login in (APP, ADMIN)}
    _write_configuration(folder, fresh_database, port, passwords)
    with _running(folder, port, fresh_database.settings.socket_dir):
        settings = other_settings(database_url=f"postgresql://{APP}@127.0.0.1:{port}/{fresh_database.name}")
        database = Database(settings)
        for login in passwords:
            database.passwords.ensure(login)
        lines = [f"*:*:*:{login}:{password}\n" for login, password in passwords.items()]
        database.passwords.file.write_text("".join(lines))
        yield database
        database.dispose()


def _write_configuration(folder: Path, database: Database, port: int, passwords: dict[str, str]) -> None:
    host = database.settings.socket_dir
    server_port = next(iter(Path(host).glob(".s.PGSQL.*[0-9]"))).name.rsplit(".", 1)[1]
    (folder / "userlist.txt").write_text("".join(f'"{login}" "{word}"\n' for login, word in passwords.items()))
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{database.name} = host={host} port={server_port}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = scram-sha-256\nauth_file = {folder}/userlist.txt\npool_mode = transaction\n"
        f"default_pool_size = {CONNECTIONS}\nmax_client_conn = 200\nignore_startup_parameters = extra_float_digits\n"
        f"logfile = {folder}/pgbouncer.log\npidfile = {folder}/pgbouncer.pid\n"
    )


@contextlib.contextmanager
def _running(folder: Path, port: int, socket_dir: Path) -> Iterator[None]:
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.fail("pgbouncer is missing; `ops/bootstrap.sh test` says how to get it")
    argv = [program, "-q", str(folder / "pgbouncer.ini")]
    if os.geteuid() == 0:  # it refuses to be root, and only the server's account enters the folder of its socket
        account = Path(socket_dir).stat().st_uid
        argv[1:1] = ["-u", pwd.getpwuid(account).pw_name]
        for path in (folder, *folder.iterdir()):
            os.chown(path, account, -1)
    process = subprocess.Popen(argv)
    try:
        _wait_until_it_listens(port, process)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_it_listens(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    pytest.fail("pgbouncer did not begin to listen")


@pytest.mark.parametrize("queries", QUERIES)
def test_identity_does_not_leak_through_pgbouncer(behind_pgbouncer, crowd, queries):
    assert foreign_rows(behind_pgbouncer, crowd, queries) == (queries, 0)


def test_pgbouncer_shares_connections_of_the_server(behind_pgbouncer, crowd):
    """So few connections serve many clients: without that the test above would show nothing."""

    def backend(person: Identity) -> int:
        with behind_pgbouncer.acting_as(person) as connection:
            return connection.execute(text("SELECT pg_backend_pid()")).scalar()

    with ThreadPoolExecutor(len(crowd)) as pool:
        assert len(set(pool.map(backend, crowd))) <= CONNECTIONS


def test_a_session_setting_would_leak_which_is_why_none_is_used(behind_pgbouncer, crowd):
    """What the pool test relies on: PgBouncer hands on settings of a session, those of a transaction it does not."""
    address = behind_pgbouncer.settings.database_url
    password = behind_pgbouncer.passwords.get(APP)

    def asked(statement: str, *values: object) -> str | None:
        with contextlib.closing(psycopg2.connect(address, password=password)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchone()[0]

    def seen_after(is_local: bool) -> set[str]:
        asked("SELECT set_config('app.user_id', %s, %s)", str(crowd[0].user_id), is_local)
        return {asked("SELECT current_setting('app.user_id', true)") or "" for _ in range(2 * CONNECTIONS)}

    assert seen_after(is_local=True) == {""}
    assert str(crowd[0].user_id) in seen_after(is_local=False)
