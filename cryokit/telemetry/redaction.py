"""Secrets never reach a log: they are taken out of every text and every field, just before a line is written."""

import re
from collections.abc import Mapping

HIDDEN = "[hidden]"

_NAMES = r"[\w-]*(?:password|passwd|secret|token|cookie|authorization|api[_-]?key|cryokit_session|credential)[\w-]*"
_SECRET_NAME = re.compile(_NAMES, re.IGNORECASE)
_IN_TEXT = (
    # A name and its value, as in queries, headers, JSON, reprs and keywords of a connection.
    (re.compile(rf"(?i)\b({_NAMES})([\"']?\s*[:=]\s*)(?:b?[\"'][^\"']*[\"']|(?:bearer|basic)\s+\S+|[^\s,;&)}}\"']+)"),
     rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?"), HIDDEN),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]*@", re.IGNORECASE), rf"\1{HIDDEN}@"),
    (re.compile(r"(https://hooks\.slack\.com/)[\w/-]+"), rf"\1{HIDDEN}"),
)  # fmt: skip


def redacted_text(text: str) -> str:
    """Return a text without what looks like a secret in it."""
    for pattern, instead in _IN_TEXT:
        text = pattern.sub(instead, text)
    return text


def redacted(value: object) -> object:
    """Return data without secrets: values whose name says so, and parts of texts that look like one."""
    if isinstance(value, Mapping):
        return {redacted_key(key): _field(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redacted_text(value if isinstance(value, str) else str(value))


def redacted_key(key: object) -> str:
    """Return the name of a field; a whole text may have become one."""
    return redacted_text(str(key))


def _field(name: str, value: object) -> object:
    is_secret = _SECRET_NAME.fullmatch(name) and value is not None and not isinstance(value, bool | int | float)
    return HIDDEN if is_secret else redacted(value)
