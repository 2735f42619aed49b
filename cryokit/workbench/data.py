"""Figures: bundled, public, a laboratory's own."""

from pathlib import Path

import pandas as pd

from cryokit.domain import target_named
from cryokit.errors import InputError, NotFoundError
from cryokit.sources import bundled, imports, upstream
from cryokit.workbench.core import Core, with_components

MAX_PAGE = 1000


class Data(Core):
    """Load and fetch figures."""

    def load_bundled(self, target: str) -> int:
        """Load the figures that ship with cryokit; return how many were new."""
        rows = with_components(target, bundled.bundled_rows(target_named(target).name))
        return self.registry.store_measurements(rows, target, is_public=True, renew=True)

    def fetch(self, name: str, progress: bool = True) -> Path:
        """Bring one public data file, checked against its sha256."""
        return upstream.fetch(name, self.settings.downloads_dir, self.settings.data_mirror, progress)

    def import_rows(
        self, path: Path, target: str, skip_bad: bool = False, is_public: bool = False, team: str | None = None
    ) -> dict:
        """
        Load a laboratory's own figures: all rows or, with `skip_bad`, the good ones.

        Rows that are stored already stay as they are. Public rows are seen by everybody, a team's by its members,
        others by who imports them.
        """
        if is_public and team:
            msg = "rows are either public or a team's; leave out one of the two"
            raise InputError(msg)
        registry = self.registry
        team_id = registry.team_id(team) if team else None
        rows, problems = imports.read_rows(path, target_named(target).name, skip_bad=skip_bad)
        lines = rows.attrs["lines"]
        rows = with_components(target, rows)
        other = registry.contradictions(rows, target, is_public, team_id)
        problems += [imports.RowProblem(lines[position], message) for position, message in other.items()]
        if problems and not skip_bad:
            raise imports.refused(path, problems)
        good = rows.drop(index=list(other))
        with registry.transaction():
            loaded = registry.store_measurements(good, target, is_public, team_id)
            registry.record_event("measurements_imported", f"{target}: {path.name}", {"rows": loaded, "team": team})
        return {
            "loaded": loaded,
            "known": len(good) - loaded,
            "refused": len({problem.line for problem in problems}),
            "problems": [str(problem) for problem in problems],
            "seen_by": "everybody" if is_public else f"the members of {team}" if team else self._private_to(),
        }

    def import_text(
        self, text: str, target: str, name: str = "upload.csv", skip_bad: bool = False, team: str | None = None
    ) -> dict:
        """Load a laboratory's own figures from the text of a table, as `import_rows` does from a file."""
        with imports.upload_as_file(text, name) as file:
            return self.import_rows(file, target, skip_bad, team=team)

    def datasets(self) -> pd.DataFrame:
        """Return how many rows of each target one may see."""
        return self.registry.datasets()

    def dataset_rows(self, target: str, after: int = 0, limit: int = 100) -> tuple[pd.DataFrame, int | None]:
        """Return rows of a target one may see, and after which number to go on; None when there are no more."""
        if not 1 <= limit <= MAX_PAGE or after < 0:
            msg = f"a page has 1 to {MAX_PAGE} rows and begins after a number"
            raise InputError(msg)
        found = self.registry.rows_after(target_named(target).name, after, limit + 1)
        page = found.head(limit)
        return page, int(page["id"].iloc[-1]) if len(found) > limit else None

    def snapshots(self, target: str) -> pd.DataFrame:
        """Return what the models of a target learned from, and which versions did."""
        return self.registry.snapshots(target_named(target).name)

    def snapshot(self, target: str, snapshot_id: str) -> pd.DataFrame:
        """Return the rows that a version of a target learned from; they never change."""
        if snapshot_id not in set(self.snapshots(target)["id"]):
            msg = f"there is no snapshot {snapshot_id!r} of {target} that this account may see"
            raise NotFoundError(msg)
        return self.registry.snapshot(snapshot_id)

    def _private_to(self) -> str:
        return self.identity.name if self.identity else "maintenance alone, on the command line of this installation"
