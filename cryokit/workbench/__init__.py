"""The workbench: one method for each thing that a person can ask for."""

from cryokit.workbench.data import Data
from cryokit.workbench.health import Health
from cryokit.workbench.integrity import Integrity
from cryokit.workbench.modelling import Modelling
from cryokit.workbench.people import People
from cryokit.workbench.predictions import Predictions
from cryokit.workbench.reporting import Reporting
from cryokit.workbench.tokens import Tokens


class Workbench(Data, Modelling, Predictions, Reporting, People, Tokens, Health, Integrity):
    """Everything that a person can ask of cryokit; Python, command line, pages and API call the same methods."""


__all__ = ["Workbench"]
