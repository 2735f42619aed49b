"""Make the README's pictures from those that the browser tests took: ``python tests/pictures.py``."""

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TAKEN, KEPT = ROOT / "test-results" / "screenshots", ROOT / ".github" / "screenshots"
PICTURES = {
    "predict": "predict-light-1440",
    "predict-phone": "predict-dark-390",
    "validation": "validation-1440-light",
    "models": "models-dark-all",
    "operations": "operations-light-1440",
}
HEIGHT_OVER_WIDTH, WIDEST, COLOURS = 0.9, 960, 96
"""The top of a page is shown; few colours make a small file, and the pages have few."""


def main() -> None:
    """Cut, scale and store each picture."""
    for name, taken in PICTURES.items():
        with Image.open(TAKEN / f"{taken}.png") as whole:
            tallest = whole.width * (2 if whole.width < 500 else HEIGHT_OVER_WIDTH)
            top = whole.convert("RGB").crop((0, 0, whole.width, min(whole.height, int(tallest))))
            top.thumbnail((WIDEST, 2 * WIDEST))
            top.quantize(COLOURS).save(KEPT / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
