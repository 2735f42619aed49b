"""What commands print, and what they refuse before anything is started."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from cryokit.cli import main
from cryokit.cli.shared import emit


def run(*words: str, **variables: str) -> Result:
    return CliRunner(env=variables).invoke(main, list(words), catch_exceptions=False)


@pytest.mark.parametrize("seed", ["-1", "99999999999"])
@pytest.mark.parametrize("words", [["train", "iri"], ["evaluate", "tg"]], ids=" ".join)
def test_a_seed_out_of_range_is_an_input_error(words, seed):
    result = run(*words, "--seed", seed)

    assert result.exit_code == 11
    assert result.stderr.startswith(f"invalid_input: the seed is {seed}")


@pytest.mark.parametrize(
    ("parameter", "exit_code", "message"),
    [("target=zzz", 12, "there is no target 'zzz'"), ("seed=-1", 11, "the seed is -1")],
)
def test_a_parameter_out_of_range_is_refused_before_a_report_runs(parameter, exit_code, message):
    result = run("report", "run", "validation", "-p", parameter)

    assert result.exit_code == exit_code
    assert message in result.stderr


def test_a_number_of_many_digits_in_folds_is_refused(tmp_path):
    rows, folds = tmp_path / "rows.csv", tmp_path / "folds.csv"
    rows.write_text("smiles,name,value\nCCO,ethanol,97\nCO,methanol,103\n")
    folds.write_text("row,repeat,fold\n0,12345678901234567890123,0\n1,0,1\n")
    result = run("evaluate", "tg", "--data", str(rows), "--folds", str(folds))

    assert result.exit_code == 11
    assert "line 2: repeat is '12345678901234567890123'" in result.stderr


@pytest.mark.parametrize("words", [["models", "list"], ["user", "list"], ["predict", "tg", "CCO"]], ids=" ".join)
def test_reading_a_fresh_state_makes_nothing_and_says_what_to_do(tmp_path, words):
    result = run(*words, CRYOKIT_STATE_DIR=str(tmp_path / "fresh"))

    assert result.exit_code == 12
    assert "run `cryokit up` first" in result.stderr
    assert not (tmp_path / "fresh").exists()


@pytest.mark.parametrize("words", [["db", "start"], ["up", "--no-serve"]], ids=" ".join)
def test_a_state_folder_that_cannot_be_made_is_one_line(words):
    result = run(*words, CRYOKIT_STATE_DIR="/proc/cryokit")

    assert result.exit_code == 78
    assert result.stderr.startswith("config_invalid: the state folder /proc/cryokit cannot be used")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line_that_says_what_to_do(tmp_path):
    argv = [sys.executable, "-m", "cryokit.cli", "backup", "list"]
    environment = os.environ | {"CRYOKIT_STATE_DIR": str(tmp_path)}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, env=environment, check=False)

    assert done.stderr.startswith(
        "unavailable: the disk of the state folder or of what is printed to is full; make room"
    )
    assert done.returncode == 19


def test_a_file_and_items_at_once_are_refused(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("smiles\nCCO\n")
    result = run("predict", "tg", "OCCCC", "--csv", str(file))

    assert result.exit_code == 11
    assert "'OCCCC' came too" in result.stderr


def test_a_table_stays_readable(capsys):
    emit(pd.DataFrame({"smiles": ["C" * 3000], "path": ["/" + "p" * 90], "reasons": [["a", "b\nc"]]}), as_json=False)
    _, line = capsys.readouterr().out.splitlines()

    assert line.split() == ["C" * 37 + "...", "/" + "p" * 90, "a;", "b", "c"]


def test_nested_values_become_lines(capsys):
    result = {
        "metrics": {"n": 80, "mae": 0.235569791, "series": {"a": {"n": 1}}},
        "baselines": {"mean": {"n": 80, "mae": 0.5, "compared": {"n": 80}}},
        "verdict": "skill",
        "warnings": [],
    }
    emit(result, as_json=False)

    assert capsys.readouterr().out.splitlines() == [
        "metrics: n 80, mae 0.23557",
        "baselines:",
        "  mean: n 80, mae 0.5",
        "verdict: skill",
        "warnings: none",
    ]
