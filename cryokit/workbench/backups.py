"""Backups: made, proved, listed, brought back; for maintenance and admins."""

import contextlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from cryokit.backup import archive, artifacts, files, overview, remote, restore
from cryokit.backup.engine import Engine
from cryokit.backup.files import make_key_file
from cryokit.backup.partial import Part
from cryokit.backup.partial_restore import restore_part
from cryokit.backup.progress import Teller, part_of, silent
from cryokit.backup.retention import Rotation
from cryokit.backup.scratch import RecoveryTarget, damaged_files
from cryokit.backup.sets import KINDS, BackupSet, Sets, refuse_unknown
from cryokit.backup.stopping import stopped_by_signals, stopped_when
from cryokit.db.engine import Database
from cryokit.db.registry import Registry
from cryokit.errors import CancelledError, ConflictError, CryokitError, InputError
from cryokit.telemetry import logger
from cryokit.workbench.jobs import SILENT_SECONDS, UNDER_WAY, Doer, Jobs

__all__ = ["KINDS", "Backups", "make_key_file"]

JOB_KIND = "backup"

_SHOWN = ("id", "kind", "parent", "started_at", "seconds", "bytes", "server_version", "schema_revision", "proved_at")


class Backups(Jobs):
    """Make backups that are proved by restoring them."""

    def _doers(self) -> dict[str, Doer]:
        return super()._doers() | {JOB_KIND: self._backed_up}

    def start_backup(self, kind: str = "full") -> str:
        """Have a backup made and proved by a process of its own and return the job's identifier; one at a time."""
        self._refuse_unless_admin()
        refuse_unknown(kind)
        for job in self.backup_jobs(1):
            if job["status"] in UNDER_WAY:
                msg = f"a backup is under way since {job['created_at']}; wait for its end"
                raise ConflictError(msg)
        with Sets(self.settings).locked():  # or say what else is at work
            self.maintenance.record_event("backup_asked_for", kind)
        return self._start_job(JOB_KIND, {"kind": kind})

    def backup_jobs(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest backups that administrators asked for on a page, with their logs."""
        self._refuse_unless_admin()
        Registry(self.database).fail_silent_jobs(SILENT_SECONDS)
        return self._with_logs(self.maintenance, JOB_KIND, limit)

    def cancel_backup(self, job_id: str) -> None:
        """Stop a backup that an administrator asked for; its process ends within a second and removes what it made."""
        self._refuse_unless_admin()
        job = self.maintenance.job(job_id)
        if job["kind"] != JOB_KIND:
            msg = f"job {job_id} is of the kind {job['kind']}, not {JOB_KIND}; its owner cancels it"
            raise InputError(msg)
        self.maintenance.cancel_job(job_id)
        self.maintenance.record_event("backup_cancelled", job["parameters"]["kind"])

    def _backed_up(self, registry: Registry, job: dict[str, Any]) -> dict[str, Any]:
        owner = self._owner(job["owner_id"], "admin")
        maker = self.acting_as(owner) if owner else self

        def tell(line: str, done_fraction: float) -> None:
            registry.job_progress(job["id"], done_fraction)
            registry.job_alive(job["id"], line)

        try:
            with stopped_when(lambda: Registry(self.database).job_is_cancelled(job["id"])):
                made = maker.create_backup(job["parameters"]["kind"], tell=tell)
        except CancelledError as error:
            msg = "it ended before the backup was proved, and nothing of it was kept"
            raise CancelledError(msg) from error
        return {name: made[name] for name in ("id", "kind", "bytes", "seconds", "proved_at")}

    def create_backup(self, kind: str = "full", prove: bool = True, tell: Teller = silent) -> dict[str, Any]:
        """Make a backup, prove it by restoring it, and return its manifest; `tell` hears of steps and may cancel."""
        self._refuse_unless_admin()
        who = self.identity.name if self.identity else None
        made = Engine(self.settings, self.database, who).create(kind, part_of(tell, 0.0, 0.5))
        self.registry.store_backup_set(made.manifest)
        if prove:
            made = self._proved(made, tell)
        archive.Archive(self.settings).pack(files.Cipher(self.settings.backup_key_file))
        return _shown(made)

    def _proved(self, made: BackupSet, tell: Teller) -> BackupSet:
        """Prove a backup that was just made; one that is cancelled meanwhile is removed."""
        size, seconds = made.manifest["bytes"] / 1e6, made.manifest["seconds"]
        try:
            tell(f"{made.id} is whole, {size:.1f} MB after {seconds:.0f} s", 0.5)
            tell("proving it: restoring it to a scratch cluster and comparing all that it holds", 0.5)
            proved, _ = restore.prove(self.settings, made, part_of(tell, 0.5, 1.0))
        except CancelledError:
            proved = self._proved_by_another(made)
            if proved is None:
                raise
        self.registry.store_backup_set(proved.manifest)
        with contextlib.suppress(CancelledError):  # too late: it is proved
            tell(f"proved after {proved.manifest['proof']['seconds']:.0f} s", 1.0)
        return proved

    def _proved_by_another(self, made: BackupSet) -> BackupSet | None:
        """Return a backup that somebody else has proved meanwhile, so that others may build on it; else remove it."""
        sets = Sets(self.settings)
        with sets.locked(wait=True):
            found = next((found for found in sets.all() if found.id == made.id), None)
            if found is None or found.is_proved:
                return found
            self._remove(sets, [made.id])
            return None

    def restore_part(
        self,
        tables: tuple[str, ...] = (),
        schemas: tuple[str, ...] = (),
        team: str | None = None,
        set_id: str | None = None,
        to: str | None = None,
        new_database: str | None = None,
        apply: bool = False,
        keep_conflicts: bool = False,
    ) -> dict[str, Any]:
        """Say what bringing back tables, schemas or a team would do, and do it if `apply`; nothing is overwritten."""
        self._refuse_unless_admin()
        part, sets = Part(tables, schemas, team), Sets(self.settings)
        found = sets.get(set_id) if set_id else restore.newest_before(self.settings, RecoveryTarget.at(to))
        with sets.locked():
            return restore_part(self.settings, self.database, found, part, to, new_database, apply, keep_conflicts)

    def _write_down_again(self, sets: Sets) -> None:
        """Tell a database that was brought back of the backups that were made since."""
        self._database = None
        for found in sets.all():
            self.registry.store_backup_set(found.manifest)

    def backup_status(self) -> dict[str, Any]:
        """Return what there is, how old, and from when to when any moment can be restored to."""
        self._refuse_unless_admin()
        return self._status(overview.recovery_window(self.settings))

    def _status(self, window: dict[str, Any]) -> dict[str, Any]:
        return overview.status_of(self.settings, self._answering(), window)

    def backup_overview(self) -> dict[str, Any]:
        """Return status, backups, drills, and the spans of which any moment can be restored, as pages show them."""
        self._refuse_unless_admin()
        registry, window = self.registry, overview.recovery_window(self.settings)
        spans = [(span.begin, span.end) for span in window["spans"]]
        tables = {"backups": registry.backup_sets(), "drills": registry.backup_drills()}
        return {"status": self._status(window), "spans": pd.DataFrame(spans, columns=["begin", "end"]), **tables}

    def prune_backups(self, dry_run: bool = True, keep: str | None = None) -> pd.DataFrame:
        """Return which backups stay and why, and remove the others unless it is a dry run."""
        self._refuse_unless_admin()
        sets, now = Sets(self.settings), datetime.now(UTC)
        kept = Rotation.read(keep if keep is not None else self.settings.backup_keep)
        with sets.locked():
            decisions = overview.rotation(sets, kept, now)
            if not dry_run:
                self._remove(sets, [one.member.id for one in decisions if not one.stays])
                self._remove_shared(sets, overview.first_needed_segment(sets, kept, now))
        rows = [(one.member.id, "stays" if one.stays else "goes", "; ".join(one.reasons)) for one in decisions]
        return pd.DataFrame(rows, columns=["id", "decision", "reason"])

    def _remove_shared(self, sets: Sets, first_segment: str | None) -> None:
        """Remove WAL and model files that no set needs any more, with their copies elsewhere."""
        left = sets.all()
        with self.database.bootstrap() as connection:
            needed = artifacts.needed_by(left) | set(artifacts.wanted_by(connection))
        gone = {"artifacts": self._artifacts().drop_unused(needed), "wal": []}
        if first_segment:
            gone["wal"] = archive.Archive(self.settings).drop_before(first_segment)
        for name in {found.manifest["remote"]["name"] for found in left if found.manifest["remote"]}:
            store = remote.Remote(self.settings, name)
            if not set(store.ids()) <= {found.id for found in left}:
                continue  # after a loss only some were fetched from there, and the others need what they share
            for folder, names in gone.items():
                if names:
                    store.remove_shared(folder, names)

    def _artifacts(self) -> artifacts.Artifacts:
        return artifacts.Artifacts(self.settings, files.Cipher(self.settings.backup_key_file))

    def _remove(self, sets: Sets, ids: list[str]) -> None:
        """Remove sets, increments before what they build on, with their copies elsewhere."""
        for set_id in reversed(ids):
            found = sets.get(set_id)
            if found.manifest["remote"]:
                remote.Remote(self.settings, found.manifest["remote"]["name"]).remove(set_id)
            sets.remove(found)
            gone = found.manifest | {"removed_at": datetime.now(UTC).isoformat()}
            self.registry.store_backup_set(gone)

    def sync_backups(self, name: str | None = None, bandwidth: str | None = None) -> dict[str, Any]:
        """
        Copy proved backups, model files and archived WAL to a remote, compared there; return what is there now.

        A model file that is nowhere is a warning: it would stop each copy from now on, of all that is still there.
        """
        self._refuse_unless_admin()
        store = self._remote(name, bandwidth)
        sets = Sets(self.settings)
        with sets.locked():
            warnings = self._keep_models()
            store.send_shared()
            there = set(store.ids())
            for found in sets.all():
                if found.is_proved and found.id not in there:
                    self.registry.store_backup_set(store.send(found).manifest)
        return {"remote": store.name, "backups": store.ids(), "warnings": warnings}

    def _keep_models(self) -> list[str]:
        """Take in what was trained since the last backup, to go along with the WAL; return what could not be."""
        database = self._answering()
        if database is None:
            return ["the database does not answer: whether a model was trained since the last backup is not known"]
        with database.bootstrap() as connection:
            wanted = artifacts.wanted_by(connection)
        missing = self._artifacts().keep(wanted)["artifacts_missing"]
        return [
            f"{artifacts.in_words(sha256, wanted[sha256], self.settings.artifacts_dir)}, and no backup holds it; "
            "`cryokit train` makes a version that has one"
            for sha256 in missing
        ]

    def fetch_backup(self, set_id: str = "latest", name: str | None = None) -> dict[str, Any]:
        """Bring a backup, what it builds on and the archive of WAL here from a remote; needs no database."""
        self._refuse_unless_admin()
        with Sets(self.settings).locked():
            return _shown(self._remote(name).fetch(set_id))

    def _remote(self, name: str | None, bandwidth: str | None = None) -> remote.Remote:
        wanted = name or self.settings.backup_remote
        if not wanted:
            msg = "no remote is named; give one such as store:cryokit, or set CRYOKIT_BACKUP_REMOTE"
            raise InputError(msg)
        return remote.Remote(self.settings, wanted, bandwidth)

    def drill_backup(self) -> dict[str, Any]:
        """Restore the newest backup and all WAL to a scratch cluster, verify it, and write down how it went."""
        self._refuse_unless_admin()
        database = self._answering()
        window, now = overview.recovery_window(self.settings), datetime.now(UTC)
        lost = overview.unarchived_seconds(window, database, now) if database else None
        found = restore.newest_before(self.settings, RecoveryTarget.at("latest"))
        report = restore.drill(self.settings, found) | {"lost_seconds": lost}
        if is_recorded := self._answering() is not None:
            self.registry.store_backup_drill(found.id, report)
        return report | {"is_recorded": is_recorded}

    def _answering(self) -> Database | None:
        """Return the database if it answers; backups must be seen and brought back without it."""
        database = self._database or Database.open(self.settings, start=False)
        try:
            database.ping()
        except CryokitError as error:
            logger(__name__).warning("database_does_not_answer", reason=str(error))
            return None
        return database

    def backups(self) -> pd.DataFrame:
        """Return the backups that are there, oldest first."""
        self._refuse_unless_admin()
        rows = [{name: found.manifest[name] for name in _SHOWN} for found in Sets(self.settings).all()]
        return pd.DataFrame(rows, columns=list(_SHOWN))

    def backup(self, set_id: str) -> dict[str, Any]:
        """Return the manifest of one backup."""
        self._refuse_unless_admin()
        return _shown(Sets(self.settings).get(set_id))

    def verify_backup(self, set_id: str, deep: bool = False) -> list[dict[str, str]]:
        """Return for each link of a backup whether its files are what they were; `deep` restores and verifies it."""
        self._refuse_unless_admin()
        sets = Sets(self.settings)
        found = sets.get(set_id)
        lines = [_files_line(link) for link in sets.chain(found)] + [self._models_line(found)]
        if deep and all(line["status"] == "pass" for line in lines):
            lines += restore.prove(self.settings, found)[1].as_rows()
        return lines

    def _models_line(self, found: BackupSet) -> dict[str, str]:
        wrong = self._artifacts().damaged(found)
        detail = "; ".join(wrong) or f"{len(found.manifest.get('artifacts', ()))} files equal their checksums"
        return {"check": f"models of {found.id}", "status": "fail" if wrong else "pass", "detail": detail}

    def verify_archive(self) -> dict[str, str]:
        """Read all archived WAL and return whether each file is what the server handed over."""
        self._refuse_unless_admin()
        kept = archive.Archive(self.settings)
        with tempfile.TemporaryDirectory(dir=self.settings.backups_dir, prefix=".verify-") as scratch:
            wrong = kept.verify(files.Cipher(self.settings.backup_key_file), Path(scratch))
        detail = "; ".join(wrong) or f"{len(kept.files())} files equal their checksums"
        return {"check": "archived WAL", "status": "fail" if wrong else "pass", "detail": detail}

    def restore_backup(
        self,
        set_id: str | None = None,
        to: str | None = None,
        into: Path | None = None,
        replace: bool = False,
        timeline: int | None = None,
        tell: Teller = silent,
    ) -> dict[str, Any]:
        """
        Restore a backup, verified before it is put in place, and return the table of its verification.

        `tell` hears of steps; SIGINT and SIGTERM cancel it, until it is put in place, with nothing changed.
        """
        self._refuse_unless_admin()
        sets, target = Sets(self.settings), RecoveryTarget.at(to, timeline)
        found = sets.get(set_id) if set_id else restore.newest_before(self.settings, target)
        self.close()
        try:
            with sets.locked(), stopped_by_signals():
                done = restore.restore(self.settings, found, target, into, replace, tell)
        except CancelledError as error:
            msg = "the restore was cancelled before it was put in place: what was in place still is, and nothing else"
            raise CancelledError(msg) from error
        if into is None:
            self._write_down_again(sets)
        return {
            "backup": found.id,
            "cluster": str(done.cluster),
            "kept": str(done.kept) if done.kept else None,
            "seconds": round(done.seconds, 3),
            "verification": done.verification.as_rows(),
        }


def _files_line(found: BackupSet) -> dict[str, str]:
    wrong = damaged_files(found)
    detail = "; ".join(wrong) or f"{len(found.manifest['files'])} files equal the manifest"
    return {"check": f"files of {found.id}", "status": "fail" if wrong else "pass", "detail": detail}


def _shown(found: BackupSet) -> dict[str, Any]:
    return {"path": str(found.path), **found.manifest}
