"""Tables of the pages; each heading explains its column."""

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

import pandas as pd
import panel as pn
from bokeh.models.widgets.tables import NumberFormatter

from cryokit import figures
from cryokit.domain import INSUFFICIENT_SKILL, target_named
from cryokit.workbench.jobs import UNDER_WAY
from dashboards._shell import STYLES

STRUCTURE_PATH = "/structure.svg"
_SHOWN_PROBLEMS = 50
_CHANCE = "probability_at_most_50"
_CONFIGURATION = {"columnDefaults": {"minWidth": 110, "headerWordWrap": True, "variableHeight": True}}
# What does not fit is listed below its row: on a phone the flags of a prediction must not be out of sight.
_COLLAPSING = {"responsiveLayout": "collapse", "responsiveLayoutCollapseStartOpen": True}
STANDING = (
    "percentile: the share of the known cryoprotectants, measured under the same conditions, whose median value lies "
    "below the prediction, and their number; of % of control, lower is better; unknown with fewer than 10"
)
LIKENESS = ("Likeness", "Tanimoto similarity of Morgan fingerprints to the molecule of the filter, from 0 to 1")
_METRICS = {
    "n": ("Rows", "measured values, each predicted by a model that did not see it"),
    "mae": ("Mean absolute error", "average distance between predicted and measured"),
    "rmse": ("Root mean square error", "the same, but large errors count more"),
    "r2": ("R²", "explained share of the variance; 0 is no better than the mean"),
    "spearman": ("Rank correlation", "1: the order is right, 0: it is random"),
    "coverage_90": ("Coverage", "measured values inside their 90 % interval; 90 % is right"),
    "mean_width_90": ("Interval width", "mean width of the 90 % intervals"),
}

_JOB_CHIPS = {"succeeded": "good", "failed": "severe", "cancelled": "plain", "queued": "plain", "running": "warning"}


def chip(text: str, kind: str) -> str:
    """Return a small visible label; `kind` is good, warning or plain."""
    return f'<span class="chip {kind}">{escape(text)}</span>'


def _how_far(job: dict, title: str) -> str:
    if job["status"] not in UNDER_WAY:
        return ""
    share = round(100 * job["done_fraction"])
    return f'<progress max="100" value="{share}" aria-label="Progress of {escape(title)}"></progress> {share} % '


def job_card(job: dict, title: str, said: str, log: str) -> str:
    """Return what becomes of a job: its status, what it is, how far it is, what is said of it, and its log."""
    return (
        f'<div class="job"><p>{chip(job["status"], _JOB_CHIPS[job["status"]])} <strong>{escape(title)}</strong> '
        f"{_how_far(job, title)}{escape(said)}</p>"
        f'<details><summary>Log</summary><pre tabindex="0">{escape(log)}</pre></details></div>'
    )


def skill_chip(label: str | None) -> str:
    """Return the label of a model: whether it beats its trivial baselines."""
    if label is None:
        return chip("no version yet", "plain")
    return chip(label, "warning") if label == INSUFFICIENT_SKILL else chip("beats its baselines", "good")


def structure(smiles: str) -> str:
    """Return the picture of a molecule."""
    source = f"{STRUCTURE_PATH}?{urlencode({'smiles': smiles})}"
    return f'<img class="structure" loading="lazy" src="{source}" alt="Structure of {escape(smiles)}">'


def item(name: object, subject: str) -> str:
    """Return what a row is about: its name, if it has one, and its canonical form."""
    subject = f'<span class="subject">{escape(subject)}</span>'
    return f"<strong>{escape(name)}</strong><br>{subject}" if isinstance(name, str) and name else subject


def domain(is_inside: bool, reasons: list[str]) -> str:
    """Return whether a model knows such substances, and if not, why."""
    if is_inside:
        return chip("in domain", "good")
    return chip("outside", "warning") + "".join(f'<br><span class="reason">{escape(item)}</span>' for item in reasons)


