"""What `%load_ext cryokit` does in a shell."""

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import cryokit
from cryokit.jupyter import completions, health_line
from cryokit.sources.bundled import bundled_rows
from cryokit.workbench import Workbench


@pytest.fixture
def workbench(people) -> Workbench:
    return Workbench(people.database.settings, people.database)


@pytest.fixture
def shell(workbench, monkeypatch) -> InteractiveShell:
    """A shell that has loaded the extension over a real database."""
    monkeypatch.setattr(cryokit, "open", lambda: workbench)
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "cryokit")
    yield shell
    InteractiveShell.clear_instance()


def completed(shell: InteractiveShell, line: str) -> set[str]:
    with provisionalcompleter():
        return {item.text.strip("\"'") for item in shell.Completer.completions(line, len(line))}


def test_loading_says_in_one_line_whether_all_is_well(shell, capsys, workbench):
    shell.run_line_magic("reload_ext", "cryokit")
    said = capsys.readouterr().out

    assert said == health_line(workbench) + "\n"
    assert said.startswith(f"cryokit {cryokit.__version__} is ready: database, schema")


def test_targets_are_completed_in_calls(shell):
    assert {"tg", "iri", "viability"} <= completed(shell, 'wb.predict("')
    assert "viability" in completed(shell, "wb.train(target='v")
    assert "tg" not in completed(shell, 'name = "')


def test_versions_are_completed_after_the_target(workbench, people):
    workbench.registry.store_measurements(bundled_rows("tg").query("is_curated").head(9), "tg", is_public=True)
    workbench.train("tg", estimator="mean")

    assert completions('wb.predict("tg", ["CCO"], version=', workbench) == ["1"]
    assert completions('wb.predict("nothing", version=', workbench) == []


def test_a_database_that_is_gone_is_said(make_settings):
    with make_settings() as make:
        line = health_line(Workbench(make()))

    assert "is not ready: database: " in line
