"""The reviewed corrections to the published compilation of glass transitions."""

from dataclasses import dataclass
from functools import cache

from cryokit import paths
from cryokit.chemistry import molecules
from cryokit.domain import Molecule
from cryokit.errors import InputError
from cryokit.sources import bundled

COLUMNS = ("species", "action", "field", "old", "new", "evidence", "decision")

ACTIONS = {
    "exclude": "not part of either selection",
    "rename": "one name for one substance, in both selections",
    "drop": "not part of the curated selection",
    "fix_structure": "another structure in the curated selection",
    "replace_tm": "another melting point in the curated selection",
    "mask_tm": "no melting point in the curated selection",
    "flag": "kept in both selections, with a note",
}


@dataclass(frozen=True)
class Rule:
    """One decision about the rows that the compilation lists under `species`."""

    species: str
    action: str
    field: str
    old: str
    new: str
    evidence: str
    decision: str


@cache
def rules() -> tuple[Rule, ...]:
    """Return all decisions, in the order of the table."""
    path = paths.bundled_data() / "curation.csv"
    found = []
    for line, raw in bundled.read_lines(path, COLUMNS):
        if raw["action"] not in ACTIONS or not raw["evidence"] or not raw["decision"]:
            msg = (
                f"{path.name}, line {line}: the action must be one of {', '.join(ACTIONS)}, with evidence and decision"
            )
            raise InputError(msg)
        found.append(Rule(**raw))
    return tuple(found)


def rules_for(species: str, *actions: str) -> tuple[Rule, ...]:
    """Return the decisions about one listed species, only those with one of `actions` if any is named."""
    return tuple(rule for rule in _by_species().get(species, ()) if not actions or rule.action in actions)


def structure_correction(name: str) -> tuple[Rule, Molecule, Molecule] | None:
    """Return the rule, the wrong and the right structure of a name that was listed with a wrong structure, or None."""
    return _structure_corrections().get(molecules.normalised_name(name))


@cache
def _by_species() -> dict[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in rules():
        found[rule.species] = (*found.get(rule.species, ()), rule)
    return found


@cache
def _structure_corrections() -> dict[str, tuple[Rule, Molecule, Molecule]]:
    found = {}
    for rule in rules():
        if rule.action == "fix_structure":
            spellings = [rule.species, *(other.new for other in rules_for(rule.species, "rename"))]
            entry = (rule, molecules.parse(rule.old), molecules.parse(rule.new))
            found.update({molecules.normalised_name(spelling): entry for spelling in spellings})
    return found
