"""Public data files: where they are, what they must hash to, under which licence, and what is known to be wrong."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from cryokit.errors import IntegrityCheckError, NotFoundError, UnavailableError
from cryokit.sources import upstream_cryomn, upstream_dolmen, upstream_jurkat, upstream_koop

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Dataset:
    """One public file that cryokit can bring and read, but does not ship."""

    name: str
    file_name: str
    title: str
    target: str
    address: str
    sha256: str
    licence: str
    load: Callable[[Path], pd.DataFrame]
    known_errors: tuple[str, ...]


def _address(repository: str, commit: str, path: str) -> str:
    return f"https://raw.githubusercontent.com/{repository}/{commit}/{quote(path)}"


def _dolmen(path: str) -> str:
    return _address("gcsosso/DOLMEN", "10ed726bed8158544222b5f16298a54013b6ad62", f"data/datasets/{path}")


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            name="koop",
            file_name="Koop_dataset.csv",
            title="glass transitions and melting points of organic compounds (10.1039/C1CP22617G)",
            target="tg",
            address=_address(
                "U0M0Z/tgpipe", "d91f443dd1d6200035c4092bd7c14b6e03b10370", "tgboost/datasets/Koop_dataset.csv"
            ),
            sha256="5483bec0fa7e2e7bfa16745bdf8211e7013918eb27fe12f62e32c8feba2de678",
            licence="BSD-3-Clause",
            load=upstream_koop.load,
            known_errors=upstream_koop.KNOWN_ERRORS,
        ),
        Dataset(
            name="dolmen_amino",
            file_name="dolmen_amino.csv",
            title="ice recrystallization inhibition of amino acids (10.1038/s41467-024-52266-w)",
            target="iri",
            address=_dolmen("amino.csv"),
            sha256="52f14fa6980d272542ab29ffff2e0c47d20747aa5d4d451fc0d5bfa19bae0f66",
            licence="GPL-3.0",
            load=upstream_dolmen.load_amino,
            known_errors=upstream_dolmen.KNOWN_ERRORS_AMINO,
        ),
        Dataset(
            name="dolmen_glyco",
            file_name="dolmen_glyco.csv",
            title="ice recrystallization inhibition of carbohydrates (10.1038/s41467-024-52266-w)",
            target="iri",
            address=_dolmen("glyco.csv"),
            sha256="2a227b8b81219ef770e6a00f2336c6fad2e20b7e6f80ce3b01f3a21b4b4f4cb2",
            licence="GPL-3.0",
            load=upstream_dolmen.load_glyco,
            known_errors=upstream_dolmen.KNOWN_ERRORS_GLYCO,
        ),
        Dataset(
            name="dolmen_glyco2",
            file_name="dolmen_glyco2.csv",
            title="ice recrystallization inhibition of carbohydrates, extended (10.1038/s41467-024-52266-w)",
            target="iri",
            address=_dolmen("glyco2.csv"),
            sha256="9e7a1348218a6619975bdd8de22ea559c4816a75a4736d897ae00c7fed00514d",
            licence="GPL-3.0",
            load=upstream_dolmen.load_glyco,
            known_errors=upstream_dolmen.KNOWN_ERRORS_GLYCO,
        ),
        Dataset(
            name="cryomn",
            file_name="cryomn_literature_2026.csv",
            title="viability of mesenchymal stem cells after freezing, from 54 papers",
            target="viability",
            address=_address(
                "baitmeister/ML-for-CryoMN",
                "4e241f92461f270fa153a47397c73d342e4e52d6",
                "data/raw/Cryopreservative Data 2026.csv",
            ),
            sha256="8c4c6567c66b1227f89c79e64527fbb837f420342a0eca0628d71942cb2ca0ed",
            licence="MIT",
            load=upstream_cryomn.load,
            known_errors=upstream_cryomn.KNOWN_ERRORS,
        ),
        Dataset(
            name="jurkat",
            file_name="jurkat_sgi.csv",
            title="recovery of Jurkat cells, a factorial of sucrose, glycerol, isoleucine (10.1038/s41598-018-34638-7)",
            target="viability",
            address=_address(
                "chiahsingpi/StatisticalModeling_JurkatCryopreservation",
                "cbcd3db8cae1d5c965f7a0f84780cb4d3fa4d56c",
                "SGI.csv",
            ),
            sha256="eb26a28fa1e1307e8dfe61745c3bd0cc4625dea99ca69b841281832aa9122e07",
            licence="none stated",
            load=upstream_jurkat.load,
            known_errors=upstream_jurkat.KNOWN_ERRORS,
        ),
    )
}


def dataset_named(name: str) -> Dataset:
    """Return the public data set called `name`, or say which ones there are."""
    if name not in DATASETS:
        msg = f"there is no data set {name!r}; known are {', '.join(DATASETS)}"
        raise NotFoundError(msg)
    return DATASETS[name]


def fetch(name: str, folder: Path, mirror: Path | None = None, progress: bool = True) -> Path:
    """Bring a public file into `folder`, from `mirror` if one is given, and check its sha256."""
    return fetch_dataset(dataset_named(name), Path(folder), mirror, progress)


def load(name: str, path: Path) -> pd.DataFrame:
    """Read a public file: a row frame with line, flags (what is known of the row) and excluded (why not to use it)."""
    return dataset_named(name).load(Path(path))


def fetch_dataset(dataset: Dataset, folder: Path, mirror: Path | None = None, progress: bool = True) -> Path:
    """Bring the file of `dataset`; a file with a wrong checksum is refused and nothing of it is left behind."""
    goal = folder / dataset.file_name
    if goal.is_file() and sha256_of(goal) == dataset.sha256:
        return goal
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
        part = Path(scratch) / dataset.file_name
        if mirror is None:
            _download(dataset, part, progress)
        else:
            _copy(dataset, Path(mirror), part)
        if (found := sha256_of(part)) != dataset.sha256:
            origin = dataset.address if mirror is None else Path(mirror) / dataset.file_name
            msg = f"{origin} has sha256 {found}; {dataset.name} must have {dataset.sha256}; it was not kept"
            raise IntegrityCheckError(msg)
        os.replace(part, goal)  # noqa: PTH105  atomic, within one folder
    return goal


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(dataset: Dataset, mirror: Path, part: Path) -> None:
    source = mirror / dataset.file_name
    if not source.is_file():
        msg = (
            f"the mirror {mirror} holds no {dataset.file_name}; put it there, or unset CRYOKIT_DATA_MIRROR to download"
        )
        raise NotFoundError(msg)
    shutil.copyfile(source, part)


def _download(dataset: Dataset, part: Path, progress: bool) -> None:
    import pooch
    import requests  # comes with pooch; both load slowly and are needed only here

    downloader = pooch.HTTPDownloader(progressbar=progress, timeout=TIMEOUT_SECONDS)
    try:
        downloader(dataset.address, str(part), None)
    except (requests.RequestException, OSError) as error:
        msg = f"{dataset.address} cannot be downloaded: {error}; try again, or set CRYOKIT_DATA_MIRROR to a folder"
        raise UnavailableError(msg) from error
