"""Who runs reports over pages and API, who reads them, and what was done, for administrators."""

from pathlib import Path

import httpx
import pandas as pd
import pytest

from cryokit.api.auth import issue_token
from cryokit.errors import AccessError, ConflictError, InputError, NotFoundError
from cryokit.sources.bundled import bundled_rows
from cryokit.workbench import Workbench
from cryokit.workbench.exports import csv_text, xlsx_bytes


@pytest.fixture
def workbench(people) -> Workbench:
    return Workbench(people.database.settings, people.database)


def finished(workbench: Workbench, name: str = "validation", **parameters: object) -> str:
    """Write down a run whose page is there, and return it."""
    folder = workbench.settings.reports_dir
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{name}.html"
    page.write_text("<p>a page</p><script>1</script>")
    run_id = workbench.registry.store_report_run(name, parameters)
    workbench.registry.finish_report_run(run_id, path=str(page))
    return run_id


def test_everybody_reads_the_page_of_a_report_and_it_reaches_nothing(workbench, people, served):
    run_id = finished(workbench, target="tg")
    with served(workbench) as url:
        bearer = {"Authorization": f"Bearer {issue_token(workbench, people.viewer)}"}
        answer = httpx.get(f"{url}/api/v1/reports/{run_id}/page", headers=bearer)
        unknown = httpx.get(f"{url}/api/v1/reports/{run_id}/page")

    policy = answer.headers["content-security-policy"]
    assert answer.text.startswith("<p>a page</p>")
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert unknown.status_code == 401


def test_a_state_folder_may_move(workbench, people):
    page = workbench.settings.reports_dir / "moved.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("<p>a page</p>")
    run_id = workbench.registry.store_report_run("validation", {"target": "tg"})
    workbench.registry.finish_report_run(run_id, path="/srv/before/reports/moved.html")

    assert workbench.acting_as(people.viewer).report_page(run_id) == page


def test_only_administrators_read_what_is_for_them(workbench, people):
    run_id = finished(workbench, "health")

    assert workbench.acting_as(people.admin).report_page(run_id).is_file()
    with pytest.raises(AccessError, match="only administrators see"):
        workbench.acting_as(people.researcher).report_page(run_id)


def test_rows_of_the_installation_alone_close_the_reports_of_their_target(workbench, people):
    of_tg, of_iri = finished(workbench, target="tg"), finished(workbench, target="iri")
    workbench.registry.store_measurements(bundled_rows("tg").head(2), "tg", is_public=False)
    viewer = workbench.acting_as(people.viewer)

    assert viewer.report_page(of_iri).is_file()
    with pytest.raises(AccessError):
        viewer.report_page(of_tg)


def test_a_run_without_a_page_says_why(workbench, people, tmp_path):
    viewer = workbench.acting_as(people.viewer)
    failed = workbench.registry.store_report_run("validation", {})
    workbench.registry.finish_report_run(failed, error="cell 3: no rows")
    elsewhere = workbench.registry.store_report_run("validation", {})
    (tmp_path / "secret.html").write_text("secret")
    workbench.registry.finish_report_run(elsewhere, path=str(tmp_path / "secret.html"))

    with pytest.raises(ConflictError, match="cell 3: no rows"):
        viewer.report_page(failed)
    with pytest.raises(NotFoundError):
        viewer.report_page(elsewhere)
    with pytest.raises(NotFoundError):
        viewer.report_page("nothing")


def test_only_administrators_run_reports_for_all(workbench, people):
    with pytest.raises(AccessError):
        workbench.acting_as(people.researcher).run_report_for("validation", {})
    with pytest.raises(NotFoundError):
        workbench.acting_as(people.admin).run_report_for("weather", {})
    [event] = workbench.acting_as(people.admin).audit("report_asked_for").to_dict("records")

    assert (event["actor"], event["object"]) == ("Admin", "weather")


def test_the_catalogue_says_what_a_report_takes(workbench):
    found = {item["name"]: item for item in workbench.report_catalogue()}

    assert [item["name"] for item in found["validation"]["parameters"]][:1] == ["target"]
    assert found["health"]["readers"] == "administrators"
    assert all(item["description"] for report in found.values() for item in report["parameters"])


# Audit


def test_the_audit_is_searched_and_read_page_by_page(workbench, people):
    admin = workbench.acting_as(people.admin)
    admin.add_token("Admin", "first", "read")
    workbench.add_user("Grace", "viewer")
    admin.add_token("Admin", "second", "read")
    mine = admin.audit("admin")
    first = admin.audit(limit=1)
    second = admin.audit(before=int(first["id"].iloc[0]), limit=1)

    assert mine["action"].tolist() == ["token_added", "token_added"]
    assert (first["detail"].iloc[0]["name"], second["action"].iloc[0]) == ("second", "user_added")
    assert pd.isna(second["actor"].iloc[0])


def test_the_audit_is_for_administrators(workbench, people):
    with pytest.raises(AccessError):
        workbench.acting_as(people.researcher).audit()
    with pytest.raises(InputError):
        workbench.acting_as(people.admin).audit(limit=0)


# Exports


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_is_computed_by_a_spreadsheet(text, tmp_path: Path):
    table = pd.DataFrame({text: [text, 1.5, None], "values": [-1.0, 2.0, 3.0]})
    written = csv_text(table)
    (tmp_path / "table.xlsx").write_bytes(xlsx_bytes(table))

    assert f"'{text}" in written.replace('"', "")
    assert "-1.0" in written  # numbers stay numbers
    assert (tmp_path / "table.xlsx").read_bytes()[:2] == b"PK"
