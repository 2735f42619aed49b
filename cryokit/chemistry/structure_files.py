"""Structures with data as files that other programs of chemistry read."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rdkit import Chem, rdBase
from rdkit.Chem import AllChem

from cryokit.chemistry.molecules import parse
from cryokit.errors import InputError

_ENDS_RECORD = "$$$$"


@dataclass(frozen=True)
class SdfRecord:
    """One structure of an SDF text: the line it begins at, its title, SMILES and data; or what is wrong with it."""

    line: int
    title: str
    smiles: str
    data: Mapping[str, str]
    problem: str = ""


def read_sdf(text: str) -> list[SdfRecord]:
    """
    Read an SDF text record by record; a record that is no structure says why and stops no other.

    Parameters
    ----------
    text : str
        Records that end in a line ``$$$$``; V2000 and V3000, flat or with coordinates in space.

    Returns
    -------
    list of SdfRecord
        In their order.

    Raises
    ------
    InputError
        If there is no record at all.

    Examples
    --------
    >>> [record.smiles for record in read_sdf(sdf_text(["CCO"], [{"name": "ethanol"}]))]
    ['CCO']
    """
    records, lines, start = [], [], 1
    for number, line in enumerate([*text.splitlines(), _ENDS_RECORD], start=1):
        if line.rstrip() != _ENDS_RECORD:
            lines.append(line)
            continue
        if any(item.strip() for item in lines):
            records.append(_record(start, lines))
        lines, start = [], number + 1
    if not records:
        msg = "the SDF file holds no record; a record is a structure, its data and a line $$$$"
        raise InputError(msg)
    return records


def _record(line: int, lines: list[str]) -> SdfRecord:
    ends = next((place for place, item in enumerate(lines) if item.startswith("M  END")), None)
    title, data = lines[0].strip(), _data(lines if ends is None else lines[ends + 1 :])
    if ends is None:
        return SdfRecord(line, title, "", data, "the record has no line 'M  END', so its structure is not whole")
    with rdBase.BlockLogs():
        block = "\n".join(lines[: ends + 1])
        molecule = Chem.MolFromMolBlock(block)
        if molecule is None or not molecule.GetNumAtoms():
            return SdfRecord(line, title, "", data, _why_unreadable(block))
        return SdfRecord(line, title, Chem.MolToSmiles(molecule), data)


def _why_unreadable(block: str) -> str:
    molecule = Chem.MolFromMolBlock(block, sanitize=False)
    if molecule is None:
        return "its table of atoms and bonds cannot be read; write the file again as V2000 or V3000"
    if not molecule.GetNumAtoms():
        return "it has no atom; draw the structure"
    found = "; ".join(item.Message() for item in Chem.DetectChemistryProblems(molecule))
    return f"its structure is not possible: {found or 'it cannot be sanitized'}; correct the drawing"


def _data(lines: list[str]) -> dict[str, str]:
    """Return the data of a record: a line ``> <NAME>``, lines of the value, an empty line."""
    data: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        if line.startswith(">") and "<" in line:
            name = line[line.index("<") + 1 :].rpartition(">")[0].strip()
            data[name] = []
        elif not line.strip():
            name = ""
        elif name:
            data[name].append(line.strip())
    return {key: " ".join(value) for key, value in data.items()}


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
