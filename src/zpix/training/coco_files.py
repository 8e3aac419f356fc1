"""How are the training data of DeepDISC read and written: COCO annotations with images in FITS or numpy's format?

A JSON file is a list of images, as detectron2 and DeepDISC take it, each with its annotations; or the one object of
COCO itself, with `images`, `annotations` and `categories`. Of an image are read: `file_name` or `filename`, one file
(band, y, x) or a list of one for each band; `annotations` with `segmentation`, `category_id` (from 0: galaxy, star),
`redshift` and an identifier (`obj_id`, `objectId`, `id`). What DeepDISC does not know is added under names that it does
not read: `error_file_name`, `ebv`, `error_factor`, `pixel_scale_arcsec`, `bands`, `thing_classes`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from zpix.errors import InputFileError, StoreError
from zpix.image.examination import ZERO_POINT_MAG
from zpix.sources.classes import CLASSES, DEFAULT_CLASSES, class_names, label_of
from zpix.sources.scatter import SIGMA_PER_MAD
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.annotation import LEAST_INSIDE, cut_tiles
from zpix.training.coco_masks import mask_of, rectangles_of
from zpix.training.store import SPLITS, Split, Store

#: What `write_coco` writes.
PRODUCTS = ("images", *(f"{split}.json" for split in SPLITS))

_FILE_NAMES = ("file_name", "filename")
_IDENTIFIERS = ("obj_id", "objectId", "object_id", "objectid", "id")
_XYWH = 1  # detectron2's number for boxes of corner and sides
# The redshift of a source counts in a tile that has more of its mask than any other.
_LEAST_FOR_REDSHIFT = 0.5


@dataclass(frozen=True)
class CocoImage:
    """One image of a COCO file, whose pixels are read when they are asked for.

    Attributes
    ----------
    record : mapping
        What the file says of it, with its `annotations`.
    home : Path
        Directory of the file.
    split : str or None
        Split that the file's name tells; None if it tells none.
    """

    record: Mapping[str, Any]
    home: Path
    split: Split | None


def read_coco(path: str | Path) -> list[CocoImage]:
    """Read a file of COCO annotations.

    Parameters
    ----------
    path : str or Path
        JSON file.

    Returns
    -------
    list of CocoImage
        In the order of the file.

    Raises
    ------
    InputFileError
        If the file is missing or holds something else.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError:
        raise InputFileError(f"COCO file '{path}' does not exist") from None
    except ValueError as error:
        raise InputFileError(f"'{path}' is not JSON: {error}") from None
    records = _joined(content) if isinstance(content, dict) else content
    usable = isinstance(records, list) and all(isinstance(own, dict) and "annotations" in own for own in records)
    if not usable:
        raise InputFileError(f"'{path}' holds no COCO annotations: a list of images, or images and annotations")
    words = {"train": "train", "val": "validation", "test": "test"}
    split: Any = next((name for word, name in words.items() if word in path.stem.lower()), None)
    return [CocoImage(record, path.parent, split) for record in records]


def coco_tiles(
    image: CocoImage, *, bands: Sequence[str], tile_size: int, zero_point: float, dust: float | None
) -> Iterator[AnnotatedTile]:
    """Cut an image of a COCO file into annotated tiles.

    Parameters
    ----------
    image : CocoImage
        The image; one that is smaller than a tile is filled up with pixels that are not valid.
    bands : sequence of str
        Its bands, in order.
    tile_size : int, pixels
        Side of a tile; what is left at the far edges is not used.
    zero_point : float, AB mag
        Magnitude of a pixel of value one; 31.4 for nJy.
    dust : float or None, mag
        E(B−V) where the file does not tell it.

    Yields
    ------
    AnnotatedTile
        Row by row.

    Raises
    ------
    InputFileError
        If a file of pixels is missing or has other bands.
    StoreError
        If a mask cannot be read, or E(B−V) is not known.
    """
    njy_per_unit = np.float32(10 ** (0.4 * (ZERO_POINT_MAG - zero_point)))
    flux = _pixels(image, _FILE_NAMES) * njy_per_unit
    if len(flux) != len(bands):
        raise InputFileError(f"an image in '{image.home}' has {len(flux)} bands: {len(bands)} are named")
    segments, sizes, table = _sources(image, flux.shape[1:])
    if "error_file_name" in image.record:
        error = _pixels(image, ("error_file_name",)) * njy_per_unit
    else:
        error = _noise(flux, segments)
    usable = np.isfinite(flux) & np.isfinite(error) & (error > 0)
    flux, error = np.where(usable, flux, 0).astype(np.float32), np.where(usable, error, np.inf).astype(np.float32)
    ebv = image.record.get("ebv", dust)
    if ebv is None:
        raise StoreError("COCO data have no positions to look E(B-V) up: give it as a number with --dust")
    factor = image.record.get("error_factor")
    missing = [(0, max(0, tile_size - side)) for side in flux.shape[1:]]
    flux, segments = np.pad(flux, [(0, 0), *missing]), np.pad(segments, missing)
    error = np.pad(error, [(0, 0), *missing], constant_values=np.inf)
    for region in cut_tiles(flux.shape[1:], tile_size):
        window = (slice(region.y0, region.y1), slice(region.x0, region.x1))
        inside = np.bincount(segments[window].ravel(), minlength=len(sizes) + 1)[1:] / np.maximum(sizes, 1)
        rows = np.flatnonzero(inside >= LEAST_INSIDE)
        number = np.zeros(len(sizes) + 1, np.int32)
        number[rows + 1] = np.arange(1, len(rows) + 1)
        yield AnnotatedTile(
            flux=flux[:, *window],
            error=error[:, *window],
            segmentation=number[segments[window]],
            dust=float(ebv),
            label=table["label"][rows],
            redshift=np.where(inside[rows] > _LEAST_FOR_REDSHIFT, table["redshift"][rows], np.nan).astype(np.float32),
            source_id=table["source_id"][rows],
            error_factor=None if factor is None else np.array(factor, np.float32),
        )