def nearest(examples: list[str]) -> str:
    """Return the nearest measured examples as a list."""
    items = "".join(f"<li>{escape(example)}</li>" for example in examples)
    return f'<ul class="nearest" aria-label="Nearest measured">{items}</ul>' if items else "none is comparable"


def _percent(fraction: float) -> str:
    return "unknown" if pd.isna(fraction) else f"{100 * fraction:.0f} %"


def standing(fraction: float, count: int) -> str:
    """Return where a prediction stands among the known cryoprotectants."""
    if pd.isna(fraction):
        return f"unknown, {count or 'none'} comparable"
    return f"above {100 * fraction:.0f} % of {count}"


def prediction_view(predictions: pd.DataFrame, target: str) -> pd.DataFrame:
    """Return what is shown of predictions: pictures, words and rounded numbers."""
    subject = target_named(target).subject
    view = pd.DataFrame(index=range(len(predictions)))
    if subject == "smiles":
        view["structure"] = [structure(smiles) for smiles in predictions[subject]]
    view["item"] = [item(*pair) for pair in zip(predictions["name"], predictions[subject], strict=True)]
    view["value"] = predictions["value"].round(figures.decimals(target)).to_numpy()
    bounds = zip(predictions["lower"], predictions["upper"], strict=True)
    view["interval"] = [
        f"{figures.formatted(low, target)} to {figures.formatted(high, target)}" for low, high in bounds
    ]
    known = zip(predictions["known_fraction_below"], predictions["known_compounds"], strict=True)
    view["standing"] = [standing(*pair) for pair in known]
    if _CHANCE in predictions:
        view["chance"] = [_percent(value) for value in predictions[_CHANCE]]
    judged = zip(predictions["in_domain"], predictions["domain_reasons"], strict=True)
    view["domain"] = [domain(bool(inside), list(reasons)) for inside, reasons in judged]
    view["training"] = ["yes" if known else "no" for known in predictions["in_training"]]
    view["skill"] = [skill_chip(label) for label in predictions["skill"]]
    if "nearest_measured" in predictions:
        view["nearest"] = [nearest(examples) for examples in predictions["nearest_measured"]]
    if "similarity" in predictions:
        view["likeness"] = [f"{value:.2f}" for value in predictions["similarity"]]
    return view


def prediction_table(predictions: pd.DataFrame, target: str) -> pn.widgets.Tabulator:
    """Return the table of predictions, a page of rows at a time."""
    specification = target_named(target)
    unit, subject = specification.unit, "Molecule" if specification.subject == "smiles" else "Recipe"
    columns = {
        "structure": ("Structure", "drawn from the SMILES"),
        "item": (subject, "its name when one was given, and its canonical form"),
        "value": (f"Predicted ({unit})", specification.quantity),
        "interval": (
            f"90 % interval ({unit})",
            "holds the measured value in about 9 of 10 cases; see the coverage below",
        ),
        "standing": ("Among known", STANDING),
        "chance": ("P(≤ 50 %)", "how likely the measured value is at or below 50 % of the control, by past errors"),
        "domain": ("Domain", "whether the model knows such substances; outside, do not rely on value and interval"),
        "training": ("In training", "whether this very item was among the measured rows the model learned from"),
        "skill": ("Model label", f"'{INSUFFICIENT_SKILL}': does not beat trivial baselines, do not decide by it"),
    }
    columns |= {"nearest": ("Nearest measured", "the most alike examples the model learned from"), "likeness": LIKENESS}
    widths = {"structure": "12%", "item": "14%", "domain": "16%", "skill": "13%", "nearest": "18%"}
    view = prediction_view(predictions, target)
    columns = {name: words for name, words in columns.items() if name in view}
    markup = {"structure", "item", "domain", "skill", "nearest"}
    return _tabulator(view, columns, markup, target, widths, _COLLAPSING, has_ticks=True)


def html_table(view: pd.DataFrame, columns: dict[str, tuple[str, str]], widths: dict[str, str]) -> pn.widgets.Tabulator:
    """Return a table of rows to tick, whose cells are trusted markup; `columns` has title and explanation of each."""
    return _tabulator(view, columns, set(view.columns), None, widths, _COLLAPSING, has_ticks=True)


