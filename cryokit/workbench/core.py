"""What every use case stands on: settings, the database, and on whose behalf it is asked."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from cryokit.chemistry.recipe import parse_recipe
from cryokit.config import Settings
from cryokit.db import drift, migrations
from cryokit.db.engine import APP, Database
from cryokit.db.registry import Registry
from cryokit.db.server import Server
from cryokit.domain import Identity, target_named
from cryokit.errors import AccessError, ConflictError, NotFoundError
from cryokit.sources.names import molecule_named

if TYPE_CHECKING:
    from cryokit.models.fitted import FittedModel

Progress = Callable[[int, int], None]
"""Called with the number of folds done and the number of all folds."""


class Core:
    """Settings, database and identity of a workbench."""

    def __init__(self, settings: Settings, database: Database | None = None, identity: Identity | None = None) -> None:
        self.settings = settings
        self.identity = identity
        self._database = database
        self._models: dict[str, FittedModel] = {}
        self._errors: dict[str, Any] = {}

    def acting_as(self, identity: Identity) -> Self:
        """Return this workbench on behalf of one person: every query runs under that person's rights."""
        other = type(self)(self.settings, self.database, identity)
        other._models, other._errors = self._models, self._errors
        return other

    @property
    def database(self) -> Database:
        """The database; the embedded one is started when it does not run, but not made."""
        if self._database is None:
            known = Database(self.settings)
            # Making the logins is the first step of a migration.
            if not known.is_external and known.passwords.get(APP) is None:
                msg = f"there is no database of cryokit in {self.settings.state_dir} yet; run `cryokit up` first"
                raise NotFoundError(msg)
            self._database = Database.open(self.settings, start=True)
        return self._database

    @property
    def registry(self) -> Registry:
        """Rows of the database as tables, as this workbench's person may see them."""
        return Registry(self.database, self.identity)

    @property
    def maintenance(self) -> Registry:
        """The same with the rights of maintenance, for what a person may do with things of his own account."""
        return Registry(self.database, self.identity, as_maintenance=True)

    def _refuse_unless_admin(self) -> None:
        if self.identity is not None and self.identity.role != "admin":
            msg = f"{self.identity.name} is {self.identity.role}, but only an admin looks after the database"
            raise AccessError(msg)

    def close(self) -> None:
        """Give back the connections."""
        if self._database is not None:
            self._database.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start_database(self) -> None:
        """Start the embedded PostgreSQL; another server is not ours to start."""
        if self.settings.database_url:
            msg = "DATABASE_URL names another server; start that one by its own means"
            raise ConflictError(msg)
        Server(self.settings).start()

    def stop_database(self) -> None:
        """Stop the embedded PostgreSQL."""
        if self.settings.database_url:
            msg = "DATABASE_URL names another server; cryokit stops only its own"
            raise ConflictError(msg)
        self.close()
        Server(self.settings).stop()

    def database_status(self) -> dict:
        """Return whether the database runs, its version and where its data lie."""
        if self.settings.database_url:
            self.database.ping()
            return {"running": True, "version": self.registry.server_version(), "data": self.database.place()}
        status = Server(self.settings).status()
        return {"running": status.running, "version": status.version, "data": str(status.data_dir)}

    def migrate(self, serving_folder: Path | None = None) -> list[str]:
        """
        Bring the schema up to date and return the names of the migrations that were applied.

        `serving_folder` holds the SQL files of a release that still serves; see `migrations.migrate`.
        """
        if self._database is None:
            self._database = Database.open(self.settings, start=True)
        return migrations.migrate(self.database, serving_folder=serving_folder)

    def structure(self) -> str:
        """Return what makes up the schema as a table, the text of sql/structure.csv."""
        with self.database.service() as connection:
            return drift.structure_of(connection)

    def schema(self) -> str:
        """Return the schema of the database as SQL."""
        return migrations.dump_schema(self.database)


def with_components(target: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Add the parsed components of each recipe, which the models of formulations need."""
    if target_named(target).subject != "recipe" or "components" in rows:
        return rows
    return rows.assign(components=[parse_recipe(text, molecule_named) for text in rows["recipe"]])
