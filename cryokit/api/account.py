"""One's own account: another password, and tokens for programs; a plain page that works without scripts."""

from collections.abc import Callable
from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from cryokit.api.auth import UnauthenticatedError, require_session
from cryokit.api.login import keep_session
from cryokit.api.plain import alert, filled_in, plain_page
from cryokit.domain import Identity
from cryokit.errors import CryokitError, sentence
from cryokit.workbench import Workbench
from cryokit.workbench.people import SHORTEST_PASSWORD
from cryokit.workbench.tokens import MAX_DAYS, MONITORING, SCOPES

router = APIRouter(prefix="/account", include_in_schema=False)


def _to_login() -> Response:
    return RedirectResponse("/login?next=%2Faccount", 303)


def _signed_in(request: Request) -> tuple[Identity, Workbench] | None:
    try:
        identity = require_session(request)
    except UnauthenticatedError:
        return None
    return identity, request.app.state.workbench.acting_as(identity)


def _page(identity: Identity, workbench: Workbench, message: str = "", status: int = 200) -> Response:
    choices = [
        f'<option value="{name}">{name}: {escape(text)}</option>'
        for name, text in SCOPES.items()
        if name != MONITORING or identity.may("admin")
    ]
    return plain_page(
        "Your account",
        "account.html",
        status=status,
        width="44rem",
        name=escape(identity.name),
        role=escape(identity.role),
        alert=message,
        password=_password(identity, workbench),
        longest=str(MAX_DAYS),
        scopes="".join(choices),
        tokens=_table(workbench.tokens().to_dict("records")),
    )


def _password(identity: Identity, workbench: Workbench) -> str:
    """Return the form for another password, or where those sign in who have none here."""
    if workbench.provider_title and workbench.signs_in_elsewhere():
        return f"<p>You sign in with {escape(workbench.provider_title)}, which also keeps your password.</p>"
    return filled_in("account_password.html", name=escape(identity.name), shortest=str(SHORTEST_PASSWORD))


def _table(tokens: list[dict[str, Any]]) -> str:
    if not tokens:
        return "<p>You have no tokens.</p>"
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Name", "May do", "Made", "Counts until", "Revoked"))
    rows = "".join(f"<tr>{_cells(token)}</tr>" for token in tokens)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cells(token: dict[str, Any]) -> str:
    name = escape(token["name"])
    texts = (name, escape(token["scope"]), token["created_at"][:10], token["expires_at"][:10])
    revoke = (
        f'<form method="post" action="/account/tokens/{token["id"]}/revoke">'
        f'<button type="submit" aria-label="Revoke {name}">Revoke</button></form>'
    )
    last = token["revoked_at"][:10] if token["revoked_at"] else revoke
    return "".join(f"<td>{text}</td>" for text in (*texts, last))


def _after(request: Request, act: Callable[[Workbench], str], *, keeps_session: bool = False) -> Response:
    """Show the account after `act`, with the message that it returns or why it could not."""
    signed_in = _signed_in(request)
    if signed_in is None:
        return _to_login()
    try:
        message = act(signed_in[1])
    except CryokitError as error:
        return _page(*signed_in, alert(sentence(error)), error.http_status)
    answer = _page(*signed_in, message)
    if keeps_session:
        keep_session(request, answer, signed_in[0])
    return answer


@router.get("")
def show_account(request: Request) -> Response:
    """Show one's own account."""
    signed_in = _signed_in(request)
    return _page(*signed_in) if signed_in else _to_login()


@router.post("/password")
def change_password(
    request: Request,
    old: Annotated[str, Form(max_length=1_000)] = "",
    new: Annotated[str, Form(max_length=1_000)] = "",
) -> Response:
    """Change the password; this browser stays signed in."""

    def change(workbench: Workbench) -> str:
        workbench.change_password(old, new)
        return alert("The password is changed; your other sessions have ended.", "good")

    return _after(request, change, keeps_session=True)


@router.post("/tokens")
def make_token(
    request: Request,
    name: Annotated[str, Form(max_length=100)] = "",
    scope: Annotated[str, Form()] = "",
    days: Annotated[int, Form()] = 0,
) -> Response:
    """Make a token and show it, only now."""

    def make(workbench: Workbench) -> str:
        token = workbench.add_token(workbench.identity.name, name, scope, days)
        return f'<p class="good" id="good" role="alert">Keep this token; it is shown only now: <code>{token}</code></p>'

    return _after(request, make)


@router.post("/tokens/{token_id}/revoke")
def revoke_token(request: Request, token_id: str) -> Response:
    """Take a token back."""

    def revoke(workbench: Workbench) -> str:
        workbench.revoke_token(token_id)
        return alert("The token counts no longer.", "good")

    return _after(request, revoke)
