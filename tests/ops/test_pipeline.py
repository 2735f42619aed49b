"""The pipeline: jobs that only call make, pinned actions, and scanners that turn red on planted cases."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.ops.sinks import hook_sink
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
VERBS = set(re.findall(r"^([a-z-]+(?: [a-z0-9-]+)*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
VERBS = {verb for line in VERBS for verb in line.split()}
CATEGORIES = {"lint", "js", "unit", "integration", "notebooks", "e2e", "ops", "image", "validation"}


def jobs_of(path):
    """Return the jobs of a workflow by name."""
    return yaml.safe_load(path.read_text())["jobs"]


def steps_of(path):
    """Yield every step of a workflow."""
    for job in jobs_of(path).values():
        yield from job["steps"]


def test_every_category_of_tests_has_a_job():
    assert set(jobs_of(ROOT / ".github/workflows/ci-cd.yml")) >= CATEGORIES | {"scan", "coverage", "perf", "passed"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_jobs_call_make_and_nothing_else(path):
    commands = [
        step["run"] for name, job in jobs_of(path).items() if name != "passed" for step in job["steps"] if "run" in step
    ]

    assert commands
    assert all(re.match(r"make [a-z-]+", command) for command in commands)
    assert {command.split()[1] for command in commands} <= VERBS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_jobs_are_limited(path):
    used = [step["uses"] for step in steps_of(path) if "uses" in step]

    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action) for action in used)
    assert yaml.safe_load(path.read_text())["permissions"] == {}
    assert all(job["timeout-minutes"] <= 180 for job in jobs_of(path).values())


def test_nothing_that_must_pass_can_be_left_out():
    jobs = jobs_of(ROOT / ".github/workflows/ci-cd.yml")
    always = {name for name, job in jobs.items() if "if" not in job}

    assert set(jobs["passed"]["needs"]) == always


def test_every_week_drills_and_mutations_are_run_and_somebody_is_told_of_a_failure():
    workflow = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text())
    jobs = workflow["jobs"]
    minute, hour, day_of_month, month, day_of_week = workflow[True]["schedule"][0][
        "cron"
    ].split()  # YAML reads on as true
    commands = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}

    assert minute.isdecimal() and hour.isdecimal() and day_of_week.isdecimal()
    assert (day_of_month, month) == ("*", "*")
    assert commands == {"drills": ["make drills"], "mutation": ["make mutation"], "tell": ["make tell"]}
    assert set(jobs["tell"]["needs"]) == set(jobs) - {"tell"}
    assert jobs["tell"]["if"] == "failure() || cancelled()"
    for name in jobs["tell"]["needs"]:
        assert f"needs.{name}.result" in jobs["tell"]["env"]["TEXT"]


def tell(address, text='tests "failed"; $HOME'):
    """Run what a workflow calls to tell somebody."""
    environment = os.environ | {"TELL_URL": address, "TEXT": text}
    return subprocess.run(
        ["make", "-s", "tell"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_what_is_told_arrives_word_for_word():
    with hook_sink() as hooks:
        done = tell(f"http://127.0.0.1:{hooks.server_address[1]}/hook")

    assert done.returncode == 0, done.stderr
    assert hooks.received == [("/hook", {"text": 'tests "failed"; $HOME'})]


def test_nobody_being_told_is_a_failure():
    without, unheard = tell(""), tell(f"http://127.0.0.1:{free_port()}")

    assert without.returncode != 0
    assert "TELL_URL is empty, so nobody can be told: tests" in without.stderr
    assert unheard.returncode != 0


def passed_with(results):
    """Run the last job's script on results of the others."""
    [step] = jobs_of(ROOT / ".github/workflows/ci-cd.yml")["passed"]["steps"]
    return subprocess.run(["bash", "-c", step["run"]], env={"RESULTS": results}, check=False).returncode == 0


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
def test_the_last_job_is_green_only_when_all_are(result):
    assert passed_with("success success")
    assert not passed_with(f"success {result}")


# Scanners


