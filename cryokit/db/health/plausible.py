"""Values that cannot be: below absolute zero, beyond 100 percent, negative amounts, units that do not go together."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from psycopg2 import sql

from cryokit.db.health.names import is_record, words_of
from cryokit.db.health.probe import Probe
from cryokit.db.health.report import Finding
from cryokit.db.health.scan import NUMBERS, SAMPLE, WORDS, Column, Row, Scans, Table, keys_of, only, tables_of
from cryokit.db.health.units import ANY_BASIS, dimension, words_of_unit


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CELSIUS_AT_ZERO_KELVIN = -273.15
_TEMPERATURES = _words(
    "temperature temp tg tm tgprime glass melting freezing boiling nucleation tx td tc tonset onset midpoint "
    "devitrification bath storage"
)
_GLASS = _words("tg glass")
_KELVIN = _words("kelvin k")
_PERCENT = _words("percent pct percentage perc")
_FRACTION = _words("fraction frac probability prob")
_OF_CHANGE = _words(
    "change changes delta diff difference growth deviation error bias residual gain loss increase decrease margin "
    "return trend drift offset correction adjustment log ln log10 log2 logit zscore score scaled standardized "
    "standardised normalized normalised anomaly net relative shift slope coefficient exponent profit interest "
    "inflation roi star stellar effective plasma colour color id rank index code flag limit tolerance rate gradient "
    "effect contribution"
)
"""Words of numbers that may have either sign or any size."""
_BEYOND_100 = _words(
    "mgs recovery control yield rsd cv inhibition mape markup efficiency grain cpu utilization utilisation load "
    "capacity target goal budget"
)
_WEIGHTS = _words("molecular molar")
_NOT_NEGATIVE = _words(
    "concentration conc molarity molality osmolality osmolarity viscosity density wavelength diameter radius thickness "
    "viability purity permeability solubility halflife passage stddev variance uncertainty dose humidity age volume "
    "mass weight"
)
_AMOUNTS = _words("concentration conc molarity")
_MOST_PER_LITRE = {"m": 60, "molar": 60, "mm": 60_000, "millimolar": 60_000}
_COUNTED = _words("cell cells replicate replicates row sample passage component viable repeat")
_PAST = _words(
    "measured recorded collected performed observed sampled created thawed frozen born updated inserted tested "
    "analyzed analysed harvested completed imported"
)
_TIMES = {"timestamptz", "timestamp", "date"}
_PROPERTIES = ("property", "property_name", "quantity", "parameter", "analyte", "attribute", "metric")
_PROPERTIES += ("measure", "measurement_type", "variable", "characteristic")
_PROPERTY_NUMBERS = ("property_id", "property_code", "property_type_id", "property_key", "parameter_id")
_PROPERTY_NUMBERS += ("parameter_code", "analyte_id", "quantity_id", "variable_id", "metric_id", "attribute_id")
_WAYS = ("endpoint", "assay")
"""Columns that say how it was measured, and with that what, if nothing says it better."""
_OTHER_PROPERTIES = ("target", "test", "kind", "type")
"""Columns that say what was measured only beside one that is called a value."""
_WAY_NUMBERS = ("assay_id", "endpoint_id", "model_version_id", "model_id")
_NAMES = ("name",)
"""Columns that say what was measured only if nothing else in the row does: often they name the sample."""
_VALUES = (
    "value",
    "measured_value",
    "numeric_value",
    "value_numeric",
    "val",
    "result",
    "reading",
    "magnitude",
    "amount",
)
_DECLARED_ENDS = (("min_value", "max_value"), ("min", "max"), ("minimum", "maximum"), ("value_min", "value_max"))
_DECLARED_ENDS += tuple((f"{word}_min", f"{word}_max") for word in ("plausible", "valid", "allowed", "possible"))
_DECLARED_ENDS += tuple((f"min_{word}", f"max_{word}") for word in ("plausible", "valid", "allowed", "possible"))
_UNITS = ("unit", "units", "uom", "unit_name", "unit_symbol", "value_unit", "unit_of_measure", "measurement_unit")
_BASIS_FREE = {"concentration", "conc", "amount", "dose", "content", "composition", "quantity", "loading", "level"}


@dataclass(frozen=True)
class Range:
    """What a number can be, and why; `is_open` if the lower bound itself is impossible."""

    low: float | None
    high: float | None
    reason: str
    is_open: bool = False


def range_of(words: list[str]) -> Range | None:
    """
    Return what a number of this name, with the words of its unit last, can be; nothing if the name does not tell.

    Examples
    --------
    >>> range_of(["storage", "temperature", "kelvin"]).low, range_of(["viability", "percent"]).high
    (0, 100)
    >>> range_of(["growth", "percent"]) is None, range_of([]) is None
    (True, True)
    """
    known = set(words)
    if not known or known & _OF_CHANGE and not known & {"molecular", "molar"} or "std" in known:
        return None
    for found in (_temperature(words), _share(known), _physical(words)):
        if found is not None:
            return found
    return None


def _temperature(words: list[str]) -> Range | None:
    known = set(words)
    about = bool(known & _TEMPERATURES) or any(word in {"tgs", "tms"} for word in words)
    if known & _GLASS and (known & _KELVIN) and "k" not in words[:-1]:
        return Range(50, 700, "a glass transition lies between 50 and 700 K")
    if "kelvin" in known or about and words[-1] == "k":
        return Range(0, 3000, "a temperature in kelvin lies between 0 and 3000", is_open=True)
    if known & {"celsius", "centigrade", "degc"} or about and words[-1] == "c":
        return Range(_CELSIUS_AT_ZERO_KELVIN, 3000, "a temperature lies between -273.15 and 3000 °C")
    if known & {"fahrenheit", "degf"} or about and words[-1] == "f":
        return Range(-459.67, 5500, "a temperature lies between -459.67 and 5500 °F")
    return None


def _share(known: set[str]) -> Range | None:
    if known & _PERCENT:
        is_free = known & _BEYOND_100
        return Range(
            0, None if is_free else 100, "a percentage lies between 0 and 100" if not is_free else "not below 0"
        )
    if known & _FRACTION or {"p", "value"} <= known or {"p", "val"} <= known or known & {"pvalue"}:
        return Range(0, 1, "a fraction or probability lies between 0 and 1")
    if known & {"auc", "auroc", "tanimoto"}:
        return Range(0, 1, "it lies between 0 and 1")
    return None


def _physical(words: list[str]) -> Range | None:
    known = set(words)
    if "ph" in known and not known & {"temperature", "phase"}:
        return Range(0, 14, "a pH lies between 0 and 14")
    is_weight = known & _WEIGHTS and known & {"weight", "mass", "wt"} or known & {"molweight", "molwt"}
    if is_weight or {"mol", "weight"} <= known or {"mol", "wt"} <= known:
        return Range(0, None, "a molecular weight is above 0", is_open=True)
    if words[-1] in {"viability", "purity", "confluency", "confluence", "confidence", "humidity"}:
        return Range(0, 100, "it lies between 0 and 100")
    if known & {"latitude"} or words == ["lat"]:
        return Range(-90, 90, "a latitude lies between -90 and 90")
    if known & {"longitude"} or words in (["lon"], ["lng"]):
        return Range(-180, 180, "a longitude lies between -180 and 180")
    if words[-2:] == ["r", "squared"] or words == ["r", "2"]:
        return Range(None, 1, "R squared is at most 1")
    is_count = words[-1] == "count" and known & _COUNTED or words[-2:] == ["half", "life"]
    if known & _AMOUNTS and words[-1] in _MOST_PER_LITRE:
        return Range(0, _MOST_PER_LITRE[words[-1]], "there is no concentration below 0 or above 60 mol/L")
    if known & _NOT_NEGATIVE or is_count or words[-2:] in (["std", "dev"], ["standard", "deviation"]):
        return Range(0, None, "it is never negative")
    return None


# Columns whose name says what they hold


def implausible_value(probe: Probe) -> list[Finding]:
    """Find values that the name of their column, or property and unit beside them, makes impossible."""
    scans, findings = Scans(probe), []
    for table in tables_of(probe):
        if not any(_tells(column) for column in table.columns.values()) and long_form(table) is None:
            continue
        if not scans.may_read(table.object, table.is_readable, [table.oid]):
            continue
        findings += _of_columns(scans, table)
        if form := long_form(table):
            findings += _of_groups(scans, table, form)
    scans.close()
    return findings


def _tells(column: Column) -> bool:
    return _question(column) is not None


def _question(column: Column) -> tuple[Range | None, sql.Composable] | None:
    name, words = sql.Identifier(column.name), words_of(column.name)
    if column.is_referring or not words:
        return None
    if column.type in _TIMES:
        is_past = words[0] in _PAST or words == ["date", "of", "birth"] or words in (["birth", "date"], ["birthdate"])
        late = sql.SQL("{name} > pg_catalog.now() + interval '1 day' OR {name} < DATE '1900-01-01'").format(name=name)
        return (None, late) if is_past else None
    if column.type not in NUMBERS or (bounds := range_of(words)) is None:
        return None
    return bounds, _outside(name, bounds, column.type)


def _outside(name: sql.Composable, bounds: Range, kind: str) -> sql.Composable:
    parts = []
    if bounds.low is not None:
        operator = "<=" if bounds.is_open else "<"
        parts.append(sql.SQL(f"{{}} {operator} {{}}").format(name, sql.Literal(bounds.low)))
    if bounds.high is not None:
        parts.append(sql.SQL("{} > {}").format(name, sql.Literal(bounds.high)))
    elif kind in {"float4", "float8", "numeric"}:
        parts.append(sql.SQL("CAST({} AS double precision) = 'NaN'").format(name))
    return sql.SQL(" OR ").join(parts)


def _of_columns(scans: Scans, table: Table) -> Iterator[Finding]:
    asked = [(column, *found) for column in table.columns.values() if (found := _question(column))]
    if not asked:
        return
    counts = [
        part.format(name=sql.Identifier(column.name), wrong=wrong, number=sql.Identifier(f"{kind}{place}"))
        for place, (column, _, wrong) in enumerate(asked)
        for kind, part in (
            ("count", sql.SQL("count(*) FILTER (WHERE {wrong}) AS {number}")),
            ("least", sql.SQL("min({name}) FILTER (WHERE {wrong}) AS {number}")),
            ("most", sql.SQL("max({name}) FILTER (WHERE {wrong}) AS {number}")),
        )
    ]
    source = only(table.schema, table.name, table.is_partitioned)
    for row in scans.ask(table.object, sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(counts), source)):
        for place, (column, bounds, _) in enumerate(asked):
            if row[f"count{place}"]:
                reason = bounds.reason if bounds else "it is about the past, and not before 1900"
                ends = [row[f"least{place}"], row[f"most{place}"]]
                yield _implausible(column.object, row[f"count{place}"], ends, reason)


def _implausible(name: str, count: int, ends: list[Any], reason: str, group: dict[str, Any] | None = None) -> Finding:
    least, most = (str(end) for end in ends)
    shown = least if least == most else f"{least} to {most}"
    what = " ".join(str(value) for value in (group or {}).values() if value)
    message = f"implausible: {count} values{f' of {what}' if what else ''} such as {shown}; {reason}"
    evidence = {"rows": count, "least": least, "most": most, "expected": reason, **(group or {})}
    fix = f"correct the values of {name} (wrong unit or sign?), then add a CHECK for the range"
    return Finding("implausible_value", "error", name, message, evidence, fix)


# Tables with a property, a value and a unit in each row


@dataclass(frozen=True)
class LongForm:
    """Columns that say for each row what was measured, how much and in which unit."""

    property: Column | None
    value: Column
    unit: Column
    is_mixed: bool = False
    """Whether nothing says what a row is about, so that units may well differ."""


def long_form(table: Table) -> LongForm | None:
    """Return the columns of a table that holds a value with its unit in each row, if it is one."""
    if is_record(table.name):
        return None
    by_name = {"_".join(words_of(column.name)): column for column in table.columns.values()}
    for column in table.columns.values():
        words = words_of(column.name)
        if column.type in NUMBERS:
            stems = ["_".join(words), "_".join(words[:-1])] if words[-1:] == ["value"] else ["_".join(words)]
            for name in (f"{stem}_{unit}" for stem in stems for unit in ("unit", "units", "uom")):
                if name in by_name and by_name[name].type in WORDS and "_".join(words) not in _VALUES:
                    return LongForm(None, column, by_name[name])
    value = next((by_name[name] for name in _VALUES if name in by_name and by_name[name].type in NUMBERS), None)
    unit = next((by_name[name] for name in _UNITS if name in by_name and by_name[name].type in WORDS), None)
    if value is None or unit is None:
        return None
    is_value = value.name.lower() != "amount"
    kinds = [
        by_name[name]
        for names, is_text in (
            (_PROPERTIES, True),
            (_PROPERTY_NUMBERS, False),
            (_WAYS, True),
            (_OTHER_PROPERTIES if is_value else (), True),
            (_WAY_NUMBERS, False),
            (_NAMES if is_value else (), True),
        )
        for name in names
        if name in by_name and (by_name[name].type in WORDS or not is_text)
    ]
    if not kinds and not is_value:
        return None  # an amount of what is counted has no unit, and one of what is weighed has
    return LongForm(kinds[0] if kinds else None, value, unit, is_mixed=not kinds)


def _groups(scans: Scans, table: Table, form: LongForm) -> list[Row]:
    value = sql.Identifier(form.value.name)
    kind = sql.SQL("CAST({} AS text)").format(sql.Identifier(form.property.name)) if form.property else sql.SQL("''")
    question = sql.SQL(
        "SELECT {kind} AS kind, btrim(CAST({unit} AS text)) AS unit, count({value}) AS number,"
        " min({value}) AS least, max({value}) AS most FROM {table} WHERE {value} IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY number DESC, kind, unit LIMIT 2000"
    ).format(
        kind=kind,
        unit=sql.Identifier(form.unit.name),
        value=value,
        table=only(table.schema, table.name, table.is_partitioned),
    )
    return scans.ask(table.object, question)


def _of_groups(scans: Scans, table: Table, form: LongForm) -> Iterator[Finding]:
    for row in _groups(scans, table, form):
        words = words_of(row["kind"] or "") if form.property else words_of(form.value.name)
        bounds = range_of([*words, *words_of_unit(row["unit"] or "")])
        if bounds is None or not _is_outside(row, bounds):
            continue
        group = {"property": row["kind"], "unit": row["unit"]}
        source = only(table.schema, table.name, table.is_partitioned)
        outside = _outside(sql.Identifier(form.value.name), bounds, form.value.type)
        same = [sql.SQL("({})").format(outside), _equals(form.unit, row["unit"], is_trimmed=True)]
        if form.property:
            same.append(_equals(form.property, row["kind"], is_trimmed=False))
        question = sql.SQL("SELECT count(*) AS number FROM {} WHERE {}").format(source, sql.SQL(" AND ").join(same))
        for counted in scans.ask(table.object, question):
            ends = [row["least"], row["most"]]
            yield _implausible(form.value.object, counted["number"], ends, bounds.reason, group)


def _equals(column: Column, value: str | None, is_trimmed: bool) -> sql.Composable:
    shown = sql.SQL("btrim(CAST({} AS text))" if is_trimmed else "CAST({} AS text)").format(sql.Identifier(column.name))
    return sql.SQL("{} IS NOT DISTINCT FROM {}").format(shown, sql.Literal(value))


def _is_outside(row: Row, bounds: Range) -> bool:
    least, most = float(row["least"]), float(row["most"])
    is_low = bounds.low is not None and (least <= bounds.low if bounds.is_open else least < bounds.low)
    return is_low or bounds.high is not None and not most <= bounds.high


# Values beside a table of what each property can be


def value_outside_declared_range(probe: Probe) -> list[Finding]:
    """Find values outside of the least and largest one that the table of properties they refer to declares."""
    tables = {table.oid: table for table in tables_of(probe)}
    scans, findings = Scans(probe), []
    for key in keys_of(probe):
        child, parent = tables.get(key["child_oid"]), tables.get(key["parent_oid"])
        if child is None or parent is None or child is parent or len(key["columns"]) > 1:
            continue
        by_name = {"_".join(words_of(column.name)): column for column in child.columns.values()}
        value = next(
            (by_name[name] for name in _VALUES[:-1] if name in by_name and by_name[name].type in NUMBERS), None
        )
        ends = _declared_ends(parent)
        oids = (child.oid, parent.oid)
        if value and ends and scans.may_read(value.object, child.is_readable and parent.is_readable, oids):
            question = _outside_declared(key, child, parent, value, ends)
            for row in scans.ask(value.object, question):
                if row["number"]:
                    reason = f"{parent.object} declares {ends[0].name} and {ends[1].name}"
                    found = _implausible(value.object, row["number"], [row["least"], row["most"]], reason)
                    findings.append(replace(found, check="value_outside_declared_range"))
    scans.close()
    return findings


def _declared_ends(table: Table) -> tuple[Column, Column] | None:
    numbers = {"_".join(words_of(column.name)): column for column in table.columns.values() if column.type in NUMBERS}
    for least, most in _DECLARED_ENDS:
        if least in numbers and most in numbers:
            return numbers[least], numbers[most]
    return None


def _outside_declared(
    key: Row, child: Table, parent: Table, value: Column, ends: tuple[Column, Column]
) -> sql.Composable:
    pair, own = key["columns"][0], sql.Identifier("c", value.name)
    return sql.SQL(
        "SELECT count(*) AS number, min({own}) AS least, max({own}) AS most FROM {child} AS c"
        " JOIN {parent} AS p ON p.{far} = c.{near} WHERE {own} < p.{low} OR {own} > p.{high}"
    ).format(
        own=own,
        child=only(child.schema, child.name, child.is_partitioned),
        parent=parent.source,
        far=sql.Identifier(pair["parent"]),
        near=sql.Identifier(pair["child"]),
        low=sql.Identifier(ends[0].name),
        high=sql.Identifier(ends[1].name),
    )


def inconsistent_unit(probe: Probe) -> list[Finding]:
    """Find properties with values whose unit is missing, or whose units cannot be converted into each other."""
    scans, findings = Scans(probe), []
    for table in tables_of(probe):
        form = long_form(table)
        if form is None or not scans.may_read(table.object, table.is_readable, [table.oid]):
            continue
        by_kind: dict[str, list[Row]] = {}
        for row in _groups(scans, table, form):
            by_kind.setdefault(row["kind"] or "", []).append(row)
        for kind, rows in by_kind.items():
            if kind or form.property is None:  # rows that do not say what they are about need not be about one thing
                findings += _of_units(form, kind, rows)
    scans.close()
    return findings


def _of_units(form: LongForm, kind: str, rows: list[Row]) -> Iterator[Finding]:
    counts = {row["unit"]: row["number"] for row in rows}
    units = {unit for unit in counts if unit}
    subject = kind or form.value.name
    is_free = bool(_BASIS_FREE & set(words_of(subject)))
    dimensions = {unit: dimension(unit) for unit in units}
    if is_free:
        dimensions = {
            unit: "basis" if found in ANY_BASIS or unit == "m" else found for unit, found in dimensions.items()
        }
    if len(set(dimensions.values())) > 1 and not form.is_mixed:
        shown = ", ".join(
            f"{unit} ({counts[unit]} rows)" for unit in sorted(units, key=lambda unit: -counts[unit])[:SAMPLE]
        )
        yield _unit_finding(form, f"units of {subject} cannot be converted into each other: {shown}", subject, counts)
    without = sum(number for unit, number in counts.items() if not unit)
    if without and units and set(dimensions.values()) != {"one"}:
        yield _unit_finding(
            form, f"{without} values of {subject} have no unit, others are in {min(units)}", subject, counts
        )


def _unit_finding(form: LongForm, message: str, subject: str, counts: dict[str | None, int]) -> Finding:
    evidence = {"property": subject, "units": {unit or "none": number for unit, number in counts.items()}}
    fix = f"find out the true unit, convert the values, then allow one unit a property by a CHECK on {form.unit.object}"
    return Finding("inconsistent_unit", "error", form.unit.object, message, evidence, fix)


CHECKS: dict[str, Callable[[Probe], Iterable[Finding]]] = {
    "implausible_value": implausible_value,
    "value_outside_declared_range": value_outside_declared_range,
    "inconsistent_unit": inconsistent_unit,
}
