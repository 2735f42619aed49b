"""Screening: a library of molecules, however large, through one or two models."""

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cryokit.compute import cluster, results
from cryokit.compute.partitions import Partitions
from cryokit.db.registry import Registry
from cryokit.design import ranking
from cryokit.domain import INSUFFICIENT_SKILL, THRESHOLDS, target_named
from cryokit.errors import ConflictError, CryokitError, InputError
from cryokit.sources import melting, names
from cryokit.sources.library import Entry, Library
from cryokit.sources.rows import checked_question
from cryokit.workbench.predictions import Predictions
from cryokit.workbench.questions import known_columns, refuse_unknown

if TYPE_CHECKING:
    from cryokit.models.screening import Question

PARTITION_ROWS = 2000
MAX_PARTITION_ROWS = 100_000
JOB_KIND = "screening"

Progress = Callable[[int, int], None]
"""Called with the number of molecules that are done and the number of all."""

_FORMAT = "cryokit screening 2"
_ANYTHING = "OCC(O)CO"
_SECONDS_BETWEEN_NOTES = 2.0


@dataclass(frozen=True)
class Request:
    """What is computed: nothing that is part of it may change between a kill and going on."""

    source: Library
    targets: tuple[str, ...]
    questions: tuple["Question", ...]
    labels: Mapping[str, str]
    """Whether the model of each target has skill."""
    facts: Mapping[str, object]
    """What the manifest says of the models."""
    partition_rows: int = PARTITION_ROWS
    begun_with: os.stat_result = field(repr=False, default=None)

    def manifest(self) -> dict:
        """Return what an output is known by."""
        library = {"input sha256": self.source.sha256(), "input bytes": self.begun_with.st_size}
        return {"format": _FORMAT, **library, "rows of a partition": self.partition_rows, **self.facts}

    def refuse_changed(self) -> None:
        """Refuse a library that was written to while it was read."""
        now = self.source.path.stat()
        if (now.st_size, now.st_mtime_ns) != (self.begun_with.st_size, self.begun_with.st_mtime_ns):
            msg = f"{self.source.path} was changed while it was screened; begin anew with a file that stays as it is"
            raise ConflictError(msg)

    def waiting(self, done: set[int]) -> Iterator[tuple[int, list[Entry]]]:
        """Yield number and molecules of each partition that is not done, read when it is asked for."""
        for number, entries in enumerate(self.source.partitions(self.partition_rows)):
            if number not in done:
                yield number, entries


