"""Probability of at most 50 %MGS: there with the version's own errors, right on average, unknown without them."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from cryokit.db.registry import Registry
from cryokit.workbench import Workbench, chances

CONDITIONS = {"assay": "splat", "concentration_millimolar": 22, "buffer": "PBS"}
SUGARS = ["OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O", "OCC(O)CO"]


@pytest.fixture(scope="module")
def workbench(make_settings):
    """An installation with one version of a fast estimator for iri."""
    with make_settings() as make, Workbench(make()) as workbench:
        workbench.migrate()
        workbench.load_bundled("iri")
        workbench.train("iri", estimator="ridge")
        yield workbench


def test_a_prediction_of_iri_has_a_probability_and_others_have_none(workbench):
    found = workbench.predict("iri", SUGARS, **CONDITIONS)

    assert found["probability_at_most_50"].between(0, 1).all()
    assert list(found.columns)[-1] == "probability_at_most_50"


def test_a_screened_molecule_has_the_probability_of_its_prediction(workbench, tmp_path):
    library, out = tmp_path / "sugars.smi", tmp_path / "sugars.parquet"
    library.write_text("\n".join([*SUGARS, "C1CC"]) + "\n")
    workbench.screen(library, out, ["iri"], workers=1, **CONDITIONS)
    found = pq.read_table(out).to_pandas()["iri_probability_at_most_50"]
    predicted = workbench.predict("iri", SUGARS, **CONDITIONS)["probability_at_most_50"]

    assert found[:2].tolist() == pytest.approx(predicted.tolist())
    assert np.isnan(found[2])


def test_the_lower_prediction_is_the_more_likely_one(workbench):
    known = pd.DataFrame({"value": [20.0, 90.0], "lower": [0.0, 70.0], "upper": [40.0, 110.0]})
    errors = {"a": np.linspace(-1, 1, 21)}
    found = chances.with_probabilities("iri", known, pd.Series(["a", "a"]), errors)["probability_at_most_50"]

    assert found.iloc[0] > 0.9 > 0.1 > found.iloc[1]


def test_without_errors_it_is_unknown(workbench):
    known = pd.DataFrame({"value": [20.0], "lower": [0.0], "upper": [40.0]})

    assert np.isnan(chances.with_probabilities("iri", known, pd.Series(["a"]), {})["probability_at_most_50"].iloc[0])
    assert "probability_at_most_50" not in chances.with_probabilities("tg", known, pd.Series(["a"]), {})


def test_the_errors_are_those_of_the_series_of_the_version(workbench):
    version = workbench.model("iri")
    errors = chances.errors_of(Registry(workbench.database), "iri", version, "curated")

    assert set(errors) == set(version["metrics"]["series"])
    assert sum(map(len, errors.values())) == len(workbench.latest_evaluation("iri")["rows"])
    for name, known in errors.items():
        inside = (np.abs(known) <= 1).mean()
        assert inside == pytest.approx(version["metrics"]["series"][name]["metrics"]["coverage_90"], abs=0.1)
