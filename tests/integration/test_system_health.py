"""Each component's fault is found, and told to whom it should be."""

import hashlib
import http.server
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cryokit.api.auth import issue_token
from cryokit.db.engine import ADMIN
from cryokit.errors import CommandError, ConfigError, UnavailableError
from cryokit.workbench import Workbench, outside
from cryokit.workbench.monitoring import Since
from cryokit.workbench.statuses import EXIT_STATUS, FAIL, HTTP_STATUS, PASS, WARN, worst
from tests.ports import free_port


@pytest.fixture
def workbench(people, server) -> Workbench:
    return Workbench(server.settings, people.database)


def with_settings(workbench: Workbench, **changed: object) -> Workbench:
    return Workbench(workbench.settings.model_copy(update=changed), workbench.database)


def status_of(workbench: Workbench, component: str) -> str:
    return workbench.system_health()["components"][component]["status"]


@contextmanager
def serving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/broken" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Mail(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")


def test_the_words_are_ordered_and_mapped():
    assert worst([PASS, WARN]) == WARN
    assert worst([FAIL, PASS]) == FAIL
    assert worst([]) == FAIL
    assert [EXIT_STATUS[word] for word in (PASS, WARN, FAIL)] == [0, 1, 2]
    assert [HTTP_STATUS[word] for word in (PASS, WARN, FAIL)] == [200, 200, 503]


def test_migrations_that_are_behind_are_found(workbench):
    with workbench.database.connection_of(ADMIN) as connection, connection.begin():
        connection.exec_driver_sql("SET ROLE cryokit_owner")
        connection.exec_driver_sql("DELETE FROM app.applied_file WHERE left(name, 4) = '0001'")

    assert status_of(workbench, "schema") == FAIL


def test_a_missing_and_a_tampered_artifact_are_found(workbench, tmp_path, monkeypatch):
    sha256 = hashlib.sha256(b"a model").hexdigest()
    versions = workbench.models().reindex([0]).assign(target="tg", is_current=True, artifact_sha256=sha256, version=1)
    changed = with_settings(workbench, state_dir=tmp_path)
    monkeypatch.setattr(changed, "models", lambda: versions)

    assert status_of(changed, "models") == FAIL
    changed.settings.artifacts_dir.mkdir()
    file = changed.settings.artifacts_dir / f"{sha256}.skops"
    file.write_bytes(b"a model")
    assert status_of(changed, "models") == PASS
    file.write_bytes(b"another")
    assert status_of(changed, "models") == FAIL


def test_a_full_disk_is_found():
    with pytest.raises(UnavailableError, match="only 0.1 GB of 100.0 GB"):
        outside.disk_verdict(10**8, 10**11, Path("/state"))
    assert outside.disk_verdict(5 * 10**10, 10**11, Path("/state"))


def test_a_dask_scheduler_that_is_gone_is_found(workbench):
    address = f"tcp://127.0.0.1:{free_port()}"

    assert status_of(with_settings(workbench, dask_address=address), "dask") == FAIL


def test_clocks_that_are_apart_are_found():
    assert outside.clock_verdict(100.0, 100.5)
    with pytest.raises(outside.ShortlyError):
        outside.clock_verdict(100.0, 110.0)
    with pytest.raises(UnavailableError):
        outside.clock_verdict(100.0, 900.0)


def test_the_clock_of_the_database_is_asked(workbench, monkeypatch):
    now = time.time()
    monkeypatch.setattr("cryokit.workbench.monitoring.time.time", lambda: now + 600)

    assert status_of(workbench, "clock") == FAIL


def test_a_stale_backup_is_found(workbench):
    insert = (
        "INSERT INTO cryo.backup_set (id, kind, started_at, seconds, bytes, proved_at, manifest) "
        "VALUES (%s, 'full', now() - %s * interval '1 hour', 1, 1, now(), '{}')"
    )
    assert status_of(workbench, "backups") == WARN  # none at all
    for hours, expected in ((60, FAIL), (30, WARN), (1, PASS)):
        with workbench.database.service() as connection:
            connection.exec_driver_sql(insert, (f"20260101T0000{hours:02d}Z-full", hours))

        assert status_of(workbench, "backups") == expected


