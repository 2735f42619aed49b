"""Checks of row level security policies that need their expressions read: scope, tautologies, capture, cost."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sqlglot import exp

from cryokit.db.health import expressions
from cryokit.db.health.expressions import Table
from cryokit.db.health.probe import Probe, once
from cryokit.db.health.report import Finding
from cryokit.db.queries import queries

_OPERATIONS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "*": "ALL"}
_SCOPE = re.compile(
    r"^(owner|user|author|creator|member|tenant|team|org|organi[sz]ation|account|company|customer|client|workspace|"
    r"group|profile|patient|employee|person|assignee|recipient|sender|household|subscriber)_?(id|uuid|uid|ref|key)?$|"
    r"^(created|uploaded|submitted|owned|posted|written|assigned)_(by|to)(_id)?$"
)
_PRIVATE = re.compile(
    r"(^|_)(e_?mail|phone|mobile|address|body|content|message|notes?|comments?|salary|wage|amount|balance|secret|"
    r"token|password|passwd|ssn|birth(day|date)?|dob|diagnos[ie]s|medical|iban|first_name|last_name|full_name|"
    r"payload|data)(_|$)"
)
_PUBLISHED = re.compile(
    r"public|publish|visib|shared|listed|is_open|anyone|everyone|approved|released|is_active|active|template|global|"
    r"system|featured"
)
_PRIVILEGED = re.compile(
    r"admin|staff|super|moderat|manager|maint|service|permission|privilege|allowed|may\b|\bcan_|has_role|in_role|"
    r"is_owner|operator|curator|editor|support|auditor|internal"
)
_SIGNED_IN = re.compile(r"logged|signed|authenticated|is_anonymous|is_user|session|member|uid|jwt")
_ONE_PERSON = re.compile(r"@|^[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
_EDITABLE = re.compile(r"user_meta_?data|raw_user_meta_data", re.IGNORECASE)
_ANONYMOUS = re.compile(r"(^|_)(anon|anonymous|guest|visitor|public)(_|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One expression of a policy: USING or WITH CHECK."""

    clause: str
    text: str
    tree: exp.Expression


@dataclass(frozen=True)
class Policy:
    """A policy with its expressions as trees."""

    row: Mapping[str, Any]
    parts: tuple[Part, ...]
    table: Table = field(repr=False)
    guards: frozenset[str] = frozenset()
    """Tables in its subqueries whose own policies hold rows back."""

    @property
    def object(self) -> str:
        """Name of the policy with schema and table."""
        return self.row["object"]

    @cached_property
    def using(self) -> Part | None:
        """Which rows are found."""
        return next((part for part in self.parts if part.clause == "USING"), None)

    @cached_property
    def check(self) -> Part | None:
        """Which rows may be written, if said separately."""
        return next((part for part in self.parts if part.clause == "WITH CHECK"), None)

    @property
    def is_read_only(self) -> bool:
        """Whether the policy is for SELECT."""
        return self.row["command"] == "r"

    @property
    def matters(self) -> bool:
        """Whether the policy opens rows to roles that are to be held back."""
        return self.row["is_permissive"] and self.row["is_for_low_roles"]

    def evidence(self, part: Part, **more: Any) -> dict[str, Any]:
        """Return the definition of one expression."""
        return {
            "operation": _OPERATIONS[self.row["command"]],
            "roles": list(self.row["roles"]),
            part.clause.lower().replace(" ", "_"): part.text,
            **more,
        }

    def altered(self, part: Part, condition: str) -> str:
        """Return the statement that gives a part another condition."""
        return f"ALTER POLICY {self.row['quoted_name']} ON {self.row['table_object']} {part.clause} ({condition})"


