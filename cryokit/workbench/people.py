"""Accounts: who may sign in, and who is who."""

import pandas as pd

from cryokit import accounts
from cryokit.domain import Identity
from cryokit.errors import AccessError, NotFoundError
from cryokit.workbench.core import Core


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
        """Close an account."""
        self.registry.disable_user(name)

    def sign_in(self, name: str, password: str) -> Identity:
        """Return who signs in, or refuse without saying which of the two was wrong."""
        try:
            account = self.registry.user_by_name(name)
        except NotFoundError:
            account = {"password_hash": None}
        matches = accounts.password_matches(password, account["password_hash"])
        if not matches or account["disabled_at"] is not None:
            msg = "name and password do not belong together, or the account is closed"
            raise AccessError(msg)
        return Identity(account["id"], account["name"], account["role"])

    def find_identity(self, user_id: str) -> Identity | None:
        """Return the person behind an id as of now, or None if there is no such open account."""
        return self.registry.identity(user_id)

    def signing_key(self) -> bytes:
        """Return the key that signs sessions."""
        return accounts.signing_key(self.settings.secrets_dir)
