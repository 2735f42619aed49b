"""Which molecules may be among known ones: a cheap test before an InChIKey, which takes as long as all features."""

import re
from collections.abc import Iterable
from functools import lru_cache

from rdkit import Chem

from cryokit.chemistry import descriptors
from cryokit.chemistry.atoms import atom_kinds

_NEVER_TAKEN_APART = {"H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Br", "I"}
"""Between these elements an InChI keeps all bonds; those to metals it may drop."""
_HYDROGEN = {"H", "D", "T"}
_ELEMENT = re.compile(r"([A-Z][a-z]?)(\d*)")
Composition = tuple[tuple[str, int], ...]
"""Elements other than hydrogen with their numbers of atoms."""

Neighbours = frozenset[tuple[tuple[str, int], int]]
"""How many atoms of an element have so many neighbours."""


class Skeletons:
    """
    Known molecules by the skeleton of their heavy atoms.

    Molecules with the same first block of the InChIKey have the same heavy atoms with the same bonds between them,
    whatever the bond orders, charges and configurations. What has another number of atoms of some element, or of atoms
    with so many neighbours, is another one; so is what has other hydrogens, if no atom of either is charged.

    Parameters
    ----------
    substances : iterable of (str, str)
        Formula and SMILES of each known molecule; those of several fragments are left out, see `may_hold`.

    Examples
    --------
    >>> known = Skeletons([("C2H6O", "CCO")])
    >>> [known.may_hold(smiles) for smiles in ("CCO", "C=CO", "COC", "CCN", "CCO.Cl")]
    [True, False, False, False, True]
    """

    def __init__(self, substances: Iterable[tuple[str, str]]) -> None:
        self._unread: dict[Composition, dict[int | None, list[str]]] = {}
        self._read: dict[tuple[Composition, int | None], frozenset[Neighbours]] = {}
        for formula, smiles in substances:
            if "." not in smiles:
                composition, hydrogens = _composition(formula, smiles)
                self._unread.setdefault(composition, {}).setdefault(hydrogens, []).append(smiles)

    def may_hold(self, smiles: str) -> bool:
        """
        Whether a canonical structure may have the connectivity of a known one; where False, it has not.

        Fragments and metals, whose InChI is not that of the molecule as drawn, always may.
        """
        composition, hydrogens = _atoms(smiles)
        if composition is None:
            return True
        known = self._unread.get(composition)
        if known is None:
            return False
        numbers = known if hydrogens is None else [number for number in (hydrogens, None) if number in known]
        return any(_neighbours(smiles) in self._neighbours_of(composition, number) for number in numbers)

    def _neighbours_of(self, composition: Composition, hydrogens: int | None) -> frozenset[Neighbours]:
        key = composition, hydrogens
        if key not in self._read:
            self._read[key] = frozenset(map(_neighbours, self._unread[composition][hydrogens]))
        return self._read[key]


def _composition(formula: str, smiles: str) -> tuple[Composition, int | None]:
    """Return the atoms of a known molecule, and its hydrogens where all drawings of it have as many."""
    counts = [(element, int(count or 1)) for element, count in _ELEMENT.findall(formula)]
    hydrogens = sum(count for element, count in counts if element in _HYDROGEN)
    others = tuple(sorted(item for item in counts if item[0] not in _HYDROGEN))
    return others, None if _may_gain_protons(smiles) else hydrogens


@lru_cache(maxsize=16)
def _atoms(smiles: str) -> tuple[Composition | None, int | None]:
    """Return the same of a molecule that is asked about; no composition if its InChI is not that of the drawing."""
    atoms = descriptors.composition(smiles)
    if "." in smiles or not atoms.keys() <= _NEVER_TAKEN_APART:
        return None, None
    composition = tuple(sorted(item for item in atoms.items() if item[0] != "H"))
    return composition, None if _may_gain_protons(smiles) else atoms.get("H", 0)


def _may_gain_protons(smiles: str) -> bool:
    """Whether an InChI may put away protons of the drawing, which it does for charged atoms alone."""
    return "+" in smiles or "-" in smiles


@lru_cache(maxsize=16)
def _neighbours(smiles: str) -> Neighbours:
    kinds = descriptors.kinds(smiles)
    if kinds is None:  # deuterium is drawn as an atom, but is no other element
        kinds = atom_kinds(Chem.RemoveAllHs(descriptors.prepared(smiles)))
    found: dict[tuple[str, int], int] = {}
    for kind, count in kinds.items():
        found[kind[:2]] = found.get(kind[:2], 0) + count
    return frozenset(found.items())
