"""Well-known substances and formulations that every version is asked about."""

import pandas as pd

from cryokit.errors import NotFoundError
from cryokit.sources.names import molecule_named

_MOLECULES = (
    "glycerol",
    "ethylene glycol",
    "propylene glycol",
    "D-sorbitol",
    "D-glucose",
    "sucrose",
    "trehalose",
    "dimethyl sulfoxide",
    "formamide",
    "L-proline",
)
_IN_SALINE = {"assay": "splat", "concentration_millimolar": 20.0, "buffer": "10 mM NaCl"}
_IN_PHOSPHATE = {"assay": "splat", "concentration_millimolar": 22.0, "buffer": "PBS"}
_AMINO_ACIDS = ("L-proline", "L-alanine", "L-phenylalanine", "betaine")
_SUGARS = ("sucrose", "trehalose", "D-glucose", "D-sorbitol", "glycerol")
_EXPOSURE = {
    "cell": "BPAEC",
    "assay": "presto_blue",
    "temperature_kelvin": 277.15,
    "minutes": 30.0,
    "endpoint": "exposure_survival",
}
_RECIPES = (
    "glycerol=3 mol/kg",
    "ethylene glycol=3 mol/kg",
    "dimethyl sulfoxide=3 mol/kg",
    "formamide=3 mol/kg",
    "formamide=6 mol/kg; glycerol=6 mol/kg",
    "dimethyl sulfoxide=6 mol/kg; glycerol=6 mol/kg",
)


def reference_questions(target: str) -> pd.DataFrame:
    """Return the rows to predict: subject and conditions."""
    if target == "tg":
        return _named(_MOLECULES)
    if target == "iri":
        parts = [_named(_AMINO_ACIDS).assign(**_IN_SALINE), _named(_SUGARS).assign(**_IN_PHOSPHATE)]
        return pd.concat(parts, ignore_index=True)
    if target == "viability":
        return pd.DataFrame({"name": _RECIPES, "recipe": _RECIPES}).assign(**_EXPOSURE)
    msg = f"there are no reference questions for target {target!r}; there are for tg, iri and viability"
    raise NotFoundError(msg)


def _named(names: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({"name": name, "smiles": molecule_named(name).smiles} for name in names)
