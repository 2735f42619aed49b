"""Reads the public table of published viabilities with every known error handled."""

import csv
import re
from pathlib import Path

import pandas as pd

from cryokit.chemistry import recipe
from cryokit.domain import TARGETS
from cryokit.errors import InputError
from cryokit.sources import bundled, formulation_text, rows

KNOWN_ERRORS = (
    "amounts in M are concentrations as they stand; they are never divided by 1000",
    "the DMSO column disagrees with the text in some rows (2, 106-108, 308-309, 342-343): the text is read, flagged",
    "11 readings are of day 3: excluded; values such as <10 % are bounds: excluded",
    "82.7 +- 3.7 is a mean and its SD",
    "69 rows report a recovery and no viability: they carry the endpoint recovery",
    "24 rows use electroporation: excluded",
    "the DOI 10.1007/s10616-016-0055-3 was dragged down by a spreadsheet; it is 10.1007/s10616-016-0055-2",
    "whether a percentage is of mass or volume is not stated: liquids are read as % v/v, solids as % w/v, flagged",
    "formulations repeat across papers with a pooled SD of 18.7 points: no formulation alone predicts better",
)

_WRONG_DOI = {"10.1007/s10616-016-0055-3": "10.1007/s10616-016-0055-2"}

_TEXT, _DMSO, _COOLING = "All ingredients in cryoprotective solution", "DMSO usage", "Cooling rate"
_VIABILITY, _RECOVERY, _SOURCE = "Viability", "Recovery", "Source (DOI link)"

_NUMBER, _PLUS_MINUS = r"(\d+(?:\.\d+)?)", r"\(?\s*(?:\u00b1|\+-)\s*"
_READINGS = (
    re.compile(rf"{_NUMBER}\s*%(?:\s*{_PLUS_MINUS}{_NUMBER})?"),
    re.compile(rf"{_NUMBER}\s*{_PLUS_MINUS}{_NUMBER}"),
    re.compile(rf"^\s*{_NUMBER}()\s*$"),
)
_DOI = re.compile(r"10\.\d{4,9}[/=]\S+")


def load(path: Path) -> pd.DataFrame:
    """Return one row for each record; `line` counts records with the header as 1, as the known errors do."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = [_row(number, raw) for number, raw in enumerate(csv.DictReader(file), 2)]
    return pd.DataFrame(table, columns=[*rows.frame_columns(TARGETS["viability"]), "line", "flags", "excluded"])


def _row(number: int, raw: dict[str, str]) -> dict[str, object]:
    text = " ".join(raw[_TEXT].split())
    found = formulation_text.read(text)
    flags, excluded = list(found.flags), list(found.problems)
    recipe_text, inchikey = _canonical(found, excluded)
    endpoint, value, spread = _reading(raw, flags, excluded)
    if "electroporation" in text.lower():
        flags.append("electroporation")
        excluded.append("electroporation, not only freezing")
    if not _agrees_on_dmso(raw[_DMSO], found):
        flags.append("dmso_column_disagrees")
    return {
        "name": text[:200],
        "recipe": recipe_text,
        "inchikey": inchikey,
        "value": value,
        "unit": TARGETS["viability"].unit,
        "cell": "MSC",
        "assay": "",
        "temperature_kelvin": None,
        "minutes": None,
        "endpoint": endpoint,
        "conditions": " ".join(raw[_COOLING].split())[:300],
        "spread": spread,
        "count": 1,
        "source": _source(raw[_SOURCE], flags),
        "evidence": "B",
        "note": "assay not stated",
        "line": number,
        "flags": "; ".join(dict.fromkeys(flags)),
        "excluded": "; ".join(dict.fromkeys(excluded)),
    }


def _canonical(found: formulation_text.Formulation, excluded: list[str]) -> tuple[str, str]:
    try:
        components = recipe.parse_recipe(found.recipe, bundled.component_named)
    except InputError as error:
        excluded.append(str(error))
        return found.recipe, ""
    keys = sorted(component.molecule.inchikey for component in components if component.molecule)
    return recipe.format_recipe(components), "+".join(keys)


def _reading(raw: dict[str, str], flags: list[str], excluded: list[str]) -> tuple[str, float | None, float | None]:
    """Return endpoint, value and SD: the viability if there is one, else the recovery, never both in one."""
    endpoint, text, match = "viability", raw[_VIABILITY], _first_reading(raw[_VIABILITY])
    if match is None:
        endpoint, text, match = "recovery", raw[_RECOVERY], _first_reading(raw[_RECOVERY])
    if match is None:
        excluded.append("no reading")
        return "viability", None, None
    if re.search(r"[<>~]\s*$", text[: match.start()]):
        flags.append("bound")
        excluded.append(f"{text.strip()[:20]!r} is a bound, not a value")
    if "day 3" in text.lower():
        flags.append("day_3")
        excluded.append("read on day 3")
    return endpoint, round(float(match[1]) / 100, 6), round(float(match[2]) / 100, 6) if match[2] else None


def _first_reading(text: str) -> re.Match[str] | None:
    """Find a mean with its SD where there is one (82.7 +- 3.7 %), else the first percentage, else a bare number."""
    found = [match for pattern in _READINGS if (match := pattern.search(text))]
    return min(found, key=lambda match: (match.start(), match[2] is None), default=None)


def _source(text: str, flags: list[str]) -> str:
    match = _DOI.search(" ".join(text.split()))
    if match is None:
        flags.append("no_doi")
        return " ".join(text.split()) or "not stated"
    doi = match[0].replace("=", "/").rstrip(".,;").lower()
    if doi in _WRONG_DOI:
        flags.append("doi_corrected")
    return _WRONG_DOI.get(doi, doi)


def _agrees_on_dmso(column: str, found: formulation_text.Formulation) -> bool:
    match = re.search(r"\d+(?:\.\d+)?", column)
    if match is None:
        return True
    amounts = dict(found.amounts)
    stated = float(match[0])
    amount, unit = amounts.get("DMSO", (0.0, "%"))
    return unit.startswith("%") and abs(amount - stated) < 1e-9
