import json

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from cryokit.db.registry import Registry
from cryokit.db.tables import json_text, plain, records, sha256_of
from cryokit.errors import AccessError, ConflictError, InputError, NotFoundError

SHA = "a" * 64


@pytest.fixture
def registry(fresh_database) -> Registry:
    return Registry(fresh_database)


@pytest.fixture
def trained(registry, tg_rows) -> Registry:
    """A registry with version 1 of tg."""
    registry.store_measurements(tg_rows(190.0), "tg", is_public=True)
    snapshot, _ = registry.store_snapshot("tg", registry.training_rows("tg"))
    store_version(registry, snapshot)
    return registry


def store_version(registry, snapshot, **changes) -> int:
    given = {
        "seed": 0,
        "snapshot_id": snapshot,
        "artifact_sha256": SHA,
        "metrics": {"mae": 12.5, "r2": float("nan")},
        "verdict": "skill",
        "recipe": {"estimator": "extra trees"},
        "library_versions": {"scikit-learn": "1.9"},
    }
    return registry.store_model_version("tg", **given | changes)


def evaluation_rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": [0, 1],
            "repeat": 0,
            "fold": [0, 1],
            "measured": [190.0, 200.0],
            "value": [191.25, 199.0],
            "lower": [170.0, float("nan")],
            "upper": [210.0, 220.0],
            "name": ["glycerol", "sorbitol"],
        }
    )


def prediction_rows(**changes) -> pd.DataFrame:
    row = {
        "target": "tg",
        "smiles": "OCC(O)CO",
        "name": None,
        "value": 190.0,
        "unit": "K",
        "lower": 170.0,
        "upper": 210.0,
        "confidence": 0.9,
        "model_version": 1,
        "in_training": True,
        "in_domain": False,
        "domain_reasons": ["far from every training molecule"],
        "skill": "skill",
    }
    return pd.DataFrame([row | changes])


# Measurements


def test_rows_come_back_as_they_were(registry, tg_rows):
    rows = tg_rows(190.0, 191.5)
    registry.store_measurements(rows, "tg", is_public=True)
    found = registry.training_rows("tg")

    pd.testing.assert_frame_equal(found[list(rows)], rows)


def test_rows_get_the_inchikey_of_their_structure(registry, tg_rows):
    registry.store_measurements(tg_rows(190.0), "tg", is_public=True)

    assert registry.training_rows("tg")["inchikey"].tolist() == ["PEDCQBHIVMGVHV-UHFFFAOYSA-N"]


def test_storing_counts_new_rows_only(registry, tg_rows):
    first = registry.store_measurements(tg_rows(190.0, 191.0), "tg", is_public=True)
    again = registry.store_measurements(tg_rows(190.0, 191.0, 192.0), "tg", is_public=True)

    assert (first, again, len(registry.training_rows("tg"))) == (2, 1, 3)


def test_same_row_twice_in_one_table_is_kept_once(registry, tg_rows):
    assert registry.store_measurements(tg_rows(190.0, 190.0), "tg", is_public=True) == 1


def test_names_that_share_a_structure_stay_apart(registry, tg_rows):
    registry.store_measurements(tg_rows(267.0, smiles="OCC(O)C(O)C(O)C(O)CO", name="sorbitol"), "tg", is_public=True)
    registry.store_measurements(tg_rows(267.0, smiles="OCC(O)C(O)C(O)C(O)CO", name="mannitol"), "tg", is_public=True)

    assert registry.training_rows("tg")["name"].tolist() == ["mannitol", "sorbitol"]


@pytest.mark.parametrize("renew", [True, False])
def test_storing_again_renews_flags_only_when_asked(registry, tg_rows, renew):
    registry.store_measurements(tg_rows(190.0), "tg", is_public=True)
    again = registry.store_measurements(tg_rows(190.0).assign(is_curated=True), "tg", is_public=True, renew=renew)

    assert again == 0
    assert registry.training_rows("tg")["is_curated"].tolist() == [renew]


def test_contradictions_of_stored_rows_are_told_by_position(registry, tg_rows):
    registry.store_measurements(tg_rows(190.0, 191.0, 192.0), "tg", is_public=True)
    again = tg_rows(192.0, 191.0, 190.0, 193.0).assign(tm_kelvin=[291.0, 300.0, float("nan"), 5.0], spread=float("nan"))

    found = registry.contradictions(again, "tg", is_public=False)

    assert found == {1: "the same measurement is stored already, with tm_kelvin 291.0; correct one of the two"}


def test_same_row_for_other_people_is_a_contradiction(registry, tg_rows):
    registry.store_measurements(tg_rows(190.0), "tg", is_public=False)

    assert "for other people to see" in registry.contradictions(tg_rows(190.0), "tg", is_public=True)[0]
    assert registry.contradictions(tg_rows(190.0), "tg", is_public=False) == {}


