"""The registry's request keys: what a request that may be sent twice was answered the first time."""

from datetime import datetime
from typing import NamedTuple

from cryokit.db.registry_base import RegistryBase

KEPT_HOURS = 24
SILENT_SECONDS = 60.0
"""A request of which nobody said for so long that its answer is being worked on was interrupted."""
_TOPIC = "request_keys"


class Claim(NamedTuple):
    """A key that was kept for one request; when it began tells it from another one that takes the key later."""

    key: str
    begun_at: datetime


class KnownRequest(NamedTuple):
    """A request under a key, and its answer; the status is None until there is one."""

    request_sha256: str
    status: int | None
    location: str | None
    body: str | None


class RequestKeys(RegistryBase):
    """Keep keys and answers on behalf of the registry's person; only maintenance writes them."""

    def claim_request_key(self, key: str, request_sha256: str) -> Claim | None:
        """Keep a key for a request; None if it was used within the last 24 hours and its work was not interrupted."""
        with self.transaction():
            self.forget_request_keys()
            given = {"owner_id": self.owner_id, "key": key, "request_sha256": request_sha256}
            row = self.one_or_none(_TOPIC, "claim_request_key", silent_seconds=SILENT_SECONDS, **given)
            return row and Claim(*row)

    def forget_request_keys(self) -> int:
        """Forget the keys, of anybody, whose time is over, and return how many those were."""
        return len(self.frame(_TOPIC, "forget_request_keys", hours=KEPT_HOURS))

    def request_alive(self, claim: Claim) -> None:
        """Say that the answer to a request is still being worked on."""
        self.one_or_none(_TOPIC, "request_alive", owner_id=self.owner_id, **claim._asdict())

    def known_request(self, key: str) -> KnownRequest | None:
        """Return what a key was used for, None if it was given back meanwhile."""
        row = self.one_or_none(_TOPIC, "request_key", owner_id=self.owner_id, key=key)
        return row and KnownRequest(*row)

    def answer_request_key(self, claim: Claim, status: int, location: str | None, body: str) -> bool:
        """Keep the answer to a request; false if another one took its key meanwhile."""
        given = {"status": status, "location": location, "body": body, **claim._asdict()}
        return self.one_or_none(_TOPIC, "answer_request_key", owner_id=self.owner_id, **given) is not None

    def release_request_key(self, claim: Claim) -> None:
        """Give back the key of a request that was refused."""
        self.one_or_none(_TOPIC, "release_request_key", owner_id=self.owner_id, **claim._asdict())
