"""The joint application: REST and pages behind one login."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from hashlib import sha256
from urllib.parse import quote

import panel as pn
from bokeh.document import Document
from bokeh.server.auth import AuthPolicy
from bokeh.server.request import ServerRequest
from bokeh.util.token import get_session_id
from fastapi import APIRouter, Depends, FastAPI
from panel.io.fastapi import PanelFastAPI, add_applications
from panel.io.resources import CDN_DIST
from panel.viewable import Viewable
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

import cryokit
from cryokit import figures
from cryokit.api.app import create_app
from cryokit.api.auth import identity_of, require
from cryokit.api.lasting import YEAR_SECONDS
from cryokit.api.middleware import QueryLimitMiddleware
from cryokit.domain import Identity
from cryokit.errors import ConfigError, CryokitError
from cryokit.telemetry import logger
from cryokit.workbench import Workbench
from dashboards import (
    ASSETS_ROOT,
    _files,
    _shell,
    _tables,
    audit,
    database,
    models,
    operations,
    predict,
    reports,
    validation,
)

PAGES = (
    _shell.PageSpec("/", "Predict", "viewer", predict.build),
    _shell.PageSpec("/models", "Models", "viewer", models.build),
    _shell.PageSpec("/validation", "Validation", "viewer", validation.build),
    _shell.PageSpec("/reports", "Reports", "viewer", reports.build),
    _shell.PageSpec("/database", "Database health", "admin", database.build),
    _shell.PageSpec("/operations", "Operations", "admin", operations.build),
    _shell.PageSpec("/audit", "Audit", "admin", audit.build),
)
"""Every page; a later one is one more line here."""


def make_app(workbench: Workbench | None = None) -> FastAPI:
    """Return pages and API over `workbench`, by default the one of the environment."""
    if not CDN_DIST.startswith(ASSETS_ROOT):
        msg = (
            "panel was imported before dashboards, so pages would load scripts from elsewhere; import dashboards first"
        )
        raise ConfigError(msg)
    workbench = workbench or cryokit.open()
    pn.extension("tabulator", reconnect=True, notifications=False)
    app = create_app(workbench)
    app.router.routes.extend(_files.mounts(YEAR_SECONDS))
    app.include_router(_structures())
    _add_pages(app, workbench)
    app.add_middleware(_files.PanelFilesMiddleware)
    app.state.page_paths = frozenset(_addresses())
    app.add_middleware(QueryLimitMiddleware, paths=app.state.page_paths)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    return app


def _addresses() -> set[str]:
    """Return the paths that Panel answers."""
    roots = {spec.path.rstrip("/") for spec in PAGES}
    return {spec.path for spec in PAGES} | {f"{root}/{name}" for root in roots for name in ("autoload.js", "metadata")}


def _structures() -> APIRouter:
    router = APIRouter(include_in_schema=False, dependencies=[Depends(require("viewer"))])

    @router.get(_tables.STRUCTURE_PATH)
    def structure(smiles: str) -> Response:
        """Draw one molecule."""
        headers = {"Cache-Control": f"private, max-age={YEAR_SECONDS}, immutable"}
        return Response(figures.structure_svg(smiles), media_type="image/svg+xml", headers=headers)

    return router


def _add_pages(app: FastAPI, workbench: Workbench) -> None:
    served: list[PanelFastAPI] = []
    policy = AuthPolicy(_authenticator(workbench, served), login_url=_login_address, logout_url="/logout")
    pages = {spec.path: _page(spec, app, workbench) for spec in PAGES}
    served.append(
        add_applications(
            pages,
            app=app,
            title={spec.path: f"{spec.title} - cryokit" for spec in PAGES},
            auth_policy=policy,
            # The key is derived, so that a page's token is never good as a login.
            secret_key=sha256(b"pages:" + workbench.signing_key()).hexdigest().encode(),
            sign_sessions=True,
            include_cookies=[],
            include_headers=[],
            index_enabled=False,
            ico_path="none",
            # What a closed page held is let go 15 to 20 seconds later; until then it may come back.
            check_unused_sessions_milliseconds=5000,
        )
    )
    _warm_up_at_start(app, workbench)


def _page(spec: _shell.PageSpec, app: FastAPI, workbench: Workbench) -> Callable[[], Viewable]:
    def page() -> Viewable:
        document = pn.state.curdoc
        identity: Identity = document.session_context.request.user
        app.state.documents.add(document)
        shown = spec if identity.may(spec.role) else replace(spec, build=partial(_shell.refusal, spec))
        return _shell.framed(shown, PAGES, workbench.acting_as(identity), identity)

    return page


def _login_address(request: ServerRequest) -> str:
    return f"/login?next={quote(request.uri, safe='')}"


def _authenticator(workbench: Workbench, served: list[PanelFastAPI]) -> Callable[[ServerRequest], Identity | None]:
    """Return the check of pages and websockets: the API's own, and that an open session is the caller's."""

    def authenticate(request: ServerRequest) -> Identity | None:
        cookies = {name: cookie.value for name, cookie in request.cookies.items()}
        identity = identity_of(workbench, request.headers, cookies)
        if identity is None:
            return None
        session_id = _session_asked_for(request)
        contexts = served[0].applications.values() if session_id else ()
        owners = {
            session.document.session_context.request.user.user_id
            for context in contexts
            for session in context.sessions
            if session.id == session_id
        }
        return identity if owners <= {identity.user_id} else None

    return authenticate


def _session_asked_for(request: ServerRequest) -> str | None:
    """Return the id of the session that a request wants to join, if it names one."""
    given = request.arguments.get("bokeh-session-id")
    if given:
        return given[-1].decode()
    if "bokeh-session-id" in request.headers:
        return request.headers["bokeh-session-id"]
    tokens = [item.decode() for item in request.arguments.get("bokeh-token", [])]
    protocols = request.headers.get("sec-websocket-protocol", "")
    tokens += [item.strip() for item in protocols.split(",")[1:]]
    return get_session_id(tokens[-1]) if tokens else None


def _warm_up_at_start(app: FastAPI, workbench: Workbench) -> None:
    """Build each page once before the first visitor comes; the first build takes seconds, later ones do not."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[None]:
        async with inner(running):
            # Panel starts this clean-up at the first event of the first page, whose document would then live on in it.
            pn.state._schedule_busy_cleanup()
            await asyncio.to_thread(_warm_up, workbench)
            # Panel looks through all objects when a page has been closed; those of the libraries stay for good.
            gc.collect()
            gc.freeze()
            yield
            gc.unfreeze()

    app.router.lifespan_context = lifespan


def _warm_up(workbench: Workbench) -> None:
    try:
        for spec in PAGES:
            spec.build(workbench).get_root(Document())
        predict.warm_up(workbench)
    except CryokitError as error:
        logger(__name__).warning("page_warm_up_skipped", reason=str(error))
