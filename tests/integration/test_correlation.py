"""One id through every process that works on one thing."""

import os
import subprocess
import sys

from cryokit import telemetry
from cryokit.backup.engine import Engine
from cryokit.compute.cluster import completed, connected
from cryokit.db.programs import pg_bindir, run_here
from cryokit.reports import kernel_environment


def current_id(_argument: int) -> tuple[str, int]:
    """Return the id under which a worker works, and its process."""
    return telemetry.correlation_id.get(), os.getpid()


def test_dask_workers_work_under_the_id_of_who_asked():
    telemetry.correlation_id.set("asked-by-me")
    with connected(workers=1) as client:
        results = dict(completed(client, current_id, enumerate([1, 2, 3])))

    assert {name for name, _ in results.values()} == {"asked-by-me"}
    assert os.getpid() not in {process for _, process in results.values()}


def test_a_kernel_goes_on_under_the_id_of_its_report(server):
    telemetry.correlation_id.set("report-of-mine")
    program = "import cryokit, cryokit.telemetry as t; cryokit.open(); print(t.application_name())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=kernel_environment(server.settings),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "cryokit:report-of-mine"


def test_programs_of_postgresql_are_seen_under_the_id_of_who_started_them(server, database):
    telemetry.correlation_id.set("backup-of-mine")
    asked = [
        "psql",
        "-X",
        "-A",
        "-t",
        "-c",
        "SELECT current_setting('application_name')",
        "-d",
        database.bootstrap_url(),
    ]
    taken: list[bytes] = []
    Engine(server.settings, database)._piped(asked, lambda out: taken.append(out.read()))
    said = run_here([pg_bindir(server.settings) / asked[0], *asked[1:]], database.bootstrap_secret())

    assert said.strip() == taken[0].decode().strip() == "cryokit:backup-of-mine"
