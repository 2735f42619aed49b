"""Features of the shape of a molecule in space: means and ranges over a few conformers, blind to mirror images."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom, rdFreeSASA, rdMolDescriptors

from cryokit.chemistry.descriptors import Descriptor, prepared

SCHEMA_VERSION = 1
"""Rises whenever a name, its order or its meaning changes, the seed and the number of conformers included."""

CONFORMERS = 8
SMALL_CONFORMERS = 24
SMALL = 20
"""Up to this many heavy atoms `SMALL_CONFORMERS` are made: fewer leave the extremes to the chance of the seed."""
MAX_HEAVY_ATOMS = 120
"""Larger molecules are not embedded: their features are not known, and take minutes to find out."""

_SEED = 61453
_ATTEMPTS = 50
_CACHE = 20_000
_OXYGEN_OR_NITROGEN = (7, 8)
_RADII = {1: 1.1, 6: 1.7, 7: 1.55, 8: 1.52, 9: 1.47, 15: 1.8, 16: 1.8, 17: 1.75, 35: 1.85, 53: 1.98}
_OTHER_RADIUS = 1.7
_HYDROGEN_BOND = 2.5
_DECIMALS = 6  # the far tails of smeared counts are no information, but would be scaled up to it
_LARGEST = 1e6  # a molecule on a line has a moment of almost 0, and ratios beyond any meaning

_SURFACES = (
    ("surface", "angstrom^2", "solvent-accessible surface"),
    ("polar surface", "angstrom^2", "surface of N, O and their hydrogens"),
    ("apolar surface", "angstrom^2", "surface of all other atoms"),
    ("polar fraction", "1", "polar part of the surface"),
    ("aromatic surface", "angstrom^2", "surface of aromatic atoms and their hydrogens"),
    ("aromatic fraction", "1", "aromatic part of the surface"),
    ("hydroxyl surface", "angstrom^2", "surface of hydroxyl oxygens"),
    ("amphiphilic moment", "angstrom", "distance between the centres of the polar and the apolar surface"),
    ("relative amphiphilic moment", "1", "amphiphilic moment over the radius of gyration"),
)
_FORMS = {
    "radius of gyration": (rdMolDescriptors.CalcRadiusOfGyration, "angstrom"),
    "asphericity": (rdMolDescriptors.CalcAsphericity, "1"),
    "eccentricity": (rdMolDescriptors.CalcEccentricity, "1"),
    "inertial shape factor": (rdMolDescriptors.CalcInertialShapeFactor, "mol/(g angstrom^2)"),
    "NPR1": (rdMolDescriptors.CalcNPR1, "1"),
    "NPR2": (rdMolDescriptors.CalcNPR2, "1"),
    "PMI1": (rdMolDescriptors.CalcPMI1, "log(1 + g angstrom^2/mol)"),
    "PMI2": (rdMolDescriptors.CalcPMI2, "log(1 + g angstrom^2/mol)"),
    "PMI3": (rdMolDescriptors.CalcPMI3, "log(1 + g angstrom^2/mol)"),
    "spherocity": (rdMolDescriptors.CalcSpherocityIndex, "1"),
    "plane of best fit": (rdMolDescriptors.CalcPBF, "angstrom"),
}
_SHELLS = {"2.5 to 3.2": (2.5, 3.2), "3.4 to 4.0": (3.4, 4.0), "4.2 to 4.9": (4.2, 4.9), "7.0 to 7.8": (7.0, 7.8)}
"""Bands about the distances between oxygens in ice Ih (2.76, 4.5, 7.36 angstrom) and one between them."""

_DISTANCES = (
    ("length", "angstrom", "largest distance between heavy atoms"),
    *((f"N and O pairs {band} angstrom apart", "1", "counts pairs") for band in _SHELLS),
    ("mean distance of N and O", "angstrom", "mean over pairs; 0 for fewer than two"),
    ("internal hydrogen bonds", "1", "polar hydrogens within 2.5 angstrom of another N or O"),
)
_SHAPES = (
    *_SURFACES,
    *((name, unit, f"{name}, from the moments of the conformer") for name, (_, unit) in _FORMS.items()),
    *_DISTANCES,
)
_STATISTICS = {"mean": np.mean, "standard deviation": np.std, "largest": np.max, "smallest": np.min}

_ATOM_TYPES = ("hydroxyl O", "other O", "N", "aliphatic C", "aromatic C", "other")
_TYPE_PAIRS = np.triu_indices(len(_ATOM_TYPES))
_CENTRES = np.arange(2.5, 16.0, 1.0)
_SMEARING = 0.6
_GETAWAY_LENGTH = 273

SHAPE_DESCRIPTORS = (
    *(
        Descriptor(f"shape: {name}, {statistic}", unit, f"{meaning}; {statistic} over conformers")
        for statistic in _STATISTICS
        for name, unit, meaning in _SHAPES
    ),
    *(
        Descriptor(
            f"pairs: {_ATOM_TYPES[first]} and {_ATOM_TYPES[second]} about {centre:g} angstrom",
            "1",
            "smeared count of atom pairs at that distance, mean over conformers",
        )
        for first, second in zip(*_TYPE_PAIRS, strict=True)
        for centre in _CENTRES
    ),
    *(
        Descriptor(f"getaway: {number}", "1", "GETAWAY descriptor of RDKit, in its order; mean over conformers")
        for number in range(1, _GETAWAY_LENGTH + 1)
    ),
)
"""All features of shape in their fixed order; the word before the colon names their block."""


def shape_descriptors(smiles: Sequence[str]) -> NDArray[np.float64]:
    """
    Features of shape and surface over 8 conformers (24 up to 20 heavy atoms) by distance geometry with a fixed seed.

    Equal for mirror images, different for other stereoisomers; the same for every spelling of a structure. One
    thread; about 0.06 s for an amino acid and 0.1 to 0.5 s for a sugar; repeats are looked up.

    Parameters
    ----------
    smiles : sequence of str, length n
        Structures as SMILES, described by their largest organic fragment, neutralised.

    Returns
    -------
    ndarray of shape (n, len(SHAPE_DESCRIPTORS))
        Features in the order and units of `SHAPE_DESCRIPTORS`; NaN for a molecule that cannot be embedded or has
        more than 120 heavy atoms, and where a feature is not defined.

    Raises
    ------
    InputError
        If a structure cannot be read.

    References
    ----------
    .. [1] Riniker, S. and Landrum, G. A. (2015). J. Chem. Inf. Model. 55, 2562-2574. 10.1021/acs.jcim.5b00654
    .. [2] Consonni, V. et al. (2002). J. Chem. Inf. Comput. Sci. 42, 682-692. 10.1021/ci015504a

    Examples
    --------
    >>> glucose, galactose = "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O", "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@H]1O"
    >>> rows = shape_descriptors([glucose, galactose])
    >>> bool((rows[0] == rows[1]).all())
    False
    """
    matrix = np.empty((len(smiles), len(SHAPE_DESCRIPTORS)))
    for index, text in enumerate(smiles):
        matrix[index] = _shape(_of_both_hands(prepared(text)))
    return matrix


def _of_both_hands(molecule: Chem.Mol) -> str:
    """Return one SMILES for a molecule and its mirror image, since none of the features can tell them apart."""
    mirrored = Chem.Mol(molecule)
    for atom in mirrored.GetAtoms():
        atom.InvertChirality()
    return min(Chem.MolToSmiles(molecule), Chem.MolToSmiles(mirrored))


@lru_cache(maxsize=_CACHE)
def _shape(smiles: str) -> NDArray[np.float64]:
    row = np.full(len(SHAPE_DESCRIPTORS), np.nan)
    molecule = _embedded(smiles)
    if molecule is not None:
        numbers = range(molecule.GetNumConformers())
        shapes = _shapes(molecule)
        statistics = [value for statistic in _STATISTICS.values() for value in statistic(shapes, axis=0)]
        getaway = np.mean([rdMolDescriptors.CalcGETAWAY(molecule, confId=number) for number in numbers], axis=0)
        row = np.clip(np.concatenate([statistics, _pairs(molecule), getaway]), -_LARGEST, _LARGEST).round(_DECIMALS)
        row[~np.isfinite(row)] = np.nan
    row.flags.writeable = False
    return row


def _embedded(smiles: str) -> Chem.Mol | None:
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or molecule.GetNumHeavyAtoms() > MAX_HEAVY_ATOMS:
        return None
    wanted = SMALL_CONFORMERS if molecule.GetNumHeavyAtoms() <= SMALL else CONFORMERS
    molecule = Chem.AddHs(molecule)
    settings = rdDistGeom.ETKDGv3()
    settings.randomSeed, settings.numThreads, settings.maxIterations = _SEED, 1, _ATTEMPTS
    with rdBase.BlockLogs():
        found = rdDistGeom.EmbedMultipleConfs(molecule, wanted, settings)
    return molecule if len(found) else None


def _shapes(molecule: Chem.Mol) -> NDArray[np.float64]:
    """One row of `_SHAPES` for each conformer."""
    atoms = list(molecule.GetAtoms())
    carriers = [atom.GetNeighbors()[0] if _is_bound_hydrogen(atom) else atom for atom in atoms]
    polar = np.array([atom.GetAtomicNum() in _OXYGEN_OR_NITROGEN for atom in carriers])
    aromatic = np.array([atom.GetIsAromatic() for atom in carriers])
    hydroxyl = np.array([kind == 0 for kind in _types(molecule)])
    radii = [_RADII.get(atom.GetAtomicNum(), _OTHER_RADIUS) for atom in atoms]
    rows = []
    for number, conformer in enumerate(molecule.GetConformers()):
        rdFreeSASA.CalcSASA(molecule, radii, confIdx=number)
        surface = np.array([float(atom.GetProp("SASA")) for atom in atoms])
        forms = [function(molecule, confId=number) for function, _ in _FORMS.values()]
        forms = [
            np.log1p(value) if name.startswith("PMI") else value for name, value in zip(_FORMS, forms, strict=True)
        ]
        surfaces = _surfaces(conformer.GetPositions(), surface, polar, aromatic, hydroxyl, forms[0])
        rows.append([*surfaces, *forms, *_distances(molecule, conformer.GetPositions())])
    return np.array(rows)


def _is_bound_hydrogen(atom: Chem.Atom) -> bool:
    return atom.GetAtomicNum() == 1 and atom.GetDegree() == 1


def _surfaces(
    positions: NDArray[np.float64],
    surface: NDArray[np.float64],
    polar: NDArray[np.bool_],
    aromatic: NDArray[np.bool_],
    hydroxyl: NDArray[np.bool_],
    radius_of_gyration: float,
) -> tuple[float, ...]:
    whole, of_polar, of_aromatic = surface.sum(), surface[polar].sum(), surface[aromatic].sum()
    moment = 0.0
    if of_polar > 0 and whole - of_polar > 0:
        weights = surface / np.where(polar, of_polar, whole - of_polar)
        centres = [(positions[part] * weights[part, None]).sum(axis=0) for part in (polar, ~polar)]
        moment = float(np.linalg.norm(centres[0] - centres[1]))
    return (
        whole,
        of_polar,
        whole - of_polar,
        of_polar / whole,
        of_aromatic,
        of_aromatic / whole,
        surface[hydroxyl].sum(),
        moment,
        moment / max(radius_of_gyration, 0.1),
    )


def _distances(molecule: Chem.Mol, positions: NDArray[np.float64]) -> tuple[float, ...]:
    """Values of `_DISTANCES` for one conformer."""
    number = np.array([atom.GetAtomicNum() for atom in molecule.GetAtoms()])
    apart = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    heavy, hetero = np.flatnonzero(number > 1), np.flatnonzero(np.isin(number, _OXYGEN_OR_NITROGEN))
    length = float(apart[np.ix_(heavy, heavy)].max(initial=0.0))
    if len(hetero) < 2:
        return length, *(0.0 for _ in _SHELLS), 0.0, 0.0
    between = apart[np.ix_(hetero, hetero)][np.triu_indices(len(hetero), 1)]
    shells = [float(((between > lower) & (between < upper)).sum()) for lower, upper in _SHELLS.values()]
    hydrogens = [atom for atom in molecule.GetAtoms() if _is_bound_hydrogen(atom)]
    bonds = 0
    for atom in hydrogens:
        donor = atom.GetNeighbors()[0].GetIdx()
        if donor in hetero:
            bonds += int((apart[atom.GetIdx(), hetero[hetero != donor]] < _HYDROGEN_BOND).sum())
    return length, *shells, float(between.mean()), float(bonds)


def _types(molecule: Chem.Mol) -> NDArray[np.int64]:
    """Index into `_ATOM_TYPES` of each atom, -1 for hydrogen."""
    return np.array([_type(atom) for atom in molecule.GetAtoms()], dtype=np.int64)


def _type(atom: Chem.Atom) -> int:
    number = atom.GetAtomicNum()
    if number == 8:
        return 0 if atom.GetTotalNumHs(includeNeighbors=True) else 1
    if number == 6:
        return 4 if atom.GetIsAromatic() else 3
    return {1: -1, 7: 2}.get(number, 5)


def _pairs(molecule: Chem.Mol) -> NDArray[np.float64]:
    """Histogram of the distances between heavy atoms for each pair of types, smeared, mean over conformers."""
    types = _types(molecule)
    heavy = np.flatnonzero(types >= 0)
    first, second = np.triu_indices(len(heavy), 1)
    lower, upper = (
        np.minimum(types[heavy[first]], types[heavy[second]]),
        np.maximum(types[heavy[first]], types[heavy[second]]),
    )
    histogram = np.zeros((len(_ATOM_TYPES), len(_ATOM_TYPES), len(_CENTRES)))
    for conformer in molecule.GetConformers():
        positions = conformer.GetPositions()[heavy]
        apart = np.linalg.norm(positions[first] - positions[second], axis=-1)
        np.add.at(histogram, (lower, upper), np.exp(-(((apart[:, None] - _CENTRES) / _SMEARING) ** 2) / 2))
    return histogram[_TYPE_PAIRS].ravel() / molecule.GetNumConformers()
