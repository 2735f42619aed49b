"""What a database holds: rows and a hash of the content of each table, its structure, its roles."""

import hashlib
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection

from cryokit.db import drift
from cryokit.db.queries import queries

_TOPIC = "backups"
# The order of rows does not matter and the sum needs no memory; md5 is the same in every version of PostgreSQL.
_CONTENT = """
    SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text
      FROM {} AS t
"""
_SAME_TEXT = """
    SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres';
    SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL search_path = ''
"""


def contents_of(connection: Connection) -> dict[str, Any]:
    """Return tables with rows and hashes, the structure's hash and the roles, as one transaction sees them."""
    connection.exec_driver_sql(_SAME_TEXT)
    return {"tables": _tables(connection), "structure_sha256": _structure(connection), "roles": _roles(connection)}


def _tables(connection: Connection) -> dict[str, dict[str, Any]]:
    driver = connection.connection.dbapi_connection
    found = {}
    with driver.cursor() as cursor:
        for schema, name in connection.execute(queries(_TOPIC)["tables_with_content"]).all():
            cursor.execute(sql.SQL(_CONTENT).format(sql.Identifier(schema, name)))
            rows, content = cursor.fetchone()
            found[f"{schema}.{name}"] = {"rows": rows, "content": content}
    return found


def _structure(connection: Connection) -> str:
    return hashlib.sha256(drift.structure_of(connection).encode()).hexdigest()


def _roles(connection: Connection) -> dict[str, str]:
    return {row.name: row.rights for row in connection.execute(queries(_TOPIC)["roles"])}


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Return in words how two contents differ; nothing if they are equal."""
    lines = []
    for name in sorted(expected["tables"] | found["tables"]):
        before, after = expected["tables"].get(name), found["tables"].get(name)
        if before != after:
            lines.append(f"table {name}: {_in_words(before)} before, {_in_words(after)} after")
    if expected["structure_sha256"] != found["structure_sha256"]:
        lines.append("the structure (columns, keys, policies, triggers) is another one")
    lines += [
        f"role {name} differs"
        for name in sorted(expected["roles"] | found["roles"])
        if expected["roles"].get(name) != found["roles"].get(name)
    ]
    return lines


def _in_words(table: dict[str, Any] | None) -> str:
    return "not there" if table is None else f"{table['rows']} rows with content {table['content'][-8:]}"
