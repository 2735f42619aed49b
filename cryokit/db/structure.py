"""The schema as the migrations make it: sql/structure.csv, which checks and repair compare with."""

import csv

from cryokit.errors import ConfigError
from cryokit.paths import shared_folder

COLUMNS = ("kind", "object", "definition")
_FILE = "structure.csv"

Structure = dict[tuple[str, str], str]


def expected_structure() -> Structure:
    """Return what sql/structure.csv says that the migrations make."""
    with (shared_folder("sql") / _FILE).open(newline="") as stream:
        rows = list(csv.reader(stream))
    if not rows or tuple(rows[0]) != COLUMNS:
        msg = f"sql/{_FILE} must have the columns {', '.join(COLUMNS)}; `make schema` writes it"
        raise ConfigError(msg)
    return {(kind, name): definition for kind, name, definition in rows[1:]}


def expected(kind: str) -> dict[str, str]:
    """Return the definitions of one kind of object by name."""
    return {name: definition for (found, name), definition in expected_structure().items() if found == kind}