@once
def _policies(probe: Probe) -> list[Policy]:
    for table in probe.locked_names():
        probe.skip_part(f"{table} is locked by another session")
    found = []
    for row in probe.ask(queries("health_context")["policies"]):
        table = Table(row["table_name"], frozenset(row["columns"]), frozenset(row["filled_columns"]))
        texts = {"USING": row["using_text"], "WITH CHECK": row["check_text"]}
        try:
            parts = tuple(
                Part(clause, text, expressions.parsed(text)) for clause, text in texts.items() if text is not None
            )
        except expressions.UnreadableError:
            probe.skip_part(f"the expression of policy {row['object']} could not be read")
            continue
        found.append(Policy(row, parts, table))
    opened = {policy.row["table_object"] for policy in found if _opens_all(policy)}
    return [replace(policy, guards=_guards(policy, opened)) for policy in found]


def _opens_all(policy: Policy) -> bool:
    is_read = policy.matters and policy.row["command"] in {"r", "*"} and policy.using is not None
    return is_read and expressions.is_always_true(policy.using.tree, policy.table)


def _guards(policy: Policy, opened: set[str]) -> frozenset[str]:
    return frozenset(
        relation["name"]
        for relation in policy.row["relations"]
        if relation["has_row_security"] and relation["object"] not in opened
    )


# What a condition does for the scope


def _is_scoping(atom: exp.Expression, policy: Policy) -> bool:
    """Whether a condition ties the row to who asks."""
    if not expressions.own_columns(atom, policy.table) or expressions.captured(atom, policy.table):
        return False
    bare = expressions.bare(atom)
    if isinstance(bare, exp.Is) and expressions.is_null(bare.expression) or _has_loose_way(atom, policy):
        return False
    if expressions.knows_person(atom):
        return True
    return any(table.name in policy.guards for table in atom.find_all(exp.Table))


def _is_privileged(atom: exp.Expression, policy: Policy) -> bool:
    """Whether a condition that no column takes part in asks for a special person, not for just anybody."""
    if expressions.own_columns(atom, policy.table):
        return False
    text = expressions.words(atom)
    if expressions.queries(atom):
        return _is_special_lookup(atom, text, policy)
    if _PRIVILEGED.search(text):
        return True
    bare = expressions.bare(atom)
    bare = expressions.bare(bare.this) if isinstance(bare, exp.Not) else bare
    if isinstance(bare, exp.Dot):
        return not _SIGNED_IN.search(text)
    values = [value for value in expressions.literals(atom) if _ONE_PERSON.search(value)]
    return isinstance(bare, (exp.EQ, exp.Like, exp.ILike)) and bool(values)


def _is_special_lookup(atom: exp.Expression, text: str, policy: Policy) -> bool:
    if not (_PRIVILEGED.search(text) and expressions.knows_person(atom)):
        return False
    named = {table.name for table in atom.find_all(exp.Table)}
    scope = {name for name in policy.table.columns if _SCOPE.search(name) and not name.startswith(("user", "owner"))}
    shared = [
        relation
        for relation in policy.row["relations"]
        if relation["name"] in named and scope & {name for name in relation["columns"]}
    ]
    return not shared


def _is_loose(atom: exp.Expression, policy: Policy) -> bool:
    """Whether a subquery depends on no column of the row, though it should."""
    if expressions.own_columns(atom, policy.table):
        return _has_loose_way(atom, policy)
    return bool(expressions.queries(atom)) and not _is_privileged(atom, policy)


def _has_loose_way(atom: exp.Expression, policy: Policy) -> bool:
    ways = expressions.loose_ways(atom, policy.table)
    return any(not any(_PRIVILEGED.search(expressions.words(part)) for part in way) for way in ways)


def _is_published(choice: list[exp.Expression], policy: Policy) -> bool:
    """Whether rows are opened by a mark that they carry."""
    atoms = [atom for atom in choice if expressions.own_columns(atom, policy.table)]
    return policy.is_read_only and any(
        _is_ownerless(atom) or _PUBLISHED.search(expressions.words(atom)) for atom in atoms
    )


def _is_ownerless(atom: exp.Expression) -> bool:
    """Whether a condition asks for rows that belong to nobody."""
    bare = expressions.bare(atom)
    is_null = isinstance(bare, exp.Is) and expressions.is_null(bare.expression) and not bare.args.get("negate")
    return is_null and bool(_SCOPE.search(expressions.bare(bare.this).name))


