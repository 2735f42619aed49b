"""The registry's teams: who belongs to them, and what is shared with whom."""

from datetime import datetime

import pandas as pd

from cryokit.db.queries import queries
from cryokit.db.registry_base import as_uuid
from cryokit.db.registry_measurements import Measurements
from cryokit.db.registry_people import People
from cryokit.errors import ConflictError, InputError, NotFoundError

_TOPIC = "teams"
TEAM_ROLES = ("viewer", "editor", "admin")
"""Roles in a team: to read, to write, and to say who belongs to it."""
ITEMS = ("experiment", "measurement", "prediction")
"""What can be shared."""


class Teams(Measurements, People):
    """Found teams, change who belongs to them, share single items."""

    def add_team(self, name: str) -> None:
        """Found a team; names differ by more than capital letters."""
        try:
            with self.transaction():
                row = self.one(_TOPIC, "add_team", "the team was not kept", name=name)
                self.record_event("team_added", row.id, {"name": name})
        except ConflictError as error:
            msg = f"there is a team {name!r} already; choose another name"
            raise ConflictError(msg) from error

    def teams(self) -> pd.DataFrame:
        """Return the teams that one may see."""
        return self.frame(_TOPIC, "teams")

    def members(self, team: str) -> pd.DataFrame:
        """Return who belongs to a team."""
        self.team_id(team)
        return self.frame(_TOPIC, "members", team=team)

    def set_member(self, team: str, user: str, role: str) -> None:
        """Have somebody belong to a team in a role; the last admin of a team stays one."""
        if role not in TEAM_ROLES:
            msg = f"there is no role {role!r} in a team; the roles are {', '.join(TEAM_ROLES)}"
            raise InputError(msg)
        given = {"team_id": self.team_id(team), "user_id": self.user_by_name(user)["id"]}
        with self.transaction() as connection:
            if role != "admin":
                self._refuse_last_admin(team, user, given)
            connection.execute(queries(_TOPIC)["set_member"], given | {"role": role})
            self.record_event("member_set", given["team_id"], {"user": user, "role": role})

    def remove_member(self, team: str, user: str) -> None:
        """Have somebody belong to a team no longer; the last admin of a team stays."""
        given = {"team_id": self.team_id(team), "user_id": self.user_by_name(user)["id"]}
        with self.transaction():
            self._refuse_last_admin(team, user, given)
            self.one(_TOPIC, "remove_member", f"{user} is no member of {team}", **given)
            self.record_event("member_removed", given["team_id"], {"user": user})

    def _refuse_last_admin(self, team: str, user: str, given: dict[str, str]) -> None:
        with self.transaction() as connection:
            admins = connection.execute(queries(_TOPIC)["team_admins"], {"team_id": given["team_id"]}).scalars().all()
        if admins == [given["user_id"]]:
            msg = f"{user} is the last admin of {team}; make another member admin first"
            raise ConflictError(msg)

    def add_share(
        self, item: str, item_id: str, user: str | None, team: str | None, may: str, expires_at: datetime | None
    ) -> str:
        """Let a person or a team view or edit one item until a time; return the share's number."""
        if item not in ITEMS or (user is None) == (team is None):
            msg = f"share one {', '.join(ITEMS)} with one person or one team"
            raise InputError(msg)
        missing = f"there is no {item} {item_id!r} that this account may see"
        owner_id = self.one(_TOPIC, "owner_of_item", missing, item=item, id=item_id).owner_id
        if self.person is None and owner_id is None:
            msg = f"{item} {item_id} belongs to the installation, not to a person who could share it; make it public"
            raise ConflictError(msg)
        given = dict.fromkeys([f"{name}_id" for name in ITEMS]) | {f"{item}_id": item_id, "may": may}
        given |= {"user_id": self.user_by_name(user)["id"] if user else None, "expires_at": expires_at}
        given |= {"team_id": self.team_id(team) if team else None, "granted_by": self.owner_id or owner_id}
        with self.transaction():
            share_id = self.one(_TOPIC, "add_share", missing, **given).id
            self.record_event("share_added", share_id, {"item": item, "id": item_id, "with": user or team, "may": may})
        return share_id

    def shares(self) -> pd.DataFrame:
        """Return the shares that one may see, newest first."""
        return self.frame(_TOPIC, "shares")

    def remove_share(self, share_id: str) -> None:
        """End a share."""
        missing = f"there is no share {share_id!r}; `cryokit share list` shows which there are"
        if as_uuid(share_id) is None:
            raise NotFoundError(missing)
        with self.transaction():
            self.one(_TOPIC, "remove_share", missing, id=share_id)
            self.record_event("share_removed", share_id)
