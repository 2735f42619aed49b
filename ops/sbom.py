"""Write which packages this Python has, with version and licence, as CycloneDX: ``python sbom.py FILE``."""

import json
import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path
from urllib.parse import quote

PRODUCT = "cryokit"


def reference(package: Distribution) -> str:
    """Return the package's address in the language of bills of materials."""
    return f"pkg:pypi/{normal(package.name)}@{quote(package.version)}"


def normal(name: str) -> str:
    """Return a name as the package index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def component(package: Distribution) -> dict:
    """Describe one package."""
    address = reference(package)
    described = {"bom-ref": address, "purl": address, "name": package.name, "version": package.version}
    return {"type": "library", **described, "licenses": licences(package)}


def licences(package: Distribution) -> list[dict]:
    """Return what the package says of its licence; older ones say it by classifiers or in words."""
    said = package.metadata
    if expression := said.get("License-Expression"):
        return [{"expression": expression}]
    classes = [line for line in said.get_all("Classifier", []) if line.startswith("License :: ")]
    names = [line.rpartition(" :: ")[2] for line in classes] or said.get("License", "").splitlines()[:1]
    return [{"license": {"name": name}} for name in names if name]


def needs(package: Distribution, there: dict[str, str]) -> dict:
    """Name the packages that one builds on, as far as they are there."""
    wanted = [line for line in package.requires or () if "extra ==" not in line]
    names = {normal(re.match(r"[\w.-]+", line)[0]) for line in wanted}
    return {"ref": reference(package), "dependsOn": sorted(there[name] for name in names if name in there)}


def bill() -> dict:
    """Describe all packages; the same packages always give the same document."""
    packages = sorted({normal(one.name): one for one in distributions()}.items())
    there = {name: reference(one) for name, one in packages}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": next(component(one) for name, one in packages if name == PRODUCT)},
        "components": [component(one) for name, one in packages if name != PRODUCT],
        "dependencies": [needs(one, there) for _, one in packages],
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(bill(), indent=1) + "\n")
