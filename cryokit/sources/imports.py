"""A laboratory's own tables: read from CSV, checked row by row, refused as a whole unless told otherwise."""

import contextlib
import csv
import io
import math
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pandas as pd

from cryokit.domain import Target, target_named
from cryokit.errors import InputError, RowsError
from cryokit.sources import melting, names, rows

MAX_FILE_BYTES = 20_000_000
MAX_ROWS = 100_000
MAX_PROBLEMS_SHOWN = 50

FOLD_COLUMNS = ("row", "repeat", "fold")

_DELIMITERS = (",", ";", "\t")
_SURPLUS = ""
_MAX_DIGITS = 9
_STRANGE, _MAX_NAME = re.compile(r"[^\w.-]"), 100


def _plain_file_name(name: str) -> str:
    """Return the name under which an upload may be kept: no folders, no strange letters, not too long."""
    return _STRANGE.sub("_", Path(name).name)[-_MAX_NAME:].lstrip(".") or "upload.csv"


@contextlib.contextmanager
def upload_as_file(content: str | bytes, name: str) -> Iterator[Path]:
    """Hold an upload in a file of its name, for as long as it is read."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / _plain_file_name(name)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        yield file


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with one row of a file; the header is line 1."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


def read_rows(path: Path, target: str, skip_bad: bool = False) -> tuple[pd.DataFrame, list[RowProblem]]:
    """
    Read a laboratory's own figures; any bad row refuses the file, unless `skip_bad` leaves bad rows out.

    ``attrs["lines"]`` of the table are the lines of its rows in the file.
    """
    wanted = target_named(target)
    good: list[dict[str, object]] = []
    lines: list[int] = []
    problems: list[RowProblem] = []
    seen: dict[tuple, int] = {}
    for line, raw in read_table(path, _required(wanted, needs_source=True)):
        checked = _checked(raw, wanted, needs_source=True)
        checked.problems += checked.doubts + _identity_problems(raw, wanted, checked)
        if not checked.problems:
            checked.problems += _repeats(checked, seen, line)
        problems += [RowProblem(line, message) for message in checked.problems]
        if not checked.problems:
            good.append(with_melting_point(_selected(checked.values, wanted), wanted))
            lines.append(line)
    if problems and not skip_bad:
        raise refused(path, problems)
    table = pd.DataFrame(good, columns=rows.frame_columns(wanted))
    table.attrs["lines"] = lines
    return table, problems


def rows_for_evaluation(path: Path, target: str) -> tuple[pd.DataFrame, list[str]]:
    """Read the rows of an evaluation; values outside the plausible range are returned as warnings."""
    wanted = target_named(target)
    good, problems, warnings = [], [], []
    needs_source = _needs_source(wanted)
    for line, raw in read_table(path, _required(wanted, needs_source)):
        checked = _checked(raw, wanted, needs_source)
        problems += [RowProblem(line, message) for message in checked.problems]
        warnings += [f"line {line}: {doubt}" for doubt in checked.doubts]
        good.append(_selected(checked.values, wanted))
    if problems:
        raise refused(path, problems)
    return pd.DataFrame(good, columns=rows.frame_columns(wanted)), warnings


def columns_for_evaluation(target: str) -> tuple[str, ...]:
    """Return the columns that `rows_for_evaluation` needs."""
    wanted = target_named(target)
    return _required(wanted, _needs_source(wanted))


def _needs_source(target: Target) -> bool:
    """Whether the source decides which rows may share a fold: only where there is no structure to tell."""
    return target.subject == "recipe"


def read_folds(path: Path, n_rows: int) -> pd.DataFrame:
    """Read which row is left out in which fold: columns row (from 0), repeat, fold; rows in no fold only train."""
    found: list[tuple[int, int, int]] = []
    problems: list[RowProblem] = []
    seen: dict[tuple[int, int], int] = {}
    for line, raw in read_table(path, FOLD_COLUMNS):
        try:
            check_cells(raw)
            row, repeat, fold = (_whole_number(raw, column) for column in FOLD_COLUMNS)
            _check_fold(row, repeat, n_rows, seen, line)
        except InputError as error:
            problems.append(RowProblem(line, str(error)))
            continue
        found.append((row, repeat, fold))
    if problems:
        raise refused(path, problems)
    return pd.DataFrame(found, columns=list(FOLD_COLUMNS), dtype="int64")


def read_table(path: Path, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line on which each row starts and its cells; cells beyond the header come under an empty name."""
    # An upload lies in a folder that means nothing to the person who sent it: messages say the name alone.
    return table_of(Path(Path(path).name), _file_content(Path(path)), required)


