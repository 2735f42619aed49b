"""Recipes: which solutes and materials a formulation holds, and how much of each."""

import math
import re
from collections.abc import Callable, Iterable

from cryokit.chemistry import molecules
from cryokit.domain import Component, Molecule
from cryokit.errors import InputError

UNITS = ("mol/kg", "mol/L", "% w/w", "% w/v", "% v/v")
"""Bases of an amount. They are never converted into one another: that would need densities."""

MAX_TEXT_LENGTH = 4000
MAX_COMPONENTS = 40

# A pure liquid of small molecules holds at most about 55 mol/L (water); a percentage of mass or volume ends at 100.
_CEILING = {"mol/kg": 1000.0, "mol/L": 60.0, "% w/w": 100.0, "% w/v": 250.0, "% v/v": 100.0}

_SPELLINGS = {
    "mol/kg": ("mol/kg", 1.0),
    "molal": ("mol/kg", 1.0),
    "mol/l": ("mol/L", 1.0),
    "mmol/l": ("mol/L", 1e-3),
    "umol/l": ("mol/L", 1e-6),
    "%w/w": ("% w/w", 1.0),
    "wt%": ("% w/w", 1.0),
    "%w/v": ("% w/v", 1.0),
    "mg/ml": ("% w/v", 0.1),
    "g/l": ("% w/v", 0.1),
    "%v/v": ("% v/v", 1.0),
}
# M and m mean different things (mol/L and mol/kg, or milli), so these are read by their exact letters.
_EXACT_SPELLINGS = {"M": ("mol/L", 1.0), "mM": ("mol/L", 1e-3), "uM": ("mol/L", 1e-6)}

_AMOUNT = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)", re.DOTALL)

_MATERIALS = {
    "fetal bovine serum": ("FBS", "FCS", "fetal calf serum", "foetal bovine serum", "foetal calf serum"),
    "human serum": ("human AB serum", "autologous serum"),
    "serum": ("animal serum",),
    "horse serum": (),
    "serum replacement": ("KOSR", "knockout serum replacement"),
    "platelet lysate": ("human platelet lysate", "HPL"),
    "plasma": ("human plasma",),
    "human serum albumin": ("HSA",),
    "bovine serum albumin": ("BSA",),
    "albumin": (),
    "egg yolk": (),
    "skim milk": ("skimmed milk",),
    "gelatin": (),
    "sericin": (),
    "antifreeze protein": ("AFP", "AFP I", "AFP III"),
    "hydroxyethyl starch": ("HES", "hetastarch", "pentastarch"),
    "polyvinylpyrrolidone": ("PVP", "povidone"),
    "polyvinyl alcohol": ("PVA", "poly(vinyl alcohol)"),
    "polyethylene glycol": ("PEG", "poly(ethylene glycol)", "macrogol"),
    "polyampholyte": ("COOH-PLL", "carboxylated poly-L-lysine", "CPLL"),
    "dextran": (),
    "Ficoll": (),
    "alginate": ("sodium alginate",),
    "hyaluronic acid": ("hyaluronan", "HA"),
    "pullulan": (),
    "inulin": (),
    "chondroitin sulfate": ("chondroitin sulphate",),
    "methylcellulose": ("methyl cellulose", "MC"),
    "carboxymethyl cellulose": ("carboxymethylcellulose", "CMC"),
    "poloxamer 188": ("P188", "Pluronic F68", "Pluronic F-68", "Kolliphor P188"),
    "culture medium": ("medium", "media", "DMEM", "alpha-MEM", "MEM", "RPMI", "RPMI 1640", "DMEM/F12", "IMDM"),
    "phosphate buffered saline": ("PBS", "phosphate-buffered saline", "DPBS"),
    "CryoStor CS10": ("CS10", "CryoStor"),
    "pentaisomaltose": (),
    "ROCK inhibitor": ("Y-27632",),
    "storage protein 2": (),
}
_BY_ALIAS = {
    molecules.normalised_name(alias): canonical
    for canonical, aliases in _MATERIALS.items()
    for alias in (canonical, *aliases)
}
# A polymer is often named with its molar mass or grade: PEG 400, dextran 40, PVP K30, HES 450/0.7.
_GRADED = re.compile(r"(.*?[A-Za-z)])[\s-]*(K?\d[\d./]*\s*(?:[kK]|kDa|Da)?)")

