"""Connections: pooled, each transaction on somebody's behalf, every failure an error of cryokit."""

import contextlib
import copy
import hashlib
import re
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import psycopg2
import psycopg2.extensions
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import NullPool, QueuePool

from cryokit.config import Settings
from cryokit.db.passwords import Passwords
from cryokit.db.server import DATABASE, SUPERUSER, Server
from cryokit.domain import Identity
from cryokit.errors import AccessError, ConfigError, ConflictError, CryokitError, InputError, UnavailableError
from cryokit.telemetry import application_name, database_time

APP, ADMIN = "cryokit_app", "cryokit_admin"
_DRIVER = "postgresql+psycopg2"
_CONNECT_TIMEOUT_SECONDS = 5
_RECYCLE_SECONDS = 1800
_EMBEDDED = "the embedded PostgreSQL"
_ACTS_AS = "cryokit_acts_as"
_SECRETS = ("password", "passfile", "sslpassword")

_BECOME = """SELECT set_config('app.user_id', %s, true), set_config('role', %s, true),
                    set_config('application_name', %s, true)"""


class Database:
    """The embedded database (`name` is another one in its cluster) or the one that DATABASE_URL names."""

    def __init__(self, settings: Settings, name: str = DATABASE) -> None:
        self.settings = settings
        self.name = name
        self._external = _external_url(settings.database_url) if settings.database_url else None
        self.passwords = Passwords(settings.secrets_dir, _cluster_name(self._external))
        self._maintainer = ""
        self._engines: dict[str, Engine] = {}
        self._engines_lock = threading.Lock()

    @classmethod
    def open(cls, settings: Settings, start: bool = True) -> "Database":
        """Return the database, with its server running if it is the embedded one and `start` is true."""
        database = cls(settings)
        if start and not database.is_external:
            Server(settings).start()
        return database

    def maintained_by(self, identity: Identity) -> "Database":
        """Return the same database; what maintenance writes down there names this person."""
        other = copy.copy(self)
        other._maintainer = str(identity.user_id)
        return other

    @property
    def is_external(self) -> bool:
        """Whether the server is somebody else's, named by DATABASE_URL."""
        return self._external is not None

    def url(self, admin: bool = False) -> str:
        """Return the address for psql and libraries; the password stays in the file that it names."""
        return self._url_for(ADMIN if admin else APP)

    def personal_url(self, role: str) -> str:
        """Return the address for a person's own login, who knows the password."""
        return re.sub(r"[?&]passfile=[^&]*", "", self._url_for(role))

    def _url_for(self, login: str) -> str:
        if self._external is None:
            return Server(self.settings).url(login, self.name)
        query = {name: value for name, value in self._external.query.items() if name not in _SECRETS}
        query["passfile"] = str(self.passwords.file.absolute())
        return f"{_bare(self._external, login)}?{urlencode(query, doseq=True)}"

    # Transactions

    @contextlib.contextmanager
    def service(self) -> Iterator[Connection]:
        """Open a transaction for maintenance, which passes by row level security."""
        with self._transaction(ADMIN, "service_role", self._maintainer) as connection:
            yield connection

    @contextlib.contextmanager
    def acting_as(self, identity: Identity) -> Iterator[Connection]:
        """Open a transaction on behalf of one person."""
        with self._transaction(APP, "authenticated", str(identity.user_id)) as connection:
            yield connection

    @contextlib.contextmanager
    def anonymous(self) -> Iterator[Connection]:
        """Open a transaction on behalf of a visitor without an account."""
        with self._transaction(APP, "anon", "") as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self, login: str, role: str, user_id: str) -> Iterator[Connection]:
        with self._errors_of_cryokit(), self.engine(login).connect() as connection:
            connection = connection.execution_options(**{_ACTS_AS: (user_id, role)})
            with connection.begin():
                yield connection

    def engine(self, login: str) -> Engine:
        """Return the pool of one login; its transactions begin only on somebody's behalf."""
        with self._engines_lock:
            if login not in self._engines:
                self._engines[login] = self._pooled(driver_url(self._url_for(login)))
            return self._engines[login]

    def _pooled(self, url: URL) -> Engine:
        engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=5,
            max_overflow=10,
            pool_timeout=30,
            pool_pre_ping=True,
            pool_recycle=_RECYCLE_SECONDS,
            hide_parameters=True,
            connect_args=self._connect_args(),
        )
        event.listen(engine, "begin", _become)
        _measure(engine)
        return engine

    @contextlib.contextmanager
    def connection_of(self, login: str) -> Iterator[Connection]:
        """Open a connection of its own as a plain login, for migrations; nobody's identity, no pool."""
        with self._unpooled(driver_url(self._url_for(login))) as connection:
            yield connection

    @contextlib.contextmanager
    def maintenance(self) -> Iterator[Connection]:
        """Open a connection of its own that acts as service_role throughout, not for one transaction."""
        with self.connection_of(ADMIN) as connection:
            with connection.begin():
                connection.exec_driver_sql("SET ROLE service_role")
            yield connection

    @contextlib.contextmanager
    def bootstrap(self) -> Iterator[Connection]:
        """Open a connection as who may create roles: the embedded superuser or the login of DATABASE_URL."""
        url = self._external or driver_url(Server(self.settings).url(SUPERUSER, self.name))
        with self._unpooled(url) as connection:
            yield connection

    def bootstrap_url(self) -> str:
        """Return the address of `bootstrap` for PostgreSQL's programs, without a password."""
        if self._external is None:
            return Server(self.settings).url(SUPERUSER, self.name)
        return self._external.set(drivername="postgresql", password=None).render_as_string()

    def bootstrap_secret(self) -> dict[str, str]:
        """Return the variable by which PostgreSQL's programs get the password of DATABASE_URL, if it has one."""
        secret = self._external.password if self._external else None
        return {"PGPASSWORD": str(secret)} if secret else {}

    @contextlib.contextmanager
    def _unpooled(self, url: URL) -> Iterator[Connection]:
        engine = create_engine(url, poolclass=NullPool, connect_args=self._connect_args(), hide_parameters=True)
        with self._errors_of_cryokit(), engine.connect() as connection:
            yield connection

    def _connect_args(self) -> dict[str, object]:
        args: dict[str, object] = {"connect_timeout": _CONNECT_TIMEOUT_SECONDS, "application_name": application_name()}
        if not self.is_external and psycopg2.extensions.libpq_version() >= 160000:
            # Another program on our socket could say yes to anybody; only ours knows the password's verifier.
            args["require_auth"] = "scram-sha-256"
        return args

    def ping(self) -> None:
        """Ask the database for an answer, or raise that it is unavailable."""
        with self.anonymous() as connection:
            connection.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close the pooled connections."""
        for engine in self._engines.values():
            engine.dispose()

    def pool_use(self) -> dict[str, tuple[int, int]]:
        """Return for each login how many connections are in use, and how many may be."""
        return {
            login: (engine.pool.checkedout(), engine.pool.size() + engine.pool._max_overflow)
            for login, engine in list(self._engines.items())
        }

    def place(self) -> str:
        """Return where the database is, without login and password, for messages."""
        if self._external is None:
            return f"{_EMBEDDED} in {self.settings.cluster_dir}"
        return _bare(self._external)

    def _errors_of_cryokit(self) -> contextlib.AbstractContextManager[None]:
        return errors_of_cryokit(self.place())


@contextlib.contextmanager
def errors_of_cryokit(place: str) -> Iterator[None]:
    """Raise the driver's errors as those of cryokit."""
    try:
        yield
    except DBAPIError as error:
        raise translated(error.orig, place) from error
    except psycopg2.Error as error:
        raise translated(error, place) from error
    except PoolTimeoutError as error:
        msg = f"all connections to {place} are busy; try again"
        raise UnavailableError(msg) from error


