"""The health checks of files: damaged or lost, WAL ends what can be restored, and a model predicts no more."""

import os
import tempfile
from pathlib import Path

from cryokit.backup.archive import Archive
from cryokit.backup.artifacts import Artifacts, in_words, is_whole_in
from cryokit.backup.files import Cipher
from cryokit.backup.sets import Sets
from cryokit.backup.timelines import first_segment, lineage
from cryokit.config import Settings
from cryokit.db.health.catalogue import Check
from cryokit.db.health.probe import CannotCheck, Probe
from cryokit.db.health.report import Finding
from cryokit.db.queries import queries
from cryokit.errors import ConfigError, IntegrityCheckError

_CHECK, _MODELS = "archived WAL", "model files"
_FIX = "run `cryokit backup create`, from which every later moment can be reached again; see which disk lost it"
_KEPT = "copy it from `artifacts` of a folder that `cryokit backup restore --into FOLDER` fills, or run `cryokit train`"
_LOST = "run `cryokit train`, which makes a version that has its file; see which disk or person lost this one"


def file_checks(settings: Settings) -> list[Check]:
    """Return the checks of archived WAL and of the files of models."""
    return [
        Check(_CHECK, lambda probe: _archive(settings, probe)),
        Check(_MODELS, lambda probe: _models(settings, probe)),
    ]


def _models(settings: Settings, probe: Probe) -> list[Finding]:
    """Read the model files that the database refers to, and tell those that are not whole."""
    folder, findings = settings.artifacts_dir, []
    try:
        kept = Artifacts(settings, Cipher(settings.backup_key_file))
        for found in probe.ask(queries("backups")["model_files"]):
            if not is_whole_in(found["artifact_sha256"], folder):
                is_kept = not kept.lacking([found["artifact_sha256"]], None)
                message = in_words(found["artifact_sha256"], found["versions"], folder)
                message += "; the backups hold it" if is_kept else "; no backup holds it"
                fix = _KEPT if is_kept else _LOST
                findings.append(Finding(_MODELS, "warning", str(folder), message, {}, fix))
    except (ConfigError, OSError) as error:
        raise CannotCheck(str(error), is_unfinished=True) from error
    return findings


def _archive(settings: Settings, probe: Probe) -> list[Finding]:
    """
    Check the WAL that the newest proved backup needs, of which it reads what is new or was written to.

    A deep check reads all of the archive, also what was found whole before: a disk may decay in silence.
    """
    folder = settings.wal_archive_dir
    if not folder.exists():
        return []
    if not os.access(folder, os.R_OK | os.X_OK):
        msg = f"{folder} cannot be read by this account"
        raise CannotCheck(msg)
    try:
        since = None if probe.deep else _needed_since(settings)
        with tempfile.TemporaryDirectory(prefix="cryokit-verify-") as scratch:
            cipher = Cipher(settings.backup_key_file)
            wrong = Archive(settings).verify(cipher, Path(scratch), since, only_new=not probe.deep)
    except IntegrityCheckError as error:  # a manifest is damaged
        wrong = [str(error)]
    except (ConfigError, OSError) as error:
        raise CannotCheck(str(error), is_unfinished=True) from error
    return [Finding(_CHECK, "error", str(folder), problem, {}, _FIX) for problem in wrong]


def _needed_since(settings: Settings) -> str | None:
    """Return the first segment that the newest proved copy of the files needs, None if there is none."""
    fit = lineage(settings).continued(Sets(settings))
    return first_segment(fit[-1]) if fit else None