def test_order_does_not_depend_on_the_order_of_storing(registry, tg_rows):
    rows = tg_rows(190.0, 185.0, 192.0)
    registry.store_measurements(rows.iloc[::-1], "tg", is_public=True)

    assert registry.training_rows("tg")["value"].tolist() == [185.0, 190.0, 192.0]


def test_conditions_of_iri_rows_come_back(registry, tg_rows):
    conditions = {"assay": "splat", "concentration_millimolar": 22.0, "buffer": "PBS"}
    rows = tg_rows(63.0).drop(columns=["tm_kelvin", "is_published", "is_curated"]).assign(**conditions)
    registry.store_measurements(rows, "iri", is_public=True)
    found = registry.training_rows("iri")

    assert found[list(conditions)].to_dict("records") == [conditions]


def test_formulations_come_back_as_they_were(registry, viability_rows):
    registry.store_measurements(viability_rows, "viability", is_public=True)
    found = registry.training_rows("viability")
    wanted = viability_rows.drop(columns="components")

    pd.testing.assert_frame_equal(found.set_index("name")[list(wanted)[1:]], wanted.set_index("name"), check_like=True)


def test_components_of_a_formulation_are_kept(registry, viability_rows):
    registry.store_measurements(viability_rows, "viability", is_public=True)
    query = text("""
        SELECT component.name, amount, unit, molecule_id IS NULL AS is_material
          FROM cryo.mixture_component AS component ORDER BY component.name, component.id
    """)
    with registry.database.service() as connection:
        found = [tuple(row) for row in connection.execute(query)]

    assert found == [
        ("dmso", 1.0, "mol/kg", False),
        ("glycerol", 6.0, "mol/kg", False),
        ("glycerol", 6.0, "mol/kg", False),
        ("serum", 10.0, "% v/v", True),
    ]


def test_order_of_components_makes_no_other_mixture(registry, viability_rows):
    first = viability_rows.head(1)
    turned = first.assign(components=[tuple(reversed(first["components"].iloc[0]))], value=0.5)
    registry.store_measurements(first, "viability", is_public=True)
    registry.store_measurements(turned, "viability", is_public=True)
    with registry.database.service() as connection:
        count = connection.execute(text("SELECT count(*) FROM cryo.mixture")).scalar()

    assert count == 1


def test_empty_database_gives_an_empty_table_with_all_columns(registry):
    assert list(registry.training_rows("iri"))[:5] == ["name", "smiles", "inchikey", "value", "unit"]


def test_row_without_source_is_refused(registry, tg_rows):
    with pytest.raises(InputError, match="row 1 of tg .* has no source"):
        registry.store_measurements(tg_rows(190.0, 191.0).assign(source=["a", ""]), "tg", is_public=True)


def test_row_without_value_is_refused(registry, tg_rows):
    with pytest.raises(InputError, match="row 0 of tg .* has no finite value"):
        registry.store_measurements(tg_rows(float("nan")), "tg", is_public=True)


def test_table_without_a_condition_is_refused(registry, tg_rows):
    with pytest.raises(InputError, match="missing are assay, concentration_millimolar, buffer"):
        registry.store_measurements(tg_rows(63.0), "iri", is_public=True)


def test_unknown_endpoint_is_refused(registry, viability_rows):
    with pytest.raises(InputError, match="there is no quantity 'survival'; known are exposure_survival"):
        registry.store_measurements(viability_rows.assign(endpoint="survival"), "viability", is_public=True)


def test_refused_table_leaves_nothing(registry, tg_rows):
    with pytest.raises(InputError):
        registry.store_measurements(tg_rows(190.0, 191.0).assign(evidence=["A", "Z"]), "tg", is_public=True)
    assert registry.training_rows("tg").empty


def test_thousands_of_rows_are_stored(registry, tg_rows):
    values = np.linspace(100.0, 300.0, 4500)

    assert registry.store_measurements(tg_rows(*values), "tg", is_public=True) == 4500


# Models


def test_same_rows_have_the_same_snapshot(registry, tg_rows):
    registry.store_measurements(tg_rows(190.0, 191.0), "tg", is_public=True)
    first = registry.store_snapshot("tg", registry.training_rows("tg"))

    assert registry.store_snapshot("tg", registry.training_rows("tg")) == first


def test_changed_rows_have_another_checksum(registry, tg_rows):
    _, before = registry.store_snapshot("tg", tg_rows(190.0))
    _, after = registry.store_snapshot("tg", tg_rows(190.1))

    assert before != after


