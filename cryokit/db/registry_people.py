"""The registry's people: accounts, and who did what."""

from typing import Any
from uuid import UUID

import pandas as pd

from cryokit.db.queries import queries
from cryokit.db.registry_base import RegistryBase, as_uuid
from cryokit.db.tables import json_text
from cryokit.domain import ROLES, Identity
from cryokit.errors import ConflictError, InputError, NotFoundError

_TOPIC = "people"


class People(RegistryBase):
    """Accounts; signing in looks them up as maintenance, because nobody is known yet."""

    def add_user(self, name: str, role: str, password_hash: str) -> Identity:
        """Open an account; names differ by more than capital letters."""
        if role not in ROLES:
            msg = f"there is no role {role!r}; the roles are {', '.join(ROLES)}"
            raise InputError(msg)
        if name != name.strip() or not 2 <= len(name) <= 100 or not name.isprintable():  # noqa: PLR2004
            msg = f"{name!r} cannot be the name of an account; use 2 to 100 printable characters without blanks around"
            raise InputError(msg)
        try:
            given = {"name": name, "role": role, "password_hash": password_hash}
            row = self.one(_TOPIC, "add_user", "the account was not kept", **given)
        except ConflictError as error:
            msg = f"there is an account {name!r} already; choose another name, or `cryokit user password {name}`"
            raise ConflictError(msg) from error
        return Identity(row.id, row.name, row.role)

    def users(self) -> pd.DataFrame:
        """Return the accounts that one may see, without passwords."""
        return self.frame(_TOPIC, "users")

    def user_by_name(self, name: str) -> dict[str, Any]:
        """Return an account with the hash of its password and the time at which it was disabled."""
        with self.database.service() as connection:
            row = connection.execute(queries(_TOPIC)["user_by_name"], {"name": name}).one_or_none()
        if row is None:
            raise NotFoundError(_no_account(name))
        return dict(row._mapping)

    def identity(self, user_id: str | UUID) -> Identity | None:
        """Return who an account is, None if it is unknown or disabled."""
        if as_uuid(user_id) is None:
            return None
        with self.database.service() as connection:
            row = connection.execute(queries(_TOPIC)["identity"], {"id": str(user_id)}).one_or_none()
        return Identity(row.id, row.name, row.role) if row else None

    def set_password(self, name: str, password_hash: str) -> None:
        """Replace the hash of an account's password."""
        self.one(_TOPIC, "set_password", _no_account(name), name=name, password_hash=password_hash)

    def disable_user(self, name: str) -> None:
        """Close an account; its rows stay."""
        self.one(_TOPIC, "disable_user", _no_account(name), name=name)

    def record_event(self, action: str, object: str, detail: dict[str, Any] | None = None) -> None:  # noqa: A002
        """Write down who did what."""
        given = {"actor_id": self.owner_id, "action": action, "object": object, "detail": json_text(detail or {})}
        with self.transaction() as connection:
            connection.execute(queries(_TOPIC)["record_event"], given)

    def events(self, limit: int = 200) -> pd.DataFrame:
        """Return what was done, newest first, as far as one may see it."""
        return self.frame(_TOPIC, "events", limit=limit)


def _no_account(name: str) -> str:
    return f"there is no account {name!r}; `cryokit user list` shows which there are"
