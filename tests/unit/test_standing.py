"""Percentile of a prediction among known cryoprotectants: like with like, medians, unknown when too few."""

import numpy as np
import pandas as pd
import pytest

from cryokit.errors import InputError
from cryokit.models.standing import fraction_below, known_standing
from cryokit.sources import bundled
from cryokit.workbench.core import with_components

SPLAT = {"assay": "splat", "buffer": "PBS", "concentration_millimolar": 22.0}
EXPOSURE = {"cell": "BPAEC", "assay": "calcein", "temperature_kelvin": 277.15, "minutes": 25.0}
EXPOSURE |= {"endpoint": "exposure_survival"}


def known_iri(count: int = 10, **conditions: object) -> pd.DataFrame:
    columns = {"inchikey": [f"compound {number}" for number in range(count)], "value": np.arange(float(count)) * 10}
    return pd.DataFrame(columns).assign(**SPLAT | conditions)


def known_recipes(*recipes: str) -> pd.DataFrame:
    rows = pd.DataFrame({"recipe": recipes, "inchikey": "", "value": np.linspace(0.1, 1.0, len(recipes))})
    return with_components("viability", rows.assign(**EXPOSURE))


def asked(**conditions: object) -> pd.DataFrame:
    return pd.DataFrame([SPLAT | conditions])


def recipe_asked(recipe: str) -> pd.DataFrame:
    return with_components("viability", pd.DataFrame([EXPOSURE | {"recipe": recipe}]))


def stands(target: str, questions: pd.DataFrame, value: float, known: pd.DataFrame) -> tuple[float, int]:
    found = known_standing(target, questions, np.full(len(questions), value), known).iloc[0]
    return found["known_fraction_below"], found["known_compounds"]


def test_equal_values_are_not_below():
    assert fraction_below(np.array([-1.0, 3.0, 99.0]), np.arange(10.0)).tolist() == [0.0, 0.3, 1.0]


def test_fewer_than_ten_known_values_say_nothing():
    assert np.isnan(fraction_below(np.array([1.0]), np.arange(9.0))).all()


def test_a_known_value_that_is_no_number_is_refused():
    with pytest.raises(InputError, match="1 are not"):
        fraction_below(np.array([1.0]), np.array([np.nan, *range(10)]))


def test_a_compound_measured_twice_counts_once_with_its_median():
    known = pd.DataFrame({"inchikey": [*"abcdefghij", "a", "a"], "value": [*range(10), 100.0, 101.0]})

    assert stands("tg", pd.DataFrame({"smiles": ["CO"]}), 50.0, known) == (0.9, 10)


@pytest.mark.parametrize(
    "other", [{"assay": "other"}, {"buffer": "10 mM NaCl"}, {"concentration_millimolar": 20.0}, {"assay": None}]
)
def test_other_conditions_are_not_comparable(other):
    fraction, count = stands("iri", asked(**other), 45.0, known_iri())

    assert np.isnan(fraction)
    assert count == 0


def test_numbers_are_the_same_to_one_percent():
    assert stands("iri", asked(concentration_millimolar=22.2), 45.0, known_iri()) == (0.5, 10)


def test_each_row_is_compared_with_its_own_conditions():
    known = pd.concat([known_iri(), known_iri(20, buffer="water")], ignore_index=True)
    questions = pd.concat([asked(), asked(buffer="water"), asked()], ignore_index=True)
    found = known_standing("iri", questions, np.array([45.0, 45.0, 95.0]), known)

    assert found["known_fraction_below"].tolist() == [0.5, 0.25, 1.0]
    assert found["known_compounds"].tolist() == [10, 20, 10]


def test_formulations_are_compared_at_the_same_total_amount():
    known = known_recipes(*(f"CCO={part / 10} mol/kg; CO={3 - part / 10} mol/kg" for part in range(1, 12)))
    alike, more = (
        with_components("viability", pd.DataFrame([EXPOSURE | {"recipe": f"OCCO={n} mol/kg"}])) for n in (3, 6)
    )

    assert stands("viability", alike, 2.0, known) == (1.0, 11)
    assert stands("viability", more, 2.0, known)[1] == 0


def test_temperatures_are_the_same_to_half_a_kelvin():
    known = known_recipes(*(f"CCO={part / 10} mol/kg; CO={3 - part / 10} mol/kg" for part in range(1, 12)))
    near, warmer = (
        with_components(
            "viability", pd.DataFrame([EXPOSURE | {"recipe": "OCCO=3 mol/kg", "temperature_kelvin": kelvin}])
        )
        for kelvin in (277.5, 279.0)
    )

    assert (stands("viability", near, 2.0, known)[1], stands("viability", warmer, 2.0, known)[1]) == (11, 0)


def test_amounts_in_other_units_are_not_comparable():
    known = known_recipes(*(f"CCO={part / 10} mol/kg; CO={3 - part / 10} mol/kg" for part in range(1, 12)))

    assert stands("viability", recipe_asked("OCCO=3 % w/v"), 2.0, known)[1] == 0


def test_what_is_known_is_curated_and_known_to_protect():
    names = set(bundled.known_cryoprotectants("tg")["name"])

    assert {"glycerol", "sucrose", "trehalose"} <= names
    assert not names & {"17beta-estradiol", "Pyridine"}
    assert bundled.known_cryoprotectants("tg")["is_curated"].all()
    assert "pyridine=1 mol/kg" not in set(bundled.known_cryoprotectants("viability")["recipe"])
    assert {target: len(bundled.known_cryoprotectants(target)) for target in bundled.FILES} == {
        "tg": 51,
        "iri": 38,
        "viability": 74,
    }
