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
from cryokit.errors import AccessError, CancelledError, InputError, NotFoundError, UnavailableError
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
        if children := [child for child in process.children() if "papermill" in " ".join(child.cmdline())]:
            return admin, job_id, children[0]
        time.sleep(0.1)
    pytest.fail("papermill did not begin")


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
    os.kill(papermill.ppid(), signal.SIGKILL)
    papermill.kill()
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
