"""Acceptors and rotatable bonds by RDKit's own patterns, without those parts that a molecule cannot hold."""

from functools import cache

from rdkit import Chem

from cryokit.chemistry.atoms import Needs

_STIFF_ENDS = {
    "triple": "!$(*#*)",
    "any": "!D1",
    "trifluoromethyl": "!$(C(F)(F)F)",
    "trichloromethyl": "!$(C(Cl)(Cl)Cl)",
    "tribromomethyl": "!$(C(Br)(Br)Br)",
    "tert-butyl": "!$(C([CH3])([CH3])[CH3])",
}
_STIFF_BONDS = {
    "amide": "!$([CD3](=[N,O,S])-!@[#7,O,S!D1])&!$([#7,O,S!D1]-!@[CD3]=[N,O,S])",
    "amidinium": "!$([CD3](=[N+])-!@[#7!D1])&!$([#7!D1]-!@[CD3]=[N+])",
}
"""What does not turn or turns unseen, of RDKit's pattern of rotatable bonds."""

_MAY_BE_STIFF = Needs(
    dict.fromkeys(_STIFF_ENDS | _STIFF_BONDS, "")
    | {
        "triple": "CX2|NX1|N+|N-|C+|C-|other",
        "trifluoromethyl": "F",
        "trichloromethyl": "Cl",
        "tribromomethyl": "Br",
        "tert-butyl": "2CX4H3|C+|C-",
        "amide": "CX3 OX1|CX3 O+|CX3 N|CX3 S",
        "amidinium": "CX3 N+",
    }
)
_ACCEPTOR_ENDS = {
    "hydroxyl": "$([O,S;H1;v2]-[!$(*=[O,N,P,S])])",
    "any": "O&H0&v2,S&H0&v2,O&-,S&-,n&H0&X2&+0,o&+0,s&+0",
    "nitrogen": "N&v3&!$(N-*=!@[O,N,P,S])",
}
"""The parts of RDKit's pattern of acceptors."""

_MAY_ACCEPT = Needs({"hydroxyl": "OX2H1|SX2H1|O+|S+|O-|S-", "any": "", "nitrogen": "N"})


@cache
def _rotatable(stiff: frozenset[str]) -> Chem.Mol:
    """Return RDKit's pattern of rotatable bonds without what a molecule cannot hold."""
    end = "&".join(text for name, text in _STIFF_ENDS.items() if name in stiff)
    begin = "&".join([end, *(text for name, text in _STIFF_BONDS.items() if name in stiff)])
    return Chem.MolFromSmarts(f"[{begin};!C,!H3]-,:;!@[{end};!C,!H3]")


@cache
def _acceptor(ends: frozenset[str]) -> Chem.Mol:
    return Chem.MolFromSmarts(f"[{','.join(text for name, text in _ACCEPTOR_ENDS.items() if name in ends)}]")


def acceptors_and_rotatable_bonds(molecule: Chem.Mol, words: frozenset[str] | None) -> tuple[int, int]:
    """
    Count hydrogen-bond acceptors and rotatable bonds.

    RDKit would copy its patterns for every molecule, and try them whole: that takes five times as long.

    Parameters
    ----------
    molecule : Mol
        Neutral molecule.
    words : frozenset of str, optional
        What is true of its atoms, see `atoms.words_of`; None if that is not known.

    Returns
    -------
    tuple of int
        Both numbers, as RDKit counts them.

    References
    ----------
    .. [1] RDKit: Open-source cheminformatics, https://www.rdkit.org.

    Examples
    --------
    >>> acceptors_and_rotatable_bonds(Chem.MolFromSmiles("OCC(O)CO"), None)
    (3, 2)
    """
    acceptor, rotatable = _acceptor(_MAY_ACCEPT.met_by(words)), _rotatable(_MAY_BE_STIFF.met_by(words))
    return len(molecule.GetSubstructMatches(acceptor)), len(molecule.GetSubstructMatches(rotatable))
