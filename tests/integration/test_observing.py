"""Each request: one line, one count, one id that is also in PostgreSQL; and what /metrics tells."""

import json
import re
import threading
import uuid

import httpx
import pytest

from cryokit import telemetry
from cryokit.api.app import create_app
from cryokit.api.auth import issue_token
from cryokit.workbench import Workbench

PLANTED = "hunter2-planted-secret"


@pytest.fixture
def workbench(people, server) -> Workbench:
    return Workbench(server.settings, people.database)


@pytest.fixture
def client(workbench, people, served):
    token = issue_token(workbench, people.admin)
    with (
        served(workbench) as url,
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client,
    ):
        yield client


def sample(text: str, metric: str, /, **labels: str) -> float:
    for line in text.splitlines():
        found = re.fullmatch(rf"{metric}(?:\{{(.*)\}})? (\S+)", line)
        if found and dict(re.findall(r'(\w+)="([^"]*)"', found[1] or "")) == labels:
            return float(found[2])
    return 0.0


def test_a_request_is_one_line_that_says_who_what_and_how_long(client, people, log_lines):
    request_id = uuid.uuid4().hex
    answer = client.get("/api/v1/models?target=tg", headers={"X-Request-ID": request_id})
    [line] = [line for line in log_lines() if line["event"] == "request_answered"]

    assert answer.status_code == 200
    assert line["method"] == "GET"
    assert line["route"] == "/api/v1/models"
    assert line["status"] == 200
    assert line["user_id"] == str(people.admin.user_id)
    assert line["role"] == "admin"
    assert line["correlation_id"] == request_id == answer.headers["X-Request-ID"]
    assert 0 < line["database_seconds"] < line["duration_seconds"]
    assert line["sent_bytes"] == len(answer.content)


def test_the_template_and_not_the_path_is_logged_and_counted(client, log_lines):
    client.get("/api/v1/models/tg/card?version=12345")
    client.get(f"/{PLANTED}/guess")
    routes = [line["route"] for line in log_lines() if line["event"] == "request_answered"]

    assert routes == ["/api/v1/models/{target}/card", "unknown"]


def test_a_traceparent_is_honoured_and_a_wrong_one_replaced(client):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    good = client.get("/health/live", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    wrong = client.get("/health/live", headers={"traceparent": "00-zz-01", "X-Request-ID": "a b"})

    assert good.headers["X-Request-ID"] == trace
    assert re.fullmatch("[0-9a-f]{32}", wrong.headers["X-Request-ID"])


def test_postgresql_shows_the_id(workbench):
    telemetry.correlation_id.set("a-request-of-mine")
    with workbench.database.service() as connection:
        name = connection.exec_driver_sql("SELECT current_setting('application_name')").scalar_one()

    assert name == "cryokit:a-request-of-mine"


def test_a_crash_is_logged_once_with_code_and_frames_and_carries_the_id(workbench, served, log_lines):
    def broken() -> None:
        msg = f"password={PLANTED}"
        raise RuntimeError(msg)

    app_of = create_app(workbench)
    app_of.add_api_route("/broken", broken)
    transport = httpx.ASGITransport(app_of, raise_app_exceptions=False)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as asking:
            return await asking.get("/broken", headers={"X-Request-ID": "crash-of-today"})

    import asyncio

    answer = asyncio.run(ask())
    found = {line["event"]: line for line in log_lines()}

    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] == "crash-of-today"
    assert found["request_failed"]["code"] == "internal_error"
    assert found["request_failed"]["exception"][0]["exc_type"] == "RuntimeError"
    assert found["request_failed"]["correlation_id"] == "crash-of-today"
    assert found["request_answered"]["status"] == 500
    assert PLANTED not in json.dumps(log_lines())


def test_secrets_in_every_part_of_a_request_are_in_no_line_and_no_metric(client, log_lines):
    secret_headers = {"X-Api-Key": PLANTED, "Cookie": f"cryokit_session={PLANTED}", "X-Request-ID": f"{PLANTED}!"}
    client.get(f"/api/v1/models?token={PLANTED}&password={PLANTED}", headers=secret_headers)
    client.get("/api/v1/targets", headers={"Authorization": f"Bearer {PLANTED}"})
    client.post("/api/v1/session", json={"name": "Admin", "password": PLANTED})
    client.post("/api/v1/predict", json={"target": PLANTED, "smiles": [f"postgresql://a:{PLANTED}@b/c"]})
    client.post("/login", data={"name": "Admin", "password": PLANTED, "next": f"/?token={PLANTED}"})
    text = client.get("/metrics").text

    assert sum(line["event"] == "request_answered" for line in log_lines()) == 6
    assert PLANTED not in json.dumps(log_lines())
    assert PLANTED not in text


def test_n_requests_are_counted_as_n_and_nothing_stays_in_progress(client):
    counted = {"method": "GET", "route": "/api/v1/targets", "status": "200"}
    before = sample(client.get("/metrics").text, "cryokit_requests_total", **counted)
    threads = [threading.Thread(target=lambda: [client.get("/api/v1/targets") for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text = client.get("/metrics").text

    assert sample(text, "cryokit_requests_total", **counted) - before == 100
    assert sample(text, "cryokit_requests_in_progress") == 1  # the request that asks
    measured = {"method": "GET", "route": "/api/v1/targets"}
    assert sample(text, "cryokit_request_seconds_count", **measured) >= 100


def test_metrics_tell_of_rows_pool_and_components(client, people, workbench):
    registry = workbench.registry
    registry.finish_report_run(registry.store_report_run("training", {}), path="x.html")
    registry.finish_report_run(registry.store_report_run("training", {}), error="broke")
    text = client.get("/metrics").text

    assert sample(text, "cryokit_run_last_success_timestamp_seconds", family="report", name="training") > 1.7e9
    assert sample(text, "cryokit_runs_failed_since_success", family="report", name="training") == 1
    assert sample(text, "cryokit_component_up", component="database") == 1
    assert sample(text, "cryokit_state_readable") == 1
    assert sample(text, "cryokit_pool_connections_limit", login="cryokit_app") == 15


@pytest.mark.parametrize("role", ["viewer", "researcher"])
def test_metrics_are_for_admins_and_monitors(client, workbench, people, role):
    other = {"Authorization": f"Bearer {issue_token(workbench, getattr(people, role))}"}
    monitor = {"Authorization": f"Bearer {workbench.add_token('Admin', 'the monitor')}"}

    assert httpx.get(f"{client.base_url}/metrics").status_code == 401
    assert client.get("/metrics", headers=other).status_code == 403
    assert client.get("/metrics", headers=monitor).status_code == 200
