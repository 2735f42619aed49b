"""Predictions without an end: rows in, answers out in the same order, never more than some hundred at a time."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import batched
from typing import Any

import pandas as pd

from cryokit.domain import Target, target_named
from cryokit.errors import InputError
from cryokit.workbench.predictions import Predictions
from cryokit.workbench.questions import refuse_unknown

BATCH_ROWS = 500
"""Rows that are predicted at once: more are hardly faster, fewer say sooner that they are done."""

type Row = str | Mapping[str, object] | InputError
"""A SMILES or recipe, a row with its conditions, or why a row could not be read."""


class Streaming(Predictions):
    """Predict rows as they come."""

    def predict_stream(
        self, target: str, rows: Iterable[Row], version: int | None = None, **conditions: object
    ) -> Iterator[dict[str, Any]]:
        """
        Yield an answer for each row, in order: its number from 0, and its `prediction` or its `problem`.

        All rows are predicted by one version, the one that is current when the first is asked for. `conditions` hold
        for rows that do not say otherwise.
        """
        specification = target_named(target)
        refuse_unknown(specification, conditions)
        number = self.model(target, version)["version"]
        return self._answers(specification, rows, number, conditions)

    def _answers(
        self, target: Target, rows: Iterable[Row], version: int, conditions: Mapping[str, object]
    ) -> Iterator[dict[str, Any]]:
        begin = 0
        for batch in batched(rows, BATCH_ROWS):
            read = [_read(target, row, conditions) for row in batch]
            places = [place for place, row in enumerate(read) if not isinstance(row, InputError)]
            answers = {place: {"problem": str(row)} for place, row in enumerate(read) if isinstance(row, InputError)}
            if places:
                table = pd.DataFrame([read[place] for place in places], dtype=object)
                predictions, problems = self.predict_checked(target.name, table, version)
                answers |= {places[item["row"]]: {"problem": item["message"]} for item in problems}
                good = [place for place in places if place not in answers]
                for place, found in zip(good, predictions.to_dict("records"), strict=True):
                    answers[place] = {"prediction": found}
            for place in range(len(batch)):
                yield {"row": begin + place} | answers[place]
            begin += len(batch)


def _read(target: Target, row: Row, conditions: Mapping[str, object]) -> dict[str, object] | InputError:
    """Return a row with all its conditions, or what is wrong with it."""
    if isinstance(row, InputError):
        return row
    cells = {target.subject: row} if isinstance(row, str) else dict(row)
    try:
        refuse_unknown(target, cells)
    except InputError as error:
        return error
    if wrong := [name for name, value in cells.items() if not _is_cell(value)]:
        return InputError(f"{wrong[0]} must be a text or a number")
    return {target.subject: None} | dict(conditions) | cells


def _is_cell(value: object) -> bool:
    return value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))
