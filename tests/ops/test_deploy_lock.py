"""One deployment or rollback at a time; one that was killed is none."""

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
    (tmp_path / "staging" / "deploy.env").write_text("DEPLOY_LOCK_SECONDS=5\n")
    return os.environ | {"DEPLOY_HOME": str(tmp_path)}


@pytest.fixture
def deployment(environment) -> Iterator[subprocess.Popen]:
    """A deployment that has the lock and waits for a command of its own."""
    commands = f". {ROOT}/ops/deployment.sh; open_environment staging; take_lock; echo taken; sleep 2; true"
    argv = ["bash", "-euc", commands, "deploy.sh"]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout.readline() == "taken\n"
        yield process
        os.killpg(process.pid, signal.SIGKILL)


def rolled_back(environment: dict[str, str]) -> subprocess.CompletedProcess:
    argv = [ROOT / "ops" / "rollback.sh", "--env", "staging"]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


def test_a_running_deployment_is_not_disturbed(environment, deployment):
    done = rolled_back(environment)

    assert done.returncode == BUSY
    assert "another deployment or rollback runs" in done.stderr


def test_a_deployment_that_was_killed_is_waited_for_no_longer_than_its_last_command(environment, deployment):
    deployment.kill()
    deployment.wait()
    done = rolled_back(environment)

    assert (done.returncode, "nothing serves" in done.stderr) == (NOTHING_SERVES, True)
    assert "waits for what a killed deployment had begun" in done.stderr
    assert "waits" not in rolled_back(environment).stderr


def test_what_a_killed_deployment_left_behind_for_good_is_told(environment, deployment):
    os.kill(int(subprocess.check_output(["pgrep", "-P", str(deployment.pid)], text=True)), signal.SIGSTOP)
    deployment.kill()
    deployment.wait()

    assert rolled_back(environment).returncode == BUSY
