"""A workbench elsewhere gives what the workbench here gives."""

from collections.abc import Iterator

import pandas as pd
import pytest

import cryokit
from cryokit.api.frames import json_value
from cryokit.client import RemoteWorkbench
from cryokit.errors import AccessError, ConfigError, InputError, NotFoundError, UnavailableError
from cryokit.sources.bundled import bundled_rows
from cryokit.workbench import Workbench
from tests.ports import free_port

SMILES = ["OCC(O)CO", "CCO", "CS(C)=O"]


@pytest.fixture(scope="module")
def here(trained) -> Iterator[Workbench]:
    """The workbench on the machine of the server, as one of its researchers."""
    with trained(9) as workbench:
        workbench.add_user("ada", "researcher")
        account = workbench.registry.user_by_name("ada")
        yield workbench.acting_as(workbench.find_identity(account["id"]))


@pytest.fixture(scope="module")
def address(here, served) -> Iterator[str]:
    with served(here) as url:
        yield url


@pytest.fixture(scope="module")
def remote(here, address) -> Iterator[RemoteWorkbench]:
    """The same, from elsewhere."""
    with cryokit.open(address, token=here.add_token("ada", "my notebook", "all")) as opened:
        yield opened


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    columns = list(right.columns)
    pd.testing.assert_frame_equal(left[columns].reset_index(drop=True), right, check_dtype=False)


def test_predictions_are_the_same(here, remote):
    same(here.predict("tg", SMILES), remote.predict("tg", SMILES))


def test_versions_are_the_same(here, remote):
    assert remote.model("tg")["artifact_sha256"] == here.model("tg")["artifact_sha256"]
    assert remote.models()["version"].tolist() == here.models()["version"].tolist()
    assert remote.model_card("tg") == json_value(here.model_card("tg").as_json())


def test_evaluations_are_the_same(here, remote):
    [known] = remote.evaluations("tg").to_dict("records")
    there, mine = remote.evaluation(known["id"]), here.evaluation(known["id"])

    assert there["metrics"]["mae"] == mine["metrics"]["mae"]
    assert there["rows"]["value"].tolist() == mine["rows"]["value"].tolist()


def test_molecules_and_rows_are_the_same(here, remote):
    found, _ = here.search_molecules(limit=3)
    same(found.drop(columns="similarity"), remote.search_molecules(limit=3)[0].drop(columns="similarity"))
    assert remote.molecule(found["inchikey"].iloc[0])["smiles"] == found["smiles"].iloc[0]
    assert remote.dataset_rows("tg", limit=2)[1] == here.dataset_rows("tg", limit=2)[1]
    assert len(remote.snapshot("tg", remote.snapshots("tg")["id"].iloc[0])) == 9
    assert remote.datasets()["row_count"].tolist() == here.datasets()["row_count"].tolist()


def test_a_table_is_loaded_and_scored_from_elsewhere(here, remote, tmp_path):
    file = tmp_path / "mine.csv"
    rows = bundled_rows("tg").query("is_curated").tail(4)[["smiles", "name", "value", "source"]]
    rows.to_csv(file, index=False)
    scored = remote.evaluation(remote.evaluate_given("tg", file))
    loaded = remote.import_rows(file, "tg")

    assert len(scored["rows"]) == 4
    assert (loaded["loaded"], loaded["seen_by"]) == (4, "ada")


def test_bad_items_are_named(remote):
    with pytest.raises(InputError, match="item 2: .*no_molecule"):
        remote.predict("tg", ["CCO", "no_molecule"])


def test_errors_are_those_of_the_workbench(remote):
    with pytest.raises(NotFoundError):
        remote.model("tg", 99)
    with pytest.raises(NotFoundError):
        remote.model("iri")
    with pytest.raises(AccessError, match="needs admin"):
        remote.promote("tg", 1, "because")
    with pytest.raises(NotFoundError):
        remote.job("../session")


def test_a_token_that_does_not_count_is_refused(address):
    with cryokit.open(address, token="nonsense") as remote, pytest.raises(AccessError, match="sign in first"):
        remote.targets()


def test_a_server_that_is_not_there_is_unavailable():
    with cryokit.open(f"http://127.0.0.1:{free_port()}", token="x") as remote, pytest.raises(UnavailableError):
        remote.targets()


@pytest.mark.parametrize(
    "address", ["cryokit.example", "http://cryokit.example", "ftp://127.0.0.1", "https://me:secret@cryokit.example"]
)
def test_an_address_that_would_give_the_token_away_is_refused(address):
    with pytest.raises(ConfigError) as refused:
        cryokit.open(address, token="x")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("given", [{"address": "https://x.example"}, {"token": "x"}])
def test_address_and_token_belong_together(given):
    with pytest.raises(ConfigError, match="address and a token"):
        cryokit.open(**given)


def test_the_token_is_not_shown(remote):
    assert "Bearer" not in repr(remote)
    assert remote.address in repr(remote)
