"""The choice of a target and a version, the same on every page that has one, and kept in the page's address."""

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from cryokit.domain import TARGETS, Target


def asked_in_address() -> dict[str, str]:
    """Return what the page's address asks for, one text for each name."""
    given = (pn.state.session_args or {}).items()
    return {name: values[0].decode("utf-8", "replace") for name, values in given if values}


def target_select(asked: dict[str, str], *others: Target) -> pmui.Select:
    """Return the choice of a target, or of what stands for several, at the one that is asked for or the first."""
    options = {target.title: target.name for target in (*TARGETS.values(), *others)}
    chosen = asked.get("target") if asked.get("target") in options.values() else next(iter(TARGETS))
    return pmui.Select(label="Target", options=options, value=chosen, width=320)


def version_select() -> pmui.Select:
    """Return the choice of a version, empty until `offer_versions` fills it."""
    return pmui.Select(label="Version", options=[], width=180)


def offer_versions(select: pmui.Select, versions: pd.DataFrame, target: str, wanted: str = "") -> None:
    """Offer the versions of a target, newest first; choose the wanted one if it is there, else the current one."""
    rows = versions[versions["target"] == target]
    numbers = sorted((int(number) for number in rows["version"]), reverse=True)
    current = next((int(number) for number in rows.loc[rows["is_default"].astype(bool), "version"]), None)
    labels = {f"{number} (current)" if number == current else str(number): number for number in numbers}
    chosen = next((number for number in numbers if str(number) == wanted), current)
    select.param.update(options=labels or {"none yet": None}, value=chosen)


def keep_in_address(**chosen: object) -> None:
    """Keep a choice in the address, so that a link reproduces what is seen."""
    if pn.state.location is not None:
        pn.state.location.update_query(**chosen)
