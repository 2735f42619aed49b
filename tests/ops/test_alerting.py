"""The real programs on loopback: a fault becomes one message at each receiver, and every panel shows points."""

import contextlib
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn

import cryokit
from cryokit.api.app import create_app
from cryokit.api.auth import issue_token
from cryokit.workbench import Workbench
from tests.ports import free_port, free_ports

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "ops" / "monitoring"
_PATIENCE_SECONDS = 60
_SLOW_JOB = "slow_drill"


def loaded(name: str, folder: Path = MONITORING):
    spec = importlib.util.spec_from_file_location(f"of_alerting_{name}", folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


start, dashboards, sinks = loaded("start"), loaded("dashboards"), loaded("sinks", Path(__file__).parent)


@dataclass
class Watch:
    """The app, and what watches over it."""

    workbench: Workbench
    app: httpx.Client
    proxy: str
    prometheus: str
    mail: list
    hooks: list

    def query(self, expression: str) -> list[dict]:
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": expression}, timeout=10)
        return answer.raise_for_status().json()["data"]["result"]

    def messages(self, alert: str) -> tuple[list[str], list[str]]:
        mails = [mail["Subject"] for mail in self.mail if alert in mail["Subject"]]
        slacks = [body["attachments"][0]["title"] for path, body in self.hooks if path == "/slack"]
        return mails, [title for title in slacks if alert in title]


def wait_for(condition: Callable[[], object], what: str, seconds: float = _PATIENCE_SECONDS) -> object:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    pytest.fail(f"after {seconds} s still not: {what}")


@pytest.fixture(scope="module")
def workbench(demo_state_dir: Path) -> Iterator[Workbench]:
    with cryokit.open(state_dir=demo_state_dir) as workbench:
        workbench.start_database()
        yield workbench


@pytest.fixture(scope="module")
def admin(workbench: Workbench) -> str:
    workbench.add_user(f"watch-{os.getpid()}", "admin")
    return f"watch-{os.getpid()}"


@pytest.fixture(scope="module")
def address(workbench: Workbench) -> Iterator[str]:
    app = create_app(workbench)
    app.add_api_route("/slow", lambda: time.sleep(0.3))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def proxy_before(address: str, folder: Path) -> Iterator[str]:
    """Run the committed proxy before the app, in a folder where Prometheus finds its figures; its address."""
    port, green, figures = free_ports(3)
    blue = address.rpartition(":")[2]
    ports = {"PORT": port, "PORT_BLUE": blue, "PORT_GREEN": green, "FIGURES_PORT": figures, "WEIGHT_BLUE": 100}
    settings = {f"DEPLOY_{name}": str(value) for name, value in ports.items()} | {"DEPLOY_COOKIE": ""}
    (folder / "haproxy.state").write_text("1\n")
    (folder / "targets").mkdir()
    (folder / "targets" / "proxy.yml").write_text(f'- targets: ["127.0.0.1:{figures}"]\n')
    environment = os.environ | settings | {"DEPLOY_RUN": str(folder), "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    argv = ["haproxy", "-db", "-q", "-f", str(ROOT / "ops" / "haproxy" / "haproxy.cfg")]
    with subprocess.Popen(argv, env=environment) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def watch(workbench: Workbench, admin: str, address: str, tmp_path_factory) -> Iterator[Watch]:
    folder = tmp_path_factory.mktemp("watch")
    ports = {name: free_port() for name in start.PORTS} | {"cryokit": int(address.rpartition(":")[2])}
    password = workbench.set_password(admin)
    bearer = {"Authorization": f"Bearer {issue_token(workbench, workbench.sign_in(admin, password))}"}
    with sinks.mail_sink() as mail, sinks.hook_sink() as hooks:
        start.write_configuration(folder, ports, workbench.add_token(admin, "the monitor"))
        sinks.hurry(folder, mail.server_address[1], hooks.server_address[1])
        with (
            proxy_before(address, folder) as proxy,
            start.started(folder, ports, start.monitoring_login(workbench.database)),
            httpx.Client(base_url=address, headers=bearer, timeout=30) as app,
        ):
            yield Watch(workbench, app, proxy, f"http://127.0.0.1:{ports['prometheus']}", mail.received, hooks.received)


@pytest.fixture
def slow_job(workbench: Workbench) -> Iterator[None]:
    job = workbench.registry.begin_job(_SLOW_JOB, {"out": "none"})
    workbench.registry.finish_job(job, {})
    with workbench.database.service() as connection:
        connection.exec_driver_sql(
            "UPDATE cryo.job SET started_at = finished_at - interval '2 hours' WHERE kind = %s", (_SLOW_JOB,)
        )
    yield
    with workbench.database.service() as connection:
        connection.exec_driver_sql("DELETE FROM cryo.job WHERE kind = %s", (_SLOW_JOB,))


def traffic(watch: Watch, rounds: int = 3) -> None:
    for _ in range(rounds):
        watch.app.get("/slow")
        watch.app.post("/api/v1/predict", json={"target": "tg", "smiles": ["OCC(O)CO", "CS(C)=O"]}).raise_for_status()
        watch.app.get("/api/v1/targets")
        watch.app.get("/api/v1/models/none")
        httpx.get(f"{watch.proxy}/health/live").raise_for_status()
        with watch.workbench.database.service() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(0.2)")
        time.sleep(1.1)


@pytest.mark.drill
def test_every_panel_has_points_and_the_slow_ones_come_first(watch, slow_job):
    watch.workbench.create_backup(prove=True)
    traffic(watch)
    committed = [json.loads(file.read_text()) for file in sorted(dashboards.FOLDER.glob("*.json"))]
    panels = {panel["title"]: panel["targets"][0]["expr"] for board in committed for panel in board["panels"]}

    def empty() -> list[str]:
        found = {title: watch.query(expression) for title, expression in panels.items()}
        return [title for title, points in found.items() if not [p for p in points if p["value"][1] != "NaN"]]

    for _ in range(12):
        if not empty():
            break
        traffic(watch, 1)

    assert empty() == []
    first = {
        title: max(watch.query(panels[title]), key=lambda point: float(point["value"][1]))["metric"]
        for title in ("Slowest routes: mean duration", "Slowest statements: mean duration", "Slowest jobs and reports")
    }

    assert first["Slowest routes: mean duration"]["route"] == "/slow"
    assert "pg_sleep" in first["Slowest statements: mean duration"]["query"]
    assert first["Slowest jobs and reports"]["name"] == _SLOW_JOB


def test_a_stopped_database_is_told_once_to_each_receiver_and_so_is_its_return(watch, workbench, demo_environment):
    wait_for(lambda: watch.query('cryokit_component_up{component="database"} == 1'), "the database is seen")
    began = time.monotonic()
    workbench.stop_database()
    stopped = time.monotonic()
    wait_for(lambda: watch.app.get("/health/ready").status_code == 503, "ready says no", 2)
    script = subprocess.run(
        [ROOT / "ops" / "check-health.sh"], env=demo_environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = wait_for(lambda: all(watch.messages("DatabaseDown")) and watch.messages("DatabaseDown"), "the alarm")
    time.sleep(6)  # a group interval, in which nothing more may come
    workbench.start_database()
    wait_for(lambda: watch.app.get("/health/ready").status_code == 200, "ready again", 10)
    wait_for(lambda: all(len(items) == 2 for items in watch.messages("DatabaseDown")), "all clear")
    time.sleep(6)
    mails, slacks = watch.messages("DatabaseDown")

    assert script.returncode == 2
    assert "database" in script.stdout.splitlines()[0]
    assert told == ([mails[0]], [slacks[0]])
    assert mails == slacks == ["[FIRING 1] DatabaseDown (critical, data)", "[RESOLVED] DatabaseDown (critical, data)"]
    assert stopped - began < 30


def test_a_message_says_what_since_when_and_what_to_do(watch):
    [body, *_] = [mail.get_body(("plain",)).get_content() for mail in watch.mail if "DatabaseDown" in mail["Subject"]]

    assert "What: PostgreSQL does not answer" in body
    assert re.search(r"Since: 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC", body)
    assert "Do: cryokit db status, cryokit db start" in body
    assert "ops/RUNBOOK.md#databasedown" in body


def test_the_heartbeat_arrives(watch):
    wait_for(lambda: [path for path, _ in watch.hooks if path == "/heartbeat"], "a heartbeat")
