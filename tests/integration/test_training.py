"""Training as a job: by a process of its own, on behalf of a person, cancelled, or found interrupted."""

import shutil

import pytest

from cryokit.compute import cluster
from cryokit.db.registry import Registry
from cryokit.errors import AccessError, ConflictError, InputError, NotFoundError
from cryokit.models.choices import ESTIMATORS, chosen_recipe
from cryokit.workbench import Workbench
from tests.jobs import acting, ended


@pytest.fixture(scope="module")
def workbench(make_settings):
    """An installation with the bundled rows, some that only maintenance sees, and accounts."""
    with make_settings() as make, Workbench(make()) as workbench:
        workbench.migrate()
        workbench.load_bundled("viability")
        for name, role in (("viewer", "viewer"), ("rosa", "researcher"), ("other", "researcher")):
            workbench.add_user(name, role)
        yield workbench


def test_a_viewer_cannot_train(workbench):
    with pytest.raises(AccessError, match="training needs a researcher"):
        acting(workbench, "viewer").start_training("viability")


@pytest.mark.parametrize(
    ("rules", "estimator", "words"),
    [
        ("train_from_page: {default: {allow: [other]}}", "recipe", "flag train_from_page"),
        ("new_estimators: {default: false}", "ridge", "flag new_estimators"),
        ("new_estimators: {default: false}", "recipe", None),
    ],
)
def test_what_is_not_open_for_a_person_cannot_be_ordered(workbench, tmp_path, rules, estimator, words):
    file = tmp_path / "flags.yml"
    file.write_text(rules)
    settings = workbench.settings.model_copy(update={"flags_file": file})
    rosa = Workbench(settings, workbench.database, acting(workbench, "rosa").identity)

    if words:
        with pytest.raises(AccessError, match=words):
            rosa.start_training("viability", estimator)
    else:
        assert not rosa.is_open("new_estimators")
        job_id = rosa.start_training("viability", estimator)
        rosa.cancel_job(job_id)


def test_a_researcher_trains_and_only_he_follows_it(workbench):
    rosa = acting(workbench, "rosa")
    job_id = rosa.start_training("viability", "ridge", seed=3)
    job = ended(lambda: rosa.job(job_id), 180)
    version = rosa.model("viability", job["result"]["version"])

    assert job["status"] == "succeeded", job
    assert job["done_fraction"] == 1
    assert "fold 1 of" in job["log"]
    assert version["is_public"]
    assert version["seed"] == 3
    assert [member["kind"] for member in version["recipe"]["members"]] == ["ridge"]
    with pytest.raises(NotFoundError, match="no job"):
        acting(workbench, "other").job(job_id)
    with pytest.raises(NotFoundError, match="no unfinished job"):
        acting(workbench, "other").cancel_job(job_id)


def test_a_search_is_nested_and_stands_in_the_recipe(workbench):
    recipe = chosen_recipe("viability", "svr", "grid")
    version = workbench.train("viability", estimator="svr", search="grid", is_candidate=True)

    assert len(version["recipe"]["alternatives"]) == len(recipe.alternatives) > 1
    assert "candidate" in version["promotion_reason"]


@pytest.mark.parametrize("workers", [1, 2])
def test_folds_on_other_processes_are_the_same_to_the_bit(workbench, workers, monkeypatch):
    monkeypatch.setattr(cluster, "HERE_SECONDS", 0)
    shutil.rmtree(workbench.settings.evaluations_dir)  # what is kept is not computed again
    version = workbench.train("viability", estimator="ridge", workers=workers, is_candidate=True)

    assert version["metrics"]["mae"] == pytest.approx(workbench.model("viability", 1)["metrics"]["mae"], rel=1e-12)


def test_a_job_cancelled_before_it_begins_is_never_done(workbench):
    rosa = acting(workbench, "rosa")
    job_id = rosa.registry.queue_job("training", {"target": "viability"})
    rosa.cancel_job(job_id)

    with pytest.raises(ConflictError, match="is cancelled; only a queued one"):
        workbench.run_job(job_id)


def test_a_job_whose_process_says_nothing_is_interrupted(workbench):
    job_id = acting(workbench, "rosa").registry.queue_job("training", {"target": "viability"})
    with workbench.database.bootstrap() as connection, connection.begin():
        connection.exec_driver_sql(
            "UPDATE cryo.job SET alive_at = now() - interval '2 minutes' WHERE status = 'queued'"
        )

    job = acting(workbench, "rosa").job(job_id)

    assert job["status"] == "failed"
    assert job["error"].startswith("interrupted")


def test_a_failure_is_told(workbench):
    registry = Registry(workbench.database)
    job_id = registry.queue_job("training", {"target": "viability", "team": "nobody's"})
    with pytest.raises(NotFoundError):
        workbench.run_job(job_id)

    assert "nobody's" in workbench.job(job_id)["error"]


@pytest.mark.parametrize("order", [{"estimator": "magic"}, {"search": "wide"}, {"estimator": "mean", "search": "grid"}])
def test_an_impossible_order_is_no_job(workbench, order):
    before = len(workbench.jobs())

    with pytest.raises(InputError):
        workbench.start_training("viability", **order)
    assert len(workbench.jobs()) == before


@pytest.mark.parametrize("target", ["tg", "iri", "viability"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_choice_is_a_recipe_of_the_same_split(target, estimator):
    declared, chosen = chosen_recipe(target), chosen_recipe(target, estimator)

    assert (chosen.split, chosen.n_folds, chosen.transform) == (declared.split, declared.n_folds, declared.transform)
