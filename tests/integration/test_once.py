"""Requests with an `Idempotency-Key`: the same one begins work once, another one is refused, nobody sees another's."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from cryokit.api import once
from cryokit.errors import ConflictError, InputError
from cryokit.sources.bundled import bundled_rows
from cryokit.workbench import Workbench
from cryokit.workbench.request_keys import Claim

TABLE = bundled_rows("tg").query("is_curated").tail(4)[["smiles", "name", "value"]].to_csv(index=False)
EVALUATE = "/api/v1/evaluations?target=tg"


@pytest.fixture(scope="module")
def workbench(trained) -> Iterator[Workbench]:
    """A workbench over a database of its own with one small model and two researchers."""
    with trained() as workbench:
        for name in ("ada", "eve"):
            workbench.add_user(name, "researcher")
        yield workbench


@pytest.fixture(scope="module")
def clients(workbench, served) -> Iterator[dict[str, httpx.Client]]:
    """Somebody's programs, by name."""
    with served(workbench) as url:
        tokens = {name: workbench.add_token(name, "a program", "all") for name in ("ada", "eve")}
        tokens["reader"] = workbench.add_token("ada", "a reader", "read")
        with contextlib.ExitStack() as opened:
            yield {name: opened.enter_context(_client(url, token)) for name, token in tokens.items()}


def _client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


@pytest.fixture
def key() -> str:
    return str(uuid4())


@pytest.fixture
def acting(workbench) -> Workbench:
    """What Ada may do."""
    return workbench.acting_as(workbench.find_identity(workbench.registry.user_by_name("ada")["id"]))


def evaluate(client: httpx.Client, key: str | None, table: str = TABLE, address: str = EVALUATE) -> httpx.Response:
    headers = {"Content-Type": "text/csv"} | ({} if key is None else {"Idempotency-Key": key})
    return client.post(address, content=table, headers=headers)


def evaluations(workbench: Workbench) -> int:
    return len(workbench.evaluations("tg"))


