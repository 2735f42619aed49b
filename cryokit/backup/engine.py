"""Make backups: online copies by pg_basebackup, dumps by pg_dump, each complete on the disk before it has a name."""

import contextlib
import getpass
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Row, text

from cryokit import __version__, children
from cryokit.backup.archive import Archive
from cryokit.backup.artifacts import Artifacts, wanted_by
from cryokit.backup.contents import contents_of
from cryokit.backup.files import Cipher, sha256_of, sync
from cryokit.backup.progress import Teller, Watched, silent
from cryokit.backup.sets import BackupSet, Sets, refuse_unknown, write_manifest
from cryokit.backup.stopping import stoppable
from cryokit.backup.timelines import lineage
from cryokit.config import Settings
from cryokit.db import migrations, programs
from cryokit.db.engine import Database
from cryokit.db.queries import queries
from cryokit.db.server import SUPERUSER, Server
from cryokit.errors import CommandError, ConflictError, InputError, IntegrityCheckError

DATA, DUMP, ROLES = "base.tar.zst", "dump.pgc.zst", "roles.sql.zst"
MANIFEST_OF_FILES = "backup_manifest"
_FIRST_WITH_INCREMENTS = 17
_TOPIC = "backups"


class Engine:
    """Makes the backups of one installation."""

    def __init__(self, settings: Settings, database: Database, who: str | None = None) -> None:
        self.settings = settings
        self.database = database
        self.sets = Sets(settings)
        self.cipher = Cipher(settings.backup_key_file)
        self.who = who or getpass.getuser()
        self.bindir = programs.pg_bindir(settings)

    def create(self, kind: str, tell: Teller = silent) -> BackupSet:
        """Make a backup; what is half made has no name, and is removed here or, after a kill, by the next one."""
        refuse_unknown(kind)
        with self.sets.locked():
            self.sets.drop_partial()
            parent = self._parent(kind)
            set_id = self.sets.new_id(kind, datetime.now(UTC))
            partial = self.sets.folder / f"{set_id}.partial"
            partial.mkdir(mode=0o700)
            try:
                with stoppable():
                    manifest = self._filled(partial, set_id, kind, parent, tell)
                return self._named(partial, manifest)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise

    def _parent(self, kind: str) -> BackupSet | None:
        if kind == "dump":
            return None
        if self.database.is_external:
            msg = (
                f"--kind {kind} copies the files of the server, but {self.database.place()} is somebody else's; "
                "use --kind dump, or the backups of that server's operator"
            )
            raise InputError(msg)
        if kind == "full":
            return None
        major = programs.major(programs.version(self.bindir))
        if major < _FIRST_WITH_INCREMENTS:
            msg = f"PostgreSQL {major} makes no incremental backups (17 is the first that does); use --kind full"
            raise InputError(msg)
        if fit := lineage(self.settings).continued(self.sets):
            return fit[-1]
        msg = "an incremental backup builds on a proved full one of this timeline; there is none, use --kind full first"
        raise ConflictError(msg)

    def _filled(self, folder: Path, set_id: str, kind: str, parent: BackupSet | None, tell: Teller) -> dict[str, Any]:
        began, clock = datetime.now(UTC), time.perf_counter()
        manifest = {"id": set_id, "kind": kind, "parent": parent.id if parent else None, "who": self.who}
        manifest |= {"started_at": began.isoformat(), "proved_at": None, "proof": None, "remote": None}
        manifest |= {"tools": self._tools(), "encrypted": bool(self.cipher.suffix), "removed_at": None}
        with self.database.bootstrap() as connection, connection.begin():
            manifest |= self._facts(connection)
        tell(f"making {set_id}", 0.0)
        manifest |= self._dumped(folder, tell) if kind == "dump" else self._copied(folder, parent, tell)
        tell("all was copied; its model files and checksums come next", 1.0)
        # After the copy: a model file is there before its row is, so none of the rows is without.
        with self.database.bootstrap() as connection:
            manifest |= Artifacts(self.settings, self.cipher).keep(wanted_by(connection))
        manifest["stopped_at"] = datetime.now(UTC).isoformat()
        manifest["seconds"] = round(time.perf_counter() - clock, 3)
        manifest["files"] = {path.name: _facts_of_file(path) for path in sorted(folder.iterdir())}
        manifest["bytes"] = sum(file["bytes"] for file in manifest["files"].values())
        return manifest

    def _facts(self, connection: Connection) -> dict[str, Any]:
        return {
            "server_version": connection.execute(text("SHOW server_version")).scalar(),
            "schema_revision": migrations.revision(self.database),
            "database": self.database.name,
        }

    def _tools(self) -> dict[str, str]:
        return {"cryokit": __version__, "postgresql": programs.version(self.bindir)}

    def _named(self, partial: Path, manifest: dict[str, Any]) -> BackupSet:
        """Give a complete backup its name; until this rename it does not exist."""
        write_manifest(partial, manifest)
        sync(partial)
        final = self.sets.folder / manifest["id"]
        partial.rename(final)
        sync(self.sets.folder)
        return BackupSet(final, manifest)

    # Copies of the files

    def _copied(self, folder: Path, parent: BackupSet | None, tell: Teller) -> dict[str, Any]:
        Archive(self.settings).open()
        url = Server(self.settings).url(SUPERUSER, "postgres")
        argv = ["pg_basebackup", "-D", "-", "-F", "tar", "-X", "fetch", "-c", "fast", "-v", "-d", url]
        argv += ["--manifest-checksums=SHA256", "-l", folder.name.removesuffix(".partial")]
        with tempfile.NamedTemporaryFile(prefix="cryokit-", suffix=".manifest") as known:
            if parent:
                known.write(self._manifest_of_files(parent))
                known.flush()
                argv += ["--incremental", known.name]
            try:
                said = self._stored(
                    argv, self._place(folder, DATA), None if parent else self._size().server_bytes, tell
                )
            except CommandError as error:
                if "WAL summaries are required" not in str(error):
                    raise
                msg = f"nothing can be built on {parent.id}: the cluster was restored since; use --kind full first"
                raise ConflictError(msg) from error
        with self.database.bootstrap() as connection:
            timeline = connection.execute(queries(_TOPIC)["place_in_wal"]).one().timeline
        start, stop = (re.search(rf"{word} point: ([0-9A-F]+/[0-9A-F]+)", said) for word in ("start", "end"))
        return {"start_lsn": start.group(1), "stop_lsn": stop.group(1), "timeline": timeline}

    def _manifest_of_files(self, found: BackupSet) -> bytes:
        """Return what pg_basebackup noted of every file of a set; an increment is what changed since."""
        with self.cipher.open(file_named(found, DATA)) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if member.name.removeprefix("./") == MANIFEST_OF_FILES:
                    return archive.extractfile(member).read()
        msg = f"{found.path} holds no {MANIFEST_OF_FILES}"
        raise IntegrityCheckError(msg, [str(found.path)])

    # Dumps

    def _dumped(self, folder: Path, tell: Teller) -> dict[str, Any]:
        """Dump what one snapshot sees, and count and hash what the same snapshot sees."""
        with self.database.bootstrap() as connection, _snapshot(connection) as snapshot:
            contents = contents_of(connection)
            lsn = connection.execute(queries(_TOPIC)["place_in_wal"]).one().lsn
            url = self.database.bootstrap_url()
            dump = ["pg_dump", "--format=custom", "--compress=0", f"--snapshot={snapshot}", "--dbname", url]
            self._stored(dump, self._place(folder, DUMP), self._size().own_bytes, tell)
        roles = ["pg_dumpall", "--roles-only", "--no-role-passwords", "--dbname", url]
        self._piped(roles, lambda out: self.cipher.compress(out, self._place(folder, ROLES)))
        return {"contents": contents, "start_lsn": lsn, "stop_lsn": lsn, "timeline": None}

    def _size(self) -> Row:
        with self.database.bootstrap() as connection:
            return connection.execute(queries(_TOPIC)["size"]).one()

    def _stored(self, argv: list[str], place: Path, expected_bytes: int | None, tell: Teller) -> str:
        """Store what a program gives, telling how much it is so far; return what it said."""

        def take(out: IO[bytes]) -> None:
            with Watched(out, expected_bytes, tell).stopping() as watched:
                self.cipher.compress(watched, place)

        return self._piped(argv, take)

    def _place(self, folder: Path, name: str) -> Path:
        return folder / f"{name}{self.cipher.suffix}"

    def _piped(self, argv: list[str], take: Callable[[IO[bytes]], None]) -> str:
        """Run a program whose output is taken as it comes; return what it said, or raise when it failed."""
        argv = [str(self.bindir / argv[0]), *argv[1:]]
        with (
            tempfile.TemporaryFile("w+") as said,
            children.started(
                argv,
                stdout=subprocess.PIPE,
                stderr=said,
                stdin=subprocess.DEVNULL,
                env=programs.client_environment(self.database.bootstrap_secret()),
            ) as process,
        ):
            take(process.stdout)
            process.stdout.close()
            status = process.wait()
            said.seek(0)
            words = said.read()
        if status != 0:
            raise programs.failure(argv, status, words)
        return words


@contextlib.contextmanager
def _snapshot(connection: Connection) -> Iterator[str]:
    with connection.begin():
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield connection.execute(text("SELECT pg_export_snapshot()")).scalar()


def _facts_of_file(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def file_named(found: BackupSet, name: str) -> Path:
    """Return a file of a set, encrypted or not."""
    for known in found.manifest["files"]:
        if known.removesuffix(".age") == name:
            return found.path / known
    msg = f"{found.path} holds no {name}; the manifest names {', '.join(found.manifest['files'])}"
    raise IntegrityCheckError(msg, [str(found.path / name)])
