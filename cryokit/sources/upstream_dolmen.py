"""Reads the public figures of ice recrystallization inhibition with every known error handled."""

import csv
from collections import Counter
from pathlib import Path

import pandas as pd

from cryokit.chemistry import molecules
from cryokit.domain import TARGETS, Molecule
from cryokit.sources import rows

SOURCE = "10.1038/s41467-024-52266-w"

KNOWN_ERRORS_AMINO = (
    "17 rows (Set = predict) are the prospective set of the paper: held out by default",
    "measured at 20 mM in 10 mM NaCl: never to be pooled with the carbohydrates (22 mM in PBS)",
    "values above 100 % are valid and never clipped",
    "salts are named, but drawn without their counterion",
)
KNOWN_ERRORS_GLYCO = (
    "stereoisomers share a constitution and differ by up to 70.5 %MGS: structures keep their stereochemistry",
    "11 rows are at other concentrations than 22 mM: flagged; 3 do not report theirs: excluded",
    "values above 100 % are valid and never clipped; there is no spread of repeats",
    "a missing name is written nan: emptied, so that unlike molecules do not pass for one",
    "dolmen_glyco is contained in dolmen_glyco2: load only one of them",
)

_USUAL_MILLIMOLAR = {"10 mM NaCl": 20.0, "PBS": 22.0}
_SALT_WORDS = ("hydrochloride", "chloride", "bromide", "iodide", "sodium")


def load_amino(path: Path) -> pd.DataFrame:
    """Return the amino acids (20 mM in 10 mM NaCl, mean and SD of three repeats)."""
    return _load(path, buffer="10 mM NaCl", count=3)


def load_glyco(path: Path) -> pd.DataFrame:
    """Return the carbohydrates (mostly 22 mM in PBS)."""
    return _load(path, buffer="PBS", count=1)


def _load(path: Path, buffer: str, count: int) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        listed = [(reader.line_num, raw, molecules.parse(raw["SMILES"])) for raw in reader]
    constitutions = Counter(connectivity for connectivity, _ in {(m.connectivity, m.inchikey) for *_, m in listed})
    table = []
    for line, raw, molecule in listed:
        flags = _flags(raw, molecule, buffer)
        if constitutions[molecule.connectivity] > 1:
            flags.append("stereoisomers_differ")
        table.append(_row(line, raw, molecule, buffer, count, flags))
    return pd.DataFrame(table, columns=[*rows.frame_columns(TARGETS["iri"]), "line", "flags", "excluded"])


def _row(
    line: int, raw: dict[str, str], molecule: Molecule, buffer: str, count: int, flags: list[str]
) -> dict[str, object]:
    excluded = []
    if "held_out" in flags:
        excluded.append("prospective set of the paper: held out")
    if "concentration_unreported" in flags:
        excluded.append("the concentration is not reported")
    spread = raw.get("Exp. error")
    return {
        "name": _name(raw),
        "smiles": molecule.smiles,
        "inchikey": molecule.inchikey,
        "value": float(raw["Exp. % MGS"]),
        "unit": TARGETS["iri"].unit,
        "assay": "splat",
        "concentration_millimolar": _concentration(raw),
        "buffer": buffer,
        "conditions": "splat assay",
        "spread": float(spread) if spread else None,
        "count": count,
        "source": SOURCE,
        "evidence": "A",
        "note": "",
        "line": line,
        "flags": "; ".join(flags),
        "excluded": "; ".join(excluded),
    }


def _name(raw: dict[str, str]) -> str:
    """Name as written; ``nan`` stands for a missing one and would make one substance of several."""
    name = raw["Name"].strip()
    return "" if name.lower() == "nan" else name


def _concentration(raw: dict[str, str]) -> float | None:
    text = raw["Concentration (mM)"].strip()
    return None if text == "Unreported" else float(text)


def _flags(raw: dict[str, str], molecule: Molecule, buffer: str) -> list[str]:
    concentration = _concentration(raw)
    is_salt = any(word in raw["Name"].lower() for word in _SALT_WORDS)
    several = "." in molecule.smiles
    conditions = {
        "held_out": raw.get("Set") == "predict",
        "concentration_unreported": concentration is None,
        "other_concentration": concentration is not None and concentration != _USUAL_MILLIMOLAR[buffer],
        "above_100_valid": float(raw["Exp. % MGS"]) > 100,
        "several_fragments": several,
        "salt_without_counterion": is_salt and not several,
        "no_stereo": molecules.open_stereocentres(molecule) > 0,
    }
    return [flag for flag, holds in conditions.items() if holds]
