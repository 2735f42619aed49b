"""What the atoms of a molecule are, found in one call of RDKit: element, neighbours and hydrogens of each."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors


class AtomKind(NamedTuple):
    """Element of an atom, its neighbours other than hydrogen, and its hydrogens."""

    symbol: str
    neighbours: int
    hydrogens: int


_KINDS: dict[int, AtomKind] = {}
"""Kinds by RDKit's invariant of an atom, a hash of these three and more; a few hundred occur in all of chemistry."""


@lru_cache(maxsize=16)
def graph(smiles: str) -> Chem.Mol | None:
    """Return the molecule of a SMILES, None if it cannot be read; treat it as read-only, it is shared for a moment."""
    with rdBase.BlockLogs():
        return Chem.MolFromSmiles(smiles)


def has_drawn_hydrogens(molecule: Chem.Mol) -> bool:
    """Whether hydrogens, such as deuterium, are atoms of the graph; `atom_kinds` does not count those."""
    return molecule.GetNumAtoms() != molecule.GetNumHeavyAtoms()


def atom_kinds(molecule: Chem.Mol) -> Counter[AtomKind]:
    """
    Count the atoms of each kind.

    Examples
    --------
    >>> atom_kinds(Chem.MolFromSmiles("CCO"))[AtomKind("O", 1, 1)]
    1
    """
    invariants = rdMolDescriptors.GetConnectivityInvariants(molecule)
    if not _KINDS.keys() >= set(invariants):
        _KINDS.update(zip(invariants, map(_kind, molecule.GetAtoms()), strict=True))
    return Counter([_KINDS[invariant] for invariant in invariants])


class Needs:
    """
    Which patterns a molecule may hold: those whose atoms are there, so that the others need not be looked for.

    Parameters
    ----------
    needed : mapping of str to str
        Words for each pattern: an element and, as in SMARTS, all its connections and its hydrogens.

    Examples
    --------
    >>> needs = Needs({"alcohols": "OX2H1 CX4", "ketones": "OX1 CX3H0", "any": ""})
    >>> sorted(needs.met_by([AtomKind("O", 1, 1), AtomKind("C", 1, 3)]))
    ['alcohols', 'any']
    """

    def __init__(self, needed: Mapping[str, str]) -> None:
        self._needed = {name: frozenset(words.split()) for name, words in needed.items()}
        self._words = frozenset().union(*self._needed.values())
        self._met: dict[frozenset[str], frozenset[str]] = {}

    def met_by(self, kinds: Iterable[AtomKind] | None) -> frozenset[str]:
        """Return the names of patterns; all of them if the kinds of the atoms are not known."""
        if kinds is None:
            return frozenset(self._needed)
        found = self._words.intersection(set().union(*map(_words, kinds)))
        if found not in self._met:
            self._met[found] = frozenset(name for name, words in self._needed.items() if words <= found)
        return self._met[found]


@cache
def _words(kind: AtomKind) -> frozenset[str]:
    connected = f"{kind.symbol}X{kind.neighbours + kind.hydrogens}"
    some = {f"{connected}H"} if kind.hydrogens else set()
    return frozenset({kind.symbol, connected, f"{connected}H{kind.hydrogens}"} | some)


def _kind(atom: Chem.Atom) -> AtomKind:
    hydrogens = atom.GetTotalNumHs(includeNeighbors=True)
    return AtomKind(atom.GetSymbol(), atom.GetTotalDegree() - hydrogens, hydrogens)
