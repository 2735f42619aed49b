import holoviews as hv
import pandas as pd
import pytest

from cryokit import figures
from cryokit.domain import TARGETS
from cryokit.errors import InputError

ROWS = pd.DataFrame(
    {
        "name": ["glycerol", "ethanol", None],
        "smiles": ["OCC(O)CO", "CCO", "CO"],
        "measured": [190.0, 97.0, 103.0],
        "value": [195.0, 140.0, 101.0],
        "lower": [160.0, 110.0, 80.0],
        "upper": [230.0, 170.0, 120.0],
    }
)
METRICS = {"mae": 16.7, "rmse": 25.0, "r2": 0.7, "spearman": 0.9, "coverage_90": 0.67, "mean_width_90": 57.0, "n": 3}
BASELINES = {"mean": {"mae": 40.0, "n": 3}, "0.7*Tm": {"mae": 30.0, "n": 2}}


def predictions(**changes) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "target": "tg",
            "smiles": ["OCC(O)CO", "CS(C)=O"],
            "name": ["glycerol", ""],
            "value": [190.0, 150.0],
            "lower": [160.0, 100.0],
            "upper": [220.0, 200.0],
            "in_domain": [True, False],
        }
    )
    return table.assign(**changes)


def drawn(element: hv.Overlay | hv.Bars):
    return hv.renderer("bokeh").get_plot(element).state


@pytest.mark.parametrize("target", TARGETS)
def test_axes_of_predicted_against_measured_carry_quantity_and_unit(target):
    figure = drawn(figures.predicted_against_measured(ROWS, target))

    title, unit = TARGETS[target].title.lower(), TARGETS[target].unit
    assert figure.xaxis[0].axis_label == f"measured {title} ({unit})"
    assert figure.yaxis[0].axis_label == f"predicted {title} ({unit})"


def test_predicted_against_measured_draws_each_row_once():
    points = figures.predicted_against_measured(ROWS, "tg").traverse(lambda x: x, [hv.Points])

    assert sum(len(element) for element in points) == len(ROWS)


def test_predicted_against_measured_tells_rows_outside_their_interval_by_marker():
    points = figures.predicted_against_measured(ROWS, "tg").traverse(lambda x: x, [hv.Points])

    assert {element.label: len(element) for element in points} == {"inside its interval": 2, "outside its interval": 1}


def test_hover_shows_name_and_unit():
    figure = drawn(figures.predicted_against_measured(ROWS, "tg"))

    tooltips = [tool.tooltips for tool in figure.tools if type(tool).__name__ == "HoverTool"]
    assert ("measured", "@measured{0.0} K") in tooltips[0]
    assert ("", "@name") in tooltips[0]


def test_predicted_against_measured_takes_a_table_without_rows():
    assert drawn(figures.predicted_against_measured(ROWS.iloc[:0], "tg")) is not None


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="lower is missing"):
        figures.predicted_against_measured(ROWS.drop(columns="lower"), "tg")


def test_text_counts_rows_inside_and_names_the_worst():
    text = figures.predicted_against_measured_text(ROWS, "tg")

    assert text == (
        "2 of 3 (67 %) measured values lie inside their prediction interval; the largest error is 43.0 K, for ethanol."
    )


def test_text_of_no_rows_says_so():
    assert figures.predicted_against_measured_text(ROWS.iloc[:0], "tg") == "There are no evaluated rows to show."


def test_residual_is_measured_minus_predicted():
    table = figures.evaluation_table(ROWS, "tg")

    assert table["residual"].tolist() == [-5.0, -43.0, 2.0]


def test_a_row_without_name_is_called_by_its_structure():
    assert figures.evaluation_table(ROWS, "tg")["name"].tolist() == ["glycerol", "ethanol", "CO"]


def test_residuals_have_the_unit_on_their_axis():
    figure = drawn(figures.residuals(ROWS, "tg"))

    assert figure.yaxis[0].axis_label == "measured minus predicted (K)"


def test_baseline_bars_show_the_model_first():
    table = figures.baseline_bars(METRICS, BASELINES, "tg").dframe()

    assert table["predictor"].tolist() == ["model", "mean", "0.7*Tm"]
    assert drawn(figures.baseline_bars(METRICS, BASELINES, "tg")).yaxis[0].axis_label == "mean absolute error (K)"


def test_metric_table_leaves_unknown_metrics_empty():
    table = figures.metric_table(METRICS, BASELINES).set_index("predictor")

    assert table.loc["model", "r2"] == 0.7
    assert pd.isna(table.loc["mean", "r2"])


def test_interval_plot_marks_items_outside_the_domain():
    points = figures.interval_plot(predictions()).traverse(lambda x: x, [hv.Points])

    assert {element.label: len(element) for element in points} == {"in domain": 1, "outside the domain": 1}


def test_interval_plot_draws():
    assert drawn(figures.interval_plot(predictions())).xaxis[0].axis_label == (
        "predicted glass transition temperature (K)"
    )


def test_interval_plot_refuses_two_targets():
    with pytest.raises(InputError, match="one target"):
        figures.interval_plot(predictions(target=["tg", "iri"]))


def test_interval_plot_text_gives_range_and_domain():
    text = figures.interval_plot_text(predictions())

    assert text == "Predicted: 150.0 K to 190.0 K for 2 items; 1 of 2 outside the model's domain."


def test_interval_plot_text_of_nothing():
    assert figures.interval_plot_text(predictions().iloc[:0]) == "Nothing was predicted."


def test_fractions_are_shown_with_three_decimals():
    assert figures.formatted(0.5, "viability") == "0.500"


def test_an_unknown_number_is_shown_as_a_dash():
    assert figures.formatted(float("nan"), "tg") == "-"


def test_structure_is_a_picture_with_a_title():
    svg = figures.structure_svg("OCC(O)CO")

    assert "<title>Structure of OCC(O)CO</title>" in svg


def test_structure_of_nonsense_is_refused():
    with pytest.raises(InputError):
        figures.structure_svg("nonsense")


HISTORY = pd.DataFrame(
    {
        "checked_at": ["2026-01-01T04:00:00Z", "2026-01-02T04:00:00Z"],
        "status": ["findings", "ok"],
        "error": [2, 0],
        "warning": [1, 0],
        "info": [0, 0],
    }
)


def test_health_history_draws_a_line_for_each_severity():
    figure = drawn(figures.health_history(HISTORY))

    assert [item.label.value for item in figure.legend[0].items] == ["error", "warning", "info"]
    assert (figure.xaxis[0].axis_label, figure.yaxis[0].axis_label) == ("checked at (UTC)", "findings")


def test_health_history_text_tells_the_newest_check():
    assert figures.health_history_text(HISTORY) == (
        "2 checks since 2026-01-01; the newest, at 2026-01-02 04:00 UTC, found 0 error, 0 warning, 0 info."
    )
    assert figures.health_history_text(HISTORY.head(0)) == "The database has not been checked yet."
