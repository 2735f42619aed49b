"""Login and logout of browsers: plain pages that work without scripts."""

from datetime import timedelta
from html import escape
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cryokit.api.auth import (
    COOKIE,
    LIFETIME,
    UnauthenticatedError,
    claims_of,
    identity_of,
    is_plain_loopback,
    issue_token,
)
from cryokit.api.plain import alert, plain_page
from cryokit.api.problems import printable
from cryokit.api.sessions import sign_in
from cryokit.api.throttle import RateLimitedError
from cryokit.domain import Identity
from cryokit.errors import UnavailableError, sentence

router = APIRouter(include_in_schema=False)
_NEEDS_HTTPS = "This page was opened without https, so your browser will not keep the login. Use the https address."


def safe_next(address: str) -> str:
    """Return a path of this server; anything that could lead elsewhere becomes the first page."""
    is_local = address.startswith("/") and not address.startswith("//")
    return address if is_local and address.isprintable() and "\\" not in address else "/"


def _button(title: str | None, next_path: str) -> str:
    """Return the way to the provider, nothing without one."""
    if title is None:
        return ""
    address = f"/login/provider?next={quote(next_path, safe='')}"
    return f'<p class="or">or</p><a class="button" href="{escape(address)}">Sign in with {escape(title)}</a>'


def login_page(request: Request, next_path: str, name: str = "", problem: str = "", status: int = 200) -> HTMLResponse:
    """Return the login form, with what went wrong."""
    is_kept = request.url.scheme == "https" or is_plain_loopback(request)
    problem = problem or ("" if is_kept else _NEEDS_HTTPS)
    values = {"next": escape(next_path), "name": escape(printable(name)), "alert": alert(problem)}
    values["provider"] = _button(request.app.state.workbench.provider_title, next_path)
    return plain_page("Sign in", "login.html", status=status, **values)


@router.get("/login")
def show_login(request: Request, next: str = "/") -> Response:  # noqa: A002  the name in the address
    """Show the login form, or go on when somebody is signed in."""
    if identity_of(request.app.state.workbench, request.headers, request.cookies):
        return RedirectResponse(safe_next(next), 303)
    return login_page(request, safe_next(next))


@router.post("/login")
def log_in(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1_000)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002  the name in the form
) -> Response:
    """Check name and password and keep the login in a cookie that scripts cannot read."""
    next_path = safe_next(next)
    try:
        identity = sign_in(request, name, password)
    except (UnauthenticatedError, RateLimitedError, UnavailableError) as error:
        return login_page(request, next_path, name, sentence(error), error.http_status)
    answer = RedirectResponse(next_path, 303)
    keep_session(request, answer, identity)
    return answer


def keep_session(request: Request, answer: Response, identity: Identity, lifetime: timedelta = LIFETIME) -> None:
    """Have the browser keep a new session in a cookie that scripts cannot read."""
    answer.set_cookie(
        COOKIE,
        issue_token(request.app.state.workbench, identity, lifetime),
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=not is_plain_loopback(request),
    )


@router.post("/logout")
def log_out(request: Request) -> Response:
    """End the session, in this browser and wherever else its token is."""
    workbench = request.app.state.workbench
    answer: Response = RedirectResponse("/login", 303)
    try:
        if claims := claims_of(workbench, {}, request.cookies):
            workbench.sign_out(claims)
    except UnavailableError as error:
        message = f"You are signed out in this browser only: {error}."
        answer = login_page(request, "/", problem=message, status=error.http_status)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer
