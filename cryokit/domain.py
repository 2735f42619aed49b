"""The nouns of cryokit: frozen dataclasses with units."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cryokit.errors import InputError, NotFoundError

CONFIDENCE = 0.9
"""Nominal level of every prediction interval."""

INSUFFICIENT_SKILL = "insufficient skill"
"""Label of a model that does not beat its trivial baselines on the fair split."""

ENDPOINTS = ("viability", "recovery", "function", "exposure_survival")
"""The four quantities of the viability target; they are never merged."""

ROLES = ("viewer", "researcher", "admin")
"""Roles of accounts, each able to do what the one before it can."""

MAX_ID = 2**63 - 1
"""Largest number of a row."""

MAX_SEED = 2**32 - 1
"""Largest seed that random generators take."""


def checked_seed(seed: int) -> int:
    """Return a seed of folds and estimators, or say what is allowed."""
    if not 0 <= seed <= MAX_SEED:
        msg = f"the seed is {seed}; it must be a whole number from 0 to {MAX_SEED}"
        raise InputError(msg)
    return seed


@dataclass(frozen=True)
class Condition:
    """One condition of a measurement that a prediction needs too."""

    name: str
    kind: type
    description: str
    choices: tuple[str, ...] = ()
    needed_for_endpoint: str | None = None
    """The only endpoint that needs this condition, as a freezing run has a protocol instead of one temperature; None if
    every row needs it."""


@dataclass(frozen=True)
class Target:
    """What can be predicted: its quantity, unit, plausible range and conditions."""

    name: str
    title: str
    quantity: str
    unit: str
    plausible_lower: float
    plausible_upper: float
    subject: str
    """``smiles`` (a molecule) or ``recipe`` (a formulation): the column that says what was measured."""
    conditions: tuple[Condition, ...] = ()
    series: tuple[str, ...] = ()
    """Conditions whose values are never merged: each combination has a model of its own."""

    def is_plausible(self, value: float) -> bool:
        """Whether `value`, in the target's unit, lies inside the plausible range."""
        return self.plausible_lower <= value <= self.plausible_upper

    def missing_conditions(self, values: Mapping[str, object]) -> list[Condition]:
        """Return the conditions that a row needs but that `values` leave out or empty."""
        needed = (item for item in self.conditions if item.needed_for_endpoint in (None, values.get("endpoint")))
        return [item for item in needed if values.get(item.name) is None or not str(values[item.name]).strip()]


THRESHOLDS = {"iri": (50.0,)}
"""Values, in the unit of the target, at or below which molecules are looked for."""


def probability_column(threshold: float) -> str:
    """Return the name of the column that tells how likely a value is at or below a threshold."""
    return f"probability_at_most_{threshold:g}"


TARGETS = {
    target.name: target
    for target in (
        Target(
            name="tg",
            title="Glass transition temperature",
            quantity="glass transition temperature of the pure, dry substance",
            unit="K",
            plausible_lower=30.0,
            plausible_upper=700.0,
            subject="smiles",
        ),
        Target(
            name="iri",
            title="Ice recrystallization inhibition",
            quantity="mean grain size relative to the control (%MGS); lower is more active",
            unit="% of control",
            plausible_lower=0.0,
            plausible_upper=200.0,
            subject="smiles",
            conditions=(
                Condition("assay", str, "how ice grains were grown, for example splat"),
                Condition("concentration_millimolar", float, "concentration of the solute, mmol/L"),
                Condition("buffer", str, "what the solute was dissolved in, for example PBS or 10 mM NaCl"),
            ),
            series=("assay", "buffer"),
        ),
        Target(
            name="viability",
            title="Cell viability",
            quantity="cell response to a formulation as a fraction of the control",
            unit="fraction of control",
            plausible_lower=0.0,
            plausible_upper=2.0,
            subject="recipe",
            conditions=(
                Condition("cell", str, "cell type or line, for example BPAEC"),
                Condition("assay", str, "how cells were counted, for example calcein"),
                Condition(
                    "temperature_kelvin",
                    float,
                    "temperature of the exposure, K",
                    needed_for_endpoint="exposure_survival",
                ),
                Condition("minutes", float, "duration of the exposure, min", needed_for_endpoint="exposure_survival"),
                Condition("endpoint", str, "which of the four quantities", ENDPOINTS),
            ),
            series=("endpoint",),
        ),
    )
}


def target_named(name: str) -> Target:
    """Return the target called `name`, or say which ones there are."""
    if name not in TARGETS:
        msg = f"there is no target {name!r}; the targets are {', '.join(TARGETS)}"
        raise NotFoundError(msg)
    return TARGETS[name]


_INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")


@dataclass(frozen=True)
class Molecule:
    """A structure and its identity."""

    smiles: str
    inchikey: str

    def __post_init__(self) -> None:
        if not _INCHIKEY.fullmatch(self.inchikey):
            msg = f"{self.inchikey!r} is not an InChIKey; it has 14, 10 and 1 capital letters joined by hyphens"
            raise InputError(msg)

    @property
    def connectivity(self) -> str:
        """First block of the InChIKey: the constitution without stereochemistry."""
        return self.inchikey[:14]


@dataclass(frozen=True)
class Component:
    """One solute or material of a recipe with its amount."""

    name: str
    amount: float
    unit: str
    molecule: Molecule | None = None
    """None for a material without one structure, such as serum."""


@dataclass(frozen=True)
class Identity:
    """On whose behalf the database is asked."""

    user_id: UUID
    name: str
    role: str

    def may(self, role: str) -> bool:
        """Whether this person can do what `role` can."""
        return ROLES.index(self.role) >= ROLES.index(role)
