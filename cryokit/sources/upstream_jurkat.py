"""Reads the public factorial of Jurkat recoveries; its amounts are levels, not concentrations."""

import csv
from pathlib import Path

import pandas as pd

from cryokit.domain import TARGETS
from cryokit.errors import InputError
from cryokit.sources import rows

SOURCE = "10.1038/s41598-018-34638-7"
LEVELS = ("sucrose_level", "glycerol_level", "isoleucine_level")

KNOWN_ERRORS = (
    "the file has no header",
    "amounts are levels 0 to 5 of a factorial design; the concentrations stand in the paper only, so no recipe is made",
    "the repository states no licence: read it, do not pass it on",
    "how the cells were counted is not stated in the file",
)


def load(path: Path) -> pd.DataFrame:
    """Return 216 recoveries with their levels; every row is excluded until somebody supplies the concentrations."""
    table = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, cells in enumerate(csv.reader(file), 1):
            if len(cells) != len(LEVELS) + 1:
                msg = (
                    f"{path.name}, line {line}: {len(cells)} cells; sucrose, glycerol, isoleucine, recovery are wanted"
                )
                raise InputError(msg)
            table.append(_row(line, [int(cell) for cell in cells[:-1]], float(cells[-1])))
    return pd.DataFrame(
        table, columns=[*rows.frame_columns(TARGETS["viability"]), *LEVELS, "line", "flags", "excluded"]
    )


def _row(line: int, levels: list[int], recovery_percent: float) -> dict[str, object]:
    return {
        "name": "sucrose, glycerol, isoleucine at levels " + ", ".join(map(str, levels)),
        "recipe": "",
        "inchikey": "",
        "value": recovery_percent / 100,
        "unit": TARGETS["viability"].unit,
        "cell": "Jurkat",
        "assay": "",
        "temperature_kelvin": None,
        "minutes": None,
        "endpoint": "recovery",
        "conditions": "cooled at 1 K/min",
        "spread": None,
        "count": 1,
        "source": SOURCE,
        "evidence": "A",
        "note": "",
        **dict(zip(LEVELS, levels, strict=True)),
        "line": line,
        "flags": "levels_not_amounts",
        "excluded": "amounts are levels of a design, not concentrations",
    }
