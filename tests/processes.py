"""Ending processes as a power cut would."""

import contextlib
from pathlib import Path

import psutil


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
