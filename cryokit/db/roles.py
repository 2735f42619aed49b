"""The roles and logins of cryokit on a server: made once, by whoever has the right to."""

import psycopg2.extensions
from sqlalchemy import Connection, text

from cryokit.db.engine import ADMIN, APP, Database
from cryokit.errors import AccessError, ConfigError
from cryokit.paths import shared_folder

LOGINS = (APP, ADMIN)

_READY = text("""
    SELECT coalesce(bool_and(pg_has_role(:admin, role.rolname, 'MEMBER')), false) AND count(*) = 4
           AND bool_or(role.rolname = 'service_role' AND role.rolbypassrls)
           AND bool_and(role.rolname <> 'cryokit_owner'
                        OR has_database_privilege(role.oid, current_database(), 'CREATE'))
      FROM pg_catalog.pg_roles AS role
     WHERE role.rolname IN ('service_role', 'cryokit_owner', 'anon', 'authenticated')
""")
_STATEMENTS_ARE_SEEN = text("""
    SELECT current_setting('pg_stat_statements.max', true) IS NULL
           OR EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_stat_statements')
""")
_LOGINS = text("SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY(:logins)")
_WITH_PASSWORD = text("""
    SELECT rolname FROM pg_catalog.pg_authid WHERE rolname = ANY(:logins) AND rolpassword IS NOT NULL
""")
_RIGHTS = text("""
    SELECT rolname, rolsuper, rolcreaterole, rolbypassrls,
           current_setting('server_version_num')::integer / 10000 AS major,
           has_database_privilege(current_database(), 'CREATE WITH GRANT OPTION') AS may_grant
      FROM pg_catalog.pg_roles
     WHERE rolname = current_user
""")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('cryokit roles', 0))")


def ensure_roles(database: Database) -> None:
    """Have both logins work and their roles hold what this database needs; ask for rights only when they do not."""
    if _logins_work(database):
        return
    with database.bootstrap() as connection, connection.begin():
        connection.execute(_LOCK)
        _refuse_missing_rights(connection, database)
        foreign = _logins_with_foreign_password(connection, database)
        if foreign:
            raise ConfigError(_foreign_password_message(foreign, database))
        known = set(connection.execute(_LOGINS, {"logins": list(LOGINS)}).scalars())
        connection.exec_driver_sql(_roles_sql(), None, execution_options={"no_parameters": True})
        for login in LOGINS:
            if login not in known or database.passwords.get(login) is None or not _works(database, login):
                set_password(connection, login, database.passwords.ensure(login))


def _roles_sql() -> str:
    return (shared_folder("sql") / "roles.sql").read_text()


def _logins_work(database: Database) -> bool:
    if not _works(database, APP):
        return False
    try:
        with database.connection_of(ADMIN) as connection:
            is_ready = bool(connection.execute(_READY, {"admin": ADMIN}).scalar())
            # Elsewhere an administrator decides once; asking again would need rights that are not used any more.
            return is_ready and (database.is_external or bool(connection.execute(_STATEMENTS_ARE_SEEN).scalar()))
    except ConfigError:
        return False


def _works(database: Database, login: str) -> bool:
    if database.passwords.get(login) is None:
        return False
    try:
        with database.connection_of(login) as connection:
            connection.execute(text("SELECT 1"))
    except ConfigError:
        return False
    return True


def _refuse_missing_rights(connection: Connection, database: Database) -> None:
    found = connection.execute(_RIGHTS).one()
    if found.rolsuper:
        return
    if found.major < 16:
        missing = f"be a superuser, because PostgreSQL {found.major} lets nobody else make a role with BYPASSRLS"
    elif not (found.rolcreaterole and found.rolbypassrls):
        missing = "have CREATEROLE and BYPASSRLS"
    elif not found.may_grant:
        missing = "own the database, to let cryokit_owner create its schema there"
    else:
        return
    msg = (
        f"login {found.rolname} at {database.place()} cannot make the roles of cryokit: it must {missing}; "
        f"let an administrator run {shared_folder('sql') / 'roles.sql'} there once, give the logins "
        f"{' and '.join(LOGINS)} passwords, and write a line *:*:*:login:password for each into "
        f"{database.passwords.file} (mode 600)"
    )
    raise AccessError(msg)


def _logins_with_foreign_password(connection: Connection, database: Database) -> list[str]:
    """Return logins that somebody else gave a password: setting another would lock that installation out."""
    unknown = [login for login in LOGINS if database.passwords.get(login) is None]
    is_superuser = connection.execute(_RIGHTS).one().rolsuper
    asked = _WITH_PASSWORD if is_superuser else _LOGINS  # others cannot see whether there is one
    return list(connection.execute(asked, {"logins": unknown}).scalars())


def _foreign_password_message(logins: list[str], database: Database) -> str:
    return (
        f"{' and '.join(logins)} at {database.place()} already have passwords from another installation of cryokit; "
        f"copy its passfile (in its secrets folder) to {database.passwords.file}, mode 600"
    )


def set_password(connection: Connection, login: str, password: str) -> None:
    """Set a password by its verifier, so that the password itself is in no statement and no server log."""
    driver = connection.connection.dbapi_connection
    verifier = psycopg2.extensions.encrypt_password(password, login, scope=driver, algorithm="scram-sha-256")
    with driver.cursor() as cursor:
        identifier = psycopg2.extensions.quote_ident(login, driver)
        cursor.execute(f"ALTER ROLE {identifier} PASSWORD %s", (verifier,))
