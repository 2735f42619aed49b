"""Sessions, one's own password, and tokens for programs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from cryokit.api.auth import LIFETIME, claims_of, issue_token, require_session
from cryokit.api.frames import records
from cryokit.api.problems import RESPONSES, Problem
from cryokit.api.schemas import Credentials, NewToken, PasswordChange, Session, TokenInfo, TokenRequest
from cryokit.api.sessions import sign_in
from cryokit.domain import Identity
from cryokit.workbench import Workbench

router = APIRouter(prefix="/session", tags=["session"])
_REFUSALS = {number: RESPONSES[number] for number in (401, 403, 422)}


@router.post("", responses={401: RESPONSES[401], 422: RESPONSES[422], 429: {"model": Problem}})
def create_session(credentials: Credentials, request: Request) -> Session:
    """Exchange name and password for a Bearer token that counts for 12 hours."""
    identity = sign_in(request, credentials.name, credentials.password)
    token = issue_token(request.app.state.workbench, identity)
    expires_in_seconds = int(LIFETIME.total_seconds())
    return Session(access_token=token, expires_in_seconds=expires_in_seconds, name=identity.name, role=identity.role)


def _own(request: Request, identity: Annotated[Identity, Depends(require_session)]) -> Workbench:
    return request.app.state.workbench.acting_as(identity)


_own.required_role = "viewer"
type OwnWorkbench = Annotated[Workbench, Depends(_own)]


@router.delete("", status_code=204, responses=_REFUSALS)
def end_session(request: Request, workbench: OwnWorkbench) -> None:
    """Sign out: the token of this session counts no longer."""
    workbench.sign_out(claims_of(workbench, request.headers, request.cookies))


@router.post("/password", status_code=204, responses=_REFUSALS)
def change_password(change: PasswordChange, workbench: OwnWorkbench) -> None:
    """Change one's own password; all one's sessions end, tokens stay."""
    workbench.change_password(change.old, change.new)


@router.get("/tokens", responses=_REFUSALS)
def list_tokens(workbench: OwnWorkbench) -> list[TokenInfo]:
    """List one's own tokens, without what is secret of them."""
    return records(workbench.tokens())


@router.post("/tokens", status_code=201, responses=_REFUSALS)
def create_token(asked: TokenRequest, workbench: OwnWorkbench) -> NewToken:
    """Make a token by which a program acts for oneself; it is shown only now."""
    token = workbench.add_token(workbench.identity.name, asked.name, asked.scope, asked.days)
    return NewToken(id=workbench.token_claims(token)["jti"], token=token)


@router.delete("/tokens/{token_id}", status_code=204, responses=_REFUSALS | {404: RESPONSES[404]})
def revoke_token(token_id: str, workbench: OwnWorkbench) -> None:
    """Take one of one's own tokens back."""
    workbench.revoke_token(token_id)
