"""Bringing everything up: what is said at the end, and when nothing is said."""

import pandas as pd
import pytest

from cryokit import startup
from cryokit.errors import ModelError


class Prepared:
    """A workbench in which every step is done, with accounts of given names, roles and closing times."""

    def __init__(self, *accounts: tuple[str, str, str | None], broken: str = "") -> None:
        self.accounts, self.broken, self.added = accounts, broken, []
        self.settings = type("Settings", (), {"database_url": None, "reports_dir": "reports"})

    def start_database(self) -> None:
        pass

    def database_status(self) -> dict:
        return {"version": "17"}

    def migrate(self) -> list[str]:
        return []

    def fail_interrupted_runs(self) -> int:
        return 0

    def load_bundled(self, _target: str) -> int:
        return 0

    def run_report(self, name: str, _parameters: dict, reuse: bool) -> dict:
        return {"path": f"reports/{name}.html", "reused": reuse}

    def require_ready(self) -> None:
        if self.broken:
            raise ModelError(self.broken)

    def users(self) -> pd.DataFrame:
        return pd.DataFrame(list(self.accounts), columns=["name", "role", "disabled_at"], dtype=object)

    def add_user(self, name: str, role: str) -> str:
        self.added.append((name, role))
        return "secret"


def said_by(workbench: Prepared) -> str:
    lines = []
    startup.bring_up(workbench, lines.append)
    return "\n".join(lines)


def test_nothing_is_called_ready_that_cannot_work():
    lines = []

    with pytest.raises(ModelError, match="no model file"):
        startup.bring_up(Prepared(broken="there is no model file"), lines.append)

    assert not any(line.startswith("ready") for line in lines)


def test_a_step_that_fails_stops_the_others():
    lines, asked = [], []

    class Failing(Prepared):
        def run_report(self, name: str, parameters: dict, reuse: bool) -> dict:
            asked.append((name, parameters.get("target")))
            if name == "training":
                msg = "a cell failed"
                raise ModelError(msg)
            return super().run_report(name, parameters, reuse)

    with pytest.raises(ModelError, match="a cell failed"):
        startup.bring_up(Failing(), lines.append)

    assert {name for name, _ in asked} == {"training"}
    assert len(asked) <= 2
    assert not any(line.startswith("ready") for line in lines)


def test_each_target_is_validated_after_it_was_trained():
    lines = said_by(Prepared()).splitlines()
    steps = [line.split("] ")[1].split("  ")[0] for line in lines if line.startswith("[")]

    assert [line[:7] for line in lines[:2]] == ["[ 1/13]", "[ 2/13]"]
    assert len(steps) == 13
    for target in ("tg", "iri", "viability"):
        assert steps.index(f"train: {target}") < steps.index(f"validate: {target}")


def test_the_first_account_is_added_once():
    workbench = Prepared()

    assert "first login: admin, password secret" in said_by(workbench)
    assert workbench.added == [("admin", "admin")]


def test_accounts_without_an_administrator_get_one():
    workbench = Prepared(("ann", "viewer", None), ("eve", "admin", "2026-01-02"))

    assert "first login: admin" in said_by(workbench)


def test_a_closed_first_account_is_not_called_a_login():
    workbench = Prepared(("Admin", "admin", "2026-01-02"), ("ann", "viewer", None))

    assert "no administrator can sign in" in said_by(workbench)
    assert workbench.added == []


def test_the_administrator_who_can_sign_in_is_named():
    workbench = Prepared(("admin", "viewer", None), ("eve", "admin", None))

    assert "`cryokit user password eve`" in said_by(workbench)
