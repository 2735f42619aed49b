"""Small sets of well-known molecules and formulations with values made up for tests."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from cryokit.chemistry.descriptors import DESCRIPTOR_NAMES, descriptors
from cryokit.chemistry.molecules import parse
from cryokit.domain import Component
from cryokit.models.fitted import FittedModel, fit
from cryokit.models.targets import Member, Recipe, recipe_for

ALKANOLS = ["C" * length + "O" for length in range(1, 13)]
DIOLS = ["O" + "C" * length + "O" for length in range(2, 12)]
POLYOLS = ["OCC(O)CO", "OCC(O)C(O)CO", "OCC(O)C(O)C(O)CO", "OCC(O)C(O)C(O)C(O)CO", "CC(O)CO", "CC(O)C(C)O"]
ETHERS = ["COCCO", "CCOCCO", "OCCOCCO", "OCCOCCOCCO", "COCCOC", "C1CCOC1", "CCOCC", "COCCOCCOC"]
MOLECULES = [*ALKANOLS, *DIOLS, *POLYOLS, *ETHERS]

SOLUTES = {"glycerol": "OCC(O)CO", "ethylene glycol": "OCCO", "sucrose": "OCC1OC(OC2(CO)OC(CO)C(O)C2O)C(O)C(O)C1O"}


@pytest.fixture(scope="session")
def made_up_tg() -> pd.DataFrame:
    """Glass transitions that follow size and hydrogen bonds; melting points known for two of three."""
    columns = [DESCRIPTOR_NAMES.index(name) for name in ("heavy_atoms", "donors")]
    heavy, donors = descriptors(MOLECULES)[:, columns].T
    value = 90.0 + 6.0 * heavy + 22.0 * donors
    melting = pd.Series(value / 0.68).where(pd.Series(range(len(value))) % 3 > 0)
    names = [f"molecule {number}" for number in range(len(value))]
    return pd.DataFrame({"name": names, "smiles": MOLECULES, "value": value, "tm_kelvin": melting})


@pytest.fixture(scope="session")
def few_trees() -> Callable[[str], Recipe]:
    """The declared recipe of a target with ten trees a forest: all of its parts, fitted in a tenth of the time."""

    def few(member: Member) -> Member:
        return replace(member, settings=member.settings | {"n_estimators": 10}) if _has_trees(member) else member

    def recipe(target: str) -> Recipe:
        declared = recipe_for(target)
        members, *alternatives = (tuple(map(few, part)) for part in (declared.members, *declared.alternatives))
        return replace(declared, members=members, alternatives=tuple(alternatives))

    return recipe


def _has_trees(member: Member) -> bool:
    return "n_estimators" in member.settings


@pytest.fixture(scope="session")
def made_up_iri(made_up_tg) -> pd.DataFrame:
    """One assay in two buffers, every other molecule in each: the second half has values 60 points higher."""
    made_up_tg = made_up_tg.iloc[1::2].reset_index(drop=True)  # the shape of each molecule takes a while to compute
    half = made_up_tg[["name", "smiles"]].assign(assay="splat", concentration_millimolar=20.0)
    value = made_up_tg["value"] / 10
    salt, buffered = half.assign(buffer="10 mM NaCl", value=value), half.assign(buffer="PBS", value=value + 60)
    return pd.concat([salt, buffered], ignore_index=True)


@pytest.fixture(scope="session")
def made_up_viability() -> pd.DataFrame:
    """A factorial of two solutes in one cell type: survival falls with amount."""
    rows = [
        {
            "name": "",
            "recipe": f"glycerol={first} mol/kg; ethylene glycol={second} mol/kg",
            "components": recipe(glycerol=float(first), **{"ethylene glycol": float(second)}),
            "value": 1.0 - 0.05 * first - 0.08 * second,
            "cell": "BPAEC",
            "assay": "calcein",
            "temperature_kelvin": 277.15,
            "minutes": 30.0,
            "endpoint": "exposure_survival",
            "source": "made up for tests",
        }
        for first in range(6)
        for second in range(6)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def small_tg(made_up_tg, few_trees) -> FittedModel:
    """A model of the made-up glass transitions."""
    return fit("tg", made_up_tg, recipe=few_trees("tg"))


@pytest.fixture(scope="session")
def small_iri(made_up_iri, few_trees) -> FittedModel:
    """A model of the made-up grain sizes in two buffers."""
    return fit("iri", made_up_iri, recipe=few_trees("iri"))


@pytest.fixture(scope="session")
def small_viability(made_up_viability, few_trees) -> FittedModel:
    """A model of the made-up factorial."""
    return fit("viability", made_up_viability, recipe=few_trees("viability"))


def recipe(**amounts: float) -> tuple[Component, ...]:
    """Components in mol/kg by the names of `SOLUTES`."""
    return tuple(Component(name, amount, "mol/kg", parse(SOLUTES[name])) for name, amount in amounts.items() if amount)
