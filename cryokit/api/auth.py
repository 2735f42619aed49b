"""Who is asking: one check for REST, pages and websockets."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection

from cryokit.api.observing import saw_identity
from cryokit.config import is_loopback
from cryokit.domain import ROLES, Identity
from cryokit.errors import AccessError, UnavailableError
from cryokit.workbench import Workbench
from cryokit.workbench.tokens import MONITORING

COOKIE = "cryokit_session"
LIFETIME = timedelta(hours=12)
_Bearer = Annotated[object, Security(HTTPBearer(auto_error=False, description="A token of yours, or of a program."))]
_Login = Annotated[object, Security(APIKeyCookie(name=COOKIE, auto_error=False, description="What the login sets."))]
"""Only what the document of the API says; whether what was sent counts is asked below."""
_SIGN_IN = "sign in first: send a valid token as `Authorization: Bearer ...`, or use the login page"


class UnauthenticatedError(AccessError):
    """Nobody is signed in: no token, or one that no longer counts."""

    code, http_status = "unauthenticated", 401


def issue_token(workbench: Workbench, identity: Identity, lifetime: timedelta = LIFETIME) -> str:
    """Return a signed token that names `identity` until `lifetime` is over."""
    return workbench.issue_token(identity, lifetime)


def _token_in(headers: Mapping[str, str], cookies: Mapping[str, str]) -> str | None:
    authorization = headers.get("authorization")
    if authorization is None:
        return cookies.get(COOKIE)
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def claims_of(workbench: Workbench, headers: Mapping[str, str], cookies: Mapping[str, str]) -> dict[str, Any] | None:
    """Return what the caller's token claims, None without one that is ours; nothing is looked up."""
    token = _token_in(headers, cookies)
    return workbench.token_claims(token) if token else None


def identity_of(workbench: Workbench, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Identity | None:
    """
    Return who is asking, or None without a token that counts; `headers` must ignore case.

    A token of the scope monitoring is for that and nothing else: it does not sign in.
    """
    claims = claims_of(workbench, headers, cookies)
    return claims and person_claimed(workbench, claims)


def person_claimed(workbench: Workbench, claims: Mapping[str, Any]) -> Identity | None:
    """Return whom the claims of a token of ours name, if it still counts."""
    # The role and whether the account is open are read anew, so that a change counts at once.
    if "scope" not in claims:
        return workbench.find_identity(claims["sub"], claims["iat"], claims.get("jti"))
    person, scope = workbench.token_person(claims["jti"]) or (None, None)
    return None if scope == MONITORING else person


def require(role: str) -> Callable[[Request], Identity]:
    """Return the dependency that lets through people who may do what `role` can."""
    if role not in ROLES:
        msg = f"{role!r} is not a role; the roles are {', '.join(ROLES)}"
        raise ValueError(msg)

    def check(request: Request, _bearer: _Bearer = None, _login: _Login = None) -> Identity:
        workbench = request.app.state.workbench
        claims = claims_of(workbench, request.headers, request.cookies)
        identity = claims and person_claimed(workbench, claims)
        if not identity:
            _refuse_monitor(workbench, claims)
            raise UnauthenticatedError(_SIGN_IN)
        saw_identity(request.scope, identity)
        if not identity.may(role):
            msg = f"your role is {identity.role}, this needs {role}; ask an administrator"
            raise AccessError(msg)
        return identity

    check.required_role = role
    return check


def _refuse_monitor(workbench: Workbench, claims: Mapping[str, Any] | None) -> None:
    """Tell a program whose token counts, but for other things, that another sign-in would be of no use."""
    if _is_monitor(workbench, claims):
        msg = "a token of the scope monitoring reads the metrics and the health of the database, nothing else"
        raise AccessError(msg)


def _is_monitor(workbench: Workbench, claims: Mapping[str, Any] | None) -> bool:
    return bool(claims) and claims.get("scope") == MONITORING and workbench.token_person(claims["jti"]) is not None


def require_session(request: Request, _bearer: _Bearer = None, _login: _Login = None) -> Identity:
    """Let through people who signed in with their password: a token cannot make itself last by making another."""
    identity = require("viewer")(request)
    claims = claims_of(request.app.state.workbench, request.headers, request.cookies)
    if claims is None or "scope" in claims:
        msg = "a token may not change its own account; sign in with name and password"
        raise AccessError(msg)
    return identity


def require_monitoring(request: Request, _bearer: _Bearer = None, _login: _Login = None) -> None:
    """
    Let through admins, and programs with a token of the scope monitoring.

    Without its database the server cannot look anybody up; then any token that we signed will do, because the answer is
    that the database is down.
    """
    workbench = request.app.state.workbench
    claims = claims_of(workbench, request.headers, request.cookies)
    try:
        if _is_monitor(workbench, claims):
            return
        require("admin")(request)
    except UnavailableError:
        if claims is None:
            raise UnauthenticatedError(_SIGN_IN) from None


def _acting_workbench(request: Request, identity: Annotated[Identity, Depends(require("viewer"))]) -> Workbench:
    return request.app.state.workbench.acting_as(identity)


ActingWorkbench = Annotated[Workbench, Depends(_acting_workbench)]
"""The workbench on behalf of the signed-in caller: every query runs under that person's row security."""


def is_plain_loopback(connection: HTTPConnection) -> bool:
    """Whether a browser on this machine speaks plain http to us, the one case where a cookie may lack Secure."""
    return connection.url.scheme in ("http", "ws") and is_loopback(connection.url.hostname)
