"""Tabs whose content is made when it is first looked at, and stays."""

import asyncio
from collections.abc import Callable, Mapping
from threading import Lock

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.errors import CryokitError, sentence
from dashboards._shell import html, status_line


class LazyTabs:
    """
    A bar of tabs and the content below it.

    The content is not inside the component of the bar: that takes what is not looked at out of the page, and a chart
    that comes back is laid out before it is drawn, which fails.
    """

    def __init__(self, *names: str) -> None:
        self.names = names
        bar = [(name, pn.Spacer(height=0)) for name in names]
        self.bar = pmui.Tabs(*bar, sizing_mode="stretch_width", margin=0)
        self.contents = [pmui.Column(sizing_mode="stretch_width", margin=0, visible=False) for _ in names]
        self._make: Mapping[str, Callable[[], Viewable]] = {}
        self._making = Lock()
        self.bar.param.watch(self._on_tab, "active")

    @property
    def parts(self) -> tuple[Viewable, ...]:
        """The bar and the contents, of which one is seen."""
        return self.bar, *self.contents

    def show(self, make: Mapping[str, Callable[[], Viewable]]) -> None:
        """Show new content, made by these functions when its tab is looked at; nothing if there are none."""
        with self._making:  # what is being made is of the old content, and goes with it
            self._make = make
            self.bar.visible = bool(make)
            for content in self.contents:
                content.objects = []
            self._show_active()

    async def _on_tab(self, _event: object) -> None:
        await asyncio.to_thread(self._look)

    def _look(self) -> None:
        with self._making:  # one tab after the other, so that what is seen is the one chosen last
            self._show_active()

    def _show_active(self) -> None:
        for place, (name, content) in enumerate(zip(self.names, self.contents, strict=True)):
            is_seen = place == self.bar.active and name in self._make
            if is_seen and not content.objects:
                content.objects = [self._made(name)]
            content.visible = is_seen

    def _made(self, name: str) -> Viewable:
        try:
            return self._make[name]()
        except CryokitError as error:
            return html(status_line(sentence(error), is_problem=True))
