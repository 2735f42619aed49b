"""Viability on the public sets: figures against their bars, each on its own fair split; needs the public data files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cryokit.chemistry.recipe import parse_recipe
from cryokit.domain import INSUFFICIENT_SKILL
from cryokit.sources import formulation_text
from cryokit.sources.bundled import component_named
from cryokit.validation.control_referenced import evaluate_control_referenced
from cryokit.validation.evaluation import Evaluation, evaluate
from cryokit.validation.gate import SKILL, paired_difference
from cryokit.validation.metrics import scores
from cryokit.validation.splits import grouped_folds
from tests.validation.public_data import all_rows

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
POINTS = 100
"""Percentage points in one fraction."""

# Order and spacing of the levels are the design's; the steps in mol/L and % v/v are stand-ins of a usual size.
STEPS = {
    "sucrose_level": ("sucrose", 0.03),
    "glycerol_level": ("glycerol", 0.25),
    "isoleucine_level": ("L-isoleucine", 0.0075),
}
SUGARS = {
    "Trealose": "trehalose",
    "Sacarose": "sucrose",
    "Glicerol": "glycerol",
    "Glicose": "D-glucose",
    "Maltose": "maltose",
    "Lactose": "lactose",
    "Rafinose": "raffinose",
    "Maltotriose": "maltotriose",
    "Detran": "dextran",
}
MALTO_OLIGOMERS = {"Maltotetraose": 4, "Maltopentaose": 5, "Maltoheaose": 6, "Maltoheptaose": 7}
CONDITIONS = {"name": "", "temperature_kelvin": np.nan, "minutes": np.nan, "endpoint": "viability"}


def with_components(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(components=[parse_recipe(text, component_named) for text in rows["recipe"]])


def literature(folder: Path) -> pd.DataFrame:
    rows = all_rows("cryomn", folder)
    usable = rows[(rows["excluded"] == "") & (rows["endpoint"] == "viability")]
    return with_components(usable.reset_index(drop=True))


def jurkat(folder: Path) -> pd.DataFrame:
    rows = all_rows("jurkat", folder)
    recipes = [
        "; ".join(f"{name}={level * step} mol/L" for level, (name, step) in zip(levels, STEPS.values(), strict=True))
        for levels in rows[list(STEPS)].itertuples(index=False)
    ]
    return with_components(rows.assign(recipe=recipes))


def glucan(units: int, closing: str = "") -> str:
    """SMILES of a chain of glucose units, or of a ring of them if `closing` names a bond."""
    chain = f"O{closing}"
    for place in range(units - 1):
        ring = f"%{20 + place}"
        chain = f"OC{ring}C(CO)OC({chain})C(O)C{ring}O"
    return f"OCC1OC({chain})C(O)C(O)C1{closing or 'O'}"


def hepatocytes() -> pd.DataFrame:
    """Rows as one would import them: no source, so that formulations and not papers are held out."""
    table = pd.read_csv(DATA / "tidy" / "viability_hepatocytes.csv")
    oligomers = {name: glucan(units) for name, units in MALTO_OLIGOMERS.items()}
    names = SUGARS | oligomers | {"\u03b3-Ciclodetrin": glucan(8, "%90")}
    recipes = []
    for row in table.itertuples():
        amounts = {"DMSO": row.dmso_pct, "FBS": row.fbs_pct, "medium": row.medium_pct}
        parts = [f"{name}={amount} % v/v" for name, amount in amounts.items()]
        if isinstance(row.other_cpa, str):
            parts.append(f"{names[row.other_cpa]}={row.other_cpa_pct} % w/v")
        recipes.append("; ".join(parts))
    times = table["assay"] + ", " + table["time_point"].fillna("not stated")
    rows = {"recipe": recipes, "value": table["viability_pct"] / POINTS, "cell": table["cell_type"], "assay": times}
    return with_components(pd.DataFrame(rows | CONDITIONS))


def wet_lab() -> pd.DataFrame:
    table = pd.read_csv(DATA / "tidy" / "viability_cryomn_wetlab_stages_0_4.csv")
    read = [formulation_text.read(text) for text in table["formulation_text"]]
    assert not [item.problems for item in read if item.problems]
    rows = {
        "recipe": [item.recipe for item in read],
        "value": table["viability_pct"] / POINTS,
        "cell": "MSC",
        "assay": "",
        "stage": table["stage"],
    }
    return with_components(pd.DataFrame(rows | CONDITIONS))


def said(label: str, metrics: dict, *more: object) -> None:
    figures = {
        name: round(value * (POINTS if name in ("mae", "rmse", "mean_width_90") else 1), 2)
        for name, value in metrics.items()
    }
    print(f"\n{label}: {figures}", *more)  # noqa: T201  the figures


def evaluated(label: str, rows: pd.DataFrame, n_splits: int, repeats: int = 1) -> Evaluation:
    evaluation = evaluate("viability", rows, grouped_folds("viability", rows, n_splits, repeats, seed=0))
    baselines = {name: round(POINTS * item["mae"], 2) for name, item in evaluation.baselines.items()}
    said(label, evaluation.metrics, f"baselines (MAE): {baselines}; {evaluation.verdict}")
    return evaluation


def test_recovery_of_jurkat_cells_in_a_factorial(tmp_path):
    rows = jurkat(tmp_path)
    evaluation = evaluated("Viability, Jurkat factorial, 5-fold by formulation", rows, 5, repeats=3)

    assert len(rows) == 216
    assert POINTS * evaluation.metrics["mae"] <= 3.2
    assert evaluation.metrics["r2"] >= 0.87
    assert 0.85 <= evaluation.metrics["coverage_90"] <= 0.95
    assert evaluation.verdict == SKILL


def test_hepatocytes_grouped_by_formulation():
    rows = hepatocytes()
    evaluation = evaluated("Viability, hepatocytes, 10-fold by formulation", rows, 10, repeats=3)

    assert len(rows) == 295
    assert evaluation.leaking_groups == evaluation.shared_subjects == 0
    assert evaluation.metrics["r2"] >= 0.60
    assert 0.85 <= evaluation.metrics["coverage_90"] <= 0.95


def test_a_wet_lab_series_predicts_its_next_stage():
    """Time order: stages before train, the next one is predicted; later stages are kept for a final test."""
    rows = wet_lab()
    parts = []
    for stage in range(1, 5):
        past = rows[rows["stage"] <= stage].reset_index(drop=True)
        asked = np.flatnonzero(past["stage"] == stage)
        folds = pd.DataFrame({"row": asked, "repeat": 0, "fold": 0})
        found = evaluate("viability", past, folds).rows
        parts.append(found.assign(mean=past["value"][past["stage"] < stage].mean()))
    table = pd.concat(parts, ignore_index=True)
    metrics = scores(*(table[name].to_numpy() for name in ("measured", "value", "lower", "upper")))
    errors = (table["value"] - table["measured"]).abs().to_numpy()
    against_mean = (table["mean"] - table["measured"]).abs().to_numpy()
    compared = paired_difference(errors, against_mean, np.arange(len(table)))
    said("Viability, wet lab, each stage from the stages before", metrics, f"gain over the mean {compared}")

    assert metrics["n"] == 31
    assert metrics["coverage_90"] >= 0.85  # with 18 to 43 training rows the quantile is the largest error or nearly
    assert POINTS * metrics["rmse"] <= 18.0
    assert metrics["spearman"] >= 0.70
    assert compared["difference"] > 0


def test_literature_with_whole_studies_held_out_is_labelled(tmp_path):
    evaluation = evaluated("Viability, literature, leave-source-out", literature(tmp_path), 10, repeats=3)

    assert evaluation.leaking_groups == 0
    assert -0.25 <= evaluation.metrics["r2"] <= 0.15
    assert 0.85 <= evaluation.metrics["coverage_90"] <= 0.95
    assert evaluation.verdict == INSUFFICIENT_SKILL


def test_two_control_wells_of_the_new_study(tmp_path):
    """The label follows from the paired intervals, whatever comes out; it is never assumed."""
    evaluation = evaluate_control_referenced(literature(tmp_path))
    compared = {
        name: {key: round(POINTS * item[key], 2) for key in ("mae", "difference", "lower", "upper")}
        for name, item in evaluation.compared.items()
    }
    said("Viability, literature, with two controls of the study", evaluation.metrics, compared, evaluation.verdict)
    excludes_zero = all(evaluation.compared[name]["lower"] > 0 for name in ("mean", "own control"))

    assert evaluation.n_studies >= 30
    assert evaluation.verdict == (SKILL if excludes_zero else INSUFFICIENT_SKILL)
    assert evaluation.compared["own control"]["difference"] > 0
    assert 0.85 <= evaluation.metrics["coverage_90"] <= 0.95


@pytest.mark.parametrize("name", ["jurkat", "hepatocytes"])
def test_a_shuffled_target_has_no_skill(name, tmp_path):
    rows = jurkat(tmp_path) if name == "jurkat" else hepatocytes()
    shuffled = rows.assign(value=np.random.default_rng(1).permutation(rows["value"]))
    evaluation = evaluated(f"Viability, {name}, shuffled", shuffled, 5)

    assert evaluation.metrics["r2"] <= 0.05
    assert evaluation.verdict == INSUFFICIENT_SKILL
