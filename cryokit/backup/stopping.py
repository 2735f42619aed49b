"""End a backup at once when it is cancelled, also in the middle of a program, a query or a file."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

import psycopg2.extensions
from psycopg2.extras import wait_select

from cryokit.errors import CancelledError, CryokitError

_EVERY_SECONDS = 0.25
_SIGNAL = signal.SIGUSR1


class _Struck(BaseException):
    """Goes through everything that catches errors of its own, as Ctrl-C does."""


class _Stopper:
    """Whether the work of this process shall end, and whether it is where it can end at any point."""

    def __init__(self, is_cancelled: Callable[[], bool]) -> None:
        self._is_cancelled = is_cancelled
        self._main = threading.main_thread().ident
        self._ended = threading.Event()
        self.is_wanted = self.is_open = False

    def strike(self, *_: object) -> None:
        """End what the main thread does, once."""
        if self.is_open:
            self.is_open = False
            raise _Struck

    def watch(self) -> None:
        """Look now and then, in a thread of its own, whether the work was cancelled."""
        while not self._ended.wait(_EVERY_SECONDS):
            if self.is_asked_for():
                self.is_wanted = True
                signal.pthread_kill(self._main, _SIGNAL)
                return

    def is_asked_for(self) -> bool:
        """Whether the work was cancelled, also in the moment before it is struck."""
        with contextlib.suppress(CryokitError):  # the database is away for a moment
            return self._is_cancelled()
        return False

    def end(self) -> None:
        """Look no more."""
        self._ended.set()


_current: list[_Stopper] = []


@contextlib.contextmanager
def stopped_when(is_cancelled: Callable[[], bool]) -> Iterator[None]:
    """Have what is `stoppable` end at once when the work is cancelled; only for the main thread of a process."""
    stopper = _Stopper(is_cancelled)
    watcher = threading.Thread(target=stopper.watch, daemon=True)
    handler_before = signal.signal(_SIGNAL, stopper.strike)
    # So a query waits in Python too, where a signal is heard.
    wait_before = psycopg2.extensions.get_wait_callback()
    psycopg2.extensions.set_wait_callback(wait_select)
    _current.append(stopper)
    watcher.start()
    try:
        yield
    finally:
        stopper.end()
        watcher.join()
        _current.remove(stopper)
        psycopg2.extensions.set_wait_callback(wait_before)
        signal.signal(_SIGNAL, handler_before)


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Have what is `stoppable` end at once on Ctrl-C or SIGTERM, and nothing else; in other threads nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = threading.Event()
    before = {number: signal.signal(number, lambda *_: asked.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with stopped_when(asked.is_set):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Mark work that may end at any point, because who holds it puts away what it left."""
    if not _current:
        yield
        return
    stopper = _current[-1]
    try:
        stopper.is_open = True
        if stopper.is_wanted:
            stopper.strike()
        yield
        stopper.is_open = False
    except BaseException as error:
        is_struck = not stopper.is_open
        stopper.is_open = False
        if not is_struck and not stopper.is_asked_for():  # Ctrl-C ends the programs that it runs first
            raise
        msg = "the work was cancelled"  # what a reader in between says of it is no more than its echo
        raise CancelledError(msg) from error
