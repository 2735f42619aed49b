"""The code from before the newest migration runs on the schema of now: a deployment migrates first, then switches."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cryokit.db import migrations
from cryokit.paths import shared_folder

ROOT = Path(__file__).resolve().parents[2]
NEWEST = migrations.migration_files()[-1].name

Old = Callable[..., str]


def git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def previous_code(tmp_path_factory) -> Path:
    """The tree as it was before the newest migration came."""
    added = git("log", "--diff-filter=A", "--format=%H", "-n", "1", "--", f"sql/migrations/{NEWEST}.sql")
    if not added:
        pytest.fail(f"the history of {NEWEST} is not here; fetch the whole history (git fetch --unshallow)")
    folder = tmp_path_factory.mktemp("previous")
    archive = folder / "tree.tar"
    git("archive", "--output", str(archive), f"{added}^")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def old(previous_code, make_settings) -> Iterator[Old]:
    """Run a command of the previous code on a state folder that has the schema of now."""
    with make_settings() as make:
        state = {"CRYOKIT_STATE_DIR": str(make().state_dir)}

        def command(*words: str, code: Path) -> str:
            argv = [sys.executable, "-m", "cryokit.cli", *words]
            environment = os.environ | state | {"PYTHONPATH": str(code)}
            done = subprocess.run(argv, cwd=code, env=environment, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stderr
            return done.stdout

        command("db", "start", code=ROOT)
        command("db", "migrate", code=ROOT)
        yield lambda *words: command(*words, code=previous_code)


def test_the_previous_code_is_older(previous_code):
    before = {file.stem for file in (previous_code / "sql" / "migrations").glob("*.sql")}
    now = {file.stem for file in (shared_folder("sql") / "migrations").glob("*.sql")}

    assert before < now
    assert NEWEST not in before


def test_the_previous_code_loads_trains_and_predicts(old, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("smiles,name,value,unit,source\nOCC(O)CO,glycerol,191.2,K,own notebook 1\n")

    assert "new rows" in old("data", "load")
    assert "1 rows loaded" in old("data", "import", str(rows), "--target", "tg")
    assert "previous" in old("user", "add", "previous")
    old("train", "viability")
    assert [row["target"] for row in json.loads(old("models", "list", "--json"))] == ["viability"]
    conditions = ["--cell", "BPAEC", "--assay", "calcein", "--temperature-kelvin", "277", "--minutes", "30"]
    conditions += ["--recipe", "glycerol=6 mol/kg", "--endpoint", "exposure_survival"]
    predicted = json.loads(old("predict", "viability", *conditions, "--json"))

    assert predicted[0]["lower"] <= predicted[0]["value"] <= predicted[0]["upper"]
