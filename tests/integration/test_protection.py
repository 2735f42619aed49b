"""The health check of backups: what it says when they are missing, old, not proved, in one place only."""

import pytest

from cryokit.db.health import check_health
from cryokit.db.protection import protection_checks

STORED = """
    INSERT INTO cryo.backup_set (id, kind, started_at, seconds, bytes, proved_at, remote_at, manifest)
    VALUES ('20261101T000000Z-full', 'full', now() - interval '{hours} hours', 1, 1, {proved}, {remote}, '{{}}')
"""


@pytest.fixture
def findings(fresh_database):
    """What the check finds after a statement was run."""

    def run(statement: str | None = None, age_days: int = 3) -> list[tuple[str, str]]:
        with fresh_database.bootstrap() as connection, connection.begin():
            connection.exec_driver_sql(
                f"UPDATE app.applied_file SET applied_at = applied_at - interval '{age_days} days'"
            )
            if statement:
                connection.exec_driver_sql(statement)
        report = check_health(fresh_database.maintenance, "here", more_checks=protection_checks())
        assert [check.status for check in report.checks if check.name == "backups"] in (["ok"], ["finding"])
        return [(one.severity, one.message) for one in report.findings if one.check == "backups"]

    return run


def stored(hours=1, proved="now()", remote="now()"):
    return STORED.format(hours=hours, proved=proved, remote=remote)


def test_a_new_installation_has_a_day_for_its_first_backup(findings):
    assert findings(age_days=0) == []


def test_none_at_all_is_an_error(findings):
    assert findings() == [("error", "there is no proved backup")]


def test_a_fresh_proved_copy_elsewhere_is_all_that_is_wanted(findings):
    assert findings(stored()) == []


def test_an_old_one_is_an_error(findings):
    assert ("error", "the newest proved backup is 40 hours old") in findings(stored(hours=40))


def test_one_that_was_not_proved_does_not_count_and_is_named(findings):
    assert findings(stored(hours=2, proved="NULL", remote="NULL")) == [
        ("error", "there is no proved backup"),
        ("warning", "not proved by restoring: 20261101T000000Z-full"),
    ]


def test_one_from_a_wrong_clock_is_named_and_stands_in_for_no_other(findings):
    assert findings(stored(hours=-1000)) == [
        ("error", "there is no proved backup"),
        ("warning", "said to be made later than now: 20261101T000000Z-full; the clock was wrong"),
    ]


def test_one_place_only_is_told(findings):
    assert findings(stored(remote="NULL")) == [("info", "backups that would outlive this machine: none")]
