"""What the expression of a policy says: which of its table's columns it asks for, and whether it asks at all."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cryokit.db.health.names import stem

_DIALECT = "postgres"
_MOST_DISJUNCTS = 128
_PERSONS = (exp.CurrentUser, exp.SessionUser, exp.CurrentRole)
_COMPARED = {
    exp.EQ: lambda left, right: left == right,
    exp.NEQ: lambda left, right: left != right,
    exp.GT: lambda left, right: left > right,
    exp.GTE: lambda left, right: left >= right,
    exp.LT: lambda left, right: left < right,
    exp.LTE: lambda left, right: left <= right,
}
_EQUAL_TO_ITSELF = (exp.EQ, exp.NullSafeEQ, exp.GTE, exp.LTE)
_DIFFERENT_FROM_ITSELF = (exp.NEQ, exp.NullSafeNEQ, exp.GT, exp.LT)


class UnreadableError(ValueError):
    """An expression that the parser does not understand."""


@dataclass(frozen=True)
class Table:
    """The table that an expression belongs to."""

    name: str
    columns: frozenset[str]
    filled: frozenset[str] = frozenset()
    """Columns that are never null."""


@lru_cache(maxsize=4096)
def parsed(text: str) -> exp.Expression:
    """Return the tree of an expression as PostgreSQL writes it out."""
    try:
        return sqlglot.parse_one(f"SELECT {text}", dialect=_DIALECT).expressions[0]
    except (SqlglotError, RecursionError, IndexError) as error:
        raise UnreadableError(text) from error


def bare(node: exp.Expression) -> exp.Expression:
    """Return a node without parentheses, aliases and a SELECT that reads no table."""
    while True:
        inner = node
        is_cast = isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.BOOLEAN
        if is_cast or isinstance(node, (exp.Paren, exp.Alias)):
            inner = node.this
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select):
            select = node.this
            if not reads(select) and not select.args.get("where") and len(select.expressions) == 1:
                inner = select.expressions[0]
        if inner is node:
            return node
        node = inner


def written(node: exp.Expression) -> str:
    """Return a node as SQL."""
    return bare(node).sql(dialect=_DIALECT)


def reads(select: exp.Expression) -> bool:
    """Whether a SELECT has a FROM."""
    return bool(select.args.get("from_") or select.args.get("from"))


def queries(node: exp.Expression) -> list[exp.Select]:
    """Return the outermost SELECTs that read something."""
    found = [select for select in node.find_all(exp.Select) if reads(select)]
    return [select for select in found if not any(above in found for above in _above(select, node))]


def _above(node: exp.Expression, top: exp.Expression) -> Iterator[exp.Expression]:
    while node is not top and node.parent is not None:
        node = node.parent
        yield node


def own_columns(node: exp.Expression, table: Table) -> set[str]:
    """Return the columns of the policy's table that a part of its expression mentions."""
    return {column.name or "*" for column in node.find_all(exp.Column) if _is_own(column, table)}


def _is_own(column: exp.Column, table: Table) -> bool:
    if not column.table:
        return column.name in table.columns
    if column.table != table.name:
        return False
    hidden: set[str] = set()
    above = column.parent
    while above is not None:
        if isinstance(above, exp.Select):
            hidden |= _sources(above)
        above = above.parent
    return table.name not in hidden


def _sources(select: exp.Select) -> set[str]:
    parts = [select.args.get("from_") or select.args.get("from"), *(select.args.get("joins") or [])]
    return {source.alias_or_name for part in parts if part for source in part.find_all(exp.Table, exp.Subquery)}


# Conditions


def _constant(node: exp.Expression) -> str | float | bool | None:
    node = bare(node)
    while isinstance(node, exp.Cast):
        node = bare(node.this)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Literal):
        return str(node.this) if node.is_string else float(node.this)
    return None


