"""What pages cost: a first page beside an empty one, many open at once, and the API while pages are being built."""

import itertools
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles

import httpx
import psutil
import pytest
from websockets.sync.client import ClientConnection, connect

import cryokit
from cryokit.api.auth import COOKIE
from tests.e2e.conftest import (  # noqa: F401  fixtures
    accounts,
    address,
    chromium,
    state_dir,
    token,
    wait_until_it_answers,
)
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
VISITS, SESSIONS, ASKED = 9, 100, 60
MOST_LATE = 15
"""Far above what an idle machine gives, 4 to 8 (the aim is 5): a busy one must not turn the benchmark red."""


@pytest.fixture(scope="module")
def empty_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty page."""
    port, log = free_port(), tmp_path_factory.mktemp("empty") / "server.log"
    with log.open("w") as stream:
        argv = [sys.executable, "-m", "tests.perf.empty_page", str(port)]
        process = subprocess.Popen(argv, cwd=ROOT, stdout=stream, stderr=stream)
        try:
            wait_until_it_answers(f"http://127.0.0.1:{port}/", process, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(timeout=30)


def test_a_first_page_beside_an_empty_one(chromium, address, empty_address, token, measured):  # noqa: F811
    context = chromium.new_context()
    context.add_cookies([{"name": COOKIE, "value": token("viewer"), "url": address}])
    page = context.new_page()

    def seconds(url: str, button: str) -> float:
        began = time.perf_counter()
        page.goto(url)
        page.get_by_role("button", name=button, exact=True).click(trial=True)  # there, enabled, and nothing covers it
        return time.perf_counter() - began

    both = [(seconds(f"{address}/", "Predict"), seconds(empty_address, "Nothing")) for _ in range(VISITS)]
    first, empty = (median(times) for times in zip(*both[1:], strict=True))
    context.close()
    measured(first_page_over_empty_page=first / empty)

    assert first / empty <= 3


@contextmanager
def open_page(address: str, key: str) -> Iterator[ClientConnection]:  # noqa: F811
    """Open the first page as a browser does, without one: its HTML, and the websocket that this names."""
    cookie = {"Cookie": f"{COOKIE}={key}"}
    found = re.search(
        r'"token":\s*"([^"]+)"', httpx.get(f"{address}/", headers=cookie, timeout=120).raise_for_status().text
    )
    url = address.replace("http", "ws", 1) + "/ws"
    with connect(url, subprotocols=["bokeh", found[1]], additional_headers=cookie, origin=address, max_size=None) as ws:
        assert ws.recv(timeout=60)
        yield ws


def metric(address: str, key: str, name: str) -> float:  # noqa: F811
    text = httpx.get(f"{address}/metrics", headers={"Authorization": f"Bearer {key}"}, timeout=60).text
    return float(re.search(rf"^{name} (\S+)$", text, flags=re.MULTILINE)[1])


def served_by(address: str) -> psutil.Process:  # noqa: F811
    """Return the process that listens."""
    port = int(address.rsplit(":", 1)[1])
    return next(
        psutil.Process(found.pid)
        for found in psutil.net_connections("tcp")
        if found.status == psutil.CONN_LISTEN and found.laddr.port == port
    )


def test_many_pages_are_open_at_once_and_let_go(address, token, measured):  # noqa: F811
    viewer, admin, server = token("viewer"), token("admin"), served_by(address)
    with open_page(address, viewer):
        pass
    time.sleep(25)
    before = server.memory_info().rss
    with ExitStack() as pages:
        for _ in range(SESSIONS):
            pages.enter_context(open_page(address, viewer))
        assert metric(address, admin, "cryokit_websockets_open") == SESSIONS
        each = (server.memory_info().rss - before) / SESSIONS / 1e6
    deadline = time.monotonic() + 60
    while metric(address, admin, "cryokit_page_documents") and time.monotonic() < deadline:
        time.sleep(1)
    measured(megabytes_of_a_page=each, documents_left=metric(address, admin, "cryokit_page_documents"))

    assert each < 15
    assert metric(address, admin, "cryokit_page_documents") == 0


SMILES = ("O" + "C" * length + end for length in itertools.count(2) for end in ("O", "N", "S", "F", "Cl"))
"""Molecules that nobody has asked for yet: predictions are stored and would be reused."""


def test_a_prediction_through_the_api_beside_the_same_call_in_python(address, token, state_dir, measured):  # noqa: F811
    headers = {"Authorization": f"Bearer {token('viewer')}"}
    with cryokit.open(state_dir=state_dir) as workbench, httpx.Client(base_url=address, headers=headers) as client:

        def asked(act: Callable[[str], object]) -> float:
            smiles, began = next(SMILES), time.perf_counter()
            act(smiles)
            return time.perf_counter() - began

        def over_http(smiles: str) -> None:
            body = {"target": "tg", "smiles": [smiles]}
            client.post("/api/v1/predict", json=body, timeout=60).raise_for_status()

        def in_python(smiles: str) -> None:
            workbench.predict("tg", [smiles])

        both = [(asked(over_http), asked(in_python)) for _ in range(VISITS)]
    api, python = (median(times) for times in zip(*both[2:], strict=True))
    measured(prediction_over_api_over_python=api / python)

    assert api / python <= 3


def late(address: str, key: str) -> float:  # noqa: F811
    """Return the 95th percentile of the seconds that a cheap question takes."""
    times = []
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        for _ in range(ASKED):
            began = time.perf_counter()
            client.get("/api/v1/targets").raise_for_status()
            times.append(time.perf_counter() - began)
            time.sleep(0.05)
    return quantiles(times, n=20)[-1]


def test_the_api_answers_while_pages_are_being_built(address, token, measured):  # noqa: F811
    viewer = token("viewer")
    idle = late(address, viewer)
    done = threading.Event()

    def build_pages() -> None:
        while not done.is_set():
            with open_page(address, viewer):
                pass

    building = threading.Thread(target=build_pages)
    building.start()
    try:
        busy = late(address, viewer)
    finally:
        done.set()
        building.join()
    measured(p95_while_pages_are_built_over_idle=busy / idle)

    assert busy / idle < MOST_LATE
