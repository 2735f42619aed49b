"""Pure ASGI layers: correlation id, security headers, body size, origin."""

import json
import re
from collections.abc import Awaitable, Callable, Container, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from cryokit.api.problems import MEDIA_TYPE, problem_body
from cryokit.telemetry import adopt_correlation_id, is_sane_id, trace_id_of

type Scope = MutableMapping[str, Any]
type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 24 * 1024 * 1024
"""10,000 rows of the longest SMILES allowed, and their conditions."""
MAX_STREAM_BYTES = 256 * 1024 * 1024
STREAM_PATH = "/api/v1/predict/stream"
"""What is sent here lies on disk, not in memory."""
MAX_PAGE_QUERY_BYTES = 4000

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

_STRICT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        # 'unsafe-inline': Bokeh starts a page with an inline script. 'unsafe-eval': its CustomJS, formatters and
        # templates are compiled in the browser. blob: Panel imports each component as a module from memory.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        # 'unsafe-inline': Bokeh and Material UI style elements one by one.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


# A report is a page of its own, whose scripts and styles lie in it: in the sandbox they reach no cookie and no server.
_REPORT_POLICY = (
    "sandbox allow-scripts allow-popups allow-downloads; default-src 'none'; "
    "script-src 'unsafe-inline' 'unsafe-eval' blob: data:; style-src 'unsafe-inline' data:; "
    "img-src data: blob:; font-src data:; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# The structure editor is a page of its own in a frame. It evaluates scripts and styles elements one by one, but of
# itself it reaches no server: only our own files are loaded, and nothing is sent. That is no wall: a frame of the same
# origin may reach into the page around it, so what is vendored is pinned file by file (tests/unit/test_vendored.py).
_EDITOR_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_EDITOR = "/assets/jsme/editor.html"
_REPORT = re.compile(r"/api/v1/reports/[^/]+/page")


def content_security_policy(path: str) -> str:
    """Return the policy of one path: API and login run no script, Bokeh's pages and reports need some relaxations."""
    if _REPORT.fullmatch(path):
        return _REPORT_POLICY
    if path == _EDITOR:
        return _EDITOR_POLICY
    return _STRICT_POLICY if path.startswith(("/api/", "/login", "/logout", "/account", "/health")) else _PAGE_POLICY


async def _refuse(send: Send, status: int, code: str, detail: str) -> None:
    body = json.dumps(problem_body(status, code, detail)).encode()
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class RequestIdMiddleware:
    """Gives each request an id, kept from X-Request-ID or W3C traceparent when that is sane, and returns it."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        traced = trace_id_of(headers.get("traceparent", ""))
        request_id = adopt_correlation_id(given if is_sane_id(given) else traced)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)


class SecurityHeadersMiddleware:
    """Puts the security headers on every answer."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = content_security_policy(scope["path"])
                for name, value in _HEADERS.items():
                    headers[name] = value
                if "frame-ancestors 'self'" in headers["Content-Security-Policy"]:
                    headers["X-Frame-Options"] = "SAMEORIGIN"  # our own pages show it in a frame
                if scope["path"].startswith(("/api/", "/login", "/account")):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


class BodyLimitMiddleware:
    """Refuses request bodies above `max_bytes`, announced or not; a stream may be longer."""

    def __init__(self, app: App, max_bytes: int = MAX_BODY_BYTES) -> None:
        self.app, self.max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = MAX_STREAM_BYTES if scope["path"] == STREAM_PATH else self.max_bytes
        detail = f"the request body is above {most} bytes; send fewer rows at a time"
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > most:
            await _refuse(send, 413, "too_large", detail)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413, detail)
            return message

        await self.app(scope, counted, send)


class QueryLimitMiddleware:
    """Refuses long queries of some paths: Panel fails on a number of more digits than Python converts (4,300)."""

    def __init__(self, app: App, paths: Container[str], max_bytes: int = MAX_PAGE_QUERY_BYTES) -> None:
        self.app, self.paths, self.max_bytes = app, paths, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["path"] in self.paths and len(scope["query_string"]) > self.max_bytes:
            detail = f"the address has {len(scope['query_string'])} bytes after its '?'; at most {self.max_bytes}"
            await _refuse(send, 414, "address_too_long", detail)
            return
        await self.app(scope, receive, send)


class OriginMiddleware:
    """Refuses websockets and changing requests that another site's page started."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket" and not self._is_own(scope, required=True):
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "origin is not allowed"})
            return
        changes = scope["type"] == "http" and scope["method"] not in _SAFE_METHODS
        if changes and not self._is_own(scope, required=False):
            detail = "the request comes from a page of another site; use cryokit's own pages or a Bearer token"
            await _refuse(send, 403, "access_denied", detail)
            return
        await self.app(scope, receive, send)

    @staticmethod
    def _is_own(scope: Scope, *, required: bool) -> bool:
        headers = Headers(scope=scope)
        if headers.get("sec-fetch-site") == "cross-site":
            return False
        origin = headers.get("origin")
        if origin is None:
            return not required
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
