"""Reports as jobs: by a process of its own, with progress and log, cancelled, or found interrupted after a restart."""

import os
import signal
import time

import httpx
import psutil
import pytest
from sqlalchemy import text

from cryokit.config import load_settings
from cryokit.db.engine import Database
from cryokit.db.registry import Registry
from cryokit.errors import AccessError, CancelledError, ConflictError, InputError, NotFoundError, UnavailableError
from cryokit.workbench import Workbench, jobs
from cryokit.workbench.reporting import JOB_KIND, cells_told
from tests.jobs import acting, ended


@pytest.fixture(scope="module")
def workbench(make_settings):
    """An installation with accounts and no model; the report on the database needs none."""
    with make_settings() as make, Workbench(make()) as workbench:
        workbench.migrate()
        for name, role in (("root", "admin"), ("rosa", "researcher")):
            workbench.add_user(name, role)
        yield workbench


def running(workbench: Workbench) -> tuple[Workbench, str, psutil.Process]:
    """Start a report, wait until its notebook runs and return who asked, the job and the process of papermill."""
    admin = acting(workbench, "root")
    job_id = admin.start_report("health", {})
    process = psutil.Process(jobs._started[-1].pid)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if found := [child for child in process.children() if "papermill" in " ".join(child.cmdline())]:
            return admin, job_id, found[0]
        time.sleep(0.1)
    pytest.fail("papermill did not begin")


