"""Open pages end with the login that opened them."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from starlette.requests import HTTPConnection

from cryokit.api.auth import claims_of, person_claimed
from cryokit.api.middleware import App, Message, Receive, Scope, Send
from cryokit.errors import UnavailableError
from cryokit.telemetry import logger
from cryokit.workbench import Workbench

PERIOD_SECONDS = 5.0
_POLICY_VIOLATION = 1008


class TabsMiddleware:
    """Closes each websocket soon after its login stops to count: signed out, over, revoked, account closed."""

    def __init__(self, app: App, workbench: Workbench, period_seconds: float = PERIOD_SECONDS) -> None:
        self.app, self.workbench, self.period_seconds = app, workbench, period_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        is_closed = False

        async def send_while_open(message: Message) -> None:
            nonlocal is_closed
            if not is_closed:
                is_closed = message["type"] == "websocket.close"
                await send(message)

        watching = asyncio.create_task(self._close_when_over(scope, send_while_open))
        try:
            await self.app(scope, receive, send_while_open)
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def _close_when_over(self, scope: Scope, send: Send) -> None:
        connection = HTTPConnection(scope)
        while True:
            await asyncio.sleep(self.period_seconds)
            if not await asyncio.to_thread(self._counts, connection.headers, connection.cookies):
                logger(__name__).info("tab_closed", path=scope["path"])
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": "the login is over"})
                return

    def _counts(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> bool:
        claims = claims_of(self.workbench, headers, cookies)
        try:
            return claims is not None and person_claimed(self.workbench, claims) is not None
        except UnavailableError:  # nobody can be looked up: the page itself says so, and is wanted when all is well
            return True
