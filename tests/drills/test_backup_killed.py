"""SIGKILL at random moments of backups and restores: the server, the scratch server, the command itself."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cryokit.errors import ConflictError
from cryokit.workbench import Workbench

pytestmark = pytest.mark.drill

ROUNDS = int(os.environ.get("DRILL_ROUNDS", "10"))


def postmaster_of(cluster: Path) -> int | None:
    """Return the first process of a server, if it runs."""
    with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
        pid = int((cluster / "postmaster.pid").read_text().splitlines()[0])
        return pid if psutil.pid_exists(pid) else None
    return None


def live_server(installation) -> int | None:
    """Return the live server."""
    return postmaster_of(installation.settings.cluster_dir)


def scratch_server(installation) -> int | None:
    """Return the server on which a backup is tried."""
    found = (postmaster_of(folder / "cluster") for folder in installation.settings.state_dir.glob("restore-*"))
    return next(filter(None, found), None)


@pytest.fixture(scope="module")
def took() -> dict[str, float]:
    """How long each command takes undisturbed, measured once."""
    return {}


@pytest.fixture
def killed(installation, chance, took) -> Callable[..., tuple[int, str, str]]:
    """Run a command, kill something at a random moment of it; return its exit code, its words, and what was done."""

    def run(victim: Callable | None, *words: str) -> tuple[int, str, str]:
        began = time.monotonic()
        command = installation.run(*words)
        wait = chance.uniform(0, took[words[1]])
        pid = None
        while command.poll() is None and pid is None:
            time.sleep(0.01)
            if time.monotonic() - began >= wait:
                pid = command.pid if victim is None else victim(installation)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        said, _ = command.communicate(timeout=600)
        done = f"killed after {time.monotonic() - began:.1f} s" if pid else "not met"
        return command.returncode, said.strip().splitlines()[-1] if said.strip() else "", done

    def measured(victim: Callable | None, *words: str) -> tuple[int, str, str]:
        if words[1] not in took:
            began = time.monotonic()
            installation.done(*words)
            took[words[1]] = time.monotonic() - began
        return run(victim, *words)

    return measured


@pytest.mark.parametrize("victim", [live_server, scratch_server, None], ids=["server", "scratch server", "command"])
def test_a_kill_in_a_backup_loses_nothing(installation, killed, say, victim):
    met = 0
    for number in range(ROUNDS):
        before = installation.ids()
        with installation.ledger.being_written():
            status, words, done = killed(victim, "backup", "create")
        rows = installation.require_nothing_lost()
        installation.require_honest_sets()
        fresh = [found for found in installation.sets.all() if found.id not in before]
        say(f"  {number}: {done}; exit {status} {words[:90] if status else ''}; {rows} rows, none lost")
        met += done != "not met"
        assert status != 0 or any(one.is_proved for one in fresh)
    say(f"{met} of {ROUNDS} kills met it")

    assert met > ROUNDS // 2
    installation.require_backups_work()


def take_back(words: str) -> None:
    """Do what the message of an interrupted restore says."""
    said = re.search("a restore was interrupted; take the old cluster back first with `mv ([^ ]+) ([^ ]+)`", words)
    assert said, words
    Path(said[1]).rename(said[2])


@pytest.mark.parametrize("victim", [live_server, scratch_server, None], ids=["server", "scratch server", "command"])
def test_a_kill_in_a_restore_loses_nothing(installation, killed, say, victim):
    with installation.ledger.being_written():
        installation.workbench.create_backup("full")
    met = healed = 0
    for number in range(ROUNDS):
        status, words, done = killed(victim, "backup", "restore", "--to", "latest", "--replace")
        try:
            rows = installation.require_nothing_lost()
        except ConflictError as error:  # the old cluster was set aside, the new one had no name yet
            healed += 1
            take_back(str(error))
            installation.done("backup", "restore", "--to", "latest", "--replace")
            rows = installation.require_nothing_lost()
        say(f"  {number}: {done}; exit {status} {words[:90] if status else ''}; {rows} rows, none lost")
        met += done != "not met"
    say(f"{met} of {ROUNDS} kills met it; {healed} times the restore had to be done again")

    assert met > ROUNDS // 2
    Workbench(installation.settings).database.ping()
    installation.require_backups_work()


# The moment between the two names is too short for chance; Python tells of it before it comes.
KILLED_BETWEEN_NAMES = """
import os, runpy, signal, sys

def hear(event, given):
    if event == "os.rename" and os.fspath(given[1]) == os.environ["DRILL_CLUSTER"]:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hear)
runpy.run_module("cryokit.cli", run_name="__main__", alter_sys=True)
"""


def test_a_kill_between_the_two_names_of_a_restore_is_taken_back_as_it_says(installation, say):
    with installation.ledger.being_written():
        installation.workbench.create_backup("full")
    cluster = installation.settings.cluster_dir
    argv = [sys.executable, "-c", KILLED_BETWEEN_NAMES, "backup", "restore", "--to", "latest", "--replace"]
    known = os.environ | {"CRYOKIT_STATE_DIR": str(installation.settings.state_dir), "DRILL_CLUSTER": str(cluster)}
    status = subprocess.run(argv, env=known, check=False).returncode
    assert (status, cluster.exists()) == (-signal.SIGKILL, False)

    with pytest.raises(ConflictError, match="a restore was interrupted") as refused:
        installation.require_nothing_lost()
    take_back(str(refused.value))
    installation.done("backup", "restore", "--to", "latest", "--replace")
    say(f"  taken back, restored again: {installation.require_nothing_lost()} rows, none lost")

    installation.require_backups_work()
