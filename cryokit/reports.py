"""Run a notebook by name with checked parameters and export it as one HTML file."""

import base64
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from cryokit import __version__, children
from cryokit.config import Settings, variables_of
from cryokit.domain import checked_seed, target_named
from cryokit.errors import CommandError, ConflictError, InputError, NotFoundError, ReportError
from cryokit.paths import shared_folder
from cryokit.telemetry import correlation_id, logger

_PANEL_STYLE = re.compile(r"https://cdn\.holoviz\.org/panel/[^/\"]+/dist/(?P<file>[\w/.-]+\.css)(\?v=[\w.]+)?")
_ADDED_BY_PAPERMILL = {"injected-parameters", "papermill-error-cell-tag"}
_CELLS = re.compile(r"Executing: .*?(\d+)/(\d+) \[")
"""Papermill's progress bar."""
_SECONDS_BETWEEN_LOOKS = 1.0
_PARTIAL = ".partial-"
_LEFTOVER_SECONDS = 24 * 3600
_NAME, _PLAIN = re.compile(r"[a-z0-9_.-]+"), re.compile(r"[a-z0-9_.]+")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_TYPES = {"str": str, "int": int, "float": float, "bool": bool}
_ALLOWED = {"target": target_named, "seed": checked_seed}
"""What a parameter of this name is checked with, whichever notebook declares it."""
REUSABLE = ("never", "same_data", "same_version")
"""How long a report stays true: it shows the moment, the rows a version learned from, or the current version."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook, as its parameters cell declares it."""

    name: str
    kind: type
    default: object
    description: str

    def checked(self, value: object) -> object:
        """Return `value` in this parameter's type, or say what is allowed."""
        if self.kind is bool and str(value).lower() in {"true", "false"}:
            return str(value).lower() == "true"
        if self.kind is not bool:
            try:
                return self.kind(value)
            except (TypeError, ValueError) as error:
                msg = f"parameter {self.name} must be {self.kind.__name__} ({self.description}), but is {value!r}"
                raise InputError(msg) from error
        msg = f"parameter {self.name} must be true or false ({self.description}), but is {value!r}"
        raise InputError(msg)


@dataclass(frozen=True)
class Report:
    """A notebook of the catalogue."""

    name: str
    title: str
    notebook: Path
    time_limit_seconds: int
    reusable: str = "never"
    """One of `REUSABLE`."""
    is_for_admins: bool = False
    """Whether the page shows what only administrators may see."""
    schedule: tuple[dict, ...] = ()
    """Daily runs: ``at``, hours and minutes of the machine, and perhaps ``parameters``."""

    def parameters(self) -> dict[str, Parameter]:
        """Return the parameters that the notebook declares, by name."""
        import papermill  # takes a second, which only reports need

        declared = papermill.inspect_notebook(str(self.notebook))
        return {name: _parameter(name, item) for name, item in declared.items()}

    def checked_parameters(self, given: dict[str, object]) -> dict[str, object]:
        """Return every parameter with its checked value; papermill itself would only warn of a wrong name."""
        declared = self.parameters()
        if unknown := sorted(set(given) - set(declared)):
            msg = f"report {self.name} has no parameter {', '.join(unknown)}; it takes {', '.join(declared) or 'none'}"
            raise InputError(msg)
        checked = {name: item.checked(given.get(name, item.default)) for name, item in declared.items()}
        for name in _ALLOWED.keys() & checked.keys():
            _ALLOWED[name](checked[name])
        return checked


def _parameter(name: str, item: dict) -> Parameter:
    kind = _TYPES.get(item["inferred_type_name"])
    if kind is None:
        msg = f"parameter {name} is declared as {item['inferred_type_name']!r}; allowed are {', '.join(_TYPES)}"
        raise InputError(msg)
    default = yaml.safe_load(item["default"])
    return Parameter(name, kind, default, item["help"])


def catalogue() -> dict[str, Report]:
    """Return the reports of notebooks/catalog.yml by name."""
    folder = shared_folder("notebooks")
    listed = yaml.safe_load((folder / "catalog.yml").read_text())
    return {
        name: Report(
            name,
            item["title"],
            folder / item["notebook"],
            item["time_limit_seconds"],
            item.get("reusable", "never"),
            item.get("readers", "everybody") == "administrators",
            tuple(item.get("schedule", ())),
        )
        for name, item in listed.items()
    }


