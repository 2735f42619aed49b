"""A cluster of its own made from a backup: where every backup is proved, and every restore begins."""

import contextlib
import fcntl
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from cryokit.backup.archive import Archive
from cryokit.backup.engine import DATA, DUMP, ROLES, file_named
from cryokit.backup.files import Cipher, sha256_of
from cryokit.backup.progress import Teller, silent
from cryokit.backup.sets import BackupSet
from cryokit.backup.timelines import first_segment, known_timelines, lineage
from cryokit.config import Settings
from cryokit.db import programs
from cryokit.db.engine import ADMIN, APP, Database, connection_to
from cryokit.db.programs import Account
from cryokit.db.roles import set_password
from cryokit.db.server import SUPERUSER, Server
from cryokit.errors import CommandError, InputError, IntegrityCheckError, UnavailableError

_TRUST = "local all all trust\n"
_IN_USE = ".in-use"
_OWN_POINT = "immediate"
_PATIENCE_SECONDS = 3600
_SEGMENT_NAME_LENGTH = 24


@dataclass(frozen=True)
class RecoveryTarget:
    """
    Up to where changes are replayed: the set's own point, a time, an address, a named point, or all there is.

    `timeline` is an older one whose end was left by a restore; without it the live one's, or the newest, is followed.
    """

    setting: str = "recovery_target"
    value: str = _OWN_POINT
    timeline: int | None = None

    @property
    def needs_archive(self) -> bool:
        """Whether more than the set itself is needed."""
        return self.value != _OWN_POINT

    @classmethod
    def at(cls, text_of_target: str | None, timeline: int | None = None) -> "RecoveryTarget":
        """Read what a person wrote: nothing, `latest`, an address such as 0/3000028, a time, or a name."""
        if text_of_target is None and timeline is None:
            return cls()
        if text_of_target in (None, "latest"):
            return cls("", "latest", timeline)
        head, separator, tail = text_of_target.partition("/")
        if separator and _is_hexadecimal(head) and _is_hexadecimal(tail):
            return cls("recovery_target_lsn", text_of_target, timeline)
        try:
            moment = datetime.fromisoformat(text_of_target)
        except ValueError:
            return cls("recovery_target_name", text_of_target, timeline)
        if moment.tzinfo is None:
            msg = f"{text_of_target} does not say its time zone; write it as 2026-11-22T10:00:00Z"
            raise InputError(msg)
        return cls("recovery_target_time", moment.isoformat(), timeline)

    def moment(self) -> datetime | None:
        """Return the time that is asked for, if it is one."""
        return datetime.fromisoformat(self.value) if self.setting == "recovery_target_time" else None


def _is_hexadecimal(word: str) -> bool:
    return bool(word) and all(letter in "0123456789abcdefABCDEF" for letter in word)


