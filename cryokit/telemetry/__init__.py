"""Structured logs: one JSON line per event, with a correlation id that joins what belongs together."""

import logging
import re
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import TextIO
from uuid import uuid4

import structlog

from cryokit.telemetry.redaction import redacted

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
"""Id of the request, command or report that is being worked on."""

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_APPLICATION_NAME_BYTES = 63


class Spent:
    """Seconds spent waiting for the database, and in how many statements, during one piece of work."""

    def __init__(self) -> None:
        self.seconds, self.statements = 0.0, 0

    def add(self, seconds: float) -> None:
        """Count one statement."""
        self.seconds += seconds
        self.statements += 1


database_time: ContextVar[Spent | None] = ContextVar("database_time", default=None)
"""Where the statements of the current request are counted."""


def new_correlation_id() -> str:
    """Return a fresh id and make it current."""
    value = uuid4().hex
    correlation_id.set(value)
    return value


def adopt_correlation_id(given: str | None) -> str:
    """Go on under the id of who started this work, or under a new one if there is none that is sane."""
    value = given if given and is_sane_id(given) else uuid4().hex
    correlation_id.set(value)
    return value


def is_sane_id(text: str) -> bool:
    """Whether a text can be an id: short, and of characters that mean nothing to anybody."""
    return _SANE_ID.fullmatch(text) is not None


def trace_id_of(traceparent: str) -> str | None:
    """Return the trace id of a W3C traceparent, None unless it is a valid one."""
    found = _TRACEPARENT.fullmatch(traceparent.strip())
    return found[1] if found else None


def application_name() -> str:
    """Return what PostgreSQL shows for the connection: who we are and for which piece of work."""
    current = correlation_id.get()
    return f"cryokit:{current}"[:_APPLICATION_NAME_BYTES] if current else "cryokit"


def call_under[Argument, Result](given: str, function: Callable[[Argument], Result], argument: Argument) -> Result:
    """Call a function in another process under the correlation id of who asked for it."""
    token = correlation_id.set(given)
    try:
        return function(argument)
    finally:
        correlation_id.reset(token)


def _with_correlation_id(_logger: object, _method: str, event: dict) -> dict:
    if correlation_id.get():
        event.setdefault("correlation_id", correlation_id.get())
    return event


def _without_secrets(_logger: object, _method: str, event: dict) -> dict:
    return redacted(event)


_SHARED = (
    _with_correlation_id,
    structlog.processors.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def _formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=list(_SHARED),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            _without_secrets,
            structlog.processors.JSONRenderer(default=str),
        ],
    )


def configure_logging(
    level: str = "WARNING", stream: TextIO | None = None, handler: logging.Handler | None = None
) -> None:
    """Send every log event, also those of libraries, as JSON lines to `handler` or `stream` (standard error)."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )
    handler = handler or logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # It tells of each look at the ledger, which readiness takes every second.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of one module."""
    return structlog.get_logger(name)
