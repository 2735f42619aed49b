"""Requests that may be sent twice and begin work once."""

from cryokit.db.registry_request_keys import KEPT_HOURS, SILENT_SECONDS, Claim, KnownRequest
from cryokit.errors import ConflictError, InputError
from cryokit.workbench.core import Core


class RequestKeys(Core):
    """Claim a key for a request, keep its answer, or give the key back."""

    def known_or_claimed(self, key: str, request_sha256: str) -> KnownRequest | Claim:
        """
        Return the answer to a request that was sent before, or keep the key for this one.

        A key that was used for another request, or whose request has no answer yet, is refused.
        """
        if claim := self.maintenance.claim_request_key(key, request_sha256):
            return claim
        known = self.registry.known_request(key)
        if known is not None and known.request_sha256 != request_sha256:
            msg = (
                f"the key {key!r} belongs to another request of the last {KEPT_HOURS} hours; use a new key for this one"
            )
            raise InputError(msg)
        if known is None or known.status is None:
            msg = (
                f"a request with the key {key!r} has begun and has no answer yet; wait and send it again (if it was "
                f"interrupted it can begin anew {SILENT_SECONDS:.0f} s later)"
            )
            raise ConflictError(msg)
        return known

    def say_alive(self, claim: Claim) -> None:
        """Say that the answer to a request is still being worked on."""
        self.maintenance.request_alive(claim)

    def keep_answer(self, claim: Claim, status: int, location: str | None, body: str) -> bool:
        """Keep the answer to a request for 24 hours; false if it was silent so long that another one took its key."""
        return self.maintenance.answer_request_key(claim, status, location, body)

    def give_back(self, claim: Claim) -> None:
        """Give back the key of a request that was refused."""
        self.maintenance.release_request_key(claim)
