"""Substance names: the bundled component table first, then the offline ``chemicals`` package."""

from functools import cache
from statistics import median

from cryokit.chemistry import molecules
from cryokit.domain import Molecule
from cryokit.errors import InputError
from cryokit.sources import bundled

EXPERIMENTAL_METHODS = ("OPEN_NTBKM", "CRC_ORG", "CRC_INORG", "WEBBOOK", "COMMON_CHEMISTRY", "WIKIDATA")
"""Measured melting points of ``chemicals``. Its default falls back silently to an estimate (JOBACK), so it is never asked."""

_SHORTEST_NAME = 5
"""Shorter words are abbreviations, and those of ``chemicals`` mislead: its PG is 1,3-propanediol, its FBS a borane."""


def molecule_named(name_or_cas: str) -> Molecule | None:
    """Return the molecule that a common name, alias or CAS number stands for, or None."""
    text = name_or_cas.strip()
    return _bundled_names().get(_key(text)) or _from_chemicals(text)


def known_name(inchikey: str) -> str | None:
    """Return the name of a bundled component by its InChIKey, or None."""
    return _names_by_inchikey().get(inchikey)


def structure_mismatch(name: str, smiles: str) -> str | None:
    """Say in which way the structure contradicts what is known of the name or CAS number; None if it does not."""
    expected = molecule_named(name)
    given = molecules.parse(smiles)
    if expected is None or expected.connectivity == given.connectivity or is_reviewed(name, given):
        return None
    return f"{name!r} is {expected.smiles}, but the structure given is {given.smiles}; correct the name or the structure"


def is_reviewed(name: str, molecule: Molecule) -> bool:
    """Whether this name with this constitution was looked at and found to be right (tautomers, stereochemistry)."""
    return (_key(name), molecule.connectivity) in _reviewed()


def melting_point_kelvin(inchikey: str) -> tuple[float, str] | None:
    """Return the median of the measured melting points and the names of their sources, or None if there is none."""
    from chemicals import phase_change

    record = _pubchem().search_InChI_key(inchikey)
    if not record:
        return None
    known = phase_change.Tm_methods(record.CASs)
    values = {method: phase_change.Tm(record.CASs, method=method) for method in EXPERIMENTAL_METHODS if method in known}
    values = {method: value for method, value in values.items() if (inchikey, round(value, 2)) not in _masked()}
    if not values:
        return None
    return round(float(median(values.values())), 2), "median of " + ", ".join(values)


def _key(name: str) -> str:
    return molecules.normalised_name(name)


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
    return len(parts) == 3 and all(part.isdigit() for part in parts) and len(text) <= 12


@cache
def _pubchem() -> object:
    from chemicals.identifiers import get_pubchem_db  # loads for about a second, so only when a name is asked

    return get_pubchem_db()


@cache
def _bundled_names() -> dict[str, Molecule]:
    names: dict[str, Molecule] = {}
    for row in bundled.known_components().itertuples():
        for name in (row.name, *filter(None, row.aliases.split("|")), row.cas):
            if name:
                names[_key(name)] = Molecule(row.smiles, row.inchikey)
    return names


@cache
def _names_by_inchikey() -> dict[str, str]:
    table = bundled.known_components()
    return dict(zip(table["inchikey"], table["name"], strict=True))


@cache
def _reviewed() -> frozenset[tuple[str, str]]:
    table = bundled.reviewed_exceptions()
    return frozenset((_key(row.name), row.inchikey[:14]) for row in table.itertuples())


@cache
def _masked() -> frozenset[tuple[str, float]]:
    return bundled.masked_melting_points()
