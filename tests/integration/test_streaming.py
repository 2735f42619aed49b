"""Predictions line by line: in order, a problem in the place of a bad row, flat in memory, stopped when unwanted."""

import json
import os
import threading
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from cryokit import client
from cryokit.api import lines, middleware
from cryokit.errors import AccessError, InputError, NotFoundError, UnavailableError
from cryokit.workbench import Workbench
from cryokit.workbench.predictions import Predictions
from cryokit.workbench.streaming import BATCH_ROWS

STREAM = "/api/v1/predict/stream"
SMILES = ["OCC(O)CO", "CS(C)=O", "nonsense", "OCCO"]


@pytest.fixture(scope="module")
def here(trained) -> Iterator[Workbench]:
    with trained() as workbench:
        workbench.add_user("ada", "viewer")
        yield workbench


@pytest.fixture(scope="module")
def address(here, served) -> Iterator[str]:
    with served(here) as url:
        yield url


@pytest.fixture
def token(here) -> str:
    return here.add_token("ada", "a program", "read")


@pytest.fixture
def http(address, token) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": lines.MEDIA_TYPE}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as http:
        yield http


@pytest.fixture
def remote(address, token) -> Iterator[client.RemoteWorkbench]:
    with client.RemoteWorkbench(address, token) as remote:
        yield remote


def body(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def stream(http: httpx.Client, content: str | bytes, **asked: object) -> list[dict]:
    answer = http.post(STREAM, params={"target": "tg"} | asked, content=content)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == lines.MEDIA_TYPE
    return [json.loads(line) for line in answer.text.splitlines()]


def test_each_row_has_its_answer_in_its_place(here, http):
    *answers, progress, done = stream(http, body(*({"smiles": smiles} for smiles in SMILES)))
    predicted = here.predict("tg", [smiles for smiles in SMILES if smiles != "nonsense"])

    assert [answer["row"] for answer in answers] == [0, 1, 2, 3]
    assert [answer["prediction"]["value"] for answer in answers if "prediction" in answer] == list(predicted["value"])
    assert "nonsense" in answers[2]["problem"]
    assert progress == {"progress": {"rows": 4, "of": 4}}
    assert done == {"done": {"rows": 4, "problems": 1}}


def test_a_prediction_is_the_one_of_the_other_route(http):
    [mine, *_] = stream(http, body({"smiles": "OCC(O)CO"}))
    json_too = {"Content-Type": "application/json"}
    asked = {"target": "tg", "smiles": ["OCC(O)CO"]}
    [other] = http.post("/api/v1/predict", json=asked, headers=json_too).json()["predictions"]

    assert mine["prediction"] == {name: value for name, value in other.items() if name != "row"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "no JSON object"),
        ("[1]", "no JSON object"),
        ("", "no JSON object"),
        ("[" * 15_000, "no JSON object"),
        ('{"smiles": ["O"]}', "must be a text or a number"),
        ('{"smiles": true}', "must be a text or a number"),
        ('{"smils": "O"}', "takes no smils"),
        ("{}", "a structure must be"),
        ('{"smiles": "\\u0000"}', "plain Unicode"),
        ('{"smiles": "\\ud800"}', "plain Unicode"),
        ('{"smiles": "' + "C" * lines.MAX_LINE_BYTES + '"}', "more than 16384 bytes"),
    ],
)
def test_a_line_that_is_no_row_spoils_no_other(http, line, said):
    content = body({"smiles": "OCCO"}) + line + "\n" + body({"smiles": "OCC(O)CO"})
    first, bad, last, *_ = stream(http, content)

    assert ("prediction" in first, "prediction" in last) == (True, True)
    assert said in bad["problem"]


def test_batches_are_answered_in_order_and_say_how_far_it_is(http):
    count = 2 * BATCH_ROWS + 7
    answers = stream(http, body(*({"smiles": "C" * (1 + row % 9) + "O"} for row in range(count))))
    rows = [answer["row"] for answer in answers if "row" in answer]
    told = [answer["progress"]["rows"] for answer in answers if "progress" in answer]

    assert rows == list(range(count))
    assert told == [BATCH_ROWS, 2 * BATCH_ROWS, count]
    assert answers[-1] == {"done": {"rows": count, "problems": 0}}


