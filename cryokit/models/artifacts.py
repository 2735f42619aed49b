"""Fitted models as files: one skops file each, named by its checksum, checked before it is opened."""

import hashlib
import io
import json
import os
import platform
import re
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import skops.io
from sklearn.exceptions import InconsistentVersionWarning
from skops.io.exceptions import UntrustedTypesFoundException

from cryokit.errors import ModelError
from cryokit.models.applicability import MoleculeDomain, RecipeDomain
from cryokit.models.estimators import Ensemble
from cryokit.models.features import FeatureSchema, feature_schema
from cryokit.models.fitted import FittedModel, Learned, SeriesModel, View
from cryokit.models.intervals import Calibration
from cryokit.models.targets import RECIPES, Recipe
from cryokit.models.transforms import Transform
from cryokit.paths import model_file

FORMAT = "cryokit model 1"
LIBRARIES = ("numpy", "scipy", "scikit-learn", "rdkit", "skops", "chemicals")
_KERNELS = ("ConstantKernel", "DotProduct", "Matern", "Product", "Sum", "WhiteKernel")
TRUSTED = (
    "numpy.dtype",
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    *(f"sklearn.gaussian_process.kernels.{name}" for name in _KERNELS),
)
"""Types beyond skops' own list that a model file may hold; kept in code, never taken from the file."""

_DIGEST_BYTES = hashlib.sha256().digest_size
_CURE = "train again with `cryokit train TARGET`, or restore the file from a backup"


