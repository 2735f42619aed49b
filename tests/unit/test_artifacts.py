"""Model files: equal predictions after loading; changed, foreign or outdated files are refused."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import skops.io

from cryokit.chemistry import descriptors
from cryokit.errors import ModelError
from cryokit.models import artifacts, features
from cryokit.models.fitted import fit
from cryokit.paths import model_file
from cryokit.sources.bundled import bundled_rows

[OLDER] = (Path(__file__).parents[1] / "fixtures" / "older_scikit_learn").glob("*.skops")
"""Written with scikit-learn 1.8.0 from the first 24 curated glass transitions: a small ensemble of all three kinds."""

OLDER_VALUES = [351.1880462047733, 267.3505761441034, 269.4333281156386, 200.35326352416376]
"""What scikit-learn 1.8.0 predicted for the first four of them."""


@pytest.fixture(scope="module")
def saved(small_tg, tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifacts")
    return small_tg, artifacts.save(small_tg, folder), folder


def stored_as_model(content: bytes, folder: Path) -> str:
    """Write bytes under their true checksum, as somebody might who can write to the folder."""
    sha256 = hashlib.sha256(content).hexdigest()
    model_file(sha256, folder).write_bytes(content)
    return sha256


def test_a_loaded_model_predicts_bit_equal_values(saved, made_up_tg):
    model, sha256, folder = saved

    assert artifacts.load(sha256, folder).predict(made_up_tg).equals(model.predict(made_up_tg))


def test_models_of_formulations_and_series_survive_the_round_trip(
    small_iri, made_up_iri, small_viability, made_up_viability, tmp_path
):
    for model, rows in ((small_iri, made_up_iri), (small_viability, made_up_viability)):
        loaded = artifacts.load(artifacts.save(model, tmp_path), tmp_path)

        assert loaded.predict(rows).equals(model.predict(rows))


def test_a_model_of_a_tiny_set_survives_with_its_infinite_quantile(made_up_tg, tmp_path):
    model = fit("tg", made_up_tg.head(3))
    loaded = artifacts.load(artifacts.save(model, tmp_path), tmp_path)

    assert loaded.predict(made_up_tg).equals(model.predict(made_up_tg))


def test_the_file_is_one_named_by_its_checksum(saved):
    _, sha256, folder = saved

    assert [path.name for path in folder.iterdir()] == [f"{sha256}.skops"]
    assert hashlib.sha256((folder / f"{sha256}.skops").read_bytes()).hexdigest() == sha256


def test_equal_trainings_give_equal_files(saved, made_up_tg, few_trees, tmp_path):
    model, sha256, _ = saved
    np.random.random(7)  # noqa: NPY002  the generator that libraries share has moved on meanwhile
    again = fit("tg", made_up_tg, model.seed, few_trees("tg"))

    assert artifacts.save(again, tmp_path) == sha256


def test_another_seed_gives_another_file(saved, made_up_tg, few_trees, tmp_path):
    model, sha256, _ = saved

    assert artifacts.save(fit("tg", made_up_tg, model.seed + 1, few_trees("tg")), tmp_path) != sha256


@pytest.mark.parametrize("place", [0, 100, -10])
def test_a_flipped_byte_is_refused(saved, tmp_path, place):
    _, sha256, folder = saved
    content = bytearray((folder / f"{sha256}.skops").read_bytes())
    content[place] ^= 1
    model_file(sha256, tmp_path).write_bytes(content)

    with pytest.raises(ModelError, match="was changed"):
        artifacts.load(sha256, tmp_path)


def test_a_missing_file_is_refused_with_the_cure(tmp_path):
    with pytest.raises(ModelError, match="cryokit train"):
        artifacts.load("0" * 64, tmp_path)


def test_a_checksum_that_is_a_path_is_refused(tmp_path):
    with pytest.raises(ModelError, match="not a sha256"):
        artifacts.load("../secret", tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"not a zip",
        skops.io.dumps([1, 2]),
        skops.io.dumps({"facts": "{}"}),
        skops.io.dumps({"facts": '{"format": "x"}'}),
    ],
    ids=["bytes", "list", "no format", "other format"],
)
def test_a_foreign_file_is_refused(tmp_path, content):
    with pytest.raises(ModelError, match=r"not a model file|has the format"):
        artifacts.load(stored_as_model(content, tmp_path), tmp_path)


def test_a_type_that_is_not_on_our_list_is_refused(tmp_path):
    content = skops.io.dumps({"facts": os.system})

    with pytest.raises(ModelError, match="UntrustedTypesFoundException"):
        artifacts.load(stored_as_model(content, tmp_path), tmp_path)


def test_a_model_of_another_feature_schema_is_refused(saved, monkeypatch):
    _, sha256, folder = saved
    monkeypatch.setattr(features.FeatureSchema.__init__, "__defaults__", ((99, descriptors.SCHEMA_VERSION),))

    with pytest.raises(ModelError, match="feature schema"):
        artifacts.load(sha256, folder)


def test_a_file_of_an_older_scikit_learn_predicts_what_it_did_and_is_told():
    with pytest.warns(UserWarning, match=r"written with scikit-learn 1\.8\.0") as told:
        model = artifacts.load(OLDER.stem, OLDER.parent)
    rows = bundled_rows("tg")
    rows = rows[rows["is_curated"]].head(4)

    assert len(told) == 1
    assert model.predict(rows)["value"].tolist() == pytest.approx(OLDER_VALUES, rel=1e-9)


def test_library_versions_name_what_predictions_depend_on():
    assert {"python", "numpy", "scikit-learn", "rdkit"} <= set(artifacts.library_versions())
