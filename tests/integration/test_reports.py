"""Reports: checked parameters, a failing cell named, nothing half written."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from cryokit import reports
from cryokit.errors import ConflictError, InputError, NotFoundError, ReportError


def notebook(folder: Path, *cells: str) -> reports.Report:
    """Write a notebook whose first cell declares one parameter."""
    parameters = nbformat.v4.new_code_cell("count: int = 3  # how many", metadata={"tags": ["parameters"]})
    book = nbformat.v4.new_notebook(cells=[parameters, *map(nbformat.v4.new_code_cell, cells)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "small.ipynb"
    nbformat.write(book, path)
    return reports.Report("small", "Small", path, time_limit_seconds=120)


def test_a_report_is_one_page_with_its_parameters(tmp_path, other_settings):
    settings = other_settings()
    report = notebook(tmp_path, "print('count is', count)")

    page = reports.run(report, report.checked_parameters({"count": "5"}), settings)

    assert "count is 5" in page.read_text()
    assert sorted(file.suffix for file in settings.reports_dir.glob("small*")) == [".html", ".ipynb", ".json"]


def test_reports_are_closed_to_other_accounts(tmp_path, other_settings):
    settings = other_settings()
    settings.reports_dir.mkdir(mode=0o755)
    reports.run(notebook(tmp_path, "count"), {"count": 3}, settings)

    assert settings.reports_dir.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in settings.reports_dir.iterdir()} == {0o600}


@pytest.mark.parametrize(("cell", "outcome"), [("import time; time.sleep(1)", "succeeded"), ("1 / 0", "failed")])
def test_the_log_says_how_long_a_notebook_ran(tmp_path, other_settings, log_lines, cell, outcome):
    with contextlib.suppress(ReportError):
        reports.run(notebook(tmp_path, cell), {"count": 1}, other_settings())
    [line] = [line for line in log_lines() if line["event"] == "report_run"]

    assert (line["report"], line["outcome"]) == ("small", outcome)
    assert 1 < line["duration_seconds"] < 120


def test_a_failing_cell_is_named_and_no_page_is_left(tmp_path, other_settings):
    settings = other_settings()
    report = notebook(tmp_path, "1 / 0")

    with pytest.raises(ReportError, match="failed in cell 2: ZeroDivisionError") as caught:
        reports.run(report, {"count": 1}, settings)

    assert caught.value.cell_source == "1 / 0"
    assert not list(settings.reports_dir.glob("*.html"))


def test_who_follows_a_run_hears_how_many_cells_are_done(tmp_path, other_settings):
    report = notebook(tmp_path, "import time; time.sleep(2.5)", "time.sleep(2.5)")
    told: list[tuple[int, int]] = []

    reports.run(report, {"count": 1}, other_settings(), lambda done, total: told.append((done, total)))

    assert told == sorted(told)
    assert {total for done, total in told if done} == {4}  # with the cell that papermill adds
    assert told[-1][0] >= 2


def test_a_run_ends_when_who_follows_it_says_so(tmp_path, other_settings):
    settings, began = other_settings(), time.monotonic()

    def refuse(_done: int, _total: int) -> None:
        msg = "no longer wanted"
        raise ConflictError(msg)

    with pytest.raises(ConflictError, match="no longer wanted"):
        reports.run(notebook(tmp_path, "import time; time.sleep(600)"), {"count": 1}, settings, refuse)

    assert time.monotonic() - began < 300
    assert not list(settings.reports_dir.glob("small*"))


def test_a_report_that_takes_too_long_is_stopped(tmp_path, other_settings):
    report = notebook(tmp_path, "import time; time.sleep(60)")
    hasty = reports.Report(report.name, report.title, report.notebook, time_limit_seconds=1)

    with pytest.raises(ReportError, match="did not end within 1 s"):
        reports.run(hasty, {"count": 1}, other_settings())


@pytest.mark.parametrize("given", [{"cuont": 1}, {"count": "many"}])
def test_a_wrong_parameter_is_refused_before_anything_runs(tmp_path, given):
    with pytest.raises(InputError, match="count"):
        notebook(tmp_path).checked_parameters(given)


def test_an_unknown_report_says_which_there_are():
    with pytest.raises(NotFoundError, match="training, validation, ladder, explore, compare, health"):
        reports.report_named("weather")


def test_the_same_report_is_not_run_twice_at_once(tmp_path, other_settings):
    settings = other_settings()
    report = notebook(tmp_path, "import time", "time.sleep(3)")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(reports.run, report, {"count": 3}, settings)
        while not (settings.reports_dir / ".small.lock").exists():
            time.sleep(0.01)
        with pytest.raises(ConflictError, match="being run with these parameters already"):
            reports.run(report, {"count": 3}, settings)
        other = reports.run(report, {"count": 4}, settings)

    assert first.result().name != other.name
