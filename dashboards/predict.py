"""Predict: choose a target and a version, or all targets; give molecules or recipes, read values and flags."""

import asyncio
from functools import partial
from html import escape

import pandas as pd
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit import figures
from cryokit.domain import TARGETS, Target
from cryokit.errors import CryokitError, sentence
from cryokit.workbench import Workbench
from cryokit.workbench.together import TOGETHER
from dashboards import _tables, _together
from dashboards._asked import Asked
from dashboards._choice import asked_in_address, keep_in_address, offer_versions, target_select, version_select
from dashboards._predicted import Predicted
from dashboards._quality import QualityCard
from dashboards._shell import card, html, status_line, work_button


def build(workbench: Workbench) -> Viewable:
    """Return the content of the page for the person behind `workbench`."""
    return PredictPage(workbench).view


def warm_up(workbench: Workbench) -> None:
    """Load the current model of the first target, so that the first prediction is fast."""
    name = next(iter(TARGETS))
    workbench.predict_checked(name, pd.DataFrame({TARGETS[name].subject: ["OCC(O)CO"]}))


class PredictPage:
    """Choice of the model, what to predict, predictions, and how good the model is."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.versions = workbench.models()
        self.quality = QualityCard(workbench)
        asked = asked_in_address()
        self.target_select, self.version_select = target_select(asked, TOGETHER), version_select()
        self.about = html("")
        self.button = work_button("Predict", self._on_predict, variant="contained", color="primary")
        self.status = html(status_line(""))
        self.asked, self.predicted = Asked(self._say), Predicted()
        self._offer_versions(asked.get("version", ""))
        self.asked.show_target(self.target)
        self._show_version(self._evaluation())
        self.target_select.param.watch(self._on_target, "value")
        self.version_select.param.watch(self._on_version, "value")
        pn.state.onload(self._link)

    @property
    def view(self) -> Viewable:
        """Everything in reading order."""
        choice = pmui.FlexBox(
            self.target_select, self.version_select, sizing_mode="stretch_width", gap="0px 8px", margin=0
        )
        return pmui.Column(
            card(choice, self.about, label="Model"),
            card(*self.asked.parts, self.button, self.status, label="What to predict"),
            card(*self.predicted.parts, label="Predictions"),
            card(*self.quality.parts, label="How good the model is"),
            sizing_mode="stretch_width",
            margin=(0, 16),
        )

    # The chosen target and version

    @property
    def target(self) -> Target:
        """The chosen target, or what stands for all of them."""
        return TARGETS.get(self.target_select.value, TOGETHER)

    @property
    def version(self) -> int | None:
        """The chosen version, None if there is none yet."""
        return self.version_select.value

    def _offer_versions(self, asked: str = "") -> None:
        self.version_select.visible = self.target is not TOGETHER
        offer_versions(self.version_select, self.versions, self.target.name, asked)

    async def _on_target(self, _event: object) -> None:
        before = self.version
        self._offer_versions()
        self.asked.show_target(self.target)
        self.predicted.clear()
        self._say("")
        if self.version == before:  # otherwise the changed version is noticed by itself
            await self._on_version(None)

    async def _on_version(self, _event: object) -> None:
        chosen = self.target, self.version
        self.about.object = status_line("Loading the evaluation of this version ...")
        evaluation = await asyncio.to_thread(self._evaluation)
        if chosen == (self.target, self.version):  # otherwise a newer choice shows itself
            self._show_version(evaluation)
            self._link()

    def _evaluation(self) -> dict | str:
        return "" if self.target is TOGETHER else self.quality.load(self.target.name, self.version)

    def _show_version(self, evaluation: dict | str) -> None:
        if self.target is TOGETHER:
            self.about.object = f"<p>{_together.ABOUT}</p>"
            self.quality.show_instead(_together.behind_the_columns(self.versions))
            return
        self.quality.show(self.target.name, evaluation)
        chosen = (self.versions["target"] == self.target.name) & (self.versions["version"] == self.version)
        labels = self.versions.loc[chosen, "verdict"]
        chip = _tables.skill_chip(labels.iloc[0] if len(labels) else None)
        quantity = f"{self.target.quantity[0].upper()}{self.target.quantity[1:]}; unit: {self.target.unit}."
        known = f" Judged on {evaluation['metrics']['n']:.0f} measured values." if isinstance(evaluation, dict) else ""
        self.about.object = f"<p>{chip} {escape(quantity + known)}</p>"

    def _link(self) -> None:
        keep_in_address(target=self.target.name, version=self.version)

    # Predicting

    def _say(self, text: str, *, is_problem: bool = False) -> None:
        self.status.object = status_line(text, is_problem=is_problem)

    async def _on_predict(self, _event: object) -> None:
        try:
            rows = self.asked.rows(self.target)
            self._say(f"Predicting {len(rows):,} {'row' if len(rows) == 1 else 'rows'} ...")
            await (self._predict_together(rows) if self.target is TOGETHER else self._predict_one(rows))
        except CryokitError as error:
            self._say(sentence(error), is_problem=True)

    async def _predict_one(self, rows: pd.DataFrame) -> None:
        target = self.target.name
        found = await asyncio.to_thread(self._with_nearest, target, rows.drop(columns="line"), self.version)
        predictions, problems = found
        words = "" if predictions.empty else figures.interval_plot_text(predictions)
        draw = partial(_tables.prediction_table, target=target)
        self.predicted.show(target, predictions, draw, words, self._counted(rows, len(predictions), problems))

    def _with_nearest(self, target: str, rows: pd.DataFrame, version: int | None) -> tuple[pd.DataFrame, list[dict]]:
        predictions, problems = self.workbench.predict_checked(target, rows, version)
        return self.workbench.with_nearest(target, predictions), problems

    async def _predict_together(self, rows: pd.DataFrame) -> None:
        conditions = self.asked.conditions_of_targets()
        table, problems = await asyncio.to_thread(self.workbench.predict_together, rows, conditions)
        refused = self._counted(rows, len(table), problems)
        draw = partial(_together.table, versions=self.versions)
        self.predicted.show(TOGETHER.name, table, draw, _together.said(table, conditions), refused)

    def _counted(self, rows: pd.DataFrame, predicted: int, problems: list[dict]) -> list[tuple[int, str]]:
        """Say how many rows were predicted and refused; return line and fault of the latter."""
        refused = [(int(rows["line"].iloc[item["row"]]), item["message"]) for item in problems]
        refused = sorted(refused + rows.attrs.get("refused", []))
        unused = f" Columns not used: {', '.join(rows.attrs['unused'])}." if rows.attrs.get("unused") else ""
        self._say(f"{predicted:,} predicted, {len(refused):,} refused.{unused}")
        return refused
