"""The words of health, and what each of them means to a monitor: the one place where they are mapped."""

from collections.abc import Iterable

PASS, WARN, FAIL = WORDS = ("pass", "warn", "fail")
"""Words of application/health+json, from good to bad."""

EXIT_STATUS = {PASS: 0, WARN: 1, FAIL: 2}
"""Exit status of a monitoring plugin; 3, unknown, is left for a check that could not run."""
HTTP_STATUS = {PASS: 200, WARN: 200, FAIL: 503}
GAUGE = {PASS: 1.0, WARN: 0.5, FAIL: 0.0}


def worst(statuses: Iterable[str]) -> str:
    """Return the worst of some statuses; of none, fail: what was not looked at is not well."""
    return max(statuses, key=WORDS.index, default=FAIL)
