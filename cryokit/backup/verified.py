"""Which archived files were read whole and found to be what the server handed over, so that only others are read."""

import fcntl
import json
import os
from collections.abc import Collection
from pathlib import Path

from cryokit.backup.files import write_whole
from cryokit.telemetry import logger

Facts = list[int | str | None]
"""What changes when a file does: its name on the disk, size, times and inode, its noted checksum, and the key."""


class Verified:
    """
    A dot file beside the archive: facts by name of each file that was read whole and equalled its checksum.

    It spares reading again what nobody has written to since: whoever writes to a file or puts another in its place
    changes its times, which also shows where the old ones were set again. Disks that decay in silence change none of
    these, so a deep check reads everything.
    """

    def __init__(self, archive: Path) -> None:
        self.path = archive.with_name(f".{archive.name}-verified.json")

    def read(self) -> dict[str, Facts]:
        """Return what is known; nothing, so that all is read, where it is damaged or could not be written anew."""
        try:
            found = json.loads(self.path.read_text()) if self._is_ours() else {}
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, facts: dict[str, Facts], believed: Collection[str] = ()) -> None:
        """
        Keep what is known now and forget all else; an account that may only read here keeps nothing.

        Files in `believed` were not read again: they stay only while nobody has found them damaged meanwhile.
        """
        if not self._is_ours():
            return
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # two checks at once share the name of the partial file
            known = self.read()
            self._replace({name: item for name, item in facts.items() if name not in believed or name in known})
        finally:
            os.close(folder)

    def _replace(self, facts: dict[str, Facts]) -> None:
        try:
            write_whole(self.path, json.dumps(facts, indent=0))
        except OSError as error:
            # What the check found counts more than that the next one is quick; the old note may hold what it refuted.
            self.path.unlink(missing_ok=True)
            logger(__name__).warning("verified_wal_not_noted", path=str(self.path), reason=str(error))

    def _is_ours(self) -> bool:
        return os.access(self.path.parent, os.W_OK)
