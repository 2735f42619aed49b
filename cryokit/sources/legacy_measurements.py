"""One measured value of a legacy database, with its unit and conditions, as a row of ours."""

from collections.abc import Mapping
from typing import Any

from cryokit.domain import Target
from cryokit.errors import InputError
from cryokit.sources import imports, names, rows
from cryokit.sources.legacy_map import Condition, Conversion, Quantity


def measurement(
    quantity: Quantity, row: Mapping[str, Any], stated: Mapping[str, str], subject: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Return target, values and signature of a measured value.

    Parameters
    ----------
    quantity : Quantity
        What was measured, as the map says.
    row : mapping
        The legacy row, for the conditions.
    stated : mapping of str to str
        Value, unit, conditions as text, evidence and note.
    subject : mapping
        What it was measured of: name, source, and smiles or recipe with components.

    Returns
    -------
    dict
        Name of the target, values of the row, and a signature that is equal for rows that differ only in the value.

    Raises
    ------
    InputError
        If a rule for measured values is broken; the message holds everything that is wrong.
    """
    target = quantity.domain_target
    if target.subject not in subject:
        kind = "a mixture" if target.subject == "recipe" else "a single substance"
        msg = f"{target.name} is measured of {kind}, but this row is about something else"
        raise InputError(msg)
    raw = {name: _condition(row, condition) for name, condition in quantity.conditions.items()}
    raw |= {name: stated[name] for name in ("conditions", "evidence", "note")}
    raw |= {name: subject[name] for name in ("name", "source", target.subject)}
    raw |= {"value": _converted(stated["value"], _unit(quantity, stated["unit"])), "unit": target.unit}
    checked = rows.checked_row(raw, target, names.molecule_named)
    if found := checked.problems + checked.doubts:
        raise InputError("; ".join(found))
    values = _with_marks(checked.values, target)
    return {"target": target.name, "values": values, "signature": _signature(target, values)}


def _unit(quantity: Quantity, unit: str) -> Conversion:
    allowed = ", ".join(quantity.units)
    if not unit:
        msg = f"the value has no unit; for {quantity.target} the map knows {allowed}"
        raise InputError(msg)
    if unit not in quantity.units:
        msg = f"the unit is {unit!r}; for {quantity.target} the map knows {allowed}"
        raise InputError(msg)
    return quantity.units[unit]


def _converted(text: str, conversion: Conversion) -> str:
    """Return a number in our unit as text; what is no number stays as it is, to be refused with its own words."""
    try:
        number = float(text)
    except ValueError:
        return text
    return repr(conversion.of(number))


def _condition(row: Mapping[str, Any], condition: Condition) -> str:
    value = condition.value if condition.column is None else row.get(condition.column)
    if value is None:
        return ""
    plain = condition.factor == 1 and condition.offset == 0
    return str(value).strip() if plain else _converted(str(value), condition)


def _with_marks(values: Mapping[str, Any], target: Target) -> dict[str, Any]:
    """Treat glass transitions as a laboratory's imports: not published, with the melting point that is known."""
    marks = {"is_published": False, "is_curated": True} if target.name == "tg" else {}
    return imports.with_melting_point(dict(values) | marks, target)


def _signature(target: Target, values: Mapping[str, Any]) -> tuple:
    conditions = tuple(repr(values[condition.name]) for condition in target.conditions)
    return (target.name, values["inchikey"], values.get("recipe"), *conditions, values["conditions"], values["source"])
