"""Finds sql/, notebooks/ and dashboards/ in a checkout or in an installed wheel, and names the files of models."""

from pathlib import Path

from cryokit.errors import NotFoundError

_PACKAGE = Path(__file__).resolve().parent
_HOMES = (_PACKAGE.parent, _PACKAGE / "_shared")


def shared_folder(name: str) -> Path:
    """Return the folder `name` that ships beside the package."""
    for home in _HOMES:
        if (home / name).is_dir():
            return home / name
    msg = f"folder {name}/ is neither in {_HOMES[0]} nor in the installed package; run from a checkout or a release"
    raise NotFoundError(msg)


def model_file(sha256: str, folder: Path) -> Path:
    """Return where the model file of a checksum lies in a folder."""
    return folder / f"{sha256}.skops"


def bundled_data() -> Path:
    """Return the folder of tables that ship with the package."""
    return _PACKAGE / "sources" / "data"
