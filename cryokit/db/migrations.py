"""The schema: SQL files applied in their order, each once, in a transaction, and never edited afterwards."""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, text

from cryokit.db.engine import ADMIN, Database
from cryokit.db.programs import pg_bindir, run_here
from cryokit.db.roles import ensure_roles
from cryokit.db.server import SUPERUSER, Server
from cryokit.errors import ConfigError, ConflictError
from cryokit.paths import shared_folder

_NAME = re.compile(r"(\d{4})_(pre|post)_[a-z0-9_]+")
POLICIES = "policies"
SCHEMAS = ("cryo", "app", "quarantine")
_LOCK_KEY = "cryokit migrations"
_LOCK_PATIENCE_SECONDS = 120
_TIMEOUTS = {"lock_timeout": "4s", "statement_timeout": "300s", "idle_in_transaction_session_timeout": "300s"}

# What must be there before the first migration can be written down.
_LEDGER = """
    CREATE SCHEMA IF NOT EXISTS app;
    COMMENT ON SCHEMA app IS 'functions of the access rules, and which migrations were applied';
    CREATE TABLE IF NOT EXISTS app.applied_file (
        name text CONSTRAINT applied_file_pkey PRIMARY KEY,
        sha256 text NOT NULL CONSTRAINT applied_file_sha256_form CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    COMMENT ON TABLE app.applied_file IS 'checksum of each SQL file at the time it was applied';
"""
_HAS_LEDGER = text("SELECT to_regclass('app.applied_file') IS NOT NULL")
_APPLIED = text("SELECT name, sha256 FROM app.applied_file")
_RECORD = text("""
    INSERT INTO app.applied_file (name, sha256) VALUES (:name, :sha256)
    ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = clock_timestamp()
""")


