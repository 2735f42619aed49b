"""The rungs of the split ladder: what is held out together, from rows at random to time order."""

import hashlib
import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.chemistry.clusters import clusters, scaffold
from cryokit.chemistry.molecules import normalised_name, parse
from cryokit.domain import checked_seed, target_named
from cryokit.errors import InputError, IntegrityCheckError
from cryokit.models.features import NOT_STATED
from cryokit.models.groups import composition, grouped_assignment, groups, series_of, subjects, united
from cryokit.validation.splits import FOLD_COLUMNS, leaking_groups

RANDOM, FAIR = "random", "fair"

CLUSTER_DISTANCE = {"iri": 0.4}
"""Tanimoto distance of clusters where it is not the usual one: sugars differ less than other molecules."""
USUAL_CLUSTER_DISTANCE = 0.65

DATE_COLUMNS = ("measured_on", "performed_on", "date")
TIME_STEPS = 5
LARGEST_SHARE = 0.5
"""A source or cell type with more than this share of its series is not held out."""

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Folds of one kind on one set of rows, fixed by a seed and named by a checksum."""

    kind: str
    """A key of `KINDS`, or ``fair``: the groups of the target's own cross-validation."""
    title: str
    folds: pd.DataFrame = field(repr=False)
    """``row``, ``repeat``, ``fold``; rows in no fold only train."""
    purged: pd.DataFrame = field(repr=False)
    """``row``, ``repeat``, ``fold`` of rows that must not train in that fold although they are not predicted."""
    seed: int
    repeats: int
    units: Labels = field(repr=False)
    """What each row belongs to that is held out whole; -1 for rows that only train."""
    n_groups: int
    """How many compounds, clusters, sources ... are held out in turn."""
    leaking_groups: int
    """Groups of the target's fair split that lie on both sides."""
    n_fair_groups: int
    note: str
    sha256: str
    """Of the identities of the rows, the folds and the purged rows: equal splits have equal checksums."""

    def units_in(self, chosen: NDArray[np.bool_]) -> int:
        """Return how many compounds, clusters, sources ... of the chosen rows are held out in turn."""
        return len(np.unique(self.units[chosen & (self.units >= 0)]))

    def leaking_in(self, group: Labels, chosen: NDArray[np.bool_]) -> int:
        """Return how many groups of the chosen rows lie on both sides."""
        apart = np.where(chosen, group, -1 - np.arange(len(group)))
        return leaking_groups(self.folds, apart, self.purged)

    def as_json(self) -> dict:
        """Plain data without the folds themselves."""
        names = ("kind", "title", "seed", "repeats", "n_groups", "leaking_groups", "n_fair_groups", "note", "sha256")
        return {name: getattr(self, name) for name in names} | {
            "n_splits": int(self.folds.groupby("repeat")["fold"].nunique().max())
        }


@dataclass(frozen=True)
class Kind:
    """One rung: its title, what is held out whole, and when it makes no sense."""

    title: str
    units: Callable[[str, pd.DataFrame], Labels]
    why_not: Callable[[str, pd.DataFrame], str | None]
    """Why the kind does not apply to these rows, None if it does."""
    note: str = ""
    purges: bool = False
    """Whether rows of a group that is predicted are kept out of training, as units may share groups."""


def split_of(target: str, rows: pd.DataFrame, kind: str, n_splits: int = 10, repeats: int = 1, seed: int = 0) -> Split:
    """
    Split rows by one kind of the ladder.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame of n rows
        Row frame of the target; viability rows carry ``components``.
    kind : str
        A key of `KINDS`, or ``fair``.
    n_splits : int
        Folds a repeat, lowered to the number of units if there are fewer; time order has its own steps.
    repeats : int
        How often the rows are assigned anew; 1 where every assignment would be the same.
    seed : int
        Fixes the assignment.

    Returns
    -------
    Split
        Folds in which no unit, and for molecules no compound, is on both sides; rows at random alone may leak.

    Raises
    ------
    InputError
        If the kind is not known or does not apply to these rows; the message says why.
    IntegrityCheckError
        If a unit came to lie on both sides, which would be a defect.

    References
    ----------
    .. [1] Roberts, D. R. et al. (2017). Ecography 40, 913-929. 10.1111/ecog.02881
    """
    checked_seed(seed)
    known = kind_named(kind, target)
    if reason := known.why_not(target, rows):
        msg = f"{known.title} does not apply to these rows of {target}: {reason}"
        raise InputError(msg)
    if repeats < 1:
        msg = f"repeats must be at least 1, but is {repeats}"
        raise InputError(msg)
    units, fair = known.units(target, rows), groups(target, rows)
    if kind == "time":
        folds, purged, repeats = *_time_folds(units, subjects_or_groups(target, rows)), 1
    else:
        repeats = 1 if len(np.unique(units[units >= 0])) <= n_splits else repeats
        folds = _folds(units, n_splits, repeats, seed)
        purged = _purged(folds, fair, known.purges)
    _refuse_torn(target, kind, folds, purged, units, fair)
    return Split(
        kind=kind,
        title=known.title,
        folds=folds,
        purged=purged,
        seed=seed,
        repeats=repeats,
        units=units,
        n_groups=len(np.unique(units[units >= 0])),
        leaking_groups=leaking_groups(folds, fair, purged),
        n_fair_groups=len(np.unique(fair)),
        note=known.note,
        sha256=_checksum(target, rows, folds, purged),
    )


