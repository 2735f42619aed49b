"""Which molecules may be among known ones: a cheap test before an InChIKey, which takes as long as all features."""

import re
from collections.abc import Iterable

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
    whatever the bond orders, hydrogens, charges and configurations. What has another number of atoms of some element,
    or of atoms with so many neighbours, is another one.

    Parameters
    ----------
    substances : iterable of (str, str)
        Formula and SMILES of each known molecule; those of several fragments are left out, see `may_hold`.

    Examples
    --------
    >>> known = Skeletons([("C2H6O", "CCO")])
    >>> [known.may_hold(smiles) for smiles in ("CCO", "C=CO", "COC", "CCN", "CCO.Cl")]
    [True, True, False, False, True]
    """

    def __init__(self, substances: Iterable[tuple[str, str]]) -> None:
        self._unread: dict[Composition, list[str]] = {}
        self._read: dict[Composition, frozenset[Neighbours]] = {}
        for formula, smiles in substances:
            if "." not in smiles:
                self._unread.setdefault(_composition(formula), []).append(smiles)

    def may_hold(self, smiles: str) -> bool:
        """
        Whether a canonical structure may have the connectivity of a known one; where False, it has not.

        Fragments and metals, whose InChI is not that of the molecule as drawn, always may.
        """
        atoms = descriptors.composition(smiles)
        if "." in smiles or not atoms.keys() <= _NEVER_TAKEN_APART:
            return True
        composition = tuple(sorted(item for item in atoms.items() if item[0] != "H"))
        if composition in self._unread:
            self._read[composition] = frozenset(map(_neighbours, self._unread.pop(composition)))
        return composition in self._read and _neighbours(smiles) in self._read[composition]


def _composition(formula: str) -> Composition:
    counts = ((element, int(count or 1)) for element, count in _ELEMENT.findall(formula))
    return tuple(sorted(item for item in counts if item[0] not in _HYDROGEN))


def _neighbours(smiles: str) -> Neighbours:
    kinds = descriptors.kinds(smiles)
    if kinds is None:  # deuterium is drawn as an atom, but is no other element
        kinds = atom_kinds(Chem.RemoveAllHs(descriptors.prepared(smiles)))
    found: dict[tuple[str, int], int] = {}
    for kind, count in kinds.items():
        found[kind[:2]] = found.get(kind[:2], 0) + count
    return frozenset(found.items())
