"""The embedded PostgreSQL: made, started, stopped, found again after any crash."""

import contextlib
import fcntl
import os
import secrets
import shlex
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import psycopg2
from psycopg2 import errors, sql

from cryokit.config import Settings
from cryokit.db import programs
from cryokit.db.passwords import Passwords
from cryokit.db.programs import Account, pg_bindir
from cryokit.errors import CommandError, ConfigError, ConflictError, UnavailableError

__all__ = ["DATABASE", "SUPERUSER", "Server", "ServerStatus", "pg_bindir"]

DATABASE = "cryokit"
SUPERUSER = "postgres"
_PORT = 5432
_START_PATIENCE_SECONDS = 5.0
_ORPHAN_PATIENCE_SECONDS = 2.0
_READY_PATIENCE_SECONDS = 120.0
_SETTINGS_FILE = "cryokit.conf"
_KEPT = "cluster.before-"
_OF_SCRATCH = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
_PID_LINE, _STATUS_LINE = 0, 7


@dataclass(frozen=True)
class ServerStatus:
    """What is known of the embedded server."""

    running: bool
    version: str
    data_dir: Path
    url: str


class Server:
    """The PostgreSQL cluster in the state folder and the process that serves it."""

    def __init__(
        self, settings: Settings, patience_seconds: float = _READY_PATIENCE_SECONDS, is_scratch: bool = False
    ) -> None:
        self.settings = settings
        self.patience_seconds = patience_seconds
        self.is_scratch = is_scratch
        """
        Whether a backup is brought up in it: no crash can have left anything behind, so that a start that fails once
        fails for good, and what it writes is not waited for to be on the disk until `sync`, if it ever counts.
        """
        self.cluster = settings.cluster_dir.absolute()
        self.passwords = Passwords(settings.secrets_dir)

    def url(self, login: str, database: str = DATABASE) -> str:
        """Return the address for a login without its password, in the form that psql and SQLAlchemy read."""
        query = {"host": self.settings.socket_dir, "port": _PORT, "passfile": self.passwords.file.absolute()}
        return f"postgresql://{login}@/{database}?{urlencode(query)}"

    def start(self) -> None:
        """Have a server that accepts connections: found running, or started, or made first."""
        with self._locked() as lock:
            if not self._answers():
                account = self._account()
                bindir = programs.usable_bindir(self.settings, account)
                if not self.cluster.exists():
                    self._refuse_beside_kept()
                    self._initialise(bindir, account, lock)
                self._refuse_other_major(bindir)
                self._launch(bindir, account)
            self._ensure_database()

    def name_for_kept(self, now: datetime) -> Path:
        """Return where the cluster is kept when another one takes its place."""
        return self.cluster.with_name(f"{_KEPT}{now:%Y%m%dT%H%M%SZ}")

    def _refuse_beside_kept(self) -> None:
        """Refuse to make an empty cluster where one was set aside by a restore that did not come to its end."""
        if kept := sorted(self.cluster.parent.glob(f"{_KEPT}*")):
            msg = (
                f"there is no {self.cluster}, but {kept[-1].name} beside it: a restore was interrupted; take the old "
                f"cluster back first with `mv {kept[-1]} {self.cluster}`, then restore again with --replace: "
                "only a cluster in its place gives what it had not handed over yet"
            )
            raise ConflictError(msg)

    def stop(self, at_once: bool = False) -> None:
        """Stop the server if it runs; open transactions are rolled back, if `at_once` then by its next start."""
        with self._locked():
            if self._postmaster() is not None:
                account = self._account()
                argv = [programs.usable_bindir(self.settings, account) / "pg_ctl", "stop", "-D", self.cluster]
                try:
                    programs.run_as(account, [*argv, "-m", "immediate" if at_once else "fast", "-w", "-t", "120"])
                except CommandError:
                    if self._answers():
                        raise
            with contextlib.suppress(OSError):  # not there, or another file lies in it
                self.settings.socket_dir.rmdir()

    def sync(self) -> None:
        """Have on the disk all that a stopped server has written."""
        account = self._account()
        programs.run_as(
            account,
            [programs.usable_bindir(self.settings, account) / "initdb", "--sync-only", "-D", self.cluster],
            timeout_seconds=self.patience_seconds,
        )

    def status(self) -> ServerStatus:
        """Return whether the server runs, which version, where."""
        version = programs.version(pg_bindir(self.settings))
        return ServerStatus(self._answers(), version, self.cluster, self.url("cryokit_app"))

    # Finding the process

    def _pid_file(self) -> list[str]:
        try:
            return (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []
        except PermissionError as error:
            msg = f"the cluster {self.cluster} belongs to another account; run as its owner or set CRYOKIT_STATE_DIR"
            raise ConfigError(msg) from error

    def _postmaster(self) -> int | None:
        """Return the process that serves this cluster; a number left by a crash may be another program's by now."""
        lines = self._pid_file()
        if not lines or not lines[_PID_LINE].isdigit():
            return None
        pid = int(lines[_PID_LINE])
        return pid if str(self.cluster) in _command_line(pid) else None

    def _is_ready(self) -> bool:
        lines = self._pid_file()
        return self._postmaster() is not None and len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    def _answers(self) -> bool:
        """Whether the server is ready and takes a connection; one just killed looks alive for a moment longer."""
        if not self._is_ready():
            return False
        try:
            psycopg2.connect(self.url(SUPERUSER, "postgres"), connect_timeout=10).close()
        except psycopg2.OperationalError as error:
            if "password" not in str(error):
                return False
            msg = f"PostgreSQL runs, but {SUPERUSER} cannot log in with the password in {self.passwords.file}: {error}"
            raise ConfigError(msg) from error
        return True

    # Making and starting

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        self.settings.state_dir.mkdir(parents=True, exist_ok=True)
        with (self.settings.state_dir / ".server.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock.fileno()

    def _account(self) -> Account:
        account = programs.server_account(self.cluster)
        if not programs.is_root() and account.uid != os.geteuid():
            msg = f"the cluster {self.cluster} belongs to {account.name}; run as that account or set CRYOKIT_STATE_DIR"
            raise ConfigError(msg)
        if not programs.can_use(self.settings.state_dir, account):
            msg = (
                f"account {account.name}, which runs PostgreSQL because root cannot, may not enter "
                f"{self.settings.state_dir}; set CRYOKIT_STATE_DIR to a folder that is not inside a private one"
            )
            raise ConfigError(msg)
        return account

    def _initialise(self, bindir: Path, account: Account, lock: int) -> None:
        """Make the cluster under another name and rename it, so that a half-made one is never taken for whole."""
        for left in self.cluster.parent.glob(f"{self.cluster.name}.partial*"):
            shutil.rmtree(left, ignore_errors=True)
        partial = self.cluster.with_name(f"{self.cluster.name}.partial-{secrets.token_hex(4)}")
        partial.mkdir(mode=0o700)
        programs.give(partial, account)
        argv = [bindir / "initdb", "-D", partial, "-U", SUPERUSER, "--auth=scram-sha-256", "--pwfile=/dev/stdin"]
        argv += ["--encoding=UTF8", "--data-checksums", *_locale(programs.major(programs.version(bindir)))]
        argv += ["--no-sync"] if self.is_scratch else []
        with _pipe_holding(self.passwords.ensure(SUPERUSER), account) as stdin:
            # The lock goes with initdb: if this process is killed, the next one waits until initdb has ended.
            programs.run_as(account, argv, keep=(lock,), stdin=stdin)
        with (partial / "postgresql.conf").open("a") as stream:
            stream.write(f"include_if_exists = '{_SETTINGS_FILE}'\n")
        partial.rename(self.cluster)

    def _refuse_other_major(self, bindir: Path) -> None:
        made_by = (self.cluster / "PG_VERSION").read_text().strip()
        version = programs.version(bindir)
        if made_by != str(programs.major(version)):
            msg = (
                f"the cluster {self.cluster} was made by PostgreSQL {made_by}, but {bindir} holds {version}; "
                f"set CRYOKIT_PG_BINDIR to the programs of {made_by}, or CRYOKIT_STATE_DIR to another folder"
            )
            raise ConflictError(msg)

    def _launch(self, bindir: Path, account: Account) -> None:
        self._prepare_socket_folder(account)
        self._write_settings(bindir, account)
        log = self._log_file(account)
        argv = [bindir / "pg_ctl", "start", "-D", self.cluster, "-l", log, "-w", "-t", f"{self.patience_seconds:.0f}"]
        began = time.monotonic()
        while not self._becomes_ready():
            self._drop_stale_pid_file()
            try:
                programs.run_as(account, argv, timeout_seconds=self.patience_seconds + 60)
            except CommandError as error:
                waited = time.monotonic() - began
                is_held = self._end_orphans(signal.SIGKILL if waited > _ORPHAN_PATIENCE_SECONDS else signal.SIGQUIT)
                if self.is_scratch or waited > (self.patience_seconds if is_held else _START_PATIENCE_SECONDS):
                    raise UnavailableError(_no_start(log)) from error
                time.sleep(0.2)
                continue
            # pg_ctl calls it a success when a server ends because it cannot reach its recovery target.
            if not self._becomes_ready() and (self.is_scratch or time.monotonic() - began > self.patience_seconds):
                raise UnavailableError(_no_start(log))

    def _end_orphans(self, how: signal.Signals) -> bool:
        """
        End what a killed server left behind, and say whether there was anything.

        Such processes hold the shared memory, and one in the middle of a query would not notice for minutes.
        """
        if self._postmaster() is not None:
            return False
        orphans = [pid for pid in _processes_in(self.cluster) if _program(pid) == "postgres"]
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        return bool(orphans)

    def _becomes_ready(self) -> bool:
        """Whether the server is ready, waiting for one that somebody else is starting."""
        deadline = time.monotonic() + self.patience_seconds
        while self._postmaster() is not None and time.monotonic() < deadline:
            if self._answers():
                return True
            time.sleep(0.05)
        return False

    def _drop_stale_pid_file(self) -> None:
        # PostgreSQL recognises a dead process itself, but not a number that another program has got meanwhile.
        lines = self._pid_file()
        if lines and lines[_PID_LINE].isdigit() and self._postmaster() is None and _exists(int(lines[_PID_LINE])):
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _prepare_socket_folder(self, account: Account) -> None:
        folder = self.settings.socket_dir
        try:
            folder.mkdir(mode=0o700)
            programs.give(folder, account)
        except FileExistsError as error:
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.uid, os.geteuid()}:
                msg = f"{folder} is in the way: it must be a folder of {account.name}; find out who made it, remove it"
                raise ConfigError(msg) from error
            folder.chmod(0o700)
            programs.give(folder, account)

    def _write_settings(self, bindir: Path, account: Account) -> None:
        file = self.cluster / _SETTINGS_FILE
        known = cluster_settings(bindir, self.settings.socket_dir) | {"archive_command": self._archive_command()}
        known |= _OF_SCRATCH if self.is_scratch else {}
        lines = [f"{name} = {value}\n" for name, value in known.items()]
        fresh = file.with_suffix(".partial")
        fresh.write_text("# Written at each start.\n" + "".join(lines))
        programs.give(fresh, account)
        fresh.replace(file)

    def _archive_command(self) -> str:
        """Return the setting that hands finished WAL to our script, from a place that the server's account can read."""
        script = self.settings.state_dir.absolute() / "programs" / "archive_wal.sh"
        script.parent.mkdir(exist_ok=True)
        script.parent.chmod(0o755)
        fresh = script.with_suffix(".partial")
        fresh.write_bytes(Path(__file__).with_name(script.name).read_bytes())
        fresh.chmod(0o644)
        fresh.replace(script)
        words = (script, self.settings.wal_archive_dir.absolute())
        ours, archive = (shlex.quote(str(word)).replace("%", "%%") for word in words)
        command = f'/bin/sh {ours} "%p" "%f" {archive}'.replace("'", "''")
        return f"'{command}'"

    def _log_file(self, account: Account) -> Path:
        self.settings.log_dir.mkdir(parents=True, exist_ok=True)
        file = self.settings.log_dir.absolute() / "postgresql.log"
        file.touch(mode=0o600)
        programs.give(file, account)
        return file

    def _ensure_database(self) -> None:
        with contextlib.closing(psycopg2.connect(self.url(SUPERUSER, "postgres"), connect_timeout=10)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
                if cursor.fetchone() is None:
                    # The server ends what a killed first start asked for, and this waits for it.
                    with contextlib.suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def cluster_settings(bindir: Path, socket_dir: Path) -> dict[str, str]:
    """Return the server's settings as far as its version and libraries know them."""
    known = {
        "listen_addresses": "''",
        "port": str(_PORT),
        "unix_socket_directories": f"'{socket_dir}'",
        "unix_socket_permissions": "0700",
        "password_encryption": "'scram-sha-256'",
        "wal_level": "replica",
        "archive_mode": "on",
        # What is not yet archived is lost with the disk: no more than five minutes of work.
        "archive_timeout": "'5min'",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_line_prefix": "'%m [%p] %q%u@%d '",
        "log_checkpoints": "off",
        # A client that was killed holds its locks no longer than this.
        "client_connection_check_interval": "'2s'",
    }
    if programs.major(programs.version(bindir)) >= 17:  # an unknown setting keeps 15 and 16 from starting
        known["summarize_wal"] = "on"
    if programs.has_library(bindir, "pg_stat_statements"):
        known["shared_preload_libraries"] = "'pg_stat_statements'"
        # Otherwise it keeps the verifiers of passwords that are set, for everybody who may read statistics.
        known["pg_stat_statements.track_utility"] = "off"
    return known


def _locale(major: int) -> list[str]:
    """Return one sort order for all machines; from 17 on with letters beyond ASCII."""
    if major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C"]


@contextlib.contextmanager
def _pipe_holding(secret: str, account: Account) -> Iterator[int]:
    """Yield a pipe with one line that only `account` can open: the secret is in no file and no argument."""
    reader, writer = os.pipe()
    try:
        if programs.is_root():
            os.fchown(reader, account.uid, account.gid)
        with os.fdopen(writer, "w") as stream:
            stream.write(secret + "\n")
        yield reader
    finally:
        os.close(reader)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _command_line(pid: int) -> str:
    """Return how a process was started; empty for one that has ended, reaped or not."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def _processes_in(folder: Path) -> Iterator[int]:
    """Yield the processes whose working directory is `folder`, as far as the system tells."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or somebody else's
            if (entry / "cwd").readlink() == folder.resolve():
                yield int(entry.name)


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


def _no_start(log: Path) -> str:
    return f"PostgreSQL does not start: {' / '.join(_last_lines(log))}; the whole log is {log}"


def _last_lines(log: Path, count: int = 5) -> list[str]:
    return log.read_text(errors="replace").strip().splitlines()[-count:]
