"""Groups, acceptors and rotatable bonds of many ordinary molecules at once, from tables of their atoms and bonds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from cryokit.chemistry.atoms import ALL_KINDS

Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

_ATOMS = 200
"""RDKit stops after a thousand matches, which no smaller molecule can have; larger ones have no table."""
_KEPT_BY_RDKIT = "AdjacencyMatrixBO"
"""Its matrix of all pairs of atoms, which would take more memory than the molecule, and as long as that is kept."""
_CODES = {"C": 1, "N": 2, "O": 3, "S": 4, "F": 5, "Cl": 6, "Br": 7, "I": 8}
"""Elements as small numbers, which compare faster than texts; 0 is any other."""
_C, _N, _O, _S, _F, _CL, _BR = (_CODES[symbol] for symbol in ("C", "N", "O", "S", "F", "Cl", "Br"))
_VALENCE = {"C": 4, "N": 3, "O": 2, "S": 2, "F": 1, "Cl": 1, "Br": 1, "I": 1}
_AROMATIC_BOND = 1.5
_AROMATIC_CONNECTIONS = {"C": (3,), "N": (2, 3), "O": (2,), "S": (2,)}


def tabled(molecules: Sequence[Chem.Mol], numbers: Sequence[Sequence[int]]) -> tuple[dict[str, Counts], Flags]:
    """
    Count what `descriptors` and `bond_counts` look for by patterns, without looking for each in each molecule.

    Parameters
    ----------
    molecules : sequence of Mol, length n
        Neutral molecules.
    numbers : sequence of sequence of int, length n
        The kinds of their atoms, see `atoms.kind_numbers`.

    Returns
    -------
    counts : dict of str to ndarray of shape (n,)
        By the names of the features.
    ordinary : ndarray of shape (n,)
        Whether the counts of a molecule hold: it has no charge, no radical, no drawn hydrogen, and no element but C, N,
        O, S with two bonds, and halogens. The counts of others mean nothing.

    References
    ----------
    .. [1] RDKit: Open-source cheminformatics, https://www.rdkit.org.

    Examples
    --------
    >>> from cryokit.chemistry.atoms import kind_numbers
    >>> molecules = [Chem.MolFromSmiles("OCC(O)CO"), Chem.MolFromSmiles("C[N+](C)(C)C")]
    >>> counts, ordinary = tabled(molecules, [kind_numbers(molecule) for molecule in molecules])
    >>> counts["primary_alcohols"].tolist()[0], counts["rotatable_bonds"].tolist()[0], ordinary.tolist()
    (2, 2, [True, False])
    """
    table = _table(molecules, numbers)
    return {name: table.total(found) for name, found in _found(table).items()}, table.ordinary()


@dataclass(frozen=True)
class _Table:
    """All atoms of all molecules one after the other, and their bonds, each once in either direction."""

    sizes: Counts
    element: NDArray[np.int8]
    neighbours: Counts
    hydrogens: Counts
    neutral: Flags
    in_ring: Flags
    begin: Counts
    end: Counts
    order: NDArray[np.float64]
    ring_bond: Flags

    @cached_property
    def molecule(self) -> Counts:
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def connections(self) -> Counts:
        return self.neighbours + self.hydrogens

    @cached_property
    def aromatic(self) -> Flags:
        return self.number_of(self.order == _AROMATIC_BOND) > 0

    @cached_property
    def is_light(self) -> Flags:
        """Whether a bond matches a pattern that does not say which: single or aromatic."""
        return self.order <= _AROMATIC_BOND

    def number_of(self, bonds: Flags) -> Counts:
        """Return how many of some bonds begin at each atom."""
        return np.bincount(self.begin[bonds], minlength=len(self.element))

    def to(self, atoms: Flags, bonds: Flags | None = None) -> Counts:
        """Return how many such atoms each atom is bound to, by bonds of a kind (single or aromatic unless said)."""
        return self.number_of((self.is_light if bonds is None else bonds) & atoms[self.end])

    def summed(self, values: Counts, bonds: Flags) -> Counts:
        """Add up values of some bonds at the atoms where they begin."""
        return np.bincount(self.begin[bonds], weights=values[bonds], minlength=len(self.element)).astype(np.int64)

    def total(self, found: Counts) -> Counts:
        """Add up what was found at each atom."""
        return np.bincount(self.molecule, weights=found, minlength=len(self.sizes)).astype(np.int64)

    def at_begin(self, bonds: Flags) -> Counts:
        """Return how many of some bonds, each counted from one end alone, begin at each atom."""
        return self.number_of(bonds & (self.begin < self.end))

    def ordinary(self) -> Flags:
        """Return which molecules have ordinary atoms alone."""
        bonds = np.bincount(self.begin, weights=self.order, minlength=len(self.element)) + self.hydrogens
        good = np.zeros(len(self.element), dtype=bool)
        for symbol, valence in _VALENCE.items():
            good |= (self.element == _CODES[symbol]) & ~self.aromatic & (bonds == valence)
        for symbol, allowed in _AROMATIC_CONNECTIONS.items():
            good |= (self.element == _CODES[symbol]) & self.aromatic & np.isin(self.connections, allowed)
        odd = self.total(~(good & self.neutral)) > 0
        return ~odd & (self.sizes <= _ATOMS)


def _table(molecules: Sequence[Chem.Mol], numbers: Sequence[Sequence[int]]) -> _Table:
    sizes = np.array([len(part) for part in numbers], dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    kinds = ALL_KINDS[:]
    atoms = np.concatenate([*numbers, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    is_small = sizes <= _ATOMS
    doubled = [_doubled_orders(molecules[place]) for place in np.flatnonzero(is_small)]
    flat = np.concatenate([*doubled, np.zeros(0, dtype=np.int8)])
    places = np.flatnonzero(flat)
    cells = np.concatenate([[0], np.cumsum(np.where(is_small, sizes**2, 0))])
    owner = np.searchsorted(cells, places, side="right") - 1
    within, size, start = places - cells[owner], sizes[owner], first[owner]
    ringed = np.zeros(len(flat), dtype=bool)
    ringed[_ring_cells(molecules, sizes, cells)] = True
    return _Table(
        sizes=sizes,
        element=np.array([_CODES.get(kind.symbol, 0) for kind in kinds], dtype=np.int8)[atoms],
        neighbours=np.array([kind.neighbours for kind in kinds])[atoms],
        hydrogens=np.array([kind.hydrogens for kind in kinds])[atoms],
        neutral=np.array([kind.charge == 0 for kind in kinds])[atoms],
        in_ring=np.array([kind.in_ring for kind in kinds])[atoms],
        begin=start + within // size,
        end=start + within % size,
        order=flat[places] / 2,
        ring_bond=ringed[places],
    )


def _doubled_orders(molecule: Chem.Mol) -> NDArray[np.int8]:
    """Return twice the order of the bond between each pair of atoms, 0 without one: a byte for each, not eight."""
    orders = Chem.GetAdjacencyMatrix(molecule, useBO=True).ravel()
    molecule.ClearProp(_KEPT_BY_RDKIT)
    return (2 * orders).astype(np.int8)


def _ring_cells(molecules: Sequence[Chem.Mol], sizes: Counts, cells: Counts) -> list[int]:
    """Return where the bonds of rings stand among all pairs of atoms."""
    found: list[int] = []
    for molecule, size, start in zip(molecules, sizes.tolist(), cells.tolist(), strict=False):
        if size > _ATOMS:
            continue
        rings = molecule.GetRingInfo().AtomRings()
        for ring in map(rings.__getitem__, range(len(rings))):  # RDKit's own iterator takes as long as all else here
            before = ring[-1]
            for atom in ring:
                found += (start + before * size + atom, start + atom * size + before)
                before = atom
    return found


def _pairs(count: Counts) -> Counts:
    return count * (count - 1) // 2


def _triples(count: Counts) -> Counts:
    return count * (count - 1) * (count - 2) // 6


def _found(table: _Table) -> dict[str, Counts]:
    """Return what is found at each atom; names, and what they mean, are those of the patterns in `descriptors`."""
    element, hydrogens, connections, plain = table.element, table.hydrogens, table.connections, ~table.aromatic
    double, any_carbon, one = table.order == 2, element == _C, np.ones(len(element), dtype=np.int64)
    carbon, oxygen, nitrogen = ((element == code) & plain for code in (_C, _O, _N))
    carbons, ether_oxygen = table.to(any_carbon), oxygen & (connections == 2)
    hydroxyl = ether_oxygen & (hydrogens == 1)
    hydroxyls, four, three = table.to(hydroxyl), carbon & (connections == 4), carbon & (connections == 3)
    oxygens_single, oxygens_double = table.to(ether_oxygen), table.to(oxygen, double)
    carbonyl = np.where(three, table.to(oxygen & (connections == 1), double), 0)
    hetero_double = table.to((oxygen | nitrogen | (element == _S)) & plain, double) > 0
    acyl = ((carbon | (element == _S)) & plain) & hetero_double
    amine = nitrogen & (connections == 3) & ~(table.to(acyl) > 0)
    odd_double = any_carbon & (table.to(~any_carbon, double) > 0)
    ends_in_carbon = np.where(ether_oxygen, carbons, 0)
    ester_ends = table.summed(np.maximum(ends_in_carbon - 1, 0)[table.end], table.is_light)
    single_carbons = (table.order == 1) & any_carbon[table.begin] & any_carbon[table.end] & (table.begin < table.end)
    vicinal = table.summed(hydroxyls[table.begin] * hydroxyls[table.end], single_carbons)
    peroxide = ether_oxygen[table.begin] & ether_oxygen[table.end] & (hydroxyl[table.begin] | hydroxyl[table.end])
    few_hydrogens = np.isin(hydrogens, (0, 1))
    return {
        "primary_alcohols": hydroxyls * (four & np.isin(hydrogens, (2, 3))),
        "secondary_alcohols": hydroxyls * _pairs(carbons) * (four & (hydrogens == 1)),
        "tertiary_alcohols": hydroxyls * _triples(carbons) * (four & (hydrogens == 0)),
        "anomeric_hydroxyls": (_pairs(hydroxyls) + hydroxyls * (oxygens_single - hydroxyls)) * four,
        "phenols": hydroxyls * (any_carbon & table.aromatic),
        "vicinal_hydroxyl_pairs": vicinal,
        "ethers": _pairs(carbons) * (ether_oxygen & ~(table.to(odd_double) > 0)),
        "acetal_carbons": _pairs(oxygens_single) * four,
        "carboxylic_acids": oxygens_double * hydroxyls * three,
        "esters": oxygens_double * ester_ends * three,
        "aldehydes": carbonyl * np.isin(hydrogens, (1, 2)),
        "ketones": carbonyl * _pairs(carbons),
        "amides": carbonyl * table.to(nitrogen & (connections == 3)),
        "primary_amines": carbons * (amine & (hydrogens == 2)),
        "secondary_amines": _pairs(carbons) * (amine & (hydrogens == 1)),
        "tertiary_amines": _triples(carbons) * (amine & (hydrogens == 0)),
        "nitriles": table.to(nitrogen, table.order == 3) * carbon,
        "nitro_groups": 0 * one,
        "hydroperoxides": table.at_begin(peroxide),
        "alkenes": table.at_begin(double & three[table.begin] & three[table.end]),
        "aromatic_atoms": table.aromatic * one,
        "methyls": (carbon & (hydrogens == 3)) * one,
        "chain_methylenes": (carbon & (hydrogens == 2) & ~table.in_ring) * one,
        "branching_carbons": _triples(carbons) * (four & few_hydrogens & ~table.in_ring),
        "acceptors": _acceptors(table, hetero_double) * one,
        "rotatable_bonds": _rotatable_bonds(table, hetero_double),
    }


def _acceptors(table: _Table, hetero_double: Flags) -> Flags:
    """Return which atoms RDKit counts as acceptors (see `bond_counts`)."""
    element, plain = table.element, ~table.aromatic
    chalcogen, nitrogen = (element == _O) | (element == _S), element == _N
    hydroxyl = chalcogen & plain & (table.hydrogens == 1) & (table.to(~hetero_double, table.order == 1) > 0)
    bare = chalcogen & (table.hydrogens == 0)
    pyridine = nitrogen & table.aromatic & (table.hydrogens == 0) & (table.connections == 2)
    ends = plain & (chalcogen | nitrogen)
    withdrawing = table.to(ends, (table.order == 2) & ~table.ring_bond) > 0
    amine = nitrogen & plain & ~(table.to(withdrawing, table.order == 1) > 0)
    return hydroxyl | bare | pyridine | amine


def _rotatable_bonds(table: _Table, hetero_double: Flags) -> Counts:
    """Return the rotatable bonds of RDKit's strict definition, at one of their ends (see `bond_counts`)."""
    element, plain, begin, end = table.element, ~table.aromatic, table.begin, table.end
    carbon, single = (element == _C) & plain, table.order == 1
    turning = single & ~table.ring_bond
    bulky = np.zeros(len(element), dtype=bool)
    for ligand in (element == _F, element == _CL, element == _BR, carbon & (table.hydrogens == 3)):
        bulky |= carbon & (table.to(ligand) >= 3)
    moves = (table.neighbours != 1) & ~bulky & ~(table.number_of(table.order == 3) > 0)
    ligand = (element == _N) | (plain & ((element == _O) | ((element == _S) & (table.neighbours != 1))))
    centre = carbon & (table.neighbours == 3) & hetero_double
    stiff = (centre & (table.to(ligand, turning) > 0)) | (ligand & (table.to(centre, turning) > 0))
    free = moves & ~stiff
    return table.at_begin(turning & ((free[begin] & moves[end]) | (moves[begin] & free[end])))
