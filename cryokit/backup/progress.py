"""How far a backup is: steps in words, and which fraction of the work is done."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import IO

from cryokit.errors import CancelledError

Teller = Callable[[str, float], None]
"""Hears of a step in words, and which fraction of the work is done; it raises when the work shall end."""


def silent(_line: str, _done_fraction: float) -> None:
    """Hear nothing."""


def part_of(tell: Teller, begin: float, end: float) -> Teller:
    """Return who hears of a part of the work as a part of the whole."""
    return lambda line, done_fraction: tell(line, begin + (end - begin) * done_fraction)


class Watched:
    """A stream of about `expected_bytes` that tells now and then how much of it was read."""

    def __init__(self, source: IO[bytes], expected_bytes: int, tell: Teller, every_seconds: float = 5.0) -> None:
        self._source, self._expected, self._tell, self._every = source, expected_bytes, tell, every_seconds
        self._read, self._next = 0, time.monotonic() + every_seconds
        self._stopped: CancelledError | None = None

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        data = self._source.read(size)
        self._read += len(data)
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every
            self._say()
        return data

    def _say(self) -> None:
        line = f"{self._read / 1e6:.1f} MB were read, of about {self._expected / 1e6:.1f} MB"
        try:
            self._tell(line, min(1.0, self._read / max(1, self._expected)))
        except CancelledError as error:
            self._stopped = error
            raise

    @contextlib.contextmanager
    def cancelling(self) -> Iterator["Watched"]:
        """Raise that the work was cancelled, which a reader in between tells in words of its own."""
        try:
            yield self
        finally:
            if self._stopped:
                raise self._stopped
