"""Melting points: the bundled table first, then measured values of the offline ``chemicals`` package."""

import math
from collections.abc import Iterator
from functools import cache
from statistics import median

from cryokit.chemistry import molecules
from cryokit.sources import bundled, curation, names

EXPERIMENTAL_METHODS = ("OPEN_NTBKM", "CRC_ORG", "CRC_INORG", "WEBBOOK", "COMMON_CHEMISTRY", "WIKIDATA")
"""Measured points of ``chemicals``; left to itself it falls back silently to an estimate (JOBACK)."""

_AGREEMENT_KELVIN = 20.0
_LONE_RATIO = 0.8
"""Few substances melt above this fraction of their boiling point, so one source alone is not believed there: what is
listed as the melting point of a liquid alcohol is often that of its crystalline derivative."""


def melting_point_kelvin(inchikey: str, name: str = "") -> tuple[float, str] | None:
    """
    Return a melting point and where it is from, None if none is known.

    For a substance of the bundled table it is the point that models learn from, also where that is none.

    Parameters
    ----------
    inchikey : str
        The structure.
    name : str
        Tells stereoisomers apart that were drawn without their stereochemistry.

    Returns
    -------
    tuple of float and str, or None
        Melting point in K and its source.
    """
    key = inchikey.removeprefix("InChIKey=")
    if key in _bundled():
        return _from_table(_bundled()[key], molecules.normalised_name(name))
    return _from_chemicals(key)


def substances_with_melting_point() -> Iterator[tuple[str, str]]:
    """Yield formula and SMILES of every substance of which `melting_point_kelvin` may know a point."""
    from chemicals import phase_change

    for row in bundled.bundled_rows("tg").itertuples():
        yield molecules.formula(row.smiles), row.smiles
    phase_change.Tm("64-17-5")  # the tables are read on first use
    measured = {cas for method in EXPERIMENTAL_METHODS for cas in phase_change.Tm_sources[method].index}
    yield from names.substances_of(measured)


def _from_table(points: dict[str, float], name: str) -> tuple[float, str] | None:
    found = {points[name]} if name in points else set(points.values())
    if len(found) != 1 or math.isnan(point := found.pop()):
        return None
    return point, "the bundled table of glass transitions"


def _from_chemicals(inchikey: str) -> tuple[float, str] | None:
    from chemicals import phase_change

    cas = names.cas_number(inchikey)
    if cas is None:
        return None
    known = phase_change.Tm_methods(cas)
    values = {method: phase_change.Tm(cas, method=method) for method in EXPERIMENTAL_METHODS if method in known}
    values = {method: value for method, value in values.items() if (cas, round(value, 2)) not in _refuted()}
    if not values or not _is_plausible(list(values.values()), _boiling_point_kelvin(cas)):
        return None
    return round(float(median(values.values())), 2), "median of " + ", ".join(values)


def _is_plausible(points: list[float], boiling_point_kelvin: float) -> bool:
    """Whether most sources agree, and the substance melts below the temperature at which it boils."""
    middle = median(points)
    agreeing = sum(abs(point - middle) <= _AGREEMENT_KELVIN for point in points)
    highest = boiling_point_kelvin * (_LONE_RATIO if len(points) == 1 else 1.0)
    return 2 * agreeing > len(points) and not middle >= highest


def _boiling_point_kelvin(cas: str) -> float:
    """Return the median of the measured boiling points, NaN if there is none."""
    from chemicals import phase_change

    known = phase_change.Tb_methods(cas)
    values = [phase_change.Tb(cas, method=method) for method in EXPERIMENTAL_METHODS if method in known]
    return float(median(values)) if values else math.nan


@cache
def _bundled() -> dict[str, dict[str, float]]:
    """Points of the curated rows, by InChIKey and name."""
    table = bundled.bundled_rows("tg")
    found: dict[str, dict[str, float]] = {}
    for row in table[table["is_curated"]].itertuples():
        found.setdefault(row.inchikey, {})[molecules.normalised_name(row.name)] = float(row.tm_kelvin)
    return found


@cache
def _refuted() -> frozenset[tuple[str, float]]:
    """Points that the curation found wrong, so that they do not come back through ``chemicals``."""
    found = set()
    for rule in curation.rules():
        if rule.action in {"mask_tm", "replace_tm"}:
            renamed = curation.rules_for(rule.species, "rename")
            molecule = names.molecule_named(renamed[0].new if renamed else rule.species)
            cas = names.cas_number(molecule.inchikey) if molecule else None
            found.add((cas or rule.species, float(rule.old)))
    return frozenset(found)
