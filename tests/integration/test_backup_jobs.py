"""A backup asked for on a page: made by a process of its own, one at a time, for administrators."""

import pytest

from cryokit.backup.sets import Sets
from cryokit.errors import AccessError, ConflictError, InputError
from cryokit.workbench import Workbench
from tests.jobs import acting, ended


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
    assert [line.split(":")[0].split(" ")[0] for line in job["log"].splitlines()] == [
        "making",
        made.id,
        "proving",
        "proved",
    ]
    newest = workbench.registry.events().iloc[0]
    assert (newest["actor"], newest["action"], newest["object"]) == ("anna", "backup_asked_for", "dump")


def test_what_cannot_be_made_is_told_by_the_job(workbench):
    workbench.start_backup("incremental")

    job = ended(lambda: workbench.backup_jobs(1)[0], 240)

    assert job["status"] == "failed"
    assert "use --kind full first" in job["error"]
