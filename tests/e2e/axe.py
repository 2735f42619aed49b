"""What axe finds on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, Page


def violations(seen: Page | Frame, **options: object) -> list[str]:
    """Return a line for each accessibility violation."""
    found = Axe().run(seen, options=options or None).response["violations"]
    return [f"{item['impact']}: {item['id']} at {item['nodes'][0]['html'][:160]}" for item in found]
