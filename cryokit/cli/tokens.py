"""Commands about keys of programs."""

import click

from cryokit.cli.shared import JSON, emit
from cryokit.workbench import Workbench
from cryokit.workbench.tokens import MAX_DAYS, MONITORING, SCOPES


@click.group()
def token() -> None:
    """Make keys for programs, list them, take them back."""


@token.command("add")
@click.argument("user")
@click.argument("name")
@click.option("--scope", type=click.Choice(list(SCOPES)), default=MONITORING, show_default=True)
@click.option("--days", type=click.IntRange(1, MAX_DAYS), default=365, show_default=True, help="How long it counts.")
@click.pass_obj
def token_add(workbench: Workbench, user: str, name: str, scope: str, days: int) -> None:
    """Make a key called NAME that acts for USER; it is shown only now."""
    click.echo(workbench.add_token(user, name, scope, days))


@token.command("list")
@JSON
@click.pass_obj
def token_list(workbench: Workbench, as_json: bool) -> None:
    """List the keys; what is secret of them is not kept."""
    emit(workbench.tokens(), as_json)


@token.command("revoke")
@click.argument("token_id", metavar="ID")
@click.pass_obj
def token_revoke(workbench: Workbench, token_id: str) -> None:
    """Take a key back."""
    workbench.revoke_token(token_id)
    click.echo(f"{token_id} counts no longer")
