"""Audit: who did what, to look through and to take along."""

import io
from typing import Any

import pandas as pd
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.workbench import Workbench
from cryokit.workbench.auditing import MAX_EVENTS
from cryokit.workbench.exports import csv_text
from dashboards import _tables
from dashboards._choice import asked_in_address, keep_in_address
from dashboards._shell import card, html, status_line

_SHOWN = 100
_NOBODY = "the installation"


def build(workbench: Workbench) -> Viewable:
    """Return the content of the page for the person behind `workbench`."""
    return AuditPage(workbench).view


class AuditPage:
    """The newest events, those that hold a text, and older ones."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        asked = asked_in_address().get("text", "")
        field = {"sizing_mode": "stretch_width", "max_width": 420}
        self.text = pmui.TextInput(label="Who, what or which", value=asked, placeholder="part of it", **field)
        self.older = pmui.Button(label="Show older ones", variant="outlined", size="large")
        self.export = pmui.FileDownload(
            label="Download as CSV", callback=self._csv, filename="cryokit-audit.csv", variant="outlined"
        )
        self.count, self.table = html(status_line("")), html("")
        self.events = pd.DataFrame()
        self.text.param.watch(lambda _event: self._begin(), "value")
        self.older.on_click(lambda _event: self._go_on())
        self._begin()

    @property
    def view(self) -> Viewable:
        """Everything in reading order."""
        return pmui.Column(
            card(
                pmui.FlexBox(self.text, self.export, margin=0), self.count, self.table, self.older, label="Who did what"
            ),
            sizing_mode="stretch_width",
            margin=(0, 16),
        )

    def _begin(self) -> None:
        keep_in_address(text=self.text.value or None)
        self.events = self.workbench.audit(self.text.value or None, limit=_SHOWN)
        self._show(len(self.events) == _SHOWN)

    def _go_on(self) -> None:
        last = int(self.events["id"].iloc[-1])
        more = self.workbench.audit(self.text.value or None, before=last, limit=_SHOWN)
        self.events = pd.concat([self.events, more], ignore_index=True)
        self._show(len(more) == _SHOWN)

    def _show(self, are_more: bool) -> None:
        self.older.visible = are_more
        count = len(self.events)
        self.count.object = status_line(f"{count} events{', and older ones' if are_more else ''}.")
        rows = [
            [
                event["recorded_at"][:19].replace("T", " "),
                event["actor"] if isinstance(event["actor"], str) else _NOBODY,
                event["action"].replace("_", " "),
                event["object"],
                _in_words(event["detail"]),
            ]
            for event in self.events.to_dict("records")
        ]
        head = ["When (UTC)", "Who", "Did", "What", "More"]
        table = _tables.plain_table("Who did what", head, rows)
        self.table.object = f'<div class="events">{table}</div>' if rows else '<p class="empty">None.</p>'

    def _csv(self) -> io.BytesIO:
        """Return all that fits the text, not only what is shown."""
        parts = [self.workbench.audit(self.text.value or None, limit=MAX_EVENTS)]
        while len(parts[-1]) == MAX_EVENTS:
            last = int(parts[-1]["id"].iloc[-1])
            parts.append(self.workbench.audit(self.text.value or None, before=last, limit=MAX_EVENTS))
        return io.BytesIO(csv_text(pd.concat(parts, ignore_index=True)).encode())


def _in_words(detail: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in detail.items() if value is not None)
