"""Own measurements: a CSV file on which a version is evaluated."""

import asyncio
from collections.abc import Callable
from html import escape

import panel_material_ui as pmui
from panel.viewable import Viewable

from cryokit.domain import target_named
from cryokit.errors import CryokitError, RowsError, sentence
from cryokit.workbench import Workbench
from dashboards import _tables
from dashboards._rows import MAX_UPLOAD_BYTES
from dashboards._shell import html, status_line, work_button

GIVEN_NEED = "researcher"


class OwnMeasurements:
    """A file field and a button; who may not evaluate reads why."""

    def __init__(
        self, workbench: Workbench, chosen: Callable[[], tuple[str, int | None]], on_done: Callable[[str], None]
    ) -> None:
        self.workbench, self._chosen, self._on_done = workbench, chosen, on_done
        self.may_evaluate = workbench.identity is None or workbench.identity.may(GIVEN_NEED)
        self.hint = html("")
        self.file = pmui.FileInput(
            label="Upload measured CSV", accept=".csv", variant="outlined", max_file_size=MAX_UPLOAD_BYTES
        )
        self.button = work_button("Evaluate", self._on_evaluate, variant="contained", color="primary")
        self.status = html(status_line(""))
        self.file.param.watch(self._on_file, "value")
        self.show_target()

    @property
    def parts(self) -> tuple[Viewable, ...]:
        """What the card holds, in reading order."""
        if not self.may_evaluate:
            return (self.hint,)
        return self.hint, pmui.FlexBox(self.file, self.button, gap="8px", margin=0, align_items="center"), self.status

    def show_target(self) -> None:
        """Say which columns the chosen target needs, or why nothing can be evaluated."""
        target, _version = self._chosen()
        self._say("")
        self.hint.object = f'<p class="hint">{self._columns(target) if self.may_evaluate else self._why_not()}</p>'

    def _why_not(self) -> str:
        identity = self.workbench.identity
        return (
            f"You are signed in as {escape(identity.name)}, a {escape(identity.role)}. Evaluating a version on own "
            f"measurements needs the role {GIVEN_NEED}; an administrator gives it."
        )

    def _columns(self, target: str) -> str:
        columns = ", ".join(self.workbench.columns_to_evaluate(target))
        return (
            f"A CSV file with the columns <code>{columns}</code>; value in {escape(target_named(target).unit)}. The "
            "chosen version predicts each row; rows that it learned from are marked and do not count. The rows are "
            "not added to the data, and only you see the result."
        )

    def _say(self, text: str, *, is_problem: bool = False) -> None:
        self.status.object = status_line(text, is_problem=is_problem)

    def _on_file(self, _event: object) -> None:
        self._say(f"{self.file.filename} is ready; press Evaluate." if self.file.value else "")

    async def _on_evaluate(self, _event: object) -> None:
        if not self.file.value:
            self._say("Nothing to evaluate yet; upload a CSV file.", is_problem=True)
            return
        self._say("Predicting each row ...")
        target, version = self._chosen()
        call = (self.workbench.evaluate_text, target, self.file.value, version, self.file.filename)
        try:
            evaluation_id = await asyncio.to_thread(*call)
            if self._chosen() == (target, version):
                self._on_done(evaluation_id)
                self._say("Done: the figures above are of your rows.")
            else:
                self._say(f"Done: choose {target} version {version} again, and your rows under Judged on.")
        except RowsError as error:
            self.status.object = _tables.refused_rows(f"{self.file.filename} was not evaluated", error.problems)
        except CryokitError as error:
            self._say(sentence(error), is_problem=True)


def about_given(metrics: dict) -> str:
    """Say which of the rows that somebody brought do not count, and what is strange about others."""
    left_out = [
        f"{metrics[name]} of {metrics['n_given']} {words}"
        for name, words in (
            ("n_in_training", "were learned from, so they are marked and do not count"),
            ("n_unknown_series", "belong to a series that the version does not know"),
        )
        if metrics[name]
    ]
    said = "; ".join(left_out) or f"none of {metrics['n_given']} was learned from"
    warnings = "".join(f"<li>{escape(text)}</li>" for text in metrics["warnings"])
    return f"<p>{said[:1].upper()}{said[1:]}.</p>" + (f"<ul>{warnings}</ul>" if warnings else "")
