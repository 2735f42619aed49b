"""The registry's tokens: keys by which programs act for a person."""

import hashlib

import pandas as pd

from cryokit.db.registry_base import RegistryBase, as_uuid
from cryokit.errors import NotFoundError

_TOPIC = "people"


class Tokens(RegistryBase):
    """Keys of programs; a key itself is never kept."""

    def add_token(self, token_id: str, user: str, name: str, scope: str, token: str, days: int) -> None:
        """Remember a key of an open account."""
        given = {"id": token_id, "user": user, "name": name, "scope": scope, "lifetime": f"{days} days"}
        sha256 = hashlib.sha256(token.encode()).hexdigest()
        self.one(_TOPIC, "add_token", f"there is no open account {user!r}", token_sha256=sha256, **given)

    def tokens(self) -> pd.DataFrame:
        """Return the keys that one may see."""
        return self.frame(_TOPIC, "tokens")

    def revoke_token(self, token_id: str) -> None:
        """Take a key back."""
        missing = f"there is no token {token_id!r}; `cryokit token list` shows which there are"
        if as_uuid(token_id) is None:
            raise NotFoundError(missing)
        self.one(_TOPIC, "revoke_token", missing, id=token_id)

    def token_counts(self, token_id: str) -> bool:
        """Whether a key still counts; nobody is known yet, so maintenance looks."""
        return as_uuid(token_id) is not None and self.one(_TOPIC, "token_counts", "", id=token_id).counts
