"""The backup sets in a folder: a manifest beside each, chains of them, and the lock that lets one run at a time."""

import contextlib
import fcntl
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryokit.backup.files import sync, write_whole
from cryokit.config import Settings
from cryokit.errors import ConflictError, InputError, IntegrityCheckError, NotFoundError

KINDS = ("full", "incremental", "dump")
MANIFEST = "manifest.json"
_ID = re.compile(r"\d{8}T\d{6}Z-(?:full|incremental|dump)(?:-\d+)?")
_CHECKSUM = "manifest_sha256"
_STAMP, _STAMP_OF_NEVER = "%Y%m%dT%H%M%SZ", "20000101T000000Z"


def refuse_unknown(kind: str) -> None:
    """Raise unless there is such a kind of backup."""
    if kind not in KINDS:
        msg = f"there is no kind of backup {kind!r}; there are {', '.join(KINDS)}"
        raise InputError(msg)


@dataclass(frozen=True)
class BackupSet:
    """One backup: a folder of files and the manifest that says what they hold."""

    path: Path
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        """Name of the set."""
        return self.manifest["id"]

    @property
    def kind(self) -> str:
        """One of `KINDS`."""
        return self.manifest["kind"]

    @property
    def parent(self) -> str | None:
        """The set that an incremental one builds on."""
        return self.manifest["parent"]

    @property
    def is_proved(self) -> bool:
        """Whether it was restored and found to be what the manifest says."""
        return bool(self.manifest["proved_at"])

    def with_changes(self, **changes: Any) -> "BackupSet":
        """Return the set with a changed manifest, which is written."""
        manifest = self.manifest | changes
        write_manifest(self.path, manifest)
        return BackupSet(self.path, manifest)


class Sets:
    """All sets of an installation."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.backups_dir / "sets"

    def all(self) -> list[BackupSet]:
        """Return the sets in the order in which they were made, oldest first."""
        return [self._read(path) for path in self._named()]

    def new_id(self, kind: str, now: datetime) -> str:
        """Return an id that sorts after all that are there, even when the clock was set back since."""
        newest = max((path.name[: len(_STAMP_OF_NEVER)] for path in self._named()), default=_STAMP_OF_NEVER)
        after_newest = datetime.strptime(newest, _STAMP).replace(tzinfo=UTC) + timedelta(seconds=1)
        return f"{max(now, after_newest):{_STAMP}}-{kind}"

    def _named(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*") if _ID.fullmatch(path.name))

    def get(self, set_id: str) -> BackupSet:
        """Return one set by its id, `latest` for the newest one that was proved."""
        if set_id == "latest":
            return self._latest()
        if not _ID.fullmatch(set_id) or not (self.folder / set_id).is_dir():
            msg = f"there is no backup {set_id!r}; `cryokit backup list` names them"
            raise NotFoundError(msg)
        return self._read(self.folder / set_id)

    def _latest(self) -> BackupSet:
        if proved := [found for found in self.all() if found.is_proved]:
            return proved[-1]
        msg = f"there is no proved backup in {self.folder}; make one with `cryokit backup create`"
        raise NotFoundError(msg)

    def chain(self, found: BackupSet) -> list[BackupSet]:
        """Return what must be combined to restore a set: a full one first, then its increments."""
        links = [found]
        while links[0].parent is not None:
            links.insert(0, self.get(links[0].parent))
        return links

    def physical(self) -> list[BackupSet]:
        """Return the full and incremental sets that were proved, oldest first."""
        return [one for one in self.all() if one.kind != "dump" and one.is_proved]

    @staticmethod
    def _read(path: Path) -> BackupSet:
        file = path / MANIFEST
        try:
            text = file.read_text()
            manifest = json.loads(text)
            is_whole = text == _text_of(manifest) and manifest.pop(_CHECKSUM) == _checksum(manifest)
        except (OSError, ValueError, AttributeError, KeyError) as error:
            msg = f"{file} is missing or damaged; this set cannot be trusted"
            raise IntegrityCheckError(msg, [str(file)]) from error
        if not is_whole:
            msg = f"{file} was changed: its checksum is another one; this set cannot be trusted"
            raise IntegrityCheckError(msg, [str(file)])
        return BackupSet(path, manifest)

    @contextlib.contextmanager
    def locked(self, wait: bool = False) -> Iterator[None]:
        """Let one backup, restore or prune run at a time; another is refused unless it may `wait`."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError as error:
                msg = f"another backup, restore or prune is at work in {self.folder}; wait for its end"
                raise ConflictError(msg) from error
            yield

    def remove(self, found: BackupSet) -> None:
        """Remove a set: first its name, by which it exists, then its files."""
        gone = found.path.with_name(f"{found.path.name}.partial")
        found.path.rename(gone)
        sync(self.folder)
        shutil.rmtree(gone)

    def drop_partial(self) -> list[str]:
        """Remove what backups that were killed left behind."""
        left = sorted(self.folder.glob("*.partial"))
        for path in left:
            shutil.rmtree(path)
        return [path.name for path in left]


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest with its own checksum in it, whole or not at all."""
    plain = json.loads(_text_of(manifest))
    write_whole(folder / MANIFEST, _text_of(plain | {_CHECKSUM: _checksum(plain)}))


def _text_of(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest, indent=2, sort_keys=True, default=str) + "\n"


def _checksum(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(_text_of(manifest).encode()).hexdigest()
