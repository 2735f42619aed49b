"""What is asked of a model: rows of a table or of a call, nothing of them dropped in silence."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cryokit.domain import Target
from cryokit.errors import InputError
from cryokit.sources import imports

_CLOSE = 0.8
"""Likeness from which on an unknown column is taken for a misspelt one."""


@dataclass(frozen=True)
class Questions:
    """The rows of a table that can be predicted, the line of each, and the columns that say nothing to the model."""

    rows: pd.DataFrame
    lines: list[int]
    unused: list[str]


def known_columns(target: Target) -> list[str]:
    """Return the columns that a row of questions may have."""
    conditions = [condition.name for condition in target.conditions]
    return ["name", target.subject, *conditions, *(["tm_kelvin"] if target.name == "tg" else [])]


def questions_in(target: Target, path: Path, content: bytes | None = None) -> Questions:
    """Read the questions of a CSV file; `content` is given when it was sent, and `path` is then its name only."""
    needed = (target.subject,)
    table = imports.read_table(path, needed) if content is None else imports.table_of(path, content, needed)
    lines, cells = zip(*table, strict=True)
    rows = pd.DataFrame(list(cells))
    known = known_columns(target)
    unused = [name for name in rows if name and name not in known]
    _refuse_misspelt(target, unused, [name for name in known if name not in rows])
    # Cells beyond the header come under an empty name and make their row a bad one.
    surplus = [""] if rows[""].str.strip().any() else []
    return Questions(rows[[*(name for name in known if name in rows), *surplus]], list(lines), unused)


def _refuse_misspelt(target: Target, unused: list[str], absent: list[str]) -> None:
    for name in unused:
        if close := difflib.get_close_matches(name, absent, n=1, cutoff=_CLOSE):
            msg = (
                f"the file has a column {name!r}, which {target.name} does not know; call it {close[0]!r} "
                f"or give it a quite different name"
            )
            raise InputError(msg)


def with_conditions(target: Target, rows: pd.DataFrame, conditions: Mapping[str, object]) -> pd.DataFrame:
    """Add conditions that hold for all rows of a table; the table must not say them too."""
    refuse_unknown(target, conditions)
    if doubled := [name for name in conditions if name in rows]:
        msg = f"{', '.join(doubled)} is given, but is a column of the file too; leave out one of the two"
        raise InputError(msg)
    return rows.assign(**conditions)


def rows_of(target: Target, items: Iterable[str], conditions: Mapping[str, object]) -> pd.DataFrame:
    """Return a row for each item; a condition is one value for all items or a value for each."""
    items = [items] if isinstance(items, str) else list(items)
    if not items:
        msg = f"nothing to predict: give at least one {target.subject}"
        raise InputError(msg)
    refuse_unknown(target, conditions)
    columns = {name: _for_each(name, value, len(items)) for name, value in conditions.items()}
    return pd.DataFrame({target.subject: items, **columns})


def _for_each(name: str, value: object, count: int) -> list[object]:
    values = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value] * count
    if len(values) != count:
        msg = f"{name} has {len(values)} values for {count} items; give one value for all or one for each item"
        raise InputError(msg)
    return values


def refuse_unknown(target: Target, conditions: Mapping[str, object]) -> None:
    """Refuse conditions that do not belong to the target."""
    known = known_columns(target)
    if unknown := [name for name in conditions if name not in known]:
        msg = f"{target.name} takes no {', '.join(unknown)}; a row has {', '.join(known)}"
        raise InputError(msg)


def check_cells(cells: Mapping[str, str]) -> None:
    """Refuse a row with more cells than its header, or with characters that nothing can store."""
    imports.check_cells(cells)
    for name, text in cells.items():
        if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            msg = f"{name} is {text[:50]!r}; it must be plain Unicode text, without NUL and half characters"
            raise InputError(msg)
