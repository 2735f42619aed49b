"""What a version rests on, and how its error falls with more measurements: tabs of the page Validation."""

import asyncio
from html import escape

import holoviews as hv
import pandas as pd
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.domain import target_named
from cryokit.errors import CryokitError, sentence
from cryokit.figures import importance, learning
from cryokit.workbench import Workbench
from dashboards import _tables
from dashboards._quality import chart_pane
from dashboards._shell import html, status_line, work_button

_NO_IMPORTANCE = (
    "The importance of features of this version is not computed yet: "
    "<code>cryokit models card {target} --version {version} --importance</code> does it, as many fits as there are "
    "folds, and keeps what it found."
)
_NO_CURVE = (
    "The learning curve of these rows is not computed yet: <code>cryokit learning-curve {target}{selection}</code> "
    "does it, which takes minutes, and keeps what it found."
)
_ABOUT_IMPORTANCE = (
    "In each fold one group of features of the held-out rows gets the values of other rows; features that say much "
    "the same are moved together. Lines are one standard deviation over repeats. At most "
    f"{importance.SHOWN} groups of each series are shown, those that matter most."
)
_ABOUT_ROW = (
    "The prediction minus the one with a group of features at its training median. Lines are one standard deviation "
    "over training rows in place of the median. Contributions need not add up, and the version learned from this row."
)
_ABOUT_CURVE = (
    "Each step learns from the groups of the step before it and more, drawn by the seed; all steps predict the same "
    "rows of whole groups held out. Lines are 95 % bootstrap intervals over groups. Other groups of the same number "
    "would give another error."
)


class Importance:
    """Importance of the features of a version, and what adds to the prediction of one row."""

    def __init__(self, workbench: Workbench, target: str, version: int) -> None:
        self.workbench, self.target, self.version = workbench, target, version
        rows = workbench.rows_of(target, version)
        subjects = rows["name"].where(rows["name"].astype(bool), rows[target_named(target).subject])
        options = {f"{place + 1}. {str(name)[:60]}": place for place, name in enumerate(subjects)}
        self.row = pmui.Select(label="Row", options=options, value=0, searchable=True, width=320)
        self.button = work_button("Explain this row", self._on_explain, variant="outlined")
        self.status = html(status_line(""))
        self.result = pmui.Column(sizing_mode="stretch_width", margin=0)

    @property
    def view(self) -> Viewable:
        """Everything in reading order."""
        choice = pmui.FlexBox(self.row, self.button, gap="0px 8px", align_items="center", margin=0)
        heading = html(f'<h3>What adds to one prediction</h3><p class="hint">{_ABOUT_ROW}</p>')
        return _column(*self._whole(), heading, choice, self.status, self.result)

    def _whole(self) -> list[Viewable]:
        table = self.workbench.kept_importance(self.target, self.version)
        if table.empty:
            return [_empty(_NO_IMPORTANCE.format(target=self.target, version=self.version))]
        charts: list[Viewable] = []
        for name, rows in table.groupby("series", sort=False):
            if name != "all":
                charts.append(html(f"<h3>{escape(str(name).replace('_', ' '))}</h3>"))
            chart = importance.importance_chart(rows, self.target)
            charts.append(_chart(chart, importance.frame_pixels(rows)))
        largest = table.groupby("series", sort=False).head(importance.SHOWN)
        shown = importance.importance_table(largest, self.target)
        return [
            html(f'{_sentence(importance.importance_text(table, self.target))}<p class="hint">{_ABOUT_IMPORTANCE}</p>'),
            *charts,
            _table("Importance of features", shown),
        ]

    async def _on_explain(self, _event: object) -> None:
        self.status.object = status_line("Asking the model ...")
        try:
            self.result.objects = await asyncio.to_thread(self._explained, self.row.value)
            self.status.object = status_line("")
        except CryokitError as error:
            self.status.object = status_line(sentence(error), is_problem=True)

    def _explained(self, row: int) -> list[Viewable]:
        table = self.workbench.explain_measured(self.target, row, self.version)["contributions"]
        return [
            html(_sentence(importance.contribution_text(table, self.target))),
            _chart(importance.contribution_chart(table, self.target), importance.frame_pixels(table)),
            _table("Contributions", importance.contribution_table(table.head(importance.SHOWN), self.target)),
        ]


def learning_tab(workbench: Workbench, target: str, selection: str) -> Viewable:
    """Return the learning curve of rows that was computed before, or how to get it."""
    curve = workbench.kept_learning_curve(target, selection)
    if curve.empty:
        other = "" if selection == workbench.selections(target)[0] else f" --selection {selection}"
        return _column(_empty(_NO_CURVE.format(target=target, selection=other)))
    return _column(
        html(f'{_sentence(learning.learning_curve_text(curve, target))}<p class="hint">{_ABOUT_CURVE}</p>'),
        _chart(learning.learning_curve(curve, target), 460),
        _table("Learning curve", learning.learning_curve_table(curve, target).set_index("share")),
    )


def _column(*content: Viewable) -> Viewable:
    return pmui.Column(*content, sizing_mode="stretch_width", margin=0)


def _chart(chart: hv.Overlay, height: int) -> Viewable:
    return chart_pane(chart, min_height=height)


def _empty(markup: str) -> Viewable:
    return html(f'<p class="empty">{markup}</p>')


def _sentence(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _table(title: str, table: pd.DataFrame) -> Viewable:
    rows = [[name, *cells] for name, cells in zip(table.index, table.astype(str).to_numpy().tolist(), strict=True)]
    heads = [str(table.index.name).capitalize(), *map(str, table.columns)]
    return html(_tables.plain_table(title, heads, rows))
