"""Plain pages: forms that work without scripts."""

from functools import cache
from html import escape
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse


@cache
def _template(name: str) -> Template:
    return Template(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def plain_page(title: str, content: str, *, status: int = 200, width: str = "24rem", **values: str) -> HTMLResponse:
    """Return the file `content` in the common frame; `values` are markup, so escape what people typed."""
    filled = filled_in(content, **values)
    return HTMLResponse(filled_in("plain.html", title=escape(title), content=filled, width=width), status)


def filled_in(file: str, **values: str) -> str:
    """Return a file with its values, which are markup."""
    return _template(file).substitute(values)


def alert(message: str, kind: str = "problem") -> str:
    """Return a message that is read out at once, nothing without one."""
    return f'<p class="{kind}" id="{kind}" role="alert">{escape(message)}</p>' if message else ""