def test_the_same_request_begins_once_and_is_answered_twice(workbench, clients, key):
    before = evaluations(workbench)
    first, second = (evaluate(clients["ada"], key) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert evaluations(workbench) == before + 1
    assert evaluate(clients["reader"], key).status_code == 403  # a token that may only read sees no first answer


def test_without_a_key_every_request_begins(workbench, clients):
    before = evaluations(workbench)
    answers = [evaluate(clients["ada"], None) for _ in range(2)]

    assert answers[0].headers["location"] != answers[1].headers["location"]
    assert evaluations(workbench) == before + 2


def test_quotes_around_a_key_do_not_count(clients, key):
    first, second = evaluate(clients["ada"], key), evaluate(clients["ada"], f'"{key}"')

    assert second.headers["location"] == first.headers["location"]


@pytest.mark.parametrize("other", [{"table": TABLE + "CO,methanol,103\n"}, {"address": f"{EVALUATE}&name=other.csv"}])
def test_another_request_with_the_key_is_refused(workbench, clients, key, other):
    evaluate(clients["ada"], key)
    before = evaluations(workbench)
    answer = evaluate(clients["ada"], key, **other)

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"
    assert "belongs to another request" in answer.json()["detail"]
    assert evaluations(workbench) == before


def test_a_key_is_its_owners(clients, key):
    mine, others = evaluate(clients["ada"], key), evaluate(clients["eve"], key)

    assert others.status_code == 201
    assert others.headers["location"] != mine.headers["location"]
    assert "idempotency-replayed" not in others.headers


def test_many_at_once_begin_once(workbench, clients, key):
    before = evaluations(workbench)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: evaluate(clients["ada"], key), range(6)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum(answer.status_code == 201 and "idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert evaluations(workbench) == before + 1


def test_a_request_without_answer_yet_is_a_conflict(acting, clients, key):
    assert isinstance(acting.known_or_claimed(key, "a" * 64), Claim)

    with pytest.raises(ConflictError, match="has no answer yet"):
        acting.known_or_claimed(key, "a" * 64)
    assert evaluate(clients["ada"], key).status_code == 422


def test_a_key_whose_request_was_interrupted_can_be_used_again(workbench, acting, clients, key):
    """The server was killed before it answered: nobody says any more that the request is alive."""
    acting.known_or_claimed(key, "a" * 64)
    silent(workbench, key)
    with pytest.raises(InputError, match="belongs to another request"):
        acting.known_or_claimed(key, "b" * 64)

    assert isinstance(acting.known_or_claimed(key, "a" * 64), Claim)
    with pytest.raises(ConflictError, match="has no answer yet"):
        acting.known_or_claimed(key, "a" * 64)


def test_a_request_that_was_silent_too_long_leaves_the_key_to_the_one_that_took_it(workbench, acting, key):
    first = acting.known_or_claimed(key, "a" * 64)
    silent(workbench, key)
    second = acting.known_or_claimed(key, "a" * 64)

    acting.give_back(first)
    assert not acting.keep_answer(first, 500, None, "late")
    assert acting.keep_answer(second, 201, "/there", "in time")
    assert acting.known_or_claimed(key, "a" * 64).body == "in time"


def test_an_answered_request_is_never_begun_again(workbench, clients, key):
    first = evaluate(clients["ada"], key)
    silent(workbench, key)

    assert evaluate(clients["ada"], key).headers["location"] == first.headers["location"]


def silent(workbench: Workbench, key: str) -> None:
    with workbench.database.service() as connection:
        aged = "UPDATE cryo.request_key SET alive_at = alive_at - interval '61 seconds' WHERE key = :key"
        assert connection.execute(text(aged), {"key": key}).rowcount == 1


def test_a_request_says_that_it_is_alive_while_it_is_answered(workbench, clients, key, monkeypatch):
    monkeypatch.setattr(once, "_SECONDS_BETWEEN_SIGNS", 0.05)
    evaluating, said = Workbench.evaluate_given, Event()
    say_alive = Workbench.say_alive

    def evaluate_slowly(self, *args, **more):
        silent(workbench, key)  # as if it had begun long ago
        said.clear()
        assert said.wait(20)
        return evaluating(self, *args, **more)

    def say(self, claim):
        say_alive(self, claim)
        said.set()

    monkeypatch.setattr(Workbench, "evaluate_given", evaluate_slowly)
    monkeypatch.setattr(Workbench, "say_alive", say)
    answer = evaluate(clients["ada"], key)
    with workbench.database.service() as connection:
        found = "SELECT clock_timestamp() - alive_at < interval '30 seconds' FROM cryo.request_key WHERE key = :key"
        is_alive = connection.execute(text(found), {"key": key}).scalar_one()

    assert answer.status_code == 201
    assert is_alive


def test_a_sign_of_life_that_is_refused_ends_no_request(workbench, clients, key, monkeypatch):
    """The work is done all the same; a request that counted as refused would give its key back and begin again."""
    monkeypatch.setattr(once, "_SECONDS_BETWEEN_SIGNS", 0.05)
    evaluating, tried = Workbench.evaluate_given, Event()
    say_alive = Workbench.say_alive

    def evaluate_slowly(self, *args, **more):
        assert tried.wait(20)
        return evaluating(self, *args, **more)

    def say(self, claim):
        try:
            say_alive(self, claim)
        finally:
            tried.set()

    monkeypatch.setattr(Workbench, "evaluate_given", evaluate_slowly)
    monkeypatch.setattr(Workbench, "say_alive", say)
    before = evaluations(workbench)
    with refusing_signs(workbench):
        first = evaluate(clients["ada"], key)

    assert first.status_code == 201
    assert evaluate(clients["ada"], key).headers["location"] == first.headers["location"]
    assert evaluations(workbench) == before + 1


@contextlib.contextmanager
def refusing_signs(workbench: Workbench) -> Iterator[None]:
    """Have the database refuse signs of life, and nothing else."""
    begin = """
        CREATE FUNCTION cryo.refuse_sign() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no sign of life is taken'; END $$;
        CREATE TRIGGER refuse_sign BEFORE UPDATE OF alive_at ON cryo.request_key
        FOR EACH ROW EXECUTE FUNCTION cryo.refuse_sign();
    """
    with workbench.database.bootstrap() as connection:
        with connection.begin():
            connection.execute(text(begin))
        try:
            yield
        finally:
            with connection.begin():
                connection.execute(text("DROP FUNCTION cryo.refuse_sign() CASCADE"))


def test_maintenance_forgets_old_keys(workbench, clients, key):
    evaluate(clients["ada"], key)
    evaluate(clients["ada"], kept := str(uuid4()))
    with workbench.database.service() as connection:
        aged = "UPDATE cryo.request_key SET begun_at = begun_at - interval '25 hours' WHERE key = :key"
        connection.execute(text(aged), {"key": key})
    workbench.check_database()

    with workbench.database.service() as connection:
        keys = set(connection.execute(text("SELECT key FROM cryo.request_key")).scalars())
    assert kept in keys
    assert key not in keys


def test_a_refused_request_gives_its_key_back(clients, key):
    refused = evaluate(clients["ada"], key, table="smiles,name,value\nnonsense,a,172\n")
    forbidden = evaluate(clients["reader"], key)

    assert (refused.status_code, forbidden.status_code) == (422, 403)
    assert evaluate(clients["ada"], key).status_code == 201


def test_a_key_is_forgotten_after_a_day(workbench, clients, key):
    first = evaluate(clients["ada"], key)
    with workbench.database.service() as connection:
        aged = "UPDATE cryo.request_key SET begun_at = begun_at - interval '25 hours' WHERE key = :key"
        connection.execute(text(aged), {"key": key})
    again = evaluate(clients["ada"], key)

    assert again.headers["location"] != first.headers["location"]


@pytest.mark.parametrize("bad", ["", "a b", "x" * 201, '"', "é".encode().decode("latin-1")])
def test_a_key_that_is_none_is_refused(workbench, clients, bad):
    before = evaluations(workbench)
    answer = evaluate(clients["ada"], bad.encode("latin-1"))

    assert answer.status_code == 422
    assert "visible ASCII" in answer.json()["detail"]
    assert evaluations(workbench) == before


def test_the_document_names_the_header_where_work_begins(clients):
    paths = clients["ada"].get("/openapi.json").json()["paths"]
    taking = {
        path
        for path, item in paths.items()
        for parameter in item.get("post", {}).get("parameters", [])
        if parameter["name"] == "Idempotency-Key"
    }

    assert taking >= {"/api/v1/evaluations", "/api/v1/models/{target}/train", "/api/v1/reports/{name}/run"}
    assert all("409" in paths[path]["post"]["responses"] for path in taking)
