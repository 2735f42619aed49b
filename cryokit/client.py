"""The workbench of a server elsewhere: the same methods, the same tables, over HTTP."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx
import pandas as pd

from cryokit.domain import target_named
from cryokit.errors import (
    AccessError,
    ConfigError,
    ConflictError,
    CryokitError,
    InputError,
    IntegrityCheckError,
    ModelError,
    NotFoundError,
    UnavailableError,
)

BATCH = 10_000
"""Rows that a server predicts in one call."""
_ERRORS = (AccessError, ConflictError, InputError, IntegrityCheckError, ModelError, NotFoundError, UnavailableError)
_BY_CODE = {error.code: error for error in _ERRORS} | {"unauthenticated": AccessError, "too_large": InputError}
_SHOWN_PROBLEMS = 50


class RemoteWorkbench:
    """
    What a person may ask of a server: predict, models, jobs, data sets, molecules, evaluations, health.

    Parameters
    ----------
    address : str
        Where the server is, such as ``https://cryokit.example``; plain http is taken on this machine only.
    token : str
        A personal token; the page *Your account* makes one.
    timeout_seconds : float
        How long one answer may take.
    """

    def __init__(self, address: str, token: str, timeout_seconds: float = 120.0) -> None:
        parsed = urlsplit(address)
        if parsed.scheme not in ("http", "https") or not parsed.hostname or parsed.username or parsed.query:
            msg = "the address of a server looks like https://cryokit.example, without name, password or query"
            raise ConfigError(msg)
        if parsed.scheme == "http" and not _is_here(parsed.hostname):
            msg = f"{parsed.hostname} is another machine: a token would cross the network in clear; use https"
            raise ConfigError(msg)
        headers = {"Authorization": f"Bearer {token}"}
        self.address = address.rstrip("/")
        self._http = httpx.Client(base_url=f"{self.address}/api/v1", headers=headers, timeout=timeout_seconds)

    def __repr__(self) -> str:
        return f"RemoteWorkbench({self.address!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connection."""
        self._http.close()

    # Predictions and models

    def targets(self) -> pd.DataFrame:
        """Return what can be predicted."""
        return pd.DataFrame(self._get("/targets"))

    def predict(
        self, target: str, items: Iterable[str], version: int | None = None, **conditions: object
    ) -> pd.DataFrame:
        """Predict molecules (SMILES) or, for viability, recipes; one bad item refuses all, and each is named."""
        subject = "smiles" if target_named(target).subject == "smiles" else "recipes"
        items, found, problems = list(items), [], []
        for start in range(0, len(items), BATCH):
            asked = {"target": target, "version": version, subject: items[start : start + BATCH]} | conditions
            answer = self._post("/predict", asked)
            found += answer["predictions"]
            problems += [f"item {start + item['row'] + 1}: {item['message']}" for item in answer["problems"]]
        if problems:
            hidden = len(problems) - _SHOWN_PROBLEMS
            raise InputError("; ".join(problems[:_SHOWN_PROBLEMS]) + (f"; and {hidden} more" if hidden > 0 else ""))
        return pd.DataFrame(found).drop(columns="row", errors="ignore")

    def predict_stream(
        self,
        target: str,
        rows: Iterable[str | Mapping[str, object]],
        version: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        **conditions: object,
    ) -> Iterator[dict[str, Any]]:
        """
        Yield an answer for each row, in order: its number from 0, and its `prediction` or its `problem`.

        Any number of rows, read when they are sent: SMILES or recipes, or rows with their conditions. `conditions`
        hold for rows that do not say otherwise. `progress` is told how many are done, and of how many.
        """
        subject = target_named(target).subject
        cells = ({subject: row} if isinstance(row, str) else dict(row) for row in rows)
        content = (json.dumps(_given(conditions) | row).encode() + b"\n" for row in cells)
        headers = {"Content-Type": "application/x-ndjson", "Accept-Encoding": "identity"}
        asked = _given({"target": target, "version": version})
        try:
            with self._http.stream("POST", "/predict/stream", params=asked, content=content, headers=headers) as answer:
                if not answer.is_success:
                    answer.read()
                    self._read(answer)
                yield from self._answers(answer.iter_lines(), progress)
        except httpx.HTTPError as error:
            msg = f"{self.address} does not answer: {error}; is it the address of a cryokit server?"
            raise UnavailableError(msg) from error

    def _answers(self, lines: Iterator[str], progress: Callable[[int, int], None] | None) -> Iterator[dict[str, Any]]:
        for line in lines:
            item = json.loads(line)
            if "row" in item:
                yield item
            elif "progress" in item and progress:
                progress(item["progress"]["rows"], item["progress"]["of"])
            elif "error" in item:
                raise _BY_CODE.get(item["error"]["code"], CryokitError)(item["error"]["detail"])
            elif "done" in item:
                return
        msg = f"{self.address} broke off in the middle; the rows that were answered are good, send the rest again"
        raise UnavailableError(msg)

    def models(self, target: str | None = None) -> pd.DataFrame:
        """Return the versions of one target or of all."""
        return pd.DataFrame(self._get("/models" if target is None else f"/models/{_part(target)}"))

    def model(self, target: str, version: int | None = None) -> dict[str, Any]:
        """Return one version, the current one unless another is named."""
        if version is not None:
            return self._get(f"/models/{_part(target)}/{version:d}")
        current = [item for item in self._get(f"/models/{_part(target)}") if item["is_default"]]
        if not current:
            msg = f"{target} has no model that you may see; `start_training` makes one"
            raise NotFoundError(msg)
        return current[0]

    def model_card(self, target: str, version: int | None = None) -> dict[str, Any]:
        """Return the card of a version as plain data."""
        return self._get(f"/models/{_part(target)}/card", version=version)

    def compare(self, target: str, version_a: int, version_b: int, selection: str | None = None) -> dict[str, Any]:
        """Compare two versions by their stored evaluations."""
        asked = {"version_a": version_a, "version_b": version_b, "selection": selection}
        return self._get(f"/models/{_part(target)}/compare", **asked)

    def promote(self, target: str, version: int, reason: str, override: bool = False) -> dict[str, Any]:
        """Make a version the current one; for administrators."""
        return self._post(
            f"/models/{_part(target)}/promote", {"version": version, "reason": reason, "override": override}
        )

    def rollback(self, target: str, reason: str, team: str | None = None) -> dict[str, Any]:
        """Go back to the version that was current before; for administrators."""
        return self._post(f"/models/{_part(target)}/rollback", {"reason": reason, "team": team})

    def propose(self, target: str, version: int, reason: str) -> None:
        """Ask the administrators to make a version the current one."""
        self._post(f"/models/{_part(target)}/propose", {"version": version, "reason": reason})

    # Long work

    def start_training(self, target: str, **asked: object) -> str:
        """Have a version trained (estimator, search, seed, team) and return the job, which `job` tells about."""
        return self._post(f"/models/{_part(target)}/train", asked)["id"]

    def jobs(self) -> pd.DataFrame:
        """Return one's own long work, newest first."""
        return pd.DataFrame(self._get("/jobs"))

    def job(self, job_id: str) -> dict[str, Any]:
        """Return one piece of work with its log."""
        return self._get(f"/jobs/{_part(job_id)}")

    def cancel_job(self, job_id: str) -> None:
        """Stop work that is not done."""
        self._post(f"/jobs/{_part(job_id)}/cancel", {})

    # Evaluations

    def evaluations(self, target: str | None = None) -> pd.DataFrame:
        """Return the evaluations of one target or of all, without their rows."""
        return pd.DataFrame(self._get("/evaluations", target=target))

    def evaluation(self, evaluation_id: str) -> dict[str, Any]:
        """Return one evaluation; its `rows` are a table."""
        found = self._get(f"/evaluations/{_part(evaluation_id)}")
        return found | {"rows": pd.DataFrame(found["rows"])}

    def evaluate_given(self, target: str, path: Path, version: int | None = None) -> str:
        """Score a version on the rows of a CSV file and return the evaluation, see `evaluation`."""
        return self._send_table("/evaluations", Path(path), target=target, version=version)["id"]

    # Data

    def datasets(self) -> pd.DataFrame:
        """Return how many rows of each target one may see."""
        return pd.DataFrame(self._get("/datasets"))

    def dataset_rows(self, target: str, after: int = 0, limit: int = 100) -> tuple[pd.DataFrame, int | None]:
        """Return rows of a target, and after which number to go on; None when there are no more."""
        page = self._get(f"/datasets/{_part(target)}/rows", after=after, limit=limit)
        return pd.DataFrame(page["rows"]), page["next_after"]

    def import_rows(self, path: Path, target: str, skip_bad: bool = False, team: str | None = None) -> dict[str, Any]:
        """Load the rows of a CSV file: all or, with `skip_bad`, the good ones."""
        return self._send_table(f"/datasets/{_part(target)}/rows", Path(path), skip_bad=skip_bad, team=team)

    def snapshots(self, target: str) -> pd.DataFrame:
        """Return what the models of a target learned from."""
        return pd.DataFrame(self._get(f"/datasets/{_part(target)}/snapshots"))

    def snapshot(self, target: str, snapshot_id: str) -> pd.DataFrame:
        """Return the rows that a version learned from."""
        return pd.DataFrame(self._get(f"/datasets/{_part(target)}/snapshots/{_part(snapshot_id)}")["rows"])

    def search_molecules(self, **asked: object) -> tuple[pd.DataFrame, int | None]:
        """Return molecules by name, inchikey, smarts or similar_to, and after which number to go on."""
        page = self._get("/molecules", **asked)
        return pd.DataFrame(page["molecules"]), page["next_after"]

    def molecule(self, inchikey: str) -> dict[str, Any]:
        """Return one molecule; its `measurements` are a table."""
        found = self._get(f"/molecules/{_part(inchikey)}")
        return found | {"measurements": pd.DataFrame(found["measurements"])}

    # The system

    def start_report(self, name: str, parameters: dict[str, object]) -> str:
        """Have a report run and return the job, which `job` tells about; for administrators."""
        return self._post(f"/reports/{_part(name)}/run", {"parameters": parameters, "as_job": True})["id"]

    def report_runs(self) -> pd.DataFrame:
        """Return the runs of reports, newest first."""
        return pd.DataFrame(self._get("/reports"))

    def system_health(self) -> dict[str, Any]:
        """Return the state of every component; details are for administrators."""
        return self._read(self._sent("GET", "/system/health"), accepted=(503,))

    # How it is asked

    def _get(self, path: str, **asked: object) -> Any:
        return self._read(self._sent("GET", path, params=_given(asked)))

    def _post(self, path: str, body: dict[str, object]) -> Any:
        return self._read(self._sent("POST", path, json=_given(body)))

    def _send_table(self, path: str, file: Path, **asked: object) -> Any:
        headers = {"Content-Type": "text/csv"}
        params = _given(asked | {"name": file.name})
        return self._read(self._sent("POST", path, content=file.read_bytes(), headers=headers, params=params))

    def _sent(self, method: str, path: str, **rest: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **rest)
        except httpx.HTTPError as error:
            msg = f"{self.address} does not answer: {error}; is it the address of a cryokit server?"
            raise UnavailableError(msg) from error

    def _read(self, answer: httpx.Response, accepted: tuple[int, ...] = ()) -> Any:
        if answer.is_success or answer.status_code in accepted:
            return answer.json() if answer.content else None
        try:
            problem = answer.json()
            code, detail = problem["code"], problem["detail"]
        except (ValueError, KeyError, TypeError):
            msg = f"{self.address} answers with HTTP {answer.status_code}; is it the address of a cryokit server?"
            raise UnavailableError(msg) from None
        raise _BY_CODE.get(code, CryokitError)(detail)


def _given(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _part(text: object) -> str:
    """Return one part of a path, whatever it holds."""
    return quote(str(text), safe="")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