def _unscoped(part: Part, policy: Policy) -> list[list[exp.Expression]]:
    """Return the alternatives of a condition that do not tie the row to who asks."""
    return [
        choice
        for choice in expressions.choices(part.tree) or []
        if not any(_is_scoping(atom, policy) or _is_privileged(atom, policy) for atom in choice)
        and not any(expressions.is_always_false(atom, policy.table) for atom in choice)
    ]


def _scope_columns(part: Part, policy: Policy) -> set[str]:
    atoms = [atom for choice in expressions.choices(part.tree) or [] for atom in choice]
    return {name for atom in atoms if _is_scoping(atom, policy) for name in expressions.own_columns(atom, policy.table)}


def _scoped_tables(policies: list[Policy]) -> dict[str, set[str]]:
    """Return, by table, the columns that tie its rows to somebody."""
    found: dict[str, set[str]] = {}
    for policy in policies:
        columns = found.setdefault(policy.row["table_object"], set())
        columns |= {name for name in policy.table.columns if _SCOPE.search(name)}
        for part in policy.parts:
            if policy.row["is_permissive"]:
                columns |= _scope_columns(part, policy)
    for policy in policies:
        parents = {parent for parent in policy.row["parents"] if found.get(parent)}
        if not found[policy.row["table_object"]] and parents:
            found[policy.row["table_object"]] = parents
    return found


# Checks


def always_true(probe: Probe) -> Iterator[Finding]:
    """Find policies that let every row pass."""
    policies = _policies(probe)
    scoped, person = _scoped_tables(policies), _person(probe)
    for policy in policies:
        if not policy.row["is_for_low_roles"]:
            continue
        for part in policy.parts:
            if not expressions.is_always_true(part.tree, policy.table) or _is_reference(policy, part, scoped):
                continue
            is_open = any(role == "PUBLIC" or _ANONYMOUS.search(role) for role in policy.row["roles"])
            severity = "error" if is_open or not policy.is_read_only else "warning"
            whom = ", ".join(policy.row["roles"])
            operation = _OPERATIONS[policy.row["command"]]
            message = f"{part.clause} is always true: {operation} by {whom} is open for every row"
            if not policy.row["is_permissive"]:
                severity, message = "warning", f"{part.clause} is always true: the restrictive policy restricts nothing"
            yield Finding(
                "policy_always_true",
                severity,
                policy.object,
                message,
                policy.evidence(part),
                policy.altered(part, _suggested(policy, scoped, person)),
            )


def open_to_visitors(probe: Probe) -> Iterator[Finding]:
    """Find tables whose rows a policy opens for reading to everybody, and that visitors may read."""
    scoped, person = _scoped_tables(_policies(probe)), _person(probe)
    for policy in _policies(probe):
        part = policy.using
        roles = [role for role in policy.row["roles"] if role == "PUBLIC" or _ANONYMOUS.search(role)]
        is_open = policy.matters and _opens_all(policy) and bool(roles) and policy.row["is_read_by_visitors"]
        if part is not None and is_open and not _is_reference(policy, part, scoped):
            condition = _suggested(policy, scoped, person)
            yield Finding(
                "table_open_to_anonymous_by_policy",
                "error",
                policy.row["table_object"],
                f"visitors may read the table, and the policy {policy.row['quoted_name']} shows them every row",
                policy.evidence(part, policy=policy.object),
                f"REVOKE ALL ON {policy.row['table_object']} FROM anon, PUBLIC; {policy.altered(part, condition)}",
            )


def _is_reference(policy: Policy, part: Part, scoped: dict[str, set[str]]) -> bool:
    """Whether everybody is plainly meant to read the table: nothing in it belongs to anybody."""
    return (
        policy.is_read_only
        and isinstance(expressions.bare(part.tree), exp.Boolean)
        and not scoped[policy.row["table_object"]]
        and not any(_PRIVATE.search(name) for name in policy.table.columns)
    )


