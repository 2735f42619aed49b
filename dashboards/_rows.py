"""What a person typed or uploaded -> the rows that the workbench predicts."""

from collections.abc import Container, Mapping
from pathlib import Path

import pandas as pd

from cryokit.domain import TARGETS, Target
from cryokit.errors import InputError
from cryokit.workbench.questions import known_columns, questions_in
from cryokit.workbench.structures import structures_in
from cryokit.workbench.together import AMOUNT

MAX_ROWS = 10_000
MAX_UPLOAD_BYTES = 16 * 1024 * 1024


def missing_conditions(target: Target, conditions: Mapping[str, object]) -> list[str]:
    """Return the names of conditions of `target` that are needed and were left empty."""
    return [item.name for item in target.missing_conditions(conditions)]


def rows_from_text(text: str, target: Target, conditions: Mapping[str, object]) -> pd.DataFrame:
    """Return one row for each line that is not empty; `line` says where it stood."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        kind = "SMILES" if target.subject == "smiles" else "recipe"
        msg = f"nothing to predict yet; write one {kind} on each line, or upload a file"
        raise InputError(msg)
    _refuse_empty(target, missing_conditions(target, conditions))
    frame = pd.DataFrame(lines, columns=["line", target.subject])
    return _limited(frame).assign(**_of(target, conditions))


def rows_from_csv(content: bytes, target: Target, conditions: Mapping[str, object]) -> pd.DataFrame:
    """
    Return the rows of a CSV file; the fields of the page fill conditions that are no column of it.

    ``attrs["unused"]`` names columns that say nothing to the model.
    """
    _refuse_large(content)
    asked = questions_in(target, Path("the file"), content)
    absent = _left_to_the_fields(target, conditions, asked.rows)
    frame = _limited(asked.rows).assign(**absent)
    frame.insert(0, "line", asked.lines)
    frame.attrs["unused"] = asked.unused
    return frame


def rows_from_sdf(content: bytes, target: Target, conditions: Mapping[str, object]) -> pd.DataFrame:
    """
    Return the structures of an SDF file; its data fill conditions, the fields of the page those that are left.

    ``attrs["unused"]`` names data that say nothing to the model, ``attrs["refused"]`` line and fault of records that
    hold no structure.
    """
    _refuse_large(content)
    if target.subject != "smiles":
        msg = f"an SDF file holds molecules, but {target.title.lower()} is asked by recipes; upload a CSV file"
        raise InputError(msg)
    found = structures_in(content)
    known = [name for name in known_columns(target) if name not in ("smiles", "name")]
    names = list(dict.fromkeys(name for record in found for name in record.data))
    used = [name for name in known if name in names]
    rows = [
        {
            "line": record.line,
            "smiles": record.smiles,
            "name": record.title,
            **{name: record.data.get(name, "") for name in used},
        }
        for record in found
        if not record.problem
    ]
    absent = _left_to_the_fields(target, conditions, used)
    frame = _limited(pd.DataFrame(rows, columns=["line", "smiles", "name", *used])).assign(**absent)
    frame.attrs["unused"] = [name for name in names if name not in known]
    frame.attrs["refused"] = [(record.line, record.problem) for record in found if record.problem]
    return frame


def _refuse_large(content: bytes) -> None:
    if len(content) > MAX_UPLOAD_BYTES:
        msg = f"the file has {len(content):,} bytes; at most {MAX_UPLOAD_BYTES:,} are read; split it"
        raise InputError(msg)


def conditions_of_targets(given: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """
    Return the targets that are asked with their conditions: those that need none and those whose fields are filled.

    A target whose fields are all empty is left out; one with some of them is refused.
    """
    asked = {}
    for name, values in given.items():
        if values and not any(str(value or "").strip() for value in values.values()):
            continue
        missing = missing_conditions(TARGETS[name], values)
        missing += [AMOUNT] if not str(values.get(AMOUNT, "-") or "").strip() else []
        _refuse_empty(TARGETS[name], missing)
        asked[name] = dict(values)
    return asked


def _left_to_the_fields(target: Target, conditions: Mapping[str, object], columns: Container[str]) -> dict[str, object]:
    """Return the conditions that are no column of a file; none of them may be empty."""
    absent = {name: value for name, value in _of(target, conditions).items() if name not in columns}
    _refuse_empty(target, [name for name in missing_conditions(target, conditions) if name in absent])
    return absent


def _of(target: Target, conditions: Mapping[str, object]) -> dict[str, object]:
    return {item.name: conditions.get(item.name) for item in target.conditions}


def _refuse_empty(target: Target, missing: list[str]) -> None:
    if missing:
        words = ", ".join(name.replace("_", " ") for name in missing)
        msg = f"{target.title} depends on the conditions of the measurement; fill in: {words}"
        raise InputError(msg)


def _limited(frame: pd.DataFrame) -> pd.DataFrame:
    if len(frame) > MAX_ROWS:
        msg = f"{len(frame):,} rows came; at most {MAX_ROWS:,} are predicted at a time; split them"
        raise InputError(msg)
    return frame