def table_of(path: Path, content: bytes, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the lines and cells of a table that was read or sent already; `path` is what messages call it."""
    text = _text_of(path, content)
    header_line = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader)]
        _check_header(path, header, required)
        yield from _numbered(path, reader, header)
    except csv.Error as error:
        msg = f"{path} cannot be read as CSV near line {reader.line_num}: {error}; check quotes"
        raise InputError(msg) from error


def _checked(raw: dict[str, str], target: Target, needs_source: bool) -> rows.CheckedRow:
    checked = rows.checked_row(raw, target, names.molecule_named, needs_source)
    try:
        check_cells(raw)
    except InputError as error:
        checked.problems.append(str(error))
    return checked


def check_cells(raw: Mapping[str, str]) -> None:
    """Refuse a row of `read_table` that has more cells than the header: its cells stand in wrong columns."""
    if raw.get(_SURPLUS, "").strip():
        msg = f"the row has more cells than the header, the last {raw[_SURPLUS]!r}; quote cells that hold the delimiter"
        raise InputError(msg)


def _numbered(path: Path, reader: Iterator[list[str]], header: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    # A quoted cell may hold line ends, so a row starts after the line on which the one before it ended.
    start, count = reader.line_num + 1, 0
    for cells in reader:
        line, start = start, reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MAX_ROWS:
            msg = f"{path} has more than {MAX_ROWS} rows; split it"
            raise InputError(msg)
        surplus = "".join(cells[len(header) :])
        yield line, {**dict(zip_longest(header, cells[: len(header)], fillvalue="")), _SURPLUS: surplus}
    if count == 0:
        msg = f"{path} holds a header but no rows"
        raise InputError(msg)


def _file_content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            msg = f"{path} has {path.stat().st_size} bytes; at most {MAX_FILE_BYTES} are allowed; split it"
            raise InputError(msg)
        return path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}; give the path of a CSV file"
        raise InputError(msg) from error


def _text_of(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        msg = f"{path} is not UTF-8 text (line {line}); save it as CSV with UTF-8 encoding"
        raise InputError(msg) from error
    if not text.strip():
        msg = f"{path} is empty; it must hold a header and at least one row"
        raise InputError(msg)
    return text


def _check_header(path: Path, header: list[str], required: tuple[str, ...]) -> None:
    missing = [column for column in required if column not in header]
    doubled = sorted({column for column in header if column and header.count(column) > 1})
    if missing or doubled:
        reason = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(doubled)} twice"
        msg = f"the header of {path} {reason}; required are {', '.join(required)}; found are {', '.join(header)}"
        raise InputError(msg)


def _required(target: Target, needs_source: bool) -> tuple[str, ...]:
    conditions = tuple(condition.name for condition in target.conditions)
    name = ("name",) if target.subject == "smiles" else ()
    return (target.subject, *name, "value", *conditions, *(("source",) if needs_source else ()))


def _identity_problems(raw: dict[str, str], target: Target, checked: rows.CheckedRow) -> list[str]:
    """Compare the structure with what is known of the name and of the CAS number."""
    if target.subject != "smiles" or not checked.values["inchikey"]:
        return []
    stated = [text.strip() for text in (raw.get("name", ""), raw.get("cas", "")) if text.strip()]
    found = [names.structure_mismatch(text, str(checked.values["smiles"])) for text in stated]
    return [problem for problem in found if problem]


def _repeats(checked: rows.CheckedRow, seen: dict[tuple, int], line: int) -> list[str]:
    ignored = {"note", "evidence", "count", "spread"}
    key = tuple((name, repr(value)) for name, value in checked.values.items() if name not in ignored)
    first = seen.setdefault(key, line)
    return [] if first == line else [f"the same measurement stands on line {first} already"]


def _selected(values: dict[str, object], target: Target) -> dict[str, object]:
    marks = {"is_published": False, "is_curated": True} if target.name == "tg" else {}
    return {**values, **marks}


def with_melting_point(values: dict[str, object], target: Target) -> dict[str, object]:
    """Fill in the melting point that a prediction would use, so that the fair test tests what is predicted with."""
    if target.name != "tg" or not math.isnan(values["tm_kelvin"]):
        return values
    known = melting.melting_point_kelvin(str(values["inchikey"]), str(values["name"]))
    if known is None:
        return values
    note = "; ".join(part for part in (str(values["note"]), f"melting point from {known[1]}") if part)
    return values | {"tm_kelvin": known[0], "note": note}


def _whole_number(raw: dict[str, str], column: str) -> int:
    text = raw[column].strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        msg = f"{column} is {text!r}; it must be a whole number from 0 to {'9' * _MAX_DIGITS}"
        raise InputError(msg)
    return int(text)


def _check_fold(row: int, repeat: int, n_rows: int, seen: dict[tuple[int, int], int], line: int) -> None:
    if row >= n_rows:
        msg = f"row is {row}, but there are {n_rows} rows, counted from 0 to {n_rows - 1}"
        raise InputError(msg)
    first = seen.setdefault((repeat, row), line)
    if first != line:
        msg = f"row {row} is in repeat {repeat} on line {first} already; a row is left out once a repeat"
        raise InputError(msg)


def refused(path: Path, problems: list[RowProblem]) -> RowsError:
    """Return the error for a file with bad rows; its message names the first of them."""
    shown = "\n".join(f"  {problem}" for problem in problems[:MAX_PROBLEMS_SHOWN])
    more = len(problems) - MAX_PROBLEMS_SHOWN
    rest = f"\n  and {more} more" if more > 0 else ""
    lines = len({problem.line for problem in problems})
    text = f"{path.name} was not loaded: {lines} bad row(s); correct them and try again\n{shown}{rest}"
    return RowsError(text, [(problem.line, problem.message) for problem in problems])