@pytest.fixture
def project(tmp_path):
    """A small project with what is scanned, clean."""
    for folder in ("cryokit", "dashboards"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "module.py").write_text('"""Nothing."""\n')
    for folder in (".github/workflows", "ops/docker"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def scan(what, folder):
    """Return how a scanner ended and what it said."""
    done = subprocess.run([ROOT / "ops/scan.sh", what, folder], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("what", ["code", "secrets", "workflows", "containers"])
def test_a_clean_project_is_green(project, what):
    subprocess.run(["git", "-C", project, "add", "-A"], check=True)

    status, said = scan(what, project)

    assert status == 0, said
    assert f"{what}: nothing found" in said


def test_this_project_holds_no_secret_that_was_not_reviewed():
    status, said = scan("secrets", ROOT)

    assert status == 0, said


def plant_code(project):
    (project / "cryokit" / "module.py").write_text(
        "import subprocess\n\n\ndef run(text):\n    subprocess.call(text, shell=True)\n"
    )
    return "B602"


def plant_secret(project):
    token = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"  # in two parts, so that it is planted there only
    (project / "cryokit" / "module.py").write_text(f'TOKEN = "{token}"\n')
    return "module.py:1"


def plant_workflow(project):
    path = project / ".github" / "workflows" / "ci-cd.yml"
    path.write_text(re.sub(r"actions/checkout@[0-9a-f]{40}", "actions/checkout@main", path.read_text(), count=1))
    return "unpinned"


def plant_schema_error(project):
    path = project / ".github" / "workflows" / "reports.yml"
    path.write_text(path.read_text().replace("runs-on:", "run-on:"))
    return "run-on"


def plant_container(project):
    path = project / "ops" / "docker" / "Dockerfile"
    path.write_text(path.read_text().replace("USER 10001:10001", "USER root"))
    return "DL3002"


def plant_compose_error(project):
    path = project / "ops" / "docker" / "compose.yaml"
    path.write_text(path.read_text().replace("healthcheck:", "healthchek:"))
    return "healthchek"


@pytest.mark.parametrize(
    ("what", "plant"),
    [
        ("code", plant_code),
        ("secrets", plant_secret),
        ("workflows", plant_workflow),
        ("workflows", plant_schema_error),
        ("containers", plant_container),
        ("containers", plant_compose_error),
    ],
)
def test_a_planted_case_turns_its_scanner_red(project, what, plant):
    sign = plant(project)
    subprocess.run(["git", "-C", project, "add", "-A"], check=True)

    status, said = scan(what, project)

    assert status != 0
    assert sign in said
    assert "nothing found" not in said


def test_advisories_that_cannot_be_fetched_are_a_failure(tmp_path, monkeypatch):
    (tmp_path / "constraints.txt").write_text("requests==2.19.0\n")
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    status, said = scan("dependencies", tmp_path)

    assert status != 0
    assert "nothing found" not in said


def test_an_unknown_scan_is_refused(tmp_path):
    status, said = scan("everything", tmp_path)

    assert status == 2
    assert "usage" in said


# Delivery


def test_what_is_deployed_was_tried_scanned_and_signed():
    jobs = jobs_of(ROOT / ".github/workflows/ci-cd.yml")
    steps = [step.get("run") or step["uses"].partition("@")[0] for step in jobs["image"]["steps"][2:]]

    assert steps == [
        "make image", "make scan-image", "make export-image", "actions/upload-artifact", "actions/attest",
        "actions/attest",
    ]  # fmt: skip
    assert "sbom-path" in jobs["image"]["steps"][-1]["with"]
    assert "image" in jobs["passed"]["needs"]


def test_production_comes_after_staging_and_an_approval():
    jobs = jobs_of(ROOT / ".github/workflows/ci-cd.yml")

    assert jobs["staging"]["needs"] == ["passed"]
    assert jobs["production"]["needs"] == ["staging"]
    for name in ("staging", "production"):
        assert jobs[name]["environment"] == name
        assert jobs[name]["if"] == "github.event_name == 'push' && github.ref == 'refs/heads/main'"
        assert jobs[name]["concurrency"] == {"group": f"deploy-{name}", "cancel-in-progress": False}
        assert jobs[name]["permissions"] == {"contents": "read"}
        assert [step["run"] for step in jobs[name]["steps"] if "run" in step] == [f"make deploy ENVIRONMENT={name}"]


def test_only_signing_may_write():
    jobs = jobs_of(ROOT / ".github/workflows/ci-cd.yml")
    writing = {name for name, job in jobs.items() if "write" in job.get("permissions", {}).values()}

    assert writing == {"image"}
    assert set(jobs["image"]["permissions"]) == {"contents", "id-token", "attestations"}
