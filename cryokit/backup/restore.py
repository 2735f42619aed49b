"""Bring a backup back: into a new place, or in place of the live cluster once it is known to be right."""

import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryokit.backup.archive import Archive, reach
from cryokit.backup.artifacts import Artifacts, wanted_by
from cryokit.backup.files import Cipher, sync
from cryokit.backup.progress import Teller, part_of, silent
from cryokit.backup.scratch import RecoveryTarget, Scratch
from cryokit.backup.sets import BackupSet, Sets
from cryokit.backup.stopping import stoppable
from cryokit.backup.timelines import first_segment, known_timelines, lineage
from cryokit.backup.verification import Line, Verification, verify_restored
from cryokit.config import Settings
from cryokit.db.engine import Database
from cryokit.db.queries import queries
from cryokit.db.server import Server
from cryokit.errors import ConflictError, CryokitError, InputError, UnavailableError


@dataclass(frozen=True)
class Restored:
    """Where a restored cluster is, how its verification went, and how long all took."""

    cluster: Path
    verification: Verification
    kept: Path | None
    seconds: float


def prove(settings: Settings, found: BackupSet, tell: Teller = silent) -> tuple[BackupSet, Verification]:
    """Restore a set to a scratch cluster, verify it, and write down in its manifest that and what was found."""
    cipher = Cipher(settings.backup_key_file)
    began = time.perf_counter()
    with Scratch(settings, cipher, tell=part_of(tell, 0.0, 0.5)).opened() as scratch, stoppable():
        fill(scratch, Sets(settings), found, RecoveryTarget())
        verification = _verified(scratch, found, is_exact=True, tell=part_of(tell, 0.5, 1.0))
    verification.require_passed(f"backup {found.id}")
    proof = {"lines": verification.as_rows(), "seconds": round(time.perf_counter() - began, 3)}
    noted = {"contents": verification.contents, "findings": verification.findings}
    return found.with_changes(proved_at=datetime.now(UTC).isoformat(), proof=proof, **noted), verification


def restore(
    settings: Settings,
    found: BackupSet,
    target: RecoveryTarget,
    into: Path | None,
    replace: bool,
    tell: Teller = silent,
) -> Restored:
    """
    Restore a cluster and verify it; only then may it take the place of the live one.

    Parameters
    ----------
    settings : Settings
        The installation that the set belongs to.
    found : BackupSet
        What to restore.
    target : RecoveryTarget
        Up to where changes are replayed.
    into : Path, optional
        State folder to restore into, which must not hold a cluster; the installation's own if missing.
    replace : bool
        Whether a cluster that is there is set aside.
    tell : Teller
        Hears of each step; until the last one, which puts it in place, it may cancel, and nothing was changed.
    """
    home = settings if into is None else settings.model_copy(update={"state_dir": into.absolute()})
    if home.cluster_dir.exists() and not replace:
        msg = f"there is a cluster in {home.cluster_dir}; it is only set aside with --replace"
        raise ConflictError(msg)
    _refuse_unreachable(settings, found, target)
    if target.moment():
        _commit_once(settings)
    began = time.perf_counter()
    cipher, of_copy = Cipher(settings.backup_key_file), part_of(tell, 0.0, 0.5)
    with Scratch(settings, cipher, home.state_dir, tell=of_copy).opened() as scratch:
        with stoppable():
            scratch.know_passwords_of(home)
            fill(scratch, Sets(settings), found, target)
            is_exact = not target.needs_archive
            verification = _verified(scratch, found, is_exact, home.artifacts_dir, part_of(tell, 0.5, 0.9))
            verification.require_passed(f"the restored backup {found.id}, which was not put in place,")
            tell("putting it in place", 0.9)
        Artifacts(settings, scratch.cipher).put_back(_models_in(scratch), home.artifacts_dir)
        kept = _put_in_place(scratch, home, is_new=found.kind == "dump")
    return Restored(home.cluster_dir, verification, kept, time.perf_counter() - began)


def drill(settings: Settings, found: BackupSet) -> dict[str, Any]:
    """Restore all that is kept, verify it, throw it away; return how long that took and how it went."""
    began = time.perf_counter()
    with Scratch(settings, Cipher(settings.backup_key_file)).opened() as scratch:
        fill(scratch, Sets(settings), found, RecoveryTarget.at("latest"), salvage=False)
        recovery = time.perf_counter() - began
        verification = _verified(scratch, found, is_exact=False)
    return {
        "backup": found.id,
        "is_passed": verification.is_passed,
        "recovery_seconds": round(recovery, 3),
        "verified_seconds": round(time.perf_counter() - began, 3),
        "lines": verification.as_rows(),
    }


def newest_before(settings: Settings, target: RecoveryTarget) -> BackupSet:
    """Return the newest proved set from which a point can be reached."""
    moment, way = target.moment(), lineage(settings, target.timeline)
    physical = way.continued(Sets(settings))
    fit = [one for one in physical if moment is None or datetime.fromisoformat(one.manifest["stopped_at"]) <= moment]
    if not fit:
        oldest = physical[0].manifest["stopped_at"] if physical else "never: there is no proved full backup"
        msg = (
            f"no backup of timeline {way.timeline} was complete at {target.value}; "
            f"the earliest point that can be reached is {oldest}"
        )
        raise InputError(msg)
    return fit[-1]


