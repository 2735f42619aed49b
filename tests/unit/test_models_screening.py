"""One part of a library through a model: as a prediction of each row, errors where they belong."""

import math

import numpy as np
import pandas as pd
import pytest

from cryokit.errors import InputError, ModelError
from cryokit.models import artifacts
from cryokit.models.probability import probability_at_most
from cryokit.models.screening import Question, screened, screening_targets
from cryokit.paths import model_file

ENTRIES = [
    ("OCC(O)CO", "glycerol"),
    ("C1CC", "broken"),
    ("C(O)C(O)CO", "glycerol again"),
    ("", "nothing"),
    ("[Na+].[O-]C(=O)C", "sodium acetate"),
    ("CCO", "caf\udce9"),
    ("CS(C)=O", "DMSO"),
]


def no_melting_point(_inchikey: str, _name: str) -> None:
    return None


def known_melting_point(inchikey: str, _name: str) -> tuple[float, str] | None:
    return (291.0, "a table") if inchikey.startswith("PEDCQBHIVMGVHV") else None


def substances() -> list[tuple[str, str]]:
    return [("C3H8O3", "OCC(O)CO")]


@pytest.fixture(scope="module")
def folder(small_tg, small_iri, tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifacts")
    return folder, artifacts.save(small_tg, folder), artifacts.save(small_iri, folder)


@pytest.fixture(scope="module")
def columns(folder):
    path, sha256, _ = folder
    return screened(ENTRIES, [Question("tg", sha256)], str(path), known_melting_point, substances)


def test_every_row_stays_where_it_is(columns):
    assert all(len(column) == len(ENTRIES) for column in columns.values())
    assert columns["name"] == ["glycerol", "broken", "glycerol again", "nothing", "sodium acetate", "caf?", "DMSO"]


def test_a_row_has_either_a_prediction_or_an_error(columns):
    good = [error is None for error in columns["error"]]

    assert good == [True, False, True, False, True, False, True]
    for name in ("value", "lower", "upper", "in_domain", "in_training", "domain_reasons"):
        assert [item is not None for item in columns[f"tg_{name}"]] == good


@pytest.mark.parametrize(("row", "reason"), [(1, "cannot be read"), (3, "must be a SMILES"), (5, "plain UTF-8")])
def test_errors_say_what_is_wrong(columns, row, reason):
    assert reason in columns["error"][row]


def test_the_same_structure_gets_the_same_prediction(columns):
    names = [name for name in columns if name.startswith("tg_") or name == "canonical_smiles"]

    assert all(columns[name][0] == columns[name][2] for name in names)


def test_predictions_are_those_of_the_model(columns, small_tg):
    rows = pd.DataFrame({"smiles": ["OCC(O)CO", "CS(C)=O"], "tm_kelvin": [291.0, math.nan]})
    expected = small_tg.predict(rows)

    for name in ("value", "lower", "upper"):
        assert [columns[f"tg_{name}"][row] for row in (0, 6)] == pytest.approx(expected[name].tolist(), rel=1e-6)
    assert [columns["tg_in_domain"][row] for row in (0, 6)] == expected["in_domain"].tolist() == [True, False]
    assert [columns["tg_in_training"][row] for row in (0, 6)] == [True, False]
    assert "sulfoxide" in columns["tg_domain_reasons"][6]


def test_two_targets_stand_side_by_side(folder):
    path, tg, iri = folder
    conditions = {"assay": "splat", "concentration_millimolar": 20.0, "buffer": "PBS"}
    questions = [Question("tg", tg), Question("iri", iri, conditions)]
    columns = screened(ENTRIES[:2], questions, str(path), no_melting_point, list)

    assert columns["tg_value"][0] is not None
    assert columns["iri_value"][0] is not None
    assert columns["iri_value"][1] is None
    assert columns["iri_probability_at_most_50"] == [None, None]


def test_errors_of_the_model_give_probabilities_and_rows_without_a_value_none(folder):
    path, _, iri = folder
    conditions = {"assay": "splat", "concentration_millimolar": 20.0, "buffer": "PBS"}
    errors = tuple(np.linspace(-1.0, 1.0, 21))
    columns = screened(ENTRIES, [Question("iri", iri, conditions, (), errors)], str(path), no_melting_point, list)
    asked = {name: np.array(columns[f"iri_{name}"], dtype=float) for name in ("value", "lower", "upper")}
    good = np.isfinite(asked["value"])
    scale = (asked["upper"] - asked["lower"])[good] / 2
    expected = probability_at_most(asked["value"][good], scale, 50.0, np.array(errors))

    found = columns["iri_probability_at_most_50"]
    assert [item is not None for item in found] == good.tolist() == [item is None for item in columns["error"]]
    assert [item for item in found if item is not None] == pytest.approx(expected.tolist())


def test_too_few_errors_leave_the_probability_unknown_and_other_targets_have_none(folder):
    path, tg, iri = folder
    conditions = {"assay": "splat", "concentration_millimolar": 20.0, "buffer": "PBS"}
    questions = [Question("tg", tg), Question("iri", iri, conditions, (), (0.1,) * 9)]
    columns = screened(ENTRIES[:1], questions, str(path), no_melting_point, list)

    assert columns["iri_probability_at_most_50"] == [None]
    assert "tg_probability_at_most_50" not in columns


def test_a_part_without_any_structure_is_all_errors(folder):
    path, sha256, _ = folder
    columns = screened([("C1CC", "")] * 2, [Question("tg", sha256)], str(path), no_melting_point, list)

    assert columns["tg_value"] == [None, None]
    assert all(columns["error"])


def test_a_model_that_was_changed_is_refused(folder, tmp_path):
    path, sha256, _ = folder
    other = model_file(sha256, tmp_path)
    other.write_bytes(model_file(sha256, path).read_bytes() + b" ")

    with pytest.raises(ModelError, match="was changed"):
        screened(ENTRIES, [Question("tg", sha256)], str(tmp_path), no_melting_point, list)


@pytest.mark.parametrize(("targets", "reason"), [(["viability"], "formulations"), (["tg", "tg"], "once"), ([], "none")])
def test_targets_that_cannot_be_screened_are_refused(targets, reason):
    with pytest.raises(InputError, match=reason):
        screening_targets(targets)


def test_knowing_the_training_molecules_beforehand_changes_nothing(folder, columns, made_up_tg):
    path, sha256, _ = folder
    question = Question("tg", sha256, {}, tuple(made_up_tg["smiles"]))
    partial = Question("tg", sha256, {}, tuple(made_up_tg["smiles"][:3]))

    for item in (question, partial):
        assert screened(ENTRIES, [item], str(path), known_melting_point, substances) == columns


def test_a_row_does_not_depend_on_its_place(folder, columns):
    path, sha256, _ = folder
    repeats = 200
    many = screened(ENTRIES * repeats, [Question("tg", sha256)], str(path), known_melting_point, substances)
    numbers = [name for name in columns if name.endswith(("value", "lower", "upper"))]

    assert all(many[name] == column * repeats for name, column in columns.items() if name not in numbers)
    for name in numbers:
        assert np.allclose(np.array(many[name], float), np.array(columns[name] * repeats, float), 1e-9, equal_nan=True)
