import http.client
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from cryokit.api.auth import COOKIE, issue_token
from cryokit.api.middleware import MAX_BODY_BYTES
from cryokit.domain import ROLES
from cryokit.sources.bundled import known_cryoprotectants
from cryokit.workbench import Workbench

PASSWORD = "a long enough password"
CALLERS = (
    "none",
    "invalid",
    "expired",
    "signed_out",
    "viewer",
    "researcher",
    "admin",
    "disabled",
    "monitoring",
    "revoked",
    "read_key",
    "full_key",
)
IRI_CONDITIONS = {"assay": "splat", "concentration_millimolar": 20, "buffer": "PBS"}


@dataclass
class Service:
    """A served API, the workbench behind it, and a token of each kind of caller."""

    workbench: Workbench
    url: str
    tokens: dict[str, str]

    @property
    def molecule(self) -> str:
        """InChIKey of a molecule that everybody may see."""
        return self.workbench.search_molecules(limit=1)[0]["inchikey"].iloc[0]

    def client(self, caller: str = "none", **options: object) -> httpx.Client:
        token = self.tokens.get(caller)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, **options)

    def get(self, path: str, caller: str = "viewer") -> httpx.Response:
        with self.client(caller) as client:
            return client.get(path)

    def post(self, path: str, body: dict, caller: str = "viewer", **options: object) -> httpx.Response:
        with self.client(caller) as client:
            return client.post(path, json=body, **options)


@pytest.fixture(scope="module")
def workbench(trained) -> Iterator[Workbench]:
    """A workbench over a database of its own that holds one small model."""
    with trained() as workbench:
        yield workbench


@pytest.fixture(scope="module")
def service(workbench: Workbench, served) -> Iterator[Service]:
    """The API served on a free port."""
    tokens = _tokens(workbench)
    with served(workbench) as url:
        yield Service(workbench, url, tokens)


def _tokens(workbench: Workbench) -> dict[str, str]:
    people = {}
    for name in (*ROLES, "disabled"):
        workbench.add_user(name, name if name in ROLES else "admin")
        workbench.set_password(name, PASSWORD)
        people[name] = workbench.sign_in(name, PASSWORD)
    tokens = {name: issue_token(workbench, person) for name, person in people.items()}
    workbench.disable_user("disabled")
    expired = issue_token(workbench, people["admin"], timedelta(seconds=-1))
    revoked = workbench.add_token("admin", "an old one")
    workbench.revoke_token(workbench.tokens().iloc[0]["id"])
    signed_out = issue_token(workbench, people["admin"])
    workbench.sign_out(workbench.token_claims(signed_out))
    admin = workbench.acting_as(people["admin"])
    more = {"expired": expired, "invalid": f"{tokens['admin'][:-3]}abc", "revoked": revoked, "signed_out": signed_out}
    keys = {"monitoring": "monitoring", "read_key": "read", "full_key": "all"}
    return tokens | more | {caller: admin.add_token("admin", caller, scope) for caller, scope in keys.items()}


OPEN = dict.fromkeys(CALLERS, 200)
SIGNED_IN = dict.fromkeys(CALLERS, 401) | dict.fromkeys((*ROLES, "read_key", "full_key"), 200) | {"monitoring": 403}
"""The two keys are an admin's; one is for reading, so it may what a viewer may."""
RESEARCHER = SIGNED_IN | {"viewer": 403, "read_key": 403}
ADMIN = RESEARCHER | {"researcher": 403}
OWN = SIGNED_IN | {"read_key": 403, "full_key": 403}
MONITORS = ADMIN | {"monitoring": 200}


def answered(callers: dict[str, int], status: int) -> dict[str, int]:
    """Return what a route answers that admits these callers but does not answer with 200."""
    return {caller: status if number == 200 else number for caller, number in callers.items()}


