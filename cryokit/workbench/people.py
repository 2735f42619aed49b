"""Accounts: who may sign in, and who is who."""

from typing import Any

import pandas as pd

from cryokit import accounts
from cryokit.db import logins
from cryokit.db.registry import Registry
from cryokit.domain import ROLES, Identity
from cryokit.errors import AccessError, ConflictError, InputError, NotFoundError
from cryokit.workbench.core import Core

SHORTEST_PASSWORD = accounts.MINIMUM_LENGTH
MAX_FAILED_SIGN_INS, LOCK_MINUTES = 20, 15
"""Twice what one address may try in this time: who guesses from one address does not lock the right person out."""


class People(Core):
    """Add accounts, sign in, close accounts."""

    def add_user(self, name: str, role: str) -> str:
        """Add an account and return its random password."""
        password = accounts.random_password()
        self.registry.add_user(name, role, accounts.hash_password(password))
        return password

    def users(self) -> pd.DataFrame:
        """Return the accounts."""
        return self.registry.users()

    def set_password(self, name: str, password: str | None = None) -> str:
        """Give an account a new password, a random one unless one is named; return it."""
        fresh = password or accounts.random_password()
        self.registry.set_password(name, accounts.hash_password(fresh))
        return fresh

    def disable_user(self, name: str) -> None:
        """Close an account; its sessions and its personal database login end at once."""
        self.registry.disable_user(name)
        self.close_login(name)

    def enable_user(self, name: str) -> None:
        """Open a closed account again; a personal database login is given anew by `give_login`."""
        self.registry.enable_user(name)

    def set_role(self, name: str, role: str) -> None:
        """Give an account another role; it counts at once."""
        if role not in ROLES:
            msg = f"there is no role {role!r}; the roles are {', '.join(ROLES)}"
            raise InputError(msg)
        self.registry.set_role(name, role)

    def give_login(self, name: str, password: str | None = None) -> dict[str, str]:
        """Give an account a database login of its own, or a new password for it; the password is shown only now."""
        registry = self.registry
        account = registry.user_by_name(name)
        if account["disabled_at"] is not None:
            msg = f"the account {name} is closed; `cryokit user enable {name}` opens it"
            raise ConflictError(msg)
        fresh = accounts.checked_password(password) if password else accounts.random_password()
        role = registry.login_of(name) or logins.login_role(account["name"], account["id"])
        registry.store_login(name, role)
        logins.open_login(self.database, role, fresh)
        return {"address": self.database.personal_url(role), "password": fresh}

    def login_address(self, name: str) -> str:
        """Return the address of an account's personal database login."""
        role = self.registry.login_of(name)
        if role is None:
            msg = f"{name} has no database login; `cryokit user login {name}` gives one"
            raise NotFoundError(msg)
        return self.database.personal_url(role)

    def close_login(self, name: str) -> None:
        """Take the personal database login of an account away, if it has one."""
        if role := self.registry.login_of(name):
            logins.close_login(self.database, role)
            self.registry.record_event("login_closed", role, {"user": name})

    def sign_in(self, name: str, password: str) -> Identity:
        """
        Return who signs in, or refuse without saying which of the two was wrong.

        After `MAX_FAILED_SIGN_INS` wrong passwords in a row not even the right one counts for `LOCK_MINUTES`.
        """
        registry = self.maintenance
        try:
            account = registry.user_by_name(name)
        except NotFoundError:
            account = {"password_hash": None}
        matches = accounts.password_matches(password, account["password_hash"])
        is_locked = account.get("is_locked", False)
        if "id" in account and not matches and not is_locked:
            registry.count_failed_sign_in(account["id"], MAX_FAILED_SIGN_INS, LOCK_MINUTES)
        if not matches or is_locked or account["disabled_at"] is not None:
            msg = "name and password do not belong together, or the account is closed or locked for now"
            raise AccessError(msg)
        if account["failed_sign_ins"]:
            registry.forget_failed_sign_ins(account["id"])
        return Identity(account["id"], account["name"], account["role"])

    def change_password(self, old: str, new: str) -> None:
        """Give one's own account another password; all its sessions end."""
        if self.identity is None:
            msg = "nobody is signed in; `cryokit user password NAME` sets the password of an account"
            raise InputError(msg)
        password_hash = accounts.hash_password(new)
        try:
            self.sign_in(self.identity.name, old)
        except AccessError as error:
            msg = "the old password is wrong, or the account is locked for now"
            raise AccessError(msg) from error
        if new == old:
            msg = "the new password is the old one; choose another"
            raise InputError(msg)
        self.maintenance.set_password(self.identity.name, password_hash)

    def sign_out(self, claims: dict[str, Any]) -> None:
        """End the session that `claims` of its token name, in every tab and for everybody who has the token."""
        if session_id := claims.get("jti"):
            Registry(self.database).sign_out(claims["sub"], session_id, claims["exp"])

    def find_identity(
        self, user_id: str, issued_at: float | None = None, session_id: str | None = None
    ) -> Identity | None:
        """Return the person behind an id as of now; None without an open account, or if the session does not count."""
        return self.registry.identity(user_id, issued_at, session_id)

    def signing_key(self) -> bytes:
        """Return the key that signs sessions."""
        given = self.settings.session_key
        return given.get_secret_value().encode() if given else accounts.signing_key(self.settings.secrets_dir)