def _suggested(policy: Policy, scoped: dict[str, set[str]], person: str) -> str:
    columns = sorted(scoped[policy.row["table_object"]] & policy.table.columns)
    if not columns:
        return "..."
    column = policy.row["compared_columns"][columns[0]]
    return f"{column['quoted']} = (SELECT {column['person'] if person.lower() == 'current_user' else person})"


@once
def _person(probe: Probe) -> str:
    return expressions.person_asked((part.tree, policy.table) for policy in _policies(probe) for part in policy.parts)


def drops_scope(probe: Probe) -> Iterator[Finding]:
    """Find policies that let rows pass without asking whose they are."""
    policies = _policies(probe)
    scoped, person = _scoped_tables(policies), _person(probe)
    for policy in policies:
        columns = scoped[policy.row["table_object"]]
        if not policy.matters:
            continue
        for part in policy.parts:
            if expressions.is_always_true(part.tree, policy.table) or _is_second(part, policy):
                continue
            open_ways = [way for way in _unscoped(part, policy) if _is_dropping(way, policy, columns)]
            if not open_ways:
                continue
            shown = " AND ".join(expressions.written(atom) for atom in open_ways[0])
            yield Finding(
                "policy_drops_scope",
                "error",
                policy.object,
                f"{part.clause} lets a row pass on `{shown}`, whoever it belongs to",
                policy.evidence(part, scope=sorted(columns)),
                policy.altered(part, f"({part.text}) AND {_suggested(policy, scoped, person)}"),
            )


def _is_second(part: Part, policy: Policy) -> bool:
    """Whether a WITH CHECK is compared with its USING by another check."""
    return part is policy.check and policy.using is not None and bool(_scope_columns(policy.using, policy))


def _is_dropping(way: list[exp.Expression], policy: Policy, columns: set[str]) -> bool:
    if any(_is_loose(atom, policy) or expressions.captured(atom, policy.table) for atom in way):
        return False  # reported by its own check
    if _is_published(way, policy):
        return False
    touched = any(expressions.own_columns(atom, policy.table) for atom in way)
    if not columns:
        return not touched and policy.row["command"] in {"w", "d", "*"}
    return True


def uncorrelated(probe: Probe) -> Iterator[Finding]:
    """Find subqueries that ask the same for every row."""
    for policy in _policies(probe):
        if not policy.matters:
            continue
        for part in policy.parts:
            atoms = {
                expressions.written(atom): atom
                for way in expressions.choices(part.tree) or []
                if not any(_is_scoping(other, policy) for other in way)
                for atom in way
                if _is_loose(atom, policy)
            }
            for text in atoms:
                yield Finding(
                    "policy_uncorrelated_subquery",
                    "error",
                    policy.object,
                    f"a subquery in {part.clause} does not refer to the row: who passes it for one row passes for all",
                    policy.evidence(part, subquery=text),
                    f"{policy.altered(part, '...')} -- compare a column of {policy.row['table_object']}, "
                    "with the table's name before it, inside the subquery",
                )
                break


def name_capture(probe: Probe) -> Iterator[Finding]:
    """Find comparisons in subqueries that mean the inner table on both sides."""
    for policy in _policies(probe):
        for part in policy.parts:
            found = expressions.captured(part.tree, policy.table)
            if found:
                yield Finding(
                    "policy_name_capture",
                    "error",
                    policy.object,
                    f"`{found[0]}` in {part.clause} means the inner table on both sides: a name without its table "
                    "was taken for the nearest one",
                    policy.evidence(part, comparisons=found),
                    f"{policy.altered(part, '...')} -- write {policy.row['table_object']}.column for the outer column",
                )
                break


