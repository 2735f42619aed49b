"""Tokens: keys by which programs act for a person, such as the one that watches over the server."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pandas as pd

from cryokit.accounts import signed_token, verified_claims
from cryokit.db.registry import Registry
from cryokit.domain import Identity
from cryokit.errors import InputError
from cryokit.workbench.core import Core

SCOPES = ("monitoring",)
"""What a key may be for."""
MAX_DAYS = 3660


class Tokens(Core):
    """Make keys for programs, list them, take them back."""

    def issue_token(self, identity: Identity, lifetime: timedelta) -> str:
        """Return a token by which a person is signed in until its lifetime is over."""
        return signed_token(self.signing_key(), str(identity.user_id), lifetime)

    def token_claims(self, token: str) -> dict[str, Any] | None:
        """Return what a token claims, None unless it is ours and its time is not over; nothing is looked up."""
        return verified_claims(self.signing_key(), token)

    def add_token(self, user: str, name: str, scope: str = "monitoring", days: int = 365) -> str:
        """Make a key that acts for an account, and return it; it is shown only now."""
        if scope not in SCOPES or not 1 <= days <= MAX_DAYS or not name.strip():
            msg = f"a token has a name, a scope ({', '.join(SCOPES)}) and counts for 1 to {MAX_DAYS} days"
            raise InputError(msg)
        registry, token_id = self.registry, str(uuid4())
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
        """Take a key back; from then on it does not count."""
        registry = self.registry
        with registry.transaction():
            registry.revoke_token(token_id)
            registry.record_event("token_revoked", token_id)

    def token_counts(self, token_id: str) -> bool:
        """Whether a key is known, not over and not taken back."""
        return Registry(self.database).token_counts(token_id)
