"""One look at a database: read only, never waiting long, each question in a transaction of its own."""

from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from typing import Any

import psycopg2
from psycopg2 import sql
from sqlalchemy import Connection, TextClause, event, text
from sqlalchemy.exc import DBAPIError

from cryokit.db.queries import queries

LOCK_TIMEOUT_MILLISECONDS = 500
_SIGNATURE = "/* asked by cryokit */"
"""Tells in pg_stat_statements which statements are those of a health check."""
_LOCKED, _NO_RIGHT, _TOO_SLOW = "55P03", "42501", "57014"


class CannotCheck(Exception):  # noqa: N818  a verdict on the question, not an error of the program
    """A question that cannot be answered here; `is_unfinished` if it applies and should have been."""

    def __init__(self, reason: str, is_unfinished: bool = False) -> None:
        super().__init__(reason)
        self.is_unfinished = is_unfinished


_WITHOUT_TRACE = text(
    "SELECT pg_catalog.set_config('track_counts', 'off', false) FROM pg_catalog.pg_roles "
    "WHERE rolname = current_user AND rolsuper"
)
"""A check does not change the statistics it judges by; only a superuser can see to that."""


def once[Seen](look: Callable[["Probe"], Seen]) -> Callable[["Probe"], Seen]:
    """Let a function of the probe look once a run."""

    @wraps(look)
    def remembered(probe: "Probe") -> Seen:
        return probe.seen(look)

    return remembered


def _sign(*call: Any) -> tuple[str, Any]:
    _, _, statement, parameters, _, _ = call
    return f"{statement} {_SIGNATURE}", parameters


class Probe:
    """
    A connection with what every check asks for.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        Outside of a transaction; the session becomes read only and impatient.
    schemas : list of str, optional
        Schemas to look at; all that are not PostgreSQL's own if missing.
    deep : bool
        Whether checks that read everything are wanted.
    statement_timeout_seconds : float
        Longest time for one question.
    """

    def __init__(
        self,
        connection: Connection,
        schemas: list[str] | None = None,
        deep: bool = False,
        statement_timeout_seconds: float = 20.0,
    ) -> None:
        self._connection = connection
        self._wanted_schemas = schemas
        self.deep = deep
        self.limits: list[str] = []
        """What the running check could not look at, in words; it makes the check unfinished."""
        self.samples: list[str] = []
        """Of what the running check looked at a part only, as it may without `deep`."""
        self._seen: dict[tuple[Any, ...], tuple[Any, list[str]]] = {}
        event.listen(connection, "before_cursor_execute", _sign, retval=True)
        with connection.begin():
            settings = {
                "default_transaction_read_only": "on",
                "lock_timeout": f"{LOCK_TIMEOUT_MILLISECONDS}ms",
                "statement_timeout": f"{round(statement_timeout_seconds * 1000)}ms",
                "search_path": "",  # what PostgreSQL writes out is then qualified
                "row_security": "off",  # a question that policies would thin out fails instead of lying
            }
            for name, value in settings.items():
                connection.execute(text("SELECT set_config(:name, :value, false)"), {"name": name, "value": value})
            connection.execute(_WITHOUT_TRACE)

    def ask(self, question: TextClause | str, parameters: Mapping[str, Any] | None = None) -> list[Mapping[str, Any]]:
        """
        Return the rows of a query; `:schemas`, `:locked` and `:low` are filled in when the query names them.

        Raises
        ------
        CannotCheck
            If a lock, a missing right or the time limit is in the way.
        """
        question = text(question) if isinstance(question, str) else question
        values = dict(parameters or {})
        for name in ("schemas", "locked", "low"):
            if name in question._bindparams and name not in values:
                values[name] = getattr(self, name)
        try:
            with self._connection.begin():
                return list(self._connection.execute(question, values).mappings())
        except DBAPIError as error:
            raise self._reason(error) from error

    def ask_composed(self, question: sql.Composable) -> list[Mapping[str, Any]]:
        """Return the rows of a query whose names psycopg2 quotes; raises what `ask` raises."""
        written = question.as_string(self._connection.connection.dbapi_connection)
        return self.ask(text(written.replace(":", r"\:")))

    def seen[Seen](self, look: Callable[["Probe"], Seen]) -> Seen:
        """Return what a look at the database gives; several checks share it, and what could not be looked at."""
        key = (look, *self.locked)
        if key in self._seen:
            self.limits += self._seen[key][1]
        else:
            known = len(self.limits)
            self._seen[key] = look(self), self.limits[known:]
        return self._seen[key][0]

    def _reason(self, error: DBAPIError) -> Exception:
        code = getattr(error.orig, "pgcode", None)
        said = (str(error.orig).strip().splitlines() or [""])[0]
        if code == _LOCKED:
            self.__dict__.pop("locked", None)  # a new lock: look again before the next question
            return CannotCheck(f"a lock is in the way: {said}", is_unfinished=True)
        if code == _NO_RIGHT:
            return CannotCheck(f"this login lacks a right: {said}", is_unfinished=True)
        if code == _TOO_SLOW:
            return CannotCheck("it took too long and was stopped", is_unfinished=True)
        return error

    def is_broken(self) -> bool:
        """Whether the connection is gone, so that no further question can be asked."""
        try:
            self.ask("SELECT 1 AS answer")
        except (DBAPIError, psycopg2.Error):
            return True
        return False

    @cached_property
    def schemas(self) -> list[str]:
        """Names of the schemas to look at."""
        known = [row["name"] for row in self.ask(queries("health_context")["schemas"])]
        if self._wanted_schemas is None:
            return known
        return [name for name in self._wanted_schemas if name in known]

    @cached_property
    def missing_schemas(self) -> list[str]:
        """Schemas that were asked for and are not there."""
        return [name for name in self._wanted_schemas or [] if name not in self.schemas]

    @cached_property
    def locked(self) -> list[int]:
        """Numbers of relations that somebody holds exclusively: whatever opens them would wait."""
        return [row["oid"] for row in self.ask(queries("health_context")["locked"])]

    @cached_property
    def low(self) -> list[int]:
        """Numbers of the roles that rights and policies are there to hold back; PUBLIC is 0."""
        return [row["oid"] for row in self.ask(queries("health_context")["low_roles"])]

    def locked_names(self) -> list[str]:
        """Names of the locked tables in the schemas to look at."""
        return [row["name"] for row in self.ask(queries("health_context")["locked_names"])]

    @cached_property
    def server_version(self) -> int:
        """Number of the server's version, 150004 for 15.4."""
        return self.ask("SELECT current_setting('server_version_num')::integer AS number")[0]["number"]

    @cached_property
    def extensions(self) -> frozenset[str]:
        """Names of the installed extensions."""
        return frozenset(row["extname"] for row in self.ask("SELECT extname FROM pg_catalog.pg_extension"))

    def require_role(self, role: str) -> None:
        """Raise CannotCheck unless this login has the rights of a role."""
        question = "SELECT pg_catalog.pg_has_role(current_user, CAST(:role AS name), 'USAGE') AS answer"
        if not self.ask(question, {"role": role})[0]["answer"]:
            msg = f"this login lacks the rights of {role}"
            raise CannotCheck(msg, is_unfinished=True)

    def take_sample(self, what: str) -> None:
        """Note that only a part was looked at, which is all that a run without `deep` does."""
        self.samples.append(what)

    def skip_part(self, what: str) -> None:
        """Note something that the running check could not look at."""
        self.limits.append(what)
