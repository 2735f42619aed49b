"""A backup asked for on a page: made by a process of its own, one at a time, for administrators, and cancelled."""

import contextlib
import time

import psutil
import pytest

from cryokit.backup import restore
from cryokit.backup.files import make_key_file
from cryokit.backup.sets import Sets
from cryokit.db.registry import Registry
from cryokit.errors import AccessError, CancelledError, ConflictError, InputError, NotFoundError
from cryokit.workbench import Workbench
from tests.jobs import acting, ended
from tests.processes import halted_child


@pytest.fixture(scope="module")
def workbench(make_settings):
    """An installation with a schema and two accounts."""
    with make_settings() as make, Workbench(make()) as workbench:
        workbench.migrate()
        for name, role in (("anna", "admin"), ("rosa", "researcher")):
            workbench.add_user(name, role)
        yield workbench


def test_only_an_administrator_may_ask(workbench):
    with pytest.raises(AccessError, match="rosa is researcher, but only an admin"):
        acting(workbench, "rosa").start_backup("dump")
    with pytest.raises(AccessError, match="only an admin"):
        acting(workbench, "rosa").backup_jobs(1)
    with pytest.raises(AccessError, match="only an admin"):
        acting(workbench, "rosa").backup_overview()


def test_an_unknown_kind_is_refused_before_anything_begins(workbench):
    with pytest.raises(InputError, match="'all'; there are full, incremental, dump"):
        workbench.start_backup("all")


def test_while_another_is_at_work_it_is_refused(workbench):
    with Sets(workbench.settings).locked(), pytest.raises(ConflictError, match="another backup, restore or prune"):
        workbench.start_backup("dump")

    assert workbench.backup_jobs(1) == []


def test_a_backup_is_made_proved_and_told(workbench):
    anna = acting(workbench, "anna")
    job_id = anna.start_backup("dump")
    with pytest.raises(ConflictError, match="a backup is under way since .*; wait for its end"):
        workbench.start_backup("full")
    job = ended(lambda: workbench.backup_jobs(1)[0], 240)
    [made] = Sets(workbench.settings).all()

    assert (job["id"], job["status"], job["error"]) == (job_id, "succeeded", None)
    assert (job["result"]["id"], job["result"]["proved_at"]) == (made.id, made.manifest["proved_at"])
    assert made.manifest["who"] == "anna"
    assert made.is_proved
    for line in (f"making {made.id}", f"{made.id} is whole, ", f"unpacking {made.id}", "verifying access", "proved "):
        assert f"\n{line}" in f"\n{job['log']}"
    newest = workbench.registry.events().iloc[0]
    assert (newest["actor"], newest["action"], newest["object"]) == ("anna", "backup_asked_for", "dump")


def test_what_cannot_be_made_is_told_by_the_job(workbench):
    workbench.start_backup("incremental")

    job = ended(lambda: workbench.backup_jobs(1)[0], 240)

    assert job["status"] == "failed"
    assert "use --kind full first" in job["error"]


def test_the_process_of_a_job_has_the_settings_that_were_given_here(workbench, tmp_path):
    make_key_file(tmp_path / "key")
    settings = workbench.settings.model_copy(update={"backup_key_file": tmp_path / "key"})
    with Workbench(settings) as encrypting:
        encrypting.start_backup("dump")
        job = ended(lambda: encrypting.backup_jobs(1)[0], 240)
        made = encrypting.backup(job["result"]["id"])

    assert made["encrypted"]
    assert all(name.endswith(".age") for name in made["files"])


# Cancelled


def left_over(workbench):
    """Return the sets, half sets, and folders of half restores that are there."""
    sets = Sets(workbench.settings)
    halves = [*sets.folder.glob("*.partial"), *workbench.settings.state_dir.glob("restore-*")]
    return [found.id for found in sets.all()], [path.name for path in halves]


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("full", "making"),
        ("dump", "all was copied"),
        ("dump", "2"),
        ("full", "unpacking"),
        ("full", "verifying access"),
    ],
)
def test_cancelled_at_any_step_nothing_is_left_and_others_stay(workbench, kind, step):
    before, ids = left_over(workbench), []

    def cancel(line, _done_fraction):
        if line.startswith("making"):
            ids.append(line.removeprefix("making "))
        if line.startswith(step):
            msg = "job was cancelled"
            raise CancelledError(msg)

    with pytest.raises(CancelledError):
        workbench.create_backup(kind, tell=cancel)

    assert before[1] == []
    assert left_over(workbench) == before
    known = workbench.registry.backup_sets().set_index("id")
    assert known["removed_at"].drop(before[0]).notna().all()
    assert ids[0] not in before[0]


