"""Keeps each figure that a validation test holds against a bar, for the report that `make validate` writes."""

import json
import re
from pathlib import Path

import pytest

_NUMBER = r"-?\d+(?:\.\d*)?(?:e[+-]?\d+)?"
_COMPARED = re.compile(rf"^(?P<left>{_NUMBER}|'[^']*') (?P<sign><=|>=|==|<|>) (?P<right>{_NUMBER}|'[^']*')$")
_TURNED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "==": "=="}
_FIGURES = pytest.StashKey[list[dict]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", type=Path, help="JSON file for the figures and their bars")
    parser.addoption("--write-folds", action="store_true", help="write the fold files anew instead of checking them")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FIGURES] = []


def pytest_assertion_pass(item: pytest.Item, lineno: int, orig: str, expl: str) -> None:
    item.config.stash[_FIGURES] += figures_of(item, orig, expl, passed=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    if report.failed:
        error = call.excinfo
        told = str(error.value) if error.errisinstance(AssertionError) else f"{error.typename}: {error.value}"
        line = str(error.traceback[-1].statement).strip().removeprefix("assert ")
        found = figures_of(item, line, told.removeprefix("assert "), passed=False)
        missed = [figure for figure in found if not _holds(figure)]
        failed = {"test": _title(item), "figure": line[:120], "value": told.splitlines()[0][:120], "bar": ""}
        item.config.stash[_FIGURES] += missed or [failed | {"passed": False}]
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if path := session.config.getoption("figures"):
        path.write_text(json.dumps(session.config.stash[_FIGURES], indent=1) + "\n")


def figures_of(item: pytest.Item, written: str, told: str, passed: bool) -> list[dict]:
    """Return what an assertion compares with a number or a word, once for each side of `low <= figure <= high`."""
    plain = re.sub(r"np\.\w+\(([^()]*)\)", r"\1", told.splitlines()[0])
    sides = re.split(r" (<=|>=|==|<|>) ", plain)
    words = re.split(r" (<=|>=|==|<|>) ", written)
    if len(sides) not in (3, 5):
        return []
    found = []
    for place in range(0, len(sides) - 2, 2):
        left, sign, right = sides[place : place + 3]
        if not _COMPARED.match(f"{left} {sign} {right}"):
            continue
        is_turned = place + 2 < len(words) and re.fullmatch(_NUMBER, words[place])
        name = words[place + 2] if is_turned else words[min(place, len(words) - 1)]
        value, bar = (right, f"{_TURNED[sign]} {left}") if is_turned else (left, f"{sign} {right}")
        found.append(
            {
                "test": _title(item),
                "figure": _figure_name(name),
                "value": value.strip("'"),
                "bar": bar.replace("'", ""),
                "passed": passed,
            }
        )
    return found


def _holds(figure: dict) -> bool:
    sign, bar = figure["bar"].split(" ", 1)
    if sign == "==":
        return figure["value"] == bar
    value, limit = float(figure["value"]), float(bar)
    return {"<=": value <= limit, ">=": value >= limit, "<": value < limit, ">": value > limit}[sign]


def _title(item: pytest.Item) -> str:
    return item.name.removeprefix("test_").replace("_", " ")


def _figure_name(written: str) -> str:
    keys = re.findall(r"\[\"([^\"]+)\"\]", written) or [
        re.sub(r"^len\((.*)\)$", r"number of \1", written.split(".")[-1])
    ]
    scale = " (points)" if "POINTS" in written else ""
    return ", ".join(dict.fromkeys(keys)).replace("_", " ") + scale
