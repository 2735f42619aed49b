"""Fast physicochemical features and fingerprints of a molecule, from its graph alone (no 3-D)."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors
from rdkit.Chem.MolStandardize import rdMolStandardize
from scipy.sparse import csr_array

from cryokit.chemistry.atoms import (
    QUIET,
    AtomKind,
    Needs,
    graph,
    has_drawn_hydrogens,
    kind_numbers,
    kinds_of,
    plain_graph,
    words_of,
)
from cryokit.chemistry.bond_counts import acceptors_and_rotatable_bonds
from cryokit.chemistry.bond_tables import tabled
from cryokit.errors import InputError

SCHEMA_VERSION = 2
"""Rises whenever a name, its order or its meaning changes; models of another schema are refused."""

FINGERPRINT_BITS = 2048
_CACHE = 20_000
_MOLECULES = 4096
"""Structures take far more memory than their features, and are used again soon or not at all."""

_HIGHEST_FIRST = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)).reshape(256, 8)[:, ::-1])
"""RDKit gives the lowest bit of a byte first, stored fingerprints have the highest first."""

_FORMULA = re.compile(r"([A-Z][a-z]?)(\d*)")


@dataclass(frozen=True)
class Descriptor:
    """One feature of a molecule: its name, its unit and what it means."""

    name: str
    unit: str
    meaning: str


_FAST_GRAPH = (
    ("molar_mass", "amw", "g/mol", "average molar mass"),
    ("heavy_atoms", "NumHeavyAtoms", "1", "atoms other than hydrogen"),
    ("donors", "NumHBD", "1", "hydrogen-bond donors"),
    ("acceptors", "", "1", "hydrogen-bond acceptors"),
    ("rotatable_bonds", "", "1", "rotatable bonds"),
    ("heteroatoms", "NumHeteroatoms", "1", "atoms other than carbon and hydrogen"),
    ("sp3_fraction", "FractionCSP3", "1", "fraction of the carbons that are sp3"),
    ("rings", "NumRings", "1", "rings"),
    ("aromatic_rings", "NumAromaticRings", "1", "aromatic rings"),
    ("saturated_rings", "NumSaturatedRings", "1", "saturated rings"),
    ("heterocycles", "NumHeterocycles", "1", "rings with a heteroatom"),
    ("spiro_atoms", "NumSpiroAtoms", "1", "atoms shared by two rings that share no bond"),
    ("bridgehead_atoms", "NumBridgeheadAtoms", "1", "bridgehead atoms"),
    ("surface", "labuteASA", "angstrom^2", "approximate surface area (Labute)"),
    ("polar_surface", "tpsa", "angstrom^2", "topological polar surface area"),
    ("chi_0", "chi0v", "1", "valence connectivity index, order 0"),
    ("chi_1", "chi1v", "1", "valence connectivity index, order 1"),
    ("kier_alpha", "hallKierAlpha", "1", "Hall-Kier alpha"),
    ("kappa_1", "kappa1", "1", "shape index, order 1"),
)
_SLOW_GRAPH = (
    ("log_p", "CrippenClogP", "1", "octanol-water partition coefficient, log10 (Crippen estimate)"),
    ("molar_refractivity", "CrippenMR", "cm^3/mol", "molar refractivity (Crippen estimate)"),
    ("chi_2", "chi2v", "1", "valence connectivity index, order 2"),
    ("chi_3", "chi3v", "1", "valence connectivity index, order 3"),
    ("kappa_2", "kappa2", "1", "shape index, order 2"),
    ("kappa_3", "kappa3", "1", "shape index, order 3"),
    ("flexibility", "Phi", "1", "Kier flexibility index"),
)
_ELEMENTS = {
    "carbons": "C",
    "nitrogens": "N",
    "oxygens": "O",
    "fluorines": "F",
    "phosphorus_atoms": "P",
    "sulfurs": "S",
    "chlorines": "Cl",
    "bromines": "Br",
    "iodines": "I",
}
_GROUPS = {
    "primary_alcohols": "[OX2H][CX4;H2,H3]",
    "secondary_alcohols": "[OX2H][CX4;H1]([#6])[#6]",
    "tertiary_alcohols": "[OX2H][CX4;H0]([#6])([#6])[#6]",
    "anomeric_hydroxyls": "[OX2H][CX4][OX2]",
    "phenols": "[OX2H]c",
    "vicinal_hydroxyl_pairs": "[OX2H][#6]-[#6][OX2H]",
    "ethers": "[OX2;!$(O[#6]=[!#6])]([#6])[#6]",
    "acetal_carbons": "[CX4]([OX2])[OX2]",
    "carboxylic_acids": "[CX3](=O)[OX2H]",
    "esters": "[CX3](=O)[OX2][#6]",
    "aldehydes": "[CX3H1,CX3H2]=[OX1]",
    "ketones": "[#6][CX3](=[OX1])[#6]",
    "amides": "[NX3][CX3]=[OX1]",
    "primary_amines": "[NX3;H2;!$(N[C,S]=[O,S,N])][#6]",
    "secondary_amines": "[NX3;H1;!$(N[C,S]=[O,S,N])]([#6])[#6]",
    "tertiary_amines": "[NX3;H0;!$(N[C,S]=[O,S,N]);!$(N=O)]([#6])([#6])[#6]",
    "nitriles": "C#N",
    "nitro_groups": "[$([NX3](=O)=O),$([NX3+](=O)[O-])]",
    "hydroperoxides": "[OX2H][OX2]",
    "alkenes": "[CX3]=[CX3]",
    "aromatic_atoms": "a",
    "methyls": "[CH3]",
    "chain_methylenes": "[CH2;!R]",
    "branching_carbons": "[CX4;H0,H1;!R]([#6])([#6])[#6]",
}
_NEEDED_ATOMS = Needs(
    {
        "primary_alcohols": "OX2H1 CX4H2|OX2H1 CX4H3",
        "secondary_alcohols": "OX2H1 CX4H1",
        "tertiary_alcohols": "OX2H1 CX4H0",
        "anomeric_hydroxyls": "OX2H1 OX2H0 CX4|2OX2H1 CX4",
        "phenols": "OX2H1 CX3R",
        "vicinal_hydroxyl_pairs": "2OX2H1",
        "ethers": "OX2H0",
        "acetal_carbons": "CX4 OX2H1 OX2H0|CX4 2OX2H1|CX4 2OX2H0",
        "carboxylic_acids": "OX2H1 CX3 OX1|OX2H1 CX3 O+",
        "esters": "OX2H0 CX3 OX1|OX2H0 CX3 O+",
        "aldehydes": "OX1 CX3H",
        "ketones": "OX1 CX3H0",
        "amides": "NX3 OX1 CX3",
        "primary_amines": "NX3H2",
        "secondary_amines": "NX3H1",
        "tertiary_amines": "NX3H0",
        "nitriles": "NX1|N+|N-|C+|C-",
        "nitro_groups": "NX3 OX1",
        "hydroperoxides": "OX2H1 OX2H0|2OX2H1",
        "alkenes": "2CX3|CX3H0 CX3H|CX3H1 CX3H2",
        "aromatic_atoms": "pi",
        "methyls": "C",
        "chain_methylenes": "C",
        "branching_carbons": "CX4H0!R|CX4H1!R",
    }
)
"""Atoms without which there cannot be the group."""

_DERIVED = (
    Descriptor("hydrogens", "1", "hydrogen atoms"),
    Descriptor("unsaturation", "1", "rings and double bonds together, from the formula"),
    Descriptor("log_molar_mass", "1", "natural logarithm of the molar mass in g/mol"),
    Descriptor("donors_per_heavy_atom", "1", "hydrogen-bond donors per heavy atom"),
    Descriptor("oxygen_to_carbon", "1", "oxygens per carbon (per one carbon if there is none)"),
    Descriptor("rotatable_per_heavy_atom", "1", "rotatable bonds per heavy atom"),
)
_CENTRES = (
    Descriptor("stereocentres", "1", "tetrahedral stereocentres, specified or not"),
    Descriptor("unspecified_stereocentres", "1", "tetrahedral stereocentres without a stated configuration"),
    Descriptor("r_centres", "1", "stereocentres labelled R"),
    Descriptor("s_centres", "1", "stereocentres labelled S"),
)
FAST_DESCRIPTORS = (
    *(Descriptor(name, unit, meaning) for name, _, unit, meaning in _FAST_GRAPH),
    *(Descriptor(name, "1", f"number of {name.replace('_', ' ')}") for name in _ELEMENTS),
    *(Descriptor(name, "1", f"number of {name.replace('_', ' ')}") for name in _GROUPS),
    *_DERIVED,
)
"""Features that take little time and none of the stereochemistry, in their fixed order."""

DESCRIPTORS = (
    *FAST_DESCRIPTORS,
    *(Descriptor(name, unit, meaning) for name, _, unit, meaning in _SLOW_GRAPH),
    *_CENTRES,
)
"""All features in their fixed order, the fast ones first."""

DESCRIPTOR_NAMES = tuple(descriptor.name for descriptor in DESCRIPTORS)

_ROWS_AT_ONCE = 1000
_FEW_ROWS = 16  # so few molecules are counted one by one sooner than by tables

_FAST_PROPERTIES = rdMolDescriptors.Properties([key for _, key, _, _ in _FAST_GRAPH if key])
_ALL_OF_FAST = itemgetter(*range(len(_FAST_PROPERTIES.GetPropertyNames())))  # RDKit's own iterator takes as long again
_SLOW_PROPERTIES = rdMolDescriptors.Properties([key for _, key, _, _ in _SLOW_GRAPH])
_PATTERNS = {name: Chem.MolFromSmarts(smarts) for name, smarts in _GROUPS.items()}
_COUNTED_BY_KIND = {
    "methyls": lambda kind: kind.hydrogens == 3 and kind.symbol == "C",
    "chain_methylenes": lambda kind: kind.hydrogens == 2 and kind.symbol == "C" and not kind.in_ring,
}
"""Groups of one atom, which its kind tells."""

_PLACE_OF_COUNTED = [name for name, _, _, _ in _FAST_GRAPH].index("acceptors")
_FINGERPRINTS = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=FINGERPRINT_BITS)


def descriptors(smiles: Sequence[str]) -> NDArray[np.float64]:
    """
    Physicochemical features of molecules, one row each.

    Salts and mixtures are described by their largest organic fragment, neutralised, so that an amino acid and
    its zwitterion have equal features.

    Parameters
    ----------
    smiles : sequence of str, length n
        Structures as SMILES; repeats are computed once.

    Returns
    -------
    ndarray of shape (n, len(DESCRIPTORS))
        Features in the order and units of `DESCRIPTORS`; finite.

    Raises
    ------
    InputError
        If a structure cannot be read.

    References
    ----------
    .. [1] RDKit: Open-source cheminformatics, https://www.rdkit.org.

    Examples
    --------
    >>> row = dict(zip(DESCRIPTOR_NAMES, descriptors(["OCC(O)CO"])[0].tolist(), strict=True))
    >>> row["carbons"], row["primary_alcohols"], round(row["molar_mass"], 2)
    (3.0, 2.0, 92.09)
    """
    return _stacked(smiles, _descriptors, len(DESCRIPTORS))


def fast_descriptors(smiles: Sequence[str]) -> NDArray[np.float64]:
    """
    Compute the fast part of the features alone: the first columns of `descriptors`.

    Parameters
    ----------
    smiles : sequence of str, length n
        Structures as SMILES.

    Returns
    -------
    ndarray of shape (n, len(FAST_DESCRIPTORS))
        Features in the order and units of `FAST_DESCRIPTORS`; finite.

    Raises
    ------
    InputError
        If a structure cannot be read.

    References
    ----------
    .. [1] RDKit: Open-source cheminformatics, https://www.rdkit.org.

    Examples
    --------
    >>> bool((fast_descriptors(["OCC(O)CO"]) == descriptors(["OCC(O)CO"])[:, : len(FAST_DESCRIPTORS)]).all())
    True
    """
    if len(smiles) <= _FEW_ROWS:
        return _stacked(smiles, _fast_descriptors, len(FAST_DESCRIPTORS))
    parts = [smiles[begin : begin + _ROWS_AT_ONCE] for begin in range(0, len(smiles), _ROWS_AT_ONCE)]
    with QUIET:
        return np.concatenate([_by_tables(part) for part in parts])


def fingerprints(smiles: Sequence[str]) -> NDArray[np.uint8]:
    """
    Morgan fingerprints of molecules, packed eight bits to a byte.

    Parameters
    ----------
    smiles : sequence of str, length n
        Structures as SMILES, described by their largest organic fragment, neutralised.

    Returns
    -------
    ndarray of shape (n, 256)
        2048 bits of radius 2 a row.

    Raises
    ------
    InputError
        If a structure cannot be read.

    References
    ----------
    .. [1] Rogers, D. and Hahn, M. (2010). J. Chem. Inf. Model. 50, 742-754. 10.1021/ci100050t
    """
    return _HIGHEST_FIRST[_stacked(smiles, _fingerprint, FINGERPRINT_BITS // 8, np.uint8)]


def tanimoto(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.float64]:
    """
    Tanimoto similarity of every fingerprint on the left with every one on the right.

    Parameters
    ----------
    left : ndarray of shape (n, bytes)
        Packed fingerprints.
    right : ndarray of shape (m, bytes)
        Packed fingerprints.

    Returns
    -------
    ndarray of shape (n, m)
        Shared bits over all bits, in [0, 1]; 0 where both are empty.

    Raises
    ------
    InputError
        If the two have different numbers of bytes.

    References
    ----------
    .. [1] Bajusz, D. et al. (2015). J. Cheminform. 7, 20. 10.1186/s13321-015-0069-3

    Examples
    --------
    >>> tanimoto(np.array([[3]], np.uint8), np.array([[1], [3]], np.uint8)).tolist()
    [[0.5, 1.0]]
    """
    if left.shape[1] != right.shape[1]:
        msg = f"fingerprints must have equal length, but have {left.shape[1]} and {right.shape[1]} bytes"
        raise InputError(msg)
    if not len(left) or not len(right):
        return np.zeros((len(left), len(right)))
    by_bit = np.unpackbits(right, axis=1).T.astype(np.float32)  # counts below 2^24 are exact
    count_left, count_right = (np.bitwise_count(bits).sum(axis=1, dtype=np.int64) for bits in (left, right))
    similarity = np.empty((len(left), len(right)))
    for begin in range(0, len(left), _ROWS_AT_ONCE):
        some = slice(begin, begin + _ROWS_AT_ONCE)
        shared = (csr_array(np.unpackbits(left[some], axis=1), dtype=np.float32) @ by_bit).astype(np.int64)
        union = count_left[some, np.newaxis] + count_right - shared
        similarity[some] = shared / np.maximum(union, 1)
    return similarity


@lru_cache(maxsize=_MOLECULES)
def prepared(smiles: str) -> Chem.Mol:
    """Return the neutral largest organic fragment; treat it as read-only, it is shared."""
    with QUIET:
        molecule = _checked(graph(smiles), smiles)
        if "." in smiles:
            molecule = max(Chem.GetMolFrags(molecule, asMols=True), key=_organic_size)
        if _may_be_charged(smiles) and any(atom.GetFormalCharge() for atom in molecule.GetAtoms()):
            molecule = rdMolStandardize.Uncharger().uncharge(molecule)
    return molecule


@lru_cache(maxsize=_MOLECULES)
def plain(smiles: str) -> Chem.Mol:
    """Return the molecule of `prepared` for what asks nothing about configurations that are possible but not drawn."""
    if "." in smiles or _may_be_charged(smiles):
        return prepared(smiles)
    return _checked(plain_graph(smiles), smiles)


def _checked(molecule: Chem.Mol | None, smiles: str) -> Chem.Mol:
    if molecule is None or molecule.GetNumHeavyAtoms() == 0:
        msg = f"{smiles!r} is not a structure that can be read as SMILES; write for example OCC(O)CO for glycerol"
        raise InputError(msg)
    return molecule


def _may_be_charged(smiles: str) -> bool:
    return "+" in smiles or "-" in smiles  # charges are always written, and a minus may be a bond


@lru_cache(maxsize=_CACHE)
def composition(smiles: str) -> Mapping[str, int]:
    """Return the number of atoms of each element of the neutral largest fragment, all hydrogens included."""
    found = kinds(smiles)
    if found is None:
        formula = _FORMULA.findall(rdMolDescriptors.CalcMolFormula(plain(smiles)))
        return MappingProxyType({element: int(count or 1) for element, count in formula})
    counts, hydrogens = {}, 0
    for kind, count in found.items():
        counts[kind.symbol] = counts.get(kind.symbol, 0) + count
        hydrogens += kind.hydrogens * count
    return MappingProxyType(counts | {"H": hydrogens} if hydrogens else counts)


@lru_cache(maxsize=_MOLECULES)
def kinds(smiles: str) -> Mapping[AtomKind, int] | None:
    """Count the atoms of the neutral largest fragment by kind; None if hydrogens are drawn as atoms."""
    return None if has_drawn_hydrogens(plain(smiles)) else kinds_of(_atom_numbers(smiles))


@lru_cache(maxsize=_MOLECULES)
def _atom_numbers(smiles: str) -> list[int]:
    return kind_numbers(plain(smiles))


@lru_cache(maxsize=_MOLECULES)
def atom_words(smiles: str) -> frozenset[str] | None:
    """Return what `Needs` asks of those atoms; None if hydrogens are drawn as atoms."""
    found = kinds(smiles)
    return None if found is None else words_of(found)


def _organic_size(fragment: Chem.Mol) -> tuple[bool, int, str]:
    has_carbon = any(atom.GetAtomicNum() == 6 for atom in fragment.GetAtoms())
    return has_carbon, fragment.GetNumHeavyAtoms(), Chem.MolToSmiles(fragment)


@lru_cache(maxsize=_CACHE)
def _descriptors(smiles: str) -> NDArray[np.float64]:
    molecule = prepared(smiles)
    values = [*_fast_descriptors(smiles), *_SLOW_PROPERTIES.ComputeProperties(molecule), *_centres(molecule)]
    return _finite(values)


@lru_cache(maxsize=_CACHE)
def _fast_descriptors(smiles: str) -> NDArray[np.float64]:
    molecule, atoms = plain(smiles), composition(smiles)
    whole = _properties(molecule, *acceptors_and_rotatable_bonds(molecule, atom_words(smiles)))
    elements = [atoms.get(symbol, 0) for symbol in _ELEMENTS.values()]
    return _finite([*whole, *elements, *_group_counts(smiles), *_derived(whole, atoms)])


def _properties(molecule: Chem.Mol, *counted: int) -> list[float]:
    whole = list(_ALL_OF_FAST(_FAST_PROPERTIES.ComputeProperties(molecule)))
    whole[_PLACE_OF_COUNTED:_PLACE_OF_COUNTED] = counted
    return whole


def _by_tables(smiles: Sequence[str]) -> NDArray[np.float64]:
    """Return the same features, of which those of ordinary molecules are counted all at once."""
    molecules, rows = [plain(text) for text in smiles], []
    counts, ordinary = tabled(molecules, [_atom_numbers(text) for text in smiles])
    counted = np.column_stack([counts[name] for name in ("acceptors", "rotatable_bonds", *_PATTERNS)]).tolist()
    for text, molecule, is_ordinary, found in zip(smiles, molecules, ordinary, counted, strict=True):
        if is_ordinary:
            atoms, whole = composition(text), _properties(molecule, *found[:2])
            elements = map(atoms.get, _ELEMENTS.values(), repeat(0))
            rows.append([*whole, *elements, *found[2:], *_derived(whole, atoms)])
        else:
            rows.append(_fast_descriptors(text))
    matrix = np.array(rows, dtype=np.float64)
    return np.nan_to_num(matrix, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _group_counts(smiles: str) -> list[int]:
    molecule, found = plain(smiles), kinds(smiles)
    counts = dict.fromkeys(_PATTERNS, 0)
    for name in _NEEDED_ATOMS.met_by(atom_words(smiles)):
        of_kind = _COUNTED_BY_KIND.get(name) if found is not None else None
        if of_kind:
            counts[name] = sum([count for kind, count in found.items() if of_kind(kind)])
        else:
            counts[name] = len(molecule.GetSubstructMatches(_PATTERNS[name]))
    return list(counts.values())


def _finite(values: Sequence[float]) -> NDArray[np.float64]:
    finite = np.array(values, dtype=np.float64)
    if not np.isfinite(finite).all():
        finite = np.nan_to_num(finite, nan=0.0, posinf=0.0, neginf=0.0)
    finite.flags.writeable = False  # shared by the cache
    return finite


def _derived(graph: Sequence[float], atoms: Mapping[str, int]) -> tuple[float, ...]:
    mass, heavy, donors, rotatable = graph[0], graph[1], graph[2], graph[4]
    carbons, hydrogens = atoms.get("C", 0), atoms.get("H", 0)
    halogens = sum(atoms.get(symbol, 0) for symbol in ("F", "Cl", "Br", "I"))
    return (
        hydrogens,
        carbons + 1 + (atoms.get("N", 0) - hydrogens - halogens) / 2,
        math.log(mass),
        donors / heavy,
        atoms.get("O", 0) / max(carbons, 1),
        rotatable / heavy,
    )


def _centres(molecule: Chem.Mol) -> tuple[int, ...]:
    found = Chem.FindMolChiralCenters(molecule, includeUnassigned=True, useLegacyImplementation=False)
    labels = [label for _, label in found]
    return len(labels), labels.count("?"), labels.count("R"), labels.count("S")


@lru_cache(maxsize=_CACHE)
def _fingerprint(smiles: str) -> NDArray[np.uint8]:
    text = DataStructs.BitVectToBinaryText(_FINGERPRINTS.GetFingerprint(plain(smiles)))
    return np.frombuffer(text, dtype=np.uint8)


def _stacked(smiles: Sequence[str], of_one: Callable, width: int, dtype: type = np.float64) -> NDArray:
    matrix = np.empty((len(smiles), width), dtype=dtype)
    with QUIET:
        for index, text in enumerate(smiles):
            matrix[index] = of_one(text)
    return matrix
