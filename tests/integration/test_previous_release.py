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
from cryokit.workbench import Workbench

ROOT = Path(__file__).resolve().parents[2]
NEWEST = migrations.migration_files()[-1].name

Old = Callable[..., list[str]]
IN_ONE_PROCESS = """
import json, sys
from click.testing import CliRunner
from cryokit import __file__ as ours
from cryokit.cli import main

said = []
for words in json.load(sys.stdin):
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    if done.exit_code:
        sys.exit(f"{words} of {ours} ended with {done.exit_code}: {done.stderr}")
    said.append(done.stdout)
json.dump([ours, *said], sys.stdout)
"""
"""Starting the program takes longer than most commands."""


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
    """Run commands of the previous code on a state folder that has the schema of now."""
    with make_settings() as make, Workbench(make()) as workbench:
        workbench.migrate()
        state = {"CRYOKIT_STATE_DIR": str(workbench.settings.state_dir), "PYTHONPATH": str(previous_code)}

        def commands(*wanted: list[str]) -> list[str]:
            argv = [sys.executable, "-c", IN_ONE_PROCESS]
            done = subprocess.run(
                argv,
                cwd=previous_code,
                env=os.environ | state,
                input=json.dumps(wanted),
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        yield commands


def test_the_previous_code_is_older(previous_code):
    before = {file.stem for file in (previous_code / "sql" / "migrations").glob("*.sql")}
    now = {file.stem for file in (shared_folder("sql") / "migrations").glob("*.sql")}

    assert before < now
    assert NEWEST not in before


def test_the_previous_code_loads_trains_and_predicts(old, previous_code, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("smiles,name,value,unit,source\nOCC(O)CO,glycerol,191.2,K,own notebook 1\n")

    conditions = ["--cell", "BPAEC", "--assay", "calcein", "--temperature-kelvin", "277", "--minutes", "30"]
    conditions += ["--recipe", "glycerol=6 mol/kg", "--endpoint", "exposure_survival"]

    code, loaded, imported, added, _, models, predicted = old(
        ["data", "load"],
        ["data", "import", str(rows), "--target", "tg"],
        ["user", "add", "previous"],
        ["train", "viability", "--estimator", "ridge"],
        ["models", "list", "--json"],
        ["predict", "viability", *conditions, "--json"],
    )

    assert Path(code).is_relative_to(previous_code)
    assert "new rows" in loaded
    assert "1 rows loaded" in imported
    assert "previous" in added
    assert [row["target"] for row in json.loads(models)] == ["viability"]
    [item] = json.loads(predicted)
    assert item["lower"] <= item["value"] <= item["upper"]