def is_null(node: exp.Expression) -> bool:
    """Whether a node is NULL itself."""
    node = bare(node)
    return isinstance(node.this, exp.Null) if isinstance(node, exp.Cast) else isinstance(node, exp.Null)


def _outcome(node: exp.Expression) -> bool | None:
    """Return what a comparison of constants, or of something with itself, always is."""
    if isinstance(node, exp.EQ) and (
        _falls_back(node.this, node.expression) or _falls_back(node.expression, node.this)
    ):
        return True
    left, right = _constant(node.this), _constant(node.expression)
    if left is not None and right is not None and type(left) is type(right):
        return _COMPARED[type(node)](left, right) if type(node) in _COMPARED else None
    if written(node.this) != written(node.expression) or "RANDOM" in written(node.this).upper():
        return None
    if isinstance(node, _EQUAL_TO_ITSELF):
        return True
    return False if isinstance(node, _DIFFERENT_FROM_ITSELF) else None


def _falls_back(wanted: exp.Expression, given: exp.Expression) -> bool:
    """Whether something is compared with a coalesce that ends in itself, and so is open for who sets nothing."""
    given = bare(given)
    return isinstance(given, exp.Coalesce) and any(written(wanted) == written(item) for item in given.expressions)


def is_always_true(node: exp.Expression, table: Table) -> bool:
    """Whether a condition lets every row pass, or every row for somebody whom it does not know."""
    node = bare(node)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Not):
        return is_always_false(node.this, table)
    if isinstance(node, exp.Or):
        return _is_open_choice(node, table)
    if isinstance(node, exp.And):
        return is_always_true(node.this, table) and is_always_true(node.expression, table)
    if isinstance(node, exp.Is):
        return _is_true_test(node, table)
    if isinstance(node, (exp.In, exp.Any, exp.Like, exp.ILike, exp.RegexpLike, exp.Exists)):
        return _takes_anything(node)
    if isinstance(node, exp.EQ) and isinstance(node.expression, exp.Any):
        return _is_listed(node.this, node.expression.this)
    if isinstance(node, exp.Coalesce):
        given = [item for item in (node.this, *node.expressions) if not is_null(item)]
        return bool(given) and (is_always_true(given[0], table) or is_always_true(given[-1], table))
    if isinstance(node, exp.Case):
        results = [branch.args["true"] for branch in node.args["ifs"]]
        last = node.args.get("default")
        return last is not None and all(is_always_true(result, table) for result in [*results, last])
    return isinstance(node, exp.Binary) and _outcome(node) is True


def _takes_anything(node: exp.Expression) -> bool:
    """Whether a pattern, a list or an EXISTS is of a kind that everything passes."""
    if isinstance(node, (exp.Like, exp.ILike)):
        return bool(re.fullmatch("%+", str(_constant(node.expression))))
    if isinstance(node, exp.RegexpLike):
        return _constant(node.expression) in {"", ".*", "^.*$", "^"}
    if isinstance(node, exp.In):
        return any(written(node.this) == written(item) for item in node.expressions)
    return isinstance(node.this, exp.Select) and not reads(node.this) and not node.this.args.get("where")


def is_always_false(node: exp.Expression, table: Table) -> bool:
    """Whether a condition lets no row pass."""
    node = bare(node)
    if isinstance(node, exp.Boolean):
        return not node.this
    if isinstance(node, exp.Not):
        return is_always_true(node.this, table)
    if isinstance(node, exp.Or):
        return is_always_false(node.this, table) and is_always_false(node.expression, table)
    if isinstance(node, exp.And):
        return is_always_false(node.this, table) or is_always_false(node.expression, table)
    if isinstance(node, exp.Is) and is_null(node.expression) and not node.args.get("negate"):
        return _is_never_null(node.this, table)
    if isinstance(node, (exp.Is, exp.Like, exp.In, exp.Case, exp.Coalesce, exp.Exists)):
        return False
    return isinstance(node, exp.Binary) and _outcome(node) is False


