"""The two processes of a colour where there is no systemd: kept running, and stopped so that none takes over."""

import os
import shutil
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


def test_the_number_of_another_supervisor_is_not_taken_for_ones_own(colour):
    """After a reboot the numbers that were written down before belong to whoever began in that order."""
    green = colour.parent / "green"
    green.mkdir()
    try:
        bash(colour, "start_colour blue")
        waited_for(lambda: len(lines(colour, "began")) == 1)
        number = (colour / "app.supervisor").read_text()
        (colour / "standby.supervisor").write_text(number)
        (green / "app.supervisor").write_text(number)
        said = bash(colour, "runs blue && echo blue; runs blue standby || echo none; runs green || echo none")
        bash(colour, "stop_colour green")

        assert said.split() == ["blue", "none", "none"]
        assert bash(colour, "runs blue && echo blue") == "blue\n"
    finally:
        bash(colour, "stop_colour blue")


def test_starts_of_former_times_do_not_count(colour):
    """On a busy machine the supervisor may take a while until it counts its own."""
    (colour / "app.starts").write_text("7\n")

    assert bash(colour, "setsid() { sleep 1; }; start_colour blue; starts_of blue") == "0\n"


SYSTEMCTL = """#!/bin/sh
exec /usr/bin/systemctl --root={place} "$@"
"""
"""The machine's own program, on unit files in another folder: it makes links there and starts nothing."""


def test_after_a_reboot_systemd_starts_what_serves_and_nothing_else(colour, tmp_path):
    units, links = (tmp_path / "etc" / "systemd" / "system" / name for name in ("", "multi-user.target.wants"))
    shutil.copytree(ROOT / "ops" / "systemd", units)
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(SYSTEMCTL.format(place=tmp_path))
    program.chmod(0o755)
    settings = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    (colour.parent / "deploy.env").write_text("DEPLOY_SUPERVISOR=systemd\n")

    def enabled(commands: str, **more: str) -> set[str]:
        bash(colour, commands, **settings, **more)
        return {link.name.removeprefix("cryokit").removesuffix(".service") for link in links.iterdir()}

    assert enabled("at_boot blue") == {"-proxy@staging", "@staging-blue", "-standby@staging-blue"}
    assert enabled("at_boot green") == {"-proxy@staging", "@staging-green", "-standby@staging-green"}
    assert enabled("at_boot green", DEPLOY_STANDBY="0") == {"-proxy@staging", "@staging-green"}
    # Else a machine that boots slowly would be given up after five starts.
    assert all("\nStartLimitIntervalSec=0\n" in file.read_text() for file in units.glob("*.service"))