class Scratch:
    """A folder with state of its own, on the disk of the state folder whose cluster it may become (the live one's)."""

    def __init__(
        self,
        settings: Settings,
        cipher: Cipher,
        home: Path | None = None,
        name: str | None = None,
        tell: Teller = silent,
    ) -> None:
        self.live = settings
        self.cipher = cipher
        self.tell = tell
        self.home = (home or settings.state_dir).absolute()
        folder = self.home / (name or f"restore-{secrets.token_hex(4)}")
        self.settings = settings.model_copy(update={"state_dir": folder, "database_url": None})
        self.server = Server(self.settings, _PATIENCE_SECONDS, is_scratch=True)
        self.database = Database(self.settings)

    @contextlib.contextmanager
    def opened(self) -> Iterator["Scratch"]:
        """Make the folder; at the end stop what runs there and remove what is left, here and of killed restores."""
        self.home.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            with _locked(self.home / ".restores.lock"):
                self._remove_left_behind()
                self.settings.state_dir.mkdir()
                self.settings.state_dir.chmod(0o755)
                stack.enter_context(_locked(self.settings.state_dir / _IN_USE))
            stack.callback(self.close)
            yield self

    def _remove_left_behind(self) -> None:
        """Remove folders that nobody holds any more: their restore was killed, but not the server that it started."""
        for folder in filter(Path.is_dir, self.home.glob("restore-" + 8 * "[0-9a-f]")):
            with contextlib.suppress(BlockingIOError, FileNotFoundError), _locked(folder / _IN_USE, fcntl.LOCK_NB):
                Scratch(self.live, self.cipher, self.home, folder.name).close()

    def close(self) -> None:
        """Stop the server and remove the folder."""
        self.database.dispose()
        if self.settings.cluster_dir.exists():
            self.server.stop(at_once=True)
        shutil.rmtree(self.settings.state_dir, ignore_errors=True)

    def know_passwords_of(self, home: Settings) -> None:
        """Give the logins the passwords that are known where the cluster will be, so that it can be let in there."""
        self.database.passwords.take_over(Server(home).passwords)

    # From copies of files

    def restore_copy(self, chain: list[BackupSet], target: RecoveryTarget, salvage: bool = True) -> None:
        """Unpack a chain, have PostgreSQL's own tools check each link, combine them, and replay up to the target."""
        self.tell("reading its files", 0.0)
        refuse_damaged(chain)
        links = [self._unpacked(found, number) for number, found in enumerate(chain)]
        cluster = self.settings.cluster_dir
        if len(links) == 1:
            links[0].rename(cluster)
        else:
            self.tell(f"combining {len(links)} links", 0.6)
            self._run("pg_combinebackup", "-o", cluster, *links)
            self._run("pg_verifybackup", "--no-parse-wal", cluster)
            for link in links:
                shutil.rmtree(link)
        account = self._give(cluster)
        self.tell("replaying its WAL", 0.8)
        followed = self._gather_wal(chain[-1], target, salvage)
        of_backup = chain[-1].manifest["timeline"]
        self._prepare_recovery(target, "current" if followed == of_backup else str(followed), account)
        self._start(target)

    def _unpacked(self, found: BackupSet, number: int) -> Path:
        self.tell(f"unpacking {found.id}", 0.3)
        folder = self.settings.state_dir / f"link-{number}"
        self.cipher.extract(file_named(found, DATA), folder)
        try:
            self._run("pg_verifybackup", folder)
        except CommandError as error:
            msg = f"{found.path} is not whole: {error}"
            raise IntegrityCheckError(msg, [str(file_named(found, DATA))]) from error
        return folder

    def _run(self, program: str, *words: str | Path) -> None:
        programs.run_here([programs.pg_bindir(self.live) / program, *words])

    def _give(self, folder: Path) -> Account:
        account = programs.server_account(self.live.cluster_dir)
        for path in (folder, *folder.rglob("*")):
            programs.give(path, account)
        folder.chmod(0o700)
        return account

    @property
    def _wal(self) -> Path:
        return self.settings.state_dir / "wal"

    def _gather_wal(self, last: BackupSet, target: RecoveryTarget, salvage: bool) -> int:
        """Put what is replayed where the scratch server can read it; return the timeline that is followed."""
        self._wal.mkdir(mode=0o700)
        followed = last.manifest["timeline"]
        if target.needs_archive:
            if salvage:
                self._salvage()
            # After what was salvaged: a live server may hand over and forget a segment at any moment between.
            way = lineage(self.live, target.timeline)
            followed = way.timeline
            Archive(self.live).unpack(self._wal, first_segment(last), way, self.cipher)
        self._reserve_timelines(followed)
        self._give(self._wal)
        return followed

    def _reserve_timelines(self, followed: int) -> None:
        """
        Have the server begin a timeline that neither archive knows: it takes the first number without a history file.

        That of the timeline that is followed must be real, or missing, because the new one's begins with it.
        """
        home = self.live.model_copy(update={"state_dir": self.home})
        known = known_timelines(self.live) | known_timelines(home)
        for number in range(followed + 1, max(known, default=0) + 1):
            history = self._wal / f"{number:08X}.history"
            if not history.exists():  # it began with a dump, or nothing of it is needed
                history.write_text("# taken\n")

    def _prepare_recovery(self, target: RecoveryTarget, timeline: str, account: Account) -> None:
        """Write down up to where to replay, and let in who can enter the socket's folder until passwords are new."""
        cluster = self.settings.cluster_dir
        wanted = {"hot_standby": "off", "recovery_target_action": "promote", "recovery_target_timeline": timeline}
        wanted["restore_command"] = f'cp "{self._wal}/%f" "%p"'
        if target.setting:
            wanted[target.setting] = target.value
        (cluster / "pg_hba.conf").rename(cluster / "pg_hba.conf.kept")
        (cluster / "pg_hba.conf").write_text(_TRUST)
        (cluster / "recovery.signal").touch()
        with (cluster / "postgresql.auto.conf").open("a") as stream:
            stream.writelines(f"{name} = '{_quoted(value)}'\n" for name, value in wanted.items())
        for name in ("pg_hba.conf", "recovery.signal", "postgresql.auto.conf"):
            programs.give(cluster / name, account)

    def _salvage(self) -> None:
        """Take what a live or dead cluster has not handed over yet: with its disk, nothing is lost."""
        for path in (self.live.cluster_dir / "pg_wal").glob("[0-9A-F]" * 8 + "*"):
            if path.suffix == ".history" or len(path.name) == _SEGMENT_NAME_LENGTH:
                with contextlib.suppress(FileNotFoundError):  # handed over meanwhile
                    shutil.copyfile(path, self._wal / path.name)

    def _start(self, target: RecoveryTarget) -> None:
        try:
            self.server.start()
        except UnavailableError as error:
            msg = f"the backup cannot be replayed up to {target.value}: {error}"
            raise IntegrityCheckError(msg, [target.value]) from error
        self._settle()

    def _settle(self) -> None:
        """Give the logins passwords that this machine knows, then let nobody in without one."""
        passwords = self.database.passwords
        with connection_to(self.server.url(SUPERUSER)) as connection, connection.begin():
            there = set(connection.execute(text("SELECT rolname FROM pg_catalog.pg_roles")).scalars())
            for login in {SUPERUSER, APP, ADMIN} & there:
                set_password(connection, login, passwords.ensure(login))
        cluster = self.settings.cluster_dir
        (cluster / "pg_hba.conf.kept").rename(cluster / "pg_hba.conf")
        with connection_to(self.server.url(SUPERUSER)) as connection:
            driver = connection.connection.dbapi_connection
            driver.autocommit = True
            with driver.cursor() as cursor:
                for name in _RECOVERY_SETTINGS:
                    cursor.execute(f"ALTER SYSTEM RESET {name}")
                cursor.execute("SELECT pg_reload_conf()")

    # From dumps

    def restore_dump(self, found: BackupSet) -> None:
        """Make an empty cluster, its roles, and the database of a dump."""
        self.tell("reading its files", 0.0)
        refuse_damaged([found])
        self.tell(f"unpacking {found.id}", 0.3)
        folder = self.settings.state_dir
        self.cipher.decompress(file_named(found, ROLES), folder / "roles.sql")
        self.cipher.decompress(file_named(found, DUMP), folder / "dump.pgc")
        self.server.start()
        self.tell("loading it into an empty cluster", 0.5)
        url = Server(self.settings).url(SUPERUSER, "postgres")
        # The superuser of the new cluster is there already; every other role must come without an error.
        roles = (folder / "roles.sql").read_text().replace(f"CREATE ROLE {SUPERUSER};\n", "")
        (folder / "roles.sql").write_text(roles)
        self._run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", folder / "roles.sql")
        self._run("pg_restore", "--exit-on-error", "-d", self.database.bootstrap_url(), folder / "dump.pgc")
        with self.database.bootstrap() as connection, connection.begin():
            for login in (APP, ADMIN):
                set_password(connection, login, self.database.passwords.ensure(login))

    def begin_timeline(self, timeline: int) -> None:
        """Let a new cluster, stopped, write WAL under names that those of the archive it will use do not have."""
        cluster = self.settings.cluster_dir
        account = programs.server_account(cluster)
        reset = [programs.usable_bindir(self.live, account) / "pg_resetwal", "-D", cluster]
        said = programs.run_as(account, [*reset, "--dry-run"])
        after = re.search(r"First log segment after reset:\s+[0-9A-F]{8}([0-9A-F]{16})", said).group(1)
        programs.run_as(account, [*reset, "-l", f"{timeline:08X}{after}"])


@contextlib.contextmanager
def _locked(file: Path, how: int = 0) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | how)
        yield


_RECOVERY_SETTINGS = (
    "hot_standby",
    "recovery_target_action",
    "restore_command",
    "recovery_target",
    "recovery_target_time",
    "recovery_target_lsn",
    "recovery_target_name",
    "recovery_target_timeline",
)


def _quoted(value: str) -> str:
    return value.replace("'", "''")


def refuse_damaged(chain: list[BackupSet]) -> None:
    """Refuse a chain of which one file is not what its manifest says, before anything is unpacked."""
    if wrong := [problem for found in chain for problem in damaged_files(found)]:
        msg = f"the backup is damaged: {'; '.join(wrong)}; nothing was restored"
        raise IntegrityCheckError(msg, wrong)


def damaged_files(found: BackupSet) -> list[str]:
    """Return which files of a set are missing or are not what its manifest says."""
    wrong = []
    for name, known in found.manifest["files"].items():
        path = found.path / name
        if not path.is_file():
            wrong.append(f"{path} is missing")
        elif path.stat().st_size != known["bytes"] or sha256_of(path) != known["sha256"]:
            wrong.append(f"{path} is not what the manifest says")
    return wrong