def _is_open_choice(node: exp.Or, table: Table) -> bool:
    choices = [bare(choice) for choice in node.flatten()]
    if any(is_always_true(choice, table) for choice in choices):
        return True
    texts = {choice.sql(dialect=_DIALECT) for choice in choices}
    return any(bare(_opposite(choice)).sql(dialect=_DIALECT) in texts for choice in choices)


def _opposite(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Not):
        return node.this
    if isinstance(node, exp.Is):
        other = node.copy()
        other.set("negate", None if node.args.get("negate") else True)
        return other
    pairs = {exp.EQ: exp.NEQ, exp.NEQ: exp.EQ, exp.LT: exp.GTE, exp.GTE: exp.LT, exp.GT: exp.LTE, exp.LTE: exp.GT}
    if type(node) in pairs:
        return pairs[type(node)](this=node.this.copy(), expression=node.expression.copy())
    return exp.Not(this=node.copy())


def _is_true_test(node: exp.Is, table: Table) -> bool:
    negated = bool(node.args.get("negate"))
    if is_null(node.expression):
        return negated and _is_never_null(node.this, table)
    wanted = _constant(node.expression)
    if wanted is True and not negated:
        return is_always_true(node.this, table)
    return wanted is False and negated


def _is_never_null(node: exp.Expression, table: Table) -> bool:
    node = bare(node)
    while isinstance(node, exp.Cast):
        node = bare(node.this)
    if isinstance(node, exp.Column):
        return _is_own(node, table) and (node.name in table.filled or isinstance(node.this, exp.Star))
    return _constant(node) is not None or isinstance(node, (*_PERSONS, exp.CurrentTimestamp))


def _is_listed(wanted: exp.Expression, array: exp.Expression) -> bool:
    array = bare(array)
    return isinstance(array, exp.Array) and any(written(wanted) == written(item) for item in array.expressions)


def choices(node: exp.Expression) -> list[list[exp.Expression]] | None:
    """Return a condition as alternatives, each a list of conditions that must all hold; nothing if there are many."""
    node = bare(node)
    if isinstance(node, exp.Or):
        parts = [choices(part) for part in (node.this, node.expression)]
        found = None if None in parts else [choice for part in parts for choice in part]
    elif isinstance(node, exp.And):
        parts = [choices(part) for part in (node.this, node.expression)]
        if None in parts or len(parts[0]) * len(parts[1]) > _MOST_DISJUNCTS:
            return None
        found = [left + right for left, right in product(*parts)]
    else:
        found = [[node]]
    return found if found is not None and len(found) <= _MOST_DISJUNCTS else None


def loose_ways(node: exp.Expression, table: Table) -> list[list[exp.Expression]]:
    """Return the alternatives of an EXISTS that do not refer to the row, though others of it do."""
    found = []
    for exists in node.find_all(exp.Exists):
        where = exists.this.args.get("where")
        if where is None or any(own_columns(join, table) for join in exists.this.args.get("joins") or []):
            continue
        ways = choices(where.this) or []
        loose = [way for way in ways if not any(own_columns(atom, table) for atom in way)]
        found += loose if len(loose) < len(ways) else []
    return found


# Calls


@dataclass(frozen=True)
class Call:
    """A function that an expression calls."""

    schema: str
    name: str
    node: exp.Expression


def calls(node: exp.Expression) -> list[Call]:
    """Return the calls of functions that are not PostgreSQL's own, and of current_setting."""
    found = []
    for part in node.find_all(exp.Func):
        name = part.name if isinstance(part, exp.Anonymous) else part.sql_name()
        above = part.parent
        if isinstance(above, exp.Dot) and above.expression is part:
            found.append(Call(above.this.name, name.lower(), above))
        elif name.lower() == "current_setting":
            found.append(Call("pg_catalog", "current_setting", part))
    return found


