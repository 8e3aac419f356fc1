"""How are annotated tiles kept for training?

A zarr group per split (`train`, `validation`, `test`), one chunk per tile:

    flux, error     (tile, band, y, x) float32, nJy per pixel; error +inf where not valid
    segmentation    (tile, y, x) int32; source i of a tile has the value i + 1
    dust            (tile,) float32, E(B−V) in magnitudes
    error_factor    (tile, band) float32, scatter of sums on empty sky over their error; NaN where not known
    first_source    (tile + 1,) int64; sources of tile t are rows first_source[t] to first_source[t + 1]
    label, redshift, source_id   (source,) of all tiles; redshift is NaN where unknown

A label is the number of a class in the list `classes` of the header, from 1. Boxes are not stored: they are the bounds
of the segments. Beside the groups, `redshifts.parquet` may say where the redshifts are from.

Errors are those of the images. A model whose errors are measured has them multiplied by `error_factor` when a tile is
read, so that one store serves both kinds of models.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from numpy.typing import NDArray

from zpix.config import Errors
from zpix.disk_space import size_text, told_if_full
from zpix.errors import OutputError, StoreError
from zpix.outputs import refuse_other_settings
from zpix.sources.classes import CLASSES, DEFAULT_CLASSES, labels_of
from zpix.training.annotated_tile import AnnotatedTile

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
#: Which sources have a redshift to learn from: all that are known, or those of spectra alone.
Labels = Literal["all", "spectroscopic"]

_FORMAT = "zpix-store-1"
_SOURCE_COLUMNS = {"label": np.int64, "redshift": np.float32, "source_id": np.int64}


class StoreWriter:
    """Appends tiles to a store; an interrupted one goes on after its last whole tile.

    Parameters
    ----------
    path : str or Path
        Directory of the store, made if it is not there.
    bands : tuple of str
        Bands of the tiles, in order.
    tile_size : int, pixels
        Side of a tile.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.
    settings : mapping
        What the tiles are made from; a store begun with other settings is refused.

    Attributes
    ----------
    position : int
        Number of tiles that have been added so far, those left out included.

    Raises
    ------
    OutputError
        If `path` exists and is a finished store, was begun with other settings, or is something else.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        bands: tuple[str, ...],
        tile_size: int,
        pixel_scale_arcsec: float,
        settings: Mapping[str, Any],
    ) -> None:
        self.path = Path(path)
        self._header: dict[str, Any] = {
            "format": _FORMAT,
            "bands": list(bands),
            "tile_size": tile_size,
            "pixel_scale_arcsec": pixel_scale_arcsec,
            "classes": list(CLASSES),
            "error_factors": True,
            "settings": dict(settings),
        }
        if self.path.exists():
            self._root, begun = _open_unfinished(self.path, self._header)
            self.position: int = begun["position"]
            self._cut_to(begun["tiles"])
        else:
            self.position = 0
            with self._told_if_full():
                self._root = zarr.open_group(str(self.path), mode="w")
                for split in SPLITS:
                    self._create(split, len(bands), tile_size)
                self._save(whole=False)

    def add(self, split: Split, tile: AnnotatedTile | None) -> None:
        """Append a tile to a split.

        Parameters
        ----------
        split : {"train", "validation", "test"}
            The split.
        tile : AnnotatedTile or None
            The tile; None for one that is left out, which counts in `position`.

        Raises
        ------
        OutputError
            If the disk is full.
        """
        with self._told_if_full():
            if tile is not None:
                self._append(split, tile)
            self.position += 1
            self._save(whole=False)

    def labelled(self, split: Split) -> NDArray[np.int64]:
        """List the sources of a split that have a redshift in it so far.

        Parameters
        ----------
        split : {"train", "validation", "test"}
            The split.

        Returns
        -------
        ndarray, shape (N,), int64
            Their identifiers.
        """
        group: Any = self._root[split]
        identifiers: NDArray[np.int64] = group["source_id"][:]
        has_one: NDArray[np.bool_] = np.isfinite(group["redshift"][:])
        return identifiers[has_one]

    def close(self, about: Mapping[str, Any]) -> None:
        """Mark the store as whole.

        Parameters
        ----------
        about : mapping of str to JSON values
            Where its tiles come from and what they hold.
        """
        used = max(int(self._labels(split).max(initial=0)) for split in SPLITS)
        self._header["classes"] = self._header["classes"][: max(used, len(DEFAULT_CLASSES))]
        self._header["about"] = dict(about)
        with self._told_if_full():
            self._save(whole=True)

    def _append(self, split: Split, tile: AnnotatedTile) -> None:
        """Append the arrays of a tile."""
        group: Any = self._root[split]
        for name in ("flux", "error", "segmentation"):
            group[name].append(getattr(tile, name)[None])
        group["dust"].append(np.array([tile.dust], np.float32))
        unknown = np.full(len(tile.flux), np.nan, np.float32)
        group["error_factor"].append((unknown if tile.error_factor is None else tile.error_factor)[None])
        group["first_source"].append(np.array([group["label"].shape[0] + len(tile)], np.int64))
        for name, dtype in _SOURCE_COLUMNS.items():
            group[name].append(np.asarray(getattr(tile, name), dtype))

    def _told_if_full(self) -> AbstractContextManager[None]:
        """Say the place, and what a tile needs, if the disk is full."""
        planes = 2 * len(self._header["bands"]) + 1  # flux, error and segments, before they are compressed
        needed = size_text(4 * planes * self._header["tile_size"] ** 2)
        return told_if_full(
            self.path, remedy=f"a tile needs up to {needed}: make room and repeat the command, which goes on"
        )

    def _labels(self, split: Split) -> NDArray[np.int64]:
        group: Any = self._root[split]
        labels: NDArray[np.int64] = group["label"][:]
        return labels

    def _create(self, split: Split, bands: int, tile_size: int) -> None:
        group = self._root.create_group(split)
        image = (bands, tile_size, tile_size)
        for name in ("flux", "error"):
            group.create_array(name, shape=(0, *image), chunks=(1, *image), dtype="f4")
        group.create_array("segmentation", shape=(0, *image[1:]), chunks=(1, *image[1:]), dtype="i4")
        group.create_array("dust", shape=(0,), chunks=(1024,), dtype="f4")
        group.create_array("error_factor", shape=(0, bands), chunks=(1024, bands), dtype="f4")
        group.create_array("first_source", shape=(1,), chunks=(1024,), dtype="i8")
        for name, dtype in _SOURCE_COLUMNS.items():
            group.create_array(name, shape=(0,), chunks=(65536,), dtype=dtype)

    def _cut_to(self, tiles: Mapping[str, int]) -> None:
        """Remove what is left of a tile that was interrupted half-way."""
        for split in SPLITS:
            group: Any = self._root[split]
            count = tiles[split]
            sources = int(group["first_source"][count])
            group["first_source"].resize((count + 1,))
            for name in ("flux", "error", "segmentation", "dust", "error_factor"):
                group[name].resize((count, *group[name].shape[1:]))
            for name in _SOURCE_COLUMNS:
                group[name].resize((sources,))

    def _save(self, *, whole: bool) -> None:
        root: Any = self._root
        tiles: dict[str, int] = {split: root[split]["first_source"].shape[0] - 1 for split in SPLITS}
        self._root.attrs["zpix"] = {**self._header, "whole": whole, "position": self.position, "tiles": tiles}