Lookup = Callable[[str], Molecule | None]


def parse_recipe(text: str, lookup: Lookup) -> tuple[Component, ...]:
    """
    Read a formulation such as ``glycerol=6 mol/kg; formamide=6 mol/kg``.

    Parameters
    ----------
    text : str
        Parts ``name=amount unit`` joined by semicolons. A name is a common name, an alias, a CAS number or a SMILES.
        Empty text or ``none`` is the carrier alone.
    lookup : callable
        From a name or CAS number to a `Molecule`, or None if the name is unknown to it.

    Returns
    -------
    tuple of Component
        Components in the order given, amounts in one of `UNITS`. A component given with amount 0 (a level of a
        factorial design) is left out. Materials without one structure, such as serum, have no molecule.

    Raises
    ------
    InputError
        If a part does not follow the grammar, a name is unknown, an amount is not a finite number of at least 0 or
        is beyond what is physically possible, or a component comes twice.

    Examples
    --------
    >>> parse_recipe("CS(C)=O=500 mM", lambda name: None)[0].amount
    0.5
    """
    if not isinstance(text, str):
        msg = f"a recipe must be text such as 'glycerol=6 mol/kg', but {text!r} came"
        raise InputError(msg)
    if len(text) > MAX_TEXT_LENGTH:
        msg = f"the recipe has {len(text)} characters; at most {MAX_TEXT_LENGTH} are allowed"
        raise InputError(msg)
    if text.strip().lower() in {"", "none"}:
        return ()
    parts = [part.strip() for part in text.split(";")]
    components = tuple(_component(part, lookup) for part in parts if part)
    _refuse_impossible(components)
    return tuple(component for component in components if component.amount > 0)


def format_recipe(components: Iterable[Component]) -> str:
    """
    Write a recipe in its canonical form: sorted by name, one unit each.

    Parameters
    ----------
    components : iterable of Component
        Components with amounts in one of `UNITS`.

    Returns
    -------
    str
        Text that `parse_recipe` reads back; ``none`` for the carrier alone.

    Examples
    --------
    >>> format_recipe([Component("urea", 2.0, "mol/L"), Component("glycerol", 0.5, "mol/L")])
    'glycerol=0.5 mol/L; urea=2 mol/L'
    """
    ordered = sorted(components, key=lambda component: (component.name.lower(), component.name, component.unit))
    return "; ".join(f"{item.name}={_plain(item.amount)} {item.unit}" for item in ordered) or "none"


def amounts(components: Iterable[Component]) -> dict[str, float]:
    """
    Total amount of a recipe in each basis.

    Parameters
    ----------
    components : iterable of Component
        Components with amounts in one of `UNITS`.

    Returns
    -------
    dict of str to float
        Sum per unit, for the units that occur; bases are kept apart.

    Examples
    --------
    >>> amounts([Component("urea", 2.0, "mol/L"), Component("glycerol", 0.5, "mol/L")])
    {'mol/L': 2.5}
    """
    totals: dict[str, float] = {}
    for component in components:
        totals[component.unit] = totals.get(component.unit, 0.0) + component.amount
    return totals


def material_named(name: str) -> str | None:
    """
    Canonical name of a material that has no single structure.

    Parameters
    ----------
    name : str
        Name or abbreviation, for example ``FBS`` or ``PEG 400``.

    Returns
    -------
    str or None
        Canonical name with its grade if one was given; None if this is not such a material.

    Examples
    --------
    >>> material_named("FCS"), material_named("PEG400")
    ('fetal bovine serum', 'polyethylene glycol 400')
    """
    if known := _BY_ALIAS.get(molecules.normalised_name(name)):
        return known
    graded = _GRADED.fullmatch(name.strip())
    known = _BY_ALIAS.get(molecules.normalised_name(graded[1])) if graded else None
    return f"{known} {' '.join(graded[2].split())}" if known else None


