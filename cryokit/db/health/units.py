"""What the units that people write measure: enough to tell whether two of them can be converted into each other."""

import re

_NAMES = {
    "temperature": "K kelvin °C C degC deg_C celsius oC °F F degF fahrenheit",
    "one": "1 fraction ratio unitless dimensionless - none % percent pct %MGS ppm ppb pH pH_unit log10 AU a.u. count",
    "amount per volume": "M mM µM uM nM pM molar millimolar mol/L mmol/L µmol/L umol/L nmol/L mol/dm3 mol/m3",
    "amount per mass": "molal mol/kg mmol/kg mmolal",
    "mass per volume": "g/L mg/L mg/mL g/mL µg/mL ug/mL ng/mL ng/µL ng/uL g/cm3 kg/m3 g/dL mg/dL g/cc % w/v %w/v",
    "mass share": "%w/w % w/w wt% wt.% w/w g/g mg/g",
    "volume share": "%v/v % v/v v/v vol%",
    "osmoles per mass": "Osm/kg mOsm/kg mOsmol/kg Osmol/kg mOsm mOsmol",
    "osmoles per volume": "Osm/L mOsm/L mOsmol/L",
    "amount": "mol mmol µmol umol nmol pmol",
    "mass": "kg g mg µg ug ng pg gram grams kilogram t lb oz",
    "molar mass": "g/mol kg/mol Da kDa dalton amu u",
    "volume": "L l mL ml µL uL ul nL dL m3 cm3 mm3 litre liter cc gal",
    "length": "m km cm mm µm um nm pm Å angstrom inch in ft metre meter",
    "area": "m2 cm2 mm2 µm2 um2 m^2 cm^2",
    "time": "s sec second seconds min minute minutes h hr hour hours d day days week weeks ms µs us ns year years",
    "rate of temperature": "K/min °C/min C/min K/s °C/s C/s degC/min degC/s K/h",
    "pressure": "Pa kPa MPa hPa bar mbar atm psi mmHg torr Torr",
    "energy per amount": "J/mol kJ/mol kcal/mol cal/mol eV",
    "energy": "J kJ cal kcal",
    "power": "W mW kW",
    "heat per mass": "J/g kJ/kg cal/g",
    "heat capacity": "J/g/K J/(g·K) kJ/kg/K J/gK",
    "viscosity": "Pa·s Pas Pa.s mPa·s mPas mPa.s cP P cSt",
    "cells per volume": "cells/mL cells/ml 1/mL cells/µL cells/uL cells/L",
    "electric potential": "V mV kV",
    "permeability": "cm/s cm/min µm/s um/s m/s µm/min um/min",
    "data": "B byte bytes kB KB MB GB TB KiB MiB GiB TiB",
    "money": "USD EUR GBP JPY CHF CNY INR CAD AUD $ € £",
    "frequency": "Hz kHz MHz rpm 1/s 1/min",
}
ANY_BASIS = {"amount per volume", "amount per mass", "mass per volume", "mass share", "volume share", "one", "mass"}
ANY_BASIS |= {"amount", "volume"}
"""Ways to say how much of a substance there is; density and molar mass convert one into the other."""
_WORDS = {
    "°c": ["celsius"],
    "c": ["celsius"],
    "oc": ["celsius"],
    "degc": ["celsius"],
    "celsius": ["celsius"],
    "k": ["kelvin"],
    "kelvin": ["kelvin"],
    "°f": ["fahrenheit"],
    "f": ["fahrenheit"],
    "degf": ["fahrenheit"],
    "fahrenheit": ["fahrenheit"],
    "%": ["percent"],
    "percent": ["percent"],
    "pct": ["percent"],
    "fraction": ["fraction"],
}


def _plain(unit: str) -> str:
    unit = unit.replace("\u03bc", "µ").replace("\u00b2", "2").replace("\u00b3", "3").replace("\u207b\u00b9", "^-1")
    unit = re.sub(r"\s+", " ", unit.strip())
    unit = re.sub(r"[ ·*]?(\w+)\^?-1$", r"/\1", unit)
    return re.sub(r"\s*/\s*", "/", unit).replace(" per ", "/")


_EXACT = {unit: kind for kind, names in _NAMES.items() for unit in names.split()}
_EXACT |= {f"% {basis}": _EXACT[basis] for basis in ("w/w", "v/v")} | {
    "% w/v": "mass per volume",
    "w/v": "mass per volume",
}
_LOOSE = {
    unit.lower(): kind for unit, kind in reversed(_EXACT.items()) if unit not in {"M", "C", "F", "P", "V", "W", "J"}
}


def dimension(unit: str) -> str:
    """
    Return what a unit measures; a unit that is not known measures itself.

    Examples
    --------
    >>> dimension("K") == dimension("°C"), dimension("mM") == dimension("mm"), dimension("blobs")
    (True, False, 'blobs')
    """
    plain = _plain(unit)
    return _EXACT.get(plain) or _LOOSE.get(plain.lower()) or plain.lower()


def words_of_unit(unit: str) -> list[str]:
    """Return the words by which a column name would give the unit, where they bound a value."""
    return _WORDS.get(_plain(unit).lower(), [])
