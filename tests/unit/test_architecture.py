"""The rules of the house as tests: who may import whom, sizes, thin notebooks, one list of packages."""

import ast
import json
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "cryokit"

BASE = {"errors", "domain", "paths"}
SCIENCE = ["chemistry", "physics", "models", "validation", "design", "figures"]
OUTSIDE = BASE | {"children", "config", "telemetry"}
FACES = BASE | {"config", "telemetry", "workbench"}

MAY_IMPORT = {
    "errors": set(),
    "domain": {"errors"},
    "paths": {"errors"},
    "children": set(),
    "config": BASE,
    "telemetry": BASE | {"config"},
    **{name: BASE | set(SCIENCE[:rank]) for rank, name in enumerate(SCIENCE)},
    "sources": OUTSIDE | {"chemistry"},
    "db": OUTSIDE | {"chemistry"},
    "accounts": OUTSIDE,
    "flags": OUTSIDE,
    "oidc": OUTSIDE,
    "client": BASE,
    "reports": OUTSIDE | {"db"},
    "backup": OUTSIDE | {"db"},
    "compute": OUTSIDE,
    "workbench": OUTSIDE
    | set(SCIENCE)
    | {"sources", "db", "accounts", "reports", "compute", "backup", "flags", "oidc"},
    "scheduling": BASE | {"reports"},
    "startup": FACES,
    "jupyter": FACES,
    "serving": FACES | {"reports"},
    "api": FACES,
    "cli": FACES | {"startup", "serving", "scheduling", "flags"},
    "dashboards": FACES | {"figures", "api"},
}


def module_room(path: Path) -> str:
    """Return the room of a file: the first name below cryokit/, or dashboards."""
    relative = path.relative_to(ROOT)
    if relative.parts[0] == "dashboards":
        return "dashboards"
    return relative.parts[1].removesuffix(".py")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms of cryokit that a file imports."""
    rooms = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.module == "cryokit":
            rooms |= {alias.name for alias in node.names if (PACKAGE / f"{alias.name}.py").exists()}
            rooms |= {alias.name for alias in node.names if (PACKAGE / alias.name).is_dir()}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cryokit."):
            rooms.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            rooms |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("cryokit.")}
    return rooms


def python_files() -> list[Path]:
    """Return the files of the package and the dashboards, the package's own front door apart."""
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "dashboards").rglob("*.py")]
    return sorted(file for file in files if file != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_stay_inside_the_rules(path):
    room = module_room(path)

    assert imported_rooms(path) - {room} <= MAY_IMPORT[room]


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_short(path):
    text = path.read_text()
    long_functions = {
        node.name: length
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (length := _length_without_docstring(node)) > 50
    }

    assert not long_functions
    assert len(text.splitlines()) <= 500


def _length_without_docstring(node: ast.FunctionDef) -> int:
    docstring = ast.get_docstring(node, clean=False)
    return node.end_lineno - node.lineno + 1 - (len(docstring.splitlines()) if docstring else 0)


DASHBOARDS = sorted((ROOT / "dashboards").glob("*.py"))
SHOWN = {"label", "loading", "object", "objects", "options", "value", "visible"}
"""What components show."""


def of_self(node: ast.AST) -> str | None:
    """Return the name of an attribute of self, None for anything else."""
    is_own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return node.attr if is_own else None


def in_threads(kind: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    """Return the methods of a class that run in a thread beside the event loop, and those that they call."""
    methods = {node.name: node for node in kind.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    calls = [node for node in ast.walk(kind) if isinstance(node, ast.Call)]
    waiting = {of_self(call.args[0]) for call in calls if getattr(call.func, "attr", "") == "to_thread"}
    found: dict[str, ast.FunctionDef] = {}
    while waiting := {name for name in waiting if name in methods and name not in found}:
        found |= {name: methods[name] for name in waiting}
        waiting = {of_self(node) for name in waiting for node in ast.walk(methods[name])}
    return found


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_threads_compute_and_the_event_loop_shows(path):
    # A change of a page from a thread can meet one from the browser, and then the browser's is lost without a word.
    kinds = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)]
    showing = [
        f"{kind.name}.{name}, line {node.lineno}"
        for kind in kinds
        for name, method in in_threads(kind).items()
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in SHOWN
    ]

    assert not showing


NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))


def notebook_cells(path: Path) -> list[dict]:
    """Return the code cells of a notebook with their source as one text."""
    cells = json.loads(path.read_text())["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in cells if cell["cell_type"] == "code"]


def has_tag(cell: dict, tag: str) -> bool:
    """Whether a cell carries a tag."""
    return tag in cell["metadata"].get("tags", [])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_thin(path):
    cells = notebook_cells(path)
    lines = [line for cell in cells for line in cell["source"].splitlines() if line.strip()]
    defining = [line for line in lines if re.match(r"\s*(def|class|async def)\b", line)]

    assert len(lines) <= 60
    assert not defining


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_declare_typed_and_commented_parameters(path):
    [cell] = [cell for cell in notebook_cells(path) if has_tag(cell, "parameters")]
    lines = [line for line in cell["source"].splitlines() if line.strip()]

    assert lines
    assert all(re.fullmatch(r"\w+: (str|int|float|bool) = .+  # .+", line) for line in lines)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_store_outputs_only_where_they_are_checked(path):
    checked = [cell for cell in notebook_cells(path) if has_tag(cell, "nbval-check-output")]
    stored = [cell for cell in notebook_cells(path) if cell["outputs"]]

    assert checked
    assert all(cell["outputs"] for cell in checked)
    assert stored == checked


def test_every_notebook_is_in_the_catalogue():
    listed = yaml.safe_load((ROOT / "notebooks" / "catalog.yml").read_text())

    assert {ROOT / "notebooks" / item["notebook"] for item in listed.values()} == set(NOTEBOOKS)


def test_environment_file_repeats_nothing_but_the_python_range():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())

    assert environment["dependencies"] == [
        f"python {project['requires-python']}",
        "pip",
        {"pip": ["-e .[test]"]},
    ]
    assert "test" in project["optional-dependencies"]


def test_constraints_are_exact_and_name_no_address():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]

    assert all(re.fullmatch(r"[a-z0-9._-]+(\[[a-z,]+\])?==[^ ;]+( ; .+)?", line) for line in lines)
