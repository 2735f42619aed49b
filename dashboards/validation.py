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
from cryokit.workbench.given import GIVEN
from dashboards import _tables
from dashboards._choice import asked_in_address, keep_in_address, offer_versions, target_select, version_select
from dashboards._compared import ComparedVersions
from dashboards._explained import Importance, learning_tab
from dashboards._given import OwnMeasurements, about_given
from dashboards._quality import HALF, chart_pane
from dashboards._shell import card, html, work_button
from dashboards._tabs import LazyTabs

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
        self.rows_select = pmui.Select(label="Judged on", width=320)
        self.own = OwnMeasurements(workbench, lambda: (self.target, self.version_select.value), self._on_own)
        self.compared = ComparedVersions(
            workbench, self.versions, lambda: (self.target, self.version_select.value, self._selection)
        )
        self.about = html("")
        self.tabs = LazyTabs("Predicted", "Errors", "Uncertainty", "Importance", "Learning curve", "Rows")
        self.ladder_button = work_button("Show the split ladder", self._on_ladder, variant="outlined")
        self.ladder = pmui.Column(sizing_mode="stretch_width", margin=0)
        self._offer(asked.get("version", ""), asked.get("rows", ""))
        self.about.object, contents = self._content()
        self.tabs.begin(contents)
        self._shown, self._showing = self._chosen, asyncio.Lock()
        self.compared.offer()
        self.target_select.param.watch(self._on_target, "value")
        self.version_select.param.watch(self._on_version, "value")
        self.rows_select.param.watch(self._on_choice, "value")
        pn.state.onload(self._link)

    @property
    def view(self) -> Viewable:
        """Everything in reading order."""
        choice = pmui.FlexBox(
            self.target_select, self.version_select, self.rows_select, sizing_mode="stretch_width", gap="0px 8px"
        )
        return pmui.Column(
            card(choice, self.about, label="What is judged"),
            card(*self.tabs.parts, label="Measured and predicted"),
            card(*self.compared.parts, label="Compare versions"),
            card(*self.own.parts, label="Your own measurements"),
            card(self.ladder_button, self.ladder, label="How hard the test was"),
            sizing_mode="stretch_width",
            margin=(0, 16),
        )

    @property
    def target(self) -> str:
        """The chosen target."""
        return self.target_select.value

    def _offer(self, version: str = "", rows: str = "") -> None:
        """Offer the versions and rows of the chosen target."""
        offer_versions(self.version_select, self.versions, self.target, version)
        self._offer_rows(rows)
        self.own.show_target()

    def _offer_rows(self, asked: str = "") -> None:
        """Offer what the chosen version was judged on: stored rows, and those that this person brought."""
        known = self.workbench.selections(self.target)
        options = {words: name for words, name in _SELECTIONS.items() if name in known}
        for item in self.workbench.given_evaluations(self.target, self.version_select.value).to_dict("records"):
            options[f"{item['split'].split(',')[0]}, {item['created_at'][:19].replace('T', ' ')}"] = item["id"]
        value = asked if asked in options.values() else known[0]
        self.rows_select.param.update(options=options, value=value, visible=len(options) > 1)

    async def _on_target(self, _event: object) -> None:
        self.ladder.objects = []
        self._offer()
        await self._on_choice(None)

    async def _on_version(self, _event: object) -> None:
        self._offer_rows(self.rows_select.value)
        await self._on_choice(None)

    async def _on_choice(self, _event: object) -> None:
        """Show what is chosen, once: a new target changes the version and the rows as well."""
        chosen = self._chosen
        if chosen != self._shown:
            self._shown = chosen
            self.compared.offer()
            async with self._showing:
                if chosen == self._chosen:  # otherwise the newer choice is shown when it is its turn
                    about, contents = await asyncio.to_thread(self._content)
                    self.about.object = about
                    await self.tabs.change(contents)
            self._link()

    @property
    def _chosen(self) -> tuple[str, int | None, str]:
        return self.target, self.version_select.value, self.rows_select.value

    def _on_own(self, evaluation_id: str) -> None:
        """Show an evaluation that was made just now."""
        self._offer_rows(evaluation_id)

    def _link(self) -> None:
        keep_in_address(target=self.target, version=self.version_select.value, rows=self.rows_select.value)

    def _content(self) -> tuple[str, dict[str, Callable[[], Viewable]]]:
        """Return what is said of the evaluation, and what makes each tab."""
        try:
            evaluation = self._evaluation()
        except CryokitError as error:
            return f'<p class="empty">{escape(sentence(error))}</p>', {}
        metrics = evaluation["metrics"]
        chip = _tables.skill_chip(metrics["verdict"])
        more = about_given(metrics) if evaluation["kind"] == GIVEN else ""
        about = f"<p>{chip} {metrics['n']:.0f} measured values; {escape(evaluation['split'])}.</p>{more}"
        return about, _tabs(evaluation, self.target) | self._more_tabs()

    def _more_tabs(self) -> dict[str, Callable[[], Viewable]]:
        """Return what makes the tabs that are about the version and its rows, whatever it is judged on."""
        target, version, selection = self.target, self.version_select.value, self._selection
        return {
            "Importance": lambda: Importance(self.workbench, target, version).view,
            "Learning curve": lambda: learning_tab(self.workbench, target, selection),
        }

    def _evaluation(self) -> dict:
        chosen = self.rows_select.value
        if chosen in _SELECTIONS.values():
            return self.workbench.latest_evaluation(self.target, self.version_select.value, chosen)
        return self.workbench.evaluation(chosen)

    @property
    def _selection(self) -> str:
        """The chosen rows where they are stored ones, else those that versions are trained on."""
        chosen = self.rows_select.value
        return chosen if chosen in _SELECTIONS.values() else self.workbench.selections(self.target)[0]

    async def _on_ladder(self, _event: object) -> None:
        try:
            rungs = await asyncio.to_thread(self.workbench.kept_ladder, self.target, self._selection)
            self.ladder.objects = _ladder_parts(rungs, self.target)
        except CryokitError as error:
            self.ladder.objects = [html(f'<p class="problem">{escape(sentence(error))}</p>')]


def _tabs(evaluation: dict, target: str) -> dict[str, Callable[[], Viewable]]:
    """Return what makes the content of each tab."""
    is_given = evaluation["kind"] == GIVEN
    whole = evaluation["rows"]
    rows = whole[whole["is_scored"].astype(bool)].reset_index(drop=True) if is_given else whole

    def predicted() -> Viewable:
        judged = "Not learned from" if is_given else "Out of fold"
        scores = _tables.metrics_html(evaluation["metrics"], evaluation["baselines"], target, judged)
        chart = _chart(figures.predicted_against_measured, rows, target)
        return _tab(figures.predicted_against_measured_text(rows, target), chart, html(scores, styles=HALF))

    def errors() -> Viewable:
        return _tab(diagnostics.residuals_text(rows, target), *(_chart(draw, rows, target) for draw in _ERRORS))

    def uncertainty() -> Viewable:
        charts = _chart(diagnostics.reliability, rows), _chart(diagnostics.width_against_error, rows, target)
        return _tab(_uncertainty_text(rows, target), *charts, html(_ranges(evaluation), styles=HALF))

    def table() -> Viewable:
        return _tables.evaluation_rows_table(whole, target)

    return {"Predicted": predicted, "Errors": errors, "Uncertainty": uncertainty, "Rows": table}


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
