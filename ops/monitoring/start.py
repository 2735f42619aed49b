"""Start Debian's Prometheus, Alertmanager and exporters beside the running app, on loopback, until Ctrl-C."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.sql import quoted_name

import cryokit
from cryokit.db.engine import Database
from cryokit.db.roles import set_password
from cryokit.errors import CommandError, UnavailableError
from cryokit.workbench import Workbench

HERE = Path(__file__).parent
LOGIN = "cryokit_monitor"
EXTENSIONS = "extensions"
"""Schema of extensions: public is for nobody's code."""
PORTS = {"cryokit": 5006, "prometheus": 9090, "alertmanager": 9093, "node": 9100, "postgres": 9187}
"""Ports as the committed configuration has them."""
PROGRAMS = ("prometheus", "alertmanager", "node", "postgres")
_PATIENCE_SECONDS = 30


def write_configuration(folder: Path, ports: Mapping[str, int], token: str) -> None:
    """Copy the committed configuration to a folder, with other ports where some are given, and the key to scrape."""
    for name in ("prometheus.yml", "alertmanager.yml", "postgres_queries.yml"):
        text = (HERE / name).read_text()
        for program, port in ports.items():
            text = text.replace(f"127.0.0.1:{PORTS[program]}", f"127.0.0.1:{port}")
        (folder / name).write_text(text)
    for name in ("rules", "templates"):
        shutil.copytree(HERE / name, folder / name, ignore=shutil.ignore_patterns("tests"), dirs_exist_ok=True)
    (folder / "secrets").mkdir(mode=0o700, exist_ok=True)
    _write_secret(folder / "secrets" / "monitoring_token", token)


def _write_secret(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)


def monitoring_login(database: Database) -> dict[str, str]:
    """Make the login of the exporter anew, which may read statistics only; return its environment."""
    password = secrets.token_urlsafe(24)
    with database.bootstrap() as connection, connection.begin():
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {EXTENSIONS}")
        connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA {EXTENSIONS}")
        there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (LOGIN,)).first()
        if there is None:
            connection.exec_driver_sql(f"CREATE ROLE {LOGIN} LOGIN")
        connection.exec_driver_sql(f"GRANT pg_monitor TO {LOGIN}")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {EXTENSIONS} TO {LOGIN}")
        connection.exec_driver_sql(f"ALTER ROLE {LOGIN} SET search_path = {EXTENSIONS}, public")
        connection.exec_driver_sql(f"GRANT CONNECT ON DATABASE {quoted_name(database.name, None)} TO {LOGIN}")
        set_password(connection, LOGIN, password)
    address = make_url(database.url())
    host = address.host or address.query.get("host", "")
    place = f"host={host} port={address.port or address.query.get('port', 5432)} dbname={address.database}"
    return {
        "DATA_SOURCE_NAME": f"user={LOGIN} {place} sslmode={'prefer' if address.host else 'disable'}",
        "PGPASSWORD": password,
    }


def command_lines(folder: Path, ports: Mapping[str, int]) -> dict[str, list[str]]:
    """Return how each program is started."""

    def at(program: str) -> str:
        return f"127.0.0.1:{ports[program]}"

    return {
        "prometheus": [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address={at('prometheus')}",
            "--rules.alert.resend-delay=10s",  # the first alerts are lost while Alertmanager is still starting
        ],
        "alertmanager": [
            "prometheus-alertmanager",
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address={at('alertmanager')}",
            "--cluster.listen-address=",
        ],
        "node": ["prometheus-node-exporter", f"--web.listen-address={at('node')}"],
        "postgres": [
            "prometheus-postgres-exporter",
            f"--web.listen-address={at('postgres')}",
            f"--extend.query-path={folder / 'postgres_queries.yml'}",
            "--no-collector.bgwriter",  # fails on PostgreSQL 17 and later
        ],
    }


@contextlib.contextmanager
def started(
    folder: Path, ports: Mapping[str, int], login: Mapping[str, str], programs: Collection[str] = PROGRAMS
) -> Iterator[dict[str, subprocess.Popen]]:
    """Start the programs and wait until each is ready; they end with the block."""
    running: dict[str, subprocess.Popen] = {}
    with contextlib.ExitStack() as stack:
        for name in programs:
            argv = command_lines(folder, ports)[name]
            log = stack.enter_context((folder / f"{name}.log").open("w"))
            more = login if name == "postgres" else {}
            running[name] = subprocess.Popen(argv, env=os.environ | more, stdout=log, stderr=log, cwd=folder)
            stack.callback(_end, running[name])
        for name, process in running.items():
            _wait_until_ready(name, process, ports[name], folder)
        yield running


def _wait_until_ready(name: str, process: subprocess.Popen, port: int, folder: Path) -> None:
    path = "/-/ready" if name in ("prometheus", "alertmanager") else "/metrics"
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10):  # noqa: S310  our own loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    lines = (folder / f"{name}.log").read_text().splitlines()[-5:]
    msg = f"{name} is not ready at 127.0.0.1:{port}: {' / '.join(lines)}"
    raise CommandError(msg, list(map(str, process.args)), process.poll() or 0, lines)


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _new_token(workbench: Workbench) -> str:
    users = workbench.users()
    admins = users.loc[(users["role"] == "admin") & users["disabled_at"].isna(), "name"].tolist()
    if not admins:
        msg = "there is no admin whose key the monitor could use; run `cryokit user add NAME --role admin`"
        raise UnavailableError(msg)
    return workbench.add_token(admins[0], "make monitor", days=30)


def main() -> None:
    """Start everything beside the app of this environment."""
    with cryokit.open() as workbench:
        folder = workbench.settings.state_dir / "monitoring"
        folder.mkdir(mode=0o700, exist_ok=True)
        ports = PORTS | {"cryokit": workbench.settings.port}
        write_configuration(folder, ports, _new_token(workbench))
        login = monitoring_login(workbench.database)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
    with contextlib.suppress(KeyboardInterrupt), started(folder, ports, login):
        sys.stdout.write(
            f"Prometheus http://127.0.0.1:{ports['prometheus']}  Alertmanager http://127.0.0.1:{ports['alertmanager']}"
            f"  exporters {ports['node']}, {ports['postgres']}; logs in {folder}; Ctrl-C stops them\n"
        )
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
