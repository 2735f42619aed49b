"""Ending processes as a power cut would, and halting them."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import psutil

_PATIENCE_SECONDS = 240


def kill_all_of(*folders: Path) -> None:
    """SIGKILL every process that works in one of the folders or was given a file there, until none is left."""
    places = tuple(map(str, folders))
    while found := [process for process in psutil.process_iter() if _belongs_to(process, places)]:
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(found, timeout=10)


def _belongs_to(process: psutil.Process, places: tuple[str, ...]) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return any(word.startswith(places) for word in (*process.cmdline(), process.cwd()))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def halted_child(pid: int, program: str, goes_on: Callable[[], bool]) -> psutil.Process | None:
    """Return a program that a process runs, halted before its next step; None if it did not come."""
    children = Path(f"/proc/{pid}/task/{pid}/children")  # read at once, before a short program has ended
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while goes_on() and time.monotonic() < deadline:
        with contextlib.suppress(OSError, psutil.Error):
            for child in children.read_text().split():
                if Path(f"/proc/{child}/comm").read_text().strip() == program:
                    halted = psutil.Process(int(child))
                    halted.suspend()
                    return halted
        time.sleep(0.002)
    return None
