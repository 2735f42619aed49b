"""What names of tables and columns say: words, singular and plural, and which tables are records of what once was."""

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\x00-\x7f]+")
_IRREGULAR = {"people": "person", "children": "child", "mice": "mouse", "data": "datum", "media": "medium"}
_IRREGULAR |= {"indices": "index", "matrices": "matrix", "vertices": "vertex", "analyses": "analysis"}
_IRREGULAR |= {"criteria": "criterion", "bases": "base", "cases": "case", "databases": "database", "doses": "dose"}
_IRREGULAR |= {"responses": "response", "releases": "release", "purchases": "purchase", "houses": "house"}
_IRREGULAR |= {"series": "series", "species": "species", "movies": "movie", "cookies": "cookie"}
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("zes", "ze"), ("uses", "us"))
_RECORDS = {"audit", "audits", "log", "logs", "history", "histories", "archive", "archives", "archived", "backup"}
_RECORDS |= {"backups", "bak", "old", "tmp", "temp", "staging", "stage", "import", "imports", "imported", "raw"}
_RECORDS |= {"snapshot", "snapshots", "quarantine", "quarantined", "deleted", "tombstone", "outbox", "inbox", "trash"}
_RECORDS |= {"versions", "journal", "trail", "queue", "cache", "dump", "export", "exports", "landing", "logged"}


def words_of(name: str) -> list[str]:
    """
    Return the lower case words of a name, whatever joins them.

    Examples
    --------
    >>> words_of("moleculeId"), words_of("sample_ID2"), words_of("pH")
    (['molecule', 'id'], ['sample', 'id', '2'], ['ph'])
    """
    words = []
    for part in re.split(r"[\W_]+", name):
        is_simple = part.islower() or part.isupper() or part in {"pH", "pKa", "mM", "mOsm"}
        words += [part.lower()] if is_simple and part.isalpha() else [word.lower() for word in _WORD.findall(part)]
    return words


def singular(word: str) -> str:
    """
    Return a lower case word in the singular.

    Examples
    --------
    >>> [singular(word) for word in ("molecules", "assays", "batches", "categories", "glass", "species", "statuses")]
    ['molecule', 'assay', 'batch', 'category', 'glass', 'species', 'status']
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, single in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + single
    is_plural = word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2
    return word[:-1] if is_plural else word


@lru_cache(maxsize=65_536)
def stem(name: str) -> str:
    """Return a name in one spelling: words joined by underscores, each in the singular."""
    return "_".join(singular(word) for word in words_of(name))


def is_record(name: str) -> bool:
    """Whether a table keeps what once was, so that it may name rows that are gone."""
    return bool(_RECORDS & set(words_of(name)))