def write_coco(place: Path, store: Store) -> None:
    """Write a training store as COCO annotations, one JSON file for each split, with its images in numpy's format.

    Parameters
    ----------
    place : Path
        Directory to write to.
    store : Store
        The store.
    """
    for split in SPLITS:
        tiles = (store.read(split, index) for index in range(store.count(split)))
        write_coco_images(
            place, split, tiles, bands=store.bands, pixel_scale_arcsec=store.pixel_scale_arcsec, classes=store.classes
        )


def write_coco_images(
    place: Path,
    name: str,
    tiles: Iterable[AnnotatedTile],
    *,
    bands: Sequence[str],
    pixel_scale_arcsec: float,
    classes: Sequence[str],
    known: Mapping[int, Mapping[str, Any]] | None = None,
) -> None:
    """Write tiles as one JSON file of COCO annotations, with images of fluxes and of errors in numpy's format.

    Parameters
    ----------
    place : Path
        Directory to write to.
    name : str
        Name of the JSON file without its ending.
    tiles : iterable of AnnotatedTile
        The tiles.
    bands : sequence of str
        Their bands.
    pixel_scale_arcsec : float
        Side of a pixel.
    classes : sequence of str
        Names of the classes, in the order of `category_id`.
    known : mapping of int to mapping, optional
        What is added to the annotation of a source, by its identifier.
    """
    (place / "images").mkdir(exist_ok=True)
    records = []
    for index, tile in enumerate(tiles):
        stem = f"images/{name}_{index:05d}"
        np.save(place / f"{stem}.npy", tile.flux)
        np.save(place / f"{stem}_error.npy", tile.error)
        height, width = tile.segmentation.shape
        factor = tile.error_factor
        told = factor is not None and bool(np.isfinite(factor).all())
        records.append(
            {
                "file_name": f"{stem}.npy",
                "filename": f"{stem}.npy",  # as DeepDISC calls it
                "error_file_name": f"{stem}_error.npy",
                "image_id": index,
                "height": height,
                "width": width,
                "bands": list(bands),
                "unit": "nJy",
                "pixel_scale_arcsec": pixel_scale_arcsec,
                "ebv": tile.dust,
                **({"error_factor": [float(value) for value in factor]} if told and factor is not None else {}),
                "thing_classes": list(classes),
                "annotations": list(_annotations(tile, classes, known or {})),
            }
        )
    (place / f"{name}.json").write_text(json.dumps(records) + "\n", encoding="utf-8")


