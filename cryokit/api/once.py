"""Requests with an `Idempotency-Key`: sent twice, they begin work once (draft-ietf-httpapi-idempotency-key-header)."""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Annotated, Any

from fastapi import Depends, Header, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute

from cryokit.api.auth import identity_of
from cryokit.api.observing import saw_identity
from cryokit.api.problems import Problem
from cryokit.errors import CryokitError, InputError
from cryokit.telemetry import logger
from cryokit.workbench import Workbench
from cryokit.workbench.request_keys import Claim, KnownRequest

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
_PATTERN = r'^(?:[!#-~]{1,200}|"[!#-~]{1,200}")$'
_DESCRIPTION = (
    "A text of your own, such as a new UUID, of 1 to 200 visible ASCII characters, in quotes or not. The same request "
    "with the same key by the same account gets the first answer again for 24 hours, marked by "
    "`Idempotency-Replayed`, and begins nothing. Another request with that key gets 422, one whose first answer is not "
    "there yet 409; one that was interrupted can begin "
    "anew a minute later. A request that is refused keeps nothing: its key can be used again."
)
_SECONDS_BETWEEN_SIGNS = 10.0
_Key = Annotated[str | None, Header(alias=HEADER, pattern=_PATTERN, description=_DESCRIPTION)]

type Handler = Callable[[Request], Awaitable[Response]]


def _documented(_key: _Key = None) -> None:
    """Put the header in the document of the API; it is read by `OnceRoute`, around the whole route."""


_DOCUMENTED = Depends(_documented)


class OnceRoute(APIRoute):
    """A route whose POST takes an `Idempotency-Key`."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: set[str] | list[str] | None = None,
        dependencies: Sequence[Dependency] | None = None,
        responses: dict[int | str, dict[str, Any]] | None = None,
        **rest: Any,
    ) -> None:
        if "POST" in (methods or ()):
            # A route that is included in an application is made anew, with the dependencies that it has.
            dependencies = [*(item for item in dependencies or () if item != _DOCUMENTED), _DOCUMENTED]
            responses = {409: {"model": Problem}} | (responses or {})
        super().__init__(path, endpoint, methods=methods, dependencies=dependencies, responses=responses, **rest)

    @property
    def _roles(self) -> list[str]:
        """The roles that the route asks for; a first answer is not for who has lost one since."""
        checks = [item.dependency for item in self.dependencies]
        return [check.required_role for check in checks if hasattr(check, "required_role")]

    def get_route_handler(self) -> Handler:
        """Return what answers a request, looking at its key first."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            given = request.headers.get(HEADER)
            if request.method != "POST" or given is None:
                return await inner(request)
            workbench = request.app.state.workbench
            identity = await run_in_threadpool(identity_of, workbench, request.headers, request.cookies)
            if identity is None or not all(identity.may(role) for role in self._roles):
                return await inner(request)  # which refuses it
            saw_identity(request.scope, identity)
            return await _once(workbench.acting_as(identity), _checked(given), request, inner)

        return handle


def _checked(given: str) -> str:
    if not re.fullmatch(_PATTERN, given):
        msg = f"{HEADER} is {given[:50]!r}; it has 1 to 200 visible ASCII characters, such as a new UUID"
        raise InputError(msg)
    return given.strip('"')


async def _once(workbench: Workbench, key: str, request: Request, inner: Handler) -> Response:
    known = await run_in_threadpool(workbench.known_or_claimed, key, await _fingerprint(request))
    if isinstance(known, KnownRequest):
        location = {"Location": known.location} if known.location else {}
        headers = {REPLAYED: "true"} | location
        return Response(known.body, known.status, headers=headers, media_type="application/json")
    try:
        async with _alive(workbench, known):
            answer = await inner(request)
    except (CryokitError, RequestValidationError, HTTPException):
        await run_in_threadpool(workbench.give_back, known)
        raise  # after any other error nobody knows whether work has begun, so the key stays taken for a while
    body = bytes(answer.body).decode()
    said = (answer.status_code, answer.headers.get("location"), body)
    if not await run_in_threadpool(workbench.keep_answer, known, *said):
        logger(__name__).warning("key_was_taken", reason="the request was silent so long that another one began")
    return answer


@contextlib.asynccontextmanager
async def _alive(workbench: Workbench, claim: Claim) -> AsyncIterator[None]:
    """Say now and then that a request is being answered: a server that was killed does not, and its keys are free."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_SIGNS)
            try:
                await run_in_threadpool(workbench.say_alive, claim)
            except CryokitError as error:  # no reason to end the request, which finds out by itself
                logger(__name__).warning("sign_of_life_failed", code=error.code, reason=str(error))

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def _fingerprint(request: Request) -> str:
    """Return a hash of what was asked, so that a key stands for one request."""
    parts = (request.method, request.url.path, request.url.query, await request.body())
    hashed = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode()
        hashed.update(len(data).to_bytes(8) + data)
    return hashed.hexdigest()
