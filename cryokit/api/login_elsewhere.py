"""Sign-in of browsers at the provider of an organisation: to it and back, without scripts."""

import json

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from cryokit.api.auth import UnauthenticatedError, is_plain_loopback
from cryokit.api.login import keep_session, login_page, safe_next
from cryokit.api.sessions import counted
from cryokit.api.throttle import RateLimitedError
from cryokit.domain import Identity
from cryokit.errors import AccessError, ConfigError, UnavailableError, sentence
from cryokit.telemetry import logger
from cryokit.workbench.elsewhere import MINUTES_AT_PROVIDER

router = APIRouter(prefix="/login/provider", include_in_schema=False)
COOKIE, _PATH = "cryokit_sign_in", "/login/provider"
_NAME = "somebody at the provider"
"""Under which failures of one address are counted: whom they were meant for, nobody knows."""
_LONGEST_CODE = 4_000
_LONGEST_NEXT = 1_500
"""As it is written in the cookie, which holds 4,096 bytes."""


def _refuse_without_provider(request: Request) -> None:
    if request.app.state.workbench.provider_title is None:
        raise HTTPException(404, "no provider is configured; sign in with name and password")


@router.get("")
def go_to_provider(request: Request, next: str = "/") -> Response:  # noqa: A002  the name in the address
    """Send a browser to the provider; what it needs when it comes back lies in a cookie that scripts cannot read."""
    _refuse_without_provider(request)
    redirect_uri = str(request.url_for("come_back"))
    next_path = safe_next(next) if len(json.dumps(next)) <= _LONGEST_NEXT else "/"
    try:
        address, kept = request.app.state.workbench.begin_at_provider(redirect_uri, next_path)
    except (UnavailableError, ConfigError) as error:
        return _refused(request, error, next_path)
    answer = RedirectResponse(address, 303)
    is_secure = not is_plain_loopback(request)
    answer.set_cookie(
        COOKIE, kept, MINUTES_AT_PROVIDER * 60, path=_PATH, httponly=True, samesite="lax", secure=is_secure
    )
    return answer


@router.get("/back")
def come_back(request: Request, code: str = "", state: str = "", error: str = "", iss: str | None = None) -> Response:
    """Take in who comes back from the provider."""
    _refuse_without_provider(request)
    workbench = request.app.state.workbench
    next_path = safe_next(workbench.page_kept(request.cookies.get(COOKIE, "")))
    try:
        identity = counted(request, _NAME, lambda: _person(request, code, state, error, iss))
    except (AccessError, RateLimitedError, UnavailableError, ConfigError) as problem:
        answer = _refused(request, problem, next_path)
    else:
        answer = RedirectResponse(next_path, 303)
        keep_session(request, answer, identity, workbench.lifetime_at_provider)
    answer.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax")
    return answer


def _person(request: Request, code: str, state: str, error: str, issuer: str | None) -> Identity:
    if error or not code or len(code) > _LONGEST_CODE:
        msg = f"the provider did not let you in ({error[:100] or 'it sent no code'}); try again"
        raise UnauthenticatedError(msg)
    workbench = request.app.state.workbench
    claims = workbench.said_at_provider(request.cookies.get(COOKIE, ""), state, code, issuer)
    # Only who signs in at the provider as this person fails as this person, so nobody locks out anybody else.
    account = f"{claims['sub']} at {claims['iss']}"
    return counted(request, account, lambda: workbench.person_at_provider(claims), from_anywhere=True)


def _refused(
    request: Request, error: AccessError | RateLimitedError | UnavailableError | ConfigError, next_path: str
) -> Response:
    logger(__name__).warning("sign_in_refused", code=error.code, reason=str(error))
    if isinstance(error, ConfigError):
        error = UnavailableError("the provider is configured wrongly; an administrator finds the reason in the log")
    return login_page(request, next_path, problem=sentence(error), status=error.http_status)
