"""One deployment or rollback at a time; one that was killed is none."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUSY, NOTHING_SERVES = 75, 1


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """Variables of an environment in which nothing was deployed yet."""
    (tmp_path / "staging").mkdir()
    (tmp_path / "staging" / "app.env").write_text("")
    (tmp_path / "staging" / "deploy.env").write_text("DEPLOY_LOCK_SECONDS=300\n")
    return os.environ | {"DEPLOY_HOME": str(tmp_path)}


@pytest.fixture
def deployment(environment, request) -> Iterator[subprocess.Popen]:
    """A deployment, or another command by its name, that has the lock and waits for a command of its own."""
    commands = f". {ROOT}/ops/deployment.sh; open_environment staging; take_lock; sleep 600 & echo taken; wait"
    argv = ["bash", "-euc", commands, getattr(request, "param", "deploy.sh")]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout.readline() == "taken\n"
        yield process
        end(process)


def end(deployment: subprocess.Popen) -> None:
    """End a deployment and the command that it waits for, whichever of them is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(deployment.pid, signal.SIGKILL)


def rollback(environment: dict[str, str]) -> subprocess.Popen:
    argv = [ROOT / "ops" / "rollback.sh", "--env", "staging"]
    return subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True)


def rolled_back(environment: dict[str, str]) -> tuple[int, str]:
    """Roll back; return the exit code and what was said."""
    with rollback(environment) as process:
        said = process.stderr.read()
    return process.returncode, said


@pytest.mark.parametrize("deployment", ["deploy.sh", "rollback.sh", "resume.sh"], indirect=True)
def test_what_runs_is_not_disturbed(environment, deployment, tmp_path):
    (tmp_path / "staging" / "deploy.env").write_text("DEPLOY_LOCK_SECONDS=1\n")
    code, said = rolled_back(environment)

    assert code == BUSY
    assert "waits" not in said
    assert "another deployment, rollback or resume runs" in said


def test_a_deployment_that_was_killed_is_waited_for_no_longer_than_its_last_command(environment, deployment):
    deployment.kill()
    deployment.wait()
    with rollback(environment) as process:
        assert "waits for what a killed deployment had begun" in process.stderr.readline()
        end(deployment)
        assert "nothing serves" in process.stderr.read()

    assert process.returncode == NOTHING_SERVES
    assert "waits" not in rolled_back(environment)[1]


def test_what_a_killed_deployment_left_behind_for_good_is_told(environment, deployment, tmp_path):
    (tmp_path / "staging" / "deploy.env").write_text("DEPLOY_LOCK_SECONDS=1\n")
    deployment.kill()
    deployment.wait()

    assert rolled_back(environment)[0] == BUSY
