"""Answers that never change: a client need not fetch them twice."""

from fastapi import Request, Response
from starlette.exceptions import HTTPException

YEAR_SECONDS = 365 * 24 * 3600
"""How long browsers keep what never changes."""
NOT_MODIFIED = {304: {"description": "The caller has it already"}}


def mark_lasting(request: Request, response: Response, tag: str) -> None:
    """Say that an answer is known by `tag` for good, and send nothing if the caller has it already."""
    headers = {"ETag": f'"{tag}"', "Cache-Control": f"private, max-age={YEAR_SECONDS}, immutable"}
    response.headers.update(headers)
    known = {item.strip().removeprefix("W/").strip('"') for item in request.headers.get("if-none-match", "").split(",")}
    if tag in known:
        raise NotModifiedError(headers)


class NotModifiedError(HTTPException):
    """The caller has the answer."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(304, headers=headers)
