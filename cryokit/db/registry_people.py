"""The registry's people: accounts, and who did what."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pandas as pd

from cryokit.db.queries import queries
from cryokit.db.registry_base import RegistryBase, as_uuid
from cryokit.db.tables import json_text
from cryokit.domain import MAX_ID, ROLES, Identity
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
            with self.transaction():
                row = self.one(_TOPIC, "add_user", "the account was not kept", **given)
                self.record_event("user_added", str(row.id), {"name": name, "role": role})
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

    def identity(
        self, user_id: str | UUID, issued_at: float | None = None, session_id: str | None = None
    ) -> Identity | None:
        """
        Return who an account is.

        None if it is unknown or disabled, if its password was changed after `issued_at`, or if the session was signed
        out.
        """
        if as_uuid(user_id) is None or (session_id is not None and as_uuid(session_id) is None):
            return None
        given = {"id": str(user_id), "session_id": session_id}
        with self.database.service() as connection:
            row = connection.execute(queries(_TOPIC)["identity"], given).one_or_none()
        if row is None or (issued_at is not None and issued_at < row.password_changed_at.timestamp()):
            return None
        return Identity(row.id, row.name, row.role)

    def count_failed_sign_in(self, user_id: str, limit: int, minutes: int) -> int:
        """Count one more wrong password, lock the account from the limit on, and return how many there were."""
        given = {"id": user_id, "limit": limit, "minutes": minutes}
        with self.transaction():
            count = self.one(_TOPIC, "count_failed_sign_in", "the account is gone", **given).failed_sign_ins
            if count >= limit:
                self.record_event("account_locked", user_id, {"failed_sign_ins": count, "minutes": minutes})
        return count

    def forget_failed_sign_ins(self, user_id: str) -> None:
        """Begin to count anew."""
        with self.transaction() as connection:
            connection.execute(queries(_TOPIC)["forget_failed_sign_ins"], {"id": user_id})

    def sign_out(self, user_id: str, session_id: str, expires_at: float) -> None:
        """Remember that a session was ended before its time."""
        given = {"user_id": user_id, "session_id": session_id, "expires_at": expires_at}
        with self.transaction() as connection:
            connection.execute(queries(_TOPIC)["sign_out"], given)

    def set_password(self, name: str, password_hash: str) -> None:
        """Replace the hash of an open account's password; its sessions end."""
        account = self.user_by_name(name)
        if account["disabled_at"] is not None:
            msg = f"the account {name} is closed; `cryokit user enable {name}` opens it, then set a password"
            raise ConflictError(msg)
        # The time of this machine, which also dates the sessions that are compared with it.
        given = {"password_hash": password_hash, "changed_at": datetime.now(UTC)}
        self._change("set_password", "password_set", name, given)

    def disable_user(self, name: str) -> None:
        """Close an account; its rows stay. The last administrator who can sign in is kept."""
        with self.transaction():
            self._refuse_losing_the_last_admin(name)
            self._change("disable_user", "user_disabled", name)

    def _refuse_losing_the_last_admin(self, name: str) -> None:
        with self.transaction() as connection:
            admins = [row.lower() for row in connection.execute(queries(_TOPIC)["open_admins"]).scalars()]
        if admins == [name.lower()]:
            msg = f"{name} is the last administrator who can sign in; add or enable another one first"
            raise ConflictError(msg)

    def add_provider_user(self, name: str, role: str, password_hash: str, issuer: str, subject: str) -> dict[str, Any]:
        """Open an account for whom a provider knows by a subject."""
        with self.transaction():
            self.add_user(name, role, password_hash)
            self.link_provider(name, issuer, subject)
        return self.account_of_provider(issuer, subject)

    def link_provider(self, name: str, issuer: str, subject: str) -> None:
        """Say whose account it is that a provider knows by a subject."""
        given = {"name": name, "issuer": issuer, "subject": subject}
        try:
            with self.transaction():
                account = self.one(_TOPIC, "link_provider", _no_account(name), **given)
                self.record_event("provider_linked", account.id, given)
        except ConflictError as error:
            msg = f"{issuer} knows {subject!r} as another account already, or {name!r} is taken"
            raise ConflictError(msg) from error

    def unlink_provider(self, name: str) -> None:
        """Forget by what providers know an account, such as somebody else's subject."""
        with self.transaction():
            gone = self.frame(_TOPIC, "unlink_provider", name=name).to_dict("records")
            if not gone:
                msg = f"no provider knows an account {name!r}"
                raise NotFoundError(msg)
            for link in gone:
                self.record_event("provider_unlinked", link["id"], {"name": name} | link)

    def account_of_provider(self, issuer: str, subject: str) -> dict[str, Any] | None:
        """Return the account that a provider knows by a subject."""
        row = self.one_or_none(_TOPIC, "account_of_provider", issuer=issuer, subject=subject)
        return dict(row._mapping) if row else None

    def is_known_to_a_provider(self, user_id: str) -> bool:
        """Whether an account signs in at a provider."""
        return self.one(_TOPIC, "is_known_to_a_provider", "nothing was found", id=user_id).is_so

    def set_role(self, name: str, role: str) -> None:
        """Give an account another role; the last administrator who can sign in stays one."""
        with self.transaction():
            if role != ROLES[-1]:
                self._refuse_losing_the_last_admin(name)
            changed = self.one(_TOPIC, "set_role", _no_account(name), name=name, role=role)
            self.record_event("role_set", changed.id, {"name": name, "role": role})

    def enable_user(self, name: str) -> None:
        """Open a closed account again."""
        self._change("enable_user", "user_enabled", name)

    def login_of(self, name: str) -> str | None:
        """Return the personal database login of an account."""
        row = self.one_or_none(_TOPIC, "login_of", name=name)
        return row.login_role if row else None

    def store_login(self, name: str, login_role: str) -> None:
        """Say whose a personal database login is."""
        with self.transaction() as connection:
            connection.execute(queries(_TOPIC)["store_login"], {"name": name, "login_role": login_role})
            self.record_event("login_given", login_role, {"user": name})

    def _change(self, query: str, action: str, name: str, more: dict[str, Any] | None = None) -> None:
        with self.transaction():
            changed = self.one(_TOPIC, query, _no_account(name), name=name, **(more or {}))
            self.record_event(action, changed.id, {"name": name})

    def record_event(self, action: str, object: str, detail: dict[str, Any] | None = None) -> None:  # noqa: A002
        """Write down who did what."""
        given = {"actor_id": self.owner_id, "action": action, "object": object, "detail": json_text(detail or {})}
        with self.transaction() as connection:
            connection.execute(queries(_TOPIC)["record_event"], given)

    def events(self, limit: int = 200, before: int = MAX_ID, text: str | None = None) -> pd.DataFrame:
        """Return what was done, newest first, as far as one may see it; `text` is part of who, what or which."""
        return self.frame(_TOPIC, "events", limit=limit, before=before, text=text)


def _no_account(name: str) -> str:
    return f"there is no account {name!r}; `cryokit user list` shows which there are"
