"""Controls of the new study: chosen by rule, shrunken by what training studies show, labelled if they do not help."""

import numpy as np
import pandas as pd
import pytest

from cryokit.chemistry.molecules import parse
from cryokit.domain import INSUFFICIENT_SKILL, Component
from cryokit.errors import InputError
from cryokit.models.control_referenced import (
    ControlReference,
    control_reference,
    control_rows,
    referenced_predictions,
)
from cryokit.models.fitted import fit
from cryokit.models.targets import Recipe
from cryokit.models.transforms import Transform
from cryokit.validation.control_referenced import evaluate_control_referenced
from cryokit.validation.gate import SKILL

DMSO, GLYCEROL = parse("CS(C)=O"), parse("OCC(O)CO")
SERUM = Component("fetal bovine serum", 20.0, "% v/v")


def dmso(amount: float) -> Component:
    return Component("DMSO", amount, "% v/v", DMSO)


def studies(effect: float, n_studies: int = 12) -> pd.DataFrame:
    """Studies with the same formulations; on the logit each has its own level, as far as `effect` says."""
    level = np.random.default_rng(0).normal(0.0, 1.0, n_studies)
    rows = [
        {
            "components": (dmso(10.0),) if amount == 0 else (Component("glycerol", float(amount), "% v/v", GLYCEROL),),
            "value": float(Transform("logit").inverse(np.array([1.0 - 0.1 * amount + effect * level[study]]))[0]),
            "cell": "MSC",
            "assay": "trypan blue",
            "endpoint": "viability",
            "source": f"study {study}",
        }
        for study in range(n_studies)
        for amount in (0, 0, 2, 6, 10, 14)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def strong() -> pd.DataFrame:
    return studies(effect=1.0)


@pytest.fixture(scope="module")
def recipe(few_trees) -> Recipe:
    return few_trees("viability")


def test_controls_are_dmso_then_the_most_frequent_then_the_first():
    recipes = [(dmso(5.0),), (SERUM,), (SERUM,), (dmso(10.0), SERUM)]
    rows = pd.DataFrame({"components": recipes, "source": "one", "value": [0.1, 0.2, 0.3, 0.4]})

    assert control_rows(rows).tolist() == [False, True, False, True]


def test_controls_do_not_depend_on_what_was_measured(strong):
    turned = strong.assign(value=strong["value"].to_numpy()[::-1])

    assert (control_rows(strong) == control_rows(turned)).all()


def test_studies_of_two_rows_have_no_controls():
    rows = pd.DataFrame({"components": [(dmso(10.0),)] * 2, "source": "small"})

    assert not control_rows(rows).any()


def test_more_controls_are_believed_more():
    reference = ControlReference(1.0, 4.0, 0.0, 1.0, Transform("logit"), 0.0, 1.0, 9, 40)

    assert [reference.shrinkage(count) for count in (1, 2, 4)] == pytest.approx([0.2, 1 / 3, 0.5])
    assert reference.shift(np.array([2.0, 4.0])) == pytest.approx(1.0)


def test_controls_that_carry_are_learned_as_such(strong, recipe):
    reference = control_reference(strong, recipe=recipe)

    assert reference.shrinkage(2) > 0.8
    assert reference.n_studies == 12


def test_controls_shift_a_new_study_towards_its_level(strong, recipe):
    level = {name: part["value"].mean() for name, part in strong.groupby("source")}
    best = max(level, key=level.get)
    train, study = strong[strong["source"] != best], strong[strong["source"] == best].reset_index(drop=True)
    model, reference = fit("viability", train, recipe=recipe), control_reference(train, recipe=recipe)
    controls = control_rows(study)
    hidden = study.assign(value=study["value"].where(controls))
    found = referenced_predictions(model, reference, hidden, controls)
    plain = model.predict(hidden)["value"]

    assert (found["shift"] > 0.5).all()
    assert (found["value"] - study["value"]).abs().mean() < 0.5 * (plain - study["value"]).abs().mean()
    assert ((found["lower"] <= found["value"]) & (found["value"] <= found["upper"])).all()


@pytest.mark.parametrize(
    ("controls", "change", "reason"),
    [
        ([True] + [False] * 5, {}, "1 control wells came; at least 2"),
        ([True, True], {}, "has shape"),
        ([True, True] + [False] * 4, {"value": np.nan}, "no measured value"),
        ([True, True] + [False] * 4, {"source": list("abbbbb")}, "rows of 2 studies"),
        ([True, True] + [False] * 4, {"endpoint": ["viability"] * 5 + ["recovery"]}, "never merged"),
    ],
)
def test_controls_that_cannot_be_used_are_refused(strong, controls, change, reason):
    study = strong.head(6).assign(**change)
    reference = ControlReference(1.0, 4.0, 0.0, 1.0, Transform("logit"), 0.0, 1.0, 9, 40)

    with pytest.raises(InputError, match=reason):
        referenced_predictions(fit("viability", strong.tail(5)), reference, study, controls)


def test_too_few_studies_are_refused(strong):
    with pytest.raises(InputError, match="4 training studies"):
        control_reference(strong.head(24))


def test_the_evaluation_sees_that_controls_help(strong, recipe):
    evaluation = evaluate_control_referenced(strong, n_splits=2, recipe=recipe)

    assert evaluation.metrics["n"] == 48
    assert evaluation.compared["mean"]["lower"] > 0
    assert evaluation.compared["model without controls"]["lower"] > 0
    assert evaluation.verdict == SKILL


def test_the_evaluation_labels_controls_that_say_nothing(strong, recipe):
    shuffled = strong.assign(value=np.random.default_rng(3).permutation(strong["value"]))

    assert evaluate_control_referenced(shuffled, n_splits=2, recipe=recipe).verdict == INSUFFICIENT_SKILL
