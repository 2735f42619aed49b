"""
Backups beside pg_basebackup piped through zstd, pgBackRest and Barman, on one database of a gigabyte, in one run.

All compress by zstd at the same level, on PostgreSQL 15, from and to the same disk. A plain restore is unpacked and
started; all others are also read whole by the same pg_amcheck, which is a part of what ours verify.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psycopg2
import pytest

from cryokit.backup.engine import Engine
from cryokit.backup.files import LEVEL
from cryokit.backup.restore import prove, restore
from cryokit.backup.scratch import RecoveryTarget
from cryokit.backup.sets import BackupSet
from cryokit.config import Settings
from cryokit.db import programs
from cryokit.db.server import SUPERUSER, Server
from cryokit.workbench import Workbench
from tests.perf.filling import fill

BINDIR = Path("/usr/lib/postgresql/15/bin")
ROWS, WORDS = 1_300_000, 10
MIN_BYTES = 1_000_000_000
MAX_BACKUP, MAX_RESTORE, MAX_SIZE = 1.3, 2.0, 1.05
TOOLS = ("plain", "ours", "pgbackrest", "barman")
# The bars of restores are not met yet, and red: of the 36 processor seconds of a restore 6 unpack and start it, 30 read
# all of it in five ways.
AMCHECK = ("--heapallindexed", "--parent-check", "--no-dependent-toast", "--install-missing")


@dataclass(frozen=True)
class Cost:
    """What a full backup and its restore took."""

    backup_seconds: float
    restore_seconds: float
    megabytes: float


class Place:
    """The live cluster, and folders beside it that belong to its account."""

    def __init__(self, settings: Settings, home: Path) -> None:
        self.settings, self.home = settings, home
        self.account = programs.server_account(settings.cluster_dir)
        self.socket = self.folder("socket")
        self.passfile = home / "passfile"
        shutil.copyfile(Server(settings).passwords.file, self.passfile)
        self.passfile.chmod(0o600)
        programs.give(self.passfile, self.account)

    def folder(self, name: str) -> Path:
        """Make a folder."""
        made = self.home / name
        made.mkdir(mode=0o700)
        programs.give(made, self.account)
        return made

    def run(self, *words: str | Path) -> None:
        """Run a program as the cluster's account to its good end."""
        identity = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        with tempfile.TemporaryFile("w+") as said:  # a server that is started keeps what it writes to open
            done = subprocess.run(
                [str(word) for word in words],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                env={"PATH": os.environ["PATH"], "PGPASSFILE": str(self.passfile), "HOME": str(self.home)},
                check=False,
                **(identity if programs.is_root() else {}),
            )
            said.seek(0)
            assert done.returncode == 0, f"{words[0]}: {said.read()}"

    @property
    def conninfo(self) -> str:
        """Address of the live server."""
        return f"host={self.settings.socket_dir} user={SUPERUSER} dbname=postgres passfile={self.passfile}"

    def set(self, statement: str) -> None:
        """Change a setting of the live server."""
        with contextlib.closing(psycopg2.connect(Server(self.settings).url(SUPERUSER, "postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER SYSTEM {statement}")
                cursor.execute("SELECT pg_reload_conf()")

    def started(self, cluster: Path, is_checked: bool) -> None:
        """Start what was restored, read all of it if asked, and stop it."""
        options = f"-k {self.socket} -c archive_mode=off"
        ctl = (BINDIR / "pg_ctl", "-D", cluster, "-w", "-t", "600")
        self.run(*ctl, "-l", self.socket / f"{cluster.name}.log", "-o", options, "start")
        if is_checked:
            address = f"host={self.socket} user={SUPERUSER} dbname=cryokit passfile={self.passfile}"
            # pg_ctl calls a server started that only reads as yet.
            ask = f"{BINDIR}/psql '{address}' -Atc 'SELECT pg_is_in_recovery()'"
            self.run("bash", "-c", f'until [ "$({ask})" = f ]; do sleep 0.05; done')
            self.run(BINDIR / "pg_amcheck", *AMCHECK, address)

    def stopped(self, cluster: Path) -> None:
        """Stop a restored server and remove it."""
        self.run(BINDIR / "pg_ctl", "-D", cluster, "-m", "immediate", "stop")
        shutil.rmtree(cluster)

    @contextlib.contextmanager
    def archived_by(self, command: str) -> Iterator[None]:
        """Have the live server hand its WAL to another tool."""
        self.set(f"SET archive_command = '{command}'")
        try:
            yield
        finally:
            self.set("RESET archive_command")


def seconds(act: Callable[[], object]) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began


def bytes_in(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def plain(place: Place) -> Cost:
    """Copy through zstd, unpack, start; nothing is checked."""
    file, cluster = place.folder("plain") / "base.tar.zst", place.folder("plain-restored")
    copy = f"{BINDIR}/pg_basebackup -D - -F tar -X fetch -c fast -d '{place.conninfo}' | zstd -q -{LEVEL} -o {file}"
    backup = seconds(lambda: place.run("bash", "-o", "pipefail", "-c", copy))

    def back() -> None:
        place.run("bash", "-o", "pipefail", "-c", f"zstd -q -d -c {file} | tar -x -C {cluster}")
        place.started(cluster, is_checked=False)

    cost = Cost(backup, seconds(back), file.stat().st_size / 1e6)
    place.stopped(cluster)
    return cost


def ours(place: Place) -> Cost:
    """Make a set; prove it apart; restore it with all its checks."""
    made: list[BackupSet] = []
    with Workbench(place.settings) as workbench:
        backup = seconds(lambda: made.append(Engine(place.settings, workbench.database).create("full")))
        found, _ = prove(place.settings, made[0])
    into = place.home / "ours-restored"
    cost = Cost(
        backup,
        seconds(lambda: restore(place.settings, found, RecoveryTarget(), into, replace=False)),
        found.manifest["bytes"] / 1e6,
    )
    Server(place.settings.model_copy(update={"state_dir": into})).stop()
    shutil.rmtree(into)
    return cost


def pgbackrest(place: Place) -> Cost:
    """Back up with as many processes as there are cores, restore the same way, start, check."""
    folder, cluster = place.folder("pgbackrest"), place.folder("pgbackrest-restored")
    config = folder / "pgbackrest.conf"
    config.write_text(
        f"[global]\nrepo1-path={folder}/repo\nlog-path={folder}\nlock-path={folder}/lock\nspool-path={folder}/spool\n"
        f"compress-type=zst\ncompress-level={LEVEL}\nprocess-max={os.cpu_count()}\nstart-fast=y\n"
        f"log-level-console=warn\nlog-level-file=off\n[perf]\npg1-path={place.settings.cluster_dir}\n"
        f"pg1-socket-path={place.settings.socket_dir}\npg1-user={SUPERUSER}\n"
    )
    config.chmod(0o644)
    tool = ("pgbackrest", f"--config={config}", "--stanza=perf")
    with place.archived_by(f"{' '.join(tool)} archive-push %p"):
        place.run(*tool, "stanza-create")
        backup = seconds(lambda: place.run(*tool, "--type=full", "backup"))

        def back() -> None:
            place.run(*tool, f"--pg1-path={cluster}", "--type=immediate", "--target-action=promote", "restore")
            place.started(cluster, is_checked=True)

        cost = Cost(backup, seconds(back), bytes_in(folder / "repo" / "backup") / 1e6)
    place.stopped(cluster)
    return cost


def barman(place: Place) -> Cost:
    """Back up through pg_basebackup's own compression, recover, start, check."""
    folder, cluster = place.folder("barman"), place.folder("barman-restored")
    config = folder / "barman.conf"
    config.write_text(
        f"[barman]\nbarman_user={place.account.name}\nbarman_home={folder}/home\nlog_file={folder}/barman.log\n"
        f"configuration_files_directory={folder}/none\npath_prefix={BINDIR}\n"
        f"[perf]\ndescription=perf\nconninfo={place.conninfo}\nstreaming_conninfo={place.conninfo}\n"
        f"backup_method=postgres\narchiver=on\nimmediate_checkpoint=true\nbackup_compression=zstd\n"
        f"backup_compression_level={LEVEL}\nbackup_compression_location=client\n"
        f"recovery_staging_path={place.folder('barman-staging')}\n"
    )
    config.chmod(0o644)
    for name in ("home", "none", "home/perf", "home/perf/incoming"):
        place.folder(f"barman/{name}")
    with place.archived_by(f"cp %p {folder}/home/perf/incoming/%f"):
        tool = ("barman", "-q", "-c", config)
        place.run(*tool, "switch-wal", "--force", "--archive", "perf")
        backup = seconds(lambda: place.run(*tool, "backup", "--wait", "perf"))

        def back() -> None:
            place.run(*tool, "recover", "perf", "latest", cluster)
            place.started(cluster, is_checked=True)

        cost = Cost(backup, seconds(back), bytes_in(folder / "home" / "perf" / "base") / 1e6)
    place.stopped(cluster)
    return cost


@pytest.fixture(scope="module")
def costs(make_settings) -> Iterator[dict[str, Cost]]:
    """What each tool took, as far as it is here."""
    if not BINDIR.is_dir():
        pytest.fail(f"not measured: {BINDIR} is missing; install it with `make postgresql VERSION=15`")
    found: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory(prefix="ckt-", dir="/var/tmp") as folder, make_settings() as make:  # noqa: S108
        home = Path(folder)
        home.chmod(0o755)
        state = home / "state"
        state.mkdir(mode=0o755)
        settings = make(state_dir=state, pg_bindir=BINDIR)
        with Workbench(settings) as workbench:
            workbench.migrate()
            place = Place(settings, home)
            with place.archived_by("/bin/true"):
                place.set("SET session_replication_role = 'replica'")  # the rows refer to what is there
                fill(workbench.database, ROWS, WORDS)
                place.set("RESET session_replication_role")
            with workbench.database.bootstrap() as connection:
                connection.connection.dbapi_connection.autocommit = True
                connection.connection.dbapi_connection.cursor().execute("VACUUM ANALYZE")
            assert bytes_in(settings.cluster_dir / "base") >= MIN_BYTES
        for tool in (plain, ours, pgbackrest, barman):
            if tool in (plain, ours) or shutil.which(tool.__name__):
                found[tool.__name__] = tool(place)
        yield found


@pytest.mark.parametrize("tool", TOOLS)
def test_what_it_takes(costs, tool, measured):
    """Say the figures of a tool; one that is not there fails, because nothing was compared with it."""
    if tool not in costs:
        pytest.fail(f"{tool}: not measured; `ops/bootstrap.sh perf` installs it")
    measured(**{f"{tool}_{name}": value for name, value in vars(costs[tool]).items()})


def test_a_full_backup_takes_little_more_than_a_plain_copy(costs, measured):
    ratio = costs["ours"].backup_seconds / costs["plain"].backup_seconds
    measured(backup_over_plain=ratio)
    assert ratio <= MAX_BACKUP


def test_a_verified_restore_takes_little_more_than_a_plain_one(costs, measured):
    ratio = costs["ours"].restore_seconds / costs["plain"].restore_seconds
    measured(verified_restore_over_plain=ratio)
    assert ratio <= MAX_RESTORE


def test_a_backup_is_hardly_larger_than_a_plain_copy(costs, measured):
    ratio = costs["ours"].megabytes / costs["plain"].megabytes
    measured(size_over_plain=ratio)
    assert ratio <= MAX_SIZE


def _over(costs: dict[str, Cost], tool: str, work: str) -> float:
    if tool not in costs:
        pytest.fail(f"{tool}: not measured; `ops/bootstrap.sh perf` installs it")
    return getattr(costs["ours"], work) / getattr(costs[tool], work)


@pytest.mark.parametrize("tool", ["pgbackrest", "barman"])
def test_a_backup_is_made_faster_than_by_others(costs, tool, measured):
    ratio = _over(costs, tool, "backup_seconds")
    measured(**{f"backup_over_{tool}": ratio})
    assert ratio < 1


@pytest.mark.parametrize("tool", ["pgbackrest", "barman"])
def test_a_verified_restore_is_faster_than_others(costs, tool, measured):
    ratio = _over(costs, tool, "restore_seconds")
    measured(**{f"verified_restore_over_{tool}": ratio})
    assert ratio < 1
