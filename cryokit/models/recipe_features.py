"""Features of formulations: every amount in one basis, sums of physics over the components, and the protocol."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rdkit import Chem

from cryokit.chemistry import descriptors
from cryokit.chemistry.concentration import Litre, is_carrier, molar_mass, per_litre
from cryokit.chemistry.cooling import cooling_rate
from cryokit.domain import Component
from cryokit.models.columns import numbers
from cryokit.models.groups import component_key

PROTOCOL = ("temperature_kelvin", "minutes")
CATEGORIES = ("cell", "assay")
COOLING_RATE = "cooling_rate_kelvin_per_minute"
"""Optional column; without it the rate is read from the words of ``conditions``, if there are any."""

SUMMED = ("molar_mass", "heavy_atoms", "donors", "acceptors", "polar_surface", "log_p", "rotatable_bonds", "amides")
"""Descriptors that are summed over the components of a recipe, weighted by mol/L."""

PERMEATING_MOLAR_MASS = 130.0
"""Neutral molecules below this, g/mol, are taken to enter cells: glycols, DMSO, amides; sugars and acids are not."""

# Doses act on a log scale; log1p keeps 0 at 0. Names say what the logarithm is of.
_PHYSICS = (
    ("total concentration", "log1p(mmol/L)"),
    ("ideal osmolality, without the carrier", "log1p(mosmol/kg)"),
    ("concentration of what enters cells", "log1p(mmol/L)"),
    ("concentration of what stays outside", "log1p(mmol/L)"),
    ("dissolved molecules", "log1p(g/L)"),
    ("polymers and proteins", "log1p(g/L)"),
    ("serum and medium", "log1p(g/L)"),
    ("water", "log1p(g/L)"),
    ("components", "1"),
    ("components without structure", "1"),
    ("largest log_p", "1"),
)
# A class stands for what a component does, so that rows of one teach about the others; a pair counts if both are there.
_MIXTURE = (
    ("what enters cells", "mol/L"),
    ("zwitterions", "mol/L"),
    ("other solutes that stay outside", "mol/L"),
    ("proteins", "g/L"),
    ("polymers", "g/L"),
    ("all solutes", "mol/L"),
    ("what enters cells with zwitterions, geometric mean", "mol/L"),
    ("what enters cells with other solutes outside, geometric mean", "mol/L"),
    ("kinds of what enters cells", "1"),
)
_PROTEINS = ("albumin", "protein", "gelatin", "sericin")
_BASE = Chem.MolFromSmarts("[$([NX3;!$(N[C,S,P]=[O,S]);!$(Na)]),$([NX2]=[CX3]),$([N+;!$(N=O)])]")
_ACID = Chem.MolFromSmarts("[$([CX3](=O)[OX2H,OX1-]),$([SX4](=O)(=O)[OX2H,OX1-]),$([PX4](=O)[OX2H,OX1-])]")

_PROTOCOL_UNITS = {"temperature_kelvin": "K", "minutes": "min", COOLING_RATE: "log10(K/min)"}

Vocabulary = dict[str, list]


def recipe_vocabulary(rows: pd.DataFrame) -> Vocabulary:
    """
    Learn the words of training rows.

    Parameters
    ----------
    rows : DataFrame
        Training rows with ``components``, ``cell`` and ``assay``.

    Returns
    -------
    dict
        ``components`` (pairs of key and name), ``cell`` and ``assay``, each sorted; ``protocol``: which of
        temperature, minutes and cooling rate some training row tells; ``mixture``: the features of classes.
        Vocabularies from before there were classes lack it, and their models go on without.
    """
    parts = [part for components in rows["components"] for part in components]
    labels = {component_key(part): part.name for part in reversed(parts)}
    return {
        "components": [[key, labels[key]] for key in sorted(labels)],
        "protocol": [name for name, known in _protocol(rows).items() if np.isfinite(known).any()],
        "mixture": [name for name, _ in _MIXTURE],
        **{name: sorted(rows[name].unique().tolist()) for name in CATEGORIES},
    }


def recipe_columns(vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """
    Name the features of formulations.

    Parameters
    ----------
    vocabulary : dict
        Result of `recipe_vocabulary`.

    Returns
    -------
    list of tuple of str
        Name and unit of each column of `recipe_matrix`, in its order.
    """
    columns = [(f"amount of {name} ({key})", "log1p(g/L)") for key, name in vocabulary["components"]]
    columns += list(_PHYSICS)
    columns += [(f"amount-weighted {name}", "mol/L x unit of " + name) for name in SUMMED]
    columns += [(name, _PROTOCOL_UNITS[name]) for name in vocabulary["protocol"]]
    columns += [(f"{name} is {word}", "1") for name in CATEGORIES for word in vocabulary[name]]
    units = dict(_MIXTURE)
    return columns + [(f"mixture: {name}", units[name]) for name in vocabulary.get("mixture", [])]


def recipe_matrix(vocabulary: Vocabulary, rows: pd.DataFrame) -> NDArray[np.float64]:
    """
    Compute the features of formulations.

    Parameters
    ----------
    vocabulary : dict
        Result of `recipe_vocabulary` on the training rows; what it does not know counts in the sums alone.
    rows : DataFrame of n rows
        Checked row frame with ``components``.

    Returns
    -------
    ndarray of shape (n, number of columns)
        NaN where temperature, minutes or cooling rate are not known.

    References
    ----------
    .. [1] Elliott, J. A. W. et al. (2007). Cryobiology 55, 210-218. 10.1016/j.cryobiol.2007.06.007 (osmolality of
       mixtures; here its ideal limit).
    """
    keys = [key for key, _ in vocabulary["components"]]
    width = len(keys) + len(_PHYSICS) + len(SUMMED)
    recipes = np.array([_features(keys, components) for components in rows["components"]], dtype=np.float64)
    known = _protocol(rows)
    protocol = [known[name] for name in vocabulary["protocol"]]
    words = [(rows[name] == word).to_numpy(dtype=np.float64) for name in CATEGORIES for word in vocabulary[name]]
    classes = np.array([list(_mixture(components).values()) for components in rows["components"]], dtype=np.float64)
    places = [place for place, (name, _) in enumerate(_MIXTURE) if name in vocabulary.get("mixture", [])]
    mixture = classes.reshape(len(rows), len(_MIXTURE))[:, places]
    return np.column_stack([recipes.reshape(len(rows), width), *protocol, *words, mixture])


def cooling_rates(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the cooling rate of each row in K/min: as given, or as its conditions say; NaN where neither does."""
    given = numbers(rows, COOLING_RATE)
    texts = rows["conditions"] if "conditions" in rows else [""] * len(rows)
    read = [cooling_rate(text) if isinstance(text, str) else None for text in texts]
    return np.where(given > 0, given, np.array([np.nan if rate is None else rate for rate in read], dtype=np.float64))


