"""Structured logs: one JSON line per event, with a correlation id that joins what belongs together."""

import logging
import sys
from contextvars import ContextVar
from typing import TextIO
from uuid import uuid4

import structlog

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
"""Id of the request, command or report that is being worked on."""


def new_correlation_id() -> str:
    """Return a fresh id and make it current."""
    value = uuid4().hex
    correlation_id.set(value)
    return value


def _with_correlation_id(_logger: object, _method: str, event: dict) -> dict:
    if correlation_id.get():
        event["correlation_id"] = correlation_id.get()
    return event


_SHARED = (
    _with_correlation_id,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure_logging(level: str = "WARNING", stream: TextIO | None = None) -> None:
    """Send every log event, also those of libraries, to `stream` (standard error) as JSON lines."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=list(_SHARED),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of one module."""
    return structlog.get_logger(name)
