"""Measured melting points of thousands of organic molecules, from the offline ``chemicals`` package."""

from functools import cache

import numpy as np
import pandas as pd
from rdkit import Chem, rdBase

from cryokit.sources.melting import EXPERIMENTAL_METHODS

AGREEMENT_KELVIN = 10.0
"""At least two sources must give a melting point within this range of each other."""

LARGEST_HEAVY_ATOMS = 60
_ELEMENTS = {"C", "H", "N", "O", "S", "P", "F", "Cl", "Br", "I", "Si"}
_PLAUSIBLE_KELVIN = (50.0, 700.0)


@cache
def measured_melting_points() -> pd.DataFrame:
    """
    Return ``name``, ``smiles``, ``connectivity``, ``value`` (K) and ``source``, one row for each connectivity.

    Stereoisomers share a row with the median of their points, since most are drawn without stereochemistry.
    """
    points = _agreed_points()
    found = []
    for cas, value, methods in points.itertuples(index=False):
        record = _identified(int(cas))
        if record and _is_plain_organic(record.smiles):
            found.append((record.common_name, record.smiles, record.InChI_key[:14], value, f"chemicals: {methods}"))
    table = pd.DataFrame(found, columns=["name", "smiles", "connectivity", "value", "source"])
    table["value"] = table.groupby("connectivity")["value"].transform("median")
    return table.drop_duplicates("connectivity").sort_values("connectivity", ignore_index=True)


def _agreed_points() -> pd.DataFrame:
    """Return CAS number (without dashes), median and the methods that know it, where at least two agree."""
    from chemicals import phase_change

    phase_change.Tm("64-17-5")  # the tables are read on first use
    columns = {}
    for method in EXPERIMENTAL_METHODS:
        points = phase_change.Tm_sources[method]["Tm"].dropna()
        index = [int(str(cas).replace("-", "")) for cas in points.index]
        columns[method] = pd.Series(points.to_numpy(dtype=np.float64), index=index).groupby(level=0).first()
    table = pd.DataFrame(columns)
    several = table.notna().sum(axis=1) >= 2
    agreed = (table.max(axis=1) - table.min(axis=1)) <= AGREEMENT_KELVIN
    table = table[several & agreed]
    middle = table.median(axis=1)
    inside = middle.between(*_PLAUSIBLE_KELVIN)
    used = table.notna()[inside].to_numpy()
    methods = [", ".join(np.array(EXPERIMENTAL_METHODS)[row]) for row in used]
    return pd.DataFrame({"cas": table.index[inside], "value": middle[inside].to_numpy(), "methods": methods})


def _identified(cas: int) -> object | None:
    from chemicals.identifiers import pubchem_db

    return pubchem_db.search_CAS(cas) or None


def _is_plain_organic(smiles: str) -> bool:
    """Whether this is one neutral molecule with carbon, of common elements and moderate size."""
    if not isinstance(smiles, str) or "." in smiles:
        return False
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or molecule.GetNumHeavyAtoms() > LARGEST_HEAVY_ATOMS:
        return False
    atoms = list(molecule.GetAtoms())
    symbols = {atom.GetSymbol() for atom in atoms}
    is_neutral = sum(atom.GetFormalCharge() for atom in atoms) == 0
    return "C" in symbols and symbols <= _ELEMENTS and is_neutral and not any(atom.GetIsotope() for atom in atoms)
