"""cryokit: the research workbench for cryoprotectant discovery."""

from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from cryokit.client import RemoteWorkbench
    from cryokit.workbench import Workbench

__version__ = "0.1.0"


@overload
def open(**settings: object) -> "Workbench": ...  # noqa: A001
@overload
def open(address: str, *, token: str) -> "RemoteWorkbench": ...  # noqa: A001
def open(  # noqa: A001  reads as cryokit.open(), which is its only use
    address: str | None = None, *, token: str | None = None, **settings: object
) -> "Workbench | RemoteWorkbench":
    """
    Return the workbench of this machine, or that of the server at `address` on behalf of the owner of `token`.

    `settings` override the environment of this machine.
    """
    if address is not None or token is not None:
        from cryokit.client import RemoteWorkbench
        from cryokit.errors import ConfigError

        if address is None or token is None or settings:
            msg = "a server is opened by its address and a token alone: cryokit.open('https://...', token='...')"
            raise ConfigError(msg)
        return RemoteWorkbench(address, token)
    from cryokit.config import load_settings
    from cryokit.telemetry import adopt_correlation_id, correlation_id
    from cryokit.workbench import Workbench

    loaded = load_settings(**settings)
    if not correlation_id.get():
        adopt_correlation_id(loaded.correlation_id)
    return Workbench(loaded)


def load_ipython_extension(shell: object) -> None:
    """Do what ``%load_ext cryokit`` asks for."""
    from cryokit.jupyter import load

    load(shell, open())
