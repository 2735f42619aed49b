import asyncio
import threading

from param.parameterized import discard_events

from cryokit.errors import InputError
from dashboards._shell import html
from dashboards._tabs import LazyTabs


def shown(tabs: LazyTabs, place: int) -> str:
    return tabs.contents[place].objects[0].object


def test_content_that_was_still_being_made_goes_with_what_it_was_about():
    begun, go = threading.Event(), threading.Event()
    tabs = LazyTabs("Rows")

    def old():
        begun.set()
        assert go.wait(20)
        return html("old")

    async def change_twice():
        first = asyncio.create_task(tabs.change({"Rows": old}))
        await asyncio.to_thread(begun.wait, 20)
        second = asyncio.create_task(tabs.change({"Rows": lambda: html("new")}))
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(first, second)

    asyncio.run(change_twice())

    assert shown(tabs, 0) == "new"


def test_content_is_made_in_a_thread_and_shown_by_the_event_loop():
    made, showed = [], []
    tabs = LazyTabs("Rows")
    tabs.contents[0].param.watch(lambda _event: showed.append(threading.current_thread()), ["objects", "visible"])

    def rows():
        made.append(threading.current_thread())
        return html("rows")

    asyncio.run(tabs.change({"Rows": rows}))

    assert made != [threading.current_thread()]
    assert set(showed) == {threading.current_thread()}


def test_what_cannot_be_made_says_why_in_its_tab():
    def refused():
        msg = "there are fewer groups than folds"
        raise InputError(msg)

    tabs = LazyTabs("Rows", "Learning curve")
    tabs.begin({"Rows": lambda: html("rows"), "Learning curve": refused})
    with discard_events(tabs.bar):  # no browser is there to run what follows
        tabs.bar.active = 1
    asyncio.run(tabs._on_tab(None))

    assert "There are fewer groups than folds." in shown(tabs, 1)
