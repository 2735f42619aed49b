"""The set-up script: which Python it finds, what it says when there is none, what it leaves alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
REPORTS = 6
"""Trainings and validations of three targets; the database is looked at anew each time."""


def bootstrap(tmp_path: Path, path: str, **variables: str) -> subprocess.CompletedProcess:
    """Run the script in a copy of the checkout's set-up files, with a PATH and HOME of its own."""
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "ops").mkdir(exist_ok=True)
    script = tmp_path / "ops" / "bootstrap.sh"
    script.write_text((ROOT / "ops" / "bootstrap.sh").read_text())
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    environment = {"PATH": path, "HOME": str(tmp_path), **kept, **variables}
    return subprocess.run(["bash", str(script), "run"], env=environment, capture_output=True, text=True, check=False)


def executable(folder: Path, name: str, text: str) -> Path:
    """Write a small program."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text)
    file.chmod(0o755)
    return file


def test_no_python_is_one_clear_message(tmp_path):
    shims = tmp_path / "shims"
    executable(shims, "python3.12", "#!/bin/sh\nexit 127\n")

    done = bootstrap(tmp_path, f"{shims}:/usr/bin:/bin")

    if done.returncode == 0:  # the system's own python3 is new enough
        assert (tmp_path / ".venv").exists()
    else:
        assert "no Python >= 3.12" in done.stderr
        assert "PYTHON=" in done.stderr


def test_a_shim_that_starts_nothing_is_passed_over(tmp_path):
    shims, versions = tmp_path / "shims", tmp_path / ".pyenv" / "versions" / "3.12.1" / "bin"
    executable(shims, "python3.12", "#!/bin/sh\nexit 127\n")
    executable(shims, "python3.13", "#!/bin/sh\nexit 127\n")
    executable(shims, "python3", "#!/bin/sh\nexit 127\n")
    executable(versions, "python", f'#!/bin/sh\necho "$@" >> {tmp_path}/called\nexec {sys.executable} "$@"\n')
    wanted = subprocess.run(
        ["bash", "-c", "cat pyproject.toml constraints.txt | cksum"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    # A stamp that says "installed" keeps the test from installing a gigabyte; the venv is made for real.
    executable(
        tmp_path / "bin",
        "cksum",
        f"#!/bin/sh\nmkdir -p .venv && printf '%s' '{wanted}' > .venv/installed-run\nprintf '%s' '{wanted}'\n",
    )

    done = bootstrap(tmp_path, f"{shims}:{tmp_path / 'bin'}:/usr/bin:/bin")

    assert done.returncode == 0, done.stderr
    assert "-m venv .venv" in (tmp_path / "called").read_text()


@pytest.mark.parametrize(("uv_status", "installs"), [(0, ["pip uv", "uv"]), (2, ["pip uv", "uv", "pip"])])
def test_pip_goes_on_where_uv_cannot_install(tmp_path, uv_status, installs):
    called, programs = tmp_path / "called", tmp_path / ".venv" / "bin"
    executable(programs, "python", f'#!/bin/sh\ncase "$*" in *" uv") echo pip uv;; *pip*) echo pip;; esac >>{called}\n')
    executable(programs, "uv", f"#!/bin/sh\necho uv >>{called}\nexit {uv_status}\n")

    done = bootstrap(tmp_path, "/usr/bin:/bin")

    assert done.returncode == 0, done.stderr
    assert called.read_text().splitlines() == installs
    assert ("going on with pip" in done.stderr) == bool(uv_status)


def test_an_unknown_mode_is_refused():
    done = subprocess.run(["bash", "ops/bootstrap.sh", "walk"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "run|test" in done.stderr


@pytest.mark.drill
def test_environment_file_installs_in_a_fresh_environment(tmp_path):
    [pip] = [
        item["pip"]
        for item in yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
        if isinstance(item, dict)
    ]
    words = [word for line in pip for word in line.split()]
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    installed = subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "--no-compile", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert installed.returncode == 0, installed.stderr
    answer = subprocess.run(
        [str(python.parent / "cryokit"), "--version"], env=os.environ, capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith("cryokit, version")


def brought_up(environment: dict[str, str]) -> subprocess.CompletedProcess:
    argv = [sys.executable, "-m", "cryokit.cli", "up", "--no-serve"]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)


def test_a_second_demo_reuses_everything(demo_environment):
    done = brought_up(demo_environment)
    if done.stdout.count("(reused)") < REPORTS:
        # Notebooks that were tried on this state trained newer versions; now it has caught up with them.
        done = brought_up(demo_environment)

    assert done.stdout.count("(reused)") == REPORTS
    assert "shown only now" not in done.stdout


def test_ops_scripts_are_executable():
    assert all(os.access(script, os.X_OK) for script in (ROOT / "ops").glob("*.sh"))
