"""Reports: run a notebook by name, remember how it went."""

import contextlib
from pathlib import Path
from time import monotonic
from typing import Any

import pandas as pd

from cryokit import reports
from cryokit.db.registry import Registry
from cryokit.errors import AccessError, ConflictError, CryokitError, ModelError, NotFoundError, UnavailableError
from cryokit.workbench.core import Progress
from cryokit.workbench.jobs import SILENT_SECONDS, Doer, Jobs

JOB_KIND = "report"


class Reporting(Jobs):
    """Run reports and list their runs."""

    def _doers(self) -> dict[str, Doer]:
        return super()._doers() | {JOB_KIND: self._reported}

    def _at_once(self) -> dict[str, int]:
        return super()._at_once() | {JOB_KIND: self.settings.reports_at_once}

    def run_report(
        self,
        name: str,
        parameters: dict[str, object],
        reuse: bool = False,
        tell: Progress | None = None,
        job_id: str | None = None,
    ) -> dict:
        """
        Run a report; with `reuse` an earlier success is returned instead if all that it shows is still so.

        `tell` is told how many cells are done and how many there are; `job_id` is the job that this run is.
        """
        report = reports.report_named(name)
        checked = report.checked_parameters(parameters)
        if reuse and (path := self._finished_run(report, checked)):
            return {"path": path, "reused": True}
        run_id = self.registry.store_report_run(name, checked, job_id)
        try:
            path = reports.run(report, checked, self.settings, tell)
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
            if is_same and reports.is_there(self._page_of_run(run), parameters):
                return str(self._page_of_run(run)) if still_so[report.reusable](run) else None
        return None

    def _page_of_run(self, run: dict) -> Path:
        """Return where the page of a run lies now: the state folder may have been moved since it was written."""
        return self.settings.reports_dir / Path(run["path"]).name

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

    def report_catalogue(self) -> list[dict[str, Any]]:
        """Return the reports that there are: name, title, parameters, when they run by themselves."""
        return [
            {
                "name": report.name,
                "title": report.title,
                "readers": "administrators" if report.is_for_admins else "everybody",
                "schedule": [dict(item) for item in report.schedule],
                "parameters": [
                    {
                        "name": item.name,
                        "kind": item.kind.__name__,
                        "default": item.default,
                        "description": item.description,
                    }
                    for item in report.parameters().values()
                ],
            }
            for report in reports.catalogue().values()
        ]

    def run_report_for(self, name: str, parameters: dict[str, object]) -> dict:
        """
        Run a report for a person; only for administrators, because kernels see what the installation itself sees.

        The run is everybody's, and who asked for it is written down.
        """
        self._refuse_unless_admin()
        self.maintenance.record_event("report_asked_for", name, {"parameters": parameters})
        return type(self)(self.settings, self.database).run_report(name, parameters)

    def start_report(self, name: str, parameters: dict[str, object]) -> str:
        """
        Have a report run by a process of its own, which outlives this one, and return the job's identifier.

        It waits while others run; how many run at once, and how many may wait for one person, are settings.
        """
        self._refuse_unless_admin()
        checked = reports.report_named(name).checked_parameters(parameters)
        job_id = self._start_job(JOB_KIND, {"name": name, "parameters": checked}, self.settings.reports_waiting)
        self.maintenance.record_event("report_asked_for", name, {"parameters": parameters})
        return job_id

    def _reported(self, registry: Registry, job: dict[str, Any]) -> dict[str, Any]:
        job_id, asked = job["id"], job["parameters"]
        owner = self._owner(job["owner_id"], "admin")
        registry.job_alive(job_id, f"running {asked['name']}")
        tell = cells_told(registry, job_id)
        runner = type(self)(self.settings, self.database.maintained_by(owner) if owner else self.database)
        began = monotonic()
        result = runner.run_report(asked["name"], asked["parameters"], tell=tell, job_id=job_id)
        registry.job_alive(job_id, f"written to {Path(result['path']).name} in {monotonic() - began:.0f} s")
        return {"path": result["path"]}

    def report_page(self, run_id: str) -> Path:
        """
        Return the page of a run that succeeded.

        Administrators read every page; others those of reports for everybody, unless the rows of its target hold some
        that only the installation itself may see.
        """
        found = self.registry.report_run(run_id)
        if found["status"] != "succeeded":
            msg = f"the run {run_id} of {found['name']} is {found['status']}: {found['error'] or 'no page yet'}"
            raise ConflictError(msg)
        self._refuse_private_page(found)
        page = self._page_of_run(found)
        if not page.is_file():
            msg = f"the page of run {run_id} is no longer in the folder of reports; run the report again"
            raise NotFoundError(msg)
        return page

    def _refuse_private_page(self, run: dict[str, Any]) -> None:
        if self.identity is None or self.identity.may("admin"):
            return
        report = reports.report_named(run["name"])
        if report.is_for_admins or self.maintenance.has_rows_of_nobody(run["parameters"].get("target")):
            msg = f"the report {run['name']} may show what only administrators see; ask one"
            raise AccessError(msg)

    def fail_interrupted_runs(self) -> int:
        """Mark runs as failed that began longer ago than any report may take; return how many."""
        longest = max(report.time_limit_seconds for report in reports.catalogue().values())
        return self.registry.fail_interrupted_report_runs(longest)

    def report_runs(self) -> pd.DataFrame:
        """Return the runs of reports, newest first; what was interrupted says so."""
        Registry(self.database).fail_silent_jobs(SILENT_SECONDS)
        return self.registry.report_runs()


def cells_told(registry: Registry, job_id: str) -> Progress:
    """Return what writes down how many cells are done, and raises when the job was cancelled."""
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        with contextlib.suppress(UnavailableError):  # the database is away for a moment; the next second is told again
            registry.job_progress(job_id, done / total if total else 0.0)
            if done != told:
                registry.job_alive(job_id, f"cell {done} of {total}")
                told = done

    return tell


def _never(_run: dict) -> bool:
    return False
