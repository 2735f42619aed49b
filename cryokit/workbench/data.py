"""Figures: bundled, public, a laboratory's own."""

from pathlib import Path

from cryokit.domain import target_named
from cryokit.sources import bundled, imports, upstream
from cryokit.workbench.core import Core, with_components


class Data(Core):
    """Load and fetch figures."""

    def load_bundled(self, target: str) -> int:
        """Load the figures that ship with cryokit; return how many were new."""
        rows = with_components(target, bundled.bundled_rows(target_named(target).name))
        return self.registry.store_measurements(rows, target, is_public=True)

    def fetch(self, name: str, progress: bool = True) -> Path:
        """Bring one public data file, checked against its sha256."""
        return upstream.fetch(name, self.settings.downloads_dir, self.settings.data_mirror, progress)

    def import_rows(self, path: Path, target: str, skip_bad: bool = False) -> dict:
        """Load a laboratory's own figures: all rows or, with `skip_bad`, the good ones."""
        rows, problems = imports.read_rows(path, target_named(target).name, skip_bad=skip_bad)
        loaded = self.registry.store_measurements(with_components(target, rows), target, is_public=False)
        return {"loaded": loaded, "rows": len(rows), "problems": [str(problem) for problem in problems]}
