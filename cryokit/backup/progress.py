"""How far a backup is: steps in words, and which fraction of the work is done."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import IO

from cryokit.errors import CryokitError, UnavailableError

_EVERY_SECONDS = 5.0
_LINES_IN_BETWEEN = 12
"""A line a minute: a log keeps the newest of them only."""

Teller = Callable[[str, float], None]
"""Hears of a step in words, perhaps none, and which fraction is done; it raises when the work shall end."""


def silent(_line: str, _done_fraction: float) -> None:
    """Hear nothing."""


def part_of(tell: Teller, begin: float, end: float) -> Teller:
    """Return who hears of a part of the work as a part of the whole."""
    return lambda line, done_fraction: tell(line, begin + (end - begin) * done_fraction)


class Watched:
    """A stream that tells now and then how much of it was read, of about `expected_bytes` if that is known."""

    def __init__(
        self, source: IO[bytes], expected_bytes: int | None, tell: Teller, every_seconds: float = _EVERY_SECONDS
    ) -> None:
        self._source, self._expected, self._tell, self._every = source, expected_bytes, tell, every_seconds
        self._read, self._next = 0, time.monotonic() + every_seconds
        self._next_line = self._next
        self._stopped: CryokitError | None = None

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        data = self._source.read(size)
        self._read += len(data)
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every
            self._say()
        return data

    def _say(self) -> None:
        line = ""
        if time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _LINES_IN_BETWEEN * self._every
            line = f"{self._read / 1e6:.1f} MB were read"
            line += f", of about {self._expected / 1e6:.1f} MB" if self._expected else ""
        done_fraction = min(1.0, self._read / self._expected) if self._expected else 0.0
        try:
            self._tell(line, done_fraction)
        except UnavailableError:
            pass  # who writes it down is away for a moment; the copy goes on and is told of soon
        except CryokitError as error:
            self._stopped = error
            raise

    @contextlib.contextmanager
    def stopping(self) -> Iterator["Watched"]:
        """Raise why the work was stopped, which a reader in between tells in words of its own."""
        try:
            yield self
        finally:
            if self._stopped:
                raise self._stopped