def _protocol(rows: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    return {name: numbers(rows, name) for name in PROTOCOL} | {COOLING_RATE: np.log10(cooling_rates(rows))}


def _features(keys: Sequence[str], components: Sequence[Component]) -> list[float]:
    ordered = sorted(components, key=lambda part: (component_key(part), part.unit, part.amount))
    litre = per_litre(ordered)
    grams = dict.fromkeys(keys, 0.0)
    for part, mass in zip(ordered, litre.grams, strict=True):
        if component_key(part) in grams:
            grams[component_key(part)] += mass
    summed = np.array([_summed(part) for part in ordered]).reshape(len(ordered), len(SUMMED))
    weighted = (np.array(litre.moles)[:, None] * summed).sum(axis=0)
    log_p = float(summed[:, SUMMED.index("log_p")].max(initial=-10.0))
    counts = [float(len(ordered)), float(sum(part.molecule is None for part in ordered)), log_p]
    return [*np.log1p(list(grams.values())), *np.log1p(_physics(ordered, litre)), *counts, *weighted]


def _physics(components: Sequence[Component], litre: Litre) -> list[float]:
    """Return the sums that are in `_PHYSICS` before the counts, not yet as logarithms."""
    listed = list(zip(components, litre.grams, litre.moles, strict=True))
    inside = math.fsum(moles for part, _, moles in listed if _enters_cells(part))
    total = math.fsum(litre.moles)
    return [
        1000 * total,
        1000 * litre.ideal_osmolality,
        1000 * inside,
        max(1000 * (total - inside), 0.0),
        math.fsum(grams for part, grams, _ in listed if part.molecule),
        math.fsum(grams for part, grams, _ in listed if part.molecule is None and not is_carrier(part)),
        math.fsum(grams for part, grams, _ in listed if is_carrier(part)),
        1000 * litre.water_kilograms,
    ]


def _mixture(components: Sequence[Component]) -> dict[str, float]:
    """Return the features of `_MIXTURE` by name, in its order; carriers are in none of the classes."""
    ordered = sorted(components, key=lambda part: (component_key(part), part.unit, part.amount))
    litre = per_litre(ordered)
    found = {name: 0.0 for name, _ in _MIXTURE}
    for part, grams, moles in zip(ordered, litre.grams, litre.moles, strict=True):
        name = _class_of(part)
        if name is not None:
            found[name] += moles if part.molecule else grams
    inside, zwitterions, outside = list(found.values())[:3]
    found["all solutes"] = inside + zwitterions + outside
    found["what enters cells with zwitterions, geometric mean"] = math.sqrt(inside * zwitterions)
    found["what enters cells with other solutes outside, geometric mean"] = math.sqrt(inside * outside)
    found["kinds of what enters cells"] = float(sum(map(_enters_cells, ordered)))
    return found


def _class_of(component: Component) -> str | None:
    """Return the class of `_MIXTURE` that a component belongs to, None for serum, medium and buffer."""
    if component.molecule is None:
        if is_carrier(component):
            return None
        return "proteins" if any(word in component.name.lower() for word in _PROTEINS) else "polymers"
    if _enters_cells(component):
        return "what enters cells"
    return "zwitterions" if _is_zwitterion(component.molecule.smiles) else "other solutes that stay outside"


def _enters_cells(component: Component) -> bool:
    if component.molecule is None or "." in component.molecule.smiles:
        return False
    return molar_mass(component) < PERMEATING_MOLAR_MASS and not _is_acid(component.molecule.smiles)


@lru_cache(maxsize=4096)
def _is_acid(smiles: str) -> bool:
    return Chem.MolFromSmiles(smiles).HasSubstructMatch(_ACID)


@lru_cache(maxsize=4096)
def _is_zwitterion(smiles: str) -> bool:
    return _is_acid(smiles) and Chem.MolFromSmiles(smiles).HasSubstructMatch(_BASE)


def _summed(component: Component) -> NDArray[np.float64]:
    if component.molecule is None:
        return np.zeros(len(SUMMED))
    row = descriptors.descriptors([component.molecule.smiles])[0]
    return row[[descriptors.DESCRIPTOR_NAMES.index(name) for name in SUMMED]]