def test_what_somebody_else_has_proved_is_kept_although_its_own_proof_is_cancelled(workbench):
    def prove_and_cancel(line, _done_fraction):
        if line.startswith("proving"):
            newest = max(Sets(workbench.settings).all(), key=lambda found: found.id)
            restore.prove(workbench.settings, newest)
            msg = "job was cancelled"
            raise CancelledError(msg)

    made = workbench.create_backup("full", tell=prove_and_cancel)

    assert made["proved_at"] is not None
    assert made["id"] in left_over(workbench)[0]


def test_a_backup_whose_process_was_silent_too_long_is_not_taken_for_cancelled(workbench):
    job_id = acting(workbench, "anna").registry.queue_job("backup", {"kind": "full"})
    registry = Registry(workbench.database)
    assert registry.take_job(job_id)
    registry.fail_silent_jobs(0.0)

    with pytest.raises(ConflictError, match="counts as failed"):
        registry.job_alive(job_id, "still here")
    with pytest.raises(ConflictError, match="counts as failed"):
        registry.job_progress(job_id, 0.5)


def test_a_job_is_cancelled_by_another_administrator_and_says_that_nothing_was_kept(workbench):
    before = left_over(workbench)
    workbench.add_user("bert", "admin")
    job_id = acting(workbench, "anna").start_backup("full")
    deadline = time.monotonic() + 120
    while (workbench.job(job_id)["log"]) == "":
        assert time.monotonic() < deadline, workbench.job(job_id)
        time.sleep(0.05)
    with pytest.raises(AccessError, match="only an admin"):
        acting(workbench, "rosa").cancel_backup(job_id)
    acting(workbench, "bert").cancel_backup(job_id)
    while (job := workbench.job(job_id))["finished_at"] is None:
        assert time.monotonic() < deadline, job
        time.sleep(0.2)

    assert (job["status"], job["result"]) == ("cancelled", None)
    assert job["error"] == "it ended before the backup was proved, and nothing of it was kept"
    assert left_over(workbench) == before
    newest = workbench.registry.events().iloc[0]
    assert (newest["actor"], newest["action"], newest["object"]) == ("bert", "backup_cancelled", "full")
    with pytest.raises(NotFoundError, match="no unfinished job"):
        workbench.cancel_backup(job_id)


def process_of(job_id: str) -> psutil.Process:
    """Return the process that does a job."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if job_id in process.cmdline():
                    return process
    pytest.fail(f"nobody does {job_id}")


def first_child(workbench, job_id: str, program: str) -> psutil.Process:
    """Return a program that the process of a job runs, halted, so that the job cannot come to its next step."""
    doing = process_of(job_id)
    if halted := halted_child(doing.pid, program, doing.is_running):
        return halted
    pytest.fail(f"{program} did not come: {workbench.job(job_id)}")


def finished(workbench, job_id: str) -> dict:
    """Return a job when its process has ended."""
    deadline = time.monotonic() + 60
    while (job := workbench.job(job_id))["finished_at"] is None:
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    return job


@pytest.fixture(scope="module")
def bulky(workbench):
    """The workbench with so much in its database that each program is seen at its work."""
    with workbench.database.bootstrap() as connection, connection.begin():
        connection.exec_driver_sql(
            "CREATE TABLE public.bulk AS SELECT number, md5(number::text) FROM generate_series(1, 400000) AS number"
        )
    return workbench


@pytest.mark.parametrize("program", ["pg_basebackup", "pg_verifybackup", "pg_amcheck"])
def test_cancelled_in_the_middle_of_a_program_it_does_not_wait_for_its_end(bulky, program):
    before = left_over(bulky)
    job_id = bulky.start_backup("full")
    halted = first_child(bulky, job_id, program)
    try:
        bulky.cancel_backup(job_id)
        job = finished(bulky, job_id)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            halted.resume()

    assert (job["status"], job["result"]) == ("cancelled", None)
    assert job["error"] == "it ended before the backup was proved, and nothing of it was kept"
    assert not halted.is_running()
    assert left_over(bulky) == before


def test_cancelled_in_the_middle_of_a_query_it_does_not_wait_for_its_end(workbench):
    before = left_over(workbench)
    with workbench.database.bootstrap() as connection, connection.begin():
        connection.exec_driver_sql("LOCK TABLE cryo.molecule IN ACCESS EXCLUSIVE MODE")
        job_id = workbench.start_backup("dump")
        while "making" not in workbench.job(job_id)["log"]:
            time.sleep(0.05)
        workbench.cancel_backup(job_id)
        job = finished(workbench, job_id)

    assert job["status"] == "cancelled"
    assert left_over(workbench) == before


def test_only_backups_are_cancelled_as_such(workbench):
    job_id = acting(workbench, "rosa").registry.queue_job("training", {"target": "viability"})

    with pytest.raises(InputError, match="is of the kind training, not backup"):
        workbench.cancel_backup(job_id)