def evaluation_rows_table(rows: pd.DataFrame, target: str) -> pn.widgets.Tabulator:
    """Return the table of what the chart shows."""
    unit = target_named(target).unit
    columns = {
        "name": ("Name", "name or structure of the row"),
        "measured": (f"Measured ({unit})", "the value from its source"),
        "value": (f"Predicted ({unit})", "by a model that did not see this row or its close relatives"),
        "lower": (f"From ({unit})", "lower end of the 90 % interval"),
        "upper": (f"To ({unit})", "upper end of the 90 % interval"),
        "residual": (f"Error ({unit})", "measured minus predicted"),
        "inside": ("Inside", "whether the interval holds the measured value"),
    }
    view = figures.evaluation_table(rows, target)[list(columns)]
    view["inside"] = view["inside"].map({True: "yes", False: "no"})
    if "is_scored" in rows:
        columns["counts"] = ("Counts", "whether the row counts in the scores, and if not, why")
        view["counts"] = [_counts(*pair) for pair in zip(rows["is_scored"], rows["in_training"], strict=True)]
    return _tabulator(view, columns, set(), target, {"name": "28%"}, {})


def _counts(is_scored: bool, in_training: bool) -> str:
    if is_scored:
        return "yes"
    return "no: in training" if in_training else "no: unknown series"


def findings_table(findings: pd.DataFrame) -> pn.widgets.Tabulator:
    """Return the table of findings, the worst first; a heading sorts by its column."""
    columns = {
        "severity": ("Severity", "error: wrong, leaking or broken now; warning: will hurt; info: a hint"),
        "object": ("Object", "what the finding is about"),
        "message": ("Finding", "what is wrong"),
        "fix": ("Fix", "what to run or to do"),
        "check": ("Check", "which check found it"),
    }
    view = findings.sort_values("severity", ascending=False, kind="stable", ignore_index=True)[list(columns)]
    widths = {"severity": "10%", "object": "20%", "message": "28%", "fix": "28%"}
    return _tabulator(view, columns, set(), None, widths, _COLLAPSING)


def versions_table(rows: pd.DataFrame, target: str) -> pn.widgets.Tabulator:
    """Return the table of a target's versions, newest first."""
    unit = target_named(target).unit
    columns = {
        "version": ("Version", "number of the version"),
        "state": ("State", "the current one is used where none is named"),
        "label": ("Label", f"'{INSUFFICIENT_SKILL}': does not beat trivial baselines, do not decide by it"),
        "mae": (f"Error ({unit})", "mean absolute error out of fold, on the fair split"),
        "r2": ("R²", _METRICS["r2"][1]),
        "coverage": ("Coverage", _METRICS["coverage_90"][1]),
        "rows": ("Rows", "measured values it learned from"),
        "trained": ("Trained", "UTC"),
    }
    newest = rows.sort_values("version", ascending=False, ignore_index=True)
    metrics = pd.DataFrame(list(newest["metrics"]))
    view = pd.DataFrame(
        {
            "version": newest["version"].astype(str),
            "state": newest["is_current"].astype(bool).map({True: "current", False: "candidate"}),
            "label": [skill_chip(label) for label in newest["verdict"]],
            "mae": [figures.formatted(value, target) for value in metrics["mae"]],
            "r2": [_metric("r2", value, target) for value in metrics["r2"]],
            "coverage": [_metric("coverage_90", value, target) for value in metrics["coverage_90"]],
            "rows": [_metric("n", value, target) for value in metrics["n"]],
            "trained": [str(moment)[:16].replace("T", " ") for moment in newest["created_at"]],
        }
    )
    return _tabulator(view, columns, {"label"}, None, {"label": "18%", "trained": "15%"}, _COLLAPSING)


class _TickedTable(pn.widgets.Tabulator):
    """A table whose rows are ticked; the least width of the other columns is not that of the boxes."""

    def _config_columns(self, column_objs: list) -> list:
        ticks, *others = super()._config_columns(column_objs)
        return [ticks | {"minWidth": ticks["width"]}, *others]