def knows_person(node: exp.Expression) -> bool:
    """Whether a condition depends on who asks: a function, a setting or the current role."""
    return bool(calls(node)) or node.find(*_PERSONS) is not None or "pg_has_role" in node.sql(dialect=_DIALECT).lower()


def person_asked(conditions: Iterable[tuple[exp.Expression, Table]]) -> str:
    """Return how a database asks who it is: what its conditions compare columns with most often."""
    atoms = [(atom, table) for node, table in conditions for way in choices(node) or [] for atom in way]
    found = Counter(filter(None, (_person_compared(atom, table) for atom, table in atoms)))
    return found.most_common(1)[0][0] if found else "current_user"


def _person_compared(atom: exp.Expression, table: Table) -> str | None:
    """Return what a column of the row is compared with if that says who asks: `app.uid()`, a setting, a role."""
    compared = bare(atom)
    if not isinstance(compared, exp.EQ):
        return None
    for side, other in ((compared.this, compared.expression), (compared.expression, compared.this)):
        if own_columns(other, table) and not own_columns(side, table) and knows_person(side) and not queries(side):
            return written(side)
    return None


def literals(node: exp.Expression) -> set[str]:
    """Return the strings in a condition."""
    return {str(literal.this) for literal in node.find_all(exp.Literal) if literal.is_string}


def words(node: exp.Expression) -> str:
    """Return the names of columns, tables and functions in a condition and its strings, but no names of schemas."""
    named = [part.name for part in node.find_all(exp.Column, exp.Table)]
    called = [part.name if isinstance(part, exp.Anonymous) else part.sql_name() for part in node.find_all(exp.Func)]
    persons = ["session_user"] if node.find(exp.SessionUser) else []
    return " ".join([*named, *called, *persons, *literals(node)]).lower()


def repeated_calls(node: exp.Expression, table: Table) -> list[Call]:
    """Return the calls that are made for each row, though nothing in them depends on the row."""
    return [call for call in calls(node) if _is_repeated(call.node, node, table)]


def _is_repeated(call: exp.Expression, top: exp.Expression, table: Table) -> bool:
    for above in _above(call, top):
        if isinstance(above, exp.Select) and (not reads(above) or not own_columns(above, table)):
            return False
    return call.find(exp.Column) is None


def captured(node: exp.Expression, table: Table) -> list[str]:
    """Return the comparisons of a subquery that mean the inner table on both sides, for want of a table's name."""
    found = []
    for select in queries(node):
        for part in select.find_all(exp.EQ):
            left, right = bare(part.this), bare(part.expression)
            if not (isinstance(left, exp.Column) and isinstance(right, exp.Column)):
                continue
            if written(left) == written(right) or _is_own_reference(left, right, table):
                found.append(written(part))
        found += _captured_results(select, table)
    return found


def _is_own_reference(left: exp.Column, right: exp.Column, table: Table) -> bool:
    """Whether an inner table's reference to the outer one (`doc_id`) is compared with the inner table's own `id`."""
    if left.table != right.table or table.name in {left.table, right.table}:
        return False
    return any(
        column.name in table.columns and stem(reference.name) == f"{stem(table.name)}_{stem(column.name)}"
        for reference, column in ((left, right), (right, left))
    )


def _captured_results(select: exp.Select, table: Table) -> list[str]:
    above = select.parent
    while isinstance(above, (exp.Subquery, exp.Paren, exp.Any)):
        above = above.parent
    if not isinstance(above, (exp.In, exp.EQ)) or len(select.expressions) != 1:
        return []
    wanted, given = bare(above.this), bare(select.expressions[0])
    if not (isinstance(wanted, exp.Column) and isinstance(given, exp.Column)):
        return []
    if wanted.name == given.name and _is_own(wanted, table) and _is_own(given, table):
        return [f"{written(wanted)} IN (SELECT {written(given)} ...)"]
    return []
