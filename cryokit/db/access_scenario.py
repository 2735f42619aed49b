"""The people, teams and rows with which access is tried out; all in a transaction that is rolled back."""

import json
import uuid
from typing import Any

from sqlalchemy import Connection

from cryokit.db.queries import queries

PEOPLE = (
    "outsider",
    "viewer",
    "editor",
    "owner",
    "team_admin",
    "guest_viewer",
    "guest_editor",
    "former_guest",
    "account_admin",
)
_TEAM_ROLES = {"viewer": "viewer", "editor": "editor", "owner": "editor", "team_admin": "admin"}


class Scenario:
    """
    One row of each kind, and the people who stand in different relations to it.

    The outsider is admin of another team. Viewer, editor, owner and team admin belong to the team; the owner, an
    editor, owns the team's rows. The guests hold shares of single rows: to view, to edit, and one that has expired.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.people = {name: str(uuid.uuid4()) for name in PEOPLE}
        self.team, self.other_team = str(uuid.uuid4()), str(uuid.uuid4())
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self._add_people()
        self._add_work()
        self._add_models()
        self._add_substances()
        self._add_shares()
        self._add_the_rest()

    def parameters(self) -> dict[str, Any]:
        """Return what the escapes refer to: people, teams, and rows of the team."""
        measurement = self.rows["measurement", "team"]
        return self.people | {
            "team": self.team,
            "other_team": self.other_team,
            "measurement": measurement["id"],
            "measurement_row": json.dumps(measurement),
            "experiment": self.rows["experiment", "team"]["id"],
        }

    def _run(self, name: str, **values: Any) -> Any:
        return self._connection.execute(queries("access_scenario")[name], values)

    def _add(self, table: str, row: str, /, **values: Any) -> dict[str, Any]:
        content = self._run(table, **values).scalar_one()
        self.rows[table, row] = content
        return content

    def _add_people(self) -> None:
        people = [
            {"id": person, "role": "admin" if name == "account_admin" else "researcher"}
            for name, person in self.people.items()
        ]
        memberships = [
            {"team": self.team, "id": self.people[name], "role": role} for name, role in _TEAM_ROLES.items()
        ] + [{"team": self.other_team, "id": self.people["outsider"], "role": "admin"}]
        self._run("people", people=json.dumps(people), team=self.team, other_team=self.other_team)
        self._run("memberships", memberships=json.dumps(memberships))
        existing = self._run("existing", owner=self.people["owner"], team=self.team, viewer=self.people["viewer"]).one()
        self.rows["team", "team"] = existing.team
        self.rows["membership", "team"] = existing.membership
        self.rows["app_user", "own"] = existing.app_user

    def _add_work(self) -> None:
        owner = self.people["owner"]
        for row, team, is_public in (("team", self.team, False), ("private", None, False), ("public", None, True)):
            of_row = {"team": team, "owner": owner, "is_public": is_public}
            self._add("experiment", row, **of_row)
            molecule = self._add("molecule", row, salt=str(uuid.uuid4()), is_public=is_public)["id"]
            of_row |= {"salt": str(uuid.uuid4()), "molecule": molecule, "experiment": None}
            if row == "private":  # a structure of which nothing is known to anybody
                self._add("molecule", row, salt=str(uuid.uuid4()), is_public=False)
            self._add("measurement", row, **of_row)
        experiment = self._run("experiment", team=self.team, owner=owner, is_public=False).scalar_one()["id"]
        self._add(
            "measurement",
            "experiment",
            team=self.team,
            owner=owner,
            is_public=False,
            salt=str(uuid.uuid4()),
            molecule=self.rows["molecule", "team"]["id"],
            experiment=experiment,
        )
        self._share("guest_viewer", "view", experiment=experiment)
        self._share("guest_editor", "edit", experiment=experiment)
        self._share("former_guest", "edit", is_over=True, experiment=experiment)
        self._add("lab_verification", "team", experiment=self.rows["experiment", "team"]["id"], owner=owner)

    def _add_models(self) -> None:
        model = self._add("model", "system")["id"]
        for version, (row, team) in enumerate((("team", self.team), ("public", None)), start=1):
            is_public = team is None
            snapshot = self._add("dataset_snapshot", row, salt=str(uuid.uuid4()), team=team, is_public=is_public)["id"]
            made = self._add("model_version", row, model=model, version=version, dataset_snapshot=snapshot)["id"]
            self._add("evaluation", row, model_version=made, is_public=is_public, owner=None)
            self._add("promotion", row, model_version=made, admin=self.people["account_admin"])
        self._add("evaluation", "own", model_version=made, is_public=False, owner=self.people["owner"])
        for row, team, is_public in (("team", self.team, False), ("private", None, False), ("public", None, True)):
            self._add("prediction", row, model_version=made, team=team, owner=self.people["owner"], is_public=is_public)

    def _add_substances(self) -> None:
        for row, is_public in (("team", False), ("public", True)):
            molecule = self.rows["molecule", row]["id"]
            self._add("molecule_identifier", row, molecule=molecule, is_public=is_public)
        for row, is_public in (("private", False), ("public", True)):
            mixture = self._add("mixture", row, salt=str(uuid.uuid4()), is_public=is_public)["id"]
            self._add("mixture_component", row, mixture=mixture)

    def _add_shares(self) -> None:
        for kind in ("experiment", "measurement", "prediction"):
            item = {kind: self.rows[kind, "team"]["id"]}
            shared = self._share("guest_viewer", "view", **item)
            if kind == "measurement":
                self.rows["share", "team"] = shared
            self._share("guest_editor", "edit", **item)
            self._share("former_guest", "edit", is_over=True, **item)

    def _share(self, guest: str, may: str, is_over: bool = False, **item: Any) -> dict[str, Any]:
        items = {"experiment": None, "measurement": None, "prediction": None} | item
        people = {"grantee": self.people[guest], "owner": self.people["owner"]}
        return self._run("share", may=may, is_over=is_over, **items, **people).scalar_one()

    def _add_the_rest(self) -> None:
        owner = self.people["owner"]
        for table in ("app_login", "api_token", "provider_identity", "request_key", "signed_out"):
            self._add(table, "own", salt=str(uuid.uuid4()), owner=owner)
        for table in ("audit_event", "job", "report_run"):
            self._add(table, "own", owner=owner)
        self._add("report_run", "system", owner=None)
        for table in ("health_run", "backup_set", "backup_drill", "quarantined_row", "property_type", "target"):
            self._add(table, "system")
