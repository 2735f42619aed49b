"""Which backups stay: the newest of each of the last hours, days, weeks, months and years, and what they build on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from cryokit.errors import InputError

GRACE = timedelta(days=1)
"""How long a backup that was not proved may wait for its proof."""


@dataclass(frozen=True)
class Rotation:
    """How many of each period stay, and how many days any moment can be restored to."""

    hourly: int = 24
    daily: int = 7
    weekly: int = 5
    monthly: int = 12
    yearly: int = 3
    wal_days: int = 7

    @classmethod
    def read(cls, text: str) -> "Rotation":
        """Read counts as `hourly=24,daily=7`; what is not named stays at its default."""
        known = [field.name for field in fields(cls)]
        given = {}
        for part in filter(None, (word.strip() for word in text.split(","))):
            name, _, count = part.partition("=")
            if name not in known or not count.isdecimal():
                msg = f"{part!r} does not say what is kept; write for example hourly=24,daily=7 with {', '.join(known)}"
                raise InputError(msg)
            given[name] = int(count)
        return cls(**given)


@dataclass(frozen=True)
class Member:
    """What the plan needs to know of one backup."""

    id: str
    kind: str
    parent: str | None
    stopped_at: datetime
    is_proved: bool


@dataclass
class Decision:
    """Whether a backup stays, and every reason for it."""

    member: Member
    reasons: list[str] = field(default_factory=list)

    @property
    def stays(self) -> bool:
        """Whether there is any reason to keep it."""
        return bool(self.reasons)


_PERIODS: dict[str, Callable[[datetime], str]] = {
    "hourly": lambda moment: f"{moment:%Y-%m-%d %H} h",
    "daily": lambda moment: f"{moment:%Y-%m-%d}",
    "weekly": lambda moment: f"{moment:%G week %V}",
    "monthly": lambda moment: f"{moment:%Y-%m}",
    "yearly": lambda moment: f"{moment:%Y}",
}


def plan(members: Iterable[Member], kept: Rotation, now: datetime) -> list[Decision]:
    """
    Decide which backups stay.

    Parameters
    ----------
    members : iterable of Member
        All backups that are there.
    kept : Rotation
        How many of each period.
    now : datetime
        With a time zone.

    Returns
    -------
    list of Decision
        Oldest first. The newest proved backup of each sort (copies of files, dumps) always stays, and so does whatever
        one that stays builds on.
    """
    # By id, which is the order in which they were made; by time it is not, where the clock was changed.
    decisions = {member.id: Decision(member) for member in sorted(members, key=lambda one: one.id)}
    for sort in ((True, "dump"), (False, "copy of files")):
        proved = [one for one in decisions.values() if one.member.is_proved and (one.member.kind == "dump") == sort[0]]
        if proved:
            proved[-1].reasons.append(f"newest proved {sort[1]}")
        for name, period in _PERIODS.items():
            _keep_newest_of_periods(proved, name, period, getattr(kept, name))
    for decision in decisions.values():
        if not decision.member.is_proved and now - decision.member.stopped_at < GRACE:
            decision.reasons.append("waits for its proof")
    if window := window_member(members, kept, now):
        decisions[window.id].reasons.append(f"any moment of the last {kept.wal_days} days starts from it")
    _keep_parents(decisions)
    return list(decisions.values())


def _keep_newest_of_periods(proved: list[Decision], name: str, period: Callable[[datetime], str], count: int) -> None:
    newest: dict[str, Decision] = {}
    for decision in proved:
        newest[period(decision.member.stopped_at.astimezone(UTC))] = decision
    for label in list(newest)[-count:] if count else []:
        newest[label].reasons.append(f"{name}: {label}")


def _keep_parents(decisions: dict[str, Decision]) -> None:
    for decision in reversed(list(decisions.values())):
        if decision.stays and decision.member.parent in decisions:
            decisions[decision.member.parent].reasons.append(f"parent of {decision.member.id}")


def window_member(members: Iterable[Member], kept: Rotation, now: datetime) -> Member | None:
    """Return the backup from which every moment of the window can be reached: WAL before its start may go."""
    start = now - timedelta(days=kept.wal_days)
    copies = sorted((one for one in members if one.kind != "dump" and one.is_proved), key=lambda one: one.id)
    # After one that is too young, an older time only tells that the clock was wrong.
    before = list(takewhile(lambda one: one.stopped_at <= start, copies))
    return before[-1] if before else next(iter(copies), None)
