"""What a laboratory's own rows do: who sees them, what learns from them, and that stored rows stay as they are."""

import pytest
from sqlalchemy import text

from cryokit.errors import ConflictError, InputError, NotFoundError
from cryokit.workbench import Workbench

HEADER = "name,smiles,value,tm_kelvin,source"
# So few that a version predicts their mean, which takes no time.
ALCOHOLS = [f"alcohol {count},{'C' * count}O,{100 + 8 * count},,own DSC" for count in range(1, 7)]


@pytest.fixture
def workbench(people) -> Workbench:
    return Workbench(people.database.settings, people.database)


@pytest.fixture
def table(tmp_path):
    """Write a file of glass transitions."""

    def write(*lines: str):
        file = tmp_path / "own.csv"
        file.write_text("\n".join([HEADER, *lines]) + "\n")
        return file

    return write


@pytest.fixture
def public(workbench, table) -> Workbench:
    """Version 1, which learned from public rows."""
    workbench.import_rows(table(*ALCOHOLS), "tg", is_public=True)
    workbench.train("tg", estimator="mean")
    return workbench


@pytest.fixture
def team(people) -> str:
    """A team with the viewer as its member."""
    with people.database.service() as connection:
        connection.execute(text("INSERT INTO cryo.team (name) VALUES ('Bench')"))
        connection.execute(
            text("INSERT INTO cryo.membership (team_id, user_id, role) SELECT id, :user, 'viewer' FROM cryo.team"),
            {"user": people.viewer.user_id},
        )
    return "Bench"


def current(workbench: Workbench, identity) -> int:
    return workbench.acting_as(identity).model("tg")["version"]


def test_imported_rows_say_who_sees_them(workbench, table, team):
    lines = [f"alcohol {count},{'C' * count}O,{100 + count},,own DSC" for count in (1, 2, 3)]

    seen = [
        workbench.import_rows(table(lines[0]), "tg")["seen_by"],
        workbench.import_rows(table(lines[1]), "tg", is_public=True)["seen_by"],
        workbench.import_rows(table(lines[2]), "tg", team=team)["seen_by"],
    ]

    assert seen == [
        "maintenance alone, on the command line of this installation",
        "everybody",
        "the members of Bench",
    ]


def test_a_version_with_private_rows_is_for_maintenance_only(public, people, table):
    public.import_rows(table("secret,CCCCCCCCCCCCCO,160,,own DSC"), "tg")
    version = public.train("tg", estimator="mean")

    assert (version["version"], version["is_public"]) == (2, False)
    assert current(public, people.researcher) == 1
    with pytest.raises(NotFoundError, match="no version 2"):
        public.acting_as(people.researcher).predict("tg", ["CCCCCCCCCCCCCO"], version=2)


def test_evaluations_of_a_version_with_private_rows_are_not_shown(public, people, table):
    public.import_rows(table("secret,CCCCCCCCCCCCCO,160,,own DSC"), "tg")
    public.train("tg", estimator="mean")
    public.evaluate("tg", "curated")

    shown = public.acting_as(people.researcher).evaluations("tg")

    assert shown["version"].tolist() == [1]


def test_an_evaluation_is_of_the_rows_that_the_version_learned_from(public, people, table):
    public.import_rows(table("secret,CCCCCCCCCCCCCO,160,,own DSC"), "tg")

    result = public.evaluate_stored("tg")
    shown = public.acting_as(people.researcher).evaluation(public.evaluations("tg").iloc[-2]["id"])

    assert result["metrics"]["n"] == len(ALCOHOLS)
    assert "secret" not in shown["rows"]["name"].tolist()
    assert "no published rows" in result["warnings"][0]
    assert "`cryokit train tg` learns from them" in result["warnings"][1]


def test_rows_of_a_team_are_learned_from_only_for_the_team(public, people, table, team):
    public.import_rows(table("ours,CCCCCCCCCCCCCO,160,,own DSC"), "tg", team=team)

    without = public.train("tg", estimator="mean")
    of_the_team = public.train("tg", estimator="mean", team=team)

    assert (without["dataset_rows"], of_the_team["dataset_rows"]) == (len(ALCOHOLS), len(ALCOHOLS) + 1)
    assert current(public, people.viewer) == 3
    assert current(public, people.researcher) == 1
    assert (without["is_current"], of_the_team["is_current"]) == (False, True)
    assert public.evaluate_stored("tg")["metrics"]["n"] == len(ALCOHOLS) + 1


def test_an_import_leaves_stored_rows_as_they_are(workbench):
    workbench.load_bundled("tg")
    before = workbench.dataset_sha256("tg")
    published = workbench.registry.training_rows("tg")["is_published"].sum()

    again = workbench.import_rows(bundled_row(workbench), "tg")

    assert (again["loaded"], again["known"]) == (0, 1)
    assert workbench.dataset_sha256("tg") == before
    assert workbench.registry.training_rows("tg")["is_published"].sum() == published


def bundled_row(workbench: Workbench, **changes: str):
    rows = workbench.registry.training_rows("tg")
    row = rows[rows["is_published"] & rows["is_curated"] & rows["tm_kelvin"].notna()].iloc[0]
    cells = {
        name: str(row[name]) for name in ("name", "smiles", "value", "tm_kelvin", "source", "conditions")
    } | changes
    file = workbench.settings.state_dir / "again.csv"
    file.write_text(",".join(cells) + "\n" + ",".join(f'"{cell}"' for cell in cells.values()) + "\n")
    return file


def test_a_row_that_contradicts_a_stored_one_is_refused_by_its_line(workbench):
    workbench.load_bundled("tg")
    file = bundled_row(workbench, tm_kelvin="299.5")

    with pytest.raises(InputError, match="line 2: the same measurement is stored already, with tm_kelvin"):
        workbench.import_rows(file, "tg")
    assert workbench.import_rows(file, "tg", skip_bad=True)["refused"] == 1


def test_public_rows_of_a_team_are_refused(workbench, table, team):
    with pytest.raises(InputError, match="either public or a team's"):
        workbench.import_rows(table(ALCOHOLS[0]), "tg", is_public=True, team=team)


def test_an_unknown_team_is_not_found(workbench, table):
    with pytest.raises(NotFoundError, match="there is no team 'Nobody'"):
        workbench.import_rows(table(ALCOHOLS[0]), "tg", team="Nobody")


def test_two_teams_cannot_have_the_same_row(workbench, table, team):
    workbench.import_rows(table(ALCOHOLS[0]), "tg")

    with pytest.raises(InputError, match="for other people to see"):
        workbench.import_rows(table(ALCOHOLS[0]), "tg", team=team)


def test_a_failing_training_leaves_no_version(public, monkeypatch):
    def fail(*_args, **_more):
        msg = "no more room"
        raise ConflictError(msg)

    monkeypatch.setattr("cryokit.db.registry_models.Models.store_evaluation", fail)
    with pytest.raises(ConflictError):
        public.train("tg", estimator="mean", seed=5)
    monkeypatch.undo()

    assert public.models("tg")["version"].tolist() == [1]


def test_training_and_importing_are_written_down(public):
    assert [event["action"] for event in public.registry.events().to_dict("records")][:3] == [
        "model_promoted",
        "model_trained",
        "measurements_imported",
    ]


def test_a_too_long_name_is_refused_by_its_line(workbench, table):
    with pytest.raises(InputError, match="line 2: name has 9000 characters; at most 500"):
        workbench.import_rows(table(f"{'x' * 9000},CCO,100,,own DSC"), "tg")
