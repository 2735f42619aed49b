"""Versions compared with the chosen one: errors on the same rows, and what tells the versions apart."""

import asyncio
from collections.abc import Callable
from html import escape

import pandas as pd
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.domain import target_named
from cryokit.errors import CryokitError, sentence
from cryokit.figures import comparison, formatted
from cryokit.workbench import Workbench
from dashboards import _tables
from dashboards._quality import chart_pane
from dashboards._shell import html, status_line, work_button

_NOTHING = "There is one version only; train another one to compare it with."
_ABOUT = (
    "Each is compared with the version chosen above, on the rows and folds that both were tested on. The interval is "
    "a paired bootstrap over groups; a difference counts where it leaves out 0."
)


class ComparedVersions:
    """A choice of other versions, a button, and what came of it."""

    def __init__(
        self, workbench: Workbench, versions: pd.DataFrame, chosen: Callable[[], tuple[str, int | None, str]]
    ) -> None:
        self.workbench, self.versions, self._chosen = workbench, versions, chosen
        self.about = html("")
        self.others = pmui.CheckBoxGroup(label="Compare with version", options=[], inline=True)
        self.button = work_button("Compare", self._on_compare, variant="contained", color="primary")
        self.status = html(status_line(""))
        self.result = pmui.Column(sizing_mode="stretch_width", margin=0)

    @property
    def parts(self) -> tuple[Viewable, ...]:
        """What the card holds, in reading order."""
        return self.about, self.others, self.button, self.status, self.result

    def offer(self) -> None:
        """Offer the other versions of the chosen target; what was compared before is about others."""
        target, version, _rows = self._chosen()
        known = self.versions.loc[self.versions["target"] == target, "version"]
        others = sorted((int(number) for number in known if number != version), reverse=True)
        self.others.param.update(options=others, value=[number for number in self.others.value if number in others])
        self.others.visible = self.button.visible = bool(others)
        self.about.object = f'<p class="{"hint" if others else "empty"}">{_ABOUT if others else _NOTHING}</p>'
        self.result.objects = []
        self._say("")

    def _say(self, text: str, *, is_problem: bool = False) -> None:
        self.status.object = status_line(text, is_problem=is_problem)

    async def _on_compare(self, _event: object) -> None:
        target, version, rows = self._chosen()
        others = sorted(self.others.value)
        if not others:
            self._say("Choose one version or more.", is_problem=True)
            return
        self._say("Comparing ...")
        try:
            self.result.objects = await asyncio.to_thread(self._compared, target, version, others, rows)
            self._say("")
        except CryokitError as error:
            self._say(sentence(error), is_problem=True)

    def _compared(self, target: str, version: int, others: list[int], rows: str) -> list[Viewable]:
        results, refused = [], []
        for other in others:
            try:
                results.append(self.workbench.compare(target, version, other, rows, is_stored_only=True))
            except CryokitError as error:
                refused.append(status_line(sentence(error), is_problem=True))
        table = comparison.comparison_table(results)
        differing = self.workbench.differences(target, [version, *others])
        shown = _shown(table, results, target, version) if results else []
        return [html("".join(refused)), *shown, html(_differing(differing))]


def _shown(table: pd.DataFrame, results: list[dict], target: str, version: int) -> list[Viewable]:
    text = comparison.paired_differences_text(table, target, version)
    basis = "; ".join(f"version {item['version_b']}: {item['basis']}" for item in results)
    unit = target_named(target).unit
    heads = ["Compared", "Rows", f"Error of version {version} ({unit})", f"Its own error ({unit})"]
    heads += [f"Errs less by ({unit})", "95 % interval", "It is"]
    cells = [_cells(row, target) for row in table.to_dict("records")]
    return [
        html(f'{status_line(text)}<p class="hint">{escape(basis[:1].upper() + basis[1:])}.</p>'),
        chart_pane(comparison.paired_differences(table, target), min_height=comparison.frame_pixels(table)),
        html(_tables.plain_table("Paired differences", heads, cells)),
    ]


def _cells(row: dict, target: str) -> list[object]:
    numbers = [formatted(row[name], target) for name in ("mae", "other_mae", "difference")]
    low, high = (formatted(row[name], target) for name in ("lower", "upper"))
    return [row["version"], row["rows"], *numbers, f"{low} to {high}", row["second_is"]]


def _differing(facts: pd.DataFrame) -> str:
    heads = ["What differs", *(f"Version {number}" for number in facts.columns)]
    rows = [[name, *row] for name, row in zip(facts.index, facts.to_numpy().tolist(), strict=True)]
    same = f"<p>{facts.attrs['n_same']} facts are the same of all and are not shown.</p>"
    return f"<h3>What tells them apart</h3>{_tables.plain_table('What tells the versions apart', heads, rows)}{same}"
