"""Rows of a table to take along as files: all of them, those of the page in sight, or those that are ticked."""

import io
from collections.abc import Callable
from functools import partial

import pandas as pd
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.workbench import exports
from dashboards._shell import html, status_line

SHOWN, IN_SIGHT, TICKED = "all rows shown", "rows of the page in sight", "ticked rows"


class Downloads:
    """Buttons that make files of `rows`, of which `table` shows one line each, in the order of the rows."""

    def __init__(self, name: str, rows: pd.DataFrame, table: pn.widgets.Tabulator) -> None:
        self.rows, self.table = rows, table
        self.which = pmui.Select(label="Rows in the files", options=[SHOWN, IN_SIGHT, TICKED], value=SHOWN, width=280)
        self.said = html("")
        makers: dict[str, Callable[[pd.DataFrame], bytes]] = {
            "csv": lambda chosen: exports.csv_text(chosen).encode(),
            "xlsx": exports.xlsx_bytes,
        }
        if "smiles" in rows:
            makers["sdf"] = lambda chosen: exports.sdf_text(chosen).encode()
        self.buttons = [
            pmui.FileDownload(
                label=f"Download as {kind.upper()}",
                callback=partial(self._file, made),
                filename=f"cryokit-{name}.{kind}",
                variant="outlined",
            )
            for kind, made in makers.items()
        ]
        self.which.param.watch(self._count, "value")
        table.param.watch(self._count, ["selection", "page"])
        self._count()

    @property
    def view(self) -> Viewable:
        """The choice of rows, the buttons and a sentence on what they give."""
        parts = pmui.FlexBox(self.which, *self.buttons, gap="8px", margin=0, align_items="center")
        return pmui.Column(parts, self.said, sizing_mode="stretch_width", margin=(8, 12))

    def chosen(self) -> pd.DataFrame:
        """Return the rows that a file would hold, in the order in which the table shows them."""
        places = list(self.table.current_view.index)
        if self.which.value == IN_SIGHT:
            begin = (self.table.page - 1) * self.table.page_size
            places = places[begin : begin + self.table.page_size]
        elif self.which.value == TICKED:
            ticked = set(self.table.selection)
            places = [place for place in places if place in ticked]
        return self.rows.iloc[places]

    def _count(self, *_events: object) -> None:
        count = len(self.chosen())
        for button in self.buttons:
            button.disabled = count == 0
        words = f"Files hold {count:,} {'row' if count == 1 else 'rows'}." if count else "Tick rows in the table first."
        self.said.object = status_line(words)

    def _file(self, made: Callable[[pd.DataFrame], bytes]) -> io.BytesIO:
        return io.BytesIO(made(self.chosen()))
