"""Errors as problem details (RFC 9457): the edge where exceptions become answers."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from cryokit.api.observing import saw_error
from cryokit.api.throttle import RateLimitedError
from cryokit.errors import CryokitError
from cryokit.telemetry import logger

MEDIA_TYPE = "application/problem+json"
_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 414: "address_too_long"}


class Problem(BaseModel):
    """What went wrong, as problem details."""

    type: str = Field(description="identifies the kind of problem")
    title: str
    status: int
    detail: str = Field(description="what was wrong, what is allowed, what to do")
    code: str = Field(description="stable name of the error")
    errors: list[dict[str, str]] | None = Field(default=None, description="each field that was wrong")


RESPONSES = {
    status: {"model": Problem, "description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {}}}
    for status in (401, 403, 404, 422)
}
"""Documented refusals of a guarded route."""


def problem_body(status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> dict:
    """Return the JSON of one problem."""
    problem = Problem(
        type=f"urn:cryokit:problem:{code}",
        title=code.replace("_", " ").capitalize(),
        status=status,
        detail=detail,
        code=code,
        errors=errors,
    )
    return problem.model_dump(exclude_none=True)


def printable(text: str) -> str:
    """Return a text that can be sent: halves of characters, which a caller can send escaped, are escaped again."""
    return text.encode("utf-8", "backslashreplace").decode()


def _answer(
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    body = problem_body(status, code, printable(detail), errors)
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def _own_error(request: Request, error: CryokitError) -> JSONResponse:
    headers = {}
    saw_error(request.scope, error.code)
    if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger(__name__).error("request_failed", code=error.code, exc_info=error)
    if error.http_status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, RateLimitedError):
        headers["Retry-After"] = str(error.retry_after_seconds)
    return _answer(error.http_status, error.code, str(error), headers=headers)


def _wrong_fields(request: Request, error: RequestValidationError) -> JSONResponse:
    saw_error(request.scope, "invalid_input")
    errors = [
        {"field": printable(".".join(map(str, item["loc"]))), "message": printable(item["msg"])}
        for item in error.errors()
    ]
    first = errors[0]
    return _answer(422, "invalid_input", f"{first['field']}: {first['message']}", errors)


def _http_error(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_MODIFIED:
        return Response(status_code=error.status_code, headers=dict(error.headers or {}))
    code = _CODES.get(error.status_code, "http_error")
    saw_error(request.scope, code)
    return _answer(error.status_code, code, str(error.detail), headers=dict(error.headers or {}))


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    saw_error(request.scope, "internal_error")
    logger(__name__).error("request_failed", code="internal_error", exc_info=error)
    detail = "the server failed; the log has the cause under this answer's X-Request-ID"
    return _answer(500, "internal_error", detail)


def install(app: FastAPI) -> None:
    """Make every error of `app` an RFC 9457 answer."""
    app.add_exception_handler(CryokitError, _own_error)
    app.add_exception_handler(RequestValidationError, _wrong_fields)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
