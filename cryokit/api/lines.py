"""Predictions as lines of JSON (NDJSON): any number of rows, read from disk and answered piece by piece."""

import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import IO, Any
from uuid import UUID

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from cryokit.api.auth import UnauthenticatedError, identity_of
from cryokit.api.frames import json_value
from cryokit.api.observing import saw_error
from cryokit.api.problems import problem_body
from cryokit.api.throttle import RateLimitedError
from cryokit.errors import CryokitError, InputError
from cryokit.telemetry import logger
from cryokit.workbench import Workbench
from cryokit.workbench.streaming import BATCH_ROWS, Row

MEDIA_TYPE = "application/x-ndjson"
MAX_LINES, MAX_LINE_BYTES = 1_000_000, 16_384
_RETRY_SECONDS = 30


class LinesResponse(StreamingResponse):
    """Lines of JSON; when they have been sent, or nobody wants them any more, `ended` is called."""

    media_type = MEDIA_TYPE

    def __init__(self, lines: AsyncIterator[bytes], ended: Callable[[], None]) -> None:
        super().__init__(lines)
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the lines."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()


async def predicted_lines(request: Request, workbench: Workbench, target: str, version: int | None) -> LinesResponse:
    """
    Answer each line of the request's body with a line.

    The body is first laid down in a file: most clients read nothing before all is sent, and would wait for ever.
    """
    end = _begun(request.app.state.streaming, workbench.identity.user_id)
    try:
        # Beside the other state: the folder for temporary files is in memory on many machines.
        rows = tempfile.TemporaryFile(dir=workbench.settings.state_dir)  # noqa: SIM115  closed when the answer ends
        try:
            total = await _laid_down(request, rows)
            answers = await run_in_threadpool(workbench.predict_stream, target, _rows(rows), version)
        except BaseException:
            rows.close()
            raise
    except BaseException:
        end()
        raise

    def ended() -> None:
        rows.close()
        end()

    return LinesResponse(_lines(request, answers, total), ended)


def _begun(running: set[UUID], user_id: UUID) -> Callable[[], None]:
    """Take the only place of a person and return how to give it back."""
    if user_id in running:
        msg = "lines of yours are being predicted already; wait until they are done"
        raise RateLimitedError(msg, _RETRY_SECONDS)
    running.add(user_id)
    return lambda: running.discard(user_id)


async def _laid_down(request: Request, file: IO[bytes]) -> int:
    """Write the body to a file and return how many lines it has."""
    lines, last = 0, b"\n"
    async for chunk in request.stream():
        if chunk:
            lines, last = lines + chunk.count(b"\n"), chunk[-1:]
            file.write(chunk)
        if lines > MAX_LINES:
            raise HTTPException(413, f"there are more than {MAX_LINES} lines; send fewer at a time")
    total = lines + (last != b"\n")
    if total == 0:
        msg = 'the body has no line; each line is one row, such as {"smiles": "OCC(O)CO"}'
        raise InputError(msg)
    file.seek(0)
    return total


def _rows(file: IO[bytes]) -> Iterator[Row]:
    while line := file.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE_BYTES)
            yield InputError(f"the line has more than {MAX_LINE_BYTES} bytes")
        else:
            yield _row(line)


def _row(line: bytes) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return InputError("the line is no JSON object")
    return row if isinstance(row, dict) else InputError("the line is no JSON object")


async def _lines(request: Request, answers: Iterator[dict[str, Any]], total: int) -> AsyncIterator[bytes]:
    """Yield the answers of one batch after another, how far it is after each, and at the end what came of all."""
    done = problems = 0
    try:
        while batch := await run_in_threadpool(_batch, request, answers):
            done += len(batch)
            problems += sum("problem" in answer for answer in batch)
            yield _written(*batch, {"progress": {"rows": done, "of": total}})
        yield _written({"done": {"rows": done, "problems": problems}})
    except CryokitError as error:
        saw_error(request.scope, error.code)
        logger(__name__).error("stream_failed", code=error.code, rows=done, of=total, reason=str(error))
        yield _written({"error": problem_body(error.http_status, error.code, str(error))})


def _batch(request: Request, answers: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    if identity_of(request.app.state.workbench, request.headers, request.cookies) is None:
        msg = "the login ended while the lines were predicted; sign in and send the rest"
        raise UnauthenticatedError(msg)
    return [json_value(answer) for answer in islice(answers, BATCH_ROWS)]


def _written(*items: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(item, separators=(",", ":")).encode() + b"\n" for item in items)
