"""What logging and counting add to the prediction route, measured in one run with and without."""

import asyncio
import logging
from statistics import median
from time import perf_counter

import httpx
import pytest

from cryokit.api import app as app_module
from cryokit.api.auth import issue_token
from cryokit.sources.bundled import bundled_rows
from cryokit.telemetry import configure_logging
from cryokit.telemetry.files import RotatingFile
from cryokit.workbench import Workbench

ROUNDS, WARM = 200, 20
MOST = 1.05
BODY = {"target": "tg", "smiles": ["OCC(O)CO", "CS(C)=O"]}


@pytest.fixture
def workbench(server, fresh_database) -> Workbench:
    workbench = Workbench(server.settings, fresh_database)
    rows = bundled_rows("tg").query("is_curated and tm_kelvin.notna()").head(60)
    workbench.registry.store_measurements(rows, "tg", is_public=True)
    workbench.train("tg")
    return workbench


@pytest.fixture
def log_file(tmp_path):
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    handler = RotatingFile(tmp_path / "app.log", 50 * 1024 * 1024)
    configure_logging("INFO", handler=handler)
    yield tmp_path / "app.log"
    root.handlers[:] = before
    root.setLevel(level)
    handler.close()


def test_observing_costs_little(workbench, log_file, monkeypatch, measured):
    password = workbench.add_user("ada", "viewer")
    token = issue_token(workbench, workbench.sign_in("ada", password))
    observed = app_module.create_app(workbench)
    observed.middleware_stack = observed.build_middleware_stack()
    monkeypatch.setattr(app_module, "ObservingMiddleware", lambda app: app)
    bare = app_module.create_app(workbench)
    bare.middleware_stack = bare.build_middleware_stack()

    async def measure() -> dict[str, float]:
        clients = {
            name: httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://t", headers={"Authorization": f"Bearer {token}"}
            )
            for name, app in (("with", observed), ("without", bare))
        }
        times = {"with": [], "without": []}
        for number in range(ROUNDS + WARM):
            for name in sorted(clients, reverse=bool(number % 2)):
                began = perf_counter()
                answer = await clients[name].post("/api/v1/predict", json=BODY)
                taken = perf_counter() - began
                assert answer.status_code == 200
                if number >= WARM:
                    times[name].append(taken)
        return {name: median(values) for name, values in times.items()}

    medians = asyncio.run(measure())
    ratio = medians["with"] / medians["without"]
    measured(cost_with_over_without_observing=ratio, seconds_without=medians["without"])

    assert log_file.read_text().count("request_answered") == ROUNDS + WARM
    assert ratio <= MOST
