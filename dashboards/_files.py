"""Scripts, styles and fonts of the pages: they come from this machine, and browsers keep them."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from bokeh.embed.bundle import extension_dirs
from bokeh.settings import settings
from panel.io.resources import CDN_DIST, DIST_DIR
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import Response
from starlette.routing import Mount, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

_OURS = Path(__file__).with_name("assets")
_PANELS_ROOT = "/static"
_AN_HOUR = "public, max-age=3600"
_ASK_FIRST = "no-cache"


def _lasting(scope: Scope) -> str:
    """Say how long a file with an address of Panel's may be kept."""
    # Some addresses name the version of Panel and not of the extension whose file it is, so a year would be too long.
    has_version = scope["query_string"] or scope["path"].endswith(".woff2")
    return _AN_HOUR if has_version else _ASK_FIRST


class _LastingFiles(StaticFiles):
    """Files that a browser keeps as long as `lasting` says, and then asks whether they are still the same."""

    def __init__(self, directory: Path, lasting: Callable[[Scope], str]) -> None:
        super().__init__(directory=directory)
        self.lasting = lasting

    def file_response(self, full_path, stat_result, scope: Scope, status_code: int = 200) -> Response:
        """Return the file, or that it is still the same."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = self.lasting(scope)
        return response


class PanelFilesMiddleware:
    """Answer for the files of Panel, Bokeh and their extensions.

    Panel itself would send them whole with each page: 90 files, and no word that a browser may keep them.
    """

    def __init__(self, app: ASGIApp) -> None:
        folders = {f"/extensions/{name}": folder for name, folder in extension_dirs.items()}
        folders[""] = Path(settings.bokehjs_path())
        mounts = [Mount(_PANELS_ROOT + path, _LastingFiles(folder, _lasting)) for path, folder in folders.items()]
        self.app = app
        self.files = ExceptionMiddleware(Router(mounts))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Send a file if one is asked for, else ask on."""
        is_file = scope["type"] == "http" and scope["path"].startswith(f"{_PANELS_ROOT}/")
        return (self.files if is_file else self.app)(scope, receive, send)


def mounts(always_seconds: int) -> tuple[Mount, Mount]:
    """Return what serves Panel's files whose address holds the version, and our own."""
    panels = _LastingFiles(DIST_DIR, lambda _: f"public, max-age={always_seconds}, immutable")
    return Mount(CDN_DIST.rstrip("/"), panels, "panel"), Mount(
        "/assets", _LastingFiles(_OURS, lambda _: _ASK_FIRST), "assets"
    )
