"""Data sets, molecules and rows that somebody brings, over HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pandas as pd
import pytest
from rdkit import Chem
from sqlalchemy import Engine, event

from cryokit.api.auth import issue_token
from cryokit.sources.bundled import bundled_rows
from cryokit.validation.metrics import mean_absolute_error
from cryokit.workbench import Workbench

GLYCEROL = "PEDCQBHIVMGVHV-UHFFFAOYSA-N"
TRAINED, HELD = 40, 12
CSV = {"Content-Type": "text/csv"}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Rows of the bundled table, in its order."""
    return bundled_rows("tg").query("is_curated and tm_kelvin.notna()").reset_index(drop=True)


@pytest.fixture(scope="module")
def workbench(server, cloned, template_database, rows) -> Iterator[Workbench]:
    """A workbench with a small model of Tg, and accounts."""
    with cloned(template_database) as database:
        workbench = Workbench(server.settings, database)
        workbench.registry.store_measurements(rows.head(TRAINED), "tg", is_public=True)
        workbench.train("tg", estimator="mean")
        for name, role in (("ada", "researcher"), ("grace", "researcher"), ("visitor", "viewer")):
            workbench.add_user(name, role)
        yield workbench


@pytest.fixture(scope="module")
def client(workbench, served) -> Iterator[Callable[[str], httpx.Client]]:
    """Clients of the served API, by name of account."""
    with served(workbench) as url, ExitStack() as stack:

        def start(name: str) -> httpx.Client:
            account = workbench.registry.user_by_name(name)
            token = issue_token(workbench, workbench.find_identity(account["id"]))
            made = httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60)
            return stack.enter_context(made)

        yield start


def table_of(rows: pd.DataFrame, **changes: object) -> str:
    return rows[["smiles", "name", "value", "source"]].assign(**changes).to_csv(index=False)


# Data sets


def test_data_sets_are_counted_as_one_may_see_them(client):
    found = {item["target"]: item for item in client("visitor").get("/datasets").json()}

    assert set(found) == {"tg", "iri", "viability"}
    assert (found["tg"]["row_count"], found["tg"]["public_count"]) == (TRAINED, TRAINED)
    assert (found["iri"]["row_count"], found["iri"]["newest_at"]) == (0, None)


def test_rows_come_page_by_page_each_once(client):
    ada, seen, after = client("ada"), [], 0
    while after is not None:
        page = ada.get("/datasets/tg/rows", params={"limit": 7, "after": after}).json()
        seen += page["rows"]
        after = page["next_after"]

    assert len(seen) == len({row["id"] for row in seen}) == TRAINED
    assert {"smiles", "value", "unit", "source"} <= set(seen[0])


def test_an_upload_is_ones_own_and_sending_it_twice_loads_it_once(client, rows, workbench):
    ada, table = client("ada"), table_of(rows.iloc[TRAINED : TRAINED + 3], source="our own DSC")
    first, second = (ada.post("/datasets/tg/rows", content=table, headers=CSV).json() for _ in range(2))
    mine, others = (client(name).get("/datasets").json() for name in ("ada", "grace"))

    assert (first["loaded"], second["loaded"], second["known"], first["seen_by"]) == (3, 0, 3, "ada")
    counts = [next(item["row_count"] for item in found if item["target"] == "tg") for found in (mine, others)]
    assert counts == [TRAINED + 3, TRAINED]


def test_a_bad_row_refuses_the_upload_and_is_named(client, rows):
    table = table_of(rows.tail(2), source="another DSC") + "not a molecule,nothing,200,another DSC\n"
    ada = client("ada")
    answer = ada.post("/datasets/tg/rows", content=table, headers=CSV)
    kept = ada.post("/datasets/tg/rows", params={"skip_bad": True}, content=table, headers=CSV).json()

    assert answer.status_code == 422
    assert "line 4" in answer.json()["detail"]
    assert (kept["loaded"], kept["refused"]) == (2, 1)
    assert "line 4" in kept["problems"][0]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"\x00", b"smiles\n", b"a,b\n1,2\n"])
def test_what_is_no_table_is_refused(client, body):
    assert client("ada").post("/datasets/tg/rows", content=body, headers=CSV).status_code == 422


def test_a_snapshot_never_changes_and_is_not_sent_twice(client):
    ada = client("ada")
    [snapshot] = ada.get("/datasets/tg/snapshots").json()
    address = f"/datasets/tg/snapshots/{snapshot['id']}"
    answer = ada.get(address)
    again = ada.get(address, headers={"If-None-Match": answer.headers["etag"]})

    assert (snapshot["row_count"], snapshot["versions"]) == (TRAINED, [1])
    assert len(answer.json()["rows"]) == TRAINED
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in again.headers["cache-control"]


# Molecules


def inchikeys(answer: httpx.Response) -> list[str]:
    return [item["inchikey"] for item in answer.raise_for_status().json()["molecules"]]


def test_molecules_are_found_by_part_of_a_name(client, rows):
    name = rows["name"].iloc[0]
    found = client("visitor").get("/molecules", params={"name": name[1:].upper()}).json()["molecules"]

    assert name in {known for item in found for known in item["names"]}


