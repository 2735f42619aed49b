"""The last requests that this process could not answer, for the page of operations; the log has all of them."""

from collections import deque
from dataclasses import dataclass

KEPT = 50


@dataclass(frozen=True)
class FailedRequest:
    """What is told of one request that failed; nothing that its sender wrote."""

    at: str
    method: str
    route: str
    status: int
    error_code: str
    correlation_id: str


FAILED: deque[FailedRequest] = deque(maxlen=KEPT)
"""The newest last."""
