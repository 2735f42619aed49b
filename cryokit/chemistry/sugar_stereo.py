"""Counts of sugar stereochemistry: axial and equatorial groups, anomers, linkages, and the bends of open chains."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from cryokit.chemistry.descriptors import Descriptor, prepared

SCHEMA_VERSION = 1
"""Rises whenever a name, its order or its meaning changes."""

_CACHE = 20_000
_MEANINGS = {
    "pyranose rings": "six-membered rings with one oxygen and at least two oxygens attached",
    "furanose rings": "five-membered rings of the same kind",
    "alpha anomers": "rings whose anomeric group and last ring carbon's group lie on opposite sides",
    "beta anomers": "rings where they lie on the same side",
    "free anomers": "anomeric hydroxyls",
    "anomeric oxygens": "rings with oxygen at C1",
    "anomeric carbons": "rings with carbon at C1 (C-glycosides)",
    "anomeric nitrogens": "rings with nitrogen at C1",
    "anomeric sulfurs": "rings with sulfur at C1",
    "aryl glycosides": "rings whose group at C1 is or carries an aromatic ring",
    "axial hydroxyls": "hydroxyls on pyranoses that are axial in the chair with fewer axial groups",
    "equatorial hydroxyls": "hydroxyls on pyranoses that are equatorial in that chair",
    "axial groups": "all groups on pyranoses that are axial in that chair",
    "equatorial groups": "all groups on pyranoses that are equatorial in that chair",
    "axial at C2": "pyranoses with the group at C2 axial, as in mannose",
    "axial at C3": "pyranoses with the group at C3 axial, as in allose",
    "axial at C4": "pyranoses with the group at C4 axial, as in galactose",
    "equatorial at C2": "pyranoses with the group at C2 equatorial",
    "equatorial at C3": "pyranoses with the group at C3 equatorial",
    "equatorial at C4": "pyranoses with the group at C4 equatorial",
    "cis neighbours": "neighbouring ring carbons with their groups on one side",
    "trans neighbours": "neighbouring ring carbons with their groups on opposite sides",
    "D rings": "rings whose last ring carbon is turned as in D-glucose",
    "L rings": "rings whose last ring carbon is turned the other way",
    "links between rings at C1": "bonds through one oxygen between C1 of two rings",
    "links to C2": "glycosidic links from C1 of one ring to C2 of another",
    "links to C3": "glycosidic links to C3",
    "links to C4": "glycosidic links to C4",
    "links to C6": "glycosidic links to a carbon outside the ring",
    "chain carbinols": "open-chain carbons with one hydroxyl and two carbons",
    "erythro neighbours": "neighbouring chain carbinols with hydroxyls on one side of the Fischer projection",
    "threo neighbours": "neighbouring chain carbinols with hydroxyls on opposite sides",
    "parallel hydroxyls": "chain carbinols two apart whose hydroxyls clash in the straight chain, which bends",
    "apart hydroxyls": "chain carbinols two apart whose hydroxyls point apart in the straight chain",
}
STEREO_DESCRIPTORS = tuple(Descriptor(f"stereo: {name}", "1", meaning) for name, meaning in _MEANINGS.items())
"""All counts in their fixed order."""

_ANOMERIC = {8: "anomeric oxygens", 6: "anomeric carbons", 7: "anomeric nitrogens", 16: "anomeric sulfurs"}
_Counts = dict[str, int]


def stereo_counts(smiles: Sequence[str]) -> NDArray[np.float64]:
    """
    Count what sugars and polyols of one constitution differ by.

    Only ``D rings`` and ``L rings`` tell mirror images apart. A centre whose configuration is not drawn is not
    counted.

    Parameters
    ----------
    smiles : sequence of str, length n
        Structures as SMILES, described by their largest organic fragment, neutralised.

    Returns
    -------
    ndarray of shape (n, len(STEREO_DESCRIPTORS))
        Counts in the order of `STEREO_DESCRIPTORS`.

    Raises
    ------
    InputError
        If a structure cannot be read.

    References
    ----------
    .. [1] McNaught, A. D. (1996). Pure Appl. Chem. 68, 1919-2008. 10.1351/pac199668101919
    .. [2] Jeffrey, G. A. and Kim, H. S. (1970). Carbohydr. Res. 14, 207-216. 10.1016/S0008-6215(00)80321-5

    Examples
    --------
    >>> names = [descriptor.name for descriptor in STEREO_DESCRIPTORS]
    >>> galactose = stereo_counts(["OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@H]1O"])[0]
    >>> galactose[names.index("stereo: axial at C4")], galactose[names.index("stereo: beta anomers")]
    (np.float64(1.0), np.float64(1.0))
    """
    return np.array([_counts(text) for text in smiles], dtype=np.float64).reshape(len(smiles), len(_MEANINGS))


@lru_cache(maxsize=_CACHE)
def _counts(smiles: str) -> tuple[int, ...]:
    molecule = prepared(smiles)
    counts = dict.fromkeys(_MEANINGS, 0)
    rings = [ring for ring in map(list, molecule.GetRingInfo().AtomRings()) if _is_sugar(molecule, ring)]
    rings = [_numbered(molecule, ring) for ring in rings]
    for ring in rings:
        _count_ring(molecule, ring, counts)
    _count_links(molecule, rings, counts)
    _count_chain(molecule, counts)
    return tuple(counts.values())


def _outside(molecule: Chem.Mol, atom: int, ring: Sequence[int]) -> list[Chem.Atom]:
    """Neighbours outside the ring, the one that counts as its group first."""
    found = [item for item in molecule.GetAtomWithIdx(atom).GetNeighbors() if item.GetIdx() not in ring]
    return sorted(found, key=lambda item: -item.GetAtomicNum())


def _is_sugar(molecule: Chem.Mol, ring: Sequence[int]) -> bool:
    elements = sorted(molecule.GetAtomWithIdx(atom).GetAtomicNum() for atom in ring)
    if len(ring) not in (5, 6) or elements != [6] * (len(ring) - 1) + [8]:
        return False
    carbons = [atom for atom in ring if molecule.GetAtomWithIdx(atom).GetAtomicNum() == 6]
    if any(molecule.GetAtomWithIdx(atom).GetHybridization() != Chem.HybridizationType.SP3 for atom in carbons):
        return False
    return sum(any(item.GetAtomicNum() == 8 for item in _outside(molecule, atom, ring)) for atom in carbons) >= 2


def _numbered(molecule: Chem.Mol, ring: list[int]) -> list[int]:
    """Ring with its oxygen at position 0, C1 at 1 and so on; C1 is the carbon with a heteroatom beside the oxygen."""
    start = next(place for place, atom in enumerate(ring) if molecule.GetAtomWithIdx(atom).GetAtomicNum() == 8)
    ring = ring[start:] + ring[:start]
    first, last = (_anomeric_rank(molecule, atom, ring) for atom in (ring[1], ring[-1]))
    return [ring[0], *reversed(ring[1:])] if last > first else ring


def _anomeric_rank(molecule: Chem.Mol, atom: int, ring: Sequence[int]) -> tuple[bool, bool]:
    groups = _outside(molecule, atom, ring)
    has_hetero = any(item.GetAtomicNum() in (7, 8, 16) for item in groups)
    is_end = any(item.GetAtomicNum() == 6 and _is_hydroxymethyl(item, atom) for item in groups)
    return has_hetero, not is_end


def _is_hydroxymethyl(carbon: Chem.Atom, ring_atom: int) -> bool:
    others = [item for item in carbon.GetNeighbors() if item.GetIdx() != ring_atom]
    return len(others) == 1 and others[0].GetAtomicNum() == 8


def _turn(atom: Chem.Atom, order: Sequence[int | None]) -> int:
    """Handedness, 1 or -1, of a centre with its neighbours in a given order (None: hydrogen); 0 if not drawn."""
    signs = {Chem.ChiralType.CHI_TETRAHEDRAL_CCW: 1, Chem.ChiralType.CHI_TETRAHEDRAL_CW: -1}
    if atom.GetChiralTag() not in signs:
        return 0
    listed: list[int | None] = [bond.GetOtherAtomIdx(atom.GetIdx()) for bond in atom.GetBonds()]
    places = [(listed + [None])[: max(4, len(listed))].index(item) for item in order]
    swaps = sum(places[left] > places[right] for left in range(4) for right in range(left + 1, 4))
    return signs[atom.GetChiralTag()] * (-1) ** swaps


def _count_ring(molecule: Chem.Mol, ring: list[int], counts: _Counts) -> None:
    size = len(ring)
    groups: list[Chem.Atom | None] = [None] * size
    side = [0] * size
    for place in range(1, size):
        outside = _outside(molecule, ring[place], ring)
        if outside:
            groups[place] = outside[0]
            other = outside[1].GetIdx() if len(outside) > 1 else None
            order = [ring[place - 1], ring[(place + 1) % size], outside[0].GetIdx(), other]
            side[place] = _turn(molecule.GetAtomWithIdx(ring[place]), order)
    counts["pyranose rings" if size == 6 else "furanose rings"] += 1
    counts["D rings"] += side[-1] > 0
    counts["L rings"] += side[-1] < 0
    counts["alpha anomers"] += side[1] * side[-1] < 0
    counts["beta anomers"] += side[1] * side[-1] > 0
    for left, right in zip(side[1:], side[2:], strict=False):
        counts["cis neighbours"] += left * right > 0
        counts["trans neighbours"] += left * right < 0
    if groups[1] is not None:
        _count_anomeric(groups[1], counts)
    if size == 6:
        _count_chair(groups, side, counts)


def _count_anomeric(group: Chem.Atom, counts: _Counts) -> None:
    name = _ANOMERIC.get(group.GetAtomicNum())
    if name:
        counts[name] += 1
    counts["free anomers"] += _is_hydroxyl(group)
    counts["aryl glycosides"] += group.GetIsAromatic() or any(item.GetIsAromatic() for item in group.GetNeighbors())


def _is_hydroxyl(atom: Chem.Atom) -> bool:
    return atom.GetAtomicNum() == 8 and atom.GetTotalNumHs(includeNeighbors=True) > 0


def _count_chair(groups: Sequence[Chem.Atom | None], side: Sequence[int], counts: _Counts) -> None:
    """Count in the chair with fewer axial groups, a carbon counting twice, since it is the bulkier one."""
    weights = [2 if group is not None and group.GetAtomicNum() == 6 else 1 for group in groups]
    chairs = [[side[place] * sign * (-1) ** place > 0 for place in range(6)] for sign in (1, -1)]
    axial = min(
        chairs, key=lambda chair: sum(weight for weight, is_axial in zip(weights, chair, strict=True) if is_axial)
    )
    for place, group in enumerate(groups):
        if group is None or side[place] == 0:
            continue
        kind = "axial" if axial[place] else "equatorial"
        counts[f"{kind} groups"] += 1
        counts[f"{kind} hydroxyls"] += _is_hydroxyl(group)
        if place in (2, 3, 4):
            counts[f"{kind} at C{place}"] += 1


def _count_links(molecule: Chem.Mol, rings: Sequence[list[int]], counts: _Counts) -> None:
    place_of = {atom: (number, place) for number, ring in enumerate(rings) for place, atom in enumerate(ring) if place}
    for number, ring in enumerate(rings):
        for bridge in _outside(molecule, ring[1], ring):
            if bridge.GetAtomicNum() != 8:
                continue
            for far in bridge.GetNeighbors():
                target = place_of.get(far.GetIdx())
                if far.GetIdx() == ring[1]:
                    continue
                if target is None:
                    beyond = [place_of.get(item.GetIdx()) for item in far.GetNeighbors()]
                    counts["links to C6"] += any(item is not None and item[0] != number for item in beyond)
                elif target[1] == 1:
                    counts["links between rings at C1"] += target[0] > number
                elif target[1] in (2, 3, 4):
                    counts[f"links to C{target[1]}"] += 1


def _count_chain(molecule: Chem.Mol, counts: _Counts) -> None:
    carbinols = {atom.GetIdx(): found for atom in molecule.GetAtoms() if (found := _carbinol(atom))}
    counts["chain carbinols"] = len(carbinols)
    for first, (_, ends) in carbinols.items():
        for second in ends:
            if second not in carbinols:
                continue
            if second > first:
                same = _same_side(molecule, carbinols, (first, second), (second, first))
                counts["erythro neighbours"] += same > 0
                counts["threo neighbours"] += same < 0
            third = _other(carbinols[second][1], first)
            if third in carbinols and third > first:
                same = _same_side(molecule, carbinols, (first, second), (third, second))
                counts["parallel hydroxyls"] += same > 0
                counts["apart hydroxyls"] += same < 0


def _carbinol(atom: Chem.Atom) -> tuple[int, list[int]] | None:
    """Hydroxyl and the two chain neighbours of an open-chain carbinol."""
    if atom.GetAtomicNum() != 6 or atom.IsInRing() or atom.GetHybridization() != Chem.HybridizationType.SP3:
        return None
    hydroxyls = [item.GetIdx() for item in atom.GetNeighbors() if _is_hydroxyl(item)]
    ends = [item.GetIdx() for item in atom.GetNeighbors() if item.GetAtomicNum() == 6]
    return (hydroxyls[0], ends) if len(hydroxyls) == 1 and len(ends) == 2 and atom.GetDegree() == 3 else None


def _other(pair: Sequence[int], known: int) -> int:
    return pair[1] if pair[0] == known else pair[0]


def _same_side(
    molecule: Chem.Mol,
    carbinols: dict[int, tuple[int, list[int]]],
    upper: tuple[int, int],
    lower: tuple[int, int],
) -> int:
    """1 if the hydroxyls of two carbinols lie on one side of the Fischer projection, -1 if not, 0 if not drawn.

    Each carbinol comes with its neighbour on the way to the other one.
    """
    first, inward = upper
    second, back = lower
    turns = _turn(
        molecule.GetAtomWithIdx(first), [_other(carbinols[first][1], inward), inward, carbinols[first][0], None]
    )
    return turns * _turn(
        molecule.GetAtomWithIdx(second), [back, _other(carbinols[second][1], back), carbinols[second][0], None]
    )