ROUTES = {
    ("GET", "/health/live"): OPEN,
    ("GET", "/health/ready"): OPEN,
    ("GET", "/api/v1/health/live"): OPEN,
    ("GET", "/api/v1/health/ready"): OPEN,
    ("GET", "/metrics"): MONITORS,
    ("GET", "/api/v1/system/health"): OPEN,
    ("POST", "/api/v1/session"): OPEN,
    # The session of this request is signed in only for it: others of the matrix still need theirs.
    ("DELETE", "/api/v1/session"): answered(OWN, 204),
    ("POST", "/api/v1/session/password"): answered(OWN, 422),
    ("GET", "/api/v1/session/tokens"): OWN,
    ("POST", "/api/v1/session/tokens"): answered(OWN, 201),
    ("DELETE", "/api/v1/session/tokens/{token_id}"): answered(OWN, 404),
    ("GET", "/api/v1/targets"): SIGNED_IN,
    ("POST", "/api/v1/predict"): SIGNED_IN,
    # A query without target; who may ask is told so.
    ("POST", "/api/v1/predict/stream"): answered(SIGNED_IN, 422),
    ("GET", "/api/v1/models"): SIGNED_IN,
    ("GET", "/api/v1/models/{target}"): SIGNED_IN,
    ("GET", "/api/v1/models/{target}/{version}"): SIGNED_IN,
    ("GET", "/api/v1/models/{target}/card"): SIGNED_IN,
    ("GET", "/api/v1/models/{target}/compare"): answered(SIGNED_IN, 422),
    # What is asked for cannot be: who may ask is told why.
    ("POST", "/api/v1/models/{target}/train"): answered(RESEARCHER, 422),
    ("POST", "/api/v1/models/{target}/propose"): answered(RESEARCHER, 404),
    ("GET", "/api/v1/datasets"): SIGNED_IN,
    ("GET", "/api/v1/datasets/{target}/rows"): SIGNED_IN,
    ("POST", "/api/v1/datasets/{target}/rows"): answered(RESEARCHER, 422),
    ("GET", "/api/v1/datasets/{target}/snapshots"): SIGNED_IN,
    ("GET", "/api/v1/datasets/{target}/snapshots/{snapshot_id}"): answered(SIGNED_IN, 404),
    ("GET", "/api/v1/molecules"): SIGNED_IN,
    ("GET", "/api/v1/molecules/{inchikey}"): SIGNED_IN,
    ("GET", "/api/v1/jobs"): SIGNED_IN,
    ("GET", "/api/v1/jobs/{job_id}"): answered(SIGNED_IN, 404),
    ("POST", "/api/v1/jobs/{job_id}/cancel"): answered(RESEARCHER, 404),
    # The only version is current already, and none was so before.
    ("POST", "/api/v1/models/{target}/promote"): answered(ADMIN, 409),
    ("POST", "/api/v1/models/{target}/rollback"): answered(ADMIN, 409),
    ("GET", "/api/v1/evaluations"): SIGNED_IN,
    ("GET", "/api/v1/evaluations/{evaluation_id}"): SIGNED_IN,
    ("POST", "/api/v1/evaluations"): answered(RESEARCHER, 422),
    ("GET", "/api/v1/reports"): SIGNED_IN,
    ("GET", "/api/v1/reports/catalogue"): SIGNED_IN,
    ("POST", "/api/v1/reports/{name}/run"): answered(ADMIN, 404),
    ("GET", "/api/v1/reports/{run_id}/page"): answered(SIGNED_IN, 404),
    ("GET", "/api/v1/system/audit"): ADMIN,
    ("GET", "/api/v1/system/sessions"): ADMIN,
    ("GET", "/api/v1/system/database/health"): MONITORS,
    ("POST", "/api/v1/system/database/fix"): ADMIN,
}
BODIES = {
    "/api/v1/models/{target}/train": {"estimator": "mean", "search": "grid"},
    "/api/v1/models/{target}/propose": {"version": 999, "reason": "tried"},
    "/api/v1/models/{target}/promote": {"version": 1, "reason": "tried"},
    "/api/v1/models/{target}/rollback": {"reason": "tried"},
    "/api/v1/session": {"name": "viewer", "password": PASSWORD},
    "/api/v1/session/password": {"old": PASSWORD, "new": "short"},
    "/api/v1/session/tokens": {"name": "a program", "scope": "read"},
    "/api/v1/predict": {"target": "tg", "smiles": ["OCC(O)CO"]},
    "/api/v1/system/database/fix": {"classes": ["keys"]},
    "/api/v1/reports/{name}/run": {"parameters": {}},
}


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: " ".join(route))
def test_each_route_admits_whom_it_should(service, route, caller):
    method, path = route
    evaluation_id = service.workbench.latest_evaluation("tg")["id"]
    ids = dict.fromkeys(("evaluation_id", "job_id", "token_id", "snapshot_id", "run_id"), evaluation_id)
    address = path.format(target="tg", version=1, inchikey=service.molecule, name="weather", **ids)
    with service.client(caller) as client:
        if (method, path) == ("DELETE", "/api/v1/session") and caller in ROLES:
            own = issue_token(service.workbench, service.workbench.sign_in(caller, PASSWORD))
            client.headers["Authorization"] = f"Bearer {own}"
        answer = client.request(method, address, json=BODIES.get(path))

    assert answer.status_code == ROUTES[route][caller], answer.text


