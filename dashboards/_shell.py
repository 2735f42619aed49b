"""What all pages share: header, navigation, look, and the life of a session."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from html import escape

import panel as pn
import panel_material_ui as pmui
import param
from panel.util import edit_readonly
from panel.viewable import Viewable

from cryokit.domain import Identity
from cryokit.telemetry import logger
from cryokit.workbench import Workbench

STYLES = "/assets/cryokit.css"
THEME_COOKIE = "cryokit_theme"
_APP_BAR = {"styleOverrides": {"root": {"backgroundColor": "#00466E", "backgroundImage": "none", "color": "#FFFFFF"}}}
_THEME = {
    "light": {
        "palette": {"primary": {"main": "#005A8C"}, "background": {"default": "#EEF3F6", "paper": "#FFFFFF"}},
        "components": {"MuiAppBar": _APP_BAR},
    },
    "dark": {
        "palette": {"primary": {"main": "#7CC4EE"}, "background": {"default": "#0E161C", "paper": "#17222B"}},
        "components": {"MuiAppBar": _APP_BAR},
    },
}
_GROUND = """
.main { background-color: var(--mui-palette-background-default) !important; }
.MuiAppBar-root > .MuiLinearProgress-root { display: none; }
"""


@dataclass(frozen=True)
class PageSpec:
    """One page: where it is, what it is called, who may see it, what fills it."""

    path: str
    title: str
    role: str
    build: Callable[[Workbench], Viewable]


def html(markup: str, **params: object) -> pn.pane.HTML:
    """Return trusted markup in the common style; escape what people typed before it comes here."""
    params = {"sizing_mode": "stretch_width", "margin": 0} | params
    return pn.pane.HTML(markup, stylesheets=[STYLES], **params)


def status_line(text: str, *, is_problem: bool = False) -> str:
    """Return plain text as the paragraph that screen readers tell when it changes."""
    kind = ' class="problem"' if is_problem and text else ""
    return f'<p role="status"{kind}>{escape(text)}</p>'


def heading(text: str, level: int = 2) -> pn.pane.HTML:
    """Return a heading."""
    return html(f"<h{level}>{escape(text)}</h{level}>")


def card(*content: Viewable, label: str) -> pmui.Paper:
    """Return a framed part of the page with a heading."""
    return pmui.Paper(heading(label), *content, sizing_mode="stretch_width", variant="outlined", margin=(0, 0, 16, 0))


def work_button(label: str, work: Callable[[object], Awaitable[None]], **looks: object) -> pmui.Button:
    """Return a button that shows that its work goes on, and can be pressed again once that has ended."""
    button = pmui.Button(label=label, **({"size": "large"} | looks))
    is_at_work = False

    async def on_click(event: object) -> None:
        nonlocal is_at_work
        if is_at_work:  # a double click reaches us before the browser is told
            return
        is_at_work = button.loading = True
        began = time.perf_counter()
        try:
            await work(event)
        finally:
            is_at_work = button.loading = False
            seconds = round(time.perf_counter() - began, 6)
            logger(__name__).info("button_pressed", button=button.label, duration_seconds=seconds)

    def on_loading(_event: object) -> None:
        # A component in the browser that is told two values in quick succession can answer the second with the first.
        button.loading = is_at_work

    button.on_click(on_click)
    button.param.watch(on_loading, "loading")
    return button


def refusal(spec: PageSpec, _workbench: Workbench) -> Viewable:
    """Return what is shown to people who may not see a page."""
    return html(f'<p class="problem">This page needs the role {escape(spec.role)}; ask an administrator.</p>')


def _header(identity: Identity) -> pn.pane.HTML:
    return html(
        '<div class="header"><a class="product" href="/">cryokit</a>'
        f'<span class="user"><span class="who">{escape(identity.name)} ({escape(identity.role)})</span>'
        '<form method="post" action="/logout"><button type="submit">Sign out</button></form></span></div>'
    )


def _navigation(pages: Iterable[PageSpec], current: str, identity: Identity) -> pn.pane.HTML:
    links = "".join(
        f'<li><a href="{page.path}"{" aria-current=page" if page.path == current else ""}>{escape(page.title)}</a></li>'
        for page in pages
        if identity.may(page.role)
    )
    links += '<li><a href="/account">Your account</a></li><li><a href="/docs">REST API</a></li>'
    return html(f'<nav aria-label="Pages"><ul>{links}</ul></nav>')


def framed(spec: PageSpec, pages: Iterable[PageSpec], workbench: Workbench, identity: Identity) -> pmui.Page:
    """Return a whole page around the content that `spec` builds."""
    is_dark = _cookie(THEME_COOKIE) == "dark"
    pn.config.theme = "dark" if is_dark else "default"
    page = pmui.Page(
        meta_title=f"{spec.title} - cryokit",
        header=[_header(identity)],
        sidebar=[_navigation(pages, spec.path, identity)],
        sidebar_open=not _is_phone(),
        sidebar_width=220,
        sidebar_resizable=False,
        main=[heading(spec.title, level=1), spec.build(workbench)],
        main_width=1280,
        app_bar_width="100%",
        theme_config=_THEME,
        theme_toggle=True,
        dark_theme=is_dark,
        favicon="/assets/favicon.svg",
        js_modules={"cryokit": "/assets/cryokit.js"},
        stylesheets=[_GROUND],
    )
    _part_from_others(page)
    return page


def _cookie(name: str) -> str | None:
    cookie = pn.state.curdoc.session_context.request.cookies.get(name)
    return getattr(cookie, "value", cookie)


def _is_phone() -> bool:
    return "Mobi" in pn.state.curdoc.session_context.request.headers.get("User-Agent", "")


class _Idle(param.Parameterized):
    """Something that is never busy."""

    busy = param.Boolean(default=False)


def _part_from_others(page: pmui.Page) -> None:
    """
    Part a page from the server-wide busy flag that it watches.

    Every event of anybody would otherwise be told to every open page, at the price of a walk through all that it
    shows, and the flag would keep each page in memory. A button shows itself that its own work goes on.
    Only another reference takes the old watcher away; a plain value leaves it there.
    """
    with edit_readonly(page):
        page.busy = _Idle().param.busy
