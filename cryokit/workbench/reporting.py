"""Reports: run a notebook by name, remember how it went."""

from pathlib import Path

import pandas as pd

from cryokit import __version__, reports
from cryokit.errors import CryokitError
from cryokit.workbench.core import Core


class Reporting(Core):
    """Run reports and list their runs."""

    def run_report(self, name: str, parameters: dict[str, object], reuse: bool = False) -> dict:
        """Run a report; with `reuse` an earlier success of the same release and parameters is returned instead."""
        report = reports.report_named(name)
        checked = report.checked_parameters(parameters)
        if reuse and (path := self._finished_run(name, checked)):
            return {"path": path, "reused": True}
        run_id = self.registry.store_report_run(name, checked)
        try:
            path = reports.run(report, checked, self.settings)
        except CryokitError as error:
            self.registry.finish_report_run(run_id, error=str(error))
            raise
        self.registry.finish_report_run(run_id, path=str(path))
        return {"path": str(path), "reused": False}

    def _finished_run(self, name: str, parameters: dict[str, object]) -> str | None:
        runs = self.registry.report_runs(name).to_dict("records")
        paths = (run["path"] for run in runs if run["status"] == "succeeded" and run["parameters"] == parameters)
        return next((path for path in paths if reports.release_of(Path(path)) == __version__), None)

    def fail_interrupted_runs(self) -> int:
        """Mark runs as failed that began longer ago than any report may take; return how many."""
        longest = max(report.time_limit_seconds for report in reports.catalogue().values())
        return self.registry.fail_interrupted_report_runs(longest)

    def report_runs(self) -> pd.DataFrame:
        """Return the runs of reports, newest first."""
        return self.registry.report_runs()