def _open_unfinished(path: Path, header: Mapping[str, Any]) -> tuple[zarr.Group, dict[str, Any]]:
    """A store that was begun with these settings, and its header."""
    try:
        root, begun = _open_group(path, "r+")
    except (FileNotFoundError, KeyError, ValueError):
        raise OutputError(f"{path}: already exists and is not a training store; choose another place") from None
    if begun.get("whole"):
        raise OutputError(f"{path}: already is a finished training store; remove it or choose another place")
    same = {key: begun.get(key) for key in header}
    refuse_other_settings(
        same, header, f"{path}: was begun with other settings", remedy="remove it or choose another place"
    )
    return root, begun


def _open_group(path: Path, mode: Literal["r", "r+"]) -> tuple[zarr.Group, dict[str, Any]]:
    """A store's directory and header; stores of before there were other classes hold galaxies and stars."""
    root = zarr.open_group(str(path), mode=mode)
    header: Any = root.attrs["zpix"]
    return root, {"classes": list(DEFAULT_CLASSES), **header}


class Store:
    """A training store opened for reading.

    Parameters
    ----------
    path : str or Path
        Its directory.
    errors : {"image", "measured"}, default: "image"
        What the model that reads it takes for errors.

    Attributes
    ----------
    path : Path
        Its directory.
    errors : {"image", "measured"}
        What the errors of its tiles are when they are read.
    bands : tuple of str
        Bands of the tiles, in order.
    tile_size : int, pixels
        Side of a tile.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.
    classes : tuple of str
        Names of the classes that its sources can have.
    about : dict
        Where its tiles come from and what they hold.

    Raises
    ------
    StoreError
        If the directory is missing, not a store, or not finished; if errors are to be measured and the store does not
        say what was measured.
    ConfigError
        If one of its classes is unknown.
    """

    def __init__(self, path: str | Path, *, errors: Errors = "image") -> None:
        self.path, self.errors = Path(path), errors
        if not self.path.is_dir():
            raise StoreError(f"{path}: no such training store; make one with zpix prepare")
        try:
            self._root, header = _open_group(self.path, "r")
        except (FileNotFoundError, KeyError, ValueError):
            raise StoreError(f"{path}: not a zpix training store") from None
        if header.get("format") != _FORMAT:
            raise StoreError(f"{path}: store format {header.get('format')!r} is not {_FORMAT!r}; prepare it again")
        if not header["whole"]:
            raise StoreError(f"{path}: its preparation was interrupted; run the same zpix prepare again to go on")
        self.bands: tuple[str, ...] = tuple(header["bands"])
        self.tile_size: int = header["tile_size"]
        self.pixel_scale_arcsec: float = header["pixel_scale_arcsec"]
        self.classes: tuple[str, ...] = tuple(header["classes"])
        self.about: dict[str, Any] = header["about"]
        root: Any = self._root
        self._first = {split: np.asarray(root[split]["first_source"]) for split in SPLITS}
        self._columns = {
            split: {name: np.asarray(root[split][name]) for name in (*_SOURCE_COLUMNS, "dust")} for split in SPLITS
        }
        self._factors = {split: _factors_of(root[split], len(self.bands)) for split in SPLITS}
        if errors == "measured" and not all(np.isfinite(own).all() for own in self._factors.values()):
            raise StoreError(
                f"{path}: does not say how its errors compare with the noise of empty sky, which a model with errors "
                "= measured needs; prepare it again, or set errors = image in [model]"
            )
        labels = np.concatenate([[0], labels_of(self.classes)])
        for columns in self._columns.values():
            columns["label"] = labels[columns["label"]]

    def count(self, split: Split) -> int:
        """Count the tiles of a split.

        Parameters
        ----------
        split : {"train", "validation", "test"}
            The split.

        Returns
        -------
        int
            Their number.
        """
        return len(self._first[split]) - 1

    def sources(self, split: Split) -> dict[str, NDArray[Any]]:
        """Give the sources of all tiles of a split.

        Parameters
        ----------
        split : {"train", "validation", "test"}
            The split.

        Returns
        -------
        dict of str to ndarray, shape (N,)
            Columns `label`, `redshift` and `source_id`, as in `AnnotatedTile`.
        """
        return {name: self._columns[split][name] for name in _SOURCE_COLUMNS}

    def error_factors(self) -> NDArray[np.float32] | None:
        """Give the measured scatter of sums over their errors.

        Returns
        -------
        (band,) float32 or None
            Medians over all tiles; None if it was not measured in all of them.
        """
        every = np.concatenate(list(self._factors.values()))
        return np.median(every, axis=0).astype(np.float32) if len(every) and np.isfinite(every).all() else None

    def read(self, split: Split, index: int) -> AnnotatedTile:
        """Read one tile.

        Parameters
        ----------
        split : {"train", "validation", "test"}
            The split.
        index : int
            Number of the tile in the split, from 0.

        Returns
        -------
        AnnotatedTile
            The tile and its sources.
        """
        group: Any = self._root[split]
        columns = self._columns[split]
        rows = slice(self._first[split][index], self._first[split][index + 1])
        tile = AnnotatedTile(
            flux=group["flux"][index],
            error=group["error"][index],
            segmentation=group["segmentation"][index],
            dust=float(columns["dust"][index]),
            label=columns["label"][rows],
            redshift=columns["redshift"][rows],
            source_id=columns["source_id"][rows],
            error_factor=self._factors[split][index],
        )
        return tile.in_errors(self.errors)


def _factors_of(group: Any, bands: int) -> NDArray[np.float32]:
    """Factors (tile, band) of the errors of a split; NaN in stores of before they were measured."""
    if "error_factor" in group:
        return np.asarray(group["error_factor"], np.float32)
    return np.full((group["first_source"].shape[0] - 1, bands), np.nan, np.float32)
