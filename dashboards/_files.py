"""Scripts, styles and fonts of the pages: they come from this machine, and browsers keep them."""

import gzip
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path

from bokeh.embed.bundle import extension_dirs
from bokeh.settings import settings
from panel.io.resources import CDN_DIST, DIST_DIR
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

_OURS = Path(__file__).with_name("assets")
_PANELS_ROOT = "/static"
_AN_HOUR = "public, max-age=3600"
_ASK_FIRST = "no-cache"
_TEXTS = frozenset({".js", ".mjs", ".css", ".svg", ".html", ".json"})
_SHORT_BYTES = 1024
"""Shorter files gain nothing."""


@lru_cache(maxsize=256)
def packed(path: str, _changed_nanoseconds: int) -> bytes:
    """Compress a file as far as it goes: its bytes are kept, so that this is paid once and not with each visit."""
    return gzip.compress(Path(path).read_bytes(), mtime=0)


def _lasting(scope: Scope) -> str:
    """Say how long a file with an address of Panel's may be kept."""
    # Some addresses name the version of Panel and not of the extension whose file it is, so a year would be too long.
    has_version = scope["query_string"] or scope["path"].endswith(".woff2")
    return _AN_HOUR if has_version else _ASK_FIRST


class LastingFiles(StaticFiles):
    """Files that a browser keeps as long as `lasting` says, and then asks whether they are still the same."""

    def __init__(self, directory: Path, lasting: Callable[[Scope], str]) -> None:
        super().__init__(directory=directory)
        self.lasting = lasting

    def file_response(self, full_path, stat_result, scope: Scope, status_code: int = 200) -> Response:
        """Return the file, or that it is still the same."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = self.lasting(scope)
        return response

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, a text compressed for those who can read that."""
        response, asked = await super().get_response(path, scope), Headers(scope=scope)
        can_unpack = "gzip" in asked.get("Accept-Encoding", "") and "Range" not in asked and scope["method"] == "GET"
        if not isinstance(response, FileResponse) or Path(response.path).suffix not in _TEXTS or not can_unpack:
            return response
        found = Path(response.path).stat()
        if found.st_size < _SHORT_BYTES:
            return response
        content = await run_in_threadpool(packed, str(response.path), found.st_mtime_ns)
        kept = {name: response.headers[name] for name in ("Content-Type", "Cache-Control", "Last-Modified")}
        weak_tag = f"W/{response.headers['ETag']}"  # the same file, but not the same bytes
        packing = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "ETag": weak_tag}
        return Response(content, headers=kept | packing)


class PanelFilesMiddleware:
    """Answer for the files of Panel, Bokeh and their extensions.

    Panel itself would send them whole with each page: 90 files, and no word that a browser may keep them.
    """

    def __init__(self, app: ASGIApp) -> None:
        folders = {f"/extensions/{name}": folder for name, folder in extension_dirs.items()}
        folders[""] = Path(settings.bokehjs_path())
        mounts = [Mount(_PANELS_ROOT + path, LastingFiles(folder, _lasting)) for path, folder in folders.items()]
        self.app = app
        self.files = ExceptionMiddleware(Router(mounts))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Send a file if one is asked for, else ask on."""
        is_file = scope["type"] == "http" and scope["path"].startswith(f"{_PANELS_ROOT}/")
        return (self.files if is_file else self.app)(scope, receive, send)


def mounts(always_seconds: int) -> tuple[Mount, Mount]:
    """Return what serves Panel's files whose address holds the version, and our own."""
    panels = LastingFiles(DIST_DIR, lambda _: f"public, max-age={always_seconds}, immutable")
    return Mount(CDN_DIST.rstrip("/"), panels, "panel"), Mount(
        "/assets", LastingFiles(_OURS, lambda _: _ASK_FIRST), "assets"
    )
