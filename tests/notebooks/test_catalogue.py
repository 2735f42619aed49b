"""The catalogue of reports and the parameters that notebooks declare."""

import pytest

from cryokit import reports
from cryokit.errors import InputError

NAMES = sorted(reports.catalogue())


@pytest.mark.parametrize("name", NAMES)
def test_the_defaults_of_a_notebook_pass_its_own_check(name):
    report = reports.report_named(name)

    defaults = {key: parameter.default for key, parameter in report.parameters().items()}

    assert report.checked_parameters({}) == defaults


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_says_what_it_means(name):
    parameters = reports.report_named(name).parameters()

    assert parameters
    assert all(parameter.description for parameter in parameters.values())


def test_a_text_that_is_no_number_is_refused():
    with pytest.raises(InputError, match="seed must be int"):
        reports.report_named("training").checked_parameters({"seed": "seven"})
