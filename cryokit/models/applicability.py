"""Whether a model knows the kind of thing it is asked about, and if not, why, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rdkit import Chem

from cryokit.chemistry import descriptors
from cryokit.chemistry.atoms import Needs
from cryokit.chemistry.molecules import parse
from cryokit.domain import Component
from cryokit.models.columns import canonical_smiles, numbers
from cryokit.models.groups import component_key
from cryokit.models.recipe_features import CATEGORIES, PROTOCOL

PERCENTILE = 5.0
"""Training molecules below this percentile of nearest similarity are as lonely as a molecule may be."""

MINIMUM_MOLECULES = 10
MINIMUM_RECIPES = 10
MINIMUM_EXAMPLES = 2
"""Training molecules that must hold a functional group before the model is said to know it."""

_SLACK = 1e-9
ROUNDING_KELVIN = 0.5  # 4 degrees Celsius are quoted as 277 and as 277.15 K

FUNCTIONAL_GROUPS = {
    "amino acid": "[NX3,NX4+;!$(N[CX3]=[OX1])][CX4][CX3](=[OX1])[OX2H,OX1-]",
    "primary amide": "[NX3;H2][CX3]=[OX1]",
    "formamide or other formyl amide": "[NX3][CX3;H1,H2]=[OX1]",
    "secondary amide": "[NX3;H1]([#6])[CX3]=[OX1]",
    "tertiary amide": "[NX3;H0]([#6])([#6])[CX3]=[OX1]",
    "urea or carbamate": "[NX3][CX3](=[OX1])[NX3,OX2]",
    "sulfoxide": "[#6][$([SX3]=[OX1]),$([SX3+][OX1-])][#6]",
    "sulfone or sulfonamide": "[$([SX4](=[OX1])=[OX1]),$([SX4+2]([OX1-])[OX1-])]([#6])[#6,#7]",
    "sulfonic or sulfuric acid": "[SX4](=[OX1])(=[OX1])[OX2H,OX1-]",
    "thiol": "[#16X2H]",
    "thioether": "[#16X2]([#6])[#6]",
    "phosphate or phosphonate": "[PX4]=[OX1]",
    "quaternary ammonium": "[NX4+]([#6])([#6])([#6])[#6]",
    "guanidine or amidine": "[NX3][CX3]=[NX2,NX3+]",
    "aliphatic amine": "[NX3;!$(N[#6]=[!#6]);!$(N[#6]#[#7]);!$(Na);!$(N[!#6])][CX4]",
    "nitrile": "[CX2]#[NX1]",
    "nitro group": "[$([NX3](=O)=O),$([NX3+](=O)[O-])]",
    "aldehyde": "[#6][CX3H1]=[OX1]",
    "carboxylic acid": "[CX3](=[OX1])[OX2H,OX1-]",
    "ester": "[CX3](=[OX1])[OX2][#6]",
    "peroxide": "[OX2][OX2]",
    "alcohol": "[OX2H][CX4]",
    "phenol": "[OX2H]c",
    "silicon compound": "[Si]",
    "boron compound": "[B]",
    "alkyne": "[CX2]#[CX2]",
}
_PATTERNS = {name: Chem.MolFromSmarts(smarts) for name, smarts in FUNCTIONAL_GROUPS.items()}
_NEEDED_ATOMS = Needs(
    {
        "amino acid": "N OX1 CX3 CX4 OX2H1|N OX1 CX3 CX4 O-",
        "primary amide": "NX3H2 OX1 CX3",
        "formamide or other formyl amide": "NX3 OX1 CX3H",
        "secondary amide": "NX3H1 OX1 CX3",
        "tertiary amide": "NX3H0 OX1 CX3",
        "urea or carbamate": "NX3 OX1 CX3",
        "sulfoxide": "SX3",
        "sulfone or sulfonamide": "SX4",
        "sulfonic or sulfuric acid": "SX4",
        "thiol": "SX2H1",
        "thioether": "SX2H0",
        "phosphate or phosphonate": "PX4",
        "quaternary ammonium": "NX4H0",
        "guanidine or amidine": "NX3 CX3 NX2|NX3 CX3 N+",
        "aliphatic amine": "NX3 CX4",
        "nitrile": "CX2 NX1",
        "nitro group": "NX3",
        "aldehyde": "OX1 CX3H1",
        "carboxylic acid": "OX1 CX3",
        "ester": "OX1 CX3 OX2H0",
        "peroxide": "2OX2|OX2H1 OX2H0",
        "alcohol": "OX2H1 CX4",
        "phenol": "OX2H1 CX3R",
        "silicon compound": "Si",
        "boron compound": "B",
        "alkyne": "CX2",
    }
)
"""Atoms without which there cannot be the group."""


@dataclass(frozen=True)
class MoleculeDomain:
    """What the training molecules of a model are made of."""

    elements: tuple[str, ...]
    groups: tuple[str, ...]
    fingerprints: NDArray[np.uint8]
    """One packed row per distinct training molecule."""
    threshold: float
    """Tanimoto similarity to the nearest training molecule below which a molecule is too far away."""
    ranges: dict[str, list[float]]
    """Least and greatest training value of each numeric condition."""

    def reasons(self, rows: pd.DataFrame) -> list[list[str]]:
        """
        Say why each row is outside the domain.

        Parameters
        ----------
        rows : DataFrame of n rows
            Checked row frame with ``smiles``.

        Returns
        -------
        list of list of str, length n
            Reasons; an empty list means inside the domain.

        Raises
        ------
        InputError
            If a structure cannot be read.

        References
        ----------
        .. [1] Sahigara, F. et al. (2012). Molecules 17, 4791-4810. 10.3390/molecules17054791
        """
        outside = _outside_ranges(self.ranges, rows)
        structures = canonical_smiles(rows)
        nearest = descriptors.tanimoto(descriptors.fingerprints(structures), self.fingerprints).max(axis=1, initial=0.0)
        reasons = map(self._of_molecule, structures, nearest.tolist())
        return [found + outside[row] for row, found in enumerate(reasons)]

    def _of_molecule(self, smiles: str, nearest: float) -> list[str]:
        reasons = []
        if len(self.fingerprints) < MINIMUM_MOLECULES:
            reasons.append(
                f"the model was trained on only {len(self.fingerprints)} molecules; "
                f"at least {MINIMUM_MOLECULES} are needed"
            )
        if unknown := [name for name in elements_of(smiles) if name not in self.elements]:
            reasons.append(f"no training molecule holds the element {', '.join(unknown)}")
        if unknown := functional_groups_of(smiles, besides=self.groups):
            reasons.append(f"fewer than {MINIMUM_EXAMPLES} training molecules hold: {', '.join(unknown)}")
        if nearest < self.threshold - _SLACK:
            reasons.append(
                f"the nearest training molecule has a similarity of {nearest:.2f}, below the {self.threshold:.2f} "
                f"that {100 - PERCENTILE:.0f} % of the training molecules reach among themselves"
            )
        return reasons


def molecule_domain(rows: pd.DataFrame, range_columns: Sequence[str]) -> MoleculeDomain:
    """
    Learn the domain of a model of molecules.

    Parameters
    ----------
    rows : DataFrame
        Training rows with ``smiles``.
    range_columns : sequence of str
        Numeric conditions whose training range counts.

    Returns
    -------
    MoleculeDomain
        Elements, functional groups, fingerprints and ranges of the training rows.

    Raises
    ------
    InputError
        If a structure cannot be read.
    """
    distinct = {molecule.connectivity: molecule.smiles for molecule in map(parse, rows["smiles"])}
    smiles = sorted(distinct.values())
    fingerprints = descriptors.fingerprints(smiles)
    counts = pd.Series([group for text in smiles for group in functional_groups_of(text)]).value_counts()
    return MoleculeDomain(
        elements=tuple(sorted({name for text in smiles for name in elements_of(text)})),
        groups=tuple(sorted(counts.index[counts >= MINIMUM_EXAMPLES])),
        fingerprints=fingerprints,
        threshold=_lonely_similarity(fingerprints),
        ranges=_ranges(rows, range_columns),
    )


@dataclass(frozen=True)
class RecipeDomain:
    """What the training formulations of a model hold and how they were tested."""

    components: tuple[str, ...]
    amounts: dict[str, list[float]]
    """Greatest training amount of each ``component key|unit``."""
    most_components: int
    categories: dict[str, list[str]]
    ranges: dict[str, list[float]]
    recipes: int

    def reasons(self, rows: pd.DataFrame) -> list[list[str]]:
        """
        Say why each row is outside the domain.

        Parameters
        ----------
        rows : DataFrame of n rows
            Checked row frame with ``components``.

        Returns
        -------
        list of list of str, length n
            Reasons; an empty list means inside the domain.
        """
        outside = _outside_ranges(self.ranges, rows)
        for name in self.ranges:
            for row in np.flatnonzero(np.isnan(numbers(rows, name))):
                outside[row].append(f"{name} is not given, although training rows have it")
        found = []
        for row, components in enumerate(rows["components"]):
            words = [self._of_category(name, rows[name].iat[row]) for name in CATEGORIES]
            found.append([*self._of_recipe(components), *filter(None, words), *outside[row]])
        return found

    def _of_category(self, name: str, word: str) -> str:
        known = self.categories[name]
        return "" if word in known else f"{name} {word!r} is not in the training rows, which have {', '.join(known)}"

    def _of_recipe(self, components: Sequence[Component]) -> list[str]:
        reasons = []
        if self.recipes < MINIMUM_RECIPES:
            reasons.append(
                f"the model was trained on only {self.recipes} formulations; at least {MINIMUM_RECIPES} are needed"
            )
        if len(components) > self.most_components:
            reasons.append(f"{len(components)} components; training formulations have at most {self.most_components}")
        return reasons + [text for text in map(self._of_component, components) if text]

    def _of_component(self, part: Component) -> str:
        key = component_key(part)
        if key not in self.components:
            return f"{part.name} is in no training formulation"
        greatest = self.amounts.get(f"{key}|{part.unit}")
        if greatest is None:
            return f"{part.name} is in no training formulation with an amount in {part.unit}"
        if part.amount > greatest[0] + _SLACK:
            return f"{part.name} at {part.amount:g} {part.unit} is above the greatest trained, {greatest[0]:g}"
        return ""


def recipe_domain(rows: pd.DataFrame) -> RecipeDomain:
    """
    Learn the domain of a model of formulations.

    Parameters
    ----------
    rows : DataFrame
        Training rows with ``components``, ``cell``, ``assay`` and the protocol.

    Returns
    -------
    RecipeDomain
        Components, amounts, cells, assays and ranges of the training rows.
    """
    greatest: dict[str, list[float]] = {}
    for part in (part for components in rows["components"] for part in components):
        key = f"{component_key(part)}|{part.unit}"
        greatest[key] = [max(part.amount, *greatest.get(key, [0.0]))]
    return RecipeDomain(
        components=tuple(sorted({key.rpartition("|")[0] for key in greatest})),
        amounts=dict(sorted(greatest.items())),
        most_components=max((len(components) for components in rows["components"]), default=0),
        categories={name: sorted(rows[name].unique().tolist()) for name in CATEGORIES},
        ranges=_ranges(rows, PROTOCOL),
        recipes=len({tuple(sorted(map(repr, components))) for components in rows["components"]}),
    )


def elements_of(smiles: str) -> list[str]:
    """Return the symbols of the elements in a structure, sorted; hydrogen only where it is drawn as an atom."""
    molecule = descriptors.plain(smiles)
    if molecule.GetNumAtoms() != molecule.GetNumHeavyAtoms():
        return sorted({atom.GetSymbol() for atom in molecule.GetAtoms()})
    return sorted(descriptors.composition(smiles).keys() - {"H"})


def functional_groups_of(smiles: str, besides: Sequence[str] = ()) -> list[str]:
    """Return the functional groups that a structure holds `besides` some, by the names of `FUNCTIONAL_GROUPS`."""
    sought = _sought(_NEEDED_ATOMS.met_by(descriptors.atom_words(smiles)), tuple(besides))
    if not sought:
        return []
    molecule = descriptors.plain(smiles)
    return [name for name, pattern in sought if molecule.HasSubstructMatch(pattern)]


@lru_cache(maxsize=1024)
def _sought(possible: frozenset[str], besides: tuple[str, ...]) -> list[tuple[str, Chem.Mol]]:
    return [item for item in _PATTERNS.items() if item[0] in possible and item[0] not in besides]


def _lonely_similarity(fingerprints: NDArray[np.uint8]) -> float:
    if len(fingerprints) < 2:
        return 1.0
    similarity = descriptors.tanimoto(fingerprints, fingerprints)
    np.fill_diagonal(similarity, 0.0)
    return float(np.percentile(similarity.max(axis=1), PERCENTILE))


def _ranges(rows: pd.DataFrame, columns: Sequence[str]) -> dict[str, list[float]]:
    found = {}
    for name in columns:
        known = numbers(rows, name)
        known = known[np.isfinite(known)]
        if len(known):
            found[name] = [float(known.min()), float(known.max())]
    return found


def _outside_ranges(ranges: dict[str, list[float]], rows: pd.DataFrame) -> list[list[str]]:
    reasons: list[list[str]] = [[] for _ in range(len(rows))]
    for name, (low, high) in ranges.items():
        slack = ROUNDING_KELVIN if name == "temperature_kelvin" else _SLACK
        for row, value in enumerate(numbers(rows, name)):
            if not low - slack <= value <= high + slack and np.isfinite(value):
                reasons[row].append(f"{name} {value:g} is outside the training range {low:g} to {high:g}")
    return reasons
