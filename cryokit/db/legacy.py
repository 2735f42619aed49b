"""Reading a legacy database: one look at one moment, read only, never waiting long, no secrets."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from cryokit.db.engine import driver_url, place_of
from cryokit.db.queries import queries
from cryokit.errors import AccessError, ConfigError, CryokitError, InputError, UnavailableError

CONNECT_TIMEOUT_SECONDS = 10
LOCK_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 300
_BATCH = 5000
_LONGEST_LIST = 20
_SECRET = re.compile(
    r"pass(word|wd|phrase|code)|(^|_)(pwd|salt|otp|pin|totp|hash)(_|$)|secret|token|credential|api_?key|private_?key",
    re.IGNORECASE,
)
"""Columns whose names say that they hold secrets; they are never asked for."""
_SETTINGS = {
    "default_transaction_read_only": "on",
    "lock_timeout": f"{LOCK_TIMEOUT_SECONDS}s",
    "statement_timeout": f"{STATEMENT_TIMEOUT_SECONDS}s",
    "idle_in_transaction_session_timeout": "600s",
    "row_security": "off",  # policies that would hide rows make it fail instead
    "search_path": "",
    "timezone": "UTC",
    "datestyle": "ISO",
    "extra_float_digits": "1",
}

Progress = Callable[[str, int, int], None]
"""Called with what is done, the number of rows done and the number of all."""


@dataclass(frozen=True)
class WantedTable:
    """A table to read: its name, and the columns that the map names, the key first."""

    name: str
    columns: tuple[str, ...]
    key_of_map: str
    """Where the map names the table, for messages."""


@dataclass(frozen=True)
class LegacyContent:
    """What was read: rows by kind, each as JSON; what was left out."""

    rows: dict[str, list[str]]
    secret_columns: list[str]
    other_tables: list[str]


def read_legacy(
    url: str, schema: str, wanted: Mapping[str, WantedTable], anywhere: list[str], progress: Progress | None = None
) -> LegacyContent:
    """
    Read the wanted tables of a legacy database, all as of one moment.

    Parameters
    ----------
    url : str
        Address of the database.
    schema : str
        Schema that the tables are in.
    wanted : mapping of str to WantedTable
        Tables by kind.
    anywhere : list of str
        Columns of which it is enough that one of the tables has them.
    progress : callable, optional
        Told how far the reading is.

    Raises
    ------
    InputError
        If the address is none, or a table or column is not there.
    UnavailableError
        If the database does not answer, or does not let itself be read in time.
    """
    with _reading(url) as connection:
        tables = _tables(connection, schema)
        _refuse_missing(tables, schema, wanted, anywhere)
        rows, secret = {}, []
        for kind, table in wanted.items():
            columns = [name for name in tables[table.name] if not _SECRET.search(name)]
            secret += [f"{table.name}.{name}" for name in tables[table.name] if _SECRET.search(name)]
            rows[kind] = _rows(connection, schema, table, columns, progress)
    read = {table.name for table in wanted.values()}
    return LegacyContent(rows, sorted(secret), [name for name in tables if name not in read])


@contextlib.contextmanager
def _reading(url: str) -> Iterator[Connection]:
    """Open a transaction that sees one moment and cannot write."""
    address = _address(url)
    engine = create_engine(
        address,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS, "application_name": "cryokit"},
        execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    )
    with _errors_of_reading(place_of(url), address.password), engine.connect() as connection, connection.begin():
        with connection.connection.cursor() as cursor:
            for name, value in _SETTINGS.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        yield connection


def _address(url: str) -> URL:
    msg = "--url is not an address of a PostgreSQL database; it looks like postgresql://login@host:5432/database"
    try:
        address = driver_url(url)
    except (ConfigError, ArgumentError, ValueError):
        raise InputError(msg) from None  # the cause may hold the address, and with it the password
    if not address.database:
        msg = f"{msg}; this one names no database"
        raise InputError(msg)
    if "@" in (address.host or ""):
        msg = "the password in --url holds an @; write it as %40, or better keep it in ~/.pgpass"
        raise InputError(msg)
    return address


@contextlib.contextmanager
def _errors_of_reading(place: str, password: object) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, psycopg2.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise _translated(cause, place, str(password or "")) from None


def _translated(error: BaseException, place: str, password: str) -> CryokitError:
    said = (str(error).strip().splitlines() or ["no message"])[0]
    if password:
        said = said.replace(password, "***")
    code = getattr(error, "pgcode", None)
    if code == "42501":
        return AccessError(
            f"the login may not read all of {place}: {said}; use one that may, and from which row level security hides"
            " nothing (the owner of the tables, or one with BYPASSRLS)"
        )
    if code in ("55P03", "57014"):
        return UnavailableError(f"{place} did not let itself be read in time: {said}; try again when it is less busy")
    if "authentication failed" in said or "no password supplied" in said:
        return AccessError(f"{place} refuses the login: {said}; correct --url, or ~/.pgpass")
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return UnavailableError(f"{place} does not answer: {said}; check --url and that the server runs")
    return CryokitError(f"{place} refused a question of cryokit: {said}")


def _tables(connection: Connection, schema: str) -> dict[str, list[str]]:
    known = queries("legacy")
    found = {row.name: list(row.columns) for row in connection.execute(known["legacy_tables"], {"schema": schema})}
    if not found:
        schemas = ", ".join(connection.execute(known["legacy_schemas"]).scalars())
        msg = f"the legacy database has no tables in a schema {schema!r}; its schemas are {schemas}; correct `schema`"
        raise InputError(msg)
    return found


def _refuse_missing(
    tables: Mapping[str, list[str]], schema: str, wanted: Mapping[str, WantedTable], anywhere: list[str]
) -> None:
    for table in wanted.values():
        if table.name not in tables:
            msg = (
                f"{table.key_of_map}: the legacy database has no table {table.name!r} in schema {schema!r}; it has"
                f" {_shortened(list(tables))}; correct the map, or leave the table out of it"
            )
            raise InputError(msg)
        if missing := [name for name in table.columns if name not in tables[table.name]]:
            msg = (
                f"{table.key_of_map}: the table {table.name!r} has no column {missing[0]!r}; it has"
                f" {_shortened(tables[table.name])}; correct the map"
            )
            raise InputError(msg)
        if secret := [name for name in table.columns if _SECRET.search(name)]:
            msg = f"{table.key_of_map}: the column {secret[0]!r} is taken for a secret and never read; name another"
            raise InputError(msg)
    somewhere = {name for table in wanted.values() for name in tables[table.name]}
    if missing := [name for name in anywhere if name not in somewhere]:
        msg = f"quantities: no table that is read has a column {missing[0]!r}; correct the conditions in the map"
        raise InputError(msg)


def _shortened(names: list[str]) -> str:
    more = len(names) - _LONGEST_LIST
    return ", ".join(names[:_LONGEST_LIST]) + (f" and {more} more" if more > 0 else "")


def _rows(
    connection: Connection, schema: str, table: WantedTable, columns: list[str], progress: Progress | None
) -> list[str]:
    """Return the rows of a table as PostgreSQL writes them in JSON, always in the same order."""
    parts = {
        "table": sql.Identifier(schema, table.name),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
    }
    question = sql.SQL(
        "SELECT content FROM (SELECT CAST(pg_catalog.to_jsonb(legacy) AS text) AS content"
        ' FROM (SELECT {columns} FROM {table}) AS legacy) AS written ORDER BY content COLLATE pg_catalog."C"'
    ).format(**parts)
    raw = connection.connection.dbapi_connection
    with raw.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT count(*) FROM {table}").format(**parts))
        [total] = cursor.fetchone()
    found: list[str] = []
    with raw.cursor(name="cryokit_reading") as cursor:
        cursor.itersize = _BATCH
        cursor.execute(question)
        while batch := cursor.fetchmany(_BATCH):
            found += [content for (content,) in batch]
            if progress:
                progress(f"reading {table.name}", len(found), total)
    if len(found) != total:
        msg = f"{table.name} holds {total} rows, but {len(found)} were read; nothing was adopted, try again"
        raise UnavailableError(msg)
    return found
