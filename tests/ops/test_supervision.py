"""The two processes of a colour where there is no systemd: kept running, and stopped so that none takes over."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """#!/bin/bash
echo "$$ began $*" >> ../log.of.program
trap 'echo "$$ ended" >> ../log.of.program; exit' TERM
while true; do sleep 0.1; done
"""
"""Stands for the server: how that waits for its turn is tried with the real one."""


def waited_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def colour(tmp_path) -> Path:
    """A colour with a release that only says what became of it."""
    folder = tmp_path / "staging" / "blue"
    program = folder / "release" / ".venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM)
    program.chmod(0o755)
    (folder / "app.env").write_text("")
    (folder.parent / "app.env").write_text("")
    (folder.parent / "deploy.env").write_text("DEPLOY_SUPERVISOR=own\n")
    return folder


def bash(colour: Path, commands: str, **settings: str) -> str:
    script = f". {ROOT}/ops/deployment.sh; open_environment staging; {commands}"
    environment = os.environ | {"DEPLOY_HOME": str(colour.parents[1])} | settings
    return subprocess.run(["bash", "-euc", script], env=environment, check=True, capture_output=True, text=True).stdout


def lines(colour: Path, word: str) -> list[list[str]]:
    log = colour / "log.of.program"
    found = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [line for line in found if line[1] == word]


def test_one_serves_and_one_stands_by_until_both_are_stopped_in_that_order(colour):
    try:
        bash(colour, "start_colour blue")
        waited_for(lambda: len(lines(colour, "began")) == 1)
        bash(colour, "start_standby blue; start_standby blue")
        waited_for(lambda: len(lines(colour, "began")) == 2)
        (first, *_), (_, *_) = lines(colour, "began")
        os.kill(int(first), signal.SIGKILL)
        waited_for(lambda: len(lines(colour, "began")) == 3)
        both = bash(colour, "runs blue && runs blue standby && starts_of blue")
    finally:
        bash(colour, "stop_colour blue")
    _, second, third = lines(colour, "began")

    assert [line[2:] for line in (second, third)] == 2 * [["-m", "cryokit.cli", "serve", "--turn", f"{colour}/turn"]]
    assert both == "2\n"
    assert [line[0] for line in lines(colour, "ended")] == [second[0], third[0]]
    assert bash(colour, "runs blue || runs blue standby || echo none") == "none\n"


def test_who_wants_no_second_process_has_none(colour):
    bash(colour, "start_standby blue", DEPLOY_STANDBY="0")

    assert bash(colour, "runs blue standby || echo none") == "none\n"
    assert lines(colour, "began") == []