@contextlib.contextmanager
def connection_to(url: str) -> Iterator[Connection]:
    """Open a connection to any PostgreSQL database, as the login that the address names."""
    args = {"connect_timeout": _CONNECT_TIMEOUT_SECONDS, "application_name": application_name()}
    engine = create_engine(driver_url(url), poolclass=NullPool, connect_args=args, hide_parameters=True)
    with errors_of_cryokit(place_of(url)), engine.connect() as connection:
        yield connection


def place_of(url: str) -> str:
    """Return where an address leads, without login and password, for messages."""
    return _bare(driver_url(url))


def driver_url(url: str) -> URL:
    """Name the driver in an address that starts with postgres:// or postgresql://."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        msg = "this is not the address of a database: it looks like postgresql://login:password@host:5432/database"
        raise ConfigError(msg) from error
    if parsed.drivername not in {"postgres", "postgresql", _DRIVER}:
        msg = f"the address names {parsed.drivername}, but cryokit needs PostgreSQL: postgresql://login@host/database"
        raise ConfigError(msg)
    return parsed.set(drivername=_DRIVER)


def _bare(url: URL, login: str | None = None) -> str:
    """Return host, port and database of an address, and nothing secret."""
    return URL.create("postgresql", login, None, url.host, url.port, url.database).render_as_string()


def _external_url(text_of_url: str) -> URL:
    url = driver_url(text_of_url)
    if not url.database:
        msg = "DATABASE_URL names no database; it looks like postgresql://login:password@host:5432/database"
        raise ConfigError(msg)
    return url


def _cluster_name(url: URL | None) -> str:
    """Return a short name of the cluster: two databases on one server share their logins."""
    if url is None:
        return ""
    place = f"{url.host or url.query.get('host', '')}:{url.port or url.query.get('port', 5432)}"
    return hashlib.sha256(place.encode()).hexdigest()[:12]


def _measure(engine: Engine) -> None:
    """Count the time of each statement for the request that waits for it."""

    def before(_connection: object, _cursor: object, _text: str, _values: object, context: object, _many: bool) -> None:
        context.began_at = time.perf_counter()

    def after(_connection: object, _cursor: object, _text: str, _values: object, context: object, _many: bool) -> None:
        if (spent := database_time.get()) is not None:
            spent.add(time.perf_counter() - context.began_at)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)


def _become(connection: Connection) -> None:
    """Take on the identity for this transaction only; without one there is no transaction."""
    identity = connection.get_execution_options().get(_ACTS_AS)
    driver = connection.connection.dbapi_connection
    if identity is None or driver.autocommit:
        msg = "a transaction needs an identity and AUTOCOMMIT would lose it; use service(), acting_as() or anonymous()"
        raise AccessError(msg)
    with driver.cursor() as cursor:
        cursor.execute(_BECOME, (*identity, application_name()))


_BY_CODE = {
    "42501": (AccessError, "not allowed"),  # insufficient privilege, also refused by row level security
    "23505": (ConflictError, "already there"),
    "23001": (ConflictError, "still referred to"),
    "23503": (ConflictError, "still referred to, or refers to nothing"),
    "23514": (InputError, "outside what the table allows"),
    "23502": (InputError, "a value is missing"),
    "22P02": (InputError, "malformed value"),
    "22003": (InputError, "number out of range"),
    "22021": (InputError, "text that cannot be stored"),
    "54000": (InputError, "too long or too large"),
    "57014": (UnavailableError, "the query took too long and was stopped; narrow it or try again"),
    "55P03": (UnavailableError, "a lock was not free in time; try again"),
    "40001": (UnavailableError, "another transaction was in the way; try again"),
    "40P01": (UnavailableError, "another transaction was in the way; try again"),
    "3F000": (ConfigError, "the schema is not there; run `cryokit db migrate`"),
    "42P01": (ConfigError, "a table is not there; run `cryokit db migrate`"),
}


def translated(error: BaseException, place: str) -> CryokitError:
    """Return the error of cryokit for one of the driver; the first line only, which holds no row and no password."""
    said = (str(error).strip().splitlines() or ["no message"])[0]
    code = getattr(error, "pgcode", None)
    if code in _BY_CODE:
        kind, meaning = _BY_CODE[code]
        return kind(f"{meaning}: {said}")
    if "no password supplied" in said or "authentication failed" in said:
        return ConfigError(f"{place} refuses the login: {said}; run `cryokit db migrate`, which makes the logins")
    remedy = "start it with `cryokit db start`"
    if not place.startswith(_EMBEDDED):
        remedy = "check the address and that the server runs, or ask its administrator"
    is_connection = code is None or code.startswith(("08", "57P"))
    if is_connection and isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return UnavailableError(f"{place} does not answer: {said}; {remedy}")
    if isinstance(error, psycopg2.OperationalError):
        return UnavailableError(f"{place} could not do it now: {said}; look at its log")
    return CryokitError(f"the database refused a statement of cryokit: {said}")
