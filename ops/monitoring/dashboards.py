"""The Grafana dashboards as code: ``python ops/monitoring/dashboards.py`` writes the JSON files that are committed."""

from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import GridPos

FOLDER = Path(__file__).parent / "grafana" / "dashboards"
_HEIGHT, _WIDTH, _ACROSS = 8, 12, 24


@dataclass(frozen=True)
class Figure:
    """One panel: what it is called, its unit as Grafana names it, its query and the name of each line."""

    title: str
    unit: str
    query: str
    legend: str = ""


_ROUTES = "sum by (route) (rate({}[5m]))"
DASHBOARDS: dict[str, tuple[str, tuple[Figure, ...]]] = {
    "service": (
        "cryokit: service",
        (
            Figure("Requests", "reqps", _ROUTES.format("cryokit_requests_total"), "{{route}}"),
            Figure(
                "Errors by code", "reqps", "sum by (code) (rate(cryokit_errors_total[5m])) or vector(0)", "{{code}}"
            ),
            Figure(
                "Duration, 95 %",
                "s",
                "histogram_quantile(0.95, sum by (route, le) (rate(cryokit_request_seconds_bucket[5m])))",
                "{{route}}",
            ),
            Figure(
                "Slowest routes: mean duration",
                "s",
                "topk(5, sum by (route) (rate(cryokit_request_seconds_sum[5m]))"
                " / (sum by (route) (rate(cryokit_request_seconds_count[5m])) > 0))",
                "{{route}}",
            ),
            Figure(
                "Of that, waiting for the database",
                "s",
                "topk(5, sum by (route) (rate(cryokit_request_database_seconds_sum[5m]))"
                " / (sum by (route) (rate(cryokit_request_database_seconds_count[5m])) > 0))",
                "{{route}}",
            ),
            Figure("Under way", "short", "cryokit_requests_in_progress", "requests"),
            Figure("Open pages", "short", "cryokit_websockets_open", "websockets"),
            Figure("Components", "short", "cryokit_component_up", "{{component}}"),
        ),
    ),
    "database": (
        "cryokit: database",
        (
            Figure("PostgreSQL answers", "short", "pg_up", "up"),
            Figure("Connections", "short", "sum by (datname) (pg_stat_database_numbackends)", "{{datname}}"),
            Figure(
                "Pool in use",
                "percentunit",
                "cryokit_pool_connections_used / cryokit_pool_connections_limit",
                "{{login}}",
            ),
            Figure(
                "Statements that take most time",
                "s",
                "topk(10, sum by (query) (rate(pg_stat_statements_seconds_total[5m])))",
                "{{query}}",
            ),
            Figure(
                "Slowest statements: mean duration",
                "s",
                "topk(5, sum by (query) (rate(pg_stat_statements_seconds_total[5m]))"
                " / (sum by (query) (rate(pg_stat_statements_calls[5m])) > 0))",
                "{{query}}",
            ),
            Figure("Transactions", "ops", "sum by (datname) (rate(pg_stat_database_xact_commit[5m]))", "{{datname}}"),
            Figure("Size", "bytes", "pg_database_size_bytes", "{{datname}}"),
            Figure("Findings of the last check", "short", "cryokit_health_findings", "{{severity}}"),
        ),
    ),
    "hosts": (
        "cryokit: hosts",
        (
            Figure(
                "Processor",
                "percentunit",
                '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
                "{{instance}}",
            ),
            Figure(
                "Memory available",
                "percentunit",
                "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
                "{{instance}}",
            ),
            Figure(
                "Disk free", "percentunit", "node_filesystem_avail_bytes / node_filesystem_size_bytes", "{{mountpoint}}"
            ),
            Figure("Load", "short", "node_load5", "{{instance}}"),
            Figure("Clock", "s", "node_timex_offset_seconds", "{{instance}}"),
            Figure("Open files", "percentunit", "process_open_fds / process_max_fds", "{{job}}"),
        ),
    ),
    "models_and_jobs": (
        "cryokit: models and jobs",
        (
            Figure(
                "Predictions",
                "ops",
                "sum by (target, version) (rate(cryokit_predictions_total[5m]))",
                "{{target}} {{version}}",
            ),
            Figure(
                "Out of domain",
                "percentunit",
                '(sum by (target) (rate(cryokit_predictions_total{in_domain="false"}[1h]))'
                " or 0 * sum by (target) (rate(cryokit_predictions_total[1h])))"
                " / (sum by (target) (rate(cryokit_predictions_total[1h])) > 0)",
                "{{target}}",
            ),
            Figure(
                "Time of a batch, 95 %",
                "s",
                "histogram_quantile(0.95, sum by (target, le) (rate(cryokit_prediction_seconds_bucket[5m])))",
                "{{target}}",
            ),
            Figure("Version in use", "short", "cryokit_model_current_version", "{{target}}"),
            Figure(
                "Since the last success",
                "s",
                "time() - cryokit_run_last_success_timestamp_seconds",
                "{{family}} {{name}}",
            ),
            Figure(
                "Slowest jobs and reports", "s", "topk(10, cryokit_run_last_duration_seconds)", "{{family}} {{name}}"
            ),
            Figure("Failed since then", "short", "cryokit_runs_failed_since_success", "{{family}} {{name}}"),
        ),
    ),
    "backups": (
        "cryokit: backups",
        (
            Figure(
                "Age of the newest proved backup", "s", "time() - cryokit_backup_proved_timestamp_seconds", "proved"
            ),
            Figure("Longest backup of two days", "s", "cryokit_backup_duration_seconds", "duration"),
            Figure("Not proved", "short", "cryokit_backups_unproved", "backups"),
            Figure("WAL handed over", "short", "pg_stat_archiver_archived_count", "segments"),
        ),
    ),
    "proxy": (
        "cryokit: proxy",
        (
            Figure(
                "Answers by colour",
                "reqps",
                'sum by (server) (rate(haproxy_server_http_responses_total{proxy="colours"}[5m]))',
                "{{server}}",
            ),
            Figure(
                "Answers by status",
                "reqps",
                'sum by (code) (rate(haproxy_backend_http_responses_total{proxy="colours"}[5m]))',
                "{{code}}",
            ),
            Figure(
                "Time until the answer begins, last 1024 requests",
                "s",
                'haproxy_server_response_time_average_seconds{proxy="colours"}',
                "{{server}}",
            ),
            Figure("Weight", "short", 'haproxy_server_weight{proxy="colours"}', "{{server}}"),
            Figure("State", "short", 'haproxy_server_status{proxy="colours"} == 1', "{{server}} {{state}}"),
            Figure("Open on a colour", "short", 'haproxy_server_current_sessions{proxy="colours"}', "{{server}}"),
            Figure(
                "Sent again: a colour did not answer",
                "reqps",
                'sum by (server) (rate(haproxy_server_retry_warnings_total{proxy="colours"}[5m]))',
                "{{server}}",
            ),
            Figure("Waiting for a colour", "short", 'haproxy_backend_current_queue{proxy="colours"}', "requests"),
        ),
    ),
    "slo": (
        "cryokit: SLO",
        (
            Figure("Failed, 5 minutes", "percentunit", "cryokit:requests_failed:ratio_rate5m", "5 min"),
            Figure("Failed, 1 hour", "percentunit", "cryokit:requests_failed:ratio_rate1h", "1 h"),
            Figure("Failed, 6 hours", "percentunit", "cryokit:requests_failed:ratio_rate6h", "6 h"),
            Figure(
                "Budget left of 30 days",
                "percentunit",
                '1 - ((sum(increase(cryokit_requests_total{status=~"5.."}[30d])) or vector(0))'
                " / (sum(increase(cryokit_requests_total[30d])) > 0)) / 0.005",
                "left",
            ),
            Figure("Alerts", "short", 'count by (alertname) (ALERTS{alertstate="firing"})', "{{alertname}}"),
        ),
    ),
}


def rendered(name: str) -> str:
    """Return the JSON of one dashboard."""
    title, figures = DASHBOARDS[name]
    board = dashboard.Dashboard(title).uid(f"cryokit-{name}").tags(["cryokit"]).refresh("1m").time("now-6h", "now")
    for number, figure in enumerate(figures):
        place = GridPos(h=_HEIGHT, w=_WIDTH, x=number * _WIDTH % _ACROSS, y=number * _WIDTH // _ACROSS * _HEIGHT)
        query = prometheus.Dataquery().expr(figure.query).legend_format(figure.legend).ref_id("A")
        panel = timeseries.Panel().id(number + 1).title(figure.title).unit(figure.unit).with_target(query)
        board = board.with_panel(panel.grid_pos(place))
    return JSONEncoder(sort_keys=True, indent=1).encode(board.build()) + "\n"


def main() -> None:
    """Write every dashboard."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in DASHBOARDS:
        (FOLDER / f"{name}.json").write_text(rendered(name))


if __name__ == "__main__":
    main()
