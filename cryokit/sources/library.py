"""Libraries of molecules, however large: read piece by piece, from .smi, CSV or Parquet."""

import csv
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from cryokit.errors import InputError

FORMATS = (".smi", ".csv", ".parquet")

_SMILES, _NAME = "smiles", "name"
_DELIMITERS = (",", ";", "\t")
_PARQUET_ROWS = 4096

Entry = tuple[str, str]
"""SMILES and name as they are written; a name that is not there is empty."""


@dataclass(frozen=True)
class Library:
    """
    A file of molecules.

    ``.smi``: a SMILES on each line, and a name after white space; lines that are empty are no rows, and a first line
    that begins with the word ``smiles`` is a heading. ``.csv`` and ``.parquet``: a column ``smiles``, and ``name`` if
    there is one.
    """

    path: Path

    def __post_init__(self) -> None:
        if not self.path.is_file():
            msg = f"there is no file {self.path}; name a library of molecules: {', '.join(FORMATS)}"
            raise InputError(msg)
        if self.path.suffix.lower() not in FORMATS:
            msg = f"{self.path} ends with {self.path.suffix!r}; a library ends with one of {', '.join(FORMATS)}"
            raise InputError(msg)

    def entries(self) -> Iterator[Entry]:
        """Yield the molecules one after the other; memory does not depend on their number."""
        read = {".smi": _lines, ".csv": _cells, ".parquet": _columns}
        return read[self.path.suffix.lower()](self.path)

    def count(self) -> int:
        """Return the number of molecules by reading all of them once."""
        return sum(1 for _ in self.entries())

    def partitions(self, rows: int) -> Iterator[list[Entry]]:
        """Yield the molecules in lists of `rows`, the last one shorter."""
        entries = self.entries()
        while part := list(islice(entries, rows)):
            yield part

    def sha256(self) -> str:
        """Return the checksum of the file."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


def _opened(path: Path) -> TextIO:
    # Bytes that are no UTF-8 must spoil their own row only; they come as half characters, which rows must not hold.
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _lines(path: Path) -> Iterator[Entry]:
    with _opened(path) as stream:
        for number, line in enumerate(stream):
            words = line.split(maxsplit=1)
            if words and not (number == 0 and words[0].lower() == _SMILES):
                yield words[0], words[1].strip() if len(words) > 1 else ""


def _cells(path: Path) -> Iterator[Entry]:
    with _opened(path) as stream:
        heading = stream.readline()
        delimiter = max(_DELIMITERS, key=heading.count)
        stream.seek(0)
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        try:
            header = [cell.strip().lower() for cell in next(reader, [])]
            _check_header(path, header)
            smiles, name = header.index(_SMILES), header.index(_NAME) if _NAME in header else None
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield _cell(cells, smiles), _cell(cells, name)
        except csv.Error as error:
            msg = f"{path} cannot be read as CSV near line {reader.line_num}: {error}; check quotes"
            raise InputError(msg) from error


def _cell(cells: list[str], index: int | None) -> str:
    return cells[index].strip() if index is not None and index < len(cells) else ""


def _check_header(path: Path, header: list[str]) -> None:
    if _SMILES not in header:
        msg = f"{path} has the columns {', '.join(header) or 'none'}; a library needs one that is called {_SMILES}"
        raise InputError(msg)
    if doubled := [name for name in (_SMILES, _NAME) if header.count(name) > 1]:
        msg = f"{path} has the column {', '.join(doubled)} more than once; leave one"
        raise InputError(msg)


def _columns(path: Path) -> Iterator[Entry]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with ExitStack() as stack:
        try:
            file = stack.enter_context(pq.ParquetFile(path))
        except pa.ArrowInvalid as error:
            msg = f"{path} cannot be read as Parquet: {error}"
            raise InputError(msg) from error
        header = [name.strip().lower() for name in file.schema_arrow.names]
        _check_header(path, header)
        written = {
            wanted: file.schema_arrow.names[header.index(wanted)] for wanted in (_SMILES, _NAME) if wanted in header
        }
        for batch in file.iter_batches(_PARQUET_ROWS, columns=list(written.values())):
            smiles = _texts(batch.column(written[_SMILES]))
            names = _texts(batch.column(written[_NAME])) if _NAME in written else [""] * len(smiles)
            yield from zip(smiles, names, strict=True)


def _texts(column: object) -> list[str]:
    return ["" if value is None else str(value).strip() for value in column.to_pylist()]
