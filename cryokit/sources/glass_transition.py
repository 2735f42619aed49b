"""From the published compilation and the project's additions to one consensus row per substance."""

import csv
import io
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from cryokit import paths
from cryokit.chemistry import molecules
from cryokit.domain import TARGETS, Molecule
from cryokit.errors import InputError
from cryokit.sources import bundled, curation, names, rows

SOURCE = "10.1039/C1CP22617G via tgapp 0.0.6"
LATER_SOURCE = "10.1039/D1EA00090J via tgapp 0.0.6"
FIRST_LATER_LINE = 392
"""From this line on the compilation holds later additions (the header is line 1)."""

CONDITIONS = "pure, dry; method not given"
ADDITION_COLUMNS = ("name", "value", "unit", "conditions", "source", "evidence")
SUSPECT_RATIO = (0.5, 0.95)
"""A Tg/Tm outside these bounds is suspect, and the melting point is usually the wrong one."""

_SEVERAL_STEREOISOMERS = 2
"""With two or more stereocentres left open one drawing stands for several substances (mannitol and sorbitol)."""


@dataclass(frozen=True)
class Record:
    """One listed glass transition."""

    listed: str
    name: str
    molecule: Molecule
    value: float
    tm_kelvin: float | None
    conditions: str
    source: str
    evidence: str
    line: int | None = None
    notes: tuple[str, ...] = ()


def listed_records(csv_text: str) -> list[Record]:
    """Read the compilation as it is, with the line number of each record."""
    reader = csv.DictReader(io.StringIO(csv_text, newline=""))
    return [_listed(raw, reader.line_num) for raw in reader]


def published(records: Iterable[Record]) -> list[Record]:
    """Select what was published: without inorganic rows and extrapolated alkanes, each substance under one name."""
    kept = []
    for record in records:
        if curation.rules_for(record.listed, "exclude"):
            continue
        record = replace(record, name=one_name(record))
        for rule in curation.rules_for(record.listed, "flag"):
            record = replace(record, notes=(*record.notes, f"flagged: {rule.evidence}"))
        kept.append(record)
    return kept


def curated(records: Iterable[Record]) -> list[Record]:
    """Apply every reviewed correction to the published selection and add the project's own records."""
    kept = [corrected(record) for record in records if not curation.rules_for(record.listed, "drop")]
    return [_with_known_stereochemistry(record) for record in kept] + additions()


def additions() -> list[Record]:
    """Read the glass transitions that are not in the compilation; their structures follow from their names."""
    path = paths.bundled_data() / "glass_transition_additions.csv"
    found = []
    for line, raw in bundled.read_lines(path, ADDITION_COLUMNS):
        molecule = bundled.component_named(raw["name"])
        if molecule is None or raw["unit"] != "K" or not raw["source"] or raw["evidence"] not in rows.EVIDENCE:
            msg = f"{path.name}, line {line}: needs the name of a bundled component, unit K, a source and evidence"
            raise InputError(msg)
        value, conditions = float(raw["value"]), raw["conditions"]
        found.append(
            Record(raw["name"], raw["name"], molecule, value, None, conditions, raw["source"], raw["evidence"])
        )
    return found


def table(csv_text: str) -> pd.DataFrame:
    """Compile the table that ships: one row per substance, marked with the selections it belongs to."""
    as_published = published(listed_records(csv_text))
    found: dict[tuple, dict[str, object]] = {}
    for records, selection in ((as_published, "is_published"), (curated(as_published), "is_curated")):
        for row in consensus_rows(records):
            key = tuple(sorted((name, str(value)) for name, value in row.items()))
            found.setdefault(key, {**row, "is_published": False, "is_curated": False})[selection] = True
    ordered = sorted(found.values(), key=_order)
    return pd.DataFrame([_finished(row) for row in ordered], columns=rows.frame_columns(TARGETS["tg"]))


