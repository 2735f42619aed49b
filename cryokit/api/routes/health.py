"""Whether the process answers and whether it can work."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from cryokit import __version__
from cryokit.api.auth import identity_of
from cryokit.api.schemas import Check, Liveness, Readiness
from cryokit.errors import CryokitError
from cryokit.workbench.statuses import HTTP_STATUS

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
    response.status_code = HTTP_STATUS["pass" if passed else "fail"]
    if _role(request) is None:
        checks = {name: Check(status=check.status) for name, check in checks.items()}
    return Readiness(status="pass" if passed else "fail", checks=checks)


class HealthResponse(JSONResponse):
    """Health of components, in the form that monitoring knows."""

    media_type = "application/health+json"


system_router = APIRouter(prefix="/system", tags=["system"])


@system_router.get("/health", response_class=HealthResponse, responses={503: {"description": "something fails"}})
def system_health(request: Request) -> HealthResponse:
    """Return the state of every component as application/health+json; details are for administrators."""
    found = request.app.state.system_health.value()
    may_see = _role(request) == "admin"
    answer = {"status": found["status"], "version": __version__, "serviceId": "cryokit", "checks": {}}
    for name, item in found["components"].items():
        check = {"status": item["status"], "time": item["since"], "observedUnit": "s", "observedValue": item["seconds"]}
        answer["checks"][name] = [check | ({"output": item["detail"]} if may_see else {})]
    return HealthResponse(answer, HTTP_STATUS[found["status"]])


def _role(request: Request) -> str | None:
    try:
        identity = identity_of(request.app.state.workbench, request.headers, request.cookies)
    except CryokitError:  # without its database the server knows nobody
        return None
    return identity.role if identity else None
