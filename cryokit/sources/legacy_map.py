"""The map of a legacy database: which of its tables, columns, units and people correspond to what here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from cryokit.domain import TARGETS, Target
from cryokit.errors import InputError
from cryokit.sources.rows import EVIDENCE

KINDS = (
    "user_profiles",
    "molecules",
    "mixtures",
    "mixture_components",
    "molecular_properties",
    "experiments",
    "lab_verifications",
    "predictions",
    "shared_items",
)
"""Kinds of rows that are adopted, in the order in which they refer to one another."""

Text = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Conversion(_Part):
    """How a number becomes ours: factor times the number, plus offset."""

    factor: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    offset: Annotated[float, Field(allow_inf_nan=False)] = 0.0

    def of(self, number: float) -> float:
        """Return the number in our unit; rounding hides that 273.15 is no binary number."""
        return float(f"{self.factor * number + self.offset:.10g}")


class Condition(Conversion):
    """Where a condition of a measurement is read: a column, or one value for all rows."""

    column: Text | None = None
    value: str | float | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.column is None) == (self.value is None):
            msg = "give either column or value"
            raise ValueError(msg)
        return self


def _known_target(name: str) -> str:
    if name not in TARGETS:
        msg = f"there is no target {name!r}; the targets are {', '.join(TARGETS)}"
        raise ValueError(msg)
    return name


class Quantity(_Part):
    """A quantity of the legacy database that is one of our targets."""

    names: Annotated[list[Text], Field(min_length=1)]
    target: Annotated[str, AfterValidator(_known_target)]
    units: Annotated[dict[str, Conversion], Field(min_length=1)]
    conditions: dict[str, Condition] = {}

    @property
    def domain_target(self) -> Target:
        """The target."""
        return TARGETS[self.target]

    @model_validator(mode="after")
    def _known_conditions(self) -> Self:
        known = [condition.name for condition in self.domain_target.conditions]
        for name in self.conditions:
            if name not in known:
                msg = f"{self.target} has no condition {name!r}; its conditions are {', '.join(known) or 'none'}"
                raise ValueError(msg)
        return self


class _Key(_Part):
    key: Text


class ProfileColumns(_Key):
    """Columns of people; passwords are never read."""

    name: Text


class PropertyTypeColumns(_Key):
    """Columns of the list that gives quantities their names."""

    name: Text
    unit: Text | None = None


class MoleculeColumns(_Key):
    """Columns of molecules; an InChIKey is only compared, never taken over."""

    smiles: Text
    name: Text | None = None
    inchikey: Text | None = None
    cas: Text | None = None


class MixtureColumns(_Key):
    """Columns of mixtures."""

    name: Text | None = None


class ComponentColumns(_Key):
    """Columns of the components of mixtures."""

    mixture: Text
    molecule: Text
    amount: Text
    unit: Text


class _MeasuredColumns(_Key):
    property: Text
    value: Text
    unit: Text | None = None
    conditions: Text | None = None


class PropertyColumns(_MeasuredColumns):
    """Columns of measured properties of molecules."""

    molecule: Text
    source: Text | None = None


class ExperimentColumns(_Key):
    """Columns of experiments; one that states a result states the mixture, the quantity and the value."""

    name: Text | None = None
    protocol: Text | None = None
    performed_on: Text | None = None
    owner: Text | None = None
    mixture: Text | None = None
    property: Text | None = None
    value: Text | None = None
    unit: Text | None = None
    conditions: Text | None = None


class VerificationColumns(_Key):
    """Columns of verifications."""

    experiment: Text
    verifier: Text
    outcome: Text
    note: Text | None = None
    verified_at: Text | None = None


class ShareColumns(_Key):
    """Columns of shared items."""

    item_type: Text
    item: Text
    granted_by: Text
    may: Text
    user: Text | None = None
    team: Text | None = None
    created_at: Text | None = None
    expires_at: Text | None = None


class _Table(_Part):
    table: Text
    columns: _Key


class ProfileTable(_Table):
    """People."""

    columns: ProfileColumns


class PropertyTypeTable(_Table):
    """Names of quantities."""

    columns: PropertyTypeColumns


class MoleculeTable(_Table):
    """Molecules."""

    columns: MoleculeColumns


class MixtureTable(_Table):
    """Mixtures."""

    columns: MixtureColumns


class ComponentTable(_Table):
    """Components of mixtures; `units` says what an unclear unit stands for."""

    columns: ComponentColumns
    units: dict[str, Text] = {}


class PropertyTable(_Table):
    """Measured properties of molecules; `repeats` if equal rows with other values are repeats, not a conflict."""

    columns: PropertyColumns
    evidence: Literal[EVIDENCE]
    repeats: bool = False


class ExperimentTable(_Table):
    """Experiments with their results."""

    columns: ExperimentColumns
    evidence: Literal[EVIDENCE]


class VerificationTable(_Table):
    """Verifications of experiments."""

    columns: VerificationColumns
    outcomes: dict[str, Literal["confirmed", "refuted", "inconclusive"]]


class PredictionTable(_Table):
    """Predictions, which are only counted and quarantined."""

    columns: _Key


class ShareTable(_Table):
    """Shared items; `items` says which table a type of item names."""

    columns: ShareColumns
    items: dict[str, Literal["experiments", "molecular_properties", "molecules", "mixtures", "predictions"]]
    permissions: dict[str, Literal["view", "edit"]]


class Tables(_Part):
    """The tables of the legacy database; one that is left out is not read."""

    molecules: MoleculeTable
    user_profiles: ProfileTable | None = None
    property_types: PropertyTypeTable | None = None
    mixtures: MixtureTable | None = None
    mixture_components: ComponentTable | None = None
    molecular_properties: PropertyTable | None = None
    experiments: ExperimentTable | None = None
    lab_verifications: VerificationTable | None = None
    predictions: PredictionTable | None = None
    shared_items: ShareTable | None = None

    @model_validator(mode="after")
    def _refers_to_what_is_read(self) -> Self:
        needs = {"mixture_components": "mixtures", "mixtures": "mixture_components", "lab_verifications": "experiments"}
        for name, needed in needs.items():
            if getattr(self, name) and not getattr(self, needed):
                msg = f"{name} cannot be read without {needed}; name its table too"
                raise ValueError(msg)
        return self


class LegacyPeople(_Part):
    """Who people of the legacy database are here."""

    new_accounts: Literal["viewer", "researcher"] | None = None
    accounts: dict[str, Text] = {}


class LegacyMap(_Part):
    """The whole map."""

    source: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    schema_name: Annotated[Text, Field(alias="schema")] = "public"
    team: Text | None = None
    create_team: bool = False
    people: LegacyPeople = LegacyPeople()
    teams: dict[str, Text] = {}
    tables: Tables
    quantities: list[Quantity] = []

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        names = [name.casefold() for quantity in self.quantities for name in quantity.names]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            msg = f"quantities name {', '.join(doubled)} twice; one name is one quantity"
            raise ValueError(msg)
        if self.create_team and not self.team:
            msg = "create_team is true, but team names none"
            raise ValueError(msg)
        return self

    def quantity_named(self, name: str) -> Quantity | None:
        """Return the quantity that the legacy database calls so, None if the map does not know it."""
        wanted = name.strip().casefold()
        known = (quantity for quantity in self.quantities if wanted in map(str.casefold, quantity.names))
        return next(known, None)

    def read_tables(self) -> dict[str, _Table]:
        """Return the tables to read by kind, the list of quantities too."""
        found = {name: getattr(self.tables, name) for name in Tables.model_fields}
        return {name: table for name, table in found.items() if table is not None}

    def condition_columns(self) -> list[str]:
        """Return the columns that conditions of quantities are read from."""
        read = (part.column for quantity in self.quantities for part in quantity.conditions.values())
        return sorted({column for column in read if column is not None})


# Reading


def read_map(path: Path) -> LegacyMap:
    """Read a map, or say on which line which key is wrong and what is allowed."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        msg = f"the map {path} cannot be read: {reason}; name a YAML file such as sql/adoption/cryoprotect_map.yml"
        raise InputError(msg) from error
    return parse_map(text, path.name)


