"""Named SQL blocks from sql/queries: one file for each topic, one name and one sentence for each query."""

import re
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import TextClause, text

from cryokit.errors import ConfigError
from cryokit.paths import shared_folder

_HEADER = re.compile(r"^-- name: *(.*?) *$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LOST_PARAMETER = re.compile(r"(?<![:\w]):([a-z]\w*)::", re.IGNORECASE)


def parsed(sql: str, origin: str) -> dict[str, str]:
    """Return the named blocks of a file, or say which one is not written as it should be."""
    parts = _HEADER.split(sql)
    blocks: dict[str, str] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        _refuse_bad_block(name, body, origin, known=blocks)
        blocks[name] = body.strip().rstrip(";")
    if not blocks:
        msg = f"{origin} holds no query; a query begins with `-- name: words_joined_by_underscores`"
        raise ConfigError(msg)
    return blocks


def _refuse_bad_block(name: str, body: str, origin: str, known: dict[str, str]) -> None:
    first = body.strip().splitlines()[0] if body.strip() else ""
    if not _NAME.fullmatch(name):
        msg = f"{origin}: {name!r} is not a name of a query; use words_joined_by_underscores"
    elif name in known:
        msg = f"{origin}: query {name} is there twice; rename one"
    elif not (first.startswith("-- ") and first.rstrip().endswith(".")):
        msg = f"{origin}: query {name} has no sentence; begin it with a comment that ends with a full stop"
    elif found := _LOST_PARAMETER.search(body):
        msg = f"{origin}: query {name} writes :{found.group(1)}::type, which binds nothing; write CAST(:x AS type)"
    else:
        return
    raise ConfigError(msg)


@lru_cache
def queries(topic: str) -> MappingProxyType[str, TextClause]:
    """Return the queries of one topic by name."""
    file = _file(topic)
    blocks = parsed(file.read_text(), f"sql/queries/{file.name}")
    return MappingProxyType({name: text(sql) for name, sql in blocks.items()})


def _file(topic: str) -> Path:
    file = shared_folder("sql") / "queries" / f"{topic}.sql"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in file.parent.glob("*.sql")))
        msg = f"there is no sql/queries/{topic}.sql; there are {known}"
        raise ConfigError(msg)
    return file