def library_versions() -> dict[str, str]:
    """Return the versions that predictions depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def save(model: FittedModel, folder: Path, recipe: Recipe | None = None) -> str:
    """
    Write a model to a file named by its checksum; readers never see half a file.

    Parameters
    ----------
    model : FittedModel
        Model to write.
    folder : Path
        Folder of artifacts; made if missing.
    recipe : Recipe, optional
        What it was fitted by, if not by the declared recipe of its target.

    Returns
    -------
    str
        sha256 of the file, which is called ``<sha256>.skops``.

    References
    ----------
    .. [1] skops: secure persistence of scikit-learn models, https://skops.readthedocs.io.
    """
    content = _dumped(_packed(model, recipe or RECIPES[model.target]))
    sha256 = hashlib.sha256(content).hexdigest()
    write_whole(content, model_file(sha256, folder))
    return sha256


def save_ensemble(ensemble: Ensemble, path: Path) -> None:
    """Write one ensemble to a file that ends with the checksum of what is before it."""
    facts = json.dumps({"format": FORMAT, "ensemble": _ensemble_facts(ensemble)}, sort_keys=True)
    content = _dumped({"facts": facts, "objects": _ensemble_objects(ensemble)})
    write_whole(content + hashlib.sha256(content).digest(), path)


def load_ensemble(path: Path) -> Ensemble:
    """Read an ensemble after checking that the file is the one that was written."""
    content, digest = (whole := path.read_bytes())[:-_DIGEST_BYTES], whole[-_DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != digest:
        msg = f"{path} was changed: its checksum does not fit"
        raise ModelError(msg)
    packed = skops.io.loads(content, trusted=list(TRUSTED))
    return _ensemble(json.loads(packed["facts"])["ensemble"], packed["objects"])


def _dumped(packed: dict) -> bytes:
    """
    Return equal bytes for equal content.

    skops names objects by their place in memory and stamps files with the time. Here equal objects have equal numbers,
    arrays are named by their checksum, and no file has a time; what is equal is one object after reading.
    """
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(skops.io.dumps(packed))) as source,
        zipfile.ZipFile(target, "w") as archive,
    ):
        schema, contents = json.loads(source.read("schema.json")), {}
        for node in _nodes(schema):
            if isinstance(node.get("file"), str):
                content = source.read(node["file"])
                node["file"] = f"{hashlib.sha256(content).hexdigest()}{Path(node['file']).suffix}"
                contents[node["file"]] = content
        _number(schema)
        contents["schema.json"] = json.dumps(schema).encode()
        for name in sorted(contents):
            undated = zipfile.ZipInfo(name)
            archive.writestr(undated, contents[name], zipfile.ZIP_DEFLATED, compresslevel=6)
    return target.getvalue()


def _number(schema: dict) -> None:
    """Number objects as they come, parts before wholes; equal ones alike."""
    numbers: dict[str, int] = {}
    for node in _nodes(schema):
        del node["__id__"]
        content = json.dumps(_outline(node), sort_keys=True)
        node["__id__"] = numbers.setdefault(content, len(numbers) + 1)


def _outline(item: object, *, is_part: bool = False) -> object:
    """Return an item in which its numbered parts are their numbers."""
    if isinstance(item, dict):
        if is_part and "__id__" in item:
            return {"number": item["__id__"]}
        return {name: _outline(value, is_part=True) for name, value in item.items()}
    return [_outline(value, is_part=True) for value in item] if isinstance(item, list) else item


def _nodes(item: object) -> Iterator[dict]:
    """Yield what skops tells of each object, parts before wholes."""
    if isinstance(item, (dict, list)):
        for value in list(item.values() if isinstance(item, dict) else item):
            yield from _nodes(value)
    if isinstance(item, dict) and isinstance(item.get("__id__"), int):
        yield item


def write_whole(content: bytes, path: Path) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".partial-", delete=False) as partial:
        partial.write(content)
        partial.flush()
        os.fsync(partial.fileno())
    Path(partial.name).replace(path)


def load(sha256: str, folder: Path) -> FittedModel:
    """
    Read a model after checking that the file is the one that was written.

    Parameters
    ----------
    sha256 : str
        Checksum under which the model was saved.
    folder : Path
        Folder of artifacts.

    Returns
    -------
    FittedModel
        A model with predictions equal to those of the saved one.

    Raises
    ------
    ModelError
        If the file is missing, changed, not a model of cryokit, or made for other features.
    """
    verify(sha256, folder)
    path = model_file(sha256, folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InconsistentVersionWarning)  # one for each tree; told once below
            packed = skops.io.load(path, trusted=list(TRUSTED))
        facts = json.loads(packed["facts"])
        _tell_other_version(path, facts)
        return _unpacked(packed, facts) if facts["format"] == FORMAT else _refuse_format(path, facts)
    except (zipfile.BadZipFile, UntrustedTypesFoundException, LookupError, TypeError, ValueError) as error:
        msg = f"{path.name} is not a model file of this version of cryokit ({type(error).__name__}); {_CURE}"
        raise ModelError(msg) from error


def _tell_other_version(path: Path, facts: dict) -> None:
    if caution := other_library(facts.get("library_versions", {})):
        warnings.warn(f"{path.name} {caution}", stacklevel=3)


def other_library(versions: Mapping[str, str]) -> str:
    """
    Say that a model was written with another scikit-learn than is installed; nothing if it was not.

    Examples
    --------
    >>> other_library({"scikit-learn": version("scikit-learn")}), other_library({})
    ('', '')
    """
    written, here = versions.get("scikit-learn"), version("scikit-learn")
    if written in (None, here):
        return ""
    return (
        f"was written with scikit-learn {written}, and {here} reads it: its predictions may differ "
        f"from those evaluated; install scikit-learn {written}, or train again with `cryokit train TARGET`"
    )


def verify(sha256: str, folder: Path) -> None:
    """Check that the file of a model is there and unchanged, without opening it."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        msg = f"{sha256!r} is not a sha256 (64 hexadecimal digits), so no model file can be found by it; {_CURE}"
        raise ModelError(msg)
    path = model_file(sha256, folder)
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError as error:
        msg = f"there is no model file {path.name} in {folder}; {_CURE}"
        raise ModelError(msg) from error
    if found != sha256:
        msg = f"model file {path.name} was changed: its sha256 is {found}; {_CURE}"
        raise ModelError(msg)


def _refuse_format(path: Path, facts: dict) -> FittedModel:
    msg = f"{path.name} has the format {facts['format']!r}; this version of cryokit reads {FORMAT!r}; {_CURE}"
    raise ModelError(msg)


