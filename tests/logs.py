"""What is logged while something is tried."""

import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator

from cryokit import telemetry


@contextlib.contextmanager
def logged(level: str) -> Iterator[Callable[[], list[dict]]]:
    """Log into memory and give what returns the lines so far, read as JSON; the root logger is as before afterwards."""
    root = logging.getLogger()
    before, level_before = root.handlers[:], root.level
    stream = io.StringIO()
    telemetry.configure_logging(level, stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level_before)