@dataclass(frozen=True)
class Planned:
    """One daily run of a report."""

    report: Report
    at: str
    parameters: dict[str, str]


def planned(reports: Iterable[Report] | None = None) -> list[Planned]:
    """Return the daily runs, by default those of the catalogue, in their order, or say which one cannot be."""
    found = []
    for report in reports or catalogue().values():
        for item in report.schedule:
            if not _TIME.fullmatch(str(item["at"])):
                msg = f"report {report.name} is planned at {item['at']!r}; a time is written as 03:10"
                raise InputError(msg)
            parameters = {name: str(value) for name, value in item.get("parameters", {}).items()}
            report.checked_parameters(parameters)
            found.append(Planned(report, item["at"], parameters))
    return sorted(found, key=lambda one: one.at)


def report_named(name: str) -> Report:
    """Return one report of the catalogue, or say which there are."""
    known = catalogue()
    if name not in known:
        msg = f"there is no report {name!r}; the catalogue has {', '.join(known)}"
        raise NotFoundError(msg)
    return known[name]


def output_stem(report: Report, parameters: dict[str, object]) -> str:
    """Return the file name of a report: its name, its target and each other parameter that is not the default."""
    declared = report.parameters()
    words = [str(parameters["target"])] if "target" in parameters else []
    words += [
        f"{name}-{value}" for name, value in parameters.items() if name != "target" and value != declared[name].default
    ]
    stem = "-".join([report.name, *(part for word in words for part in _NAME.findall(word.lower()))])
    texts = [value for value in parameters.values() if isinstance(value, str) and value]
    if all(_PLAIN.fullmatch(text) for text in texts):
        return stem
    # Other texts can lose what tells them apart on their way into a file name.
    return f"{stem}-{hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()[:8]}"


def run(
    report: Report, parameters: dict[str, object], settings: Settings, tell: Callable[[int, int], None] | None = None
) -> Path:
    """
    Run the notebook in a process of its own and return the HTML file; nothing appears before all is done.

    `tell` is called about every second with the number of cells that are done and of all; what it raises ends the run.
    """
    settings.reports_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.reports_dir.chmod(0o700)  # reports may show private rows
    _remove_leftovers(settings.reports_dir)
    stem = output_stem(report, parameters)
    with (
        _only_run(settings.reports_dir / f".{stem}.lock", report),
        tempfile.TemporaryDirectory(dir=settings.reports_dir, prefix=_PARTIAL) as partial,
    ):
        executed = Path(partial) / f"{stem}.ipynb"
        with _timed(report):
            _execute(report, parameters, executed, settings, tell or _tell_nobody)
        page = executed.with_suffix(".html")
        page.write_text(_as_html(executed, report.title))
        result = {"report": report.name, "parameters": parameters, "release": __version__, "html": page.name}
        description = executed.with_suffix(".json")
        description.write_text(json.dumps(result, indent=2) + "\n")
        for file in (executed, description, page):
            file.chmod(0o600)
            file.replace(settings.reports_dir / file.name)
    return settings.reports_dir / page.name


@contextlib.contextmanager
def _timed(report: Report) -> Iterator[None]:
    """Have the log say how long a notebook ran, and how it ended."""
    began, outcome = time.monotonic(), "failed"
    try:
        yield
        outcome = "succeeded"
    finally:
        seconds = round(time.monotonic() - began, 3)
        logger(__name__).info("report_run", report=report.name, outcome=outcome, duration_seconds=seconds)


