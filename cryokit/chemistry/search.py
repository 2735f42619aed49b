"""Finding molecules by their structure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from cryokit.chemistry.descriptors import FINGERPRINT_BITS
from cryokit.chemistry.molecules import MAX_SMILES_LENGTH, parse
from cryokit.errors import InputError

_MORGAN = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=FINGERPRINT_BITS)


def holding(smiles: Sequence[str], smarts: str) -> NDArray[np.bool_]:
    """
    Say which molecules hold a substructure.

    Parameters
    ----------
    smiles : sequence of str
        Canonical structures.
    smarts : str
        The substructure as SMARTS, at most 2000 characters.

    Returns
    -------
    ndarray of shape (len(smiles),)
        Whether each molecule holds it.

    Raises
    ------
    InputError
        If the text is not SMARTS.

    Examples
    --------
    >>> holding(["CCO", "CCN"], "[OX2H]").tolist()
    [True, False]
    """
    pattern = Chem.MolFromSmarts(smarts) if smarts.strip() and len(smarts) <= MAX_SMILES_LENGTH else None
    if pattern is None or not pattern.GetNumAtoms():
        msg = f"{smarts[:80]!r} is not a SMARTS of 1 to {MAX_SMILES_LENGTH} characters; [OX2H] finds hydroxyl groups"
        raise InputError(msg)
    return np.array([Chem.MolFromSmiles(text).HasSubstructMatch(pattern) for text in smiles], bool)


def similarities(smiles: Sequence[str], query: str) -> NDArray[np.float64]:
    """
    Return how alike molecules are to one.

    Parameters
    ----------
    smiles : sequence of str
        Canonical structures.
    query : str
        The molecule to compare with, as SMILES.

    Returns
    -------
    ndarray of shape (len(smiles),)
        Tanimoto similarity of Morgan fingerprints (radius 2, 2048 bits), from 0 to 1.

    Raises
    ------
    InputError
        If `query` is not a structure.

    Examples
    --------
    >>> similarities(["OCC(O)CO", "CC"], "C(O)C(O)CO").tolist()
    [1.0, 0.0]
    """
    wanted = _MORGAN.GetFingerprint(Chem.MolFromSmiles(parse(query).smiles))
    known = [_MORGAN.GetFingerprint(Chem.MolFromSmiles(text)) for text in smiles]
    return np.array(DataStructs.BulkTanimotoSimilarity(wanted, known), float)
