"""Timelines: a restore to an earlier point begins a new one, and what the older one went on to can still be read."""

import re
from dataclasses import dataclass

from cryokit.backup.sets import BackupSet, Sets
from cryokit.config import Settings
from cryokit.errors import InputError

SEGMENT_BYTES = 16 * 1024 * 1024
_SEGMENTS_OF_A_NAME = (1 << 32) // SEGMENT_BYTES
"""After so many segments the middle part of their names goes on by one."""
_WAL = re.compile(r"(?P<timeline>[0-9A-F]{8})(?:[0-9A-F]{16}|\.history)(?:\..+)?")
_SEGMENT = "[0-9A-F]" * 24
_BRANCH = re.compile(r"^\s*(\d+)\s+([0-9A-F]+/[0-9A-F]+)", re.MULTILINE)


@dataclass(frozen=True)
class Lineage:
    """A timeline with those that it came from, and the address at which each of these was left."""

    timeline: int
    left_at: dict[int, str]

    def holds(self, segment: str) -> bool:
        """Whether a segment, told by its name, is on the way to this timeline's end."""
        timeline = int(segment[:8], 16)
        if timeline in self.left_at:
            return segment_number(segment) <= position(self.left_at[timeline]) // SEGMENT_BYTES
        return timeline == self.timeline

    def holds_set(self, found: BackupSet) -> bool:
        """Whether a copy of the files was complete before its timeline was left, so that this one continues it."""
        timeline = found.manifest["timeline"]
        if timeline in self.left_at:
            return position(found.manifest["stop_lsn"]) <= position(self.left_at[timeline])
        return timeline == self.timeline

    def continued(self, sets: Sets) -> list[BackupSet]:
        """Return the proved copies of the files that this timeline continues, oldest first."""
        return [found for found in sets.physical() if self.holds_set(found)]


def lineage(settings: Settings, timeline: int | None = None) -> Lineage:
    """Return a timeline of which there is WAL with those that it came from; the live cluster's, or else the newest."""
    known = known_timelines(settings)
    if timeline is None:
        timeline = _live_timeline(settings) or max(known, default=1)
    elif timeline not in known:
        msg = f"there is no timeline {timeline}; there are {', '.join(map(str, sorted(known))) or 'none'}"
        raise InputError(msg)
    return Lineage(timeline, known.get(timeline, {}))


def known_timelines(settings: Settings) -> dict[int, dict[int, str]]:
    """Return the timelines that there is WAL of, each with those that it came from and where they were left."""
    found: dict[int, dict[int, str]] = {}
    for folder in (settings.wal_archive_dir, settings.cluster_dir / "pg_wal"):
        for path in folder.glob("*"):
            if match := _WAL.fullmatch(path.name):
                before = found.setdefault(int(match["timeline"], 16), {})
                if path.suffix == ".history":
                    before |= {int(number): lsn for number, lsn in _BRANCH.findall(path.read_text())}
    return found


def _live_timeline(settings: Settings) -> int | None:
    """
    Return the timeline of the live cluster, which an older one put back by hand has too.

    It is the highest that its own segments name: each timeline gets a number above those it came from, and a cluster
    has segments of these only. Their times tell nothing, because the server uses files again and clocks are changed.
    """
    names = [path.name for path in (settings.cluster_dir / "pg_wal").glob(_SEGMENT)]
    return int(max(names)[:8], 16) if names else None


def position(lsn: str) -> int:
    """Return an address such as 0/3000028 as a number of bytes."""
    high, low = (int(part, 16) for part in lsn.split("/"))
    return (high << 32) + low


def segment_number(name: str) -> int:
    """Return the place of a segment in the stream, whatever its timeline."""
    return int(name[8:16], 16) * _SEGMENTS_OF_A_NAME + int(name[16:24], 16)


def segment_of(timeline: int, lsn: str) -> str:
    """Return the name of the segment that holds an address such as 0/3000028."""
    high, low = divmod(position(lsn) // SEGMENT_BYTES, _SEGMENTS_OF_A_NAME)
    return f"{timeline:08X}{high:08X}{low:08X}"


def first_segment(found: BackupSet) -> str:
    """Return the name of the segment from which a copy of the files is replayed."""
    return segment_of(found.manifest["timeline"], found.manifest["start_lsn"])
