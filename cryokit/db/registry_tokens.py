"""The registry's tokens: keys by which programs act for a person."""

import hashlib

import pandas as pd

from cryokit.db.registry_base import RegistryBase, as_uuid
from cryokit.domain import Identity
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
        """Take a key back: any as the installation itself, one's own as a person."""
        missing = f"there is no token {token_id!r}; `cryokit token list` shows which there are"
        if as_uuid(token_id) is None:
            raise NotFoundError(missing)
        self.one(_TOPIC, "revoke_token", missing, id=token_id, user_id=self.owner_id)

    def token_person(self, token_id: str) -> tuple[Identity, str] | None:
        """Return for whom a key acts and its scope, None if it does not count."""
        row = self.one_or_none(_TOPIC, "token_person", id=token_id) if as_uuid(token_id) else None
        return row and (Identity(row.id, row.name, row.role), row.scope)
