"""Reports: what can be run, what was run and when it runs by itself, one page or two beside each other."""

import asyncio
from collections.abc import Callable
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.domain import TARGETS
from cryokit.errors import CryokitError, sentence
from cryokit.workbench import Workbench
from cryokit.workbench.jobs import UNDER_WAY
from cryokit.workbench.reporting import JOB_KIND
from dashboards import _tables
from dashboards._choice import asked_in_address, keep_in_address
from dashboards._shell import card, html, status_line, work_button

_KINDS = {"succeeded": "good", "failed": "severe", "running": "plain"}
_SHOWN_RUNS, _SHOWN_JOBS = 20, 3
_EVERY_MILLISECONDS = 2000
_NONE = "none"
_FIELD = {"sizing_mode": "stretch_width", "max_width": 420}


def build(workbench: Workbench) -> Viewable:
    """Return the content of the page for the person behind `workbench`."""
    return ReportsPage(workbench).view


class ReportsPage:
    """The catalogue, a form for the parameters of a report, the runs, and their pages."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.catalogue = {item["name"]: item for item in workbench.report_catalogue()}
        titles = {item["title"]: name for name, item in self.catalogue.items()}
        self.report = pmui.Select(label="Report", options=titles, **_FIELD)
        self.form = pmui.Column(sizing_mode="stretch_width", margin=0)
        self.run = work_button("Run now", self._on_run, variant="contained", color="primary")
        self.cancel = work_button("Cancel the newest", self._on_cancel, variant="outlined")
        self.status, self.jobs = html(status_line("")), html("")
        self.schedule, self.runs = html(_schedule(list(self.catalogue.values()))), html("")
        self.first = pmui.Select(label="Page", options={}, **_FIELD)
        self.second = pmui.Select(label="Beside it", options={}, **_FIELD)
        self.pages = html("")
        self._fields: dict[str, pn.widgets.Widget] = {}
        self._offer_form()
        self._show_runs(asked_in_address())
        self._show_jobs(self._newest_jobs())
        self.report.param.watch(lambda _event: self._offer_form(), "value")
        for select in (self.first, self.second):
            select.param.watch(lambda _event: self._show_pages(), "value")
        if self._may_run():
            pn.state.onload(lambda: pn.state.add_periodic_callback(self._on_tick, period=_EVERY_MILLISECONDS))

    @property
    def view(self) -> Viewable:
        """Everything in reading order."""
        cards = [
            card(pmui.FlexBox(self.first, self.second, margin=0), self.pages, label="Pages"),
            card(self.runs, label="Runs"),
            card(self.schedule, label="Every day"),
        ]
        if self._may_run():
            acts = pmui.FlexBox(self.run, self.cancel, gap="8px", margin=0)
            cards.insert(1, card(self.report, self.form, acts, self.status, self.jobs, label="Run a report"))
        return pmui.Column(*cards, sizing_mode="stretch_width", margin=(0, 16))

    def _may_run(self) -> bool:
        return self.workbench.identity is None or self.workbench.identity.may("admin")

    # Running

    def _offer_form(self) -> None:
        chosen = self.catalogue[self.report.value]
        self._fields = {item["name"]: _field(item) for item in chosen["parameters"]}
        self.form.objects = [pmui.FlexBox(*self._fields.values(), margin=0)] if self._fields else []

    async def _on_run(self, _event: object) -> None:
        given = {name: field.value for name, field in self._fields.items()}
        done = "It is under way, which takes a minute or more; it goes on when this page is closed."
        await self._act(done, self.workbench.start_report, self.report.value, given)

    async def _on_cancel(self, _event: object) -> None:
        newest = next((job for job in self._known if job["status"] in UNDER_WAY), None)
        if newest is None:
            self.status.object = status_line("Nothing is under way.")
            return
        await self._act("It is cancelled and ends within a second or two.", self.workbench.cancel_job, newest["id"])

    async def _act(self, done: str, act: Callable, *words: object) -> None:
        try:
            await asyncio.to_thread(act, *words)
            self.status.object = status_line(done)
        except CryokitError as error:
            self.status.object = status_line(sentence(error), is_problem=True)
        self._show_jobs(await asyncio.to_thread(self._newest_jobs))

    async def _on_tick(self) -> None:
        """Follow what is under way; when something has ended there may be one page more."""
        if not any(job["status"] in UNDER_WAY for job in self._known):
            return
        before = {job["id"] for job in self._known if job["status"] in UNDER_WAY}
        self._show_jobs(await asyncio.to_thread(self._newest_jobs))
        ended = [job for job in self._known if job["id"] in before and job["status"] not in UNDER_WAY]
        if ended:
            self._show_runs({})
            if ended[0]["status"] == "succeeded":
                self.status.object = status_line("Done: its page is the first one above.")

    def _newest_jobs(self) -> list[dict[str, Any]]:
        return self.workbench.newest_jobs(JOB_KIND, _SHOWN_JOBS) if self._may_run() else []

    def _show_jobs(self, jobs: list[dict[str, Any]]) -> None:
        self._known = jobs
        self.jobs.object = "".join(_job(job) for job in self._known)

    # Runs and pages

    def _show_runs(self, asked: dict[str, str]) -> None:
        runs = self.workbench.report_runs().head(_SHOWN_RUNS)
        self.runs.object = _run_table(runs)
        readable = {name for name, item in self.catalogue.items() if self._may_run() or item["readers"] == "everybody"}
        done = runs[(runs["status"] == "succeeded") & runs["name"].isin(readable)].drop_duplicates("path")
        pages = {_words(run): run["id"] for run in done.to_dict("records")}
        first = asked.get("page") if asked.get("page") in pages.values() else next(iter(pages.values()), _NONE)
        second = asked.get("beside") if asked.get("beside") in pages.values() else _NONE
        self.first.param.update(options=pages or {"there is none yet": _NONE}, value=first)
        self.second.param.update(options={"nothing": _NONE} | pages, value=second)
        self._show_pages()

    def _show_pages(self) -> None:
        chosen = [select.value for select in (self.first, self.second) if select.value not in (None, _NONE)]
        keep_in_address(page=self.first.value, beside=self.second.value)
        if not chosen:
            self.pages.object = '<p class="empty">No report has been run yet; administrators run them here.</p>'
            return
        frames = "".join(
            f'<iframe src="/api/v1/reports/{run_id}/page" title="Page {place} of {len(chosen)}"></iframe>'
            for place, run_id in enumerate(chosen, start=1)
        )
        links = " ".join(
            f'<a href="/api/v1/reports/{run_id}/page" target="_blank" rel="noopener">Open page {place} alone</a>'
            for place, run_id in enumerate(chosen, start=1)
        )
        self.pages.object = f'<div class="beside">{frames}</div><p>{links}</p>'


def _job(job: dict[str, Any]) -> str:
    asked = job["parameters"]
    title = f"{asked['name']} {_parameters(asked['parameters'])}".strip()
    return _tables.job_card(job, title, job["error"] or "", "\n".join(job["log"].strip().splitlines()[-8:]))


def _field(item: dict[str, Any]) -> pn.widgets.Widget:
    """Return the field of one parameter of a report."""
    label = f"{item['name'].replace('_', ' ')}: {item['description']}" if item["description"] else item["name"]
    if item["name"] == "target":
        return pmui.Select(label=label, options=list(TARGETS), value=item["default"], **_FIELD)
    if item["kind"] == "bool":
        return pmui.Checkbox(label=label, value=bool(item["default"]))
    # Fields with buttons to count up and down have buttons without names; the report checks what is typed.
    return pmui.TextInput(label=label, value=str(item["default"]), **_FIELD)


def _words(run: dict[str, Any]) -> str:
    """Return a run as one line: what, with what, when."""
    return f"{run['name']} {_parameters(run['parameters'])} ({run['started_at'][:16].replace('T', ' ')})"


def _parameters(parameters: dict[str, Any]) -> str:
    return ", ".join(str(value) if name == "target" else f"{name} {value}" for name, value in parameters.items())


def _run_table(runs: pd.DataFrame) -> str:
    if runs.empty:
        return '<p class="empty">No report has been run yet.</p>'
    head = ("Status", "Report", "With", "Begun (UTC)", "Took", "Problem")
    rows = [
        [
            run["status"],
            run["name"],
            _parameters(run["parameters"]),
            run["started_at"][:16].replace("T", " "),
            "" if pd.isna(run["seconds"]) else f"{run['seconds']:.0f} s",
            run["error"] or "",
        ]
        for run in runs.to_dict("records")
    ]
    return _tables.plain_table("Runs", list(head), rows)


def _schedule(catalogue: list[dict[str, Any]]) -> str:
    rows = [
        [item["at"], report["title"], _parameters(item.get("parameters", {}))]
        for report in catalogue
        for item in report["schedule"]
    ]
    table = _tables.plain_table("Every day", ["At", "Report", "With"], sorted(rows))
    return f"{table}<p>In the time of the server; <code>cryokit report schedule</code> makes timers of it.</p>"