def parse_map(text: str, origin: str) -> LegacyMap:
    """Read the text of a map."""
    lines: dict[tuple[str, ...], int] = {}
    content = _content(_root(text, origin), (), lines, origin)
    if not isinstance(content, dict):
        msg = f"{origin} holds no keys; a map has {', '.join(_allowed(LegacyMap))}"
        raise InputError(msg)
    try:
        return LegacyMap.model_validate(content)
    except ValidationError as error:
        shown = "\n".join(f"  {problem}" for problem in _problems(error, lines, content, origin))
        msg = f"the map {origin} cannot be used; correct it and try again\n{shown}"
        raise InputError(msg) from error


def _root(text: str, origin: str) -> yaml.Node | None:
    try:
        if any(isinstance(found, yaml.AliasEvent) for found in yaml.parse(text, Loader=yaml.SafeLoader)):
            msg = f"{origin} uses an alias (*name); write the value out"
            raise InputError(msg)
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        msg = f"{origin}{where}: this is not YAML: {getattr(error, 'problem', None) or error}"
        raise InputError(msg) from error


def _content(node: yaml.Node | None, path: tuple[str, ...], lines: dict[tuple[str, ...], int], origin: str) -> Any:
    """Return what a node holds as plain values, keys always as text, and note the line of each."""
    if node is None:
        return None
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_content(item, (*path, str(number)), lines, origin) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            name, inner = str(key.value), (*path, str(key.value))
            if name in found:
                msg = f"{origin}, line {key.start_mark.line + 1}: the key {'.'.join(inner)} is there twice; keep one"
                raise InputError(msg)
            lines[inner] = key.start_mark.line + 1
            found[name] = _content(value, inner, lines, origin)
        return found
    plain = yaml.SafeLoader("").construct_object(node)
    # 1 is as good a factor as 1.0, and a date or a yes in a place for text is meant as it is written.
    return plain if isinstance(plain, str | int | float | bool | None) else str(node.value)


def _problems(error: ValidationError, lines: dict, content: Any, origin: str) -> Iterator[str]:
    for found in error.errors(include_url=False):
        path = tuple(str(part) for part in found["loc"])
        line = next(lines[path[:length]] for length in range(len(path), -1, -1) if path[:length] in lines)
        yield f"{origin}, line {line}: {'.'.join(path) or 'the map'}: {_in_words(found, path)}"


def _in_words(found: dict[str, Any], path: tuple[str, ...]) -> str:
    if found["type"] == "extra_forbidden":
        return f"there is no such key; allowed are {', '.join(_allowed_at(path[:-1]))}"
    if found["type"] == "missing":
        return "is missing; it must be given"
    text = found["msg"].removeprefix("Value error, ")
    given = found["input"]
    return f"{text}; it is {given!r}" if isinstance(given, str | int | float | bool | None) else text


def _allowed_at(path: tuple[str, ...]) -> list[str]:
    """Return the keys that are allowed below a path, found by walking the models."""
    here: Any = LegacyMap
    for part in path:
        inner = here.model_fields.get(part) if isinstance(here, type) else None
        here = _model_in(inner.annotation) if inner else here
    return _allowed(here)


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((part for part in inside if part is not None), None)


def _allowed(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