def per_row_calls(probe: Probe) -> Iterator[Finding]:
    """Find functions that are called for every row with the same arguments."""
    for policy in _policies(probe):
        functions = {(made["schema"], made["name"]): made["volatility"] for made in policy.row["functions"]}
        for part in policy.parts:
            repeated = [
                call
                for call in expressions.repeated_calls(part.tree, policy.table)
                if functions.get((call.schema, call.name)) != "i"
            ]
            changing = [
                call
                for call in expressions.calls(part.tree)
                if functions.get((call.schema, call.name)) == "v" and expressions.own_columns(call.node, policy.table)
            ]
            if not repeated and not changing:
                continue
            names = sorted({f"{call.schema}.{call.name}" for call in [*repeated, *changing]})
            fix = policy.altered(part, _wrapped(part.text, repeated))
            if changing:
                fix = f"declare {', '.join(names)} STABLE if nothing is written there; {fix}"
            yield Finding(
                "policy_calls_function_per_row",
                "warning",
                policy.object,
                f"{part.clause} calls {', '.join(names)} once a row instead of once a query",
                policy.evidence(part, functions=names),
                fix,
            )


def _wrapped(text: str, repeated: list[expressions.Call]) -> str:
    for call in repeated:
        name = "current_setting" if call.schema == "pg_catalog" else f"{call.schema}.{call.name}"
        text = re.sub(rf"(?<!SELECT )(?<![\w.\"]){re.escape(name)}\([^()]*\)", r"(SELECT \g<0>)", text)
    return text


def weaker_check(probe: Probe) -> Iterator[Finding]:
    """Find policies under which a row that one may change can be given to somebody else."""
    for policy in _policies(probe):
        if not (policy.matters and policy.row["command"] in {"w", "*"} and policy.using and policy.check):
            continue
        columns = _scope_columns(policy.using, policy)
        writable = policy.row["is_wholly_writable"] or columns & set(policy.row["writable_columns"])
        if not columns or not writable:
            continue
        known = {_key(way) for way in expressions.choices(policy.using.tree) or []}
        open_ways = [
            way
            for way in expressions.choices(policy.check.tree) or []
            if _key(way) not in known and not _keeps(way, columns, policy)
        ]
        if open_ways:
            yield Finding(
                "policy_check_weaker",
                "error",
                policy.object,
                f"WITH CHECK does not ask for {', '.join(sorted(columns))} as USING does: a row can be given away",
                policy.evidence(policy.check, using=policy.using.text),
                policy.altered(policy.check, policy.using.text),
            )


def _key(way: list[exp.Expression]) -> frozenset[str]:
    return frozenset(expressions.written(atom) for atom in way)


def _keeps(way: list[exp.Expression], columns: set[str], policy: Policy) -> bool:
    kept = {name for atom in way if _is_scoping(atom, policy) for name in expressions.own_columns(atom, policy.table)}
    return (
        bool(kept & columns)
        or any(_is_privileged(atom, policy) for atom in way)
        or any(expressions.is_always_false(atom, policy.table) for atom in way)
    )


def editable_metadata(probe: Probe) -> Iterator[Finding]:
    """Find policies that believe what users write about themselves."""
    for policy in _policies(probe):
        named = [
            f"{made['schema']}.{made['name']}" for made in policy.row["functions"] if _EDITABLE.search(made["body"])
        ]
        part = next((part for part in policy.parts if _EDITABLE.search(part.text)), None)
        if part is None and not named:
            continue
        part = part or policy.parts[0]
        where = "the condition" if not named else f"the function {', '.join(named)}"
        yield Finding(
            "policy_uses_user_metadata",
            "error",
            policy.object,
            f"{where} reads user_metadata, which users can change themselves",
            policy.evidence(part, functions=named),
            f"use app_metadata or a table of yours: {policy.altered(part, '...')}",
        )


CHECKS: dict[str, Callable[[Probe], Iterator[Finding]]] = {
    "policy_always_true": always_true,
    "table_open_to_anonymous_by_policy": open_to_visitors,
    "policy_drops_scope": drops_scope,
    "policy_uncorrelated_subquery": uncorrelated,
    "policy_name_capture": name_capture,
    "policy_calls_function_per_row": per_row_calls,
    "policy_check_weaker": weaker_check,
    "policy_uses_user_metadata": editable_metadata,
}
