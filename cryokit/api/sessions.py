"""Signing in: one check of name, password and rate for API and login page."""

from collections.abc import Callable

from starlette.requests import Request

from cryokit.api.auth import UnauthenticatedError
from cryokit.api.schemas import is_clean
from cryokit.domain import Identity
from cryokit.errors import AccessError


def sign_in(request: Request, name: str, password: str) -> Identity:
    """Return the person behind name and password; count failures and refuse when there were too many."""
    try:
        return counted(request, name, lambda: _person(request, name, password))
    except AccessError as error:
        msg = "name or password is wrong, or the account is disabled"
        raise UnauthenticatedError(msg) from error


def counted[Found](request: Request, name: str, attempt: Callable[[], Found], from_anywhere: bool = False) -> Found:
    """
    Return what an attempt to sign in gives; count refusals, and refuse when there were too many.

    They are counted for each address, or for the name alone with `from_anywhere`.
    """
    throttle, address = request.app.state.throttle, request.client.host if request.client else ""
    address = None if from_anywhere else address
    began = throttle.begin(name, address)
    try:
        found = attempt()
    except AccessError:
        raise
    except BaseException:
        throttle.dropped(name, address, began)
        raise
    throttle.succeeded(name, address, began)
    return found


def _person(request: Request, name: str, password: str) -> Identity:
    if not (is_clean(name) and is_clean(password)):
        msg = "no account has such a name or password"
        raise AccessError(msg)
    return request.app.state.workbench.sign_in(name, password)
