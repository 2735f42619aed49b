"""Tokens: keys by which programs act for a person, such as the one that watches over the server."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pandas as pd

from cryokit.accounts import signed_token, verified_claims
from cryokit.db.registry import Registry
from cryokit.domain import ROLES, Identity
from cryokit.errors import AccessError, InputError
from cryokit.workbench.core import Core

SCOPES = {
    "all": "whatever its person may",
    "read": "what a viewer may",
    "monitoring": "the health of the system and its metrics, nothing else",
}
"""What a key may be for."""
READ, MONITORING = "read", "monitoring"
MAX_DAYS = 3660


class Tokens(Core):
    """Make keys for programs, list them, take them back."""

    def issue_token(self, identity: Identity, lifetime: timedelta) -> str:
        """Return a token by which a person is signed in until its lifetime is over."""
        return signed_token(self.signing_key(), str(identity.user_id), lifetime, jti=str(uuid4()))

    def token_claims(self, token: str) -> dict[str, Any] | None:
        """Return what a token claims, None unless it is ours and its time is not over; nothing is looked up."""
        return verified_claims(self.signing_key(), token)

    def add_token(self, user: str, name: str, scope: str = "monitoring", days: int = 365) -> str:
        """Make a key that acts for an account, and return it; it is shown only now. People make keys of their own."""
        if scope not in SCOPES or not 1 <= days <= MAX_DAYS or not name.strip():
            msg = f"a token has a name, a scope ({', '.join(SCOPES)}) and counts for 1 to {MAX_DAYS} days"
            raise InputError(msg)
        if self.identity is not None and user != self.identity.name:
            msg = f"{self.identity.name} makes keys of {self.identity.name} only, not of {user}"
            raise AccessError(msg)
        if scope == MONITORING:
            self._refuse_unless_admin()
        registry, token_id = self.maintenance, str(uuid4())
        account = registry.user_by_name(user)
        key = self.signing_key()
        token = signed_token(key, str(account["id"]), timedelta(days=days), scope=scope, jti=token_id)
        with registry.transaction():
            registry.add_token(token_id, user, name.strip(), scope, token, days)
            registry.record_event("token_added", token_id, {"user": account["name"], "name": name, "scope": scope})
        return token

    def tokens(self) -> pd.DataFrame:
        """Return the keys, without what is secret of them."""
        return self.registry.tokens()

    def revoke_token(self, token_id: str) -> None:
        """Take a key back, as a person one's own; from then on it does not count."""
        registry = self.maintenance
        with registry.transaction():
            registry.revoke_token(token_id)
            registry.record_event("token_revoked", token_id)

    def token_person(self, token_id: str) -> tuple[Identity, str] | None:
        """Return for whom a key acts, with no more than its scope allows, and the scope; None if it does not count."""
        found = Registry(self.database).token_person(token_id)
        if found is not None and found[1] == READ:
            return replace(found[0], role=ROLES[0]), READ
        return found