def test_molecules_are_found_by_the_beginning_of_the_inchikey(client, rows):
    key = rows["inchikey"].iloc[3]

    assert inchikeys(client("visitor").get("/molecules", params={"inchikey": key[:14]})) == [key]


def test_molecules_are_found_by_substructure_page_by_page(client, rows):
    visitor, seen, after = client("visitor"), [], 0
    while after is not None:
        answer = visitor.get("/molecules", params={"smarts": "[OX2H]", "limit": 4, "after": after})
        seen += inchikeys(answer)
        after = answer.json()["next_after"]
    hydroxyl = Chem.MolFromSmarts("[OX2H]")
    public = rows.head(TRAINED)
    wanted = {
        row["inchikey"]
        for row in public.to_dict("records")
        if Chem.MolFromSmiles(row["smiles"]).HasSubstructMatch(hydroxyl)
    }
    assert set(seen) == wanted
    assert len(seen) == len(wanted)


def test_the_most_similar_molecule_comes_first(client, rows):
    first = rows.iloc[5]
    params = {"similar_to": first["smiles"], "minimum_similarity": 0}
    found = client("visitor").get("/molecules", params=params).json()["molecules"]

    assert (found[0]["inchikey"], found[0]["similarity"]) == (first["inchikey"], 1.0)
    assert [item["similarity"] for item in found] == sorted((item["similarity"] for item in found), reverse=True)


@pytest.mark.parametrize(
    "params",
    [
        {"smarts": "[[["},
        {"smarts": " "},
        {"similar_to": "not a molecule"},
        {"inchikey": "%"},
        {"limit": 0},
        {"after": -1},
        {"after": 2**63},
        {"minimum_similarity": "nan"},
        {"name": "\x00"},
    ],
)
def test_a_bad_question_is_refused(client, params):
    assert client("visitor").get("/molecules", params=params).status_code == 422


def test_a_molecule_shows_what_was_measured_of_it(client, rows):
    row = rows.iloc[7]
    found = client("visitor").get(f"/molecules/{row['inchikey']}").json()

    assert row["value"] in {item["value"] for item in found["measurements"]}
    assert all(item["source"] for item in found["measurements"])


def test_a_molecule_of_another_person_is_unknown(client, rows):
    row = rows.iloc[[TRAINED + 5]]
    ada = client("ada")
    ada.post("/datasets/tg/rows", content=table_of(row, source="secret DSC"), headers=CSV).raise_for_status()
    address = f"/molecules/{row['inchikey'].iloc[0]}"

    assert ada.get(address).status_code == 200
    assert client("grace").get(address).status_code == 404


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Collect the statements that all engines send."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_as_many_queries_for_many_rows_as_for_few(workbench):
    def queries_of(limit: int) -> int:
        with counted_statements() as sent:
            workbench.search_molecules(limit=limit)
            workbench.dataset_rows("tg", limit=limit)
            workbench.datasets()
        return len(sent)

    assert queries_of(1) == queries_of(1000) > 0


# Rows that somebody brings


def test_a_version_is_scored_on_rows_that_it_did_not_see(client, rows):
    brought = rows.iloc[TRAINED - 2 : TRAINED + HELD]
    ada = client("ada")
    answer = ada.post("/evaluations", params={"target": "tg"}, content=table_of(brought), headers=CSV)
    found = answer.raise_for_status().json()
    scored = pd.DataFrame(found["rows"]).query("is_scored")
    stored = ada.get(f"/evaluations/{found['id']}").json()

    assert answer.status_code == 201
    assert answer.headers["location"].endswith(found["id"])
    assert found["metrics"]["n_in_training"] >= 2
    assert not pd.DataFrame(found["rows"]).query("in_training")["is_scored"].any()
    assert len(scored) == found["metrics"]["n"]
    assert found["metrics"]["mae"] == pytest.approx(mean_absolute_error(scored["measured"], scored["value"]))
    assert found["baselines"]["mean"]["n"] == len(scored)
    assert stored["rows"] == found["rows"]


def test_what_somebody_brought_only_he_sees(client, rows):
    brought = rows.iloc[TRAINED : TRAINED + HELD]
    ada = client("ada")
    found = ada.post("/evaluations", params={"target": "tg"}, content=table_of(brought), headers=CSV).json()
    grace = client("grace")

    assert grace.get(f"/evaluations/{found['id']}").status_code == 404
    assert found["id"] not in {item["id"] for item in grace.get("/evaluations").json()}
    assert found["id"] in {item["id"] for item in ada.get("/evaluations").json()}


def test_rows_that_were_all_seen_give_no_score(client, rows):
    table = table_of(rows.head(5))
    answer = client("ada").post("/evaluations", params={"target": "tg"}, content=table, headers=CSV)

    assert answer.status_code == 422
    assert "learned from all of those" in answer.json()["detail"]


def test_an_evaluation_on_given_rows_does_not_stand_for_the_version(client, rows, workbench):
    before = workbench.latest_evaluation("tg")["id"]
    table = table_of(rows.iloc[TRAINED : TRAINED + HELD])
    client("ada").post("/evaluations", params={"target": "tg"}, content=table, headers=CSV).raise_for_status()

    assert workbench.latest_evaluation("tg")["id"] == before
