"""Operations: the health of every component, alerts, requests that failed, backups."""

import asyncio
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.errors import CryokitError, sentence
from cryokit.telemetry import recent
from cryokit.workbench import Workbench
from dashboards import _tables
from dashboards._backups import BackupsPart
from dashboards._shell import card, html, status_line, work_button

_PERIOD_MILLISECONDS = 5000
_KINDS = {"pass": "good", "warn": "warning", "fail": "severe"}


def build(workbench: Workbench) -> Viewable:
    """Return the content of the page for the person behind `workbench`."""
    return OperationsPage(workbench).view


class OperationsPage:
    """What runs, what does not, and since when; looked at anew every few seconds while the page is open."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.look = work_button("Look again", self._on_look, variant="contained", color="primary")
        self.verdict, self.tiles = html(status_line("Looking ...")), html("")
        self.alerts, self.failed = html(""), html("")
        self.backups = BackupsPart(workbench)
        if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            pn.state.onload(self._on_load)

    @property
    def view(self) -> Viewable:
        """Everything in reading order."""
        return pmui.Column(
            card(self.verdict, self.tiles, self.look, label="Health"),
            card(self.alerts, label="Alerts"),
            card(self.failed, label="Requests that failed"),
            card(*self.backups.window, label="Backups"),
            card(*self.backups.making, label="Make a backup"),
            card(self.backups.drills, label="Drills"),
            sizing_mode="stretch_width",
            margin=(0, 16),
        )

    async def _on_load(self) -> None:
        await self._show()
        pn.state.add_periodic_callback(self._show, period=_PERIOD_MILLISECONDS)

    async def _on_look(self, _event: object) -> None:
        await self._show()

    async def _show(self) -> None:
        health = await asyncio.to_thread(self.workbench.operations_health)
        self.verdict.object = _verdict(health)
        self.tiles.object = _tiles(health["components"])
        self.alerts.object = await asyncio.to_thread(_alerts, self.workbench)
        self.failed.object = _failed()
        await self.backups.show()


def _verdict(health: dict[str, Any]) -> str:
    bad = sum(item["status"] != "pass" for item in health["components"].values())
    words = f"{bad} of {len(health['components'])} components need somebody" if bad else "every component is well"
    return f'<p role="status">{_tables.chip(health["status"], _KINDS[health["status"]])} {words}.</p>'


def _tiles(components: dict[str, dict[str, Any]]) -> str:
    tiles = "".join(
        f'<li class="{item["status"]}"><strong>{escape(name)}</strong> '
        f"{_tables.chip(item['status'], _KINDS[item['status']])}"
        f'<span class="reason">{escape(str(item["detail"]))} ({1000 * item["seconds"]:.0f} ms)</span></li>'
        for name, item in components.items()
    )
    return f'<ul class="tiles">{tiles}</ul>'


def _alerts(workbench: Workbench) -> str:
    try:
        found = [item for item in workbench.active_alerts() if item["alert"] != "Heartbeat"]
    except CryokitError as error:
        return f'<p class="problem">{escape(sentence(error))}</p>'
    if not found:
        return '<p class="empty">No alert fires.</p>'
    names = ("severity", "alert", "since", "state", "summary", "action")
    rows = [[item[name] for name in names] for item in found]
    return _tables.plain_table("Alerts", ["Severity", "Alert", "Since", "State", "What", "What to do"], rows)


def _failed() -> str:
    if not recent.FAILED:
        return '<p class="empty">No request has failed since this server started.</p>'
    rows = [
        [item.status, item.at, f"{item.method} {item.route}", item.error_code, item.correlation_id]
        for item in reversed(recent.FAILED)
    ]
    return _tables.plain_table("Requests that failed", ["Status", "When", "Request", "Code", "Correlation id"], rows)
