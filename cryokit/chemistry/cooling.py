"""Cooling rates from the words of a protocol."""

import re

# The number before "C/min" or "K/min", with the many degree signs of papers between; the sign does not matter.
_RATE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:[^\w\s./]\s*)?(?:degrees?\s*|deg\s*)?[CK\u2103]?\s*(?:per\s+|/\s*)min", re.IGNORECASE
)


def cooling_rate(text: str) -> float | None:
    """
    Read the first cooling rate of a protocol.

    Parameters
    ----------
    text : str
        Conditions in words, such as ``-1 C/min to -80 C, then liquid nitrogen``.

    Returns
    -------
    float or None
        Rate in K/min, above 0; None if the text gives none.

    Examples
    --------
    >>> cooling_rate("cooled at -1 C/min to -80 C"), cooling_rate("stored at -80 C")
    (1.0, None)
    """
    match = _RATE.search(text)
    rate = float(match[1]) if match else 0.0
    return rate if rate > 0 else None
