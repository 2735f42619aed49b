import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from cryokit.api import middleware
from cryokit.api.frames import json_value, records
from cryokit.api.kept import Kept
from cryokit.api.login import safe_next
from cryokit.api.throttle import LoginThrottle, RateLimitedError
from cryokit.errors import UnavailableError

HOST = (b"host", b"lab.example")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def http_scope(method: str = "GET", path: str = "/", headers: tuple = ()) -> dict:
    return {"type": "http", "method": method, "path": path, "headers": [HOST, *headers]}


def answered(app: middleware.App, scope: dict, chunks: tuple[bytes, ...] = (b"",)) -> tuple[int, dict, bytes]:
    """Send one request through an ASGI application and return status, headers and body."""
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks[:-1]]
    waiting.append({"type": "http.request", "body": chunks[-1], "more_body": False})
    sent = []

    async def receive() -> dict:
        return waiting.pop(0)

    async def send(message: dict) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    headers = {name.decode().lower(): value.decode() for name, value in sent[0].get("headers", [])}
    return sent[0].get("status", 0), headers, sent[-1].get("body", b"")


async def greet(scope: dict, receive: middleware.Receive, send: middleware.Send) -> None:
    message = await receive()
    while message.get("more_body"):
        message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def test_throttle_refuses_after_the_limit_of_failures():
    throttle = LoginThrottle(limit=2)
    throttle.begin("ada", "10.0.0.1")
    throttle.begin("Ada", "10.0.0.1")

    with pytest.raises(RateLimitedError, match="wait 15 min"):
        throttle.begin("ada", "10.0.0.1")


def test_attempts_at_the_same_time_are_no_more_than_one_after_the_other():
    throttle, gate, outcomes = LoginThrottle(limit=10), threading.Barrier(40), []

    def attempt() -> None:
        gate.wait()
        try:
            throttle.begin("ada", "10.0.0.1")
            outcomes.append("tried")
        except RateLimitedError:
            outcomes.append("refused")

    threads = [threading.Thread(target=attempt) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (outcomes.count("tried"), outcomes.count("refused")) == (10, 30)


def test_throttle_counts_an_address_that_tries_many_names():
    throttle = LoginThrottle()
    for number in range(30):
        throttle.begin(f"name {number}", "10.0.0.1")

    with pytest.raises(RateLimitedError, match="30 logins failed"):
        throttle.begin("another", "10.0.0.1")


def test_throttle_lets_the_same_name_in_from_another_address():
    throttle = LoginThrottle(limit=1)
    throttle.begin("ada", "10.0.0.1")

    assert throttle.begin("ada", "10.0.0.2") is not None


def test_throttle_forgets_after_its_window():
    clock = Clock()
    throttle = LoginThrottle(limit=1, window_seconds=60, clock=clock)
    throttle.begin("ada", "10.0.0.1")
    clock.now = 61.0

    assert throttle.begin("ada", "10.0.0.1") == 61.0


def test_throttle_forgets_after_a_success():
    throttle = LoginThrottle(limit=2)
    throttle.begin("ada", "10.0.0.1")
    throttle.succeeded("ada", "10.0.0.1", throttle.begin("ada", "10.0.0.1"))
    throttle.begin("ada", "10.0.0.1")

    assert throttle.begin("ada", "10.0.0.1") is not None


def test_a_success_keeps_what_the_address_failed_with_other_names():
    clock = Clock()
    throttle = LoginThrottle(address_limit=2, clock=clock)
    throttle.begin("ada", "10.0.0.1")
    clock.now = 1.0
    throttle.succeeded("eve", "10.0.0.1", throttle.begin("eve", "10.0.0.1"))
    throttle.begin("eve", "10.0.0.1")

    with pytest.raises(RateLimitedError):
        throttle.begin("eve", "10.0.0.1")


def test_an_attempt_that_found_no_database_does_not_count():
    throttle = LoginThrottle(limit=1)
    throttle.dropped("ada", "10.0.0.1", throttle.begin("ada", "10.0.0.1"))

    assert throttle.begin("ada", "10.0.0.1") is not None


@pytest.mark.parametrize(("age", "value"), [(4.9, 1), (5.0, 2)])
def test_a_kept_value_is_found_out_anew_after_some_seconds(age, value):
    clock, found = Clock(), iter(range(1, 9))
    kept = Kept(lambda: next(found), seconds=5.0, clock=clock)
    kept.value()
    clock.now = age

    assert kept.value() == value


def test_many_callers_find_out_a_kept_value_once():
    found = []
    kept = Kept(lambda: found.append(time.sleep(0.05)) or len(found), seconds=60.0)
    with ThreadPoolExecutor(max_workers=8) as pool:
        values = set(pool.map(lambda _: kept.value(), range(8)))

    assert values == {1}


def test_a_failed_look_is_not_kept():
    answers = iter([UnavailableError("down"), None])
    kept = Kept(lambda: raise_or_return(next(answers)), seconds=60.0)

    with pytest.raises(UnavailableError):
        kept.value()
    assert kept.value() is None


def raise_or_return(answer: Exception | None) -> None:
    if answer:
        raise answer


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", ""])
def test_login_never_leads_to_another_host(address):
    assert safe_next(address) == "/"


def test_login_leads_back_to_the_page_that_was_asked_for():
    assert safe_next("/?target=tg&version=2") == "/?target=tg&version=2"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (np.float64("inf"), None),
        (pd.NaT, None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (pd.Timestamp("2026-01-02", tz="UTC"), "2026-01-02T00:00:00+00:00"),
        ({"a": [np.float32(0.5)]}, {"a": [0.5]}),
    ],
)
def test_json_value_is_plain(value, expected):
    assert json_value(value) == expected