@contextlib.contextmanager
def _only_run(lock: Path, report: Report) -> Iterator[None]:
    """Refuse a second run of the same report at the same time; the lock goes with the process."""
    with os.fdopen(os.open(lock, os.O_WRONLY | os.O_CREAT, 0o600), "w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"report {report.name} is being run with these parameters already; wait for that run"
            raise ConflictError(msg) from error
        yield


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed runs left behind, long after any of them can still be running."""
    for leftover in folder.glob(f"{_PARTIAL}*"):
        if time.time() - leftover.stat().st_mtime > _LEFTOVER_SECONDS:
            shutil.rmtree(leftover, ignore_errors=True)


def is_there(page: Path, parameters: dict[str, object]) -> bool:
    """Whether a page is still the one that this release wrote with these parameters."""
    description = page.with_suffix(".json")
    if not (page.exists() and description.exists()):
        return False
    found = json.loads(description.read_text())
    return found["release"] == __version__ and found["parameters"] == parameters


def _tell_nobody(_done: int, _total: int) -> None:
    """Nobody follows the run."""


def _execute(
    report: Report,
    parameters: dict[str, object],
    executed: Path,
    settings: Settings,
    tell: Callable[[int, int], None],
) -> None:
    parameter_file = executed.with_suffix(".yml")
    parameter_file.write_text(yaml.safe_dump(parameters))
    argv = [sys.executable, "-m", "papermill", str(report.notebook), str(executed), "-f", str(parameter_file)]
    argv += [
        "-k",
        "python3",
        "--no-request-save-on-cell-execute",
        "--progress-bar",
        "--cwd",
        str(executed.parent),
        "--log-level",
        "WARNING",
    ]
    said = executed.with_suffix(".log")
    with said.open("wb") as log:
        none = subprocess.DEVNULL
        # The kernel ends by itself when papermill is gone.
        with children.started(argv, env=kernel_environment(settings), stdin=none, stdout=none, stderr=log) as process:
            status = _followed(process, report, said, tell)
    if status != 0:
        raise _failure(report, executed, status, said.read_text(errors="replace"))


def _followed(process: subprocess.Popen, report: Report, said: Path, tell: Callable[[int, int], None]) -> int:
    """Wait for papermill, telling how far it is, and return its exit status."""
    deadline = time.monotonic() + report.time_limit_seconds
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=min(_SECONDS_BETWEEN_LOOKS, max(0.0, deadline - time.monotonic())))
        if time.monotonic() >= deadline:
            msg = f"report {report.name} did not end within {report.time_limit_seconds} s and was stopped"
            raise ReportError(msg)
        found = _CELLS.findall(said.read_text(errors="replace"))
        tell(*map(int, found[-1] if found else (0, 0)))


def kernel_environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which a kernel, or the process of a job, has the settings of this process."""
    environment = os.environ | variables_of(settings)
    if current := correlation_id.get():
        environment["CRYOKIT_CORRELATION_ID"] = current
    # A kernel opened from another environment's Jupyter would not find this one's packages.
    environment["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")
    return environment


def _failure(report: Report, executed: Path, status: int, said: str) -> ReportError | CommandError:
    import nbformat

    own_cells = nbformat.read(executed, as_version=4).cells if executed.exists() else []
    own_cells = [cell for cell in own_cells if not _ADDED_BY_PAPERMILL & set(cell.metadata.get("tags", []))]
    for number, cell in enumerate(own_cells, start=1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                msg = f"report {report.name} failed in cell {number}: {output.ename}: {output.evalue}"
                return ReportError(msg, number, cell.source)
    last_lines = [line for line in said.strip().splitlines() if not _CELLS.search(line)][-5:]
    msg = f"papermill ended with status {status} before any cell failed: {' / '.join(last_lines)}"
    return CommandError(msg, ["papermill", report.notebook.name], status, last_lines)


def _as_html(executed: Path, title: str) -> str:
    import nbformat
    from nbconvert import HTMLExporter

    notebook = nbformat.read(executed, as_version=4)
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        # Libraries announce themselves with outputs that hold nothing to show.
        cell.outputs = [output for output in cell.get("outputs", []) if output.get("data", {"text": ""})]
    notebook.metadata["title"] = f"{title} - cryokit"
    exporter = HTMLExporter(exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.mathjax_url = ""
    exporter.require_js_url = ""
    page, _ = exporter.from_notebook_node(notebook)
    return _PANEL_STYLE.sub(_inlined_style, page)


def _inlined_style(address: re.Match[str]) -> str:
    """Put the style sheet itself where figures would ask another host for it."""
    panel = importlib.util.find_spec("panel")  # importing it would take longer than writing the page
    content = (Path(panel.origin).parent / "dist" / address["file"]).read_bytes()
    return f"data:text/css;base64,{base64.b64encode(content).decode()}"
