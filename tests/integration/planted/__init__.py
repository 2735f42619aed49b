"""Defects that are planted in an empty database, each with the finding that must name it, and clean look-alikes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """SQL that breaks something, the check and the object that must be found, and SQL after which it is gone."""

    name: str
    plant: str
    check: str
    object: str
    mend: str


@dataclass(frozen=True)
class LookAlike:
    """SQL that looks like a defect and is none: no finding may come of it."""

    name: str
    plant: str
