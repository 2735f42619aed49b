"""What all parts of the registry share: whose transaction it is, and rows as tables."""

import contextlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import Connection, Row

from cryokit.db.engine import Database, errors_of_cryokit
from cryokit.db.queries import queries
from cryokit.db.tables import frame_of
from cryokit.domain import Identity
from cryokit.errors import NotFoundError


class RegistryBase:
    """
    Transactions on behalf of one person, or of local maintenance when there is none.

    With `as_maintenance` what is done is written down as the person's, but runs with the rights of maintenance.
    """

    def __init__(self, database: Database, identity: Identity | None = None, *, as_maintenance: bool = False) -> None:
        self.database = database
        self.person = identity
        self._as_maintenance = as_maintenance or identity is None
        self._open: Connection | None = None

    @property
    def owner_id(self) -> str | None:
        """Who owns what is stored; null for the installation itself."""
        return str(self.person.user_id) if self.person else None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction as the registry's person or as maintenance; one inside another is part of it."""
        if self._open is not None:
            with errors_of_cryokit(self.database.place()):
                yield self._open
            return
        scope = self.database.service() if self._as_maintenance else self.database.acting_as(self.person)
        with scope as connection:
            self._open = connection
            try:
                yield connection
            finally:
                self._open = None

    def frame(self, topic: str, name: str, /, **parameters: object) -> pd.DataFrame:
        """Return what a named query finds as a table."""
        with self.transaction() as connection:
            result = connection.execute(queries(topic)[name], parameters)
            return frame_of(result.mappings().all(), result.keys())

    def one_or_none(self, topic: str, name: str, /, **parameters: object) -> Row[Any] | None:
        """Return the only row that a named query finds or changes."""
        with self.transaction() as connection:
            return connection.execute(queries(topic)[name], parameters).one_or_none()

    def one(self, topic: str, name: str, missing: str, /, **parameters: object) -> Row[Any]:
        """Return the only row, or say with `missing` that it is not there."""
        row = self.one_or_none(topic, name, **parameters)
        if row is None:
            raise NotFoundError(missing)
        return row


def as_uuid(value: str | UUID) -> UUID | None:
    """Return an identifier, None for a text that is none."""
    try:
        return UUID(str(value))
    except ValueError:
        return None
