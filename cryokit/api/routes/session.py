"""Tokens for programs."""

from fastapi import APIRouter, Request

from cryokit.api.auth import LIFETIME, issue_token
from cryokit.api.problems import RESPONSES, Problem
from cryokit.api.schemas import Credentials, Session
from cryokit.api.sessions import sign_in

router = APIRouter(tags=["session"])


@router.post("/session", responses={401: RESPONSES[401], 422: RESPONSES[422], 429: {"model": Problem}})
def create_session(credentials: Credentials, request: Request) -> Session:
    """Exchange name and password for a Bearer token that counts for 12 hours."""
    identity = sign_in(request, credentials.name, credentials.password)
    token = issue_token(request.app.state.workbench, identity)
    expires_in_seconds = int(LIFETIME.total_seconds())
    return Session(access_token=token, expires_in_seconds=expires_in_seconds, name=identity.name, role=identity.role)
