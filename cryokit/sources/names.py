"""Substance names: the bundled component table first, then the offline ``chemicals`` package."""

from collections.abc import Iterator, Set
from functools import cache

from rdkit import Chem

from cryokit.chemistry import molecules
from cryokit.domain import Molecule
from cryokit.errors import InputError
from cryokit.sources import bundled, curation

_SHORTEST_NAME = 5
"""Shorter words are abbreviations, and those of ``chemicals`` mislead: its PG is 1,3-propanediol, its FBS a borane."""


def molecule_named(name_or_cas: str) -> Molecule | None:
    """Return the molecule that a common name, alias or CAS number stands for, or None."""
    text = name_or_cas.strip()
    return bundled.component_named(text) or _from_chemicals(text)


def structure_mismatch(name: str, smiles: str) -> str | None:
    """Say in which way a structure contradicts what is known of the name or CAS number; None if it does not."""
    given = molecules.parse(smiles)
    if correction := curation.structure_correction(name):
        return _corrected_mismatch(name, given, *correction)
    expected = molecule_named(name)
    if expected is None or is_reviewed(name, given, expected):
        return None
    if expected.connectivity != given.connectivity:
        return f"{name!r} is {expected.smiles}, but the structure given is {given.smiles}; correct one of them"
    if _names_stereo(name) and _contradicts_stereo(given, expected):
        return f"{name!r} is {expected.smiles}, but {given.smiles} is another stereoisomer; correct one of them"
    return None


def is_reviewed(name: str, given: Molecule, expected: Molecule) -> bool:
    """Whether this disagreement of name and structure was looked at and found to be right."""
    key, pair = molecules.normalised_name(name), frozenset((given.connectivity, expected.connectivity))
    if pair in _tautomers():
        return True
    return (key, given.inchikey) in _reviewed()


def cas_number(inchikey: str) -> str | None:
    """Return the CAS number of a structure, None if there is none or if it stands for several substances."""
    bundled_cas = _cas_of_components().get(inchikey)
    if bundled_cas:
        return bundled_cas
    record = _pubchem().search_InChI_key(inchikey)
    molecule = _molecule(record)
    # Drawn without stereochemistry one key stands for several sugars: whose number it is cannot be told.
    if molecule is None or molecules.open_stereocentres(molecule) > 1:
        return None
    return record.CASs


def substances_of(cas_numbers: Set[str]) -> Iterator[tuple[str, str]]:
    """Yield formula and SMILES of the substances to which `cas_number` may give one of these numbers."""
    for row in bundled.known_components().itertuples():
        yield molecules.formula(row.smiles), row.smiles
    database = _pubchem()
    database.autoload_main_db()
    for record in database.InChI_key_index.values():
        if record.CASs in cas_numbers:
            yield record.formula, record.smiles


def _corrected_mismatch(
    name: str, given: Molecule, rule: curation.Rule, wrong: Molecule, right: Molecule
) -> str | None:
    if given.connectivity == right.connectivity:
        return None
    reason = f"; a known error: {rule.evidence}" if given.connectivity == wrong.connectivity else ""
    return f"{name!r} is {right.smiles}, but the structure given is {given.smiles}{reason}"


def _from_chemicals(text: str) -> Molecule | None:
    if _is_cas(text):
        return _molecule(_pubchem().search_CAS(text))
    # Only its list of names is asked: its general search reads "N-methyl..." as a formula and answers nitride.
    return _molecule(_pubchem().search_name(text.lower())) if len(text) >= _SHORTEST_NAME else None


def _molecule(record: object) -> Molecule | None:
    if not record:
        return None
    try:
        return molecules.parse(record.smiles)
    except InputError:
        return None


def _is_cas(text: str) -> bool:
    parts = text.split("-")
    return len(parts) == 3 and len(text) <= 12 and all(part.isascii() and part.isdigit() for part in parts)


def _names_stereo(name: str) -> bool:
    """Whether this is the full name of a bundled component; an alias such as alanine leaves the stereoisomer open."""
    return molecules.normalised_name(name) in _full_names()


def _contradicts_stereo(given: Molecule, expected: Molecule) -> bool:
    first, second = Chem.MolFromSmiles(given.smiles), Chem.MolFromSmiles(expected.smiles)
    # A structure with fewer stereocentres drawn than the other one is less exact, not wrong.
    return not (
        first.HasSubstructMatch(second, useChirality=True) or second.HasSubstructMatch(first, useChirality=True)
    )


@cache
def _pubchem() -> object:
    from chemicals.identifiers import get_pubchem_db  # loads for about a second, so only when a name is asked

    return get_pubchem_db()


@cache
def _full_names() -> frozenset[str]:
    return frozenset(molecules.normalised_name(name) for name in bundled.known_components()["name"])


@cache
def _tautomers() -> frozenset[frozenset[str]]:
    table = bundled.reviewed_exceptions().query("kind == 'tautomer'")
    return frozenset(frozenset((row.inchikey[:14], row.other_inchikey[:14])) for row in table.itertuples())


@cache
def _reviewed() -> frozenset[tuple[str, str]]:
    table = bundled.reviewed_exceptions().query("kind != 'tautomer'")
    return frozenset((molecules.normalised_name(row.name), row.inchikey) for row in table.itertuples())


@cache
def _cas_of_components() -> dict[str, str]:
    table = bundled.known_components()
    return dict(zip(table["inchikey"], table["cas"], strict=True))
