"""cryokit: the research workbench for cryoprotectant discovery."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryokit.workbench import Workbench

__version__ = "0.1.0"


def open(**settings: object) -> "Workbench":  # noqa: A001  reads as cryokit.open(), which is its only use
    """Return the workbench of this machine; `settings` override the environment."""
    from cryokit.config import load_settings
    from cryokit.telemetry import adopt_correlation_id, correlation_id
    from cryokit.workbench import Workbench

    loaded = load_settings(**settings)
    if not correlation_id.get():
        adopt_correlation_id(loaded.correlation_id)
    return Workbench(loaded)
