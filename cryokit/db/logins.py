"""Personal database logins: a role for each person who works with psql or notebooks, bound to the account."""

import re

from psycopg2 import sql
from sqlalchemy import Connection, text

from cryokit.db.engine import Database
from cryokit.db.roles import set_password

_LONGEST_PART = 40
_EXISTS = text("SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = :role)")
_END_SESSIONS = text("""
    SELECT count(pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity
     WHERE usename = :role AND pid <> pg_backend_pid()
""")
_SETTINGS = {"statement_timeout": "60s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "120s"}
_MOST_CONNECTIONS = 10


def login_role(name: str, user_id: str) -> str:
    """Return the name of an account's login: no role of the server has it by chance."""
    part = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:_LONGEST_PART]
    return f"person_{part}_{user_id.replace('-', '')[:8]}"


def open_login(database: Database, role: str, password: str) -> None:
    """Have a login that acts as a person with an account and as nobody else."""
    with database.bootstrap() as connection, connection.begin():
        name = sql.Identifier(role)
        if not connection.execute(_EXISTS, {"role": role}).scalar():
            _run(connection, sql.SQL("CREATE ROLE {} IN ROLE authenticated").format(name))
        _run(
            connection, sql.SQL("ALTER ROLE {} LOGIN CONNECTION LIMIT {}").format(name, sql.Literal(_MOST_CONNECTIONS))
        )
        for setting, value in _SETTINGS.items():
            words = sql.SQL("ALTER ROLE {} SET {} = {}").format(name, sql.Identifier(setting), sql.Literal(value))
            _run(connection, words)
        connect = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
        here = connection.execute(text("SELECT current_database()")).scalar_one()
        _run(connection, connect.format(sql.Identifier(here), name))
        set_password(connection, role, password)


def close_login(database: Database, role: str) -> None:
    """Let nobody in by a login any more, and end its sessions."""
    with database.bootstrap() as connection, connection.begin():
        if connection.execute(_EXISTS, {"role": role}).scalar():
            _run(connection, sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(sql.Identifier(role)))
            connection.execute(_END_SESSIONS, {"role": role})


def _run(connection: Connection, statement: sql.Composable) -> None:
    with connection.connection.cursor() as cursor:
        cursor.execute(statement)
