"""Whether the process answers and whether it can work."""

from fastapi import APIRouter, Request, Response

from cryokit.api.auth import identity_of
from cryokit.api.schemas import Check, Liveness, Readiness
from cryokit.errors import CryokitError

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
def live() -> Liveness:
    """Say that the process answers."""
    return Liveness()


@router.get("/ready", responses={503: {"model": Readiness}}, response_model_exclude_none=True)
def ready(request: Request, response: Response) -> Readiness:
    """Check what requests need; 503 when something fails, and what it was for people who are signed in."""
    checks = {name: Check(**check) for name, check in request.app.state.readiness.value().items()}
    passed = all(check.status == "pass" for check in checks.values())
    response.status_code = 200 if passed else 503
    if not _is_signed_in(request):
        checks = {name: Check(status=check.status) for name, check in checks.items()}
    return Readiness(status="pass" if passed else "fail", checks=checks)


def _is_signed_in(request: Request) -> bool:
    try:
        return identity_of(request.app.state.workbench, request.headers, request.cookies) is not None
    except CryokitError:  # without its database the server knows nobody
        return False
