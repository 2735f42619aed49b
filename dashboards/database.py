"""Database health: what is wrong with the database, how it was before, and repair after a preview."""

import asyncio
from html import escape

import pandas as pd
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit import figures
from cryokit.errors import CryokitError, sentence
from cryokit.workbench import Workbench
from cryokit.workbench.health import SEVERITIES
from dashboards import _tables
from dashboards._shell import card, html, status_line, work_button

_CHIPS = {"error": "severe", "warning": "warning", "info": "plain", "ok": "good", "findings": "warning"}
_NEVER = '<p class="empty">The database has not been checked yet: press Run now.</p>'


def build(workbench: Workbench) -> Viewable:
    """Return the content of the page for the person behind `workbench`."""
    return DatabasePage(workbench).view


class DatabasePage:
    """Findings by severity, their history, and repair."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.run = work_button("Run now", self._on_run, variant="contained", color="primary")
        self.status = html(status_line(""))
        self.verdict, self.checks, self.sentence = html(""), html(""), html("")
        self.findings = pmui.Column(sizing_mode="stretch_width", margin=0)
        self.chart = pn.pane.HoloViews(backend="bokeh", sizing_mode="stretch_width", min_height=320, margin=(0, 12))
        self.preview = work_button("Preview repair", self._on_preview, variant="outlined")
        self.confirm = work_button("Repair", self._on_confirm, variant="contained", color="warning", visible=False)
        self.steps, self.steps_status = html(""), html(status_line(""))
        self._show_report(workbench.newest_health_report())
        self._show_history(workbench.health_history())

    @property
    def view(self) -> Viewable:
        """Everything in reading order."""
        what_it_does = html(
            "<p>Rows that refer to nothing move to quarantine, missing keys and indexes are made, policies are applied "
            "as declared. Nothing is deleted; each change is written down with your name.</p>"
        )
        return pmui.Column(
            card(self.verdict, self.run, self.status, label="Verdict"),
            card(self.findings, self.checks, label="Findings"),
            card(self.sentence, self.chart, label="History"),
            card(what_it_does, self.preview, self.steps_status, self.steps, self.confirm, label="Repair"),
            sizing_mode="stretch_width",
            margin=(0, 16),
        )

    def _show_history(self, history: pd.DataFrame) -> None:
        self.sentence.object = f"<p>{escape(figures.health_history_text(history))}</p>"
        self.chart.visible = not history.empty
        if not history.empty:
            self.chart.object = figures.health_history(history)

    def _show_report(self, report: dict | None) -> None:
        if report is None:
            self.verdict.object = _NEVER
            return
        self.verdict.object = _verdict(report)
        self.checks.object = _unanswered(report["checks"])
        found = findings_frame(report["findings"])
        nothing = html('<p class="empty">Nothing was found.</p>')
        self.findings.objects = [_tables.findings_table(found) if len(found) else nothing]

    # Checking

    async def _on_run(self, _event: object) -> None:
        self.status.object = status_line("Checking the database ...")
        try:
            report = await asyncio.to_thread(self.workbench.check_database)
            self._show_report(report.as_dict())  # also when there is nowhere to read the history from
            self._show_history(await asyncio.to_thread(self.workbench.health_history))
            self.status.object = status_line(f"Checked: {report.verdict}.")
        except CryokitError as error:
            self.status.object = status_line(sentence(error), is_problem=True)

    # Repair

    async def _on_preview(self, _event: object) -> None:
        await self._repair(apply=False)

    async def _on_confirm(self, _event: object) -> None:
        await self._repair(apply=True)

    async def _repair(self, *, apply: bool) -> None:
        self.steps_status.object = status_line("Looking at every relationship, key, index and policy ...")
        try:
            steps = await asyncio.to_thread(self.workbench.repair, apply)
        except CryokitError as error:
            self.steps_status.object = status_line(sentence(error), is_problem=True)
            return
        self.confirm.visible = bool(steps) and not apply
        self.confirm.label = f"Yes, repair: {_steps_in_words(steps)}"
        self.steps.object = _step_list(steps) if steps else ""
        self.steps_status.object = f'<p role="status">{_outcome(steps, apply=apply)}</p>'


def findings_frame(findings: list[dict]) -> pd.DataFrame:
    """Return findings as a table whose severities sort by weight."""
    table = pd.DataFrame(findings, columns=["severity", "object", "message", "fix", "check"])
    return table.assign(severity=pd.Categorical(table["severity"], SEVERITIES, ordered=True))


def _verdict(report: dict) -> str:
    counts = pd.Series([item["severity"] for item in report["findings"]], dtype=str).value_counts()
    chips = " ".join(
        _tables.chip(f"{counts[name]} {name}", _CHIPS[name]) for name in reversed(SEVERITIES) if name in counts
    )
    status = _tables.chip(report["status"], _CHIPS[report["status"]])
    when = escape(report["checked_at"][:16].replace("T", " "))
    return f"<p>{status} {chips} {escape(report['server'])}, {len(report['checks'])} checks at {when} UTC.</p>"


def _unanswered(checks: list[dict]) -> str:
    """List the checks that did not look: a skipped check is never taken for a good one."""
    left = [item for item in checks if item["status"] in ("skipped", "error")]
    if not left:
        return "<p>Every check looked at all that it is about.</p>"
    table = _tables.plain_table(
        "Checks that were not made",
        ["Check", "Outcome", "Why"],
        [[item["name"], item["status"], item.get("detail", "")] for item in left],
    )
    return f"<details><summary>{len(left)} of {len(checks)} checks could not be made here</summary>{table}</details>"


def _steps_in_words(steps: list[dict]) -> str:
    return "1 step" if len(steps) == 1 else f"{len(steps)} steps"


def _outcome(steps: list[dict], *, apply: bool) -> str:
    if not steps:
        return "There is nothing to repair."
    if apply:
        return f"{_steps_in_words(steps)} done."
    return f"{_steps_in_words(steps)} to do; nothing has been changed yet."


def _step_list(steps: list[dict]) -> str:
    cells = [[item["kind"], item["object"], item["message"], item["action"]] for item in steps]
    return _tables.plain_table("Steps of repair", ["Class", "Object", "Problem", "What is done"], cells)
