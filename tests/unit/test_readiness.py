"""Readiness: the current version of each target must be whole, and the first failure is told by its own error."""

import hashlib

import pandas as pd
import pytest

from cryokit.config import load_settings
from cryokit.errors import ModelError
from cryokit.workbench.health import Health


class Versions(Health):
    """A workbench with two versions of one target; only files of `whole` versions are there."""

    def __init__(self, settings, *whole: int) -> None:
        super().__init__(settings)
        settings.artifacts_dir.mkdir()
        for version in whole:
            (settings.artifacts_dir / f"{checksum(version)}.skops").write_bytes(content(version))

    def models(self) -> pd.DataFrame:
        versions = [2, 1]
        return pd.DataFrame(
            {
                "target": "tg",
                "version": versions,
                "artifact_sha256": [checksum(version) for version in versions],
                "is_current": [version == 2 for version in versions],
            }
        )

    def _check_database(self) -> str:
        return "answers"

    def _check_schema(self) -> str:
        return "is there"


def content(version: int) -> bytes:
    return f"version {version}".encode()


def checksum(version: int) -> str:
    return hashlib.sha256(content(version)).hexdigest()


def test_only_the_current_versions_are_needed(tmp_path):
    workbench = Versions(load_settings(state_dir=tmp_path), 2)

    assert workbench.readiness()["models"]["status"] == "pass"
    assert workbench.require_ready() is None


def test_a_current_version_without_its_file_is_told_by_its_own_error(tmp_path):
    workbench = Versions(load_settings(state_dir=tmp_path), 1)

    assert workbench.readiness()["models"]["status"] == "fail"
    with pytest.raises(ModelError, match="there is no model file"):
        workbench.require_ready()
