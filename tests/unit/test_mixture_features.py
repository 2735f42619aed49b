"""Classes of components: who belongs to which, what a pair adds, and models from before there were classes."""

import math

import numpy as np
import pandas as pd
import pytest

from cryokit.chemistry.molecules import parse
from cryokit.domain import Component
from cryokit.models.features import FeatureSchema, checked_rows, feature_matrix, feature_schema

GLYCOL = Component("ethylene glycol", 1.5, "mol/L", parse("OCCO"))
GLYCEROL = Component("glycerol", 0.5, "mol/L", parse("OCC(O)CO"))
ECTOINE = Component("ectoine", 0.3, "mol/L", parse("CC1=NCC[C@H](N1)C(=O)O"))
PROLINE = Component("L-proline", 0.3, "mol/L", parse("OC(=O)[C@@H]1CCCN1"))
BETAINE = Component("betaine", 0.3, "mol/L", parse("C[N+](C)(C)CC(=O)[O-]"))
GLUCOSE = Component("D-glucose", 0.2, "mol/L", parse("OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O"))
ALBUMIN = Component("human serum albumin", 5.0, "% w/v")
STARCH = Component("hydroxyethyl starch", 6.0, "% w/v")
SERUM = Component("fetal bovine serum", 10.0, "% v/v")
INSIDE, ZWITTERIONS, OUTSIDE = "what enters cells", "zwitterions", "other solutes that stay outside"


def frame(*recipes: tuple[Component, ...]) -> pd.DataFrame:
    conditions = {"cell": "MSC", "assay": "dye", "endpoint": "viability", "value": 0.5}
    rows = pd.DataFrame({"components": list(recipes)}).assign(**conditions)
    return checked_rows("viability", rows.assign(temperature_kelvin=np.nan, minutes=np.nan), needs_value=True)


def classes(*components: Component) -> dict[str, float]:
    rows = frame(components)
    schema = feature_schema("viability", rows)
    [row] = feature_matrix(schema, rows)
    return {schema.names[place].removeprefix("mixture: "): row[place] for place in schema.columns(("mixture",))}


@pytest.mark.parametrize(
    ("component", "name", "amount"),
    [
        (GLYCOL, INSIDE, 1.5),
        (ECTOINE, ZWITTERIONS, 0.3),
        (PROLINE, ZWITTERIONS, 0.3),
        (BETAINE, ZWITTERIONS, 0.3),
        (GLUCOSE, OUTSIDE, 0.2),
        (ALBUMIN, "proteins", 50.0),
        (STARCH, "polymers", 60.0),
    ],
)
def test_each_component_is_in_one_class(component, name, amount):
    found = classes(component)
    single = {key: found[key] for key in (INSIDE, ZWITTERIONS, OUTSIDE, "proteins", "polymers") if found[key]}

    assert single == {name: pytest.approx(amount)}
    assert found["all solutes"] == pytest.approx(amount if component.molecule else 0.0)


def test_serum_is_in_no_class():
    assert not any(classes(SERUM).values())


def test_a_pair_counts_when_both_are_there():
    both, alone = classes(GLYCOL, GLYCEROL, ECTOINE, GLUCOSE), classes(GLYCOL)

    assert both[f"{INSIDE} with zwitterions, geometric mean"] == pytest.approx(math.sqrt(2.0 * 0.3))
    assert both[f"{INSIDE} with other solutes outside, geometric mean"] == pytest.approx(math.sqrt(2.0 * 0.2))
    assert both[f"kinds of {INSIDE}"] == 2
    assert both["all solutes"] == pytest.approx(2.5)
    assert not alone[f"{INSIDE} with zwitterions, geometric mean"]


def test_the_order_of_components_changes_nothing():
    assert classes(GLYCOL, ECTOINE, ALBUMIN) == classes(ALBUMIN, ECTOINE, GLYCOL)


def test_a_vocabulary_from_before_there_were_classes_gives_the_columns_of_its_time():
    rows = frame((GLYCOL, ECTOINE), (GLUCOSE,))
    schema = feature_schema("viability", rows)
    mixture = schema.columns(("mixture",))
    words = {name: item for name, item in schema.vocabulary.items() if name != "mixture"}
    earlier = FeatureSchema("viability", schema.names[: -len(mixture)], schema.units[: -len(mixture)], words)

    assert np.array_equal(
        feature_matrix(earlier, rows), np.delete(feature_matrix(schema, rows), mixture, axis=1), equal_nan=True
    )
