"""Predictions on a page: what was refused, the table, a filter by structure, and files to take along."""

from collections.abc import Callable, Sequence
from html import escape

import pandas as pd
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.errors import CryokitError, sentence
from cryokit.workbench.together import matching
from dashboards import _tables
from dashboards._downloads import Downloads
from dashboards._shell import html, status_line

_EMPTY = '<p class="empty">No predictions yet: fill in what to predict and press Predict.</p>'
_LIKENESS = {f"at least {value}": value for value in (0.2, 0.3, 0.4, 0.5, 0.7, 0.9)}


class Predicted:
    """The predictions of one press of the button, all of them or those that a filter leaves."""

    def __init__(self) -> None:
        self.refused, self.words = html(_EMPTY), html("")
        self.table = pmui.Column(sizing_mode="stretch_width", margin=0)
        self.smarts = pmui.TextInput(
            label="Holds (SMARTS)", helper_text="for example [OX2H], a hydroxyl group", width=280
        )
        self.similar = pmui.TextInput(label="Alike to (SMILES)", helper_text="the most alike come first", width=280)
        self.minimum = pmui.Select(label="Likeness", options=_LIKENESS, value=0.4, width=160)
        self.apply = pmui.Button(label="Filter", variant="outlined", on_click=lambda _event: self._filter())
        self.reset = pmui.Button(label="Show all", variant="text", on_click=lambda _event: self._show_all())
        self.said = html(status_line(""))
        self.filter = pmui.Column(
            html("<h3>Filter by structure</h3>"),
            pmui.FlexBox(
                self.smarts,
                self.similar,
                self.minimum,
                self.apply,
                self.reset,
                gap="0px 8px",
                margin=0,
                sizing_mode="stretch_width",
                align_items="center",
            ),
            self.said,
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
        )
        self._name, self._all = "", pd.DataFrame()
        self._draw: Callable[[pd.DataFrame], pn.widgets.Tabulator] | None = None

    @property
    def parts(self) -> tuple[Viewable, ...]:
        """What the card holds, in reading order."""
        return self.refused, self.filter, self.words, self.table

    def clear(self) -> None:
        """Show that nothing is predicted yet."""
        self.refused.object, self.words.object, self.table.objects = _EMPTY, "", []
        self.filter.visible = False

    def show(
        self,
        name: str,
        predictions: pd.DataFrame,
        draw: Callable[[pd.DataFrame], pn.widgets.Tabulator],
        words: str,
        refused: Sequence[tuple[int, str]],
    ) -> None:
        """Show predictions as `draw` makes a table of them, with some words, and lines that were refused."""
        self._name, self._all, self._draw = name, predictions, draw
        self.refused.object = _tables.refused_rows("Rows that cannot be predicted", refused) if refused else ""
        self.words.object = f"<p>{escape(words)}</p>" if words else ""
        self.filter.visible = len(predictions) > 1
        self._show_all()

    def _show_all(self) -> None:
        self.smarts.param.update(value="", value_input="")
        self.similar.param.update(value="", value_input="")
        self._show(self._all, "")

    def _filter(self) -> None:
        smarts, similar = (field.value_input or field.value or "" for field in (self.smarts, self.similar))
        try:
            left = matching(self._all, smarts, similar, self.minimum.value)
        except CryokitError as error:
            self.said.object = status_line(sentence(error), is_problem=True)
            return
        self._show(left, f"{len(left):,} of {len(self._all):,} are shown.")

    def _show(self, table: pd.DataFrame, said: str) -> None:
        self.said.object = status_line(said)
        if table.empty:
            self.table.objects = []
            return
        drawn = self._draw(table)
        self.table.objects = [drawn, Downloads(self._name, table, drawn).view]
