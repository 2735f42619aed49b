"""Teams: who sees and writes whose rows, and what is shared beyond them."""

from datetime import UTC, datetime

import pandas as pd

from cryokit.db.registry_teams import ITEMS, TEAM_ROLES
from cryokit.errors import InputError
from cryokit.workbench.core import Core

__all__ = ["ITEMS", "RIGHTS", "TEAM_ROLES", "Teams"]

RIGHTS = ("view", "edit")
"""What a share can allow."""


class Teams(Core):
    """Found teams, say who belongs to them, share single items."""

    def add_team(self, name: str, admin: str) -> None:
        """Found a team with its first admin."""
        registry = self.registry
        with registry.transaction():
            registry.add_team(name)
            registry.set_member(name, admin, "admin")

    def teams(self) -> pd.DataFrame:
        """Return the teams."""
        return self.registry.teams()

    def members(self, team: str) -> pd.DataFrame:
        """Return who belongs to a team."""
        return self.registry.members(team)

    def set_member(self, team: str, user: str, role: str) -> None:
        """Have somebody belong to a team in a role."""
        self.registry.set_member(team, user, role)

    def remove_member(self, team: str, user: str) -> None:
        """Have somebody belong to a team no longer."""
        self.registry.remove_member(team, user)

    def share(
        self,
        item: str,
        item_id: str,
        user: str | None = None,
        team: str | None = None,
        may: str = "view",
        expires_at: datetime | None = None,
    ) -> str:
        """Let a person or a team view or edit one item, until a time (UTC) if one is given; return the share's id."""
        if may not in RIGHTS:
            msg = f"a share lets others {' or '.join(RIGHTS)}, not {may!r}"
            raise InputError(msg)
        if expires_at is not None:
            expires_at = expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=UTC)
            if expires_at <= datetime.now(UTC):
                msg = f"the share would end at {expires_at:%Y-%m-%d %H:%M} UTC, which is over; give a later time"
                raise InputError(msg)
        return self.registry.add_share(item, item_id, user, team, may, expires_at)

    def shares(self) -> pd.DataFrame:
        """Return what is shared with whom."""
        return self.registry.shares()

    def remove_share(self, share_id: str) -> None:
        """End a share."""
        self.registry.remove_share(share_id)
