"""The helper of the glass transition: it has seen no molecule that is trained on or tested."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cryokit.chemistry.molecules import normalised_name, parse
from cryokit.errors import InputError, ModelError
from cryokit.models import artifacts
from cryokit.models.features import feature_matrix, feature_schema
from cryokit.models.fitted import fit
from cryokit.models.helpers import fitted_helper, unrelated
from cryokit.models.targets import Member, recipe_for
from cryokit.sources.bundled import bundled_rows
from cryokit.sources.melting_table import measured_melting_points
from cryokit.workbench import helpers

LIGHT = replace(recipe_for("tg"), helper_members=(Member("ridge", {"alpha": 1.0}),))


@pytest.fixture(scope="module")
def table():
    return measured_melting_points()


def test_every_melting_point_is_plausible_and_has_its_sources(table):
    assert len(table) > 10_000
    assert table["connectivity"].is_unique
    assert table["value"].between(50.0, 700.0).all()
    assert table["source"].str.startswith("chemicals: ").all()
    assert not table["source"].str.contains("JOBACK").any()


def test_known_melting_points_are_found(table):
    naphthalene = table[table["connectivity"] == parse("c1ccc2ccccc2c1").connectivity]

    assert naphthalene["value"].iloc[0] == pytest.approx(353.4, abs=1.0)


def test_no_molecule_of_the_glass_transitions_is_left_by_connectivity_or_name(table):
    rows = bundled_rows("tg")
    connectivities = {parse(smiles).connectivity for smiles in rows["smiles"]}
    names = {normalised_name(name) for name in rows["name"]}
    left = unrelated(table, connectivities, names)

    assert 100 < len(table) - len(left) < 1000
    assert not set(left["connectivity"]) & connectivities
    assert not {normalised_name(name) for name in left["name"]} & names


def test_too_few_molecules_are_refused(table):
    with pytest.raises(InputError, match="only 20 molecules are left"):
        fitted_helper(recipe_for("tg"), table.head(20), bundled_rows("tg"))


def test_targets_without_helper_get_none(table):
    assert fitted_helper(recipe_for("iri"), table, bundled_rows("tg")) is None


def test_a_helper_teaches_what_the_rows_cannot(table, made_up_tg, few_trees):
    helper = fitted_helper(LIGHT, table.iloc[::80], made_up_tg)
    recipe = few_trees("tg")
    alone, helped = fit("tg", made_up_tg, recipe=recipe), fit("tg", made_up_tg, recipe=recipe, helper=helper)

    assert not np.array_equal(alone.predict(made_up_tg)["value"], helped.predict(made_up_tg)["value"])
    assert helped.predict(made_up_tg.assign(tm_kelvin=np.nan))["value"].notna().all()


def test_equal_molecules_and_seed_give_an_equal_helper(table):
    some, rows = table.iloc[::80], pd.DataFrame({"smiles": ["OCCO"], "name": ["ethylene glycol"]})
    matrix = feature_matrix(feature_schema("tg"), pd.DataFrame({"smiles": ["CCO", "CCCO"]}))
    first, again = (fitted_helper(recipe_for("tg"), some, rows, seed=5).predict(matrix)[0] for _ in range(2))

    assert np.array_equal(first, again)


def test_a_helper_is_kept_for_exactly_what_it_was_learned_from(table, made_up_tg, tmp_path, monkeypatch):
    monkeypatch.setattr(helpers, "_fitted", type(helpers._fitted)())
    monkeypatch.setattr(helpers, "measured_melting_points", lambda: table.iloc[::40])  # all of them take seconds
    matrix = feature_matrix(feature_schema("tg"), made_up_tg)
    first = helpers.helper_for("tg", made_up_tg, tmp_path, recipe=LIGHT)
    [file] = tmp_path.glob("helper-*.skops")
    helpers._fitted.clear()
    again = helpers.helper_for("tg", made_up_tg, tmp_path, recipe=LIGHT)

    assert again is not first
    assert np.array_equal(first.predict(matrix), again.predict(matrix))
    assert list(tmp_path.iterdir()) == [file]
    helpers.helper_for("tg", made_up_tg, tmp_path, seed=1, recipe=LIGHT)
    assert len(list(tmp_path.iterdir())) == 2

    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"?")
    with pytest.raises(ModelError, match="its checksum does not fit"):
        artifacts.load_ensemble(file)
    helpers._fitted.clear()
    made_anew = helpers.helper_for("tg", made_up_tg, tmp_path, recipe=LIGHT)

    assert np.array_equal(first.predict(matrix), made_anew.predict(matrix))
    assert np.array_equal(artifacts.load_ensemble(file).predict(matrix), first.predict(matrix))
