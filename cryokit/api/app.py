"""The REST application."""

from functools import partial
from typing import Any
from weakref import WeakSet

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from cryokit import __version__
from cryokit.api import account, login, login_elsewhere, middleware, problems
from cryokit.api.kept import Kept
from cryokit.api.observing import ObservingMiddleware
from cryokit.api.routes import (
    database,
    datasets,
    evaluations,
    health,
    jobs,
    metrics,
    models,
    molecules,
    predictions,
    reports,
    session,
    system,
    targets,
)
from cryokit.api.tabs import TabsMiddleware
from cryokit.api.throttle import LoginThrottle
from cryokit.workbench import Workbench
from cryokit.workbench.monitoring import Since

PREFIX = "/api/v1"
_DESCRIPTION = "Predictions for cryoprotectant discovery. Errors are problem details (RFC 9457) with a stable code."
_ROUTERS = (
    health.router,
    session.router,
    targets.router,
    predictions.router,
    models.router,
    datasets.router,
    molecules.router,
    jobs.router,
    evaluations.router,
    reports.router,
    system.router,
    health.system_router,
    database.router,
)


def create_app(workbench: Workbench) -> FastAPI:
    """Return the REST application over `workbench`, with login page and open documentation."""
    app = FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        title="cryokit",
        version=__version__,
        description=_DESCRIPTION,
    )
    app.state.workbench = workbench
    app.state.throttle = LoginThrottle()
    app.state.readiness = Kept(workbench.readiness, seconds=1.0)
    app.state.monitored = Kept(workbench.monitored_state, seconds=1.0)
    app.state.system_health = Kept(partial(_told, workbench, Since()))
    app.state.database_health = Kept(workbench.database_health)
    app.state.documents = WeakSet()
    app.state.streaming = set()
    app.state.page_paths = frozenset()
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(login.router)
    app.include_router(login_elsewhere.router)
    app.include_router(account.router)
    for router in _ROUTERS:
        app.include_router(router, prefix=PREFIX)
    problems.install(app)
    _wrap(app)
    return app


def _told(workbench: Workbench, since: Since) -> dict[str, Any]:
    return since.told(workbench.system_health())


def _wrap(app: FastAPI) -> None:
    """Put our layers outside Starlette's own, so that even the answer to a crash has an id and headers."""
    build_inner = app.build_middleware_stack

    def build() -> middleware.App:
        stack = TabsMiddleware(build_inner(), app.state.workbench)
        stack = middleware.OriginMiddleware(stack)
        stack = middleware.BodyLimitMiddleware(stack)
        stack = middleware.SecurityHeadersMiddleware(stack)
        stack = ObservingMiddleware(stack)
        return middleware.RequestIdMiddleware(stack)

    app.build_middleware_stack = build
