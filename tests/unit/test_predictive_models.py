"""Models: predictions with interval, training and domain flags; series apart; equal for equal input."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.preprocessing import StandardScaler

from cryokit.chemistry.molecules import parse
from cryokit.domain import Component, Molecule
from cryokit.errors import InputError
from cryokit.models.estimators import fitted_ensemble
from cryokit.models.features import checked_rows, feature_matrix, feature_schema
from cryokit.models.fitted import PLAIN, fit
from cryokit.models.groups import series_name
from cryokit.models.intervals import calibrated, finite_sample_quantile
from cryokit.models.targets import RECIPES, Member
from cryokit.sources.bundled import bundled_rows

SUCROSE = "OC[C@H]1O[C@@](CO)(O[C@H]2O[C@H](CO)[C@@H](O)[C@H](O)[C@H]2O)[C@@H](O)[C@@H]1O"
SORBITOL = "OC[C@H](O)[C@@H](O)[C@H](O)[C@H](O)CO"
BASE = {"cell": "BPAEC", "assay": "calcein", "temperature_kelvin": 277.15, "minutes": 30.0}


def structures(*smiles: str, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"smiles": list(smiles), **columns})


@pytest.fixture(scope="module")
def bundled_tg():
    rows = bundled_rows("tg")
    return fit("tg", rows[rows["is_curated"]].drop(columns="tm_kelvin"))


def formulation(*components: Component, **changes: object) -> pd.DataFrame:
    return pd.DataFrame([BASE | {"components": components, "endpoint": "exposure_survival"} | changes])


GLYCEROL = Component("glycerol", 2.0, "mol/kg", Molecule("OCC(O)CO", "PEDCQBHIVMGVHV-UHFFFAOYSA-N"))


def test_glycerol_is_predicted_near_its_measured_glass_transition(bundled_tg):
    [row] = bundled_tg.predict(structures("OCC(O)CO")).to_dict("records")

    assert 180 < row["value"] < 205
    assert row["lower"] < 190 < row["upper"]
    assert (row["confidence"], row["in_training"], row["domain_reasons"]) == (0.9, True, [])


@pytest.mark.parametrize(
    ("smiles", "words"),
    [("CS(C)=O", "sulfoxide"), ("NC=O", "formyl amide"), ("OC(=O)[C@@H]1CCCN1", "amino acid")],
    ids=["DMSO", "formamide", "proline"],
)
def test_chemistry_that_tg_never_saw_is_out_of_domain(bundled_tg, smiles, words):
    [row] = bundled_tg.predict(structures(smiles)).to_dict("records")

    assert not row["in_domain"]
    assert words in row["domain_reasons"][0]
    assert "similarity" in row["domain_reasons"][-1]


@pytest.mark.parametrize(
    "smiles", ["OCC(O)CO", "OCCO", SUCROSE, SORBITOL], ids=["glycerol", "EG", "sucrose", "sorbitol"]
)
def test_well_known_cryoprotectants_are_in_the_domain_of_tg(bundled_tg, smiles):
    assert bundled_tg.predict(structures(smiles))["in_domain"].all()


def test_an_unknown_element_is_out_of_domain(small_tg):
    [reasons] = small_tg.predict(structures("OCC[Si](C)(C)C"))["domain_reasons"]

    assert reasons[0] == "no training molecule holds the element Si"


def test_the_basis_of_an_interval_says_split_count_and_measured_coverage(bundled_tg):
    basis = bundled_tg.basis()["all"][PLAIN]

    assert 0.85 < basis["coverage"] < 0.95
    assert basis["basis"].startswith(f"grouped 10-fold inside the training rows, {basis['n']} out-of-fold errors")


def test_a_prediction_does_not_depend_on_its_batch(small_tg, made_up_tg):
    together = small_tg.predict(made_up_tg)
    alone = pd.concat([small_tg.predict(made_up_tg.iloc[[row]]) for row in range(len(made_up_tg))])

    assert alone.equals(together)


def test_equal_structures_are_predicted_equal_however_written(small_tg):
    first, second = small_tg.predict(structures("OCC(O)CO", "C(C(CO)O)O"))["value"]

    assert first == second


def test_equal_rows_and_seed_give_bit_equal_models(made_up_tg, few_trees):
    rows, recipe = made_up_tg.head(12), few_trees("tg")
    first, again = (fit("tg", rows, seed=3, recipe=recipe).predict(made_up_tg) for _ in range(2))

    assert again.equals(first)


def test_a_known_melting_point_sharpens_the_prediction(small_tg):
    low, high, unknown = small_tg.predict(
        structures("OCCCC(O)C", "OCCCC(O)C", "OCCCC(O)C", tm_kelvin=[220, 320, None])
    )["value"]

    assert low < unknown < high


def test_a_melting_point_outside_the_training_range_is_flagged(small_tg):
    [reasons] = small_tg.predict(structures("OCCO", tm_kelvin=900.0))["domain_reasons"]

    assert reasons == ["tm_kelvin 900 is outside the training range 176.471 to 432.353"]


def test_the_index_and_order_of_the_rows_are_kept(small_iri, made_up_iri):
    rows = made_up_iri.sample(frac=1.0, random_state=0)

    assert small_iri.predict(rows).index.equals(rows.index)


def test_series_are_never_pooled(small_iri, made_up_iri, few_trees):
    row = made_up_iri.iloc[[0]]
    salt, buffered = (small_iri.predict(row.assign(buffer=buffer))["value"].iloc[0] for buffer in ("10 mM NaCl", "PBS"))
    apart = fit("iri", made_up_iri[made_up_iri["buffer"] == "PBS"], recipe=few_trees("iri"))

    assert buffered - salt > 50
    assert apart.predict(row.assign(buffer="PBS"))["value"].iloc[0] == buffered


def test_an_unknown_series_is_refused_with_the_known_ones(small_iri, made_up_iri):
    with pytest.raises(InputError, match="splat, 10 mM NaCl; splat, PBS"):
        small_iri.predict(made_up_iri.iloc[[0]].assign(buffer="water"))


def test_a_series_is_named_by_its_conditions():
    assert series_name("tg", {}) == "all"
    assert series_name("iri", {"assay": "splat", "buffer": "PBS"}) == "splat, PBS"


def test_a_missing_condition_is_an_input_error(small_iri):
    with pytest.raises(InputError, match="lack assay, buffer, concentration_millimolar"):
        small_iri.predict(structures("OCCO"))


def test_a_concentration_outside_the_training_range_is_flagged(small_iri, made_up_iri):
    [reasons] = small_iri.predict(made_up_iri.iloc[[0]].assign(concentration_millimolar=500.0))["domain_reasons"]

    assert reasons == ["concentration_millimolar 500 is outside the training range 20 to 20"]


def test_intervals_respect_the_plausible_range(small_iri, made_up_iri, small_viability, made_up_viability):
    iri, viability = small_iri.predict(made_up_iri), small_viability.predict(made_up_viability)

    assert min(iri["lower"].min(), viability["lower"].min()) >= 0.0
    assert ((iri["lower"] <= iri["value"]) & (iri["value"] <= iri["upper"])).all()


def test_the_same_recipe_under_the_same_conditions_is_in_training(small_viability, made_up_viability):
    known = small_viability.predict(made_up_viability.iloc[[7]])
    warmer = small_viability.predict(made_up_viability.iloc[[7]].assign(temperature_kelvin=278.0))

    assert known["in_training"].all()
    assert not warmer["in_training"].any()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (formulation(GLYCEROL, cell="HepG2"), "cell 'HepG2' is not in the training rows, which have BPAEC"),
        (formulation(GLYCEROL, assay="MTT"), "assay 'MTT' is not in the training rows"),
        (formulation(GLYCEROL, minutes=600.0), "minutes 600 is outside the training range 30 to 30"),
        (formulation(Component("serum", 10.0, "% v/v")), "serum is in no training formulation"),
        (formulation(Component("glycerol", 2.0, "mol/L", GLYCEROL.molecule)), "with an amount in mol/L"),
        (formulation(Component("glycerol", 9.0, "mol/kg", GLYCEROL.molecule)), "above the greatest trained, 5"),
    ],
    ids=["cell", "assay", "minutes", "component", "unit", "amount"],
)
def test_unknown_conditions_and_components_are_out_of_domain(small_viability, rows, words):
    [row] = small_viability.predict(rows).to_dict("records")

    assert not row["in_domain"]
    assert words in "; ".join(row["domain_reasons"])
    assert math.isfinite(row["value"])


def test_a_carrier_without_solutes_can_be_predicted(small_viability):
    [row] = small_viability.predict(formulation()).to_dict("records")

    assert row["in_domain"]
    assert row["value"] > 0.8


def test_an_exposure_without_its_minutes_is_refused(small_viability):
    with pytest.raises(InputError, match="minutes is missing in row 0"):
        small_viability.predict(formulation(GLYCEROL, minutes=math.nan))


def test_the_order_of_components_does_not_matter(made_up_viability):
    schema = feature_schema("viability", made_up_viability)
    turned = made_up_viability.assign(components=[parts[::-1] for parts in made_up_viability["components"]])

    assert np.array_equal(feature_matrix(schema, made_up_viability), feature_matrix(schema, turned))


def test_amounts_in_any_unit_become_one_feature_in_one_basis():
    units = {"mol/L": 1.0, "% w/v": 9.2094, "% v/v": 7.3033, "mol/kg": 1.080948}
    recipes = [(Component("glycerol", amount, unit, parse("OCC(O)CO")),) for unit, amount in units.items()]
    rows = pd.DataFrame({"components": recipes, "cell": "BPAEC", "assay": "calcein"})
    schema = feature_schema("viability", rows)
    column = schema.names.index("amount of glycerol (PEDCQBHIVMGVHV-UHFFFAOYSA-N)")

    assert np.expm1(feature_matrix(schema, rows)[:, column]) == pytest.approx(92.094, rel=1e-3)
    assert len([name for name in schema.names if "glycerol" in name]) == 1


def test_cooling_rates_come_from_the_column_or_the_words_of_the_conditions():
    recipes = [()] * 3
    rows = pd.DataFrame({"components": recipes, "cell": "MSC", "assay": "calcein"}).assign(
        conditions=["-10 K/min to -80 C", "stored at -80 C", "1 C/min"],
        cooling_rate_kelvin_per_minute=[math.nan, math.nan, 100.0],
    )
    schema = feature_schema("viability", rows)
    found = feature_matrix(schema, rows)[:, schema.names.index("cooling_rate_kelvin_per_minute")]

    assert found == pytest.approx([1.0, math.nan, 2.0], nan_ok=True)
    assert "temperature_kelvin" not in schema.names


@pytest.mark.parametrize("target", RECIPES)
def test_tiny_sets_predict_the_mean_in_the_plausible_range(target, made_up_tg, made_up_iri, made_up_viability):
    rows = {"tg": made_up_tg, "iri": made_up_iri, "viability": made_up_viability}[target].head(3)
    model = fit(target, rows)
    predicted = model.predict(rows)
    [basis] = [views[PLAIN]["basis"] for views in model.basis().values()]

    assert predicted["value"].to_numpy() == pytest.approx(rows["value"].mean())
    assert (predicted["upper"] - predicted["lower"]).nunique() == 1
    assert not predicted["in_domain"].any()
    assert basis.startswith("the plausible range")


def test_one_row_is_enough_to_say_what_is_known():
    model = fit("tg", structures("CCO", value=[97.0]))

    assert model.predict(structures("CCCO"))[["value", "lower", "upper"]].to_numpy().tolist() == [[97.0, 30.0, 700.0]]


def test_no_row_is_an_input_error():
    with pytest.raises(InputError, match="no row to fit"):
        fit("tg", structures(value=[]))


def test_the_finite_sample_quantile_has_its_closed_form():
    scores = np.arange(1.0, 100.0)

    assert finite_sample_quantile(scores) == 90.0
    assert math.isinf(finite_sample_quantile(scores[:8]))


def test_intervals_cover_nine_of_ten_new_points_when_the_spread_is_informative():
    rng = np.random.default_rng(0)
    spread, new_spread = rng.uniform(0.5, 2.0, 400), rng.uniform(0.5, 2.0, 4000)
    errors, new_errors = (np.abs(rng.normal(size=len(item)) * item) for item in (spread, new_spread))
    calibration = calibrated(errors, spread, np.arange(400) % 5, np.arange(400), (-100.0, 100.0))
    lower, upper = calibration.interval(np.zeros(4000), new_spread)

    assert np.mean((-new_errors >= lower) & (new_errors <= upper)) == pytest.approx(0.9, abs=0.03)
    assert calibration.coverage == pytest.approx(0.9, abs=0.03)


def test_an_ensemble_refuses_another_number_of_features():
    ensemble = fitted_ensemble((), np.zeros((3, 2)), np.arange(3.0), seed=0)

    with pytest.raises(InputError, match="fitted on 2 features, but 1 came"):
        ensemble.predict(np.zeros((1, 1)))


def test_trees_are_those_of_the_library_to_the_bit():
    generator = np.random.default_rng(0)
    features, values = generator.normal(size=(30, 5)), generator.normal(size=30)
    settings = {"n_estimators": 7, "max_features": 0.5, "min_samples_leaf": 2}
    forest = fitted_ensemble((Member("extra_trees", settings),), features, values, seed=3).members[0]
    plain = ExtraTreesRegressor(**settings, random_state=3).fit(
        StandardScaler().fit_transform(features), (values - values.mean()) / values.std()
    )

    assert type(forest) is ExtraTreesRegressor
    assert [tree.random_state for tree in forest.estimators_] == [tree.random_state for tree in plain.estimators_]
    for ours, theirs in zip(forest.estimators_, plain.estimators_, strict=True):
        np.testing.assert_array_equal(ours.tree_.threshold, theirs.tree_.threshold)
        np.testing.assert_array_equal(ours.tree_.value, theirs.tree_.value)


def test_an_assay_that_is_not_stated_is_a_category_of_its_own(made_up_viability):
    schema = feature_schema("viability", checked_rows("viability", made_up_viability.assign(assay=""), True))

    assert "assay is not stated" in schema.names


def test_an_empty_series_condition_is_an_input_error(made_up_iri):
    with pytest.raises(InputError, match="buffer is empty in row 0"):
        checked_rows("iri", made_up_iri.head(1).assign(buffer=" "), needs_value=True)
