"""The choice of a version on the pages: newest first, the wanted one if it is there, else the current one."""

import pandas as pd
import pytest

from dashboards._choice import offer_versions, version_select

VERSIONS = pd.DataFrame(
    {
        "target": ["tg", "tg", "tg", "iri"],
        "version": [1, 2, 3, 1],
        "is_default": [False, True, False, True],
    }
)


@pytest.mark.parametrize(("wanted", "chosen"), [("1", 1), ("2", 2), ("3", 3), ("", 2), ("9", 2), ("x", 2)])
def test_the_wanted_version_is_chosen_or_else_the_current_one(wanted, chosen):
    select = version_select()
    offer_versions(select, VERSIONS, "tg", wanted)

    assert select.value == chosen
    assert select.options == {"3": 3, "2 (current)": 2, "1": 1}


def test_without_a_version_the_choice_says_so():
    select = version_select()
    offer_versions(select, VERSIONS, "viability")

    assert select.value is None
    assert select.options == {"none yet": None}
