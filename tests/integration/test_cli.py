"""The command line on a database of its own: what it prints, and the exit code of each kind of error."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cryokit.cli import main

CONDITIONS = ["--cell", "BPAEC", "--assay", "presto_blue", "--temperature-kelvin", "277.15", "--minutes", "30"]
CONDITIONS += ["--endpoint", "exposure_survival"]
PREDICTION_KEYS = {"target", "recipe", "value", "unit", "lower", "upper", "confidence", "model_version"}
PREDICTION_KEYS |= {"in_training", "in_domain", "domain_reasons", "skill"}

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def run(make_settings) -> Iterator[Run]:
    """Run one command on a state folder of its own."""
    with make_settings() as make:
        environment = {"CRYOKIT_STATE_DIR": str(make().state_dir)}

        def run_command(*words: str, **variables: str) -> Result:
            return CliRunner(env=environment | variables).invoke(main, list(words), catch_exceptions=False)

        yield run_command


@pytest.fixture(scope="module")
def trained(run: Run) -> Run:
    """The same with data loaded and one version of the viability model."""
    for words in (["db", "start"], ["db", "migrate"], ["data", "load"], ["train", "viability"]):
        assert run(*words).exit_code == 0
    return run


def test_migrating_twice_applies_nothing_the_second_time(trained):
    assert "up to date" in trained("db", "migrate").output


def test_loading_twice_adds_no_row(trained):
    assert trained("data", "load").output.splitlines() == [
        "tg: 0 new rows",
        "iri: 0 new rows",
        "viability: 0 new rows",
    ]


def test_the_address_holds_no_password(trained):
    url = trained("db", "url").output.strip()

    assert "passfile=" in url
    assert "cryokit_app@" in url


def test_status_says_that_the_database_runs(trained):
    assert json.loads(trained("db", "status", "--json").output)["running"] is True


def test_models_are_listed_with_their_label(trained):
    [version] = json.loads(trained("models", "list", "--json").output)

    assert (version["target"], version["version"], version["verdict"]) == ("viability", 1, "insufficient skill")


def test_a_prediction_has_the_agreed_fields(trained):
    [item] = json.loads(trained("predict", "viability", "--recipe", "glycerol=3 mol/kg", *CONDITIONS, "--json").output)

    assert set(item) >= PREDICTION_KEYS
    assert item["lower"] <= item["value"] <= item["upper"]
    assert item["confidence"] == 0.9


def test_a_prediction_is_compared_with_known_formulations_of_the_same_amount(trained):
    alike, more = (
        json.loads(trained("predict", "viability", "--recipe", f"glycerol={amount}", *CONDITIONS, "--json").output)[0]
        for amount in ("3 mol/kg", "7 mol/kg")
    )

    assert alike["known_compounds"] == 19
    assert 0 <= alike["known_fraction_below"] <= 1
    assert (more["known_fraction_below"], more["known_compounds"]) == (None, 0)


def test_a_missing_condition_is_an_input_error(trained):
    result = trained("predict", "viability", "--recipe", "glycerol=3 mol/kg", "--cell", "BPAEC")

    assert result.exit_code == 11
    assert result.stderr.startswith("invalid_input: ")
    assert "endpoint is missing" in result.stderr


def test_predictions_come_from_a_file_too(trained, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("name,recipe,operator\na,glycerol=3 mol/kg,me\nb,formamide=3 mol/kg; glycerol=1 mol/kg,me\n")

    result = trained("predict", "viability", "--csv", str(file), *CONDITIONS, "--json")

    assert [item["name"] for item in json.loads(result.stdout)] == ["a", "b"]
    assert "columns that viability does not use: operator" in result.stderr


def test_a_target_without_a_model_is_not_found(trained):
    result = trained("predict", "tg", "OCC(O)CO")

    assert result.exit_code == 12
    assert "cryokit train tg" in result.stderr


def test_an_unknown_version_is_not_found(trained):
    assert trained("predict", "viability", "--recipe", "glycerol=3 M", *CONDITIONS, "--version", "9").exit_code == 12


def test_a_tampered_artifact_is_refused(trained, tmp_path):
    [version] = json.loads(trained("models", "list", "--json").output)
    state = Path(json.loads(trained("db", "status", "--json").output)["data"]).parent
    artifact = state / "artifacts" / f"{version['artifact_sha256']}.skops"
    content = bytearray(artifact.read_bytes())
    try:
        artifact.write_bytes(bytes([*content[:500], content[500] ^ 1, *content[501:]]))
        result = trained("predict", "viability", "--recipe", "glycerol=3 mol/kg", *CONDITIONS)
    finally:
        artifact.write_bytes(content)

    assert result.exit_code == 16
    assert "was changed" in result.stderr


def test_an_import_with_a_bad_row_loads_nothing(trained, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("name,smiles,value,source\nlab A,CCCCCCCCCCO,199.5,own DSC\nlab B,CCCCCCCCCCCO,-5,own DSC\n")

    refused = trained("data", "import", str(file), "--target", "tg")
    loaded = trained("data", "import", str(file), "--target", "tg", "--skip-bad")

    assert refused.exit_code == 11
    assert "line 3" in refused.stderr
    assert "1 rows loaded, 0 stored already, 1 refused" in loaded.output
    assert "seen by maintenance alone" in loaded.output


def test_an_account_is_added_listed_and_closed(trained):
    added = trained("user", "add", "ann", "--role", "researcher")
    changed = trained("user", "password", "ann")
    trained("user", "disable", "ann")
    [account] = json.loads(trained("user", "list", "--json").output)

    assert "signs in with the password" in added.output
    assert "changed to" in changed.output
    assert account["name"] == "ann"
    assert account["disabled_at"]
    assert "password_hash" not in account


def test_the_same_name_twice_is_a_conflict(trained):
    trained("user", "add", "bert")

    assert trained("user", "add", "Bert").exit_code == 14


def test_an_unknown_parameter_of_a_report_is_refused(trained):
    result = trained("report", "run", "training", "-p", "taget=tg")

    assert result.exit_code == 11
    assert "it takes target, seed" in result.stderr


def test_rows_and_folds_of_ones_own_need_no_database(run, tmp_path):
    values = [("OCCO", 151), ("CC(O)CO", 167), ("OCC(O)CO", 190), ("CCO", 97), ("CCCO", 100), ("CO", 103)]
    values += [("CCCCO", 113), ("OCCCO", 148), ("CC(O)C", 117), ("CCCCCO", 125), ("OCCCCO", 155), ("CCCCCCO", 133)]
    rows, folds = tmp_path / "rows.csv", tmp_path / "folds.csv"
    rows.write_text("smiles,name,value\n" + "".join(f"{s},row {i},{v}\n" for i, (s, v) in enumerate(values)))
    folds.write_text("row,repeat,fold\n" + "".join(f"{i},0,{i % 3}\n" for i in range(9)))

    result = run(
        *("evaluate", "tg", "--data", str(rows), "--folds", str(folds), "--json"),
        DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
    )
    answer = json.loads(result.stdout)

    assert set(answer["metrics"]) >= {"mae", "rmse", "r2", "spearman", "coverage_90", "mean_width_90", "n"}
    assert [row["row"] for row in answer["rows"]] == [0, 3, 6, 1, 4, 7, 2, 5, 8]
    assert set(answer["rows"][0]) >= {"row", "repeat", "fold", "measured", "value", "lower", "upper"}


def test_data_without_folds_is_refused(run, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("smiles,name,value\nCCO,ethanol,97\n")

    assert run("evaluate", "tg", "--data", str(rows)).exit_code == 11


def test_a_dead_database_is_unavailable(run):
    result = run("models", "list", DATABASE_URL="postgresql://somebody:secret@127.0.0.1:1/none")

    assert result.exit_code == 19
    assert "secret" not in result.stderr


def test_an_unknown_setting_is_refused_with_a_suggestion(run):
    result = run("models", "list", CRYOKIT_STATEDIR="/tmp/x")  # noqa: S108  refused before it is used

    assert result.exit_code == 78
    assert "CRYOKIT_STATE_DIR" in result.stderr
    assert "CRYOKIT_STATEDIR" not in os.environ
