"""Model files that are gone: told by each copy to a remote and by the health check, and no reason to stop copying."""

import hashlib
import json

import pytest
from click.testing import CliRunner

from cryokit.backup.artifacts import Artifacts
from cryokit.backup.files import Cipher
from cryokit.cli.backups import backup
from cryokit.paths import model_file
from cryokit.workbench import Workbench
from tests.stored_models import store_versions

HERE, LOST = b"a model that is here", b"a model that was lost"
SHA256 = {content: hashlib.sha256(content).hexdigest() for content in (HERE, LOST)}


@pytest.fixture
def workbench(fresh_database, tmp_path):
    """An installation with three versions and the file of only one of them."""
    with fresh_database.bootstrap() as connection, connection.begin():
        store_versions(connection, "copied", [SHA256[LOST], SHA256[HERE], SHA256[LOST]])
    settings = fresh_database.settings.model_copy(update={"state_dir": tmp_path / "state"})
    settings.artifacts_dir.mkdir(parents=True)
    model_file(SHA256[HERE], settings.artifacts_dir).write_bytes(HERE)
    return Workbench(settings, fresh_database)


@pytest.fixture
def sync(workbench, tmp_path):
    """Copy to a folder, as the command does."""

    def run(*words):
        return CliRunner().invoke(backup, ["sync", str(tmp_path / "remote"), *words], obj=workbench)

    return run


def model_findings(workbench):
    report = workbench.database_health(only=["model files"])
    assert [one.status for one in report.checks if one.name == "model files"] in (["ok"], ["finding"])
    return [(one.severity, one.message, one.fix) for one in report.findings if one.check == "model files"]


def test_a_lost_model_file_is_a_warning_of_each_copy_and_all_else_is_copied(sync, tmp_path):
    told = sync()
    told_again = sync("--json")

    assert (told.exit_code, told_again.exit_code) == (0, 0)
    assert told.stderr.startswith("warning: the model file of copied version 1, copied version 3 is not whole in ")
    assert f"{SHA256[LOST]}.skops, and no backup holds it; `cryokit train` makes" in told.stderr
    assert json.loads(told_again.stdout)["warnings"] == [told.stderr.strip().removeprefix("warning: ")]
    assert [path.name for path in (tmp_path / "remote" / "artifacts").iterdir()] == [f"{SHA256[HERE]}.zst"]


def test_without_a_lost_file_there_is_no_warning(sync, workbench):
    model_file(SHA256[LOST], workbench.settings.artifacts_dir).write_bytes(LOST)
    told = sync("--json")

    assert told.stderr == ""
    assert json.loads(told.stdout)["warnings"] == []


def test_a_changed_model_file_is_as_good_as_lost(sync, workbench):
    model_file(SHA256[LOST], workbench.settings.artifacts_dir).write_bytes(LOST + b"!")

    assert SHA256[LOST] in sync().stderr
    assert [message for _, message, _ in model_findings(workbench)]


def test_the_health_check_names_the_file_its_versions_and_the_cure(workbench):
    [(severity, message, fix)] = model_findings(workbench)

    assert severity == "warning"
    assert message.startswith("the model file of copied version 1, copied version 3 is not whole in ")
    assert message.endswith(f"{SHA256[LOST]}.skops; no backup holds it")
    assert "`cryokit train`" in fix


def test_of_a_file_that_a_backup_holds_the_health_check_says_where_it_is(workbench, sync):
    live = workbench.settings.artifacts_dir
    model_file(SHA256[LOST], live).write_bytes(LOST)
    assert Artifacts(workbench.settings, Cipher(None)).keep([SHA256[LOST]])["artifacts_missing"] == []
    assert model_findings(workbench) == []
    model_file(SHA256[LOST], live).unlink()

    [(_, message, fix)] = model_findings(workbench)

    assert message.endswith("; the backups hold it")
    assert "restore --into" in fix
    assert sync().stderr == ""
