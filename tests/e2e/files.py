"""Files that a person chooses on a page."""

from playwright.sync_api import Page, expect


def choose_file(page: Page, content: str, name: str) -> None:
    """Choose a file where the page takes one, and wait until the page says that it has it."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)  # nobody finds a file before the page has come to rest
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content.encode()}
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text(f"{name} is ready")).to_be_visible()
