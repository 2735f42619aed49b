"""The list of packages that every release carries."""

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

SCRIPT = Path(__file__).resolve().parents[2] / "ops/sbom.py"


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> str:
    """The document of this Python."""
    file = tmp_path_factory.mktemp("sbom") / "sbom.json"
    subprocess.run([sys.executable, SCRIPT, file], check=True)
    return file.read_text()


def test_it_is_valid_cyclonedx(written):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written) is None


def test_it_names_every_package_with_its_version_and_what_it_builds_on(written):
    bill = json.loads(written)
    named = {(part["name"], part["version"]) for part in bill["components"]}
    builds_on = {each["ref"].partition("@")[0]: each["dependsOn"] for each in bill["dependencies"]}

    assert named == {(one.name, one.version) for one in distributions() if one.name != "cryokit"}
    assert any(ref.startswith("pkg:pypi/rdkit@") for ref in builds_on["pkg:pypi/cryokit"])
    assert all(part["licenses"] for part in bill["components"] if part["name"] in ("rdkit", "panel", "numpy"))
