"""Structures with data as files that other programs of chemistry read."""

import io
from collections.abc import Mapping, Sequence

from rdkit import Chem
from rdkit.Chem import AllChem

from cryokit.chemistry.molecules import parse


def sdf_text(smiles: Sequence[str], data: Sequence[Mapping[str, object]]) -> str:
    """
    Return molecules as an SDF text, drawn flat.

    Parameters
    ----------
    smiles : sequence of str
        Structures.
    data : sequence of mapping
        For each structure what stands beside it, by name; None is left out. ``name`` becomes the title.

    Returns
    -------
    str
        One record for each structure, in their order.

    Raises
    ------
    InputError
        If a structure cannot be read.

    Examples
    --------
    >>> sdf_text(["CCO"], [{"name": "ethanol", "value": 97.0}]).splitlines()[0]
    'ethanol'
    """
    stream = io.StringIO()
    with Chem.SDWriter(stream) as writer:
        for text, values in zip(smiles, data, strict=True):
            molecule = Chem.MolFromSmiles(parse(text).smiles)
            AllChem.Compute2DCoords(molecule)
            for name, value in values.items():
                if value is not None:
                    molecule.SetProp("_Name" if name == "name" else name, _one_line(value))
            writer.write(molecule)
    return stream.getvalue()


def _one_line(value: object) -> str:
    """Return a value as one line: a blank line or $$$$ of its own would end a field or a record."""
    return " ".join(str(value).split())