class Screening(Predictions):
    """Predict whole libraries; what is done survives a kill."""

    def screen(
        self,
        library: Path,
        out: Path,
        targets: Iterable[str] = ("tg",),
        versions: Mapping[str, int] | None = None,
        partition_rows: int = PARTITION_ROWS,
        workers: int | None = None,
        progress: Progress | None = None,
        **conditions: object,
    ) -> dict:
        """
        Predict targets for each molecule of a .smi, CSV or Parquet file and write them to a Parquet file.

        Asked again after a kill, it goes on with what is not done yet. Rows that cannot be predicted say why.
        """
        _refuse_impossible(Path(library), Path(out), partition_rows)
        request = self._request(Library(Path(library)), tuple(targets), versions or {}, conditions, partition_rows)
        partitions, total = Partitions(Path(out), request.manifest()), request.source.count()
        if not total:
            msg = f"{library} holds no molecule; nothing was written"
            raise InputError(msg)
        if partitions.is_finished():
            partitions.remove()
            return _summary(Path(out), total, total, request)
        with partitions.opened() as done:
            before = min(len(done) * partition_rows, total)
            with self._job(request, Path(out)) as note:
                self._compute(request, partitions, done, total, workers, [note, progress] if progress else [note])
                request.refuse_changed()
                count = -(-total // partition_rows)
                partitions.assemble(results.schema_of(request.targets), count, total)
        return _summary(Path(out), total, before, request)

    def _compute(
        self,
        request: Request,
        partitions: Partitions,
        done: set[int],
        total: int,
        workers: int | None,
        tell: Sequence[Progress],
    ) -> None:
        """Compute and store the partitions that are not done."""
        from cryokit.models.screening import screened

        work = partial(
            screened,
            questions=request.questions,
            artifacts_dir=str(self.settings.artifacts_dir.absolute()),
            melting_point=melting.melting_point_kelvin,
            with_melting_point=melting.substances_with_melting_point,
        )
        schema, rows = results.schema_of(request.targets), request.partition_rows
        for report in tell:
            report(min(len(done) * rows, total), total)
        if len(done) * rows >= total:
            return
        with cluster.connected(self.settings.dask_address, workers) as client:
            for number, columns in cluster.completed(client, work, request.waiting(set(done))):
                labels = {f"{name}_skill": [label] * len(columns["error"]) for name, label in request.labels.items()}
                partitions.store(number, results.table_of(schema, columns | labels, number * rows))
                done.add(number)
                for report in tell:
                    report(min(len(done) * rows, total), total)

    def _request(
        self,
        source: Library,
        targets: tuple[str, ...],
        versions: Mapping[str, int],
        conditions: Mapping[str, object],
        partition_rows: int,
    ) -> Request:
        from cryokit.models.screening import Question, screening_targets

        screening_targets(targets)
        _refuse_unused(targets, versions, conditions)
        questions, labels, facts = [], {}, {}
        for target, values in {target: _checked_conditions(target, conditions) for target in targets}.items():
            registered = self.model(target, versions.get(target))
            label, errors = self._label(registered, values), self._errors_under(registered, values)
            trained_on = tuple(sorted(set(self.registry.snapshot(registered["dataset_snapshot_id"])["smiles"])))
            questions.append(Question(target, registered["artifact_sha256"], values, trained_on, errors))
            labels[target] = label
            facts[f"model of {target}"] = f"version {registered['version']}, sha256 {registered['artifact_sha256']}"
            if errors:
                digest = hashlib.sha256(repr(errors).encode()).hexdigest()
                facts[f"errors of {target}"] = f"{len(errors)}, sha256 {digest}"
            facts[f"conditions of {target}"] = ", ".join(f"{name} {item}" for name, item in values.items()) or "none"
        begun_with = source.path.stat()
        return Request(source, targets, tuple(questions), labels, facts, partition_rows, begun_with)

    def _errors_under(self, registered: dict, conditions: Mapping[str, object]) -> tuple[float, ...]:
        """Return the errors behind the probabilities of a target with thresholds, none for any other."""
        from cryokit.models.groups import series_name

        target = registered["target"]
        if target not in THRESHOLDS:
            return ()
        known = self._errors_of(target, registered).get(series_name(target, conditions))
        return () if known is None else tuple(known.tolist())

    def _label(self, registered: dict, conditions: Mapping[str, object]) -> str:
        """Return whether the model of these conditions has skill, or say for which conditions there are models."""
        from cryokit.models.groups import series_name

        model = self.loaded_model(registered["artifact_sha256"])
        series = model.require_series(series_name(registered["target"], conditions))
        return registered["metrics"]["series"].get(series, {}).get("verdict", INSUFFICIENT_SKILL)

    @contextlib.contextmanager
    def _job(self, request: Request, out: Path) -> Iterator[Progress]:
        """Write down the work, how far it is and what came of it; maintenance does, for whoever asked."""
        registry = Registry(self.database)
        parameters = {"library": str(request.source.path.absolute()), "out": str(out.absolute()), **request.facts}
        job_id = registry.begin_job(JOB_KIND, parameters, self.registry.owner_id)
        told_at = time.monotonic()

        def note(done: int, total: int) -> None:
            nonlocal told_at
            if time.monotonic() - told_at >= _SECONDS_BETWEEN_NOTES:
                registry.job_progress(job_id, done / total)
                told_at = time.monotonic()

        try:
            yield note
        except BaseException as error:
            with contextlib.suppress(CryokitError):  # what went wrong first is what is told
                registry.finish_job(job_id, error=str(error) or type(error).__name__)
            raise
        registry.finish_job(job_id, result={"out": str(out.absolute())})

    def check_views(self, targets: Sequence[str], directions: Mapping[str, str], front: bool) -> None:
        """Refuse views that cannot be had before hours are spent."""
        ranking.checked_directions(targets, directions)
        if front and len(targets) != 2:
            msg = f"a Pareto front needs two targets, but {', '.join(targets)} came; give for example tg,iri"
            raise InputError(msg)

    def screened_best(
        self, out: Path, target: str, count: int = 20, direction: str | None = None, in_domain: bool = False
    ) -> pd.DataFrame:
        """Return the best distinct molecules of a screening; with `in_domain` only such as the model knows."""
        directions = ranking.checked_directions([target], {target: direction} if direction else {})
        pieces = _pieces(out, [target], in_domain)
        return _view(ranking.best_rows(pieces, f"{target}_value", directions[target], count))

    def screened_front(
        self,
        out: Path,
        targets: Sequence[str],
        directions: Mapping[str, str] | None = None,
        in_domain: bool = False,
    ) -> pd.DataFrame:
        """Return the molecules of a screening that no other one beats in both targets (the Pareto front)."""
        checked = ranking.checked_directions(targets, directions or {})
        pieces = _pieces(out, targets, in_domain)
        return _view(ranking.pareto_rows(pieces, {f"{name}_value": best for name, best in checked.items()}))


def _pieces(out: Path, targets: Sequence[str], in_domain: bool) -> Iterator[pd.DataFrame]:
    for piece in results.pieces(Path(out), [f"{name}_value" for name in targets]):
        known = [piece[f"{name}_in_domain"].eq(True) for name in targets] if in_domain else []
        yield piece[pd.concat(known, axis=1).all(axis=1)] if known else piece


def _view(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(columns=["smiles", "error"], errors="ignore").reset_index(drop=True)


def _refuse_impossible(library: Path, out: Path, partition_rows: int) -> None:
    if out.suffix.lower() != ".parquet":
        msg = f"the output is {out}; it is a Parquet file, so its name must end with .parquet"
        raise InputError(msg)
    if not out.absolute().parent.is_dir():
        msg = f"there is no folder {out.absolute().parent} for the output; make it first"
        raise InputError(msg)
    if out.exists() and library.exists() and out.samefile(library):
        msg = f"{out} is both library and output; give the output another name"
        raise InputError(msg)
    if not 1 <= partition_rows <= MAX_PARTITION_ROWS:
        msg = f"a partition has {partition_rows} rows; it must have 1 to {MAX_PARTITION_ROWS}"
        raise InputError(msg)


def _checked_conditions(target: str, given: Mapping[str, object]) -> dict[str, object]:
    """Return the conditions of a target as its model takes them, checked as those of a prediction are."""
    specification = target_named(target)
    known = [condition.name for condition in specification.conditions]
    cells = {name: str(value) for name, value in given.items() if name in known}
    question = checked_question(cells | {"smiles": _ANYTHING}, specification, names.molecule_named)
    if question.problems:
        raise InputError("; ".join(question.problems))
    return {name: question.values[name] for name in known}


def _refuse_unused(targets: Sequence[str], versions: Mapping[str, int], conditions: Mapping[str, object]) -> None:
    if unused := [name for name in versions if name not in targets]:
        msg = f"a version of {', '.join(unused)} is named, but the targets are {', '.join(targets)}"
        raise InputError(msg)
    known = {name for target in targets for name in known_columns(target_named(target))} - {"name", "smiles"}
    if len(targets) == 1:
        refuse_unknown(target_named(targets[0]), conditions)
    if unknown := [name for name in conditions if name not in known - {"tm_kelvin"}]:
        msg = f"{' and '.join(targets)} take no {', '.join(unknown)}"
        raise InputError(msg)


def _summary(out: Path, total: int, before: int, request: Request) -> dict:
    """Count what is in the output, from the output itself."""
    errors = results.count_present(out, "error")
    return {
        "out": str(out.absolute()),
        "molecules": total,
        "done before": before,
        "rows with an error": errors,
        **request.facts,
        **{f"label of {name}": label for name, label in request.labels.items()},
    }
