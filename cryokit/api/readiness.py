"""Whether requests can be served, found out once for many callers."""

import threading
import time
from collections.abc import Callable

from cryokit.workbench import Workbench

KEPT_SECONDS = 5.0


class KeptReadiness:
    """The checks of a workbench, kept for some seconds: callers need no login, and a check reads whole files."""

    def __init__(self, workbench: Workbench, clock: Callable[[], float] = time.monotonic) -> None:
        self._workbench, self._clock = workbench, clock
        self._checks: dict[str, dict[str, str]] = {}
        self._until = float("-inf")
        self._lock = threading.Lock()

    def checks(self) -> dict[str, dict[str, str]]:
        """Return for each part whether it passes, and what was found."""
        with self._lock:
            if self._clock() >= self._until:
                self._checks = self._workbench.readiness()
                self._until = self._clock() + KEPT_SECONDS
            return self._checks
