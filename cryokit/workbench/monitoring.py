"""What a monitor asks: the state of every component, and the figures that lie in the database."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from cryokit.db.engine import Database
from cryokit.errors import CryokitError, UnavailableError
from cryokit.workbench import outside
from cryokit.workbench.health import Health
from cryokit.workbench.statuses import FAIL, PASS, WARN, worst

_CHECK_WARN_AGE_DAYS = 8
_DAY_SECONDS = 86400
_BACKUP_WARN_HOURS, _BACKUP_FAIL_HOURS = 26, 50


class Monitoring(Health):
    """Look at every component, and collect what the database knows of jobs, reports, models and checks."""

    def system_health(self, server: str | None = None) -> dict[str, Any]:
        """
        Return status, latency and detail of every component, and the worst status; starts nothing.

        `server` is the address of the running server, which is asked too; the server does not ask itself.
        """
        if self._database is None:
            self._database = Database.open(self.settings, start=False)
        checks = self._components()
        if server is not None:
            checks["server"] = partial(outside.check_dependency, "server", f"{server}/health/live")
        components = {name: _measured(check) for name, check in checks.items()}
        return {"status": worst(item["status"] for item in components.values()), "components": components}

    def _components(self) -> dict[str, Callable[[], str]]:
        return self._checks() | {
            "disk": partial(outside.check_disk_reserve, self.settings.state_dir.absolute()),
            "clock": self._check_clock,
            "findings": self._check_findings,
            "backups": self._check_backups,
            **self._dependency_checks(),
            **{
                f"certificate:{Path(name).name}": partial(outside.check_certificate, Path(name.strip()))
                for name in (self.settings.certificates or "").split(",")
                if name.strip()
            },
        }

    def _dependency_checks(self) -> dict[str, Callable[[], str]]:
        try:
            named = outside.dependencies_in(self.settings.dependencies)
        except CryokitError as error:
            return {"dependencies": partial(_raise, error)}
        return {
            f"dependency:{name}": partial(outside.check_dependency, name, address) for name, address in named.items()
        }

    def _check_clock(self) -> str:
        before = time.time()
        there = self.registry.server_clock()
        return outside.clock_verdict((before + time.time()) / 2, there)

    def _check_findings(self) -> str:
        newest = self.registry.last_health_run()
        if newest is None:
            msg = "the database was never checked; run `cryokit report run health` or press Run now on its page"
            raise outside.ShortlyError(msg)
        days = (time.time() - newest["checked_at"]) / _DAY_SECONDS
        said = f"{newest['error']} errors, {newest['warning']} warnings, checked {days:.1f} days ago"
        if newest["error"] or days > _CHECK_WARN_AGE_DAYS:
            raise outside.ShortlyError(said)
        return said

    def _check_backups(self) -> str:
        proved_at = self.registry.backup_ages()["proved_at"]
        if proved_at is None:
            msg = "there is no backup that was proved by restoring it; run `cryokit backup create`"
            raise outside.ShortlyError(msg)
        hours = (time.time() - proved_at) / 3600
        said = f"the newest proved backup is {hours:.1f} hours old"
        if hours > _BACKUP_FAIL_HOURS:
            raise UnavailableError(said)
        if hours > _BACKUP_WARN_HOURS:
            raise outside.ShortlyError(said)
        return said

    def operations_health(self) -> dict[str, Any]:
        """Return the state of every component for administrators."""
        self._refuse_unless_admin()
        return type(self)(self.settings, self._database).system_health()

    def active_alerts(self) -> list[dict[str, str]]:
        """Return the alerts that Alertmanager has now, or raise that it does not answer."""
        self._refuse_unless_admin()
        return outside.alerts_at(self.settings.alertmanager_url)

    def monitored_state(self) -> dict[str, Any]:
        """Return what the metrics tell of the rows: runs, findings, current versions, pool, readiness."""
        state: dict[str, Any] = {
            "ready": self.readiness(),
            "pool": {},
            "runs": [],
            "findings": None,
            "versions": {},
            "backups": {},
        }
        try:
            state |= {"runs": self.registry.last_runs(), "findings": self.registry.last_health_run()}
            state["backups"] = self.registry.backup_ages()
            versions = self.models()
            current = versions[versions["is_current"].astype(bool)]
            state["versions"] = dict(zip(current["target"], current["version"], strict=True))
            state["pool"] = self.database.pool_use()
        except CryokitError as error:
            state["unreadable"] = str(error)
        return state


def _raise(error: CryokitError) -> str:
    raise error


def _measured(check: Callable[[], str]) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        status, detail = PASS, check()
    except outside.ShortlyError as error:
        status, detail = WARN, str(error)
    except CryokitError as error:
        status, detail = FAIL, str(error)
    return {"status": status, "detail": detail, "seconds": round(time.perf_counter() - began, 4)}


class Since:
    """Remembers since when each component has its status."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, str]] = {}

    def told(self, health: Mapping[str, Any]) -> dict[str, Any]:
        """Return a health answer in which each component says since when it is so."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        components = {}
        for name, item in health["components"].items():
            status, since = self._seen.get(name, ("", now))
            since = since if status == item["status"] else now
            self._seen[name] = (item["status"], since)
            components[name] = item | {"since": since}
        return dict(health) | {"components": components}
