"""One log line and one count for each request and each websocket."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

from cryokit.domain import Identity
from cryokit.telemetry import Spent, correlation_id, database_time, logger, metrics, recent

type Scope = MutableMapping[str, Any]
type Message = MutableMapping[str, Any]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Scope, Callable[[], Awaitable[Message]], Send], Awaitable[None]]

UNKNOWN_ROUTE = "unknown"
"""What stands for every path that no route knows: a scanner must not make a new series with each guess."""
_KEY = "cryokit.observed"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Observed:
    """What is known of one request when it ends."""

    def __init__(self) -> None:
        self.user_id: str | None = None
        self.role: str | None = None
        self.error_code: str | None = None
        self.status = 500
        self.sent_bytes = 0


def saw_identity(scope: Scope, identity: Identity) -> None:
    """Remember who asked."""
    if (observed := scope.get(_KEY)) is not None:
        observed.user_id, observed.role = str(identity.user_id), identity.role


def saw_error(scope: Scope, code: str) -> None:
    """Remember which error was answered."""
    if (observed := scope.get(_KEY)) is not None:
        observed.error_code = code


def route_of(scope: Scope) -> str:
    """Return the template of the route that answered: never the path itself, whose values are without number."""
    # FastAPI keeps the template with the prefixes of included routers apart from the route itself.
    route = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    if path is None and scope.get("root_path"):  # a folder of files
        return f"{scope['root_path']}/*"
    return path or _plain_route(scope) or UNKNOWN_ROUTE


def _plain_route(scope: Scope) -> str | None:
    """Return the address of a page, its websocket or its files, which Panel answers before any route is asked."""
    path = scope["path"]
    pages = getattr(scope["app"].state, "page_paths", ()) if "app" in scope else ()
    if path in pages or (path.endswith("/ws") and (path.removesuffix("/ws") or "/") in pages):
        return path
    return "/static/*" if path.startswith("/static/") else None


class ObservingMiddleware:
    """Logs and counts what was asked, by whom, how it ended and how long it took."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        observed = scope[_KEY] = Observed()
        spent = Spent()
        database_time.set(spent)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                observed.status = message["status"]
            observed.sent_bytes += len(message.get("body", b""))
            await send(message)

        began = time.perf_counter()
        with metrics.REQUESTS_IN_PROGRESS.track_inprogress():
            try:
                await self.app(scope, receive, watched)
            finally:
                _ended(scope, observed, spent, time.perf_counter() - began)

    async def _websocket(self, scope: Scope, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        scope[_KEY] = Observed()
        began = time.perf_counter()
        with metrics.WEBSOCKETS_OPEN.track_inprogress():
            try:
                await self.app(scope, receive, send)
            finally:
                seconds = round(time.perf_counter() - began, 3)
                logger(__name__).info("websocket_closed", route=route_of(scope), duration_seconds=seconds)


def _ended(scope: Scope, observed: Observed, spent: Spent, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    route = route_of(scope)
    metrics.REQUESTS.labels(method, route, str(observed.status)).inc()
    metrics.REQUEST_SECONDS.labels(method, route).observe(seconds)
    metrics.REQUEST_DATABASE_SECONDS.labels(method, route).observe(spent.seconds)
    if observed.status >= 500 or observed.error_code:
        metrics.ERRORS.labels(route, observed.error_code or "internal_error").inc()
    if observed.status >= 500:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        code = observed.error_code or "internal_error"
        recent.FAILED.append(recent.FailedRequest(now, method, route, observed.status, code, correlation_id.get()))
    more = {"error_code": observed.error_code} if observed.error_code else {}
    logger(__name__).info(
        "request_answered",
        method=method,
        route=route,
        status=observed.status,
        duration_seconds=round(seconds, 6),
        database_seconds=round(spent.seconds, 6),
        database_statements=spent.statements,
        sent_bytes=observed.sent_bytes,
        user_id=observed.user_id,
        role=observed.role,
        **more,
    )
