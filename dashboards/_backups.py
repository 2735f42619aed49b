"""Backups on the page Operations: what can be restored, drills, and a button that makes a backup now."""

import asyncio
from collections.abc import Callable
from html import escape
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.errors import CryokitError, NotFoundError, sentence
from cryokit.figures import recovery
from cryokit.workbench import Workbench
from cryokit.workbench.backups import KINDS
from cryokit.workbench.jobs import UNDER_WAY
from dashboards import _tables
from dashboards._shell import html, status_line, work_button

_SHOWN, _SHOWN_JOBS = 10, 3
_BACK_UP = (
    '<p class="hint">A backup is made while the database runs, and counts once it was restored to a scratch cluster '
    "and found the same. An incremental one holds what changed since the newest full or incremental one; a dump can "
    "be read by another version of PostgreSQL. The work goes on when this page is closed.</p>"
)


class BackupsPart:
    """Timeline, tables, button; looked at anew together with the page."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.said, self.pieces, self.sets = html(""), html(""), html("")
        self.chart = pn.pane.HoloViews(
            backend="bokeh", sizing_mode="stretch_width", min_height=400, margin=(0, 12), visible=False
        )
        self.kind = pmui.Select(label="Kind of backup", options=list(KINDS), value=KINDS[0], width=220)
        self.button = work_button("Back up now", self._on_back_up, variant="contained", color="primary")
        self.status, self.jobs, self.drills = html(status_line("")), html(""), html("")
        self.cancel = work_button("Cancel the newest", self._on_cancel, variant="outlined")
        self._drawn: tuple[str, str] | None = None

    @property
    def window(self) -> tuple[Viewable, ...]:
        """What can be restored."""
        return self.said, self.chart, self.pieces, self.sets

    @property
    def making(self) -> tuple[Viewable, ...]:
        """The button and what came of it."""
        acts = pmui.FlexBox(self.button, self.cancel, gap="8px", margin=0)
        return html(_BACK_UP), self.kind, acts, self.status, self.jobs

    async def show(self) -> None:
        """Look anew."""
        try:
            found = await asyncio.to_thread(self.workbench.backup_overview)
            jobs = await asyncio.to_thread(self.workbench.backup_jobs, _SHOWN_JOBS)
        except CryokitError as error:
            self.said.object = f'<p class="problem">{escape(sentence(error))}</p>'
            return
        self._show_window(found["backups"], found["spans"], found["status"])
        self.drills.object = _drills(found["drills"])
        self.jobs.object = "".join(map(_job, jobs)) or '<p class="empty">No backup was asked for here yet.</p>'

    def _show_window(self, backups: pd.DataFrame, spans: pd.DataFrame, status: dict[str, Any]) -> None:
        self.said.object = _said(backups, spans, status)
        self.pieces.object = _pieces(spans)
        self.sets.object = _sets(backups)
        seen = (backups.to_json(), spans.to_json())
        if seen != self._drawn:  # a chart that is drawn anew forgets where the reader has zoomed to
            self._drawn = seen
            self.chart.visible = bool(backups["removed_at"].isna().any())
            if self.chart.visible:
                self.chart.object = recovery.recovery_timeline(backups, spans)

    async def _on_back_up(self, _event: object) -> None:
        done = "The backup is under way; how far it is stands below."
        await self._act(done, self.workbench.start_backup, self.kind.value)

    async def _on_cancel(self, _event: object) -> None:
        await self._act("It is cancelled; it ends at once and removes what it made.", self._cancel_newest)

    def _cancel_newest(self) -> None:
        jobs = self.workbench.backup_jobs(_SHOWN_JOBS)
        newest = next((job for job in jobs if job["status"] in UNDER_WAY), None)
        if newest is None:
            msg = "nothing is under way"
            raise NotFoundError(msg)
        self.workbench.cancel_backup(newest["id"])

    async def _act(self, done: str, act: Callable, *words: object) -> None:
        try:
            await asyncio.to_thread(act, *words)
            self.status.object = status_line(done)
        except CryokitError as error:
            self.status.object = status_line(sentence(error), is_problem=True)
        await self.show()


def _said(backups: pd.DataFrame, spans: pd.DataFrame, status: dict[str, Any]) -> str:
    if not status["backups"]:
        return '<p class="problem">There is no backup yet: press Back up now.</p>'
    text = recovery.recovery_timeline_text(backups, spans, pd.Timestamp.now("UTC"))
    lost = status.get("would_be_lost_seconds")
    if lost is not None:
        text += f" {lost:.0f} seconds of work are not archived yet." if lost else " All work is archived."
    return f"<p>{escape(text)}</p>"


def _pieces(spans: pd.DataFrame) -> str:
    table = recovery.recovery_table(spans)
    if table.empty:
        return ""
    rows = [
        [item["restorable"], _time(item["begin"]), _time(item["end"]), f"{item['hours']:.2f}"]
        for item in table.to_dict("records")
    ]
    return _tables.plain_table("What can be restored", ["Can be restored", "From (UTC)", "To (UTC)", "Hours"], rows)


def _time(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _sets(backups: pd.DataFrame) -> str:
    kept = backups[backups["removed_at"].isna()]
    if kept.empty:
        return ""
    names = ["kind", "started_at", "seconds", "bytes", "proved_at", "remote_at", "id"]
    shown = kept.head(_SHOWN)[names].astype(object)
    shown["seconds"] = [f"{value:.1f}" for value in shown["seconds"]]
    shown["bytes"] = [f"{value / 1e6:.1f}" for value in shown["bytes"]]
    for name in ("started_at", "proved_at", "remote_at"):
        shown[name] = [_time(pd.Timestamp(moment)) if moment else "-" for moment in shown[name].fillna("")]
    rows = shown.to_numpy().tolist()
    heads = ["Kind", "Begun (UTC)", "Seconds", "MB", "Proved (UTC)", "Elsewhere (UTC)", "Backup"]
    more = "" if len(kept) <= _SHOWN else f'<p class="hint">The newest {_SHOWN} of {len(kept)}.</p>'
    return _tables.plain_table("Backups", heads, rows) + more


def _drills(drills: pd.DataFrame) -> str:
    if drills.empty:
        return '<p class="empty">No drill was done yet: run <code>cryokit backup drill</code>, or its weekly timer.</p>'
    rows = [
        [
            "passed" if item["is_passed"] else "FAILED",
            _time(pd.Timestamp(item["drilled_at"])),
            item["backup_set_id"] or "-",
            f"{item['recovery_seconds']:.1f}",
            "-" if pd.isna(item["lost_seconds"]) else f"{item['lost_seconds']:.0f}",
        ]
        for item in drills.head(_SHOWN).to_dict("records")
    ]
    heads = ["Outcome", "When (UTC)", "Backup", "Seconds until it was back", "Seconds of work lost"]
    return _tables.plain_table("Drills", heads, rows)


def _job(job: dict[str, Any]) -> str:
    lines = job["log"].strip().splitlines()
    outcome = job["error"] or (lines[-1] if lines else "waits for its process")
    if job["result"]:
        outcome = f"{job['result']['id']} is proved, {job['result']['bytes'] / 1e6:.1f} MB"
    title = f"{job['parameters']['kind']}, asked for at {_time(pd.Timestamp(job['created_at']))} UTC"
    return _tables.job_card(job, title, outcome, "\n".join(lines))
