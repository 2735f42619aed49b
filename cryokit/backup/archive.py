"""The WAL archive: what the server hands over between backups, and up to where that reaches."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryokit.backup.files import Cipher, sha256_of
from cryokit.backup.timelines import Lineage, segment_number
from cryokit.backup.verified import Facts, Verified
from cryokit.config import Settings
from cryokit.db import programs
from cryokit.errors import IntegrityCheckError

_SEGMENT_LETTERS = 24
_SEGMENT = re.compile(rf"[0-9A-F]{{{_SEGMENT_LETTERS}}}")
_KEPT = re.compile(r"(?P<name>[0-9A-F]{24}|[0-9A-F]{8}\.history)(?P<packed>\.zst(\.age)?)?")


@dataclass(frozen=True)
class WalFile:
    """One archived file: where it lies, and the note of its checksum from when the server handed it over."""

    name: str
    path: Path

    @property
    def note(self) -> Path:
        """File with the checksum; named first, it stays when the content is compressed."""
        return self.path.with_name(f"{self.name}.sha256")

    def sha256(self) -> str | None:
        """Return the checksum that was noted, None if none was."""
        return self.note.read_text().strip() if self.note.is_file() else None

    def facts(self, cipher: Cipher) -> Facts:
        """Return what tells that it is the file that was read before, and that its key is."""
        there = self.path.stat()
        times = (there.st_mtime_ns, there.st_ctime_ns)
        return [self.path.name, there.st_size, *times, there.st_ino, self.sha256(), cipher.recipient]

    def handed_over(self) -> datetime:
        """Return when the server handed it over."""
        return datetime.fromtimestamp((self.note if self.note.exists() else self.path).stat().st_mtime, UTC)


Segments = dict[int, list[WalFile]]


class Archive:
    """The folder that the server's archive_command fills."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.wal_archive_dir

    def open(self) -> None:
        """Make the folder, with which archiving begins; it belongs to the server's account."""
        self.settings.backups_dir.mkdir(parents=True, exist_ok=True)
        self.settings.backups_dir.chmod(0o755)
        account = programs.server_account(self.settings.cluster_dir)
        self.folder.mkdir(exist_ok=True, mode=0o700)
        programs.give(self.folder, account)

    def files(self) -> list[WalFile]:
        """Return what is in the archive, in order."""
        found: dict[str, Path] = {}
        for path in sorted(self.folder.glob("*")):
            if match := _KEPT.fullmatch(path.name):
                # While a file is being compressed both are there; the one that came first is whole.
                found.setdefault(match["name"], path)
        return [WalFile(name, path) for name, path in sorted(found.items())]

    def segments(self) -> Segments:
        """Return the segments by their number; one may be there on several timelines."""
        found: Segments = {}
        for file in self.files():
            if _SEGMENT.fullmatch(file.name):
                found.setdefault(segment_number(file.name), []).append(file)
        return found

    def segments_from(self, first: str, lineage: Lineage) -> list[WalFile]:
        """Return the segments without a gap from one on, through the timelines on the way."""
        return list(unbroken(self.segments(), first, lineage))

    def unpack(self, folder: Path, first: str, lineage: Lineage, cipher: Cipher) -> list[str]:
        """Put history files and the unbroken segments from one on into a folder, each checked; return their names."""
        histories = [file for file in self.files() if file.name.endswith(".history")]
        wanted = [*histories, *self.segments_from(first, lineage)]
        for file in wanted:
            self._unpack_one(file, folder / file.name, cipher)
        return [file.name for file in wanted]

    def _unpack_one(self, file: WalFile, target: Path, cipher: Cipher) -> None:
        if file.path.name == file.name:
            target.write_bytes(file.path.read_bytes())
        else:
            cipher.decompress(file.path, target)
        _refuse_changed(file, target)

    def pack(self, cipher: Cipher, keep_newest: int = 1) -> int:
        """Compress segments that lie there as they came, the newest apart; return how many."""
        plain = [file for file in self.files() if file.path.name == file.name and _SEGMENT.fullmatch(file.name)]
        waiting = plain[: len(plain) - keep_newest]
        for file in waiting:
            _refuse_changed(file, file.path)
            packed = file.path.with_name(f"{file.name}.zst{cipher.suffix}")
            partial = packed.with_name(f".{packed.name}.partial")
            with file.path.open("rb") as stream:
                cipher.compress(stream, partial)
            partial.rename(packed)
            file.path.unlink()
        return len(waiting)

    def ask_again(self, cluster: Path) -> None:
        """Have a server that is about to start hand over what it believes to be archived, but what is not here."""
        here = {file.name for file in self.files()}
        for done in (cluster / "pg_wal" / "archive_status").glob("*.done"):
            if done.stem not in here:
                done.rename(done.with_suffix(".ready"))

    def verify(self, cipher: Cipher, scratch: Path, since: str | None = None, only_new: bool = False) -> list[str]:
        """
        Return what is wrong or gone from a segment on, naming the file.

        Files are read whole; with `only_new` those apart that were before and that nobody has written to since. What
        a disk loses in silence is found by reading everything.
        """
        # In the order in which they appear: what is handed over meanwhile is in one of the later lists.
        noted = {path.stem for path in self.folder.glob("*.sha256") if _SEGMENT.fullmatch(path.stem)}
        noted = {name for name in noted if since is None or _is_needed(name, since)}
        noted -= {path.stem for path in self.folder.glob("*.partial")}
        files = self.files()
        gone = [
            f"{self.folder / name} is gone, though the server handed it over: no moment after it can be restored to"
            " from an earlier backup"
            for name in sorted(noted - {file.name for file in files})
        ]
        needed = [file for file in files if since is None or _is_needed(file.name, since)]
        return gone + self._damaged(needed, cipher, scratch, only_new)

    def _damaged(self, files: list[WalFile], cipher: Cipher, scratch: Path, only_new: bool) -> list[str]:
        """Read files, remember which of them are whole, and return what is wrong with the others."""
        verified, wrong, whole, believed = Verified(self.folder), [], {}, set()
        known = verified.read() if only_new else {}
        for file in files:
            facts = file.facts(cipher)  # before it is read: what changes meanwhile is read again
            try:
                if known.get(file.name) == facts:
                    believed.add(file.name)
                else:
                    self._unpack_one(file, scratch / file.name, cipher)
                whole[file.name] = facts
            except IntegrityCheckError as error:
                wrong.append(str(error))
            (scratch / file.name).unlink(missing_ok=True)
        verified.write(whole, believed)
        return wrong

    def drop_before(self, first: str) -> list[str]:
        """
        Remove segments before one, which no kept backup needs; return the names of the files.

        Also those that they had before they were compressed: copies elsewhere may have come under them.
        """
        gone = [path for path in self.folder.glob("*") if not _is_needed(path.name[:_SEGMENT_LETTERS], first)]
        for path in gone:
            path.unlink(missing_ok=True)
        names = {path.name for path in gone}
        return sorted(names | set(filter(None, map(name_before, names))))