def test_snapshot_holds_the_rows(registry, tg_rows):
    snapshot, _ = registry.store_snapshot("tg", tg_rows(190.0, 191.25))

    assert registry.snapshot(snapshot)["value"].tolist() == [190.0, 191.25]


def test_snapshot_is_the_rows_as_they_were_trained_on(registry, viability_rows):
    registry.store_measurements(viability_rows, "viability", is_public=True)
    rows = registry.training_rows("viability")
    snapshot, sha256 = registry.store_snapshot("viability", rows)

    assert sha256_of(records(registry.snapshot(snapshot))) == sha256
    pd.testing.assert_frame_equal(registry.snapshot(snapshot), rows, check_like=True)


def test_empty_snapshot_is_refused(registry, tg_rows):
    with pytest.raises(InputError, match="needs rows"):
        registry.store_snapshot("tg", tg_rows(190.0).head(0))


def test_versions_count_from_one(trained):
    snapshot = trained.model_version("tg")["dataset_snapshot_id"]

    assert [store_version(trained, snapshot), store_version(trained, snapshot)] == [2, 3]


def test_newest_version_is_the_default(trained):
    store_version(trained, trained.model_version("tg")["dataset_snapshot_id"], verdict="insufficient skill")
    newest = trained.model_version("tg")

    assert (newest["version"], newest["verdict"]) == (2, "insufficient skill")


def test_version_knows_its_data_and_recipe(trained):
    found = trained.model_version("tg", 1)
    wanted = {"artifact_sha256": SHA, "dataset_rows": 1, "seed": 0, "recipe": {"estimator": "extra trees"}}

    assert {name: found[name] for name in wanted} == wanted


def test_metric_that_is_not_a_number_is_null(trained):
    assert trained.model_version("tg")["metrics"] == {"mae": 12.5, "r2": None}


def test_version_can_be_written_as_json(trained):
    assert json.loads(json.dumps(trained.model_version("tg")))["version"] == 1


def test_unknown_version_is_not_found(trained):
    with pytest.raises(NotFoundError, match="tg has no version 7"):
        trained.model_version("tg", 7)


def test_target_without_a_model_is_not_found(trained):
    with pytest.raises(NotFoundError, match="`cryokit train iri` makes one"):
        trained.model_version("iri")


def test_versions_are_listed_by_target(trained):
    assert trained.model_versions("tg")["version"].tolist() == [1]
    assert trained.model_versions("iri").empty


def test_version_needs_a_snapshot_of_its_target(trained):
    snapshot = trained.model_version("tg")["dataset_snapshot_id"]

    with pytest.raises(NotFoundError, match=f"no snapshot {snapshot} of iri"):
        trained.store_model_version("iri", 0, snapshot, SHA, {}, "skill", {}, {})


def test_artifact_that_is_no_checksum_is_refused(trained):
    snapshot = trained.model_version("tg")["dataset_snapshot_id"]

    with pytest.raises(InputError, match="artifact_sha256"):
        store_version(trained, snapshot, artifact_sha256="model.pickle")


def test_evaluation_comes_back_with_its_rows(trained):
    rows = evaluation_rows()
    stored = trained.store_evaluation(
        "tg", 1, "cross-validation", "connectivity", {"mae": 1.0}, {}, rows, is_public=True
    )

    pd.testing.assert_frame_equal(trained.evaluation(stored)["rows"][list(rows)], rows)


def test_evaluations_are_listed_without_rows(trained):
    for kind in ("first", "second"):
        baselines = {"mean": {"mae": 2.0}}
        trained.store_evaluation("tg", 1, kind, "connectivity", {"mae": 1.0}, baselines, evaluation_rows(), True)
    listed = trained.evaluations("tg")

    assert (listed["kind"].tolist(), "rows" in listed) == (["first", "second"], False)


