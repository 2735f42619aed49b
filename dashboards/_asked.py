"""What is asked of the models: text or a file, and the conditions of each target."""

from collections.abc import Callable

import pandas as pd
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.domain import TARGETS, Condition, Target
from cryokit.workbench.questions import known_columns
from cryokit.workbench.together import AMOUNT, TOGETHER
from dashboards._rows import MAX_UPLOAD_BYTES, conditions_of_targets, rows_from_csv, rows_from_sdf, rows_from_text
from dashboards._shell import html

_EXAMPLES = {
    "tg": "OCC(O)CO\nCS(C)=O",
    "iri": "OC[C@H]1O[C@H](O[C@]2(CO)O[C@H](CO)[C@@H](O)[C@@H]2O)[C@H](O)[C@@H](O)[C@@H]1O",
    "viability": "glycerol=6 mol/kg; formamide=6 mol/kg",
    TOGETHER.name: "OCC(O)CO\nCS(C)=O",
}
_AMOUNT = Condition(AMOUNT, str, "of the molecule alone, for example 1 mol/kg")
_LINES = "lines"
# Loaded by those who draw. The field is found by its tag: an argument of a callback would hold its page for ever.
_DRAW = f'import("/assets/drawing.mjs").then(({{draw, tagged}}) => draw(tagged(source.document, "{_LINES}")))'
_LEFT_OUT = "A target whose conditions are all left empty is not predicted."


class Asked:
    """Fields in which people say what to predict."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.text = pmui.TextAreaInput(
            rows=4, max_rows=12, max_length=1_000_000, sizing_mode="stretch_width", tags=[_LINES]
        )
        self.file = pmui.FileInput(
            label="Upload CSV or SDF", accept=".csv,.sdf,.sd", variant="outlined", max_file_size=MAX_UPLOAD_BYTES
        )
        self.clear = pmui.Button(label="Remove file", variant="text", visible=False, on_click=self._on_clear)
        self.file.param.watch(self._on_file, "value")
        self.draw = pmui.Button(label="Draw a molecule", variant="outlined")
        self.draw.js_on_click(code=_DRAW)
        self.hint = html("")
        self.conditions = pmui.Column(sizing_mode="stretch_width", margin=0)
        self.fields: dict[str, dict[str, pn.widgets.Widget]] = {}

    @property
    def parts(self) -> tuple[Viewable, ...]:
        """What the card holds, in reading order."""
        sources = pmui.FlexBox(self.draw, self.file, self.clear, gap="8px", margin=0, align_items="center")
        return self.text, self.hint, sources, self.conditions

    def show_target(self, target: Target) -> None:
        """Ask for what the chosen target needs."""
        is_molecule = target.subject == "smiles"
        self.text.label = "SMILES, one on each line" if is_molecule else "Recipes, one on each line"
        self.draw.visible = is_molecule
        self.text.placeholder = _EXAMPLES[target.name]
        self.hint.object = f'<p class="hint">{_hint(target)}</p>'
        targets = TARGETS.values() if target is TOGETHER else [target]
        self.fields = {item.name: _fields(item, is_together=target is TOGETHER) for item in targets}
        self.conditions.objects = self._condition_parts(is_together=target is TOGETHER)

    def rows(self, target: Target) -> pd.DataFrame:
        """Return the rows that are asked, or say what is missing."""
        conditions = {name: field.value for name, field in self.fields.get(target.name, {}).items()}
        if not self.file.value:
            return rows_from_text(self.text.value_input or self.text.value or "", target, conditions)
        is_sdf = str(self.file.filename).lower().endswith((".sdf", ".sd"))
        return (rows_from_sdf if is_sdf else rows_from_csv)(self.file.value, target, conditions)

    def conditions_of_targets(self) -> dict[str, dict[str, object]]:
        """Return the targets that are asked together, with their conditions."""
        given = {name: {key: field.value for key, field in fields.items()} for name, fields in self.fields.items()}
        return conditions_of_targets(given)

    def _condition_parts(self, *, is_together: bool) -> list[Viewable]:
        parts: list[Viewable] = [html(f'<p class="hint">{_LEFT_OUT}</p>')] if is_together else []
        for name, fields in self.fields.items():
            if fields:
                parts += [html(f"<h3>{TARGETS[name].title}</h3>")] if is_together else []
                parts.append(pmui.FlexBox(*fields.values(), sizing_mode="stretch_width", gap="0px 8px", margin=0))
        return parts

    def _on_file(self, _event: object) -> None:
        has_file = bool(self.file.value)
        self.clear.visible = self.text.disabled = self.draw.disabled = has_file
        self._say(f"{self.file.filename} is ready; press Predict." if has_file else "")

    def _on_clear(self, _event: object) -> None:
        self.file.clear()


def _hint(target: Target) -> str:
    optional = [name for name in known_columns(target) if name != target.subject]
    optional = ["name"] if target is TOGETHER else optional
    kinds = "Or a CSV file" if target.subject == "recipe" else "Or an SDF file, or a CSV file"
    words = (
        f"{kinds} with the column <code>{target.subject}</code> and, if you like, <code>{', '.join(optional)}</code>"
    )
    rest = "; conditions that are no column are taken from the fields below" if target.conditions else ""
    return f"{words}{rest}. At most 10,000 rows."


def _fields(target: Target, *, is_together: bool) -> dict[str, pn.widgets.Widget]:
    needs_amount = is_together and target.subject == "recipe"
    conditions = [*([_AMOUNT] if needs_amount else []), *target.conditions]
    suffix = f" ({target.name.upper() if target.name == 'iri' else target.name})" if is_together else ""
    return {item.name: _field(item, suffix) for item in conditions}


def _field(condition: Condition, suffix: str) -> pn.widgets.Widget:
    label = condition.name.replace("_", " ").capitalize() + suffix
    common = {"label": label, "helper_text": condition.description, "width": 280}
    if condition.choices:
        options = {"choose ...": ""} | {name.replace("_", " "): name for name in condition.choices}
        return pmui.Select(options=options, value="", **common)
    return pmui.TextInput(value="", **common)
