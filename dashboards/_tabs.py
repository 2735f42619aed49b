"""Tabs whose content is made when it is first looked at, and stays."""

import asyncio
from collections.abc import Callable, Mapping

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
        self._making = asyncio.Lock()
        self.bar.param.watch(self._on_tab, "active")

    @property
    def parts(self) -> tuple[Viewable, ...]:
        """The bar and the contents, of which one is seen."""
        return self.bar, *self.contents

    def begin(self, make: Mapping[str, Callable[[], Viewable]]) -> None:
        """Show the content of a page that is being built, made by these functions when its tab is looked at."""
        self._make = make
        self._replace(self.bar.active, self._made(self.bar.active))

    async def change(self, make: Mapping[str, Callable[[], Viewable]]) -> None:
        """Show other content; nothing if there is none."""
        async with self._making:
            self._make = make
            place = self.bar.active
            self._replace(place, await asyncio.to_thread(self._made, place))

    async def _on_tab(self, _event: object) -> None:
        async with self._making:  # one tab after the other, so that what is seen is the one chosen last
            place = self.bar.active
            if not self.contents[place].objects:
                self.contents[place].objects = await asyncio.to_thread(self._made, place)
            self._uncover(place)

    def _replace(self, place: int, made: list[Viewable]) -> None:
        self.bar.visible = bool(self._make)
        for content in self.contents:
            content.objects = []
        self.contents[place].objects = made
        self._uncover(place)

    def _uncover(self, place: int) -> None:
        for other, content in enumerate(self.contents):
            content.visible = other == place and bool(content.objects)

    def _made(self, place: int) -> list[Viewable]:
        name = self.names[place]
        if name not in self._make:
            return []
        try:
            return [self._make[name]()]
        except CryokitError as error:
            return [html(status_line(sentence(error), is_problem=True))]
