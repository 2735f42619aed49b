"""Names of reports, and when an earlier run may stand for a new one."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from cryokit import __version__, reports
from cryokit.config import load_settings
from cryokit.errors import InputError, NotFoundError, ReportError
from cryokit.workbench.reporting import Reporting

TRAINING = {"target": "viability", "seed": 0}


@pytest.mark.parametrize(
    ("parameters", "stem"),
    [
        ({"target": "tg", "seed": 0}, "training-tg"),
        ({"target": "viability", "seed": 0}, "training-viability"),
        ({"target": "viability", "seed": 5}, "training-viability-seed-5"),
    ],
)
def test_a_report_is_named_by_all_that_is_not_the_default(parameters, stem):
    assert reports.output_stem(reports.report_named("training"), parameters) == stem


def test_texts_that_a_file_name_cannot_hold_are_told_apart():
    report = reports.report_named("training")
    names = {reports.output_stem(report, {"target": text, "seed": 0}) for text in ("a b", "a-b", "A B", "a/b")}

    assert len(names) == 4


@pytest.mark.parametrize(
    ("given", "error"),
    [({"target": "zzz"}, NotFoundError), ({"seed": "-1"}, InputError), ({"seed": 2**32}, InputError)],
)
def test_target_and_seed_are_checked_before_anything_runs(given, error):
    with pytest.raises(error):
        reports.report_named("validation").checked_parameters(given)


class Runs:
    """The runs of reports that a registry remembers."""

    def __init__(self) -> None:
        self.rows, self.finished = [], []

    def report_runs(self, _name: str) -> pd.DataFrame:
        return pd.DataFrame(self.rows)

    def store_report_run(self, _name: str, _parameters: dict, _job_id: str | None = None) -> str:
        return "run"

    def finish_report_run(self, _run_id: str, path: str | None = None, error: str | None = None) -> None:
        self.finished.append(path or error)


class Remembering(Reporting):
    """A workbench with one version whose data and artifact a test can change."""

    registry = Runs()

    def __init__(self, settings, name: str = "training") -> None:
        super().__init__(settings)
        self.registry = Runs()
        page = settings.reports_dir / f"{name}-viability.html"
        page.parent.mkdir()
        settings.artifacts_dir.mkdir()
        page.write_text("page")
        self.description = page.with_suffix(".json")
        parameters = reports.report_named(name).checked_parameters(TRAINING)
        self.description.write_text(json.dumps({"release": __version__, "parameters": parameters}))
        run = {"status": "succeeded", "parameters": parameters, "path": str(page), "started_at": "2026-01-02"}
        self.registry.rows = [run]
        content = b"a model"
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.artifact = settings.artifacts_dir / f"{self.sha256}.skops"
        self.artifact.write_bytes(content)
        self.data, self.trained_at = "same", "2026-01-01"
        self.versions = [(1, "same", self.sha256, True)]

    def models(self, _target: str | None = None) -> pd.DataFrame:
        return pd.DataFrame(self.versions, columns=["version", "dataset_sha256", "artifact_sha256", "is_current"])

    def model(self, _target: str) -> dict:
        return {"current_since": self.trained_at}

    def dataset_sha256(self, _target: str) -> str:
        return self.data


@pytest.fixture
def workbench(tmp_path: Path) -> Remembering:
    return Remembering(load_settings(state_dir=tmp_path))


@pytest.fixture
def ran(monkeypatch, tmp_path: Path) -> list[str]:
    """Names of the reports that were run for real."""
    names = []

    def run(report: reports.Report, _parameters: dict, _settings: object, _tell: object) -> Path:
        names.append(report.name)
        return tmp_path / "new.html"

    monkeypatch.setattr(reports, "run", run)
    return names


def test_a_training_is_reused_while_all_is_the_same(workbench, ran):
    assert workbench.run_report("training", TRAINING, reuse=True)["reused"]
    assert ran == []


def test_other_parameters_are_another_report(workbench, ran):
    workbench.run_report("training", TRAINING | {"seed": 5}, reuse=True)

    assert ran == ["training"]


def test_a_page_that_another_run_wrote_over_is_not_reused(workbench, ran):
    workbench.description.write_text(json.dumps({"release": __version__, "parameters": TRAINING | {"seed": 5}}))
    workbench.run_report("training", TRAINING, reuse=True)

    assert ran == ["training"]


def test_a_missing_artifact_means_training_again(workbench, ran):
    workbench.artifact.rename(workbench.artifact.with_suffix(".moved"))
    workbench.run_report("training", TRAINING, reuse=True)

    assert ran == ["training"]


def test_a_changed_artifact_means_training_again(workbench, ran):
    workbench.artifact.write_bytes(b"another model")
    workbench.run_report("training", TRAINING, reuse=True)

    assert ran == ["training"]


def test_a_current_version_without_its_artifact_means_training_again(workbench, ran):
    workbench.versions = [(1, "same", workbench.sha256, False), (2, "same", "0" * 64, True)]
    workbench.run_report("training", TRAINING, reuse=True)

    assert ran == ["training"]


def test_changed_data_mean_training_again(workbench, ran):
    workbench.data = "changed"
    workbench.run_report("training", TRAINING, reuse=True)

    assert ran == ["training"]


def test_a_validation_is_reused_until_another_version_is_current(tmp_path, ran):
    workbench = Remembering(load_settings(state_dir=tmp_path), "validation")
    first = workbench.run_report("validation", TRAINING, reuse=True)["reused"]
    workbench.trained_at = "2026-01-03"
    second = workbench.run_report("validation", TRAINING, reuse=True)["reused"]

    assert (first, second) == (True, False)


def test_the_report_of_the_database_is_never_reused(workbench, ran):
    parameters = {"largest_tables": 20}
    workbench.registry.rows[0]["parameters"] = parameters
    workbench.description.write_text(json.dumps({"release": __version__, "parameters": parameters}))
    workbench.run_report("health", {}, reuse=True)

    assert ran == ["health"]


@pytest.mark.parametrize("error", [ReportError("failed"), KeyboardInterrupt("stopped"), OSError("disk full")])
def test_a_run_that_ends_by_any_error_is_not_left_running(workbench, monkeypatch, error):
    def fail(*_given: object) -> None:
        raise error

    monkeypatch.setattr(reports, "run", fail)
    with pytest.raises(type(error)):
        workbench.run_report("training", TRAINING)

    assert workbench.registry.finished == [str(error)]
