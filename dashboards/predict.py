"""Predict: choose a target and a version, give molecules or recipes, read values, intervals and flags."""

import asyncio
import io
from collections.abc import Callable
from functools import partial
from html import escape

import pandas as pd
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit import figures
from cryokit.domain import TARGETS, Condition, Target
from cryokit.errors import CryokitError, sentence
from cryokit.workbench import Workbench, exports
from cryokit.workbench.questions import known_columns
from dashboards import _tables
from dashboards._choice import asked_in_address, keep_in_address, offer_versions, target_select, version_select
from dashboards._quality import QualityCard
from dashboards._rows import MAX_UPLOAD_BYTES, rows_from_csv, rows_from_text
from dashboards._shell import card, html

_EXAMPLES = {
    "tg": "OCC(O)CO\nCS(C)=O",
    "iri": "OC[C@H]1O[C@H](O[C@]2(CO)O[C@H](CO)[C@@H](O)[C@@H]2O)[C@H](O)[C@@H](O)[C@@H]1O",
    "viability": "glycerol=6 mol/kg; formamide=6 mol/kg",
}
_EMPTY = '<p class="empty">No predictions yet: fill in what to predict and press Predict.</p>'
_SHOWN_PROBLEMS = 50


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
        self._make_choice()
        self._make_input()
        self.result = pmui.Column(html(_EMPTY), sizing_mode="stretch_width", margin=0)
        self._show_target()
        self._show_version(self.quality.load(self.target.name, self.version))
        self.target_select.param.watch(self._on_target, "value")
        self.version_select.param.watch(self._on_version, "value")
        self.button.on_click(self._on_predict)
        pn.state.onload(self._link)

    def _make_choice(self) -> None:
        asked = asked_in_address()
        self.target_select, self.version_select = target_select(asked), version_select()
        self._offer_versions(asked.get("version", ""))
        self.about = html("")

    def _make_input(self) -> None:
        self.text = pmui.TextAreaInput(rows=4, max_rows=12, max_length=1_000_000, sizing_mode="stretch_width")
        self.file = pmui.FileInput(
            label="Upload CSV", accept=".csv", variant="outlined", max_file_size=MAX_UPLOAD_BYTES
        )
        self.clear = pmui.Button(label="Remove file", variant="text", visible=False, on_click=self._on_clear)
        self.file.param.watch(self._on_file, "value")
        self.hint = html("")
        self.conditions = pmui.FlexBox(sizing_mode="stretch_width", gap="0px 8px", margin=0)
        self.fields: dict[str, Viewable] = {}
        self.button = pmui.Button(label="Predict", variant="contained", color="primary", size="large")
        self.status = html('<p role="status"></p>')

    @property
    def view(self) -> Viewable:
        """Everything in reading order."""
        choice = pmui.FlexBox(
            self.target_select, self.version_select, sizing_mode="stretch_width", gap="0px 8px", margin=0
        )
        upload = pmui.Row(self.file, self.clear, margin=0)
        asked = (self.text, self.hint, upload, self.conditions, self.button, self.status)
        return pmui.Column(
            card(choice, self.about, label="Model"),
            card(*asked, label="What to predict"),
            card(self.result, label="Predictions"),
            card(*self.quality.parts, label="How good the model is"),
            sizing_mode="stretch_width",
            margin=(0, 16),
        )

    # The chosen target and version

    @property
    def target(self) -> Target:
        """The chosen target."""
        return TARGETS[self.target_select.value]

    @property
    def version(self) -> int | None:
        """The chosen version, None if there is none yet."""
        return self.version_select.value

    def _offer_versions(self, asked: str = "") -> None:
        offer_versions(self.version_select, self.versions, self.target.name, asked)

    async def _on_target(self, _event: object) -> None:
        before = self.version
        self._offer_versions()
        self._show_target()
        self.result.objects = [html(_EMPTY)]
        self._say("")
        if self.version == before:  # otherwise the changed version is noticed by itself
            await self._on_version(None)

    async def _on_version(self, _event: object) -> None:
        self.about.object = '<p role="status">Loading the evaluation of this version ...</p>'
        self._show_version(await asyncio.to_thread(self.quality.load, self.target.name, self.version))
        self._link()

    def _show_target(self) -> None:
        """Ask for what the chosen target needs."""
        is_molecule = self.target.subject == "smiles"
        self.text.label = "SMILES, one on each line" if is_molecule else "Recipes, one on each line"
        self.text.placeholder = _EXAMPLES[self.target.name]
        optional = [name for name in known_columns(self.target) if name != self.target.subject]
        words = f"the column <code>{self.target.subject}</code> and, if you like, <code>{', '.join(optional)}</code>"
        has_conditions = bool(self.target.conditions)
        rest = "; conditions that are no column are taken from the fields below" if has_conditions else ""
        self.hint.object = f'<p class="hint">Or a CSV file with {words}{rest}. At most 10,000 rows.</p>'
        self.fields = {item.name: _field(item) for item in self.target.conditions}
        self.conditions.objects = list(self.fields.values())

    def _show_version(self, evaluation: dict | str) -> None:
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

    def _on_file(self, _event: object) -> None:
        has_file = bool(self.file.value)
        self.clear.visible, self.text.disabled = has_file, has_file
        self._say(f"{self.file.filename} is ready; press Predict." if has_file else "")

    def _on_clear(self, _event: object) -> None:
        self.file.clear()

    def _say(self, text: str, *, is_problem: bool = False) -> None:
        kind = ' class="problem"' if is_problem and text else ""
        self.status.object = f'<p role="status"{kind}>{escape(text)}</p>'

    async def _on_predict(self, _event: object) -> None:
        target, version = self.target, self.version
        self.button.loading = True
        try:
            rows = self._asked_rows(target)
            self._say(f"Predicting {len(rows):,} {'row' if len(rows) == 1 else 'rows'} ...")
            asked = rows.drop(columns="line")
            answer = await asyncio.to_thread(self.workbench.predict_checked, target.name, asked, version)
            self._show_predictions(target.name, rows, *answer)
        except CryokitError as error:
            self._say(sentence(error), is_problem=True)
        finally:
            self.button.loading = False

    def _asked_rows(self, target: Target) -> pd.DataFrame:
        conditions = {name: field.value for name, field in self.fields.items()}
        if self.file.value:
            return rows_from_csv(self.file.value, target, conditions)
        return rows_from_text(self.text.value_input or self.text.value or "", target, conditions)

    def _show_predictions(
        self, target: str, rows: pd.DataFrame, predictions: pd.DataFrame, problems: list[dict]
    ) -> None:
        unused = f" Columns not used: {', '.join(rows.attrs['unused'])}." if rows.attrs.get("unused") else ""
        self._say(f"{len(predictions):,} predicted, {len(problems):,} refused.{unused}")
        shown = [html(_problem_list(rows, problems))] if problems else []
        if not predictions.empty:
            shown.append(html(f"<p>{escape(figures.interval_plot_text(predictions))}</p>"))
            shown.append(_tables.prediction_table(predictions, target))
            shown.append(_downloads(target, predictions))
        self.result.objects = shown


