"""Reads a formulation written in a paper's words, such as ``7.5% DMSO + 2.5% PEG in DMEM``."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Formulation:
    """What could be read: amounts by ingredient, the recipe text, and what is doubtful or wrong."""

    amounts: tuple[tuple[str, tuple[float, str]], ...]
    flags: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def recipe(self) -> str:
        """Text in the grammar of recipes; ``none`` for the carrier alone."""
        return "; ".join(f"{name}={amount!r} {unit}" for name, (amount, unit) in self.amounts) or "none"


LIQUID, SOLID = "% v/v", "% w/v"

# Ingredient as written, its name in a recipe, and what a bare percentage of it is taken to mean.
_INGREDIENTS = (
    (r"DMSO|Me2SO|dimethyl\s*sulfoxide", "DMSO", LIQUID),
    (r"ethylene\s+glycol|EG", "ethylene glycol", LIQUID),
    (r"propylene\s+glycol|PROH|1,2[- ]propane\s?diol", "propylene glycol", LIQUID),
    (r"glycerol", "glycerol", LIQUID),
    (r"sucrose", "sucrose", SOLID),
    (r"trehalose", "trehalose", SOLID),
    (r"(?:D-)?glucose", "D-glucose", SOLID),
    (r"raffinose", "raffinose", SOLID),
    (r"maltose", "maltose", SOLID),
    (r"mannitol", "D-mannitol", SOLID),
    (r"creatine", "creatine", SOLID),
    (r"taurine", "taurine", SOLID),
    (r"ectoine?", "ectoine", SOLID),
    (r"betaine", "betaine", SOLID),
    (r"(?:L-)?proline", "L-proline", SOLID),
    (r"(?:L-)?isoleucine", "L-isoleucine", SOLID),
    (r"acetamide", "acetamide", SOLID),
    (r"human\s+(?:serum\s+)?albumin|HSA", "human serum albumin", SOLID),
    (r"bovine\s+serum\s+albumin|BSA", "bovine serum albumin", SOLID),
    (r"f(?:o?e)tal\s+(?:bovine|calf)\s+serum|FBS|FCS|FS", "fetal bovine serum", LIQUID),
    (r"knock\s?out\s+serum\s+replacement|KOSR", "serum replacement", LIQUID),
    (r"human\s+serum|HS", "human serum", LIQUID),
    (r"platelet\s+lysate|PL", "platelet lysate", LIQUID),
    (r"autologous\s+plasma|human\s+plasma|PPP", "plasma", LIQUID),
    (r"hydroxy\s?ethyl\s+starch|hydroxychyl\s+starch|HES(?:\s?(?P<grade>\d+))?", "hydroxyethyl starch", SOLID),
    (r"dextran(?:[-\s]?(?P<grade>\d+))?", "dextran", SOLID),
    (r"pentaisomaltose", "pentaisomaltose", SOLID),
    (r"PVP", "polyvinylpyrrolidone", SOLID),
    (r"(?:\d+%\s+hydroly[sz]ed\s+)?PVA", "polyvinyl alcohol", SOLID),
    (r"methyl\s?cellulose|MC", "methylcellulose", SOLID),
    (r"(?:hmw-)?(?:hyaluronic\s+acid|HA)", "hyaluronic acid", SOLID),
    (r"sericin", "sericin", SOLID),
    (r"ficoll(?:\s?(?P<grade>\d+))?", "Ficoll", SOLID),
    (r"COOH-PLL|polyampholyte", "polyampholyte", SOLID),
    (r"PEG(?:\s?(?P<grade>\d[\d.]*K?))?", "polyethylene glycol", SOLID),
    (r"ROCK\s+inhibitor", "ROCK inhibitor", SOLID),
    (r"storage\s+protein\s+2", "storage protein 2", SOLID),
)
_CARRIER = (
    r"(?:complete\s+)?(?:culture\s+medium|A-?DMEM|DMEM|(?:[\u03b1\u237aa]-)?MEM|Dulbecco|PBS|DPBS|saline|medium|L-15)"
)

_UNITS = {"m": "mol/L", "mol/l": "mol/L", "mm": "mM", "mmol/l": "mM", "um": "uM", "mg/ml": "mg/mL"}
_AMOUNT = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?)\s*"
    r"(wt\s?%|%\s?\(?(?:w/v|v/v|w/w|wt)\)?|%|(?:mol/L|mmol/L|mg/ml|mM|M|uM)(?![\w/]))",
    re.IGNORECASE,
)
_KNOWN = tuple((re.compile(pattern, re.IGNORECASE), name, basis) for pattern, name, basis in _INGREDIENTS)
# Two-letter abbreviations are ordinary words unless written in capitals.
_SHORT = re.compile(r"^(?:EG|HS|PL|MC|HA|FS)$")


def read(text: str) -> Formulation:
    """Read every amount with the ingredient after it, or else the one before it."""
    text = _plain(text)
    amounts: dict[str, tuple[float, str]] = {}
    flags: list[str] = []
    problems: list[str] = []
    covered: list[tuple[int, int]] = []
    for match in _AMOUNT.finditer(text):
        if any(start <= match.start() < end for start, end in covered):
            continue  # part of a name, such as 80 % hydrolysed PVA
        found = _after(text, match.end()) or _before(text, match.start())
        if found is None:
            problems.append(f"{match[0]!r} is of an ingredient that was not recognised")
            continue
        name, basis, span = found
        covered.append(span)
        if name:
            _add(name, _amount(match, basis, flags), amounts, problems)
    problems += _without_amount(text, covered, amounts)
    return Formulation(tuple(amounts.items()), tuple(dict.fromkeys(flags)), tuple(dict.fromkeys(problems)))


def _plain(text: str) -> str:
    text = text.replace("\u00b5", "u").replace("\u03bc", "u").replace("\u2019", "'")
    text = re.sub(r"^\s*\d+\)\s*", "", text)
    return re.sub(r"\bo\.(?=\d)", "0.", text)


def _amount(match: re.Match[str], basis: str, flags: list[str]) -> tuple[float, str]:
    unit = re.sub(r"[\s()]", "", match[2]).lower()
    if unit == "%":
        flags.append("percent_basis_assumed")
        return float(match[1]), basis
    if unit in {"wt%", "%wt", "%w/w"}:
        return float(match[1]), "% w/w"
    if unit.startswith("%"):
        return float(match[1]), f"% {unit[1:]}"
    # M and mM differ by their letters only, so a lower-case m is milli when M follows.
    return float(match[1]), _UNITS[unit]


def _after(text: str, start: int) -> tuple[str, str, tuple[int, int]] | None:
    gap = re.compile(r"\s*(?:\((?:wt|w/v|v/v)\)\s*)?(?:of\s+|anhydrous\s+)?").match(text, start).end()
    return _at(text, gap)


def _at(text: str, start: int) -> tuple[str, str, tuple[int, int]] | None:
    for pattern, name, basis in _KNOWN:
        match = pattern.match(text, start)
        if match and not text[match.end() : match.end() + 1].isalnum() and _is_meant(match[0]):
            return _graded(name, match), basis, match.span()
    carrier = re.compile(_CARRIER, re.IGNORECASE).match(text, start)
    return ("", "", carrier.span()) if carrier else None


def _before(text: str, end: int) -> tuple[str, str, tuple[int, int]] | None:
    head = text[:end].rstrip(" (")
    for pattern, name, basis in _KNOWN:
        for match in pattern.finditer(head):
            starts_word = match.start() == 0 or not head[match.start() - 1].isalnum()
            if match.end() == len(head) and starts_word and _is_meant(match[0]):
                return _graded(name, match), basis, match.span()
    return None


def _graded(name: str, match: re.Match[str]) -> str:
    """Add the molar mass or grade of a polymer to its name."""
    grade = match.groupdict().get("grade")
    return f"{name} {grade}" if grade else name


def _is_meant(written: str) -> bool:
    written = written.removeprefix("hmw-").upper() if written.startswith("hmw-") else written
    return len(written) > 2 or bool(_SHORT.match(written))


def _add(name: str, amount: tuple[float, str], amounts: dict[str, tuple[float, str]], problems: list[str]) -> None:
    if name in amounts:
        problems.append(f"{name} comes twice")
    amounts[name] = amount


def _without_amount(text: str, covered: list[tuple[int, int]], amounts: dict[str, tuple[float, str]]) -> list[str]:
    """Find ingredients that are named without an amount, and what is known to act but cannot be a recipe."""
    rest = list(text)
    for start, end in covered:
        rest[start:end] = " " * (end - start)
    left = re.sub(r"\([^)]*\)", " ", "".join(rest))
    found = []
    for pattern, name, _ in _KNOWN:
        for match in pattern.finditer(left):
            is_word = not re.search(r"\w$", left[: match.start()]) and not re.match(r"\w", left[match.end() :])
            if is_word and _graded(name, match) not in amounts and _is_meant(match[0]):
                found.append(f"{name} is named without an amount")
    if re.search(r"accutase", left, re.IGNORECASE):
        found.append("accutase is named without an amount")
    return found