def with_purged(target: str, rows: pd.DataFrame, split: Split, purged: pd.DataFrame) -> Split:
    """Return the same folds with other rows that must not train; such a split has a checksum of its own."""
    return replace(
        split,
        purged=purged,
        leaking_groups=leaking_groups(split.folds, groups(target, rows), purged),
        sha256=_checksum(target, rows, split.folds, purged),
    )


def kind_named(kind: str, target: str) -> Kind:
    """Return a kind of split with the title it has for this target, or say which kinds there are."""
    if kind == FAIR:
        return Kind("fair split of the target", groups, _never)
    if kind not in KINDS:
        msg = f"there is no split {kind!r}; there are {', '.join(KINDS)}"
        raise InputError(msg)
    known = KINDS[kind]
    if target_named(target).subject == "recipe":
        if kind == "compound":
            return replace(known, title="leave-formulation-out", note="a source may be on both sides")
        if kind == "source":
            return replace(known, note="a formulation may be on both sides")
    return known


def why_not(target: str, rows: pd.DataFrame, kind: str) -> str | None:
    """Return why a kind of split does not apply to rows, None if it does."""
    return kind_named(kind, target).why_not(target, rows)


def subjects_or_groups(target: str, rows: pd.DataFrame) -> Labels:
    """Return the compound group of each row, or of recipes the formulation."""
    return subjects(target, rows) if target_named(target).subject == "recipe" else groups(target, rows)


def _never(_target: str, _rows: pd.DataFrame) -> str | None:
    return None


def _each_row(_target: str, rows: pd.DataFrame) -> Labels:
    return np.arange(len(rows))


def _clusters(target: str, rows: pd.DataFrame) -> Labels:
    distance = CLUSTER_DISTANCE.get(target, USUAL_CLUSTER_DISTANCE)
    alike = clusters([parse(text).smiles for text in rows["smiles"]], distance)
    return united(alike.tolist(), groups(target, rows).tolist())


def _scaffolds(target: str, rows: pd.DataFrame) -> Labels:
    return united([scaffold(parse(text).smiles) for text in rows["smiles"]], groups(target, rows).tolist())


def _sources(target: str, rows: pd.DataFrame) -> Labels:
    """Source of each row, of several the one named first."""
    return _held_out(target, rows, [text.split(";")[0].strip() for text in _texts(rows, "source")])


def _cell_types(target: str, rows: pd.DataFrame) -> Labels:
    return _held_out(target, rows, _texts(rows, "cell"))


def _held_out(target: str, rows: pd.DataFrame, labels: list[str]) -> Labels:
    """Label inside each series; -1 (only trains) for one that has more than half of its series: the rest is too few."""
    series = series_of(target, rows)
    apart = _codes(list(zip(series, labels, strict=True)))
    share = np.bincount(apart)[apart] / pd.Series(series).groupby(series).transform("size").to_numpy()
    return np.where(share > LARGEST_SHARE, -1, apart)


def _steps(_target: str, rows: pd.DataFrame) -> Labels:
    """Rank of the date of each row, dates joined to at most `TIME_STEPS` steps of about equal size."""
    dates = _dates(rows)
    order = dates.rank(method="dense").to_numpy().astype(np.int64) - 1
    if len(np.unique(order)) <= TIME_STEPS + 1:
        return order
    share = dates.rank(method="max", pct=True).to_numpy()  # all rows of one day in the same step
    return np.unique(np.ceil(share * (TIME_STEPS + 1)), return_inverse=True)[1]


def _dates(rows: pd.DataFrame) -> pd.Series:
    column = next((name for name in DATE_COLUMNS if name in rows), None)
    if column is None:
        return pd.Series(pd.NaT, index=range(len(rows)))
    return pd.to_datetime(rows[column], errors="coerce").reset_index(drop=True)


def _no_structures(target: str, _rows: pd.DataFrame) -> str | None:
    return "a formulation has no single structure" if target_named(target).subject == "recipe" else None


def _one_source(target: str, rows: pd.DataFrame) -> str | None:
    return _fewer_than_two(target, rows, "source")


def _one_cell_type(target: str, rows: pd.DataFrame) -> str | None:
    if target_named(target).subject != "recipe":
        return "no cells are measured"
    return _fewer_than_two(target, rows, "cell")


