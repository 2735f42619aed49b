"""Reads the public compilation of glass transitions with every known error handled."""

from pathlib import Path

import pandas as pd

from cryokit.domain import TARGETS
from cryokit.sources import curation, glass_transition, rows
from cryokit.sources.glass_transition import Record

KNOWN_ERRORS = (
    "no stereochemistry: mannitol and sorbitol, glucose, galactose and mannose share one structure; names are kept",
    "ring and open-chain structures are mixed for one sugar",
    "two inorganic salts (NH4HSO4, NaNO3) are excluded",
    "lines 392-416 are later additions; the nine alkanes among them are extrapolated and excluded",
    "lines 250, 253 and 293 carry the structure of another substance; it is corrected",
    "melting points of sorbitol, phenyl salicylate and 2-octanol are mistyped and corrected; six others are masked",
    "a Tg/Tm outside 0.5 to 0.95 is flagged",
    "15 aromatic amines, four liquids and a hydrate have figures that cannot be theirs and are excluded",
)


def load(path: Path) -> pd.DataFrame:
    """Return one row for each listed record, corrected, with line, flags and the reason not to use it."""
    records = glass_transition.listed_records(path.read_text(encoding="utf-8-sig"))
    columns = [*rows.frame_columns(TARGETS["tg"]), "line", "flags", "excluded"]
    return pd.DataFrame([_row(record) for record in records], columns=columns)


def _row(listed: Record) -> dict[str, object]:
    corrected = glass_transition.corrected(listed)
    excluded = [f"{rule.action}: {rule.evidence}" for rule in curation.rules_for(listed.listed, "exclude", "drop")]
    is_published = not curation.rules_for(listed.listed, "exclude")
    return {
        "name": glass_transition.one_name(listed),
        "smiles": corrected.molecule.smiles,
        "inchikey": corrected.molecule.inchikey,
        "value": corrected.value,
        "unit": "K",
        "tm_kelvin": corrected.tm_kelvin,
        "conditions": corrected.conditions,
        "spread": None,
        "count": 1,
        "source": corrected.source,
        "evidence": corrected.evidence,
        "is_published": is_published,
        "is_curated": not excluded,
        "note": f"listed as {listed.listed.strip()}",
        "line": listed.line,
        "flags": "; ".join(_flags(listed)),
        "excluded": "; ".join(excluded),
    }


def _flags(listed: Record) -> list[str]:
    flags = [rule.action for rule in curation.rules_for(listed.listed) if rule.action not in {"exclude", "rename"}]
    flags = [flag for flag in flags if flag not in {"fix_structure", "replace_tm", "mask_tm"}]
    flags += glass_transition.applied_corrections(listed)
    if curation.rules_for(listed.listed, "exclude"):
        flags.append("excluded")
    if listed.line >= glass_transition.FIRST_LATER_LINE:
        flags.append("later_addition")
    if glass_transition.leaves_substance_open(listed.molecule):
        flags.append("no_stereo")
    if "." in listed.molecule.smiles:
        flags.append("several_fragments")
    if glass_transition.has_suspect_ratio(listed.value, listed.tm_kelvin):
        flags.append("suspect_ratio")
    return list(dict.fromkeys(flags))
