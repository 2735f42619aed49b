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

    first = threading.Thread(target=tabs.show, args=[{"Rows": old}])
    second = threading.Thread(target=tabs.show, args=[{"Rows": lambda: html("new")}])
    first.start()
    assert begun.wait(20)
    second.start()
    go.set()
    first.join(20)
    second.join(20)

    assert shown(tabs, 0) == "new"


def test_what_cannot_be_made_says_why_in_its_tab():
    def refused():
        msg = "there are fewer groups than folds"
        raise InputError(msg)

    tabs = LazyTabs("Rows", "Learning curve")
    tabs.show({"Rows": lambda: html("rows"), "Learning curve": refused})
    with discard_events(tabs.bar):  # no browser is there to run what follows
        tabs.bar.active = 1
    asyncio.run(tabs._on_tab(None))

    assert "There are fewer groups than folds." in shown(tabs, 1)
