"""The schedule of reports as cron lines and timers."""

import re
from pathlib import Path

import pytest
import yaml

from cryokit import reports, scheduling
from cryokit.errors import InputError

ENVIRONMENT = Path("/srv/cryokit/staging")
RULES = Path(__file__).resolve().parents[2] / "ops" / "monitoring" / "rules" / "reports.yml"


def test_cron_runs_each_report_in_the_release_that_serves():
    lines = scheduling.cron_lines(ENVIRONMENT).splitlines()
    script = "/srv/cryokit/staging/live/release/ops/cryokit.sh /srv/cryokit/staging"

    assert f"10 3 * * * cryokit {script} report run validation -p target=tg" in lines
    assert len(lines) == 1 + len(reports.planned())


def test_each_timer_has_its_service_and_makes_up_for_what_was_missed(tmp_path):
    written = scheduling.write_units(ENVIRONMENT, tmp_path)
    timers = {file.stem for file in written if file.suffix == ".timer"}

    assert timers == {file.stem for file in written if file.suffix == ".service"}
    assert len(timers) == len(reports.planned())
    assert "OnCalendar=*-*-* 02:50:00\n" in (tmp_path / "cryokit-report-health.timer").read_text()
    assert all("Persistent=true" in (tmp_path / f"{name}.timer").read_text() for name in timers)


def test_the_plan_is_in_the_order_of_its_times():
    times = [one.at for one in reports.planned()]

    assert times == sorted(times)


@pytest.mark.parametrize("time", ["25:00", "3:10", "03:60", 190])
def test_a_time_that_is_none_is_refused(time):
    health = reports.report_named("health")
    wrong = reports.Report("health", health.title, health.notebook, 60, schedule=({"at": time},))

    with pytest.raises(InputError, match="a time is written as 03:10"):
        reports.planned([wrong])


def test_every_daily_report_is_missed_by_an_alert():
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    expression = next(rule["expr"] for rule in rules if rule["alert"] == "ReportMissed")
    names = re.search(r'name=~"([^"]*)"', expression)[1].split("|")

    assert sorted(names) == sorted({one.report.name for one in reports.planned()})