@dataclass(frozen=True)
class SqlFile:
    """One SQL file and its checksum."""

    path: Path

    @property
    def name(self) -> str:
        """Name without the extension, for example 0001_pre_people."""
        return self.path.stem

    @property
    def number(self) -> str:
        """Place in the order, the revision's identity."""
        return self.name[:4]

    @property
    def is_post(self) -> bool:
        """Whether it takes away what code from before it still needs."""
        return self.name[5:].startswith("post_")

    @property
    def sha256(self) -> str:
        """Checksum of the bytes."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def migration_files(folder: Path | None = None) -> list[SqlFile]:
    """Return the migrations in their order, or say which file is not named as it should be."""
    folder = folder or shared_folder("sql") / "migrations"
    files = [SqlFile(path) for path in sorted(folder.glob("*.sql"))]
    for place, file in enumerate(files, start=1):
        if not _NAME.fullmatch(file.name) or int(file.number) != place:
            msg = f"migration {file.path.name} must be named {place:04}_pre_words.sql or {place:04}_post_words.sql"
            raise ConfigError(msg)
    return files


def migrate(database: Database, sql_folder: Path | None = None, serving_folder: Path | None = None) -> list[str]:
    """
    Bring the schema up to date and return the names of what was applied.

    While another release serves, `serving_folder` names its SQL files: `post` migrations that it does not have would
    take away what it needs, and wait until a release that has them serves.

    Two runners at once are safe: one waits for the other. Each migration is one transaction that also writes its
    checksum, so a run that is killed has applied some migrations whole and the others not at all.
    """
    folder = sql_folder or shared_folder("sql")
    files = migration_files(folder / "migrations")
    wanted = files if serving_folder is None else _without_new_post(files, serving_folder)
    ensure_roles(database)
    with _runner(database) as connection:
        with connection.begin():
            connection.exec_driver_sql(_LEDGER)
            applied = _checked_ledger(connection, files)
        _upgrade(connection, [file for file in files if file in wanted or file.name in applied])
        done = [file.name for file in wanted if file.name not in applied]
        return done + _apply_policies(connection, SqlFile(folder / "policies.sql"), applied, force=bool(done))


def _without_new_post(files: list[SqlFile], serving_folder: Path) -> list[SqlFile]:
    known = {file.name for file in migration_files(serving_folder / "migrations")}
    wanted = [file for file in files if not file.is_post or file.name in known]
    if wanted != files[: len(wanted)]:
        first = next(file for file in files if file not in wanted)
        msg = f"{first.path.name} waits for the next release, but files after it do not; number it after all pre files"
        raise ConfigError(msg)
    return wanted


def apply_policies(database: Database) -> None:
    """Apply the policies anew, whatever the ledger says of them."""
    folder = shared_folder("sql")
    with _runner(database) as connection:
        with connection.begin():
            applied = _checked_ledger(connection, migration_files(folder / "migrations"))
        _apply_policies(connection, SqlFile(folder / "policies.sql"), applied, force=True)


def revision(database: Database) -> str | None:
    """Return the number of the newest applied migration, None for an empty database."""
    with _as_owner(database) as connection:
        return _context(connection).get_current_revision()


def pending(database: Database) -> list[str]:
    """Return the names of migrations that this version of cryokit needs and the database has not."""
    with _as_owner(database) as connection:
        known = _ledger(connection) if connection.execute(_HAS_LEDGER).scalar() else {}
    files = migration_files()
    while files and files[-1].is_post:  # the code runs with and without them
        files.pop()
    return [file.name for file in files if file.name not in known]


def dump_schema(database: Database) -> str:
    """Return the schema as SQL, the text of sql/schema.sql: without what differs from run to run."""
    url = database.url(admin=True) if database.is_external else Server(database.settings).url(SUPERUSER, database.name)
    schemas = [f"--schema={name}" for name in SCHEMAS]
    argv = [pg_bindir(database.settings) / "pg_dump", "--schema-only", *schemas, "--dbname", url]
    return _without_noise(run_here(argv))


def _without_noise(dump: str) -> str:
    noise = re.compile(r"\\(un)?restrict |-- Dumped (from|by) |SET transaction_timeout")
    kept = "\n".join(_roles_in_order(line) for line in dump.splitlines() if not noise.match(line))
    return re.sub(r"\n{3,}", "\n\n", kept).strip() + "\n"


def _roles_in_order(line: str) -> str:
    """Sort the roles of a policy: pg_dump lists them as they happen to lie in the catalogue."""
    policy = re.match(r"(CREATE POLICY .* TO )(\w+(?:, \w+)+)(.*)", line)
    if not policy:
        return line
    start, roles, rest = policy.groups()
    return f"{start}{', '.join(sorted(roles.split(', ')))}{rest}"


# Connections


@contextlib.contextmanager
def _as_owner(database: Database) -> Iterator[Connection]:
    with database.connection_of(ADMIN) as connection:
        with connection.begin():
            connection.exec_driver_sql("SET ROLE cryokit_owner")
        yield connection


@contextlib.contextmanager
def _runner(database: Database) -> Iterator[Connection]:
    """Yield the only connection that may migrate now; the lock goes with it if this process dies."""
    with _as_owner(database) as connection:
        with connection.begin():
            key = {"key": _LOCK_KEY}
            connection.exec_driver_sql(f"SET lock_timeout = '{_LOCK_PATIENCE_SECONDS}s'")
            connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:key, 0))"), key)
            for name, value in _TIMEOUTS.items():
                connection.exec_driver_sql(f"SET {name} = '{value}'")
        yield connection


# Ledger


def _ledger(connection: Connection) -> dict[str, str]:
    return {row.name: row.sha256 for row in connection.execute(_APPLIED)}


def _checked_ledger(connection: Connection, files: list[SqlFile]) -> dict[str, str]:
    """Return name and checksum of what was applied, or refuse files that changed since."""
    applied = _ledger(connection)
    here = {file.name: file for file in files}
    for name, sha256 in applied.items():
        if name == POLICIES:
            continue
        if name not in here:
            msg = f"migration {name} was applied here, but this version of cryokit does not have it; use a newer one"
            raise ConflictError(msg)
        if here[name].sha256 != sha256:
            msg = (
                f"migration {here[name].path.name} was edited after it had been applied (sha256 {sha256[:12]} then, "
                f"{here[name].sha256[:12]} now); restore the file and put the change into a new migration"
            )
            raise ConflictError(msg)
    return applied


def _record(ctx: MigrationContext, step: object, **_: object) -> None:
    file = SqlFile(Path(step.up_revision.path))
    ctx.connection.execute(_RECORD, {"name": file.name, "sha256": file.sha256})


def _apply_policies(connection: Connection, file: SqlFile, applied: dict[str, str], force: bool) -> list[str]:
    if not force and applied.get(POLICIES) == file.sha256:
        return []
    with connection.begin():
        _run_file(connection, file)
        connection.execute(_RECORD, {"name": POLICIES, "sha256": file.sha256})
    return [POLICIES]


# Alembic


class _SqlScripts(ScriptDirectory):
    """Alembic's chain of revisions made from SQL files: each file is one, after the one before it."""

    def __init__(self, files: list[SqlFile], connection: Connection) -> None:
        self._files, self._connection = files, connection
        super().__init__(files[0].path.parent)

    def _load_revisions(self) -> Iterator[Script]:
        previous = None
        for file in self._files:
            yield Script(self._as_module(file, previous), file.number, file.path)
            previous = file.number

    def _as_module(self, file: SqlFile, previous: str | None) -> ModuleType:
        module = ModuleType(f"migration_{file.name}", file.name)
        module.revision, module.down_revision = file.number, previous
        module.upgrade = lambda: _run_file(self._connection, file)
        return module

    def steps_from(self, current: tuple[str, ...]) -> list[MigrationStep]:
        """Return what is to be done after the current revision."""
        scripts = list(self.iterate_revisions("head", current, implicit_base=True))
        return [MigrationStep.upgrade_from_script(self.revision_map, script) for script in reversed(scripts)]


def _run_file(connection: Connection, file: SqlFile) -> None:
    # Without this option a percent sign in the file would be taken for a parameter.
    connection.exec_driver_sql(file.path.read_text(), None, execution_options={"no_parameters": True})


def _context(connection: Connection, **options: object) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"version_table_schema": "app"} | options)


def _upgrade(connection: Connection, files: list[SqlFile]) -> None:
    scripts = _SqlScripts(files, connection)
    context = _context(
        connection,
        script=scripts,
        fn=lambda current, _: scripts.steps_from(current),
        transaction_per_migration=True,
        on_version_apply=(_record,),
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.rollback()  # looking at the current revision began a transaction
