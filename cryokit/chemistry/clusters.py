"""Which molecules are alike: clusters by fingerprint, and ring scaffolds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator
from rdkit.Chem.Scaffolds import MurckoScaffold
from rdkit.ML.Cluster import Butina

from cryokit.chemistry.descriptors import FINGERPRINT_BITS, prepared
from cryokit.errors import InputError

ACYCLIC = ""
"""Scaffold of every molecule without a ring."""

_COUNTS = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=FINGERPRINT_BITS)


def clusters(smiles: Sequence[str], distance: float) -> NDArray[np.int64]:
    """
    Cluster molecules by the Tanimoto distance of their Morgan count fingerprints (radius 2, 2048 places).

    Parameters
    ----------
    smiles : sequence of str
        Structures; equal ones get the same cluster. Time and memory grow with the square of their number.
    distance : float
        Largest distance of a member from the centre of its cluster, between 0 and 1.

    Returns
    -------
    ndarray of shape (len(smiles),)
        Cluster of each molecule, the largest first.

    Raises
    ------
    InputError
        If a structure cannot be read or `distance` is not between 0 and 1.

    References
    ----------
    .. [1] Butina, D. (1999). J. Chem. Inf. Comput. Sci. 39, 747-750. 10.1021/ci9803381

    Examples
    --------
    >>> found = clusters(["CCCCO", "CCCCCO", "c1ccccc1"], 0.65)
    >>> bool(found[0] == found[1]), bool(found[0] == found[2])
    (True, False)
    """
    if not 0 < distance < 1:
        msg = f"the distance of a cluster must lie between 0 and 1, but is {distance}"
        raise InputError(msg)
    distinct = list(dict.fromkeys(smiles))
    counts = [_COUNTS.GetCountFingerprint(prepared(text)) for text in distinct]
    apart = [
        1.0 - similarity
        for place, fingerprint in enumerate(counts)
        for similarity in DataStructs.BulkTanimotoSimilarity(fingerprint, counts[:place])
    ]
    found = Butina.ClusterData(apart, len(distinct), distance, isDistData=True, reordering=True)
    number = {distinct[member]: place for place, members in enumerate(found) for member in members}
    return np.array([number[text] for text in smiles], dtype=np.int64)


def scaffold(smiles: str) -> str:
    """
    Return the ring systems of a molecule and the chains between them.

    Parameters
    ----------
    smiles : str
        Structure.

    Returns
    -------
    str
        Murcko scaffold as SMILES without stereochemistry; `ACYCLIC` without a ring.

    Raises
    ------
    InputError
        If the structure cannot be read.

    References
    ----------
    .. [1] Bemis, G. W. and Murcko, M. A. (1996). J. Med. Chem. 39, 2887-2893. 10.1021/jm9602928

    Examples
    --------
    >>> scaffold("CCc1ccccc1O"), scaffold("OCC(O)CO")
    ('c1ccccc1', '')
    """
    core = MurckoScaffold.GetScaffoldForMol(prepared(smiles))
    return Chem.MolToSmiles(core, isomericSmiles=False) if core.GetNumAtoms() else ACYCLIC