@pytest.mark.parametrize("days, expected", [(90, PASS), (5, WARN), (-1, FAIL)])
def test_the_end_of_a_certificate_is_found(workbench, tmp_path, days, expected):
    file = tmp_path / "site.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key"), "-out"]
    # openssl makes none that is over already, so its time is set back.
    subprocess.run([*argv, str(file), "-days", str(max(days, 1)), "-subj", "/CN=site"], check=True, capture_output=True)
    if days < 0:
        ends = ssl.cert_time_to_seconds("Jan  1 00:00:00 2020 GMT")
        with pytest.raises(UnavailableError, match="is over since 2020-01-01"):
            outside.end_verdict(ends, "certificate site.pem")
        return

    assert status_of(with_settings(workbench, certificates=str(file)), "certificate:site.pem") == expected


def test_a_certificate_that_is_none_is_a_fault(tmp_path):
    (tmp_path / "no.pem").write_text("no certificate")

    with pytest.raises(CommandError, match="cannot be read"):
        outside.check_certificate(tmp_path / "no.pem")


@pytest.mark.parametrize("name", ["smtp", "slack", "oidc", "dask", "remote", "alertmanager"])
def test_a_dependency_that_is_gone_is_found(workbench, name, tmp_path):
    port = free_port()
    addresses = {
        "smtp": f"smtp://127.0.0.1:{port}",
        "slack": f"http://127.0.0.1:{port}",
        "oidc": f"https://127.0.0.1:{port}/.well-known/openid-configuration",
        "dask": f"tcp://127.0.0.1:{port}",
        "remote": f"file://{tmp_path}/gone",
        "alertmanager": f"http://127.0.0.1:{port}/-/healthy",
    }

    assert status_of(with_settings(workbench, dependencies=f"{name}={addresses[name]}"), f"dependency:{name}") == FAIL


def test_dependencies_that_answer_pass_and_a_server_error_does_not(tmp_path):
    with serving(Answer) as port:
        assert outside.check_dependency("slack", f"http://127.0.0.1:{port}/any") == "slack (http://127.0.0.1): HTTP 404"
        assert outside.check_dependency("dask", f"tcp://127.0.0.1:{port}")
        with pytest.raises(UnavailableError, match="HTTP 503"):
            outside.check_dependency("slack", f"http://127.0.0.1:{port}/broken")
    with serving(Mail) as port:
        assert outside.check_dependency("smtp", f"smtp://127.0.0.1:{port}").endswith("SMTP 250")
    assert outside.check_dependency("remote", f"file://{tmp_path}")


def test_dependencies_that_are_written_wrongly_are_a_fault_and_named(workbench):
    with pytest.raises(ConfigError, match="smtp=smtp://mail:25"):
        outside.dependencies_in("mail")
    assert status_of(with_settings(workbench, dependencies="mail"), "dependencies") == FAIL


def test_since_when_counts_from_the_change():
    since = Since()
    first = since.told({"status": PASS, "components": {"disk": {"status": PASS}}})["components"]["disk"]["since"]
    since._seen["disk"] = (PASS, "2026-01-01T00:00:00+00:00")
    kept = since.told({"status": PASS, "components": {"disk": {"status": PASS}}})["components"]["disk"]["since"]
    changed = since.told({"status": FAIL, "components": {"disk": {"status": FAIL}}})["components"]["disk"]["since"]

    assert kept == "2026-01-01T00:00:00+00:00"
    assert first <= changed != kept


def test_details_are_for_administrators(workbench, people, served):
    def asked(url: str, person=None) -> dict:
        headers = {"Authorization": f"Bearer {issue_token(workbench, person)}"} if person else {}
        answer = httpx.get(f"{url}/api/v1/system/health", headers=headers)
        assert answer.headers["content-type"] == "application/health+json"
        return answer.json()

    with served(workbench) as url:
        everybody, viewer, admin = asked(url), asked(url, people.viewer), asked(url, people.admin)

    assert "output" not in everybody["checks"]["database"][0]
    assert "output" not in viewer["checks"]["database"][0]
    assert "PostgreSQL" in admin["checks"]["database"][0]["output"]
    assert {"status", "time", "observedValue", "observedUnit"} <= set(everybody["checks"]["disk"][0])
