"""Structures: parsing, canonical form, identity, and names as people write them."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from cryokit.chemistry.atoms import QUIET, graph, plain_graph
from cryokit.domain import Molecule
from cryokit.errors import InputError

MAX_SMILES_LENGTH = 2000

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_GREEK = {
    "\u03b1": "alpha",
    "\u03b2": "beta",
    "\u03b3": "gamma",
    "\u03b4": "delta",
    "\u03b5": "epsilon",
    "\u03c9": "omega",
    "\u00df": "beta",  # the German sharp s is often typed for beta
}
# Lower case only, and no methyl or ethyl: N-methylacetamide names a nitrogen, n-butanol a chain.
_UNBRANCHED = re.compile(r"^n-(?=(?i:prop|but|pent|hex|hept|oct|non|dec|undec|dodec)(?:an|en|yl))")


def parse(smiles: str) -> Molecule:
    """
    Parse a SMILES text into its canonical structure.

    Parameters
    ----------
    smiles : str
        Structure as SMILES, at most 2000 characters, with at least one heavy atom. Stereochemistry and charges are
        kept as written; explicit hydrogens are folded in.

    Returns
    -------
    Molecule
        Canonical isomeric SMILES and standard InChIKey.

    Raises
    ------
    InputError
        If the text is empty, too long, not a SMILES, or has no structure of its own (hydrogen, a repeat unit).

    Examples
    --------
    >>> parse("C(O)C(O)CO")
    Molecule(smiles='OCC(O)CO', inchikey='PEDCQBHIVMGVHV-UHFFFAOYSA-N')
    """
    return _parsed(_checked_text(smiles))


def canonical(smiles: str) -> str:
    """
    Return the canonical SMILES of a structure, without the InChIKey, which takes three times as long.

    Parameters
    ----------
    smiles : str
        Structure as SMILES, as for `parse`.

    Returns
    -------
    str
        The same text as ``parse(smiles).smiles``; nothing is remembered.

    Raises
    ------
    InputError
        If `parse` would refuse the structure, unless only because no InChIKey can be computed.

    Examples
    --------
    >>> canonical("C(O)C(O)CO")
    'OCC(O)CO'
    """
    return _read(_checked_text(smiles), plain_graph)[1]


def formula(smiles: str) -> str:
    """
    Return the molecular formula of a structure.

    Examples
    --------
    >>> formula("OCC(O)CO")
    'C3H8O3'
    """
    return rdMolDescriptors.CalcMolFormula(_read(_checked_text(smiles))[0])


def _checked_text(smiles: str) -> str:
    if not isinstance(smiles, str) or not smiles.strip():
        msg = f"a structure must be a SMILES text, but {smiles!r} came; for example OCC(O)CO for glycerol"
        raise InputError(msg)
    if len(smiles) > MAX_SMILES_LENGTH:
        msg = f"the SMILES has {len(smiles)} characters; at most {MAX_SMILES_LENGTH} are allowed; give one molecule"
        raise InputError(msg)
    return smiles.strip()


def matches(smiles: str, inchikey: str) -> bool:
    """
    Whether the structure has exactly this InChIKey.

    Parameters
    ----------
    smiles : str
        Structure as SMILES.
    inchikey : str
        Standard InChIKey, with or without the ``InChIKey=`` prefix.

    Returns
    -------
    bool
        True if RDKit computes the same InChIKey from `smiles`.

    Raises
    ------
    InputError
        If `smiles` cannot be parsed.

    Examples
    --------
    >>> matches("OCC(O)CO", "PEDCQBHIVMGVHV-UHFFFAOYSA-N")
    True
    """
    return parse(smiles).inchikey == inchikey.strip().removeprefix("InChIKey=")


def normalised_name(name: str) -> str:
    """
    Reduce a substance name to a form in which spelling variants agree.

    Lower case, Greek letters spelled out, typographic quotes and dashes made plain, spaces and punctuation dropped
    except between digits, and ``n-`` before an unbranched chain dropped (an unbranched chain is the default).

    Parameters
    ----------
    name : str
        Name as written by a person.

    Returns
    -------
    str
        Normalised name, empty if nothing but punctuation came.

    Examples
    --------
    >>> normalised_name("1,2-Propanediol") == normalised_name("1,2-propane diol")
    True
    >>> normalised_name("n-Butanol"), normalised_name("α-D-Glucose")
    ('butanol', 'alphadglucose')
    """
    text = unicodedata.normalize("NFKC", name)
    for letter, spelled in _GREEK.items():
        text = text.replace(letter, spelled).replace(letter.upper(), spelled)
    text = _UNBRANCHED.sub("", re.sub(f"[{_DASHES}]", "-", text).strip())
    text = re.sub(r"(?<=\d)\W+(?=\d)", "_", text.lower())
    return re.sub(r"[^a-z0-9_+]", "", text)


def open_stereocentres(molecule: Molecule) -> int:
    """
    Count the tetrahedral stereocentres whose configuration is not drawn.

    Parameters
    ----------
    molecule : Molecule
        Parsed structure.

    Returns
    -------
    int
        With 2 or more, the structure stands for several diastereomers, which are different substances.

    Examples
    --------
    >>> open_stereocentres(parse("OCC(O)C(O)C(O)C(O)CO"))
    4
    """
    found = Chem.FindPotentialStereo(Chem.MolFromSmiles(molecule.smiles))
    unknown = Chem.StereoSpecified.Unspecified
    return sum(item.type == Chem.StereoType.Atom_Tetrahedral and item.specified == unknown for item in found)


@lru_cache(maxsize=4096)
def _parsed(smiles: str) -> Molecule:
    with QUIET:
        mol, text = _read(smiles)
        inchikey = Chem.MolToInchiKey(mol)
    if not inchikey:
        msg = f"no InChIKey can be computed for {_short(smiles)}; check valences and charges"
        raise InputError(msg)
    return Molecule(text, inchikey)


def _read(smiles: str, read: Callable[[str], Chem.Mol | None] = graph) -> tuple[Chem.Mol, str]:
    mol = read(smiles)
    if mol is None:
        msg = f"{_short(smiles)} cannot be read as a SMILES; check brackets, ring numbers and element symbols"
        raise InputError(msg)
    text = Chem.MolToSmiles(mol)
    if "*" in text:
        msg = f"{_short(smiles)} holds a placeholder atom (*); only whole molecules are allowed, not repeat units"
        raise InputError(msg)
    if not mol.GetNumHeavyAtoms():
        msg = f"{_short(smiles)} holds no atom heavier than hydrogen; give the structure of a substance"
        raise InputError(msg)
    return mol, text


def _short(smiles: str) -> str:
    return repr(smiles if len(smiles) <= 80 else smiles[:77] + "...")
