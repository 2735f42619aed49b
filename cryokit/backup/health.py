"""The health check of archived WAL: a damaged or lost file ends what can be restored, long before anybody tries."""

import os
import tempfile
from pathlib import Path

from cryokit.backup.archive import Archive
from cryokit.backup.files import Cipher
from cryokit.backup.sets import Sets
from cryokit.backup.timelines import first_segment, lineage
from cryokit.config import Settings
from cryokit.db.health.catalogue import Check
from cryokit.db.health.probe import CannotCheck, Probe
from cryokit.db.health.report import Finding
from cryokit.errors import ConfigError, IntegrityCheckError

_CHECK = "archived WAL"
_FIX = "run `cryokit backup create`, from which every later moment can be reached again; see which disk lost it"


def archive_checks(settings: Settings) -> list[Check]:
    """Return the check that reads the WAL that the newest proved backup needs; a deep one reads all of it."""
    return [Check(_CHECK, lambda probe: _archive(settings, probe))]


def _archive(settings: Settings, probe: Probe) -> list[Finding]:
    folder = settings.wal_archive_dir
    if not folder.exists():
        return []
    if not os.access(folder, os.R_OK | os.X_OK):
        msg = f"{folder} cannot be read by this account"
        raise CannotCheck(msg)
    try:
        since = None if probe.deep else _needed_since(settings)
        with tempfile.TemporaryDirectory(prefix="cryokit-verify-") as scratch:
            wrong = Archive(settings).verify(Cipher(settings.backup_key_file), Path(scratch), since)
    except IntegrityCheckError as error:  # a manifest is damaged
        wrong = [str(error)]
    except (ConfigError, OSError) as error:
        raise CannotCheck(str(error), is_unfinished=True) from error
    return [Finding(_CHECK, "error", str(folder), problem, {}, _FIX) for problem in wrong]


def _needed_since(settings: Settings) -> str | None:
    """Return the first segment that the newest proved copy of the files needs, None if there is none."""
    fit = lineage(settings).continued(Sets(settings))
    return first_segment(fit[-1]) if fit else None
