"""What this process counts; hosts, PostgreSQL and the proxy are measured by their own exporters."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

REGISTRY = CollectorRegistry()
"""Everything that `/metrics` shows of this process."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUESTS = Counter("cryokit_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY)
ERRORS = Counter(
    "cryokit_errors", "Requests answered with an error, by its code.", ["route", "code"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "cryokit_request_seconds", "Time from request to answer.", ["method", "route"], buckets=_SECONDS, registry=REGISTRY
)
REQUEST_DATABASE_SECONDS = Histogram(
    "cryokit_request_database_seconds",
    "Part of that time that was spent waiting for the database.",
    ["method", "route"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
REQUESTS_IN_PROGRESS = Gauge("cryokit_requests_in_progress", "Requests being answered now.", registry=REGISTRY)
WEBSOCKETS_OPEN = Gauge("cryokit_websockets_open", "Websockets of open pages.", registry=REGISTRY)
PREDICTIONS = Counter("cryokit_predictions", "Rows predicted.", ["target", "version", "in_domain"], registry=REGISTRY)
PREDICTION_SECONDS = Histogram(
    "cryokit_prediction_seconds", "Time of one batch of predictions.", ["target"], buckets=_SECONDS, registry=REGISTRY
)
ProcessCollector(registry=REGISTRY)

__all__ = ["CONTENT_TYPE_LATEST", "REGISTRY", "generate_latest"]
