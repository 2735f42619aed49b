"""The recovery window as a table, a figure and a sentence; and how it follows from sets and archived WAL."""

import os
from datetime import UTC, datetime, timedelta

import holoviews as hv
import pandas as pd
import pytest

from cryokit.backup.overview import recovery_window
from cryokit.backup.sets import write_manifest
from cryokit.config import load_settings
from cryokit.errors import InputError
from cryokit.figures import recovery

HOUR = timedelta(hours=1)
START = datetime(2026, 11, 22, 10, tzinfo=UTC)


def spans(*hours):
    return pd.DataFrame([(START + begin * HOUR, START + end * HOUR) for begin, end in hours], columns=["begin", "end"])


def backups(*rows):
    """Make backups of (kind, hours after the start, whether proved, whether removed)."""
    return pd.DataFrame(
        [
            {
                "id": f"{number}-{kind}",
                "kind": kind,
                "started_at": (START + hours * HOUR).isoformat(),
                "proved_at": (START + hours * HOUR).isoformat() if is_proved else None,
                "removed_at": START.isoformat() if is_removed else None,
            }
            for number, (kind, hours, is_proved, is_removed) in enumerate(rows)
        ],
        columns=["id", "kind", "started_at", "proved_at", "removed_at"],
    )


ROWS = backups(("full", 0, True, False), ("incremental", 2, True, False), ("dump", 3, True, False))


def test_the_table_names_the_gaps_between_what_can_be_restored():
    table = recovery.recovery_table(spans((0, 2), (5, 6)))

    assert table["restorable"].tolist() == ["any moment", "nothing", "any moment"]
    assert table["hours"].tolist() == [2, 3, 1]


def test_the_figure_has_a_row_of_marks_for_each_kind_a_bar_a_gap_and_the_newest_moment():
    unproved = backups(("full", 4, False, False), ("dump", 5, True, True))
    figure = recovery.recovery_timeline(pd.concat([ROWS, unproved]), spans((0, 2), (5, 6)))
    labels = [element.label for element in figure]
    plot = hv.renderer("bokeh").get_plot(figure).state
    points = {element.label: element.data for element in figure if isinstance(element, hv.Points)}

    assert labels == [
        "any moment can be restored",
        "gap: nothing can be restored",
        "newest reachable moment",
        "full backup",
        "incremental backup",
        "dump backup",
        "backup that was not proved",
    ]
    assert points["newest reachable moment"]["end"].tolist() == [pd.Timestamp("2026-11-22 16:00")]
    assert points["dump backup"]["id"].tolist() == ["2-dump"]
    assert points["backup that was not proved"]["id"].tolist() == ["0-full"]
    assert plot.xaxis[0].axis_label == "time (UTC)"
    assert len({element.opts.get("style").kwargs.get("marker") for element in figure if element.label in points}) == 5


def test_without_gaps_and_kinds_the_figure_says_nothing_of_them():
    figure = recovery.recovery_timeline(ROWS.head(1), spans((0, 2)))

    assert [element.label for element in figure] == [
        "any moment can be restored",
        "newest reachable moment",
        "full backup",
    ]


def test_a_dump_alone_is_drawn_without_a_span():
    figure = recovery.recovery_timeline(ROWS.tail(1), spans())

    assert hv.renderer("bokeh").get_plot(figure) is not None
    assert [element.label for element in figure] == ["dump backup"]


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(InputError, match="needs the columns begin, end, but end is missing"):
        recovery.recovery_table(spans((0, 1)).drop(columns="end"))


NOW = pd.Timestamp(START + 6 * HOUR + timedelta(minutes=7))


@pytest.mark.parametrize(
    ("rows", "pieces", "text"),
    [
        (backups(), spans(), "There is no backup. No moment in between can be restored: there is no proved copy of"),
        (
            ROWS,
            spans((0, 6)),
            "3 backups (1 full, 1 incremental, 1 dump), all proved by restoring. Any moment from "
            "2026-11-22 10:00:00 to 2026-11-22 16:00:00 UTC can be restored, without a gap; the newest one is 7 "
            "minutes ago.",
        ),
        (
            backups(("full", 0, True, False), ("full", 3, False, False)),
            spans((0, 2), (5, 6)),
            "2 backups (2 full), 1 of them proved by restoring. Any moment from 2026-11-22 10:00:00 to 2026-11-22 "
            "16:00:00 UTC can be restored, without a gap apart from 2026-11-22 12:00:00 to 2026-11-22 15:00:00;",
        ),
    ],
)
def test_the_sentence_says_what_the_figure_shows(rows, pieces, text):
    assert recovery.recovery_timeline_text(rows, pieces, NOW).startswith(text)


# From sets and segments


@pytest.fixture
def settings(tmp_path):
    return load_settings(state_dir=tmp_path, database_url=None)


def store(settings, hours, start, stop):
    """Make a proved full backup whose WAL is in the segments from one to another."""
    moment = START + hours * HOUR
    folder = settings.backups_dir / "sets" / f"{moment:%Y%m%dT%H%M%SZ}-full"
    folder.mkdir(parents=True)
    told = {"id": folder.name, "kind": "full", "parent": None, "proved_at": "then", "timeline": 1}
    told |= {"stopped_at": moment, "start_lsn": f"0/{start:X}000028", "stop_lsn": f"0/{stop:X}000100"}
    write_manifest(folder, told)


def hand_over(settings, hours, *numbers):
    settings.wal_archive_dir.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        path = settings.wal_archive_dir / f"{1:08X}{0:08X}{number:08X}"
        path.touch()
        os.utime(path, ((START + hours * HOUR).timestamp(),) * 2)


def found(settings):
    return [((span.begin - START) / HOUR, (span.end - START) / HOUR) for span in recovery_window(settings)["spans"]]


def test_wal_that_leads_into_the_next_set_makes_one_span(settings):
    store(settings, 0, 2, 2)
    hand_over(settings, 1, 2, 3, 4)
    store(settings, 1.5, 4, 4)

    assert found(settings) == [(0, 1.5)]
    hand_over(settings, 2, 5)
    assert found(settings) == [(0, 2)]


def test_a_lost_segment_parts_two_spans_and_the_window_is_the_newest(settings):
    store(settings, 0, 2, 2)
    hand_over(settings, 1, 2, 3)
    store(settings, 4, 6, 6)
    hand_over(settings, 5, 6, 7)
    window = recovery_window(settings)

    assert found(settings) == [(0, 1), (4, 5)]
    assert ((window["from"] - START) / HOUR, (window["to"] - START) / HOUR) == (4, 5)
    assert window["newest_segment"] == f"{1:08X}{0:08X}{7:08X}"


def test_without_a_set_nothing_can_be_restored(settings):
    hand_over(settings, 1, 2, 3)

    assert found(settings) == []
    assert recovery_window(settings)["to"] is None