def test_the_matrix_holds_every_documented_route(service):
    document = service.get("/openapi.json", "none").json()

    documented = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert documented == set(ROUTES)


def test_the_document_says_where_one_must_sign_in(service):
    paths = service.get("/openapi.json", "none").json()["paths"]
    asks = {(method.upper(), path) for path, item in paths.items() for method in item if item[method].get("security")}

    assert asks == {route for route, answers in ROUTES.items() if answers["none"] == 401}


def test_documentation_is_open_and_loads_nothing_from_elsewhere(service):
    answer = service.get("/docs", "none")

    assert answer.status_code == 200
    assert "https://" not in answer.text


def test_a_refusal_is_problem_details(service):
    answer = service.get("/api/v1/targets", "none")

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json() | {"detail": ""} == {
        "type": "urn:cryokit:problem:unauthenticated",
        "title": "Unauthenticated",
        "status": 401,
        "code": "unauthenticated",
        "detail": "",
    }


def test_the_cookie_of_the_login_page_opens_the_api(service):
    with service.client() as client:
        client.post("/login", data={"name": "viewer", "password": PASSWORD})
        answer = client.get("/api/v1/targets")

    assert answer.status_code == 200


def test_the_login_cookie_is_closed_to_scripts_and_other_sites(service):
    with service.client() as client:
        cookie = client.post("/login", data={"name": "viewer", "password": PASSWORD}).headers["set-cookie"]

    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


def test_the_login_cookie_is_secure_off_this_machine(service):
    with service.client() as client:
        form = {"name": "viewer", "password": PASSWORD}
        cookie = client.post("/login", data=form, headers={"Host": "lab.example"}).headers["set-cookie"]

    assert "Secure" in cookie.split("; ")


def test_a_login_without_https_off_this_machine_says_what_is_wrong(service):
    with service.client() as client:
        page = client.get("/login", headers={"Host": "lab.example"}).text

    assert "opened without https" in page


def test_a_wrong_bearer_token_is_not_saved_by_a_good_cookie(service):
    with service.client(cookies={COOKIE: service.tokens["viewer"]}) as client:
        answer = client.get("/api/v1/targets", headers={"Authorization": "Bearer nonsense"})

    assert answer.status_code == 401


def test_logout_takes_the_cookie_back(service):
    with service.client() as client:
        client.post("/login", data={"name": "viewer", "password": PASSWORD})
        client.post("/logout")
        answer = client.get("/api/v1/targets")

    assert answer.status_code == 401


def test_a_wrong_password_shows_the_form_again(service):
    with service.client() as client:
        answer = client.post("/login", data={"name": "viewer<b>", "password": "wrong"})

    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "viewer&lt;b&gt;" in answer.text


