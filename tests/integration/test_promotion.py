"""The current version: how it moves forward and back, who may move it, and what is written down."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy import text

from cryokit.api.auth import issue_token
from cryokit.db.registry import Registry
from cryokit.domain import INSUFFICIENT_SKILL, Identity
from cryokit.errors import AccessError, ConflictError, InputError, ModelError, NotFoundError
from cryokit.models.choices import chosen_recipe
from cryokit.workbench import Workbench

HEADER = "name,smiles,value,tm_kelvin,source"
FEW = 6
"""So few rows that a version predicts their mean, which takes no time and has no skill."""
MANY = 24
"""Rows on a line: enough to beat every baseline."""

Importer = Callable[..., None]


@pytest.fixture
def workbench(people) -> Workbench:
    return Workbench(people.database.settings, people.database)


@pytest.fixture
def add_alcohols(workbench, tmp_path) -> Importer:
    """Import public alcohols from one chain length up to another; their value rises with the length."""

    def add(first: int, last: int) -> None:
        lines = [f"alcohol {count},{'C' * count}O,{100 + 8 * count},,own DSC" for count in range(first, last + 1)]
        file = tmp_path / "own.csv"
        file.write_text("\n".join([HEADER, *lines]) + "\n")
        workbench.import_rows(file, "tg", is_public=True)

    return add


@pytest.fixture
def two_versions(workbench, add_alcohols) -> Workbench:
    """Two versions without skill; the first is current, the second a candidate."""
    add_alcohols(1, FEW)
    workbench.train("tg")
    workbench.train("tg", seed=1)
    return workbench


def current(workbench: Workbench) -> int:
    return workbench.model("tg")["version"]


def test_the_first_version_is_current_with_its_label(workbench, add_alcohols):
    add_alcohols(1, FEW)
    version = workbench.train("tg")

    assert (version["version"], version["is_current"]) == (1, True)
    assert version["verdict"] == INSUFFICIENT_SKILL
    assert version["promotion_reason"] == "the first version"
    assert workbench.predict("tg", ["CCO"])["skill"].tolist() == [INSUFFICIENT_SKILL]


def test_a_later_version_without_skill_stays_a_candidate_and_says_why(workbench, add_alcohols):
    add_alcohols(1, FEW)
    workbench.train("tg")
    version = workbench.train("tg", seed=1)

    assert not version["is_current"]
    assert "stays a candidate: it does not beat its baselines" in version["promotion_reason"]
    assert current(workbench) == 1
    assert workbench.predict("tg", ["CCO"])["model_version"].tolist() == [1]


def test_a_later_version_with_skill_that_is_not_worse_becomes_current(workbench, add_alcohols):
    add_alcohols(1, FEW)
    workbench.train("tg", estimator="ridge")
    add_alcohols(FEW + 1, MANY)
    version = workbench.train("tg", estimator="ridge")

    assert version["verdict"] == "skill"
    assert version["is_current"]
    assert version["promotion_reason"].startswith("skill, and not worse: mean absolute error")
    assert current(workbench) == 2
    with pytest.raises(ModelError, match="insufficient skill"):
        workbench.promote("tg", 1, "nostalgia")
    assert workbench.rollback("tg", "numbers look odd")["version"] == 1


def test_a_version_whose_file_is_gone_is_replaced_whatever_the_label(two_versions):
    artifact = two_versions.model("tg", 1)["artifact_sha256"]
    (two_versions.settings.artifacts_dir / f"{artifact}.skops").unlink()
    version = two_versions.train("tg", seed=2)

    assert version["is_current"]
    assert "version 1 cannot be used any more: there is no model file" in version["promotion_reason"]


def test_promotion_without_skill_needs_an_override_that_is_recorded(two_versions):
    with pytest.raises(ModelError, match="--override"):
        two_versions.promote("tg", 2, "newer")
    assert current(two_versions) == 1

    moved = two_versions.promote("tg", 2, "the seed of the paper", override=True)

    assert (moved["version"], moved["is_override"], moved["promotion"]) == (2, True, "promoted")
    event = two_versions.registry.events().iloc[0]
    assert (event["action"], event["object"]) == ("model_promoted", "tg version 2")
    assert event["detail"]["override"] is True
    assert (event["detail"]["from"], event["detail"]["to"]) == (1, 2)
    assert event["detail"]["reason"] == "the seed of the paper"


def test_rollback_goes_back_move_by_move(two_versions):
    for version in (2, 1, 2):
        two_versions.promote("tg", version, f"try {version}", override=True)

    went_to = [two_versions.rollback("tg", "no")["version"] for _ in range(3)]

    assert went_to == [1, 2, 1]
    with pytest.raises(ConflictError, match="no version of tg was current before"):
        two_versions.rollback("tg", "further")
    moves = two_versions.promotions("tg")
    assert moves["to_version"].tolist() == [1, 2, 1, 2, 1, 2, 1]
    assert moves["from_version"].tolist()[1:] == [1, 2, 1, 2, 1, 2]
    assert moves["kind"].tolist() == ["trained", *["promoted"] * 3, *["rolled_back"] * 3]


def test_versions_from_before_moves_were_recorded_can_be_left_and_returned_to(two_versions, people):
    with people.database.service() as connection:
        connection.execute(text("DELETE FROM cryo.promotion"))
    assert current(two_versions) == 2

    two_versions.promote("tg", 1, "the older one", override=True)

    assert two_versions.promotions("tg")["kind"].tolist() == ["found", "promoted"]
    assert two_versions.rollback("tg", "back")["version"] == 2


def test_the_current_version_cannot_be_promoted_again(two_versions):
    with pytest.raises(ConflictError, match="is the current version already"):
        two_versions.promote("tg", 1, "again", override=True)


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501])
def test_a_move_needs_a_reason(two_versions, reason):
    with pytest.raises(InputError, match="give 1 to 500"):
        two_versions.promote("tg", 2, reason, override=True)


def test_an_unknown_version_is_not_found(two_versions):
    with pytest.raises(NotFoundError, match="no version 9"):
        two_versions.promote("tg", 9, "why not")


def test_a_version_whose_file_is_changed_is_not_promoted(two_versions):
    artifact = two_versions.model("tg", 2)["artifact_sha256"]
    (two_versions.settings.artifacts_dir / f"{artifact}.skops").write_bytes(b"another model")

    with pytest.raises(ModelError, match="was changed"):
        two_versions.promote("tg", 2, "why not", override=True)
    assert current(two_versions) == 1


def test_only_admins_move_the_current_version(two_versions, people):
    with pytest.raises(AccessError, match="only an admin"):
        two_versions.acting_as(people.researcher).promote("tg", 2, "mine", override=True)
    with pytest.raises(AccessError, match="row-level security"):
        people.registry(people.researcher).store_promotion("tg", 2, 1, "promoted", "around the workbench")

    two_versions.acting_as(people.admin).promote("tg", 2, "as admin", override=True)

    moves = two_versions.promotions("tg").set_index("to_version")
    assert moves.loc[2, "actor_id"] == str(people.admin.user_id)
    assert moves.loc[2, "actor"] == people.admin.name
    assert moves.loc[[1], "actor_id"].isna().all()


def test_two_versions_are_compared_on_the_same_rows(two_versions):
    result = two_versions.compare("tg", 1, 2)

    assert result["basis"].startswith("stored evaluations")
    assert result["paired"]["n"] == FEW
    assert (result["first"]["n"], result["second"]["n"]) == (FEW, FEW)
    with pytest.raises(InputError, match="cannot be compared with itself"):
        two_versions.compare("tg", 1, 1)


def test_another_recipe_is_evaluated_on_the_rows_and_folds_of_the_newer_version(two_versions, people):
    ridge = {"minimum_rows": 3, "helper_members": [], "members": chosen_recipe("tg", "ridge").as_json()["members"]}
    with people.database.service() as connection:
        connection.execute(
            text("UPDATE cryo.model_version SET recipe = recipe || CAST(:changed AS jsonb) WHERE version = 1"),
            {"changed": json.dumps(ridge)},
        )

    result = two_versions.compare("tg", 1, 2)
    again = two_versions.compare("tg", 1, 2)

    assert result["basis"].startswith("both recipes on the rows of version 2, same folds")
    assert result["split_sha256_a"] == result["split_sha256_b"]
    assert result["first"]["mae"] != result["second"]["mae"]
    assert result == again


def test_versions_on_different_rows_are_compared_on_those_they_share(workbench, add_alcohols):
    add_alcohols(1, FEW)
    workbench.train("tg")
    add_alcohols(FEW + 1, FEW + 2)
    workbench.train("tg")

    result = workbench.compare("tg", 1, 2)

    assert result["paired"]["n"] == FEW
    assert "the recipes are equal" in result["basis"]


def test_the_card_tells_the_facts_of_its_version(two_versions):
    card = two_versions.model_card("tg", 1).as_json()
    stored = two_versions.latest_evaluation("tg", 1)["metrics"]
    mae = next(item for item in card["scores"] if item["score"] == "mae")

    assert card["data"]["rows"] == FEW
    assert card["data"]["sources"] == {"own DSC": FEW}
    assert card["data"]["dataset_sha256"] == two_versions.model("tg", 1)["dataset_sha256"]
    assert mae["value"] == pytest.approx(stored["mae"])
    assert mae["lower"] <= mae["value"] <= mae["upper"]
    assert any("insufficient skill" in sentence for sentence in card["known_limits"])
    assert card["label"]["current"] == "yes"


def test_a_card_warns_of_a_file_from_another_scikit_learn(two_versions):
    model = two_versions.model("tg", 1)
    number = Registry(two_versions.database).store_model_version(
        "tg",
        seed=model["seed"],
        snapshot_id=model["dataset_snapshot_id"],
        artifact_sha256=model["artifact_sha256"],
        metrics=model["metrics"],
        verdict=model["verdict"],
        recipe=model["recipe"],
        library_versions=model["library_versions"] | {"scikit-learn": "1.0.2"},
    )
    card = two_versions.model_card("tg", number)

    assert "written with scikit-learn 1.0.2" in card.as_json()["label"]["caution"]
    assert "written with scikit-learn 1.0.2" in card.fragment()
    assert "caution" not in two_versions.model_card("tg", 1).as_json()["label"]


def test_a_card_is_told_even_when_the_model_file_is_gone(two_versions):
    artifact = two_versions.model("tg", 2)["artifact_sha256"]
    (two_versions.settings.artifacts_dir / f"{artifact}.skops").unlink()

    card = two_versions.model_card("tg", 2).as_json()

    assert "The model file cannot be used" in card["applicability_domain"]


# REST


@pytest.fixture
def client(two_versions, served) -> Iterator[Callable[[Identity], httpx.Client]]:
    """Ask the API on somebody's behalf."""
    with served(two_versions) as url, httpx.Client(base_url=f"{url}/api/v1/models/tg", timeout=60) as made:

        def acting(identity: Identity) -> httpx.Client:
            made.headers["Authorization"] = f"Bearer {issue_token(two_versions, identity)}"
            return made

        yield acting


