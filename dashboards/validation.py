"""Validation: where a version errs, whether its intervals hold what they promise, and how hard the test was."""

import asyncio
from collections.abc import Callable
from html import escape

import holoviews as hv
import pandas as pd
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit import figures
from cryokit.errors import CryokitError, sentence
from cryokit.figures import diagnostics, ladder
from cryokit.workbench import Workbench
from dashboards import _tables
from dashboards._choice import asked_in_address, keep_in_address, offer_versions, target_select, version_select
from dashboards._quality import HALF, chart_pane
from dashboards._shell import card, html

_SELECTIONS = {"rows it learned from": "curated", "as published": "published"}
_NO_LADDER = (
    "No split of this target is computed yet: <code>cryokit ladder TARGET</code> climbs the ladder, which takes "
    "minutes, and keeps what it found."
)


def build(workbench: Workbench) -> Viewable:
    """Return the content of the page for the person behind `workbench`."""
    return ValidationPage(workbench).view


class ValidationPage:
    """Choice of target, version and rows; then figures in tabs, each with a sentence and a table."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.versions = workbench.models()
        asked = asked_in_address()
        self.target_select, self.version_select = target_select(asked), version_select()
        rows = asked.get("rows") if asked.get("rows") in _SELECTIONS.values() else "curated"
        self.rows_select = pmui.Select(label="Judged on", options=_SELECTIONS, value=rows, width=240)
        self.about = html("")
        self.tabs = pmui.Tabs(sizing_mode="stretch_width", margin=0)
        self.ladder_button = pmui.Button(label="Show the split ladder", variant="outlined", size="large")
        self.ladder = pmui.Column(sizing_mode="stretch_width", margin=0)
        self._offer(asked.get("version", ""))
        self._show()
        self.target_select.param.watch(self._on_target, "value")
        for select in (self.version_select, self.rows_select):
            select.param.watch(self._on_choice, "value")
        self.ladder_button.on_click(self._on_ladder)
        pn.state.onload(self._link)

    @property
    def view(self) -> Viewable:
        """Everything in reading order."""
        choice = pmui.FlexBox(
            self.target_select, self.version_select, self.rows_select, sizing_mode="stretch_width", gap="0px 8px"
        )
        return pmui.Column(
            card(choice, self.about, label="What is judged"),
            card(self.tabs, label="Out of fold"),
            card(self.ladder_button, self.ladder, label="How hard the test was"),
            sizing_mode="stretch_width",
            margin=(0, 16),
        )

    @property
    def target(self) -> str:
        """The chosen target."""
        return self.target_select.value

    def _offer(self, asked: str = "") -> None:
        """Offer the versions and rows of the chosen target."""
        offer_versions(self.version_select, self.versions, self.target, asked)
        self.rows_select.visible = len(self.workbench.selections(self.target)) > 1
        if not self.rows_select.visible:
            self.rows_select.value = "curated"

    async def _on_target(self, _event: object) -> None:
        self.ladder.objects = []
        before = self.version_select.value
        self._offer()
        if self.version_select.value == before:  # otherwise the changed version is noticed by itself
            await self._on_choice(None)

    async def _on_choice(self, _event: object) -> None:
        await asyncio.to_thread(self._show)
        self._link()

    def _link(self) -> None:
        keep_in_address(target=self.target, version=self.version_select.value, rows=self.rows_select.value)

    def _show(self) -> None:
        try:
            evaluation = self._evaluation()
        except CryokitError as error:
            self.about.object = f'<p class="empty">{escape(sentence(error))}</p>'
            self.tabs[:] = []
            return
        metrics = evaluation["metrics"]
        chip = _tables.skill_chip(metrics["verdict"])
        self.about.object = f"<p>{chip} {metrics['n']:.0f} measured values; {escape(evaluation['split'])}.</p>"
        self.tabs[:] = _tabs(evaluation, self.target)

    def _evaluation(self) -> dict:
        return self.workbench.latest_evaluation(self.target, self.version_select.value, self.rows_select.value)

    async def _on_ladder(self, _event: object) -> None:
        self.ladder_button.loading = True
        try:
            rungs = await asyncio.to_thread(self.workbench.kept_ladder, self.target, self.rows_select.value)
            self.ladder.objects = _ladder_parts(rungs, self.target)
        except CryokitError as error:
            self.ladder.objects = [html(f'<p class="problem">{escape(sentence(error))}</p>')]
        finally:
            self.ladder_button.loading = False


def _tabs(evaluation: dict, target: str) -> list[tuple[str, Viewable]]:
    """Return the tabs: title and content of each."""
    rows = evaluation["rows"]
    metrics = html(_tables.metrics_html(evaluation["metrics"], evaluation["baselines"], target), styles=HALF)
    seen = _chart(figures.predicted_against_measured, rows, target)
    errors = [_chart(draw, rows, target) for draw in _ERRORS]
    widths = _chart(diagnostics.width_against_error, rows, target)
    curve = _chart(diagnostics.reliability, rows)
    return [
        ("Predicted", _tab(figures.predicted_against_measured_text(rows, target), seen, metrics)),
        ("Errors", _tab(diagnostics.residuals_text(rows, target), *errors)),
        ("Uncertainty", _tab(_uncertainty_text(rows, target), curve, widths, html(_ranges(evaluation), styles=HALF))),
        ("Rows", pmui.Column(_tables.evaluation_rows_table(rows, target), sizing_mode="stretch_width")),
    ]


_ERRORS = (figures.residuals, diagnostics.residual_histogram, diagnostics.normal_quantiles)


def _chart(draw: Callable[..., hv.Overlay], *words: object) -> pn.pane.HoloViews:
    return chart_pane(draw(*words))


def _tab(text: str, *content: Viewable) -> Viewable:
    box = pmui.FlexBox(*content, sizing_mode="stretch_width", gap="0px", margin=0)
    return pmui.Column(html(f"<p>{escape(text)}</p>"), box, sizing_mode="stretch_width", margin=0)


def _uncertainty_text(rows: pd.DataFrame, target: str) -> str:
    return f"{diagnostics.reliability_text(rows)} {diagnostics.width_against_error_text(rows, target)}"


def _ranges(evaluation: dict) -> str:
    """Return scores of low, middle and high measured values as a table."""
    found = evaluation["metrics"].get("by_range") or []
    if not found:
        return '<p class="empty">This evaluation keeps no scores by range; evaluate the version again.</p>'
    names = [name for name in found[0] if not isinstance(found[0][name], dict | list)]
    cells = [[_short(item[name]) for name in names] for item in found]
    return "<h3>By range</h3>" + _tables.plain_table(
        "Scores by range", [name.replace("_", " ") for name in names], cells
    )


def _short(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _ladder_parts(rungs: pd.DataFrame, target: str) -> list[Viewable]:
    if rungs.empty:
        return [html(f'<p class="empty">{_NO_LADDER}</p>')]
    summary = ladder.ladder_summary(rungs, target)
    table = _tables.plain_table("Split ladder", list(map(str, summary.columns)), summary.astype(str).values.tolist())
    parts: list[Viewable] = []
    for _, part in rungs.groupby("series", sort=False) if "series" in rungs else [("", rungs)]:
        parts += [
            html(f"<p>{escape(ladder.split_ladder_text(part, target))}</p>"),
            _chart(ladder.split_ladder, part, target),
        ]
    return [*parts, html(table)]
