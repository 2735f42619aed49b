"""SIGKILL something at random moments of the demo; the next demo must complete."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.ports import free_port

SEED = int(os.environ.get("DRILL_SEED", "20261122"))
ROUNDS = int(os.environ.get("DRILL_ROUNDS", "20"))
LONGEST_WAIT_SECONDS = 90.0
VICTIMS = ("postgres", "notebook", "server")

pytestmark = pytest.mark.drill


def start_demo(state_dir: Path, log: Path, *options: str) -> subprocess.Popen:
    """Start the demo as make does, on a state folder of its own."""
    environment = os.environ | {"CRYOKIT_STATE_DIR": str(state_dir)}
    argv = [sys.executable, "-m", "cryokit.cli", "up", *options]
    with log.open("ab") as stream:
        return subprocess.Popen(argv, env=environment, stdout=stream, stderr=stream)


def victim_pid(kind: str, demo: subprocess.Popen, state_dir: Path) -> int | None:
    """Return the process to kill: the database's first process, a running kernel, or the server itself."""
    if kind == "server":
        return demo.pid if demo.poll() is None else None
    if kind == "postgres":
        pid_file = state_dir / "cluster" / "postmaster.pid"
        return int(pid_file.read_text().splitlines()[0]) if pid_file.exists() else None
    for process in psutil.Process(demo.pid).children(recursive=True) if demo.poll() is None else []:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended while we looked, or waits to be buried
            if "ipykernel_launcher" in " ".join(process.cmdline()):
                return process.pid
    return None


def kill_at_random_moment(chance: random.Random, state_dir: Path, log: Path, port: int) -> str:
    """Start the demo, wait a random time, kill one victim hard and let the demo end."""
    kind, wait = chance.choice(VICTIMS), chance.uniform(0.5, LONGEST_WAIT_SECONDS)
    demo = start_demo(state_dir, log, "--serve", "--port", str(port))
    deadline = time.monotonic() + wait
    pid = None
    while time.monotonic() < deadline or pid is None:
        pid = victim_pid(kind, demo, state_dir)
        if demo.poll() is not None or time.monotonic() > deadline + LONGEST_WAIT_SECONDS:
            break
        time.sleep(0.05)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)
    demo.terminate()
    demo.wait(timeout=60)
    return f"{kind} after {wait:.1f} s (pid {'found' if pid else 'not running'})"


@pytest.mark.parametrize("number", range(ROUNDS))
def test_the_next_demo_completes_after_a_kill(number, tmp_path, other_settings):
    chance = random.Random(f"{SEED}-{number}")  # noqa: S311  a repeatable drill, not a secret
    state_dir, log = other_settings().state_dir, tmp_path / "demo.log"

    killed = kill_at_random_moment(chance, state_dir, log, free_port())
    status = start_demo(state_dir, log, "--no-serve").wait(timeout=900)
    print(f"seed {SEED}-{number}: killed {killed}; the next demo ended with {status}")  # noqa: T201  the drill's record

    assert status == 0, log.read_text()
