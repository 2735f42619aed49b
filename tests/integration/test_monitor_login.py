"""The login of the exporter that ops/docker/monitor.sql makes when the database of compose.yaml is made."""

import subprocess
from pathlib import Path

import pytest

from cryokit.db.programs import pg_bindir

SCRIPT = Path(__file__).resolve().parents[2] / "ops/docker/monitor.sql"


@pytest.fixture
def psql(fresh_database, superuser_runs):
    """Run statements as who makes the database; afterwards the cluster does not know the login any more."""

    def run(text: str) -> subprocess.CompletedProcess:
        program = pg_bindir(fresh_database.settings) / "psql"
        argv = [program, "--no-psqlrc", "--set=ON_ERROR_STOP=1", fresh_database.bootstrap_url()]
        return subprocess.run(argv, input=text, capture_output=True, text=True, check=False)

    yield run
    superuser_runs("DROP OWNED BY cryokit_monitor", fresh_database.name)
    superuser_runs("DROP ROLE cryokit_monitor")


def test_it_reads_statistics_and_nothing_else(psql, tmp_path):
    password = tmp_path / "monitor_password"
    password.write_text("it's quoted")

    made = psql(SCRIPT.read_text().replace("/run/secrets/monitor_password", str(password)))

    assert made.returncode == 0, made.stderr
    as_exporter = "SET SESSION AUTHORIZATION cryokit_monitor;"
    assert psql(f"{as_exporter} SELECT query FROM pg_stat_activity;").returncode == 0
    assert "permission denied" in psql(f"{as_exporter} SELECT * FROM cryo.molecule;").stderr
