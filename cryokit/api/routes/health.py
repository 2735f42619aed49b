"""Whether the process answers and whether it can work."""

from fastapi import APIRouter, Request, Response

from cryokit.api.schemas import Liveness, Readiness

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
def live() -> Liveness:
    """Say that the process answers."""
    return Liveness()


@router.get("/ready", responses={503: {"model": Readiness}})
def ready(request: Request, response: Response) -> Readiness:
    """Check what requests need; 503 when something fails."""
    checks = request.app.state.workbench.readiness()
    passed = all(check["status"] == "pass" for check in checks.values())
    response.status_code = 200 if passed else 503
    return Readiness(status="pass" if passed else "fail", checks=checks)