def parse_amount(text: str) -> tuple[float, str]:
    """
    Read an amount with its unit, such as ``6 mol/kg`` or ``10 % v/v``.

    Parameters
    ----------
    text : str
        Number and unit. Accepted units: mol/kg, molal, mol/L, M, mmol/L, mM, uM, % w/w, % w/v, % v/v, mg/mL, g/L.

    Returns
    -------
    tuple of float and str
        Amount in one of `UNITS`, and that unit.

    Raises
    ------
    InputError
        If the number or the unit cannot be read, the number is negative, not finite, or beyond what is possible.

    Examples
    --------
    >>> parse_amount("50 mg/mL")
    (5.0, '% w/v')
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        msg = f"{text!r} is not an amount; write a number and a unit, for example 6 mol/kg"
        raise InputError(msg)
    number, unit = float(match[1]), match[2].strip()
    basis, factor = _basis(unit, text)
    # Division keeps 300 mM at 0.3 exactly, where multiplication by 0.001 leaves a rounding tail.
    amount = number / round(1 / factor)
    if not math.isfinite(amount) or amount < 0 or amount > _CEILING[basis]:
        msg = f"the amount {text.strip()!r} is not possible; in {basis} it must lie between 0 and {_CEILING[basis]:g}"
        raise InputError(msg)
    return amount, basis


def _basis(unit: str, text: str) -> tuple[str, float]:
    spelled = re.sub(r"\s+", "", unit).replace("\u00b5", "u").replace("\u03bc", "u")
    found = _EXACT_SPELLINGS.get(spelled) or _SPELLINGS.get(spelled.lower())
    if found is None:
        reason = "say % w/w, % w/v or % v/v: they differ" if spelled == "%" else f"{unit!r} is not an accepted unit"
        allowed = "mol/kg, mol/L (M), mmol/L (mM), uM, % w/w, % w/v, % v/v, mg/mL"
        msg = f"the unit of {text.strip()!r} is missing or unclear: {reason}; accepted are {allowed}"
        raise InputError(msg)
    return found


def _component(part: str, lookup: Lookup) -> Component:
    name, equals, amount_text = (piece.strip() for piece in part.rpartition("="))
    if not equals or not name:
        msg = f"{part!r} does not read as name=amount unit; for example glycerol=6 mol/kg; parts are joined by ';'"
        raise InputError(msg)
    amount, unit = parse_amount(amount_text)
    if material := material_named(name):
        return Component(material, amount, unit)
    return Component(name, amount, unit, lookup(name) or _from_smiles(name))


def _from_smiles(name: str) -> Molecule:
    try:
        return molecules.parse(name)
    except InputError as error:
        msg = f"the component {name!r} is not known; use another common name, its CAS number, or its SMILES"
        raise InputError(msg) from error


def _refuse_impossible(components: tuple[Component, ...]) -> None:
    if len(components) > MAX_COMPONENTS:
        msg = f"the recipe has {len(components)} components; at most {MAX_COMPONENTS} are allowed"
        raise InputError(msg)
    seen: dict[str, str] = {}
    for component in components:
        key = component.molecule.inchikey if component.molecule else component.name
        if key in seen:
            msg = f"{component.name!r} is the same substance as {seen[key]!r}; give each component once"
            raise InputError(msg)
        seen[key] = component.name
    for unit in ("% w/w", "% v/v"):
        total = amounts(components).get(unit, 0.0)
        if total > 100.0 + 1e-9:
            msg = f"the components in {unit} add up to {total:g}; at most 100 is possible"
            raise InputError(msg)


def _plain(amount: float) -> str:
    """Shortest decimal text that reads back as the same number."""
    return repr(int(amount)) if amount.is_integer() else repr(float(amount))
