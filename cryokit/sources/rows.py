"""The rules that one row of measured figures must meet, whichever table it comes from."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryokit.chemistry import molecules, recipe
from cryokit.domain import Molecule, Target
from cryokit.errors import InputError

EVIDENCE = ("A", "B", "C", "D", "N")
"""A read in a primary source, B second-hand, C read off a figure, D computed or fitted, N recalled."""

MAX_CELL_LENGTH, MAX_NAME_LENGTH = 10_000, 500

_TM_RANGE = (30.0, 1500.0)
_NUMBER_RANGES = {
    "concentration_millimolar": (1e-9, 60_000.0),
    "temperature_kelvin": (150.0, 400.0),
    "minutes": (0.0, 1e6),
}

Lookup = Callable[[str], Molecule | None]


@dataclass
class CheckedRow:
    """One row with its values read, and everything that is wrong or doubtful about it."""

    values: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def frame_columns(target: Target) -> list[str]:
    """Columns of a table of stored rows for `target`, in their order."""
    conditions = [condition.name for condition in target.conditions]
    flags = ["is_published", "is_curated"] if target.name == "tg" else []
    tm = ["tm_kelvin"] if target.name == "tg" else []
    common = ["conditions", "spread", "count", "source", "evidence"]
    return ["name", target.subject, "inchikey", "value", "unit", *tm, *conditions, *common, *flags, "note"]


def checked_row(raw: Mapping[str, str], target: Target, lookup: Lookup, needs_source: bool = True) -> CheckedRow:
    """Read the text cells of one measured row and collect all that is wrong with it."""
    row = checked_question(raw, target, lookup)
    _read_value(raw, target, row)
    _read_provenance(raw, row, needs_source)
    return row


def checked_question(raw: Mapping[str, str], target: Target, lookup: Lookup) -> CheckedRow:
    """Read what a prediction needs of one row: what it is about and under which conditions."""
    row = CheckedRow()
    row.values["name"] = _text(raw, "name", row, required=False)
    _read_subject(raw, target, lookup, row)
    if target.name == "tg":
        row.values["tm_kelvin"] = _number(raw, "tm_kelvin", row, _TM_RANGE, required=False)
    _read_conditions(raw, target, row)
    return row


def _read_subject(raw: Mapping[str, str], target: Target, lookup: Lookup, row: CheckedRow) -> None:
    text = _cell(raw, target.subject)
    row.values[target.subject], row.values["inchikey"] = text, ""
    try:
        if target.subject == "recipe":
            _read_recipe(text, lookup, row)
        else:
            molecule = molecules.parse(text)
            row.values.update(smiles=molecule.smiles, inchikey=molecule.inchikey)
    except InputError as error:
        row.problems.append(str(error))
        return
    stored = _cell(raw, "inchikey")
    if stored and stored != row.values["inchikey"]:
        row.problems.append(f"the InChIKey is {stored}, but the structure gives {row.values['inchikey']}")


def _read_recipe(text: str, lookup: Lookup, row: CheckedRow) -> None:
    components = recipe.parse_recipe(text, lookup)
    keys = sorted(component.molecule.inchikey for component in components if component.molecule)
    row.values.update(recipe=recipe.format_recipe(components), inchikey="+".join(keys), components=components)


def _read_value(raw: Mapping[str, str], target: Target, row: CheckedRow) -> None:
    value = _number(raw, "value", row, required=True)
    row.values["value"], row.values["unit"] = value, target.unit
    if not math.isnan(value) and not target.is_plausible(value):
        row.doubts.append(
            f"value {value:g} {target.unit} lies outside the plausible range "
            f"{target.plausible_lower:g} to {target.plausible_upper:g}"
        )
    unit = _cell(raw, "unit")
    if unit and unit != target.unit:
        row.problems.append(f"unit is {unit!r}; it must be {target.unit!r}")


def _read_conditions(raw: Mapping[str, str], target: Target, row: CheckedRow) -> None:
    for condition in target.missing_conditions(raw):
        row.problems.append(f"{condition.name} is missing ({condition.description}); there is no default")
    for condition in target.conditions:
        if condition.kind is float:
            limits = _NUMBER_RANGES[condition.name]
            row.values[condition.name] = _number(raw, condition.name, row, limits, required=False)
            continue
        row.values[condition.name] = text = _text(raw, condition.name, row, required=False)
        if condition.choices and text and text not in condition.choices:
            row.problems.append(f"{condition.name} is {text!r}; allowed are {', '.join(condition.choices)}")


def _read_provenance(raw: Mapping[str, str], row: CheckedRow, needs_source: bool) -> None:
    for column in ("conditions", "note"):
        row.values[column] = _text(raw, column, row, required=False)
    row.values["source"] = _text(raw, "source", row, required=needs_source)
    row.values["spread"] = _number(raw, "spread", row, (0.0, math.inf), required=False)
    count = _number(raw, "count", row, (1.0, 1e6), required=False)
    if not math.isnan(count) and not count.is_integer():
        row.problems.append(f"count is {count:g}; it must be a whole number of repeats")
    row.values["count"] = 1 if math.isnan(count) else int(count)
    row.values["evidence"] = evidence = _cell(raw, "evidence") or "A"
    if evidence not in EVIDENCE:
        row.problems.append(f"evidence is {evidence!r}; allowed are {', '.join(EVIDENCE)}")


def _cell(raw: Mapping[str, str], column: str) -> str:
    return (raw.get(column) or "").strip()


def _text(raw: Mapping[str, str], column: str, row: CheckedRow, required: bool = True) -> str:
    text = _cell(raw, column)
    if required and not text:
        row.problems.append(f"{column} is empty")
    limit = MAX_NAME_LENGTH if column == "name" else MAX_CELL_LENGTH
    if len(text) > limit:
        row.problems.append(f"{column} has {len(text)} characters; at most {limit} are allowed")
    if "\x00" in text:
        row.problems.append(f"{column} holds a NUL character; write plain text")
    return text


def _number(
    raw: Mapping[str, str],
    column: str,
    row: CheckedRow,
    limits: tuple[float, float] = (-math.inf, math.inf),
    required: bool = True,
) -> float:
    text = _cell(raw, column)
    if not text:
        if required:
            row.problems.append(f"{column} is empty")
        return math.nan
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if math.isnan(number):
        hint = "; write a decimal point" if "," in text else ""
        row.problems.append(f"{column} is {text!r}, which is not a number{hint}")
        return math.nan
    if not math.isfinite(number) or not limits[0] <= number <= limits[1]:
        row.problems.append(f"{column} is {text}; it must be {_in_words(limits)}")
        return math.nan
    return number


def _in_words(limits: tuple[float, float]) -> str:
    lower, upper = (f"{limit:g}" if math.isfinite(limit) else "" for limit in limits)
    if lower and upper:
        return f"a finite number from {lower} to {upper}"
    return f"a finite number from {lower} on" if lower else "a finite number"