def _refuse_unreachable(settings: Settings, found: BackupSet, target: RecoveryTarget) -> None:
    if target.needs_archive and found.kind == "dump":
        msg = f"{found.id} is a dump, which knows one point only; restore to a point in time from a full backup"
        raise InputError(msg)
    way = lineage(settings, target.timeline)
    if target.needs_archive and not way.holds_set(found):
        msg = (
            f"{found.id} is of timeline {found.manifest['timeline']} and was made after that was left for timeline "
            f"{way.timeline}; name another backup, or --timeline {found.manifest['timeline']}"
        )
        raise InputError(msg)
    moment = target.moment()
    if moment is None:
        return
    if moment < datetime.fromisoformat(found.manifest["stopped_at"]):
        msg = (
            f"{found.id} was complete at {found.manifest['stopped_at']}, later than {target.value}; name an earlier one"
        )
        raise InputError(msg)
    reached = reach(Archive(settings).segments(), first_segment(found), way)
    if (settings.cluster_dir / "pg_wal").exists():
        return  # what was not handed over yet is there too, and PostgreSQL says if it does not reach
    if reached is None or moment > reached:
        msg = (
            f"{target.value} cannot be reached; the archive reaches to {reached.isoformat() if reached else 'nothing'}"
        )
        raise InputError(msg)


def fill(scratch: Scratch, sets: Sets, found: BackupSet, target: RecoveryTarget, salvage: bool = True) -> None:
    """Bring a backup up in a scratch cluster, to a point."""
    if found.kind == "dump":
        scratch.restore_dump(found)
    else:
        scratch.restore_copy(sets.chain(found), target, salvage)


def _verified(
    scratch: Scratch, found: BackupSet, is_exact: bool, folder: Path | None = None, tell: Teller = silent
) -> Verification:
    expected = found.manifest.get("contents") if is_exact else None
    known = found.manifest.get("findings") if is_exact else None
    verification = verify_restored(scratch.database, scratch.live, expected, known, tell)
    links = Line("files", "pass", "every file and link equals its manifest; pg_verifybackup agrees")
    if found.kind == "dump":
        links = Line("files", "pass", "every file equals its manifest; all of it was decoded")
    models = _models_line(scratch, found, is_exact, folder)
    return Verification((links, *verification.lines, models), verification.contents, verification.findings)


def _models_in(scratch: Scratch) -> dict[str, str]:
    with scratch.database.bootstrap() as connection:
        return wanted_by(connection)


def _models_line(scratch: Scratch, found: BackupSet, is_exact: bool, folder: Path | None) -> Line:
    """Return whether the restored rows come with their model files, kept with the backups or in a folder already."""
    wanted = _models_in(scratch)
    lacking = Artifacts(scratch.live, scratch.cipher).lacking(wanted, folder)
    words = f"{len(wanted) - len(lacking)} of {len(wanted)} model files are kept and equal their checksums"
    if not lacking:
        return Line("models", "pass", words)
    known = set(found.manifest.get("artifacts_missing", ()))
    promised = set(lacking) & set(found.manifest.get("artifacts", ()))
    wrong = set(lacking) - known if is_exact and "artifacts" in found.manifest else promised
    # The rows of a moment are worth more than a model, which can be trained again; a drill is there to find it out.
    if wrong and (is_exact or folder is None):
        return Line("models", "fail", f"{words}; missing or damaged: {', '.join(sorted(wrong))}")
    return Line("models", "pass", f"{words}; there is no whole one of {', '.join(lacking)}; train their targets again")


def _commit_once(settings: Settings) -> None:
    """Let a running server commit, without which nobody knows in its WAL that the moments until now went by."""
    # A server that cannot commit, being damaged or full, is no reason not to restore.
    with contextlib.suppress(CryokitError):
        if Server(settings).status().running:
            with Database(settings).bootstrap() as connection, connection.begin():
                connection.execute(queries("backups")["commit_once"])


def _put_in_place(scratch: Scratch, home: Settings, is_new: bool) -> Path | None:
    """
    Stop both servers and let the new cluster take the place; the old one is kept beside it.

    Killed between any two steps, a server that starts here is the old or the new one, or says what to do.
    """
    scratch.database.dispose()
    scratch.server.stop()
    if is_new and (known := known_timelines(home)):
        scratch.begin_timeline(max(known) + 1)
    scratch.server.sync()
    live = Server(home)
    live.passwords.take_over(scratch.database.passwords)
    kept = None
    if home.cluster_dir.exists():
        _commit_once(home)
        live.stop()
        kept = live.name_for_kept(datetime.now(UTC))
    # After its stop the old server has handed over its last segment, of which the new cluster may have a shorter copy.
    Archive(home).ask_again(scratch.settings.cluster_dir)
    if kept:
        home.cluster_dir.rename(kept)
    scratch.settings.cluster_dir.rename(home.cluster_dir)
    sync(home.state_dir)
    try:
        live.start()
    except UnavailableError as error:
        beside = f", the one before it is {kept.name}" if kept else ""
        msg = f"the restored cluster was verified and is in place{beside}, but does not start: {error}"
        raise UnavailableError(msg) from error
    return kept
