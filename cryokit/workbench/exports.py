"""Tables for other programs."""

import io
from typing import Any

import pandas as pd

from cryokit.chemistry import structure_files

_NO_FORMULAS = {"strings_to_formulas": False, "strings_to_urls": False}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(table: pd.DataFrame) -> str:
    """Return a table as CSV; texts that a spreadsheet would compute are made plain by a leading apostrophe."""
    return inert(table).to_csv(index=False)


def xlsx_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as an Excel file, without formulas."""
    stream = io.BytesIO()
    with pd.ExcelWriter(stream, engine="xlsxwriter", engine_kwargs={"options": _NO_FORMULAS}) as writer:
        inert(table).to_excel(writer, index=False, sheet_name="cryokit")
    return stream.getvalue()


def sdf_text(table: pd.DataFrame) -> str:
    """Return a table of molecules (column `smiles`) as an SDF text, with its other columns as data."""
    data = [
        {name: _plain(value) for name, value in row.items() if name != "smiles"} for row in table.to_dict("records")
    ]
    return structure_files.sdf_text(table["smiles"].tolist(), data)


def inert(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which no text begins as a formula does; lists become texts."""
    return table.map(_inert_cell).rename(columns=lambda name: _inert_cell(str(name)))


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | set):
        return "; ".join(str(item) for item in value)
    if isinstance(value, dict):
        return str(value)
    return None if pd.isna(value) else value


def _inert_cell(value: Any) -> Any:
    value = _plain(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