def name_before(name: str) -> str | None:
    """Return the name that a compressed file had before; None if it is not compressed."""
    kept = _KEPT.fullmatch(name)
    return kept["name"] if kept and kept["packed"] else None


def _is_needed(name: str, since: str) -> bool:
    """Whether a file is needed from a segment on; what tells where timelines branch always is."""
    return not _SEGMENT.fullmatch(name) or name[8:] >= since[8:]


def _refuse_changed(file: WalFile, content: Path) -> None:
    noted = file.sha256()
    if noted is None:
        msg = f"{file.path} has no checksum beside it; it was not handed over whole"
        raise IntegrityCheckError(msg, [str(file.path)])
    if sha256_of(content) != noted:
        msg = f"{file.path} is damaged: its checksum is not the one noted when it was archived"
        raise IntegrityCheckError(msg, [str(file.path)])


def unbroken(segments: Segments, first: str, lineage: Lineage) -> Iterator[WalFile]:
    """Follow segments by number; where one timeline was left for the next, the segment of each counts."""
    number = segment_number(first)
    while named := [file for file in segments.get(number, ()) if lineage.holds(file.name)]:
        yield from named
        number += 1


def reach(segments: Segments, first: str, lineage: Lineage) -> datetime | None:
    """Return up to which time the unbroken segments from one on reach, None if that is missing."""
    found = list(unbroken(segments, first, lineage))
    return found[-1].handed_over() if found else None
