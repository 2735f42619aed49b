"""Log files: one writer each, turned by size and age, compressed, and thrown away when old."""

import fcntl
import gzip
import json
import logging.handlers
import os
import shutil
import time
from datetime import datetime
from pathlib import Path
from typing import TextIO

DAY_SECONDS = 24 * 3600


class RotatingFile(logging.handlers.RotatingFileHandler):
    """
    A log file that only this process writes.

    When it is too large or too old it becomes ``NAME.1.gz``; the oldest are removed, by number and by age. With
    `max_bytes` 0 it is left to the host's logrotate: the file is opened anew when it was moved away.
    """

    def __init__(self, path: Path, max_bytes: int, kept: int = 14, max_age_seconds: float = DAY_SECONDS) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._lock_file = _own(path)
        self._by_host, self._max_age, self._turned_at = max_bytes == 0, max_age_seconds, 0.0
        super().__init__(path, maxBytes=max_bytes, backupCount=kept, encoding="utf-8")
        Path(path).chmod(0o640)
        self.namer = "{}.gz".format
        self.rotator = _compress
        self._begin()

    def _begin(self) -> None:
        # The age of the file counts from its first line, also after a restart of the process.
        path = Path(self.baseFilename)
        self._turned_at = path.stat().st_ctime if path.stat().st_size == 0 else _first_written(path)

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802  the name is logging's
        """Whether the file is full or old; an empty one never is."""
        if self._by_host:
            self._follow_the_name()
            return False
        if self.stream is not None and self.stream.tell() == 0:
            return False
        return time.time() - self._turned_at > self._max_age or bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802  the name is logging's
        """Turn the file, and remove those that are older than all that may be kept."""
        super().doRollover()
        self._turned_at = time.time()
        for old in Path(self.baseFilename).parent.glob(f"{Path(self.baseFilename).name}.*.gz"):
            if old.stat().st_mtime < time.time() - self.backupCount * self._max_age:
                old.unlink()

    def _follow_the_name(self) -> None:
        try:
            there = Path(self.baseFilename).stat()
        except FileNotFoundError:
            there = None
        mine = os.fstat(self.stream.fileno()) if self.stream else None
        if mine is None or there is None or (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino):
            if self.stream:
                self.stream.close()
            self.stream = self._open()

    def close(self) -> None:
        """Close the file and let another process write it."""
        super().close()
        self._lock_file.close()


def _first_written(path: Path) -> float:
    """Return when the first line of a file was written."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        first = lines.readline()
    try:
        return datetime.fromisoformat(json.loads(first)["timestamp"]).timestamp()
    except (ValueError, KeyError, TypeError):
        return path.stat().st_mtime


def _own(path: Path) -> TextIO:
    lock = path.with_name(f".{path.name}.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise
    return lock


def _compress(source: str, target: str) -> None:
    partial = Path(f"{target}.partial")
    with Path(source).open("rb") as plain, gzip.open(partial, "wb") as packed:
        shutil.copyfileobj(plain, packed)
    partial.rename(target)
    Path(target).chmod(0o640)
    Path(source).unlink()
