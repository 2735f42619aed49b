"""Amounts of a recipe in one basis: grams and moles per litre, and an ideal osmolality, by ideal mixing of volumes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rdkit import Chem
from rdkit.Chem.Descriptors import MolWt

from cryokit.domain import Component
from cryokit.errors import InputError

WATER_DENSITY = 0.998
"""g/mL at 20 degrees Celsius."""

LIQUID_DENSITIES = {
    "IAZDPXIOMUYVGZ": ("dimethyl sulfoxide", 1.101),
    "PEDCQBHIVMGVHV": ("glycerol", 1.261),
    "LYCAIKOWRPUZTN": ("ethylene glycol", 1.114),
    "DNIAPMSPPWPWGF": ("propylene glycol", 1.036),
    "ZHNUHDYFZUAESO": ("formamide", 1.133),
    "OKKJLVBELUTLKV": ("methanol", 0.791),
    "LFQSCWFLJHTTHZ": ("ethanol", 0.789),
    "ZMXDDKWLCZADIW": ("N,N-dimethylformamide", 0.949),
}
"""Density in g/mL at 20 degrees Celsius by connectivity [1]_ of the liquids that are given in % v/v."""

DISSOLVED_DENSITY = 1.5
"""g/mL taken for dissolved solids: sugars and amino acids lie between 1.3 and 1.65."""
POLYMER_DENSITY = 1.3
"""g/mL taken for dissolved polymers and proteins."""

_LEAST_WATER_KILOGRAMS = 0.02  # a recipe that leaves less is a paste; an osmolality of it would be a number only
_CARRIERS = (
    "serum",
    "plasma",
    "platelet lysate",
    "culture medium",
    "phosphate buffered saline",
    "cryostor",
)


@dataclass(frozen=True)
class Litre:
    """What one litre of a formulation holds; solutes in the order of the recipe."""

    grams: tuple[float, ...]
    moles: tuple[float, ...]
    """Moles of each solute; 0 for materials without one structure."""
    water_kilograms: float
    """Water with everything watery (serum, medium), at least 0.02."""

    @property
    def ideal_osmolality(self) -> float:
        """Sum of moles over kilograms of water, osmol/kg: ideal, without the salts of the carrier."""
        return math.fsum(self.moles) / self.water_kilograms


def per_litre(components: Sequence[Component]) -> Litre:
    """
    Bring the amounts of a recipe into one basis.

    Parameters
    ----------
    components : sequence of Component
        Amounts in any of ``recipe.UNITS``, also mixed.

    Returns
    -------
    Litre
        Grams, osmotically active moles (a salt counts its ions) and water of one litre. Volumes are taken as additive:
        good to a few per cent, meant for features of a model, not for weighing in.

    Raises
    ------
    InputError
        If the unit of a component is not known.

    References
    ----------
    .. [1] CRC Handbook of Chemistry and Physics (2016), 97th edition, section 3. ISBN 9781498754293.

    Examples
    --------
    >>> from cryokit.chemistry.molecules import parse
    >>> litre = per_litre([Component("glycerol", 10.0, "% v/v", parse("OCC(O)CO"))])
    >>> round(litre.grams[0], 1), round(litre.moles[0], 2), round(litre.water_kilograms, 3)
    (126.1, 1.37, 0.898)
    """
    fixed = [_grams_per_litre(part) for part in components]
    of_total = [part.amount / 100 if part.unit == "% w/w" else 0.0 for part in components]
    of_water = [
        part.amount * molar_mass(part) / 1000 if part.unit == "mol/kg" and part.molecule else 0.0 for part in components
    ]
    total, water = _total_and_water(components, fixed, of_total, of_water)
    grams = tuple(
        known + share * total + ratio * water for known, share, ratio in zip(fixed, of_total, of_water, strict=True)
    )
    moles = tuple(
        mass / molar_mass(part) * _ions(part) if part.molecule else 0.0
        for mass, part in zip(grams, components, strict=True)
    )
    watery = math.fsum(mass for mass, part in zip(grams, components, strict=True) if is_carrier(part))
    return Litre(grams, moles, max((water + watery) / 1000, _LEAST_WATER_KILOGRAMS))


def is_carrier(component: Component) -> bool:
    """Whether a component is watery itself, such as serum or medium, and counts as water."""
    name = component.name.lower()
    return component.molecule is None and "albumin" not in name and any(word in name for word in _CARRIERS)


def molar_mass(component: Component) -> float:
    """Molar mass of a component with a structure, g/mol."""
    if component.molecule is None:
        msg = f"{component.name!r} has no single structure, so it has no molar mass; give its amount in % w/v or % v/v"
        raise InputError(msg)
    return _molar_mass(component.molecule.smiles)


def density(component: Component) -> float:
    """Density of a component in g/mL: of the pure liquid, or what is taken for a dissolved solid."""
    if component.molecule is None:
        return 1.02 if is_carrier(component) else POLYMER_DENSITY
    return LIQUID_DENSITIES.get(component.molecule.connectivity, ("", DISSOLVED_DENSITY))[1]


@lru_cache(maxsize=4096)
def _molar_mass(smiles: str) -> float:
    return float(MolWt(Chem.MolFromSmiles(smiles)))


def _ions(component: Component) -> int:
    return component.molecule.smiles.count(".") + 1 if component.molecule else 0


def _grams_per_litre(part: Component) -> float:
    """Grams in one litre where the unit alone says it, 0 for shares of the mass or of the water."""
    if part.unit == "% w/v":
        return 10.0 * part.amount
    if part.unit == "% v/v":
        return 10.0 * part.amount * density(part)
    if part.unit == "mol/L":
        return part.amount * molar_mass(part) if part.molecule else 0.0
    if part.unit in {"% w/w", "mol/kg"}:
        return 0.0
    msg = f"{part.name!r} has an amount in {part.unit!r}; allowed are mol/kg, mol/L, % w/w, % w/v and % v/v"
    raise InputError(msg)


def _total_and_water(
    components: Sequence[Component], fixed: list[float], of_total: list[float], of_water: list[float]
) -> tuple[float, float]:
    """Solve mass balance and volume balance of one litre for total grams and grams of water."""
    volume = [1.0 / density(part) for part in components]
    fixed_mass, fixed_volume = math.fsum(fixed), math.fsum(a * b for a, b in zip(fixed, volume, strict=True))
    share_mass, share_volume = math.fsum(of_total), math.fsum(a * b for a, b in zip(of_total, volume, strict=True))
    water_mass = 1.0 + math.fsum(of_water)
    water_volume = 1.0 / WATER_DENSITY + math.fsum(a * b for a, b in zip(of_water, volume, strict=True))
    # total = fixed + share * total + water_mass * water;  1000 = fixed + share * total + water_volume * water
    free = max(1.0 - share_mass, 1e-6)
    left = 1000.0 - fixed_volume
    water = (left - share_volume * fixed_mass / free) / (water_volume + share_volume * water_mass / free)
    water = max(water, 0.0)
    return (fixed_mass + water_mass * water) / free, water
