"""Predictions of one part of a library, as a worker makes them: plain data in, plain columns out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from cryokit.chemistry.molecules import Molecule, parse
from cryokit.domain import target_named
from cryokit.errors import InputError
from cryokit.models import artifacts
from cryokit.models.fitted import FittedModel

NUMBERS = ("value", "lower", "upper")
FLAGS = ("in_domain", "in_training")
REASONS = "domain_reasons"

MeltingPoint = Callable[[str, str], tuple[float, str] | None]
"""Gives the melting point of an InChIKey and a name, in K, and where it is from; None if it is not known."""

_MODELS = 4


@dataclass(frozen=True)
class Question:
    """What is asked of each molecule: a target, by which model, under which conditions."""

    target: str
    artifact_sha256: str
    conditions: Mapping[str, object] = field(default_factory=dict)


def screened(
    entries: Sequence[tuple[str, str]],
    questions: Sequence[Question],
    artifacts_dir: str,
    melting_point: MeltingPoint,
) -> dict[str, list]:
    """
    Predict all questions for one part of a library.

    Parameters
    ----------
    entries : sequence of (str, str), length n
        SMILES and name of each row.
    questions : sequence of Question
        At most one for each target.
    artifacts_dir : str
        Folder of models; each is opened once in a process and checked against its sha256.
    melting_point : callable
        Measured melting points, for targets that use one.

    Returns
    -------
    dict of str to list of length n
        ``name``, ``smiles``, ``canonical_smiles``, for each target ``<target>_value``, ``_lower``, ``_upper`` (unit of
        the target), ``_in_domain``, ``_domain_reasons``, ``_in_training``, and ``error``: None, or why the row has no
        prediction. The rows keep their order; equal rows give equal results.

    Raises
    ------
    ModelError
        If a model is missing or was changed.

    References
    ----------
    .. [1] Lei, J. et al. (2018). J. Am. Stat. Assoc. 113, 1094-1111. 10.1080/01621459.2017.1307116
    """
    molecules, errors = _parsed(entries)
    rows = [index for index, molecule in enumerate(molecules) if molecule is not None]
    columns: dict[str, list] = {
        "name": [_storable(name) for _, name in entries],
        "smiles": [_storable(smiles) for smiles, _ in entries],
        "canonical_smiles": [molecule and molecule.smiles for molecule in molecules],
    }
    names = [entries[row][1] for row in rows]
    for question in questions:
        model = _model(question.artifact_sha256, artifacts_dir)
        asked = _frame(question, [molecules[row] for row in rows], names, melting_point)
        predictions, problems = _predicted(model, asked)
        for position, problem in problems.items():
            errors[rows[position]] = _joined(errors[rows[position]], f"{question.target}: {problem}")
        columns |= _columns(question.target, predictions, rows, problems, len(entries))
    return columns | {"error": errors}


@lru_cache(maxsize=_MODELS)
def _model(sha256: str, artifacts_dir: str) -> FittedModel:
    return artifacts.load(sha256, Path(artifacts_dir))


def _parsed(entries: Sequence[tuple[str, str]]) -> tuple[list[Molecule | None], list[str | None]]:
    molecules: list[Molecule | None] = []
    errors: list[str | None] = []
    for smiles, name in entries:
        try:
            _check_text(smiles + name)
            molecules.append(parse(smiles))
            errors.append(None)
        except InputError as error:
            molecules.append(None)
            errors.append(str(error))
    return molecules, errors


def _check_text(text: str) -> None:
    if "\x00" in text or _storable(text) != text:
        msg = "the row must be plain UTF-8 text, without NUL and bytes that are no text; save the file as UTF-8"
        raise InputError(msg)


def _storable(text: str) -> str:
    """Return a text in which bytes that were no UTF-8 stand as question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _frame(
    question: Question, molecules: Sequence[Molecule], names: Sequence[str], melting_point: MeltingPoint
) -> pd.DataFrame:
    rows = pd.DataFrame({"smiles": [molecule.smiles for molecule in molecules]}).assign(**question.conditions)
    if question.target == "tg":
        known = (melting_point(molecule.inchikey, name) for molecule, name in zip(molecules, names, strict=True))
        rows["tm_kelvin"] = [point[0] if point else np.nan for point in known]
    return rows


def _predicted(model: FittedModel, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, str]]:
    """Predict all rows at once or, where one of them spoils that, the halves apart, down to the row at fault."""
    try:
        return model.predict(rows), {}
    except (ValueError, RuntimeError) as error:  # RDKit raises these two for a structure that it cannot treat
        if len(rows) == 1:
            return pd.DataFrame(index=rows.index), {int(rows.index[0]): str(error)}
    half = len(rows) // 2
    (first, problems), (second, more) = _predicted(model, rows[:half]), _predicted(model, rows[half:])
    return pd.concat([first, second]), problems | more


def _columns(
    target: str, predictions: pd.DataFrame, rows: Sequence[int], problems: Mapping[int, str], count: int
) -> dict[str, list]:
    """Return the predictions of the good rows as columns of all rows."""
    kept = [(position, row) for position, row in enumerate(rows) if position not in problems]
    columns = {}
    for name in (*NUMBERS, *FLAGS, REASONS):
        whole: list = [None] * count
        if kept:
            values = predictions[name].tolist()
            for position, row in kept:
                whole[row] = values[position]
        columns[f"{target}_{name}"] = whole
    columns[f"{target}_{REASONS}"] = [
        item if item is None else "; ".join(item) for item in columns[f"{target}_{REASONS}"]
    ]
    return columns


def _joined(first: str | None, second: str) -> str:
    return f"{first}; {second}" if first else second


def screening_targets(names: Sequence[str]) -> list[str]:
    """
    Return targets that molecules can be screened for, or say which can.

    Examples
    --------
    >>> screening_targets(["tg", "iri"])
    ['tg', 'iri']
    """
    for name in names:
        if target_named(name).subject != "smiles":
            msg = f"{name} is predicted for formulations, not for molecules; screen for tg, iri or both"
            raise InputError(msg)
    if not names or len(set(names)) != len(names):
        msg = f"the targets are {', '.join(names) or 'none'}; name each target once, such as tg,iri"
        raise InputError(msg)
    return list(names)