def test_records_keep_the_order_of_rows():
    frame = pd.DataFrame({"name": ["b", "a"], "value": [1.0, np.nan]})

    assert records(frame) == [{"name": "b", "value": 1.0}, {"name": "a", "value": None}]


def test_a_sane_request_id_is_kept():
    app = middleware.RequestIdMiddleware(greet)

    _, headers, _ = answered(app, http_scope(headers=((b"x-request-id", b"lab-42-abcdef"),)))

    assert headers["x-request-id"] == "lab-42-abcdef"


def test_a_wild_request_id_is_replaced():
    app = middleware.RequestIdMiddleware(greet)

    _, headers, _ = answered(app, http_scope(headers=((b"x-request-id", b"a\nb<script>"),)))

    assert len(headers["x-request-id"]) == 32


@pytest.mark.parametrize("path", ["/", "/login", "/api/v1/targets", "/docs"])
def test_no_policy_names_another_host(path):
    policy = middleware.content_security_policy(path)

    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_structure_editor_is_framed_by_our_own_pages_and_reaches_no_server():
    _, headers, _ = answered(middleware.SecurityHeadersMiddleware(greet), http_scope(path="/assets/jsme/editor.html"))
    policy = headers["content-security-policy"]

    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in policy
    assert "default-src 'none'" in policy  # nothing says connect-src, so no script sends or fetches
    assert "connect-src" not in policy
    assert "http" not in policy


def test_drawing_loosens_the_policy_of_no_other_page():
    for path in ("/", "/assets/jsme/editor.js", "/assets/jsme/0.8.2/jsme.nocache.js", "/assets/drawing.mjs"):
        _, headers, _ = answered(middleware.SecurityHeadersMiddleware(greet), http_scope(path=path))

        assert headers["x-frame-options"] == "DENY", path
        assert "connect-src 'self';" in headers["content-security-policy"], path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path


def test_login_page_may_run_no_script():
    assert "script-src" not in middleware.content_security_policy("/login")
    assert "default-src 'none'" in middleware.content_security_policy("/login")


def test_an_announced_large_body_is_refused():
    app = middleware.BodyLimitMiddleware(greet, max_bytes=10)

    status, headers, body = answered(app, http_scope("POST", headers=((b"content-length", b"11"),)))

    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert json.loads(body)["code"] == "too_large"


def test_a_body_of_the_allowed_size_passes():
    app = middleware.BodyLimitMiddleware(greet, max_bytes=10)

    status, _, _ = answered(app, http_scope("POST"), (b"12345", b"67890"))

    assert status == 200


def test_a_foreign_page_cannot_change_anything():
    app = middleware.OriginMiddleware(greet)

    status, _, body = answered(app, http_scope("POST", headers=((b"origin", b"https://evil.example"),)))

    assert (status, json.loads(body)["code"]) == (403, "access_denied")


@pytest.mark.parametrize("headers", [(), ((b"origin", b"https://lab.example"),)])
def test_our_own_pages_and_programs_can(headers):
    status, _, _ = answered(middleware.OriginMiddleware(greet), http_scope("POST", headers=headers))

    assert status == 200


def test_a_websocket_needs_our_origin():
    sent = []

    async def receive() -> dict:
        return {"type": "websocket.connect"}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/ws", "headers": [HOST]}
    asyncio.run(middleware.OriginMiddleware(greet)(scope, receive, send))

    assert sent == [{"type": "websocket.close", "code": 1008, "reason": "origin is not allowed"}]
