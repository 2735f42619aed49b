"""What the atoms of a molecule are, found in one call of RDKit: element, neighbours, hydrogens, charge and ring."""

import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors


class AtomKind(NamedTuple):
    """Element of an atom, its neighbours other than hydrogen, its hydrogens, its charge, whether it is in a ring."""

    symbol: str
    neighbours: int
    hydrogens: int
    charge: int = 0
    in_ring: bool = False


ALL_KINDS: list[AtomKind] = []
"""Every kind that was met, some of them twice; a few hundred occur in all of chemistry."""

_NUMBERS: dict[int, int] = {}
"""Places of kinds in that list by RDKit's invariant of an atom, a hash of the five and more."""
_NUMBERING = threading.Lock()

_COMMON = {"H", "C", "N", "O", "F", "Cl", "Br", "I"}

_STEREO_OR_HYDROGEN = re.compile(r"[@/\\]|\[\d*H|[^!-~]")
"""Drawn configurations, hydrogens that are atoms, and what stands behind a blank."""


class _Quiet(threading.local):
    """Keeps RDKit from writing what it cannot read; blocking its logs takes as long as a feature, so once for many."""

    depth = 0

    def __enter__(self) -> None:
        if not self.depth:
            self.block = rdBase.BlockLogs()
        self.depth += 1

    def __exit__(self, *_raised: object) -> None:
        self.depth -= 1
        if not self.depth:
            del self.block


QUIET = _Quiet()


@lru_cache(maxsize=16)
def graph(smiles: str) -> Chem.Mol | None:
    """Return the molecule of a SMILES, None if it cannot be read; treat it as read-only, it is shared for a moment."""
    with QUIET:
        return Chem.MolFromSmiles(smiles)


@lru_cache(maxsize=16)
def plain_graph(smiles: str) -> Chem.Mol | None:
    """
    Return the molecule of a SMILES as `graph` does, but where no configuration is drawn none is looked for.

    Looking for possible ones takes a third of the time of reading, and again of writing.
    """
    if _STEREO_OR_HYDROGEN.search(smiles):
        return graph(smiles)
    with QUIET:
        molecule = Chem.MolFromSmiles(smiles, sanitize=False)
        if molecule is None or Chem.SanitizeMol(molecule, catchErrors=True) != Chem.SANITIZE_NONE:
            return None
    return molecule


def has_drawn_hydrogens(molecule: Chem.Mol) -> bool:
    """Whether hydrogens, such as deuterium, are atoms of the graph; `atom_kinds` does not count those."""
    return molecule.GetNumAtoms() != molecule.GetNumHeavyAtoms()


def atom_kinds(molecule: Chem.Mol) -> dict[AtomKind, int]:
    """
    Count the atoms of each kind.

    Examples
    --------
    >>> atom_kinds(Chem.MolFromSmiles("CCO"))[AtomKind("O", 1, 1)]
    1
    """
    return kinds_of(kind_numbers(molecule))


def kind_numbers(molecule: Chem.Mol) -> list[int]:
    """Return the kind of each atom, in order, by its place in `ALL_KINDS`."""
    invariants = list(rdMolDescriptors.GetConnectivityInvariants(molecule))
    if not _NUMBERS.keys() >= set(invariants):
        for invariant, atom in zip(invariants, molecule.GetAtoms(), strict=True):
            _number(invariant, atom)
    return [_NUMBERS[invariant] for invariant in invariants]


def kinds_of(numbers: Sequence[int]) -> dict[AtomKind, int]:
    """Count atoms of each kind, given by `kind_numbers`."""
    kinds: dict[AtomKind, int] = {}
    for number, count in Counter(numbers).items():
        kind = ALL_KINDS[number]
        kinds[kind] = kinds.get(kind, 0) + count
    return kinds


def _number(invariant: int, atom: Chem.Atom) -> None:
    with _NUMBERING:  # a thread must not see a number whose kind is not there yet, or give one twice
        if invariant not in _NUMBERS:
            ALL_KINDS.append(_kind(atom))
            _NUMBERS[invariant] = len(ALL_KINDS) - 1


class Needs:
    """
    Which patterns a molecule may hold: those whose atoms are there, so that the others need not be looked for.

    Parameters
    ----------
    needed : mapping of str to str
        Words for each pattern, alternatives parted by a bar. A word is an element with, as in SMARTS, all its
        connections, its hydrogens and whether it is in a ring: ``C``, ``CX3``, ``CX3H`` (any), ``CX3H1``, ``CX3R``,
        ``CX4H0!R``; ``N+`` and ``O-`` are charged atoms, ``2OX2H1`` are at least two, ``pi`` is an atom that may be
        aromatic, ``other`` one whose bonds have more kinds.

    Examples
    --------
    >>> needs = Needs({"alcohols": "OX2H1 CX4", "ketones": "OX1 CX3H0", "glycols": "2OX2H1", "any": ""})
    >>> sorted(needs.met_by(words_of({AtomKind("O", 1, 1): 1, AtomKind("C", 1, 3): 1})))
    ['alcohols', 'any']
    """

    def __init__(self, needed: Mapping[str, str]) -> None:
        self._needed = {name: [frozenset(words.split()) for words in text.split("|")] for name, text in needed.items()}
        self._words = frozenset().union(*[words for ways in self._needed.values() for words in ways])
        self._met: dict[frozenset[str], frozenset[str]] = {}

    def met_by(self, words: frozenset[str] | None) -> frozenset[str]:
        """Return the names of patterns; all of them if the atoms are not known."""
        if words is None:
            return frozenset(self._needed)
        found = self._words & words
        if found not in self._met:
            met = (name for name, ways in self._needed.items() if any(words <= found for words in ways))
            self._met[found] = frozenset(met)
        return self._met[found]


def words_of(kinds: Mapping[AtomKind, int]) -> frozenset[str]:
    """Return the words of `Needs` that are true of a molecule."""
    found = set().union(*[_words(kind, count > 1) for kind, count in kinds.items()])
    ringed = [word[:-1] for word in found if word[-1] == "R" and word[-2] != "!"]
    found.update([f"2{word}" for word in ringed if f"{word}!R" in found])
    return frozenset(found)


@cache
def _words(kind: AtomKind, several: bool) -> frozenset[str]:
    connected = f"{kind.symbol}X{kind.neighbours + kind.hydrogens}"
    whole = f"{connected}H{kind.hydrogens}"
    words = {kind.symbol, connected, whole, f"{connected}{_ring(kind)}", f"{whole}{_ring(kind)}"}
    if kind.hydrogens:
        words.add(f"{connected}H")
    if kind.charge:
        words.add(f"{kind.symbol}{'+' if kind.charge > 0 else '-'}")
    if several or kind.charge:  # one that is not charged may be there as well
        words |= {f"2{connected}", f"2{whole}"}
    if kind.symbol not in _COMMON:
        words.add("other")
    if kind.in_ring and (kind.charge or connected in {"CX3", "NX2"} or kind.symbol not in _COMMON):
        words.add("pi")
    return frozenset(words)


def _ring(kind: AtomKind) -> str:
    return "R" if kind.in_ring else "!R"


def _kind(atom: Chem.Atom) -> AtomKind:
    hydrogens = atom.GetTotalNumHs(includeNeighbors=True)
    neighbours = atom.GetTotalDegree() - hydrogens
    return AtomKind(atom.GetSymbol(), neighbours, hydrogens, atom.GetFormalCharge(), atom.IsInRing())
