"""Signing in: one check of name, password and rate for API and login page."""

from starlette.requests import Request

from cryokit.api.auth import UnauthenticatedError
from cryokit.domain import Identity
from cryokit.errors import AccessError


def sign_in(request: Request, name: str, password: str) -> Identity:
    """Return the person behind name and password; count failures and refuse when there were too many."""
    throttle, address = request.app.state.throttle, request.client.host if request.client else ""
    throttle.check(name, address)
    try:
        identity = request.app.state.workbench.sign_in(name, password)
    except AccessError as error:
        throttle.failed(name, address)
        msg = "name or password is wrong, or the account is disabled"
        raise UnauthenticatedError(msg) from error
    throttle.succeeded(name, address)
    return identity
