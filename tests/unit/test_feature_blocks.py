"""Members see the blocks of features that their recipe names, and a series gets the ensemble that suits it."""

import dataclasses

import numpy as np

from cryokit.models.estimators import fitted_ensemble
from cryokit.models.features import BLOCKS, feature_schema
from cryokit.models.fitted import PLAIN, Known, _view
from cryokit.models.targets import Member, recipe_for


def test_blocks_share_no_column_and_leave_none_out():
    schema = feature_schema("iri")
    columns = [set(schema.columns((block,))) for block in BLOCKS if block != "mixture"]

    assert sum(map(len, columns)) == len(set().union(*columns)) == len(schema.names)
    assert all(columns)


def test_features_of_the_glass_transition_have_no_shape():
    schema = feature_schema("tg")

    assert schema.columns(("graph",)) == tuple(range(len(schema.names)))


def test_a_member_sees_its_own_columns_only():
    features = np.random.default_rng(0).normal(size=(60, 3))
    member = Member("svr", {"C": 10.0}, columns=(1,))
    ensemble = fitted_ensemble((member,), features, features[:, 1] * 5.0, seed=0)
    changed = features + np.array([9.0, 0.0, -9.0])

    assert np.array_equal(ensemble.predict(changed)[0], ensemble.predict(features)[0])
    assert np.ptp(ensemble.predict(features)[0]) > 5.0


def test_a_series_gets_the_ensemble_that_suits_it():
    generator = np.random.default_rng(0)
    features = generator.normal(size=(80, 2))
    first, second = ((Member("extra_trees", {"n_estimators": 20}, columns=(place,)),) for place in (0, 1))
    recipe = dataclasses.replace(recipe_for("iri"), members=first, alternatives=(second,))
    unknown, group = np.full(80, np.nan), np.arange(80)

    choices = [
        _view(recipe, Known(features, unknown, features[:, place] * 30.0, group, None), 0).choice for place in (0, 1)
    ]

    assert choices == [0, 1]


def test_the_fitted_model_tells_what_was_chosen(small_iri):
    assert {series.views[PLAIN].choice for series in small_iri.series.values()} <= {0, 1}
