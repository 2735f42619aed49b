"""Slows down guessing of passwords."""

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from cryokit.errors import CryokitError

_REMEMBERED_KEYS = 10_000
_ANYWHERE = "anywhere"


class RateLimitedError(CryokitError):
    """Too many attempts; waiting helps."""

    code, http_status = "rate_limited", 429

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class LoginThrottle:
    """
    Counts failed logins within `window_seconds`, for each name and address, and for each address.

    An attempt counts from its beginning, so that many at once are no more than one after the other. Another address
    still gets in: who guesses cannot lock the right person out. One without an
    address counts for its name alone.
    """

    def __init__(
        self,
        limit: int = 10,
        address_limit: int = 30,
        window_seconds: float = 900.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._address_limit = limit, address_limit
        self._window_seconds, self._clock = window_seconds, clock
        self._attempts: OrderedDict[tuple[str, ...], list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, name: str, address: str | None) -> float:
        """Count one attempt and return its time, or refuse if too many failed."""
        keys = self._keys(name, address)
        with self._lock:
            for key, limit in keys.items():
                recent = self._recent(key)
                if len(recent) >= limit:
                    raise self._refusal(limit, recent[-limit])
            now = self._clock()
            for key in keys:
                self._attempts.setdefault(key, []).append(now)
                self._attempts.move_to_end(key)
            while len(self._attempts) > _REMEMBERED_KEYS:
                self._attempts.popitem(last=False)
        return now

    def succeeded(self, name: str, address: str | None, began: float) -> None:
        """Forget this attempt and the failures of this name from this address; those of other names stay."""
        self.dropped(name, address, began)
        with self._lock:
            self._attempts.pop((name.lower(), address or _ANYWHERE), None)

    def dropped(self, name: str, address: str | None, began: float) -> None:
        """Take back an attempt of which nobody knows whether it was right."""
        with self._lock:
            for key in self._keys(name, address):
                with contextlib.suppress(KeyError, ValueError):
                    self._attempts[key].remove(began)

    def _keys(self, name: str, address: str | None) -> dict[tuple[str, ...], int]:
        whole = {} if address is None else {(address,): self._address_limit}
        return {(name.lower(), address or _ANYWHERE): self._limit} | whole

    def _recent(self, key: tuple[str, ...]) -> list[float]:
        recent = self._attempts.get(key, [])
        oldest = self._clock() - self._window_seconds
        recent[:] = [moment for moment in recent if moment > oldest]
        return recent

    def _refusal(self, limit: int, first: float) -> RateLimitedError:
        wait_seconds = max(1, round(first + self._window_seconds - self._clock()))
        msg = f"{limit} logins failed; wait {-(-wait_seconds // 60)} min and try again"
        return RateLimitedError(msg, wait_seconds)
