"""The table of a screening: its columns, and reading it back piece by piece."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cryokit.domain import THRESHOLDS, probability_column, target_named
from cryokit.errors import InputError, NotFoundError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

_BATCH_ROWS = 16_384


def schema_of(targets: Sequence[str]) -> "pa.Schema":
    """Return the columns of a screening; each number has its unit in the metadata of its field."""
    import pyarrow as pa

    fields = [pa.field("row", pa.int64(), nullable=False), pa.field("name", pa.string(), nullable=False)]
    fields += [pa.field("smiles", pa.string(), nullable=False), pa.field("canonical_smiles", pa.string())]
    for target in targets:
        unit = {"unit": target_named(target).unit}
        fields += [pa.field(f"{target}_{name}", pa.float64(), metadata=unit) for name in ("value", "lower", "upper")]
        chances = [f"{target}_{probability_column(threshold)}" for threshold in THRESHOLDS.get(target, ())]
        fields += [pa.field(name, pa.float64(), metadata={"unit": "1"}) for name in chances]
        fields += [pa.field(f"{target}_{name}", pa.bool_()) for name in ("in_domain", "in_training")]
        fields.append(pa.field(f"{target}_domain_reasons", pa.string()))
        fields.append(pa.field(f"{target}_skill", pa.string()))
    return pa.schema([*fields, pa.field("error", pa.string())])


def table_of(schema: "pa.Schema", columns: dict[str, list], first_row: int) -> "pa.Table":
    """Return columns as a table whose rows are numbered from `first_row` on."""
    import pyarrow as pa

    numbered = {"row": list(range(first_row, first_row + len(columns["smiles"])))} | columns
    return pa.Table.from_pydict(numbered, schema=schema)


def pieces(path: Path, needed: Sequence[str] = ()) -> Iterator["pd.DataFrame"]:
    """Yield the rows of a table piece by piece; memory does not depend on their number."""
    with _opened(path) as file:
        if absent := [name for name in needed if name not in file.schema_arrow.names]:
            msg = f"{path} has no column {', '.join(absent)}; screen for that target first"
            raise NotFoundError(msg)
        for batch in file.iter_batches(_BATCH_ROWS):
            yield batch.to_pandas()


def count_present(path: Path, column: str) -> int:
    """Return in how many rows of a table a column is not empty."""
    with _opened(path) as file:
        return sum(
            len(batch) - batch.column(0).null_count for batch in file.iter_batches(_BATCH_ROWS, columns=[column])
        )


@contextlib.contextmanager
def _opened(path: Path) -> Iterator["pq.ParquetFile"]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError as error:
        msg = f"there is no output {path}; `cryokit screen` makes one"
        raise NotFoundError(msg) from error
    except pa.ArrowInvalid as error:
        msg = f"{path} cannot be read as Parquet: {error}"
        raise InputError(msg) from error
    with file:
        yield file
