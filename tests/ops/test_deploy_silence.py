"""The silence around a deployment, in Debian's Alertmanager: only what a colour on trial causes, and never for long."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
BLUE, GREEN = "127.0.0.1:5101", "127.0.0.1:5102"
QUIET = ("ServerDown", GREEN), ("ComponentFails", GREEN)
LOUD = ("ServerDown", BLUE), ("DiskFull", GREEN), ("ServerDownFor", GREEN)


@pytest.fixture(scope="module")
def alertmanager(alertmanager_in, tmp_path_factory) -> Iterator[str]:
    """The address of an Alertmanager with the committed configuration, which five alerts have reached."""
    with alertmanager_in(tmp_path_factory.mktemp("alertmanager")) as address:
        alerts = [{"labels": {"alertname": name, "instance": instance}} for name, instance in (*QUIET, *LOUD)]
        httpx.post(f"{address}/api/v2/alerts", json=alerts).raise_for_status()
        yield address


@dataclass
class Environment:
    """An environment of which no release is started: only its scripts are asked."""

    home: Path
    alertmanager: str

    def bash(self, commands: str, settings: str = "") -> subprocess.CompletedProcess:
        root = self.home / "staging"
        root.mkdir(exist_ok=True)
        (root / "app.env").write_text("")
        (root / "deploy.env").write_text(f"DEPLOY_ALERTMANAGER_URL={self.alertmanager}\n{settings}\n")
        return subprocess.run(
            ["bash", "-euc", f". {ROOT}/ops/deployment.sh; open_environment staging; {commands}", "deploy.sh"],
            env=os.environ | {"DEPLOY_HOME": str(self.home)}, capture_output=True, text=True, check=True,
        )  # fmt: skip

    def silences(self) -> list[dict]:
        return httpx.get(f"{self.alertmanager}/api/v2/silences").raise_for_status().json()

    def suppressed(self) -> set[tuple[str, str]]:
        found = httpx.get(f"{self.alertmanager}/api/v2/alerts").raise_for_status().json()
        labels = [item["labels"] for item in found if item["status"]["silencedBy"]]
        return {(item["alertname"], item["instance"]) for item in labels}


@pytest.fixture
def environment(tmp_path, alertmanager) -> Iterator[Environment]:
    environment = Environment(tmp_path, alertmanager)
    yield environment
    for item in environment.silences():
        httpx.delete(f"{alertmanager}/api/v2/silence/{item['id']}")


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def test_only_what_a_colour_on_trial_causes_is_silenced_and_told_again_afterwards(environment):
    environment.bash("silence green")
    during = environment.suppressed()
    environment.bash("end_silence")  # by another process, as a rollback is

    assert during == set(QUIET)
    assert environment.suppressed() == set()
    assert not (environment.home / "staging" / "run" / "silence").exists()
    assert environment.bash("end_silence").stderr == ""


def test_a_silence_of_a_deployment_that_was_killed_ends_by_itself(environment):
    environment.bash("silence green", "DEPLOY_SILENCE_SECONDS=4")

    assert environment.suppressed() == set(QUIET)
    assert within(10, lambda: environment.suppressed() == set())


def test_the_next_deployment_leaves_no_older_silence(environment):
    environment.bash("silence green")
    environment.bash("silence blue")

    assert environment.suppressed() == {("ServerDown", BLUE)}
    active = [item for item in environment.silences() if item["status"]["state"] == "active"]
    assert [item["comment"] for item in active] == ["deploy.sh: staging tries blue"]


def test_an_alertmanager_that_does_not_answer_is_told_and_nothing_stops(tmp_path):
    done = Environment(tmp_path, f"http://127.0.0.1:{free_port()}").bash("silence green; end_silence; echo went on")

    assert done.stdout == "went on\n"
    assert "Alertmanager took no silence: alerts of green may come while it is tried" in done.stderr


def test_without_its_address_alertmanager_is_not_asked(tmp_path):
    done = Environment(tmp_path, "").bash("silence green; end_silence; echo went on")

    assert (done.stdout, done.stderr) == ("went on\n", "")