def _fewer_than_two(target: str, rows: pd.DataFrame, column: str) -> str | None:
    what = {"source": "source", "cell": "cell type"}[column]
    units = KINDS[{"source": "source", "cell": "cell_type"}[column]].units(target, rows)
    if len(np.unique(units[units >= 0])) > 1:
        return None
    if len(set(_texts(rows, column))) < 2:
        return f"all rows are of one {what}"
    return f"one {what} has more than half of the rows of its series; what would be left to train on is too little"


def _no_dates(_target: str, rows: pd.DataFrame) -> str | None:
    dates = _dates(rows)
    if dates.isna().any():
        return f"{int(dates.isna().sum())} of {len(dates)} rows carry no date"
    return "all rows are of one day" if dates.nunique() < 2 else None


KINDS = {
    RANDOM: Kind("rows at random", _each_row, _never, "what leakage would claim"),
    "compound": Kind("leave-compound-out", subjects_or_groups, _never),
    "cluster": Kind(
        "leave-cluster-out", _clusters, _no_structures, "similar molecules together, united with their compounds"
    ),
    "scaffold": Kind(
        "leave-scaffold-out", _scaffolds, _no_structures, "Murcko scaffolds; all molecules without a ring are one"
    ),
    "source": Kind(
        "leave-source-out", _sources, _one_source, "no compound or formulation group of the source trains", purges=True
    ),
    "cell_type": Kind(
        "leave-cell-type-out", _cell_types, _one_cell_type, "no source of the cell type trains", purges=True
    ),
    "time": Kind("time order", _steps, _no_dates, "trained on earlier rows of other formulations or compounds only"),
}
"""Kinds of split by name, the easiest first."""


def _folds(units: Labels, n_splits: int, repeats: int, seed: int) -> pd.DataFrame:
    held_out = np.flatnonzero(units >= 0)
    parts = [
        pd.DataFrame(
            {
                "row": held_out,
                "repeat": repeat,
                "fold": grouped_assignment(units[held_out], n_splits, [seed, repeat]),
            }
        )
        for repeat in range(repeats)
    ]
    return pd.concat(parts, ignore_index=True)


def _purged(folds: pd.DataFrame, fair: Labels, purges: bool) -> pd.DataFrame:
    """Rows outside a fold that belong to a group inside it."""
    parts = [pd.DataFrame(columns=FOLD_COLUMNS, dtype=np.int64)]
    for (repeat, fold), part in folds.groupby(["repeat", "fold"]) if purges else ():
        shared = np.isin(fair, fair[part["row"]])
        shared[part["row"]] = False
        parts.append(pd.DataFrame({"row": np.flatnonzero(shared), "repeat": repeat, "fold": fold}))
    return pd.concat(parts, ignore_index=True).astype(np.int64)


def _time_folds(steps: Labels, subject: Labels) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each step but the first is predicted from the steps before it, without its own formulations or compounds."""
    folds, purged = [], []
    for fold, step in enumerate(np.unique(steps)[1:]):
        asked = np.flatnonzero(steps == step)
        kept_out = (steps > step) | ((steps < step) & np.isin(subject, subject[asked]))
        folds.append(pd.DataFrame({"row": asked, "repeat": 0, "fold": fold}))
        purged.append(pd.DataFrame({"row": np.flatnonzero(kept_out), "repeat": 0, "fold": fold}))
    return pd.concat(folds, ignore_index=True), pd.concat(purged, ignore_index=True)


def _refuse_torn(
    target: str, kind: str, folds: pd.DataFrame, purged: pd.DataFrame, units: Labels, fair: Labels
) -> None:
    kept_whole = {"units": units}
    if target_named(target).subject == "smiles" and kind != RANDOM:
        kept_whole["compounds"] = fair
    for name, label in kept_whole.items():
        if torn := leaking_groups(folds, label, purged):
            msg = f"{torn} {name} lie on both sides of the split {kind}; this is a defect of cryokit, please report it"
            raise IntegrityCheckError(msg)


def _checksum(target: str, rows: pd.DataFrame, folds: pd.DataFrame, purged: pd.DataFrame) -> str:
    """Depends on what the rows are about, not on what was measured: a corrected value keeps its split."""
    if target_named(target).subject == "recipe":
        keys = [repr(composition(components)) for components in rows["components"]]
    else:
        keys = [parse(text).smiles for text in rows["smiles"]]
    identities = list(
        zip(
            keys,
            [normalised_name(name) for name in _texts(rows, "name")],
            series_of(target, rows),
            _texts(rows, "source"),
            _texts(rows, "cell"),
            strict=True,
        )
    )
    content = [target, identities, *(table[FOLD_COLUMNS].to_numpy().tolist() for table in (folds, purged))]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _texts(rows: pd.DataFrame, column: str) -> list[str]:
    if column not in rows:
        return [NOT_STATED] * len(rows)
    return [text.strip() or NOT_STATED if isinstance(text, str) else NOT_STATED for text in rows[column]]


def _codes(keys: Sequence[Hashable]) -> Labels:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