def test_a_disabled_account_cannot_sign_in(service):
    answer = service.post("/api/v1/session", {"name": "disabled", "password": PASSWORD}, "none")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_the_eleventh_failure_is_told_to_wait(service):
    wrong = {"name": "nobody", "password": "wrong"}
    statuses = [service.post("/api/v1/session", wrong, "none").status_code for _ in range(10)]
    answer = service.post("/api/v1/session", wrong, "none")

    assert statuses == [401] * 10
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["retry-after"]) <= 900


def test_another_sites_form_cannot_log_in(service):
    with service.client() as client:
        form = {"name": "viewer", "password": PASSWORD}
        answer = client.post("/login", data=form, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


def test_predictions_are_those_of_the_workbench(service):
    answer = service.post("/api/v1/predict", {"target": "tg", "smiles": ["OCC(O)CO", "CCO"]}).json()

    expected = service.workbench.predict("tg", ["OCC(O)CO", "CCO"])
    assert [item["value"] for item in answer["predictions"]] == expected["value"].tolist()
    assert [item["upper"] for item in answer["predictions"]] == expected["upper"].tolist()


def test_a_prediction_says_all_that_is_promised(service):
    answer = service.post("/api/v1/predict", {"target": "tg", "smiles": ["CS(C)=O"]}).json()

    promised = "row target smiles value unit lower upper confidence model_version in_training in_domain domain_reasons"
    assert set(promised.split()) <= set(answer["predictions"][0])


def test_a_prediction_says_where_it_stands_among_known_cryoprotectants(service):
    answer = service.post("/api/v1/predict", {"target": "tg", "smiles": ["OCC(O)CO", "CCO"]}).json()

    known = known_cryoprotectants("tg").groupby("inchikey")["value"].median()
    for item in answer["predictions"]:
        assert item["known_compounds"] == len(known)
        assert item["known_fraction_below"] == pytest.approx((known < item["value"]).mean())


def test_bad_rows_are_listed_beside_the_good_ones(service):
    answer = service.post("/api/v1/predict", {"target": "tg", "smiles": ["nonsense", "CCO", ""]}).json()

    assert [item["row"] for item in answer["predictions"]] == [1]
    assert [item["row"] for item in answer["problems"]] == [0, 2]
    assert "nonsense" in answer["problems"][0]["message"]


@pytest.mark.parametrize("missing", IRI_CONDITIONS)
def test_a_missing_condition_is_refused_by_name(service, missing):
    given = {name: value for name, value in IRI_CONDITIONS.items() if name != missing}
    answer = service.post("/api/v1/predict", {"target": "iri", "smiles": ["CCO"]} | given)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert missing in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"target": "viability", "smiles": ["CCO"]}, "recipes"),
        ({"target": "tg"}, "smiles"),
        ({"target": "tg", "smiles": []}, "smiles"),
        ({"target": "tg", "smiles": ["C"] * 10_001}, "10000"),
        ({"target": "tg", "smiles": ["C"], "temprature": 1}, "temprature"),
        ({"target": "tg", "smiles": ["C"], "version": 0}, "version"),
    ],
)
def test_a_wrong_request_says_which_field(service, body, word):
    answer = service.post("/api/v1/predict", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert word in answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/models/unknown",
        "/api/v1/models/tg/999",
        f"/api/v1/evaluations/{uuid.UUID(int=1)}",
        "/api/v1/nothing",
    ],
)
def test_what_is_not_there_is_a_404(service, path):
    answer = service.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/session", rb'{"name": "a\u0000b", "password": "wrong"}'),
        ("/api/v1/session", rb'{"name": "a\ud800b", "password": "wrong"}'),
        ("/api/v1/session", rb'{"name": "viewer", "password": "\ud800"}'),
        ("/api/v1/predict", rb'{"target": "tg", "smiles": ["C\ud800"]}'),
        ("/api/v1/predict", rb'{"target": "tg", "smiles": ["C\u0000"]}'),
        ("/api/v1/predict", rb'{"target": "\ud800", "smiles": ["C"]}'),
        ("/api/v1/predict", rb'{"target": "tg", "smiles": ["C"], "\ud800": 1}'),
    ],
)
def test_text_that_nothing_can_store_is_refused_as_input(service, path, body):
    with service.client("viewer") as client:
        answer = client.post(path, content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("field", ["name=a%00b&password=wrong", "name=%ED%A0%80&password=wrong", "name=a&password=%00"])
def test_the_login_form_takes_such_text_for_a_wrong_login(service, field):
    with service.client() as client:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = client.post("/login", content=field, headers=headers)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"target": "tg", "smiles": ["CCO"], "cell": "BPAEC"}, "cell"),
        ({"target": "iri", "smiles": ["CCO"], "minutes": 3} | IRI_CONDITIONS, "minutes"),
    ],
)
def test_a_condition_of_another_target_is_refused(service, body, word):
    answer = service.post("/api/v1/predict", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert f"takes no {word}" in answer.json()["detail"]


def test_an_unknown_target_is_a_404(service):
    assert service.post("/api/v1/predict", {"target": "unknown", "smiles": ["C"]}).status_code == 404


def test_an_evaluation_is_the_stored_record(service):
    stored = service.workbench.latest_evaluation("tg")
    answer = service.get(f"/api/v1/evaluations/{stored['id']}").json()

    assert answer["metrics"]["mae"] == stored["metrics"]["mae"]
    assert [row["measured"] for row in answer["rows"]] == stored["rows"]["measured"].tolist()


def test_targets_tell_their_conditions(service):
    targets = {item["target"]: item for item in service.get("/api/v1/targets").json()}

    assert [item["name"] for item in targets["iri"]["conditions"]] == list(IRI_CONDITIONS)
    assert targets["tg"]["newest_version"] == 1
    assert targets["iri"]["newest_version"] is None


def test_every_answer_has_an_id_and_security_headers(service):
    headers = service.get("/api/v1/nothing").headers

    assert len(headers["x-request-id"]) == 32
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_an_announced_large_body_is_refused_before_it_comes(service):
    address = httpx.URL(service.url)
    connection = http.client.HTTPConnection(address.host, address.port, timeout=10)
    connection.putrequest("POST", "/api/v1/predict")
    connection.putheader("Content-Length", str(MAX_BODY_BYTES + 1))
    connection.endheaders()
    answer = connection.getresponse()

    assert (answer.status, answer.headers["content-type"]) == (413, "application/problem+json")
    connection.close()


def test_ready_says_which_part_fails(service, served, tmp_path):
    broken = Workbench(
        service.workbench.settings.model_copy(update={"state_dir": tmp_path}), service.workbench.database
    )
    with served(broken) as url:
        answer = httpx.get(f"{url}/health/ready", timeout=30)

    assert answer.status_code == 503
    assert answer.json()["checks"]["models"] == {"status": "fail"}


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_ready_tells_details_to_people_who_are_signed_in(service, prefix):
    told = service.get(f"{prefix}/health/ready").json()["checks"]
    kept = service.get(f"{prefix}/health/ready", "none").json()["checks"]

    assert all(check["detail"] for check in told.values())
    assert kept == {name: {"status": "pass"} for name in ("database", "schema", "models", "dask", "disk")}


def test_two_versions_are_compared_by_what_is_stored(service):
    path = "/api/v1/models/tg/compare?version_a=1&version_b="
    service.workbench.train("tg", estimator="mean", is_candidate=True)
    service.workbench.train("tg", estimator="mean", seed=4, is_candidate=True)
    with service.workbench.database.service() as connection:
        other_recipe = """UPDATE cryo.model_version SET recipe = recipe || '{"minimum_rows": 3}' WHERE version = 3"""
        connection.execute(text(other_recipe))
    same, other, itself = (service.get(f"{path}{number}", "viewer") for number in (2, 3, 1))

    assert same.json()["paired"]["difference"] == 0
    assert same.json()["first"] == same.json()["second"]
    assert "stored evaluations of both" in same.json()["basis"]
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert "cryokit compare tg 1 3" in other.json()["detail"]
    assert itself.status_code == 422