def consensus_rows(records: Iterable[Record]) -> list[dict[str, object]]:
    """Merge the records of each substance: median, spread and count."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault(identity(record), []).append(record)
    shared = Counter(inchikey for inchikey, _ in groups)
    return [_consensus(group, is_shared=shared[key[0]] > 1) for key, group in groups.items()]


def identity(record: Record) -> tuple[str, str]:
    """Return what makes records the same substance: the structure, and the name where it leaves the substance open."""
    if not leaves_substance_open(record.molecule):
        return record.molecule.inchikey, ""
    return record.molecule.inchikey, molecules.normalised_name(record.name)


def leaves_substance_open(molecule: Molecule) -> bool:
    """Whether the structure, drawn without stereochemistry, stands for several substances."""
    return molecules.open_stereocentres(molecule) >= _SEVERAL_STEREOISOMERS


def one_name(record: Record) -> str:
    """Return the one name under which a listed substance goes."""
    renamed = curation.rules_for(record.listed, "rename")
    return renamed[0].new if renamed else record.name


def corrected(record: Record) -> Record:
    """Correct the structure and the melting point of one record by the reviewed decisions."""
    for rule in _matching(record):
        if rule.action == "fix_structure":
            record = replace(record, molecule=molecules.parse(rule.new))
        else:
            record = replace(record, tm_kelvin=float(rule.new) if rule.new else None)
        record = replace(record, notes=(*record.notes, _decision(rule)))
    return record


def applied_corrections(record: Record) -> list[str]:
    """Return the actions that correct this record."""
    return [rule.action for rule in _matching(record)]


def has_suspect_ratio(value: float, tm_kelvin: float | None) -> bool:
    """Whether Tg/Tm lies outside the range that nearly all substances keep to."""
    return tm_kelvin is not None and not SUSPECT_RATIO[0] <= value / tm_kelvin <= SUSPECT_RATIO[1]


def _listed(raw: dict[str, str], line: int) -> Record:
    is_later = line >= FIRST_LATER_LINE
    tm_text = raw["Tm_exp (K)"].strip()
    return Record(
        listed=raw["Species"],
        name=" ".join(raw["Species"].split()),
        molecule=molecules.parse(raw["SMILES"]),
        value=float(raw["Tg (K)"]),
        tm_kelvin=float(tm_text) if tm_text else None,
        conditions=CONDITIONS,
        source=LATER_SOURCE if is_later else SOURCE,
        evidence="A",
        line=line,
        notes=("includes a later addition",) if is_later else (),
    )


def _matching(record: Record) -> list[curation.Rule]:
    """Return the corrections whose old value is the one listed (a name may be listed twice, once rightly)."""
    structure = curation.rules_for(record.listed, "fix_structure")
    melting = curation.rules_for(record.listed, "replace_tm", "mask_tm")
    return [rule for rule in structure if record.molecule == molecules.parse(rule.old)] + [
        rule for rule in melting if record.tm_kelvin == float(rule.old)
    ]


def _decision(rule: curation.Rule) -> str:
    return f"{rule.action.replace('_', ' ')} {rule.old}: {rule.evidence}"


def _with_known_stereochemistry(record: Record) -> Record:
    """Replace a structure drawn without stereochemistry by that of the bundled component of the same name."""
    component = bundled.component_named(record.name)
    if component is None or component == record.molecule:
        return record
    if _formula(component) != _formula(record.molecule):
        msg = (
            f"line {record.line}: {record.name!r} is {component.smiles}, not of the formula of {record.molecule.smiles}"
        )
        raise InputError(msg)
    is_same = component.connectivity == record.molecule.connectivity
    if not is_same and not names.is_reviewed(record.name, record.molecule, component):
        msg = f"line {record.line}: {record.name!r} is {component.smiles}, not {record.molecule.smiles}; review it"
        raise InputError(msg)
    note = "stereochemistry from the name" if is_same else "one tautomer for the rings and open chains listed"
    name = _component_names()[component.inchikey]
    return replace(record, molecule=component, name=name, notes=(*record.notes, note))


def _component_names() -> dict[str, str]:
    components = bundled.known_components()
    return dict(zip(components["inchikey"], components["name"], strict=True))


def _consensus(group: list[Record], is_shared: bool) -> dict[str, object]:
    values = [record.value for record in group]
    melting_points = [record.tm_kelvin for record in group if record.tm_kelvin is not None]
    name = Counter(record.name for record in group).most_common(1)[0][0]
    conditions = _joined(record.conditions for record in group)
    return {
        "name": name,
        "smiles": group[0].molecule.smiles,
        "inchikey": group[0].molecule.inchikey,
        "value": _plain(statistics.median(values)),
        "unit": "K",
        "tm_kelvin": _plain(statistics.median(melting_points)) if melting_points else "",
        # Without the name two substances that share a drawn structure and a value would look like one measurement.
        "conditions": f"{conditions}; listed as {name}, drawn without stereochemistry" if is_shared else conditions,
        "spread": _plain(statistics.stdev(values)) if len(values) > 1 else "",
        "count": len(values),
        "source": _joined(record.source for record in group),
        "evidence": max(record.evidence for record in group),
        "note": _note(group, name),
    }


def _note(group: list[Record], name: str) -> str:
    lines = [str(record.line) for record in group if record.line is not None]
    listed = dict.fromkeys(record.listed.strip() for record in group if record.listed.strip() != name)
    parts = [f"{'lines' if len(lines) > 1 else 'line'} {', '.join(lines)} of the compilation"] if lines else []
    parts += [f"listed as {' / '.join(listed)}"] if listed else []
    return _joined([*parts, *(note for record in group for note in record.notes)])


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _plain(number: float) -> str:
    return f"{round(number, 3):g}" if abs(number) < 1e5 else repr(number)


def _order(row: dict[str, object]) -> tuple[object, ...]:
    return molecules.normalised_name(row["name"]), row["inchikey"], not row["is_published"]


def _finished(row: dict[str, object]) -> dict[str, object]:
    """Spell out the selections, and say in the conditions which of two rows of one substance this is."""
    conditions = row["conditions"]
    if not row["is_curated"]:
        conditions += "; as published"
    if not row["is_published"]:
        conditions += "; as curated"
    marks = {name: str(row[name]).lower() for name in ("is_published", "is_curated")}
    return {**row, **marks, "conditions": conditions}


def _formula(molecule: Molecule) -> str:
    return CalcMolFormula(Chem.MolFromSmiles(molecule.smiles))
