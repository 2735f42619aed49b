"""Metrics for Prometheus."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cryokit.api.auth import require_monitoring
from cryokit.api.problems import RESPONSES
from cryokit.telemetry import metrics
from cryokit.workbench.statuses import GAUGE

router = APIRouter(tags=["system"], responses={401: RESPONSES[401], 403: RESPONSES[403]})


@router.get("/metrics", dependencies=[Depends(require_monitoring)], response_class=Response)
def read_metrics(request: Request) -> Response:
    """Return the metrics of this process and of the rows; for admins and keys of the scope monitoring."""
    state = metrics.CollectorRegistry()
    state.register(StateCollector(request.app.state.monitored.value(), len(request.app.state.documents)))
    text = metrics.generate_latest(metrics.REGISTRY) + metrics.generate_latest(state)
    return Response(text, media_type=metrics.CONTENT_TYPE_LATEST)


class StateCollector(Collector):
    """Figures that lie in the database, as metrics."""

    def __init__(self, state: dict[str, Any], documents: int) -> None:
        self.state, self.documents = state, documents

    def collect(self) -> Iterator[Metric]:
        """Yield each family."""
        yield GaugeMetricFamily("cryokit_page_documents", "Documents of open pages.", self.documents)
        readable = 0 if "unreadable" in self.state else 1
        yield GaugeMetricFamily("cryokit_state_readable", "Whether the rows behind these figures answer.", readable)
        ready = {(name,): GAUGE[item["status"]] for name, item in self.state["ready"].items()}
        yield _family("cryokit_component_up", "1 pass, 0 fail: what requests need.", ["component"], ready)
        versions = {(target,): version for target, version in self.state["versions"].items()}
        yield _family("cryokit_model_current_version", "Version that is used.", ["target"], versions)
        yield from self._pool()
        yield from self._runs()
        yield from self._findings()
        yield from self._backups()

    def _pool(self) -> Iterator[Metric]:
        pool = self.state["pool"].items()
        used = {(login,): figures[0] for login, figures in pool}
        limit = {(login,): figures[1] for login, figures in pool}
        yield _family("cryokit_pool_connections_used", "Connections in use.", ["login"], used)
        yield _family("cryokit_pool_connections_limit", "Connections that may be used.", ["login"], limit)

    def _runs(self) -> Iterator[Metric]:
        for metric, column, told in (
            ("cryokit_run_last_success_timestamp_seconds", "succeeded_at", "When it last succeeded."),
            ("cryokit_run_last_duration_seconds", "seconds", "How long the last success took."),
            ("cryokit_runs_running", "running", "How many run now."),
            ("cryokit_runs_failed_since_success", "failed", "How many failed since it last succeeded."),
        ):
            values = {
                (run["family"], run["name"]): run[column]
                for run in self.state["runs"]
                if run[column] is not None and run[column] == run[column]
            }
            yield _family(metric, told, ["family", "name"], values)

    def _findings(self) -> Iterator[Metric]:
        newest = self.state["findings"]
        if newest is None:
            return
        found = {(severity,): newest[severity] for severity in ("error", "warning", "info")}
        yield _family("cryokit_health_findings", "Findings of the newest check.", ["severity"], found)
        yield GaugeMetricFamily("cryokit_health_orphan_findings", "Of these, rows without parent.", newest["orphans"])
        yield GaugeMetricFamily("cryokit_health_checked_timestamp_seconds", "When that was.", newest["checked_at"])

    def _backups(self) -> Iterator[Metric]:
        for column, metric, told in (
            ("proved_at", "cryokit_backup_proved_timestamp_seconds", "Begin of the newest proved backup."),
            (
                "remote_at",
                "cryokit_backup_remote_timestamp_seconds",
                "Begin of the newest backup that is elsewhere too.",
            ),
            ("drilled_at", "cryokit_backup_drilled_timestamp_seconds", "When a restore was last tried and passed."),
            ("seconds", "cryokit_backup_duration_seconds", "Longest proved backup of two days."),
            ("unproved", "cryokit_backups_unproved", "Backups older than an hour that nobody proved."),
        ):
            value = self.state["backups"].get(column)
            if value is not None:
                yield GaugeMetricFamily(metric, told, float(value))


def _family(name: str, told: str, labels: list[str], values: dict[tuple[str, ...], float]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels)
    for names, value in values.items():
        family.add_metric(names, float(value))
    return family
