"""How well protected the installation is now: reachable moments, ages, what would be lost."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryokit.backup.archive import Archive, Segments, unbroken
from cryokit.backup.retention import Decision, Member, Rotation, plan, window_member
from cryokit.backup.sets import BackupSet, Sets
from cryokit.backup.timelines import (
    SEGMENT_BYTES,
    Lineage,
    first_segment,
    known_timelines,
    lineage,
    position,
    segment_number,
    segment_of,
)
from cryokit.config import Settings
from cryokit.db.engine import Database
from cryokit.db.queries import queries


def member_of(found: BackupSet) -> Member:
    """Return what the plan of rotation needs to know of a set."""
    stopped = datetime.fromisoformat(found.manifest["stopped_at"])
    return Member(found.id, found.kind, found.parent, stopped, found.is_proved)


def rotation(sets: Sets, kept: Rotation, now: datetime) -> list[Decision]:
    """Return for each set whether it stays and why."""
    return plan([member_of(found) for found in sets.all()], kept, now)


def first_needed_segment(sets: Sets, kept: Rotation, now: datetime) -> str | None:
    """Return the oldest WAL segment that any kept set still needs, None if nothing needs any."""
    window = window_member([member_of(found) for found in sets.all()], kept, now)
    if window is None:
        return None
    # A later set may lie earlier in the stream, on another timeline.
    return min((first_segment(one) for one in sets.physical() if one.id >= window.id), key=segment_number)


@dataclass
class Span:
    """A time of which any moment can be restored, and the number of the last segment that it rests on."""

    begin: datetime
    end: datetime
    last_segment: int


def _spans(segments: Segments, way: Lineage, sets: Sets) -> list[Span]:
    spans: list[Span] = []
    for found in way.continued(sets):
        stopped = datetime.fromisoformat(found.manifest["stopped_at"])
        last = segment_number(segment_of(found.manifest["timeline"], found.manifest["stop_lsn"]))
        span = Span(stopped, stopped, last)
        if files := list(unbroken(segments, first_segment(found), way)):
            span.end = max(stopped, files[-1].handed_over())
            span.last_segment = max(last, segment_number(files[-1].name))
        # Told by WAL: a set that the WAL before it leads into ends nothing, though it was written down a little later.
        if spans and (stopped <= spans[-1].end or last <= spans[-1].last_segment):
            spans[-1].end = max(spans[-1].end, span.end)
            spans[-1].last_segment = max(spans[-1].last_segment, span.last_segment)
        else:
            spans.append(span)
    return spans


def recovery_window(settings: Settings) -> dict[str, Any]:
    """
    Return from when to when any moment can be restored to, as far as files tell; works without a database.

    Where there are gaps it is the newest of the spans, which come along, oldest first.
    """
    segments = Archive(settings).segments()
    names = [file.name for files in segments.values() for file in files]
    spans = _spans(segments, lineage(settings), Sets(settings))
    newest = {"from": spans[-1].begin, "to": spans[-1].end} if spans else {"from": None, "to": None}
    return newest | {"newest_segment": max(names, default=None), "spans": spans}


def unarchived_seconds(window: dict[str, Any], database: Database, now: datetime) -> float | None:
    """
    Return how many seconds of work would be lost with the disk, None if all would.

    What was written since the newest archived segment is lost; a server that wrote nothing since loses nothing.
    """
    if window["to"] is None:
        return None
    with database.bootstrap() as connection:
        place = connection.execute(queries("backups")["place_in_wal"]).one()
    here, newest = segment_number(segment_of(place.timeline, place.lsn)), window["newest_segment"]
    is_all_there = newest is not None and segment_number(newest) >= here - 1 and _at_start(place.lsn)
    return 0.0 if is_all_there else max(0.0, (now - window["to"]).total_seconds())


def _at_start(lsn: str) -> bool:
    """Whether an address is in the first page of a segment, where only its header is."""
    return position(lsn) % SEGMENT_BYTES <= 0x60


def status_of(settings: Settings, database: Database | None, window: dict[str, Any]) -> dict[str, Any]:
    """Return sets, ages and reach, of which a recovery window tells; without a database what the files tell."""
    now = datetime.now(UTC)
    found = Sets(settings).all()
    proved = [one for one in found if one.is_proved]
    newest = proved[-1] if proved else None
    said = {
        "backups": len(found),
        "proved": len(proved),
        "bytes": sum(one.manifest["bytes"] for one in found),
        "newest_proved": newest.id if newest else None,
        "age_seconds": _age(newest.manifest["stopped_at"], now) if newest else None,
        "on_remote": newest.manifest["remote"]["name"] if newest and newest.manifest["remote"] else None,
        "reachable_from": window["from"].isoformat() if window["from"] else None,
        "reachable_to": window["to"].isoformat() if window["to"] else None,
        "timelines": sorted(known_timelines(settings)),
    }
    if database is not None and not database.is_external:
        said["would_be_lost_seconds"] = unarchived_seconds(window, database, now)
        with database.bootstrap() as connection:
            said["archiver"] = dict(connection.execute(queries("backups")["archiver"]).mappings().one())
    return said


def _age(moment: str, now: datetime) -> float:
    return round((now - datetime.fromisoformat(moment)).total_seconds(), 1)