def _downloads(target: str, predictions: pd.DataFrame) -> Viewable:
    """Return buttons by which all predicted rows are taken along."""
    kinds: dict[str, Callable[[], bytes]] = {
        "csv": lambda: exports.csv_text(predictions).encode(),
        "xlsx": lambda: exports.xlsx_bytes(predictions),
    }
    if TARGETS[target].subject == "smiles":
        kinds["sdf"] = lambda: exports.sdf_text(predictions).encode()
    buttons = [
        pmui.FileDownload(
            label=f"Download as {kind.upper()}",
            callback=partial(_stream, made),
            filename=f"cryokit-{target}.{kind}",
            variant="outlined",
        )
        for kind, made in kinds.items()
    ]
    return pmui.FlexBox(*buttons, gap="8px", margin=(8, 12))


def _stream(made: Callable[[], bytes]) -> io.BytesIO:
    return io.BytesIO(made())


def _field(condition: Condition) -> Viewable:
    label = condition.name.replace("_", " ").capitalize()
    common = {"label": label, "helper_text": condition.description, "width": 280}
    if condition.choices:
        options = {"choose ...": ""} | {name.replace("_", " "): name for name in condition.choices}
        return pmui.Select(options=options, value="", **common)
    return pmui.TextInput(value="", **common)


def _problem_list(rows: pd.DataFrame, problems: list[dict]) -> str:
    lines = [
        f"<tr><td>{rows['line'].iloc[item['row']]}</td><td>{escape(item['message'])}</td></tr>"
        for item in problems[:_SHOWN_PROBLEMS]
    ]
    hidden = len(problems) - len(lines)
    more = f"<p>and {hidden:,} more.</p>" if hidden else ""
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Refused rows"><table class="problems">'
        "<caption>Rows that cannot be predicted</caption>"
        '<thead><tr><th scope="col">Line</th><th scope="col">What is wrong</th></tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>{more}"
    )