def _tabulator(
    view: pd.DataFrame,
    columns: dict[str, tuple[str, str]],
    html_columns: set[str],
    target: str | None,
    widths: dict[str, str],
    configuration: dict[str, object],
    *,
    has_ticks: bool = False,
) -> pn.widgets.Tabulator:
    numbers = [name for name in view.columns if pd.api.types.is_numeric_dtype(view[name])]
    number_format = NumberFormatter(format=f"0.{'0' * figures.decimals(target)}" if target else "0")
    formatters = {name: {"type": "html" if name in html_columns else "textarea"} for name in view.columns}
    return (_TickedTable if has_ticks else pn.widgets.Tabulator)(
        view,
        titles={name: title for name, (title, _) in columns.items()},
        header_tooltips={name: explanation for name, (_, explanation) in columns.items()},
        formatters=formatters | dict.fromkeys(numbers, number_format),
        widths=widths,
        text_align=dict.fromkeys(numbers, "right"),
        show_index=False,
        disabled=True,
        selectable="checkbox" if has_ticks else False,
        pagination="remote",
        page_size=10,
        layout="fit_columns",
        configuration=_CONFIGURATION | configuration,
        stylesheets=[STYLES],
        sizing_mode="stretch_width",
        margin=0,
    )


def plain_table(label: str, heads: list[str], rows: list[list[object]]) -> str:
    """Return a small table of texts that scrolls sideways where it must."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table class="plain">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def refused_rows(caption: str, problems: Sequence[tuple[int, str]]) -> str:
    """Return the lines of a file that were refused, each with its fault."""
    lines = [f"<tr><td>{line}</td><td>{escape(message)}</td></tr>" for line, message in problems[:_SHOWN_PROBLEMS]]
    hidden = len(problems) - len(lines)
    more = f"<p>and {hidden:,} more.</p>" if hidden else ""
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Refused rows"><table class="problems">'
        f"<caption>{escape(caption)}</caption>"
        '<thead><tr><th scope="col">Line</th><th scope="col">What is wrong</th></tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>{more}"
    )


def metrics_html(metrics: dict, baselines: dict, target: str, judged: str = "Out of fold") -> str:
    """Return the metrics of the model beside those of its baselines, a table for each series."""
    series = metrics.get("series") or {}
    parts = [(name, item["metrics"], item["baselines"], item["verdict"]) for name, item in series.items()]
    if len(parts) < 2:  # noqa: PLR2004  the only series is the whole
        parts = [("", metrics, baselines, metrics.get("verdict"))]
    return "".join(_metric_table(*part, target, judged) for part in parts)


def _metric_table(series: str, metrics: dict, baselines: dict, verdict: str | None, target: str, judged: str) -> str:
    table = figures.metric_table(metrics, baselines).set_index("predictor")
    heads = [name if name == "model" else f"baseline: {name}" for name in table.index]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    rows = []
    for name, (title, explanation) in _METRICS.items():
        unit = f" ({target_named(target).unit})" if name in ("mae", "rmse", "mean_width_90") else ""
        cells = "".join(f"<td>{_metric(name, value, target)}</td>" for value in table[name])
        label = f'{escape(title + unit)}<span class="reason">{escape(explanation)}</span>'
        rows.append(f'<tr><th scope="row">{label}</th>{cells}</tr>')
    title = f"{series}: model and baselines" if series else "Model and baselines"
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title)}"><table class="metrics">'
        f"<caption>{escape(title)} {skill_chip(verdict)}</caption>"
        f"<thead><tr><th>{judged}</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _metric(name: str, value: float, target: str) -> str:
    if pd.isna(value):
        return "-"
    if name == "n":
        return f"{value:.0f}"
    if name == "coverage_90":
        return f"{100 * value:.0f} %"
    return f"{value:.2f}" if name in ("r2", "spearman") else figures.formatted(value, target)
