"""Keeps each figure that a validation test holds against a bar, for the report that `make validate` writes."""

import json
import re
from pathlib import Path

import pytest

_NUMBER = r"-?\d+(?:\.\d*)?(?:e[+-]?\d+)?"
_COMPARED = re.compile(rf"^(?P<left>{_NUMBER}|'[^']*') (?P<sign><=|>=|==|<|>) (?P<right>{_NUMBER}|'[^']*')$")
_TURNED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "==": "=="}
_CHAIN = 5
"""Parts of ``low <= figure <= high``."""
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
        failed = {"test": _title(item), "figure": line[:120], "value": told.splitlines()[0][:120], "bar": ""}
        item.config.stash[_FIGURES] += found or [failed | {"passed": False}]
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if path := session.config.getoption("figures"):
        path.write_text(json.dumps(session.config.stash[_FIGURES], indent=1) + "\n")


def figures_of(item: pytest.Item, written: str, told: str, passed: bool) -> list[dict]:
    """Return the figure that an assertion compares with a number or a word, with its name as it is written."""
    plain = re.sub(r"np\.\w+\(([^()]*)\)", r"\1", told.splitlines()[0])
    found, words = _COMPARED.match(plain), re.split(r" (<=|>=|==|<|>) ", written)
    if not found:
        return []
    low_first = re.fullmatch(_NUMBER, words[0]) is not None
    name, value, bar = words[0], found["left"], f"{found['sign']} {found['right']}"
    if low_first and found["left"] == words[0]:
        name, value, bar = words[2], found["right"], f"{_TURNED[found['sign']]} {found['left']}"
    elif low_first:
        name = words[2]
    if len(words) == _CHAIN and passed:  # low <= figure <= high: pytest tells the last comparison only
        bar = f"{words[0]} to {words[4]}"
    figure = {
        "test": _title(item),
        "figure": _figure_name(name),
        "value": value.strip("'"),
        "bar": bar.replace("'", ""),
    }
    return [figure | {"passed": passed}]


def _title(item: pytest.Item) -> str:
    name, _, case = item.name.removeprefix("test_").replace("_", " ").partition("[")
    title = name[0].upper() + name[1:]
    return f"{title}: {case.removesuffix(']').replace('-', ', ')}" if case else title


def _figure_name(written: str) -> str:
    if written.startswith("len("):
        return "number of rows"
    keys = re.findall(r"\[\"([^\"]+)\"\]", written)
    if not keys and "(" in written:
        return written[:60]
    scale = " (points)" if "POINTS" in written else ""
    return ", ".join(dict.fromkeys(keys or [written.split(".")[-1]])).replace("_", " ") + scale