@pytest.mark.parametrize(
    ("asked", "content", "status"),
    [
        ({"target": "nonsense"}, "{}\n", 404),
        ({"target": "tg", "version": 9}, "{}\n", 404),
        ({"target": "tg", "version": 0}, "{}\n", 422),
        ({"target": "tg"}, "", 422),
        ({}, "{}\n", 422),
    ],
)
def test_what_cannot_begin_is_a_problem_and_takes_no_place(http, asked, content, status):
    answers = [http.post(STREAM, params=asked, content=content) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [status, status]
    assert answers[0].headers["content-type"] == "application/problem+json"


def test_too_much_is_refused(http, monkeypatch):
    monkeypatch.setattr(lines, "MAX_LINES", 3)
    many = http.post(STREAM, params={"target": "tg"}, content="{}\n" * 5)
    monkeypatch.setattr(middleware, "MAX_STREAM_BYTES", 1_000)
    long = http.post(STREAM, params={"target": "tg"}, content=b"x" * 1_001)

    assert (many.status_code, long.status_code) == (413, 413)


def test_more_rows_than_other_routes_take_fit_in(http):
    """The body is larger than any other route takes."""
    padded = body({"smiles": "OCCO"}).rstrip() + " " * 16_000 + "\n"
    *_, done = stream(http, padded * 1_600)

    assert done == {"done": {"rows": 1_600, "problems": 0}}


# One at a time, and no longer than it is wanted


@pytest.fixture
def slow(monkeypatch) -> Iterator[dict]:
    """Predictions wait for `go` before each batch, and count what has begun."""
    state = {"go": threading.Semaphore(0), "begun": 0}
    predict_checked = Predictions.predict_checked

    def wait(self, *args, **more):
        state["begun"] += 1
        assert state["go"].acquire(timeout=30)
        return predict_checked(self, *args, **more)

    monkeypatch.setattr(Predictions, "predict_checked", wait)
    yield state
    for _ in range(50):
        state["go"].release()


def wait_until(holds) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("it did not come about within 30 s")


ROWS = body(*({"smiles": "OCCO"} for _ in range(10 * BATCH_ROWS)))


def test_a_client_that_goes_away_stops_the_work_and_gives_its_place_back(http, address, slow):
    with http.stream("POST", STREAM, params={"target": "tg"}, content=ROWS) as answer:
        slow["go"].release()
        next(answer.iter_raw())
        wait_until(lambda: slow["begun"] == 2)
        second = http.post(STREAM, params={"target": "tg"}, content="{}\n")
    for _ in range(50):
        slow["go"].release()
    wait_until(lambda: http.post(STREAM, params={"target": "tg"}, content="{}\n").status_code == 200)

    assert second.status_code == 429
    assert second.headers["retry-after"] == "30"
    assert slow["begun"] <= 4  # the batch that was under way, perhaps one more; of ten


def test_a_login_that_ends_meanwhile_ends_the_stream(here, http, token, slow):
    with http.stream("POST", STREAM, params={"target": "tg"}, content=ROWS) as answer:
        wait_until(lambda: slow["begun"] == 1)
        here.revoke_token(here.token_claims(token)["jti"])
        for _ in range(50):
            slow["go"].release()
        *_, last = answer.iter_lines()

    assert json.loads(last)["error"]["code"] == "unauthenticated"


def test_memory_stays_flat(http, here):
    """Fifty times the rows take no more memory: they lie on disk, and so do the answers of a client that reads."""
    process = psutil.Process(os.getpid())

    def grown(batches: int) -> int:
        before = process.memory_info().rss
        content = (body({"smiles": "C" * (1 + row % 9) + "O"}).encode() for row in range(batches * BATCH_ROWS))
        largest = before
        with http.stream("POST", STREAM, params={"target": "tg"}, content=content) as answer:
            for _ in answer.iter_raw():
                largest = max(largest, process.memory_info().rss)
        return largest - before

    grown(2)  # loads what is loaded once

    assert grown(40) < 40 * 2**20  # the answers alone have about 10 MB, the rows as objects ten times that


# From Python


def test_the_client_yields_what_the_workbench_does(here, remote):
    told: list[tuple[int, int]] = []
    asked = (smiles for smiles in SMILES)
    there = list(remote.predict_stream("tg", asked, progress=lambda done, total: told.append((done, total))))
    mine = list(here.predict_stream("tg", SMILES))

    assert [list(answer) for answer in there] == [list(answer) for answer in mine]
    assert [answer["row"] for answer in there] == [0, 1, 2, 3]
    assert there[0]["prediction"]["value"] == mine[0]["prediction"]["value"]
    assert there[2]["problem"] == mine[2]["problem"]
    assert told == [(4, 4)]


def test_rows_may_have_values_of_their_own(here, remote):
    rows = [{"smiles": "OCCO", "tm_kelvin": 260}, {"smiles": "OCCO"}]
    there = [answer["prediction"]["value"] for answer in remote.predict_stream("tg", rows)]
    mine = [answer["prediction"]["value"] for answer in here.predict_stream("tg", rows)]

    assert there == mine


def test_errors_are_those_of_the_workbench(here, remote, address):
    for workbench in (here, remote):
        with pytest.raises(NotFoundError):
            list(workbench.predict_stream("tg", ["O"], version=9))
    with pytest.raises(InputError):
        list(here.predict_stream("tg", ["O"], nonsense=1))
    with client.RemoteWorkbench(address, "nonsense") as stranger, pytest.raises(AccessError):
        list(stranger.predict_stream("tg", ["O"]))


def test_an_answer_that_breaks_off_is_no_whole_one(remote):
    cut = iter(['{"row": 0, "problem": "x"}', '{"progress": {"rows": 1, "of": 2}}'])
    with pytest.raises(UnavailableError, match="broke off"):
        list(remote._answers(cut, None))
