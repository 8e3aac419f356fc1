"""What is a model, a training store or the result of a run: what is in it, and how good is it?"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import numpy as np

from zpix.catalogue import CatalogueFile, flag_names, read_catalogue
from zpix.errors import InputFileError

#: What the directory of a training or a pretraining holds.
_MODEL = "model.safetensors"


def info(path: str | Path | None = None) -> dict[str, Any]:
    """Tell what a model, a training store or the result of a run is.

    Parameters
    ----------
    path : str or Path, optional
        Checkpoint, or the directory of a training; training store of `prepare`; directory of `run`, or its
        `catalogue.fits` or `catalogue.parquet`. The shipped model by default.

    Returns
    -------
    dict of str to object
        Its `kind`: "model", "training store" or "result", and its `path`. Of a model, its settings as `model`, and
        everything that its file says of it: name, training data, counts, range of redshifts, scores and more; whether
        it `serves_any_bands` beside those that it was taught, and `surveys`, how good it is in which bands. Of a
        store, `bands`, `tile_size`, `pixel_scale_arcsec`, `classes`, `counts` of each split, `about`, and
        `error_factors`, the median scatter of sums on empty sky over their error in each band, or None. Of a result,
        its `bands` and `missing_bands`, numbers of `sources` by class and by flag, the facts of its header, and those
        of `run.json` as `run`.

    Raises
    ------
    InputFileError
        If there is nothing at `path`, or it is nothing of zpix.
    ModelError, StoreError, CatalogueError
        If it cannot be read.

    Examples
    --------
    >>> zpix.info()["model"]["backbone"]  # doctest: +SKIP
    'resnet18'
    """
    if path is None:
        return _of_model(None)
    place = Path(path)
    kind = kind_of(place)
    if kind == "result":
        return _of_result(place)
    if kind == "training store":
        return _of_store(place)
    return _of_model(place / _MODEL if place.is_dir() else place)


def kind_of(path: str | Path) -> Literal["model", "training store", "result"]:
    """Tell what there is at a place, by the names of files.

    Parameters
    ----------
    path : str or Path
        As of `info`.

    Returns
    -------
    {"model", "training store", "result"}
        A file that is no catalogue is taken for a model.

    Raises
    ------
    InputFileError
        If it is a directory of nothing of zpix.
    """
    place = Path(path)
    if (place / _MODEL).is_file():
        return "model"
    if place.suffix in (".parquet", ".fits") or (place / "catalogue.parquet").is_file():
        return "result"
    if not place.is_dir():
        return "model"
    if (place / "zarr.json").is_file() or (place / ".zgroup").is_file():
        return "training store"
    raise InputFileError(f"{path}: is neither a model, nor a training store, nor the result of a run")


def _of_model(path: Path | None) -> dict[str, Any]:
    """Facts of a checkpoint; the shipped one by default."""
    from zpix.detector import default_model, load_checkpoint  # torch, which the other kinds do not need

    path = default_model() if path is None else path
    checkpoint = load_checkpoint(path)
    return {
        "kind": "model",
        "path": str(path),
        "model": checkpoint.config.model_dump(),
        "knows_ordinary_sources": bool(checkpoint.novelty),
        "serves_any_bands": checkpoint.serves_any_bands,
        "surveys": checkpoint.surveys.to_saved(),
        **checkpoint.about.to_header(),
    }


def _of_store(path: Path) -> dict[str, Any]:
    """Facts of a training store."""
    from zpix.sources.classes import label_of
    from zpix.training.store import SPLITS, Store

    store = Store(path)
    factors = store.error_factors()
    counts = {}
    for split in SPLITS:
        sources = store.sources(split)
        own = {name: int((sources["label"] == label_of(name)).sum()) for name in store.classes}
        known = int(np.isfinite(sources["redshift"]).sum())
        counts[split] = {"tiles": store.count(split), **own, "redshifts": known}
    return {
        "kind": "training store",
        "path": str(path),
        "bands": list(store.bands),
        "tile_size": store.tile_size,
        "pixel_scale_arcsec": store.pixel_scale_arcsec,
        "classes": list(store.classes),
        "counts": counts,
        "error_factors": None if factors is None else [float(f"{factor:.3g}") for factor in factors],
        "about": store.about,
    }


def _of_result(path: Path) -> dict[str, Any]:
    """Facts of the result of a run, or of a catalogue alone."""
    directory = path if path.is_dir() else path.parent
    if path.suffix == ".fits":
        catalogue: Any = read_catalogue(path)
    else:
        file = path if path.is_file() else path / "catalogue.parquet"
        if not file.is_file():
            raise InputFileError(f"catalogue file '{file}' does not exist")
        catalogue = CatalogueFile(file)
    classes: Counter[str] = Counter()
    flags: Counter[int] = Counter()
    for chunk in catalogue.chunks():
        classes.update(chunk["class"].tolist())
        flags.update(chunk["flags"].tolist())
    by_flag: Counter[str] = Counter()
    for value, count in flags.items():
        by_flag.update(dict.fromkeys(flag_names(value), count))
    record = directory / "run.json"
    return {
        "kind": "result",
        "path": str(path),
        "bands": list(catalogue.bands),
        "missing_bands": list(catalogue.missing_bands),
        "sources": len(catalogue),
        "classes": dict(classes),
        "flags": dict(by_flag.most_common()),
        **{name: value for name, value in catalogue.meta.items() if name not in ("missing_bands", "classes")},
        "run": json.loads(record.read_text("utf-8")) if record.is_file() else {},
    }
