"""The Models page: train from it, read the card, promote and roll back; what a viewer cannot do is not there."""

import re
import secrets
import time

import httpx
import pytest

from tests.e2e.axe import violations

PATH = "/models?target=viability"


def api(address, token, role, method, path, **given):
    """Ask the API as one role."""
    headers = {"Authorization": f"Bearer {token(role)}"}
    return httpx.request(method, f"{address}/api/v1{path}", headers=headers, timeout=60, **given)


def versions(address, token, *, are_current=False):
    """Return the numbers of the versions, or of the current one alone."""
    known = api(address, token, "admin", "GET", "/models/viability").json()
    return [item["version"] for item in known if item["is_current"] or not are_current]


def newest_version(address, token):
    return max(versions(address, token))


def finished(address, token, job_id, patience_seconds=240):
    """Wait for the end of a job."""
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        job = api(address, token, "admin", "GET", f"/jobs/{job_id}").json()
        if job["status"] not in ("queued", "running"):
            return job
        time.sleep(0.5)
    pytest.fail(f"job {job_id} was not done in {patience_seconds} s: {job}")


@pytest.fixture(scope="module")
def desk(common_visit):
    """An administrator's page of the models for viability."""
    visit = common_visit("admin")
    visit.open(PATH, button="Train", has_chart=False)
    return visit


def test_a_person_trains_promotes_and_rolls_back(desk, address, token):
    before, current = newest_version(address, token), versions(address, token, are_current=True)
    visit, page = desk, desk.page
    page.get_by_label("Estimator").click()
    page.get_by_role("option", name="ridge").click()
    page.get_by_role("button", name="Train", exact=True).click()

    page.get_by_text("it goes on when this page is closed").wait_for()
    page.get_by_text(f"version {before + 1}. stays a candidate").wait_for(timeout=240_000)
    page.get_by_label("Version").click()
    page.get_by_role("option", name=str(before + 1), exact=True).click()
    page.get_by_role("cell", name=re.compile("ridge")).first.wait_for()
    page.get_by_label("Reason").fill("to see that it moves")
    page.get_by_role("button", name="Make this version current").click()
    page.get_by_text("recorded and shown").wait_for()  # it has no skill, and says what that needs
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Make this version current").click()
    page.get_by_text(f"Version {before + 1} is the current one now.").wait_for()
    visit.screenshot("models-light")
    page.get_by_role("button", name="Roll back").click()
    page.get_by_text("current before is so again").wait_for()

    assert versions(address, token, are_current=True) == current


def trained(address, token, order):
    """Train over the API and return the job's result with what the new version predicts."""
    answer = api(address, token, "admin", "POST", "/models/viability/train", json=order)
    assert answer.status_code == 202
    assert answer.headers["Location"].endswith(answer.json()["id"])
    job = finished(address, token, answer.json()["id"])
    assert job["status"] == "succeeded", job
    asked = {"target": "viability", "version": job["result"]["version"], "recipes": ["glycerol=6 mol/kg"]}
    asked |= {"cell": "BPAEC", "assay": "calcein", "temperature_kelvin": 277.15, "minutes": 30}
    asked |= {"endpoint": "exposure_survival"}
    predicted = api(address, token, "admin", "POST", "/predict", json=asked)
    assert predicted.status_code == 200, predicted.text
    [row] = predicted.json()["predictions"]
    return job["result"] | {"numbers": (row["value"], row["lower"], row["upper"])}


def test_equal_orders_give_equal_predictions_and_others_do_not(address, token):
    first, again, other = (trained(address, token, {"estimator": name}) for name in ("ridge", "ridge", "svr"))

    assert first["numbers"] == again["numbers"] != other["numbers"]
    assert first["artifact_sha256"] != other["artifact_sha256"]


def test_a_training_is_cancelled_and_leaves_no_version(address, token):
    before = newest_version(address, token)
    asked = api(address, token, "admin", "POST", "/models/tg/train", json={"estimator": "gaussian_process"}).json()
    cancelled = api(address, token, "admin", "POST", f"/jobs/{asked['id']}/cancel")

    assert cancelled.json()["status"] == "cancelled"
    time.sleep(2)
    assert api(address, token, "admin", "GET", f"/jobs/{asked['id']}").json()["status"] == "cancelled"
    assert newest_version(address, token) == before


def test_a_viewer_reads_and_cannot_train(new_visit, address, token):
    visit = new_visit("viewer", width=390)
    page = visit.open(PATH, button="Sign out", has_chart=False)
    page.get_by_role("heading", name="Model card").wait_for()
    page.get_by_role("heading", name="Provenance").wait_for()

    assert page.get_by_role("button", name="Train").count() == 0
    assert page.get_by_role("button", name="Roll back").count() == 0
    assert api(address, token, "viewer", "POST", "/models/viability/train", json={}).status_code == 403
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    visit.screenshot("models-phone")


def test_the_page_is_accessible(desk):
    visit, page = desk, desk.page
    page.get_by_role("heading", name="Provenance").wait_for()
    for scheme in visit.in_both_themes():
        visit.screenshot(f"models-{scheme}-all")

        assert violations(page) == [], scheme


def test_an_order_that_cannot_be_is_refused_with_what_can(address, token):
    answer = api(
        address, token, "admin", "POST", "/models/viability/train", json={"estimator": "mean", "search": "grid"}
    )

    assert answer.status_code == 422
    assert "no settings to search" in answer.json()["detail"]
    missing = api(address, token, "admin", "GET", f"/jobs/{secrets.token_hex(4)}")
    assert missing.status_code == 404
