"""Something found out once for many callers."""

import threading
import time
from collections.abc import Callable


class Kept[Value]:
    """A value that is found out anew only when it is older than some seconds, by one caller while others wait."""

    def __init__(
        self, find: Callable[[], Value], seconds: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._find, self._seconds, self._clock = find, seconds, clock
        self._found: list[Value] = []
        self._until = float("-inf")
        self._lock = threading.Lock()

    def value(self) -> Value:
        """Return the value, as old as it may be."""
        with self._lock:
            if self._clock() >= self._until:
                self._found = [self._find()]
                self._until = self._clock() + self._seconds
            return self._found[0]