def test_an_admin_promotes_and_rolls_back_over_http(client, people, two_versions):
    asked = client(people.admin)
    refused = asked.post("/promote", json={"version": 2, "reason": "newer"})
    promoted = asked.post("/promote", json={"version": 2, "reason": "newer", "override": True})
    back = asked.post("/rollback", json={"reason": "older"})

    assert (refused.status_code, refused.json()["code"]) == (422, "model_unusable")
    assert (promoted.json()["version"], promoted.json()["is_override"]) == (2, True)
    assert (back.json()["version"], back.json()["promotion"]) == (1, "rolled_back")
    assert two_versions.registry.events()["actor_id"].tolist()[:2] == [str(people.admin.user_id)] * 2


@pytest.mark.parametrize(
    ("path", "body"), [("/promote", {"version": 2, "reason": "x"}), ("/rollback", {"reason": "x"})]
)
def test_others_may_not_move_it_over_http(client, people, path, body):
    assert client(people.researcher).post(path, json=body).status_code == 403


def test_the_card_is_given_over_http(client, people):
    asked = client(people.viewer)

    assert asked.get("/card").json()["what_it_predicts"]["version"] == 1
    assert asked.get("/card", params={"version": 2}).json()["label"]["current"] == "no"
    assert asked.get("/card", params={"version": 9}).status_code == 404
