"""Models: versions of a target, their cards, training as a job, and which version is the current one."""

import asyncio
from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.domain import INSUFFICIENT_SKILL
from cryokit.errors import CryokitError, sentence
from cryokit.workbench import Workbench
from cryokit.workbench.jobs import UNDER_WAY
from cryokit.workbench.training import ESTIMATORS, JOB_KIND, SEARCHES
from dashboards import _tables
from dashboards._choice import asked_in_address, keep_in_address, offer_versions, target_select, version_select
from dashboards._shell import card, html, status_line, work_button

_EVERY_MILLISECONDS = 2000
_SHOWN_JOBS = 5


def build(workbench: Workbench) -> Viewable:
    """Return the content of the page for the person behind `workbench`."""
    return ModelsPage(workbench).view


class ModelsPage:
    """Choice of a target and version, what stands behind it, training, and moves of the current version."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.may_train = workbench.identity is not None and workbench.identity.may("researcher")
        self.may_promote = workbench.identity is not None and workbench.identity.may("admin")
        self.table, self.card = pmui.Column(sizing_mode="stretch_width", margin=0), html("")
        asked = asked_in_address()
        self.target_select, self.version_select = target_select(asked), version_select()
        self._make_moves()
        self._make_training()
        self._offer_versions(asked.get("version", ""))
        self.card.object = self._card(self.target, self.version_select.value)
        self._show_jobs(self._newest_jobs())
        self.target_select.param.watch(self._on_target, "value")
        self.version_select.param.watch(self._on_version, "value")
        pn.state.onload(self._after_load)

    def _make_moves(self) -> None:
        self.reason = pmui.TextInput(label="Reason", max_length=500, sizing_mode="stretch_width")
        self.override = pmui.Checkbox(label=f"also if it has the label '{INSUFFICIENT_SKILL}'", value=False)
        self.propose = work_button(
            "Propose this version",
            self._on_propose,
            variant="contained",
            visible=self.may_train and not self.may_promote,
        )
        self.promote = work_button(
            "Make this version current", self._on_promote, variant="contained", visible=self.may_promote
        )
        self.rollback = work_button("Roll back", self._on_rollback, variant="outlined", visible=self.may_promote)
        self.override.visible = self.may_promote
        self.move_status = html(status_line(""))

    def _make_training(self) -> None:
        offered = ESTIMATORS if self.workbench.is_open("new_estimators") else ESTIMATORS[:1]
        names = {name.replace("_", " "): name for name in offered}
        self.estimator = pmui.Select(label="Estimator", options=names, value=ESTIMATORS[0], width=220)
        self.search = pmui.Select(
            label="Search of settings",
            options=list(SEARCHES if len(offered) > 1 else SEARCHES[:1]),
            value=SEARCHES[0],
            width=220,
        )
        self.seed = pmui.TextInput(label="Seed", value="0", width=140)
        self.train = work_button("Train", self._on_train, variant="contained", visible=self.may_train)
        self.cancel = work_button("Cancel the newest", self._on_cancel, variant="outlined", visible=self.may_train)
        self.train_status, self.jobs = html(status_line("")), html("")

    @property
    def view(self) -> Viewable:
        """Everything in reading order."""
        choice = pmui.FlexBox(
            self.target_select, self.version_select, sizing_mode="stretch_width", gap="0px 8px", margin=0
        )
        parts = [card(choice, self.table, label="Versions")]
        if self.may_train:
            buttons = pmui.FlexBox(self.propose, self.promote, self.rollback, gap="8px", margin=0)
            parts.append(card(self.reason, self.override, buttons, self.move_status, label="Current version"))
        if self.may_train and self.workbench.is_open("train_from_page"):
            fields = pmui.FlexBox(self.estimator, self.search, self.seed, gap="0px 8px", margin=0)
            acts = pmui.FlexBox(self.train, self.cancel, gap="8px", margin=0)
            parts.append(card(html(_TRAINING), fields, acts, self.train_status, self.jobs, label="Train"))
        parts.append(card(self.card, label="Model card"))
        return pmui.Column(*parts, sizing_mode="stretch_width", margin=(0, 16))

    # Versions

    @property
    def target(self) -> str:
        """The chosen target."""
        return self.target_select.value

    def _offer_versions(self, wanted: str = "") -> None:
        """Show the table of versions and offer them."""
        rows = self.workbench.models(self.target)
        nothing = html('<p class="empty">There is no version yet.</p>')
        self.table.objects = [nothing if rows.empty else _tables.versions_table(rows, self.target)]
        offer_versions(self.version_select, rows, self.target, wanted)

    async def _look_again(self) -> None:
        """Show what has changed of the versions; the chosen one stays chosen."""
        before = self.version_select.value
        self._offer_versions(str(before))
        if self.version_select.value == before:  # otherwise the changed version is noticed by itself
            await self._on_version(None)

    def _card(self, target: str, version: int | None) -> str:
        if version is None:
            return '<p class="empty">There is no version yet: train one.</p>'
        try:
            found = self.workbench.model_card(target, version)
        except CryokitError as error:
            return f'<p class="problem">{escape(sentence(error))}</p>'
        return f'<div class="model-card scroll">{found.fragment(level=3)}</div>'

    async def _on_target(self, _event: object) -> None:
        before = self.version_select.value
        self._offer_versions()
        if self.version_select.value == before:  # otherwise the changed version is noticed by itself
            await self._on_version(None)

    async def _on_version(self, _event: object) -> None:
        chosen = self.target, self.version_select.value
        markup = await asyncio.to_thread(self._card, *chosen)
        if chosen == (self.target, self.version_select.value):  # otherwise a newer choice shows itself
            self.card.object = markup
            self._link()

    def _after_load(self) -> None:
        self._link()
        if self.may_train:
            pn.state.add_periodic_callback(self._on_tick, period=_EVERY_MILLISECONDS)

    def _link(self) -> None:
        keep_in_address(target=self.target, version=self.version_select.value)

    # Moves of the current version

    async def _on_propose(self, _event: object) -> None:
        version = self.version_select.value
        done = f"Version {version} is proposed; an administrator decides."
        await self._act(self.move_status, done, self.workbench.propose, self.target, version, self._why)

    async def _on_promote(self, _event: object) -> None:
        version, override = self.version_select.value, self.override.value
        done = f"Version {version} is the current one now."
        call = (self.workbench.promote, self.target, version, self._why, override)
        await self._act(self.move_status, done, *call)

    async def _on_rollback(self, _event: object) -> None:
        done = "The version that was current before is so again."
        await self._act(self.move_status, done, self.workbench.rollback, self.target, self._why)

    @property
    def _why(self) -> str:
        return self.reason.value_input or self.reason.value or ""

    async def _act(self, status: pn.pane.HTML, done: str, act: Callable, *words: object) -> None:
        try:
            await asyncio.to_thread(act, *words)
            await self._look_again()
            status.object = status_line(done)
        except CryokitError as error:
            status.object = status_line(sentence(error), is_problem=True)

    # Training

    async def _on_train(self, _event: object) -> None:
        seed = (self.seed.value_input or self.seed.value).strip()
        if not seed.isdecimal():
            self.train_status.object = status_line("The seed is a whole number such as 7.", is_problem=True)
            return
        words = (self.target, self.estimator.value, self.search.value, int(seed))
        done = "The training is under way; it goes on when this page is closed."
        await self._act(self.train_status, done, self.workbench.start_training, *words)
        self._show_jobs(await asyncio.to_thread(self._newest_jobs))

    async def _on_cancel(self, _event: object) -> None:
        newest = next((job for job in self._known if job["status"] in UNDER_WAY), None)
        if newest is None:
            self.train_status.object = status_line("Nothing is under way.")
            return
        done = "It is cancelled and ends at its next fold."
        await self._act(self.train_status, done, self.workbench.cancel_job, newest["id"])
        self._show_jobs(await asyncio.to_thread(self._newest_jobs))

    async def _on_tick(self) -> None:
        """Follow what is under way; when something has ended the list of versions may be longer."""
        if not any(job["status"] in UNDER_WAY for job in self._known):
            return
        before = [job["status"] for job in self._known]
        self._show_jobs(await asyncio.to_thread(self._newest_jobs))
        if [job["status"] for job in self._known] != before:
            await self._look_again()

    def _newest_jobs(self) -> list[dict[str, Any]]:
        return self.workbench.newest_jobs(JOB_KIND, _SHOWN_JOBS) if self.may_train else []

    def _show_jobs(self, jobs: list[dict[str, Any]]) -> None:
        self._known = jobs
        self.jobs.object = _jobs_list(self._known)


_TRAINING = (
    "<p>A new version is evaluated out of fold beside its baselines and registered as a candidate; the first one of a "
    "target becomes current. 'recipe' is the declared ensemble. A search tries a small grid inside the training part "
    "of each fold; with a few hundred rows it rarely gains anything. It learns from what everybody may see.</p>"
)


def _jobs_list(jobs: list[dict]) -> str:
    if not jobs:
        return '<p class="empty">No training was asked for yet.</p>'
    return "".join(_job(job) for job in jobs)


def _job(job: dict) -> str:
    asked = job["parameters"]
    title = f"{asked['target']}, {asked['estimator']}, search {asked['search']}, seed {asked['seed']}"
    said = job["error"] or (job["result"] or {}).get("promotion_reason") or ""
    version = (job["result"] or {}).get("version")
    came = f"version {version}. " if version else ""
    log = "\n".join(job["log"].strip().splitlines()[-8:])
    return _tables.job_card(job, title, came + str(said), log)