def _annotations(
    tile: AnnotatedTile, classes: Sequence[str], known: Mapping[int, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The sources of a tile that have pixels."""
    names = class_names(tile.label)
    for row in range(len(tile)):
        y, x = np.nonzero(tile.segmentation == row + 1)
        if not len(y):
            continue
        x0, y0, x1, y1 = int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1
        mask = tile.segmentation[y0:y1, x0:x1] == row + 1
        redshift = float(tile.redshift[row])
        yield {
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "bbox_mode": _XYWH,
            "area": len(y),
            "segmentation": rectangles_of(mask, x0=x0, y0=y0),
            "category_id": list(classes).index(names[row]),
            "obj_id": int(tile.source_id[row]),
            "redshift": redshift if np.isfinite(redshift) else -1.0,  # DeepDISC's unknown
            **known.get(int(tile.source_id[row]), {}),
        }


def _joined(content: Mapping[str, Any]) -> Any:
    """Images with their annotations, from the object of COCO itself."""
    images, annotations = content.get("images"), content.get("annotations")
    if not isinstance(images, list) or not isinstance(annotations, list):
        return None
    categories = sorted(content.get("categories", []), key=lambda one: one["id"])
    number = {one["id"]: place for place, one in enumerate(categories)}
    by_image: dict[Any, list[dict[str, Any]]] = {}
    for one in annotations:
        moved = {**one, "category_id": number.get(one["category_id"], one["category_id"])}
        by_image.setdefault(one["image_id"], []).append(moved)
    known = {"thing_classes": [one["name"] for one in categories]} if categories else {}
    return [{**known, **image, "annotations": by_image.get(image["id"], [])} for image in images]


def _pixels(image: CocoImage, keys: Sequence[str]) -> NDArray[np.float32]:
    """The array (band, y, x) of the first of some keys that an image has."""
    named = next((image.record[key] for key in keys if key in image.record), None)
    if named is None:
        raise InputFileError(f"an image of a COCO file in '{image.home}' has no {' or '.join(keys)}")
    planes = [_array(_found(image.home, name)) for name in ([named] if isinstance(named, str) else named)]
    return np.concatenate([plane if plane.ndim == 3 else plane[None] for plane in planes]).astype(np.float32)


def _found(home: Path, name: str) -> Path:
    """A file beside the annotations, where its name says, or of numpy in place of FITS, which DeepDISC reads."""
    places = [home / name, Path(name), home / Path(name).name]
    places += [place.with_suffix(".npy") for place in places]
    for place in places:
        if place.is_file():
            return place
    raise InputFileError(f"the image '{name}' of a COCO file in '{home}' does not exist")


def _array(path: Path) -> NDArray[Any]:
    """An image of one or of several bands."""
    try:
        if path.suffix == ".npy":
            return np.asarray(np.load(path))
        with fits.open(path, memmap=False) as file:
            planes = [np.asarray(hdu.data) for hdu in file if hdu.is_image and hdu.data is not None]
    except (OSError, ValueError) as error:
        raise InputFileError(f"'{path}' is not a whole image: {error}") from None
    if not planes or any(plane.shape != planes[0].shape or plane.ndim not in (2, 3) for plane in planes):
        raise InputFileError(f"'{path}' has no images of one shape: expected (band, y, x), or one plane for each band")
    return planes[0] if planes[0].ndim == 3 else np.stack(planes)


def _sources(
    image: CocoImage, shape: tuple[int, ...]
) -> tuple[NDArray[np.int32], NDArray[np.int64], dict[str, NDArray[Any]]]:
    """Segments of the sources (y, x), their pixels, and their columns. Of masks that overlap, the smaller is on top."""
    names = image.record.get("thing_classes", DEFAULT_CLASSES)
    masks, rows = [], []
    for number, one in enumerate(image.record["annotations"], start=1):
        mask = mask_of(one["segmentation"], (shape[0], shape[1]))
        category = int(one["category_id"])
        if not 0 <= category < len(names):
            raise StoreError(f"category_id {category} is none of {len(names)} classes: {', '.join(names)}")
        if mask.any():
            masks.append(mask)
            rows.append((label_of(names[category]), _redshift(one, names[category]), _identifier(one, number)))
    segments = np.zeros(shape, np.int32)
    for row in sorted(range(len(masks)), key=lambda row: -int(masks[row].sum())):
        segments[masks[row]] = row + 1
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    kinds = {"label": np.int64, "redshift": np.float32, "source_id": np.int64}
    table = {name: np.array(values, kind) for (name, kind), values in zip(kinds.items(), columns, strict=True)}
    return segments, np.bincount(segments.ravel(), minlength=len(rows) + 1)[1:], table


def _redshift(annotation: Mapping[str, Any], name: str) -> float:
    """Redshift of a source; NaN where it is not known, or its class has none."""
    value = annotation.get("redshift")
    known = CLASSES[name].has_redshift and value is not None and np.isfinite(value) and value >= 0
    return float(value) if known and value is not None else np.nan


def _identifier(annotation: Mapping[str, Any], number: int) -> int:
    """Identifier of a source; its number in the image where it has none that is a whole number."""
    for key in _IDENTIFIERS:
        try:
            return int(annotation[key])
        except (KeyError, TypeError, ValueError):
            continue
    return number


def _noise(flux: NDArray[np.float32], segments: NDArray[np.int32]) -> NDArray[np.float32]:
    """The scatter of each band's sky, from the median absolute deviation outside the masks, for every pixel."""
    sky = flux[:, segments == 0] if (segments == 0).any() else flux.reshape(len(flux), -1)
    middle = np.nanmedian(sky, axis=1, keepdims=True)
    sigma = SIGMA_PER_MAD * np.nanmedian(np.abs(sky - middle), axis=1)
    return np.broadcast_to(sigma[:, None, None].astype(np.float32), flux.shape).copy()
