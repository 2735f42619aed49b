"""The pipeline run on this machine: every step, in order, and red when a test is."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ".github/workflows/ci-cd.yml"
MAKEFILE = """SHELL := /bin/bash -o pipefail
export PYTEST_DISABLE_PLUGIN_AUTOLOAD := 1
%:
\t@echo did $@ VERSION=$(VERSION)
\t@mkdir -p test-results && touch test-results/$@ validation.html
.PHONY: unit
unit:
\t@mkdir -p test-results && {python} -m pytest -q test_small.py | tee test-results/unit
"""
"""Stands for the project's: what its verbs do is tested elsewhere, here it is who calls them when."""


@pytest.fixture
def project(tmp_path):
    """A small project with the workflow of this one, and one test."""
    folder = tmp_path / "project"
    (folder / WORKFLOW).parent.mkdir(parents=True)
    (folder / WORKFLOW).write_text((ROOT / WORKFLOW).read_text())
    (folder / "Makefile").write_text(MAKEFILE.format(python=sys.executable))
    (folder / "test_small.py").write_text("def test_sums():\n    assert 1 + 1 == 2\n")
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", "-C", folder, "add", "--all"], check=True)
    subprocess.run(["git", "-C", folder, *identity, "commit", "--quiet", "--message", "change"], check=True)


def ci_local(folder: Path, *words: str) -> tuple[int, str]:
    """Run the pipeline and return its exit code and what it said."""
    argv = [sys.executable, ROOT / "tests/ci_local.py", "--repository", folder, *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def results(said: str) -> dict[str, str]:
    """Read the table at the end."""
    return dict(line.split(maxsplit=1) for line in said.rpartition("\n\n")[2].splitlines())


def test_every_step_of_every_job_is_done_in_order(project):
    status, said = ci_local(project)
    jobs = yaml.safe_load((ROOT / WORKFLOW).read_text())["jobs"]
    done = list(results(said))

    assert status == 0, said
    assert set(done) == set(jobs)
    assert {name for name, result in results(said).items() if result == "not run"} == {
        name for name, job in jobs.items() if "environment" in job
    }
    for name, job in jobs.items():
        needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        assert all(done.index(need) < done.index(name) for need in needs)
        for step in job["steps"]:
            if "run" in step and "environment" not in job:
                assert f": {step['run'].splitlines()[0]}" in said
    assert said.count("did postgresql VERSION=15") == said.count("did postgresql VERSION=18") == 1


def test_a_failing_test_turns_it_red_and_what_needs_it_is_skipped(project):
    (project / "test_small.py").write_text("def test_sums():\n    assert 1 + 1 == 3\n")
    commit(project)

    status, said = ci_local(project)

    assert status == 1
    assert "assert (1 + 1) == 3" in said
    ended = results(said)
    assert (ended["lint"], ended["unit"], ended["coverage"], ended["passed"]) == (
        "success", "failure", "skipped", "failure",
    )  # fmt: skip


def test_only_what_is_committed_counts(project):
    (project / "test_small.py").write_text("raise SystemExit\n")

    assert ci_local(project, "--job", "unit")[0] == 0


def test_one_job_brings_those_that_it_needs(project):
    status, said = ci_local(project, "--job", "coverage")

    assert status == 0
    assert set(results(said)) == {"unit", "integration", "e2e", "coverage"}


def test_an_artifact_that_is_missing_is_a_failure(project):
    makefile = project / "Makefile"
    makefile.write_text(makefile.read_text() + "\t@rm -rf test-results\n")
    commit(project)

    status, said = ci_local(project, "--job", "unit")

    assert status == 1
    assert "nothing to keep: test-results" in said


def test_what_it_does_not_know_it_does_not_guess(project):
    workflow = project / WORKFLOW
    workflow.write_text(workflow.read_text().replace("${{ matrix.postgresql }}/bin", "${{ github.sha }}/bin"))
    commit(project)

    assert "does not know the expression 'github.sha'" in ci_local(project, "--job", "integration")[1]
    assert ci_local(project, "--job", "nothing")[0] == 2
