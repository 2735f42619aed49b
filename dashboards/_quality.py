"""How good a version is: chart, metrics beside baselines, and the same as a table."""

from html import escape

import holoviews as hv
import pandas as pd
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit import figures
from cryokit.domain import TARGETS
from cryokit.errors import CryokitError
from cryokit.workbench import Workbench
from dashboards import _tables
from dashboards._shell import html

HALF = {"flex": "1 1 440px", "min-width": "min(100%, 300px)"}


def chart_pane(chart: hv.Overlay | None = None, min_height: int = 530) -> pn.pane.HoloViews:
    """Return the pane of a chart that takes half of a wide page and all of a narrow one."""
    return pn.pane.HoloViews(
        chart,
        backend="bokeh",
        sizing_mode="stretch_width",
        min_height=min_height,
        margin=(0, 12, 8, 4),
        styles=HALF,
        linked_axes=False,  # a range that two charts name alike is not the same one
    )


class QualityCard:
    """Predicted against measured, out of fold, from the stored evaluation of one version."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.pipe: hv.streams.Pipe | None = None
        self.text = html("")
        self.chart = chart_pane()
        self.metrics = html("", styles=HALF)
        self.rows = pmui.Column(sizing_mode="stretch_width", margin=0)
        both = pmui.FlexBox(self.chart, self.metrics, sizing_mode="stretch_width", gap="0px", margin=0)
        same = html("<h3>The same as a table</h3>")
        self.details = pmui.Column(both, same, self.rows, sizing_mode="stretch_width", margin=0)

    @property
    def parts(self) -> tuple[Viewable, ...]:
        """What the card holds, in reading order."""
        return self.text, self.details

    def load(self, target: str, version: int | None) -> dict | str:
        """Return the evaluation of a version, or a sentence that says why there is none."""
        if version is None:
            return f"No model of {TARGETS[target].title.lower()} is trained yet; run `cryokit train {target}`."
        try:
            return self.workbench.latest_evaluation(target, version)
        except CryokitError as error:
            return f"There is nothing to show: {error}."

    def show(self, target: str, evaluation: dict | str) -> None:
        """Show an evaluation, or the sentence in its place."""
        self.details.visible = isinstance(evaluation, dict)
        if isinstance(evaluation, str):
            self.text.object = f'<p class="empty">{escape(evaluation)}</p>'
            return
        rows = evaluation["rows"]
        self.text.object = f"<p>{escape(figures.predicted_against_measured_text(rows, target))}</p>"
        self.metrics.object = _tables.metrics_html(evaluation["metrics"], evaluation["baselines"], target)
        self.rows.objects = [_tables.evaluation_rows_table(rows, target)]
        self._draw(rows, target)

    def show_instead(self, markup: str) -> None:
        """Show trusted markup in place of an evaluation."""
        self.details.visible = False
        self.text.object = markup

    def _draw(self, rows: pd.DataFrame, target: str) -> None:
        if self.pipe is None:
            self.pipe = hv.streams.Pipe(data=(rows, target))
            self.chart.object = hv.DynamicMap(
                lambda data: figures.predicted_against_measured(*data), streams=[self.pipe]
            )
        else:
            self.pipe.send((rows, target))
