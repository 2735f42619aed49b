"""Commands about people: accounts, teams, what is shared."""

from datetime import datetime

import click

from cryokit.cli.shared import JSON, emit
from cryokit.domain import ROLES
from cryokit.workbench import Workbench
from cryokit.workbench.teams import ITEMS, RIGHTS, TEAM_ROLES


@click.group()
def user() -> None:
    """Add accounts, list them, change passwords."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True)
@click.pass_obj
def user_add(workbench: Workbench, name: str, role: str) -> None:
    """Add an account with a random password, shown once."""
    click.echo(f"{name} ({role}) signs in with the password {workbench.add_user(name, role)}")


@user.command("list")
@JSON
@click.pass_obj
def user_list(workbench: Workbench, as_json: bool) -> None:
    """List the accounts."""
    emit(workbench.users(), as_json)


@user.command("password")
@click.argument("name")
@click.option("--ask", is_flag=True, help="Ask for the new password instead of making a random one.")
@click.pass_obj
def user_password(workbench: Workbench, name: str, ask: bool) -> None:
    """Give an account a new password."""
    password = click.prompt("New password", hide_input=True, confirmation_prompt=True) if ask else None
    fresh = workbench.set_password(name, password)
    click.echo(f"the password of {name} is changed" + ("" if ask else f" to {fresh}"))


@user.command("disable")
@click.argument("name")
@click.pass_obj
def user_disable(workbench: Workbench, name: str) -> None:
    """Close an account; its sessions end at once."""
    workbench.disable_user(name)
    click.echo(f"{name} can no longer sign in")


@user.command("enable")
@click.argument("name")
@click.pass_obj
def user_enable(workbench: Workbench, name: str) -> None:
    """Open a closed account again."""
    workbench.enable_user(name)
    click.echo(f"{name} can sign in again")


@user.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@click.pass_obj
def user_role(workbench: Workbench, name: str, role: str) -> None:
    """Give an account another role, which counts at once."""
    workbench.set_role(name, role)
    click.echo(f"{name} is {role}")


@user.command("link")
@click.argument("name")
@click.argument("subject")
@click.pass_obj
def user_link(workbench: Workbench, name: str, subject: str) -> None:
    """Say that the provider (CRYOKIT_OIDC_ISSUER) knows an account by SUBJECT."""
    workbench.link_provider(name, subject)
    click.echo(f"{name} signs in at the provider too")


@user.command("unlink")
@click.argument("name")
@click.pass_obj
def user_unlink(workbench: Workbench, name: str) -> None:
    """Let an account sign in at the provider no more; `cryokit user password` also ends its sessions."""
    workbench.unlink_provider(name)
    click.echo(f"{name} does not sign in at the provider any more")


@user.command("login")
@click.argument("name")
@click.option("--ask", is_flag=True, help="Ask for the password instead of making a random one.")
@click.option("--close", "is_closed", is_flag=True, help="Take the login away and end its sessions.")
@click.pass_obj
def user_login(workbench: Workbench, name: str, ask: bool, is_closed: bool) -> None:
    """Give an account a database login of its own, for psql and notebooks."""
    if is_closed:
        workbench.close_login(name)
        click.echo(f"{name} has no way into the database but the pages and the API")
        return
    password = click.prompt("Password", hide_input=True, confirmation_prompt=True) if ask else None
    given = workbench.give_login(name, password)
    click.echo(given["address"])
    if not ask:
        click.echo(f"password {given['password']} (shown only now)")


@click.group()
def team() -> None:
    """Found teams and say who belongs to them: viewers read, editors write, admins also say who belongs."""


@team.command("add")
@click.argument("name")
@click.option("--admin", required=True, help="Account of the first admin.")
@click.pass_obj
def team_add(workbench: Workbench, name: str, admin: str) -> None:
    """Found a team."""
    workbench.add_team(name, admin)
    click.echo(f"{name} is founded; {admin} is its admin")


@team.command("list")
@JSON
@click.pass_obj
def team_list(workbench: Workbench, as_json: bool) -> None:
    """List the teams."""
    emit(workbench.teams(), as_json)


@team.command("members")
@click.argument("team_name", metavar="TEAM")
@JSON
@click.pass_obj
def team_members(workbench: Workbench, team_name: str, as_json: bool) -> None:
    """List who belongs to a team."""
    emit(workbench.members(team_name), as_json)


@team.command("join")
@click.argument("team_name", metavar="TEAM")
@click.argument("name", metavar="USER")
@click.option("--role", type=click.Choice(TEAM_ROLES), default="viewer", show_default=True)
@click.pass_obj
def team_join(workbench: Workbench, team_name: str, name: str, role: str) -> None:
    """Have an account belong to a team, or change its role there."""
    workbench.set_member(team_name, name, role)
    click.echo(f"{name} is {role} of {team_name}")


@team.command("leave")
@click.argument("team_name", metavar="TEAM")
@click.argument("name", metavar="USER")
@click.pass_obj
def team_leave(workbench: Workbench, team_name: str, name: str) -> None:
    """Have an account belong to a team no longer; what it made stays with the team."""
    workbench.remove_member(team_name, name)
    click.echo(f"{name} no longer belongs to {team_name}")


@click.group()
def share() -> None:
    """Share single items with a person or a team."""


@share.command("add")
@click.argument("item", type=click.Choice(ITEMS))
@click.argument("item_id", metavar="ID")
@click.option("--with-user", "user_name", help="Account to share with.")
@click.option("--with-team", "team_name", help="Team to share with.")
@click.option("--may", type=click.Choice(RIGHTS), default="view", show_default=True)
@click.option("--until", type=click.DateTime(), help="When the share ends, UTC; it does not unless this is given.")
@click.pass_obj
def share_add(
    workbench: Workbench,
    item: str,
    item_id: str,
    user_name: str | None,
    team_name: str | None,
    may: str,
    until: datetime | None,
) -> None:
    """Let a person or a team view or edit one item."""
    click.echo(workbench.share(item, item_id, user_name, team_name, may, until))


@share.command("list")
@JSON
@click.pass_obj
def share_list(workbench: Workbench, as_json: bool) -> None:
    """List what is shared with whom."""
    emit(workbench.shares(), as_json)


@share.command("remove")
@click.argument("share_id", metavar="ID")
@click.pass_obj
def share_remove(workbench: Workbench, share_id: str) -> None:
    """End a share."""
    workbench.remove_share(share_id)
    click.echo(f"{share_id} is shared no longer")
