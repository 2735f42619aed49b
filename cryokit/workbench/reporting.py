"""Reports: run a notebook by name, remember how it went."""

import contextlib
from pathlib import Path

import pandas as pd

from cryokit import reports
from cryokit.errors import CryokitError, ModelError
from cryokit.workbench.core import Core


class Reporting(Core):
    """Run reports and list their runs."""

    def run_report(self, name: str, parameters: dict[str, object], reuse: bool = False) -> dict:
        """Run a report; with `reuse` an earlier success is returned instead if all that it shows is still so."""
        report = reports.report_named(name)
        checked = report.checked_parameters(parameters)
        if reuse and (path := self._finished_run(report, checked)):
            return {"path": path, "reused": True}
        run_id = self.registry.store_report_run(name, checked)
        try:
            path = reports.run(report, checked, self.settings)
        except BaseException as error:
            with contextlib.suppress(CryokitError):  # what went wrong first is what is told
                self.registry.finish_report_run(run_id, error=str(error) or type(error).__name__)
            raise
        self.registry.finish_report_run(run_id, path=str(path))
        return {"path": str(path), "reused": False}

    def _finished_run(self, report: reports.Report, parameters: dict[str, object]) -> str | None:
        still_so = {
            "never": _never,
            "same_data": self._has_current_version,
            "same_version": self._shows_current_version,
        }
        for run in self.registry.report_runs(report.name).to_dict("records"):
            is_same = run["status"] == "succeeded" and run["parameters"] == parameters
            if is_same and reports.is_there(Path(run["path"]), parameters):
                return run["path"] if still_so[report.reusable](run) else None
        return None

    def _has_current_version(self, run: dict) -> bool:
        """Whether a whole version learned from the rows as they are now, and the current version is whole too."""
        target = run["parameters"]["target"]
        versions = self.models(target)
        learned = versions[versions["dataset_sha256"] == self.dataset_sha256(target)]
        used = versions[versions["is_current"].astype(bool)]
        if learned.empty:
            return False
        are_whole = all(self._is_whole(version) for _, version in used.iterrows())
        return are_whole and any(self._is_whole(version) for _, version in learned.iterrows())

    def _is_whole(self, version: pd.Series) -> bool:
        from cryokit.models import artifacts  # with scikit-learn, which takes seconds

        try:
            artifacts.verify(version["artifact_sha256"], self.settings.artifacts_dir)
        except ModelError:
            return False
        return True

    def _shows_current_version(self, run: dict) -> bool:
        return self.model(run["parameters"]["target"])["current_since"] < run["started_at"]

    def fail_interrupted_runs(self) -> int:
        """Mark runs as failed that began longer ago than any report may take; return how many."""
        longest = max(report.time_limit_seconds for report in reports.catalogue().values())
        return self.registry.fail_interrupted_report_runs(longest)

    def report_runs(self) -> pd.DataFrame:
        """Return the runs of reports, newest first."""
        return self.registry.report_runs()


def _never(_run: dict) -> bool:
    return False