@pytest.mark.parametrize("identifier", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_unknown_evaluation_is_not_found(registry, identifier):
    with pytest.raises(NotFoundError, match="there is no evaluation"):
        registry.evaluation(identifier)


def test_evaluation_needs_a_version(trained):
    with pytest.raises(NotFoundError, match="tg has no version 9"):
        trained.store_evaluation("tg", 9, "cross-validation", "connectivity", {}, {}, evaluation_rows(), is_public=True)


def test_predictions_come_back(trained):
    trained.store_predictions(prediction_rows())
    found = records(trained.predictions("tg"))[0]
    wanted = {"subject": "OCC(O)CO", "value": 190.0, "model_version": 1, "in_domain": False}

    assert {name: found[name] for name in wanted} == wanted
    assert found["domain_reasons"] == ["far from every training molecule"]


def test_prediction_of_an_unknown_version_is_refused(trained):
    with pytest.raises(NotFoundError, match="1 of 1 predictions name a model version"):
        trained.store_predictions(prediction_rows(model_version=5))


def test_prediction_outside_its_interval_is_refused(trained):
    with pytest.raises(InputError, match="prediction_interval_holds_value"):
        trained.store_predictions(prediction_rows(lower=195.0))


# Reports


def test_report_run_succeeds_with_a_file(registry):
    run = registry.store_report_run("training", {"target": "tg"})
    registry.finish_report_run(run, path="/reports/training-tg.html")
    found = records(registry.report_runs("training"))[0]

    assert (found["status"], found["parameters"], found["seconds"] >= 0) == ("succeeded", {"target": "tg"}, True)


def test_report_run_fails_with_an_error(registry):
    run = registry.store_report_run("training", {})
    registry.finish_report_run(run, error="cell 3")

    assert records(registry.report_runs())[0]["error"] == "cell 3"


def test_finished_run_stays_as_it_is(registry):
    run = registry.store_report_run("training", {})
    registry.finish_report_run(run, error="cell 3")

    with pytest.raises(NotFoundError, match="it has ended or was never begun"):
        registry.finish_report_run(run, path="x.html")


def test_interrupted_runs_are_marked(registry):
    registry.store_report_run("training", {})

    assert (registry.fail_interrupted_report_runs(60), registry.fail_interrupted_report_runs(-1)) == (0, 1)


# People


def test_account_is_found_by_name_whatever_the_capitals(people):
    found = people.registry(None).user_by_name("rESEARCHER")

    assert (found["id"], found["role"]) == (str(people.researcher.user_id), "researcher")


def test_name_in_other_capitals_is_taken(people):
    with pytest.raises(ConflictError, match="there is an account 'VIEWER' already"):
        people.registry(None).add_user("VIEWER", "viewer", "$argon2id$x")


@pytest.mark.parametrize("name", ["", "x", " padded ", "two\nlines", "n" * 101])
def test_unusable_names_are_refused(registry, name):
    with pytest.raises(InputError, match="cannot be the name of an account"):
        registry.add_user(name, "viewer", "$argon2id$x")


def test_unknown_role_is_refused(registry):
    with pytest.raises(InputError, match="the roles are viewer, researcher, admin"):
        registry.add_user("someone", "owner", "$argon2id$x")


def test_password_that_is_not_hashed_is_refused(registry):
    with pytest.raises(InputError, match="password_hash_is_argon2") as caught:
        registry.add_user("someone", "viewer", "correct horse")
    assert "correct horse" not in str(caught.value)


def test_users_are_listed_without_passwords(people):
    listed = people.registry(None).users()

    assert (listed["name"].tolist(), "password_hash" in listed) == (["Admin", "Other", "Researcher", "Viewer"], False)


def test_password_is_replaced(people):
    people.registry(None).set_password("viewer", "$argon2id$new")

    assert people.registry(None).user_by_name("viewer")["password_hash"] == "$argon2id$new"


def test_disabled_account_is_nobody(people):
    people.registry(None).disable_user("viewer")

    assert people.registry(None).identity(people.viewer.user_id) is None


def test_identity_is_found_by_its_number(people):
    assert people.registry(None).identity(str(people.viewer.user_id)) == people.viewer


@pytest.mark.parametrize("number", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_unknown_number_is_nobody(registry, number):
    assert registry.identity(number) is None


@pytest.mark.parametrize("act", ["user_by_name", "disable_user"])
def test_unknown_account_is_not_found(registry, act):
    with pytest.raises(NotFoundError, match="there is no account 'nobody'"):
        getattr(registry, act)("nobody")


def test_event_is_recorded_with_its_actor(people):
    people.registry(people.viewer).record_event("signed_in", "session", {"from": "127.0.0.1"})
    found = records(people.registry(None).events())[0]

    assert (found["actor_id"], found["detail"]) == (str(people.viewer.user_id), {"from": "127.0.0.1"})


def test_viewer_may_not_store_measurements(people, tg_rows):
    with pytest.raises(AccessError, match="needs the role researcher"):
        people.registry(people.viewer).store_measurements(tg_rows(190.0), "tg", is_public=False)


# Tables


def test_plain_values_are_what_json_knows():
    given = {"a": np.int64(1), "b": np.float64("nan"), "c": [np.bool_(True), pd.NA], "d": np.array([1.5])}

    assert plain(given) == {"a": 1, "b": None, "c": [True, None], "d": [1.5]}


def test_json_text_does_not_depend_on_the_order_of_names():
    assert json_text({"b": 0.1, "a": 1}) == json_text({"a": 1, "b": 0.1}) == '{"a":1,"b":0.1}'