def kernels_of(papermill: psutil.Process) -> list[psutil.Process]:
    """Wait until the kernel of the notebook runs too."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if kernels := [child for child in papermill.children() if "ipykernel" in " ".join(child.cmdline())]:
            return kernels
        time.sleep(0.1)
    pytest.fail("no kernel began")


def run_of(workbench: Workbench, job_id: str) -> dict:
    with workbench.database.service() as connection:
        found = text("SELECT status, error, path FROM cryo.report_run WHERE job_id = CAST(:id AS uuid)")
        return dict(connection.execute(found, {"id": job_id}).one()._mapping)


def test_an_administrator_has_a_report_run_and_follows_it(workbench, served):
    token = {"Authorization": f"Bearer {workbench.add_token('root', 'a program', 'all')}"}
    with served(workbench) as url, httpx.Client(base_url=url, headers=token, timeout=60) as client:
        answer = client.post("/api/v1/reports/health/run", json={"as_job": True})
        place = answer.headers["location"]
        job = ended(lambda: client.get(place).json(), 180)
        [newest, *_] = client.get("/api/v1/reports").json()
        page = client.get(f"/api/v1/reports/{newest['id']}/page")

    assert answer.status_code == 202
    assert answer.json()["kind"] == "report"
    assert (job["status"], job["done_fraction"]) == ("succeeded", 1)
    assert "running health" in job["log"]
    assert "cell " in job["log"]
    assert run_of(workbench, job["id"])["path"] == job["result"]["path"]
    assert (newest["name"], newest["status"], page.status_code) == ("health", "succeeded", 200)


def test_a_report_that_is_cancelled_ends_at_once_and_leaves_no_process(workbench):
    admin, job_id, papermill = running(workbench)
    admin.cancel_job(job_id)
    job = ended(lambda: admin.job(job_id), 30)
    papermill.wait(30)
    deadline = time.monotonic() + 30
    while (run := run_of(workbench, job_id))["status"] == "running" and time.monotonic() < deadline:
        time.sleep(0.1)

    assert job["status"] == "cancelled"
    assert run["status"] == "failed"
    assert "was cancelled" in run["error"]


def test_a_report_whose_process_was_killed_says_so(workbench):
    admin, job_id, papermill = running(workbench)
    kernels = kernels_of(papermill)
    os.kill(papermill.ppid(), signal.SIGKILL)
    _, left = psutil.wait_procs([papermill, *kernels], timeout=60)
    assert not left
    with workbench.database.service() as connection:
        aged = text("UPDATE cryo.job SET alive_at = alive_at - interval '2 minutes' WHERE id = CAST(:id AS uuid)")
        connection.execute(aged, {"id": job_id})
    [newest, *_] = admin.report_runs().to_dict("records")

    assert (newest["status"], newest["error"].split(":")[0]) == ("failed", "interrupted")
    assert admin.job(job_id)["error"].startswith("interrupted")


def test_a_database_that_is_away_for_a_moment_ends_no_report(workbench):
    job_id = workbench.registry.queue_job(JOB_KIND, {"name": "health", "parameters": {}})
    workbench.registry.take_job(job_id)
    away = Registry(Database(load_settings(database_url="postgresql://nobody@127.0.0.1:9/cryokit")))
    with pytest.raises(UnavailableError):
        away.job_progress(job_id, 0.5)
    registry = Registry(workbench.database)
    tell = cells_told(registry, job_id)
    registry.database = away.database
    tell(1, 4)
    registry.database = workbench.database
    tell(1, 4)

    assert workbench.job(job_id)["log"] == "cell 1 of 4\n"
    assert workbench.job(job_id)["done_fraction"] == 0.25
    workbench.cancel_job(job_id)
    with pytest.raises(CancelledError):
        tell(2, 4)


def has_asked_for_its_turn(workbench: Workbench, job_id: str) -> None:
    """Wait until the process of a job said that it waits, or began."""
    asked = text("""
        SELECT status <> 'queued' OR alive_at > created_at + interval '500 ms'
          FROM cryo.job WHERE id = CAST(:id AS uuid)""")
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with workbench.database.service() as connection:
            if connection.execute(asked, {"id": job_id}).scalar():
                return
        time.sleep(0.1)
    pytest.fail("its process did not begin")


def test_reports_wait_for_their_turn_and_no_person_fills_the_queue(workbench):
    one_at_a_time = workbench.settings.model_copy(update={"reports_at_once": 1, "reports_waiting": 2})
    few = Workbench(one_at_a_time, workbench.database)
    admin, first, _ = running(few)
    second, third = (admin.start_report("health", {"largest_tables": count}) for count in (1, 2))
    with pytest.raises(ConflictError, match="2 jobs of the kind report wait already, and no more may wait for one"):
        admin.start_report("health", {"largest_tables": 3})
    begun = psutil.Process(jobs._started[-1].pid)
    for job_id in (second, third):
        has_asked_for_its_turn(workbench, job_id)
    waiting = [admin.job(job_id)["status"] for job_id in (first, second, third)]
    admin.cancel_job(third)
    begun.wait(60)
    admin.cancel_job(first)
    done = ended(lambda: admin.job(second), 180)

    assert waiting == ["running", "queued", "queued"]
    assert (done["status"], admin.job(third)["status"]) == ("succeeded", "cancelled")
    assert admin.job(third)["started_at"] is None


def test_the_place_of_a_report_whose_process_is_gone_is_given_on(workbench):
    registry = Registry(workbench.database)
    gone, next_one = (registry.queue_job(JOB_KIND, {"name": "health", "parameters": {}}) for _ in range(2))
    few = Workbench(workbench.settings.model_copy(update={"reports_at_once": 1}), workbench.database)
    assert not registry.take_job(next_one, 1)
    with workbench.database.service() as connection:
        aged = text("UPDATE cryo.job SET alive_at = alive_at - interval '2 minutes' WHERE id = CAST(:id AS uuid)")
        connection.execute(aged, {"id": gone})

    assert few._turn_came(registry, registry.job(next_one))
    assert [registry.job(job_id)["status"] for job_id in (gone, next_one)] == ["failed", "running"]
    workbench.cancel_job(next_one)


def test_a_database_that_is_away_for_a_moment_costs_no_report_its_turn(workbench, monkeypatch):
    job_id = workbench.registry.queue_job(JOB_KIND, {"name": "health", "parameters": {}})
    job, registry = workbench.job(job_id), Registry(workbench.database)
    registry.database = Database(load_settings(database_url="postgresql://nobody@127.0.0.1:9/cryokit"))
    with monkeypatch.context() as changed:
        changed.setattr(jobs.time, "sleep", lambda _seconds: setattr(registry, "database", workbench.database))
        assert workbench._turn_came(registry, job)

    assert workbench.job(job_id)["status"] == "running"
    workbench.cancel_job(job_id)


def test_a_database_that_stays_away_ends_the_waiting(workbench, monkeypatch):
    job_id = workbench.registry.queue_job(JOB_KIND, {"name": "health", "parameters": {}})
    job, registry = workbench.job(job_id), Registry(workbench.database)
    registry.database = Database(load_settings(database_url="postgresql://nobody@127.0.0.1:9/cryokit"))
    monkeypatch.setattr(jobs, "SILENT_SECONDS", 0.0)
    with pytest.raises(UnavailableError):
        workbench._turn_came(registry, job)

    workbench.cancel_job(job_id)


def test_what_cannot_be_run_is_no_job(workbench):
    before = len(workbench.jobs())
    admin = acting(workbench, "root")
    with pytest.raises(NotFoundError):
        admin.start_report("weather", {})
    with pytest.raises(InputError, match="has no parameter"):
        admin.start_report("health", {"nonsense": 1})
    with pytest.raises(AccessError):
        acting(workbench, "rosa").start_report("health", {})

    assert len(workbench.jobs()) == before
