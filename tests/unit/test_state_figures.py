"""What `/metrics` tells of the rows: each figure under its name, and none where nothing is known."""

import copy

from prometheus_client import CollectorRegistry, generate_latest

from cryokit.api.routes.metrics import StateCollector

RUN = {"family": "report", "name": "health", "succeeded_at": 1000.5, "seconds": 12.5, "running": 1, "failed": 2}
STATE = {
    "ready": {"database": {"status": "pass"}, "disk": {"status": "fail"}},
    "versions": {"tg": 3},
    "pool": {"cryokit_app": (2, 15)},
    "runs": [RUN],
    "findings": {"error": 1, "warning": 2, "info": 3, "orphans": 4, "checked_at": 5000.0},
    "backups": {"proved_at": 1.0, "remote_at": 2.0, "drilled_at": 3.0, "seconds": 4.0, "unproved": 5},
}
FIGURES = """\
cryokit_page_documents 9.0
cryokit_state_readable 1.0
cryokit_component_up{component="database"} 1.0
cryokit_component_up{component="disk"} 0.0
cryokit_model_current_version{target="tg"} 3.0
cryokit_pool_connections_used{login="cryokit_app"} 2.0
cryokit_pool_connections_limit{login="cryokit_app"} 15.0
cryokit_run_last_success_timestamp_seconds{family="report",name="health"} 1000.5
cryokit_run_last_duration_seconds{family="report",name="health"} 12.5
cryokit_runs_running{family="report",name="health"} 1.0
cryokit_runs_failed_since_success{family="report",name="health"} 2.0
cryokit_health_findings{severity="error"} 1.0
cryokit_health_findings{severity="warning"} 2.0
cryokit_health_findings{severity="info"} 3.0
cryokit_health_orphan_findings 4.0
cryokit_health_checked_timestamp_seconds 5000.0
cryokit_backup_proved_timestamp_seconds 1.0
cryokit_backup_remote_timestamp_seconds 2.0
cryokit_backup_drilled_timestamp_seconds 3.0
cryokit_backup_duration_seconds 4.0
cryokit_backups_unproved 5.0
"""
HELP = {
    "cryokit_page_documents": "Documents of open pages.",
    "cryokit_state_readable": "Whether the rows behind these figures answer.",
    "cryokit_component_up": "1 pass, 0 fail: what requests need.",
    "cryokit_model_current_version": "Version that is used.",
    "cryokit_pool_connections_used": "Connections in use.",
    "cryokit_pool_connections_limit": "Connections that may be used.",
    "cryokit_run_last_success_timestamp_seconds": "When it last succeeded.",
    "cryokit_run_last_duration_seconds": "How long the last success took.",
    "cryokit_runs_running": "How many run now.",
    "cryokit_runs_failed_since_success": "How many failed since it last succeeded.",
    "cryokit_health_findings": "Findings of the newest check.",
    "cryokit_health_orphan_findings": "Of these, rows without parent.",
    "cryokit_health_checked_timestamp_seconds": "When that was.",
    "cryokit_backup_proved_timestamp_seconds": "Begin of the newest proved backup.",
    "cryokit_backup_remote_timestamp_seconds": "Begin of the newest backup that is elsewhere too.",
    "cryokit_backup_drilled_timestamp_seconds": "When a restore was last tried and passed.",
    "cryokit_backup_duration_seconds": "Longest proved backup of two days.",
    "cryokit_backups_unproved": "Backups older than an hour that nobody proved.",
}


def told(documents: int = 9, **changed: object) -> list[str]:
    """Return the lines of `/metrics` for the state, changed in some parts."""
    registry = CollectorRegistry()
    registry.register(StateCollector(copy.deepcopy(STATE) | changed, documents))
    return generate_latest(registry).decode().splitlines()


def figures(**changed: object) -> list[str]:
    return [line for line in told(**changed) if not line.startswith("#")]


def test_every_figure_stands_under_its_name_with_its_meaning():
    explained = dict(line.removeprefix("# HELP ").split(" ", 1) for line in told() if line.startswith("# HELP "))

    assert figures() == FIGURES.splitlines()
    assert explained == HELP


def test_rows_that_do_not_answer_are_told_apart_from_none():
    assert "cryokit_state_readable 0.0" in figures(unreadable="away")


def test_what_never_happened_has_no_figure():
    never = RUN | {"name": "ladder", "succeeded_at": None, "seconds": float("nan")}
    lines = figures(runs=[RUN, never], findings=None, backups={"unproved": 0})

    assert [line for line in lines if "ladder" in line] == [
        'cryokit_runs_running{family="report",name="ladder"} 1.0',
        'cryokit_runs_failed_since_success{family="report",name="ladder"} 2.0',
    ]
    assert 'cryokit_run_last_duration_seconds{family="report",name="health"} 12.5' in lines
    assert not [line for line in lines if "cryokit_health" in line]
    assert [line for line in lines if "backup" in line] == ["cryokit_backups_unproved 0.0"]
