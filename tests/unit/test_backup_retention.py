"""Rotation: which backups stay, over simulated years, whatever fails."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryokit.backup.retention import GRACE, Member, Rotation, plan, window_member
from cryokit.errors import InputError

START = datetime(2026, 1, 1, 3, tzinfo=UTC)


def member(number, kind="full", parent=None, is_proved=True, hours=24):
    """Return a backup of a simulated day."""
    moment = START + timedelta(hours=number * hours)
    return Member(f"{moment:%Y%m%dT%H%M%SZ}-{kind}", kind, parent, moment, is_proved)


def stays(members, kept, now):
    """Return the ids that stay."""
    return {one.member.id for one in plan(members, kept, now) if one.stays}


def test_the_newest_of_each_period_stays():
    members = [member(day) for day in range(60)]
    kept = Rotation(hourly=0, daily=3, weekly=2, monthly=2, yearly=1, wal_days=0)

    found = stays(members, kept, members[-1].stopped_at)

    # 27, 28 February and 1 March; the Sundays 22 February and (newest of its week) 1 March; 31 January is a month's.
    assert found == {members[number].id for number in (57, 58, 59, 52)}


def test_every_one_that_stays_says_why():
    copy, dump, fresh = member(0), member(1, "dump"), member(2, is_proved=False)
    kept = Rotation(hourly=1, daily=1, weekly=1, monthly=1, yearly=1, wal_days=2)

    reasons = [one.reasons for one in plan([fresh, dump, copy], kept, fresh.stopped_at)]

    assert reasons == [
        [
            "newest proved copy of files", "hourly: 2026-01-01 03 h", "daily: 2026-01-01", "weekly: 2026 week 01",
            "monthly: 2026-01", "yearly: 2026", "any moment of the last 2 days starts from it",
        ],
        [
            "newest proved dump", "hourly: 2026-01-02 03 h", "daily: 2026-01-02", "weekly: 2026 week 01",
            "monthly: 2026-01", "yearly: 2026",
        ],
        ["waits for its proof"],
    ]  # fmt: skip


def test_an_increment_keeps_what_it_builds_on():
    full = member(0)
    increments = [member(1, "incremental", full.id)]
    increments.append(member(2, "incremental", increments[0].id))
    kept = Rotation(hourly=0, daily=1, weekly=0, monthly=0, yearly=0, wal_days=0)

    assert stays([full, *increments], kept, increments[-1].stopped_at) == {full.id, *(one.id for one in increments)}


def test_what_others_build_on_says_which():
    full = member(0)
    increment = member(1, "incremental", full.id)
    kept = Rotation(hourly=0, daily=1, weekly=0, monthly=0, yearly=0, wal_days=0)

    [first, _] = plan([full, increment], kept, increment.stopped_at)

    assert first.reasons == [f"parent of {increment.id}"]


def test_days_are_those_of_utc_wherever_the_machine_is(far_east):
    backup = member(0, hours=0)
    late = Member("late", "full", None, datetime(2026, 1, 1, 20, tzinfo=UTC).astimezone(), True)
    kept = Rotation(hourly=0, daily=1, weekly=0, monthly=0, yearly=0, wal_days=0)

    [_, newest] = plan([backup, late], kept, late.stopped_at)

    assert late.stopped_at.day == 2
    assert "daily: 2026-01-01" in newest.reasons


@pytest.fixture
def far_east(monkeypatch):
    """A machine whose clock is nine hours before UTC."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def test_no_moment_can_be_reached_from_a_dump():
    copy, dump = member(0), member(3, "dump")
    kept = Rotation(wal_days=5)

    assert window_member([copy, dump], kept, START + timedelta(days=10)) == copy
    assert window_member([dump], kept, START + timedelta(days=10)) is None


def test_an_unproved_backup_waits_a_day_and_never_counts_as_newest():
    proved, fresh = member(0), member(1, is_proved=False)
    kept = Rotation(hourly=0, daily=0, weekly=0, monthly=0, yearly=0, wal_days=0)

    assert stays([proved, fresh], kept, fresh.stopped_at) == {proved.id, fresh.id}
    assert stays([proved, fresh], kept, fresh.stopped_at + GRACE) == {proved.id}


def test_a_dump_does_not_stand_in_for_a_copy_of_files():
    copy, dump = member(0), member(1, "dump")
    kept = Rotation(hourly=0, daily=0, weekly=0, monthly=0, yearly=0, wal_days=0)

    assert stays([copy, dump], kept, dump.stopped_at) == {copy.id, dump.id}


def test_a_backup_from_a_wrong_clock_neither_hides_the_newest_nor_opens_the_window():
    old, young = member(0), member(8)
    ahead = Member("20260109T030001Z-full", "full", None, START + timedelta(days=400), True)
    behind = Member("20260109T030002Z-full", "full", None, START - timedelta(days=400), True)
    kept = Rotation(hourly=0, daily=0, weekly=0, monthly=0, yearly=0, wal_days=7)

    found = {one.member.id: one for one in plan([old, young, ahead, behind], kept, young.stopped_at)}

    assert "newest proved copy of files" in found[behind.id].reasons
    assert window_member([old, young, ahead, behind], kept, young.stopped_at) == old
    assert not found[ahead.id].stays


def simulated(outcomes, kept):
    """Yield after each day of a simulated life what is there: a full backup a week, increments between."""
    there: list[Member] = []
    chain: Member | None = None
    for day, outcome in enumerate(outcomes):
        now = START + timedelta(days=day, hours=1)
        if outcome != "failed":
            is_increment = day % 7 != 0 and chain is not None
            made = member(day, "incremental" if is_increment else "full", chain.id if is_increment else None)
            made = Member(made.id, made.kind, made.parent, made.stopped_at, outcome == "proved")
            there.append(made)
            chain = made if made.is_proved else chain
        decisions = plan(there, kept, now)
        there = [one.member for one in decisions if one.stays]
        chain = chain if chain and any(one.id == chain.id for one in there) else None
        yield now, there, [one.member for one in decisions if not one.stays]


@settings(max_examples=3, deadline=None)
@given(
    st.lists(st.sampled_from(["proved", "proved", "proved", "unproved", "failed"]), min_size=730, max_size=730),
    st.builds(Rotation, daily=st.integers(0, 9), weekly=st.integers(0, 6), monthly=st.integers(0, 13)),
)
def test_two_years_with_failures_always_leave_a_whole_newest_chain(outcomes, kept):
    newest = None
    for now, there, gone in simulated(outcomes, kept):
        ids = {one.id for one in there}
        assert all(one.parent is None or one.parent in ids for one in there)
        proved = [one for one in (*there, *gone) if one.is_proved]
        newest = max((one.stopped_at for one in proved), default=newest)
        assert newest is None or any(one.stopped_at == newest for one in there)
        if reach := window_member((*there, *gone), kept, now):
            assert reach.id in ids
    # What stays is bounded: each period, and at most a week of links below each.
    periods = kept.hourly + kept.daily + kept.weekly + kept.monthly + kept.yearly + kept.wal_days + 4
    assert len(there) <= 7 * periods


def test_counts_are_read_from_text():
    assert Rotation.read("daily=3, wal_days=2") == Rotation(daily=3, wal_days=2)


@pytest.mark.parametrize("text", ["daily", "daily=-1", "dayly=3", "daily=many"])
def test_wrong_counts_are_refused_with_what_is_known(text):
    with pytest.raises(InputError, match=r"hourly=24,daily=7 with hourly, daily, weekly"):
        Rotation.read(text)