def _packed(model: FittedModel, recipe: Recipe) -> dict:
    """Plain facts as one JSON text; beside it only scikit-learn objects and arrays."""
    facts = {
        "format": FORMAT,
        "target": model.target,
        "seed": model.seed,
        "recipe": recipe.as_json(),
        "library_versions": library_versions(),
        "series": {name: _series_facts(series) for name, series in model.series.items()},
    }
    objects = {name: _series_objects(series) for name, series in model.series.items()}
    return {"facts": json.dumps(facts, sort_keys=True), "objects": objects}


def _series_facts(series: SeriesModel) -> dict:
    domain = {name: item for name, item in asdict(series.domain).items() if name != "fingerprints"}
    return {
        "schema": series.schema.as_json(),
        "identities": list(series.identities),
        "domain": domain,
        "views": {
            name: {
                "calibration": view.calibration.as_json(),
                "transform": asdict(view.transform),
                "ensemble": _ensemble_facts(view.learned.ensemble),
                "imputer": _ensemble_facts(view.learned.imputer),
                "choice": view.choice,
            }
            for name, view in series.views.items()
        },
    }


def _ensemble_facts(ensemble: Ensemble | None) -> dict | None:
    return ensemble and {"centre": ensemble.centre, "scale": ensemble.scale}


def _series_objects(series: SeriesModel) -> dict:
    views = {
        name: {"ensemble": _ensemble_objects(view.learned.ensemble), "imputer": _ensemble_objects(view.learned.imputer)}
        for name, view in series.views.items()
    }
    fingerprints = getattr(series.domain, "fingerprints", np.empty((0, 0), dtype=np.uint8))
    return {"views": views, "fingerprints": fingerprints}


def _ensemble_objects(ensemble: Ensemble | None) -> dict | None:
    return ensemble and {"scaling": ensemble.scaling, "members": list(ensemble.members)}


def _unpacked(packed: dict, facts: dict) -> FittedModel:
    series = {name: _series(facts["target"], item, packed["objects"][name]) for name, item in facts["series"].items()}
    return FittedModel(facts["target"], facts["seed"], series)


def _series(target: str, facts: dict, objects: dict) -> SeriesModel:
    return SeriesModel(
        schema=_schema(target, facts["schema"]),
        views={name: _view(item, objects["views"][name]) for name, item in facts["views"].items()},
        domain=_domain(target, facts["domain"], objects["fingerprints"]),
        identities=tuple(facts["identities"]),
    )


def _schema(target: str, facts: dict) -> FeatureSchema:
    lists = {name: tuple(item) if isinstance(item, list) else item for name, item in facts.items()}
    schema = FeatureSchema(**lists)
    current = FeatureSchema(target, schema.names, schema.units, schema.vocabulary)
    if RECIPES[target].molecule_features:
        current = feature_schema(target)
    if schema != current:
        msg = (
            f"the {target} model was made for feature schema {schema.version} with {len(schema.names)} features, but "
            f"this version of cryokit computes schema {current.version} with {len(current.names)}; {_CURE}"
        )
        raise ModelError(msg)
    return schema


def _domain(target: str, facts: dict, fingerprints: np.ndarray) -> MoleculeDomain | RecipeDomain:
    plain = {name: tuple(item) if isinstance(item, list) else item for name, item in facts.items()}
    if RECIPES[target].molecule_features:
        return MoleculeDomain(**plain, fingerprints=fingerprints)
    return RecipeDomain(**plain)


def _view(facts: dict, objects: dict) -> View:
    ensemble, imputer = (_ensemble(facts[name], objects[name]) for name in ("ensemble", "imputer"))
    transform = Transform(**facts.get("transform", {}))  # files from before there were transforms have none
    return View(Learned(ensemble, imputer), Calibration(**facts["calibration"]), transform, facts.get("choice", 0))


def _ensemble(facts: dict | None, objects: dict | None) -> Ensemble | None:
    if facts is None or objects is None:
        return None
    return Ensemble(objects["scaling"], tuple(objects["members"]), facts["centre"], facts["scale"])
