"""Slows down guessing of passwords."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from cryokit.errors import CryokitError

_REMEMBERED_KEYS = 10_000


class RateLimitedError(CryokitError):
    """Too many attempts; waiting helps."""

    code, http_status = "rate_limited", 429

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class LoginThrottle:
    """Counts failed logins for each name and address; refuses after `limit` within `window_seconds`."""

    def __init__(
        self, limit: int = 10, window_seconds: float = 900.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._window_seconds, self._clock = limit, window_seconds, clock
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, name: str, address: str) -> None:
        """Refuse if this name failed too often from this address."""
        with self._lock:
            recent = self._recent((name.lower(), address))
            if len(recent) < self._limit:
                return
            wait_seconds = max(1, round(recent[0] + self._window_seconds - self._clock()))
        msg = f"{self._limit} logins failed; wait {-(-wait_seconds // 60)} min and try again"
        raise RateLimitedError(msg, wait_seconds)

    def failed(self, name: str, address: str) -> None:
        """Remember one failed login."""
        key = (name.lower(), address)
        with self._lock:
            recent = self._recent(key)
            recent.append(self._clock())
            self._failures[key] = recent
            self._failures.move_to_end(key)
            while len(self._failures) > _REMEMBERED_KEYS:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of this name from this address."""
        with self._lock:
            self._failures.pop((name.lower(), address), None)

    def _recent(self, key: tuple[str, str]) -> deque[float]:
        recent = self._failures.get(key, deque(maxlen=self._limit))
        oldest = self._clock() - self._window_seconds
        while recent and recent[0] <= oldest:
            recent.popleft()
        return recent
