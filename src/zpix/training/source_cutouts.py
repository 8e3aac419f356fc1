"""What do the labelled sources of a store look like, one by one?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zpix.errors import StoreError
from zpix.image import Region
from zpix.progress import track
from zpix.sources.rows import Rows
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.batches import segment_boxes
from zpix.training.store import Split, Store

#: Pixels by which cutouts for the redshift head are larger than it needs, so that each epoch can shift them.
SLACK_PIX = 2
_LARGEST_NJY = 6e4  # that half precision can hold


@dataclass(frozen=True, eq=False)
class Cutouts(Rows):
    """Cutouts of N labelled sources, in half precision to fit in memory.

    Attributes
    ----------
    flux : ndarray, shape (N, band, S, S), float16, nJy
        Flux per pixel.
    error : ndarray, shape (N, band, S, S), float16, nJy
        Its error; +inf where a pixel is not valid.
    mask : ndarray, shape (N, S, S), bool
        The source's segment.
    size : ndarray, shape (N, 2), float32, pixels
        Width and height of the source's box.
    redshift : ndarray, shape (N,), float32
        Its redshift.
    dust : ndarray, shape (N,), float32, mag
        E(B−V) of the Milky Way.
    """

    flux: NDArray[np.float16]
    error: NDArray[np.float16]
    mask: NDArray[np.bool_]
    size: NDArray[np.float32]
    redshift: NDArray[np.float32]
    dust: NDArray[np.float32]


def cut_sources(store: Store, split: Split, *, size: int) -> Cutouts:
    """Cut every source of a split that has a redshift.

    Parameters
    ----------
    store : Store
        The data.
    split : {"train", "validation", "test"}
        Part of it.
    size : int, pixels
        Side of the cutouts as the redshift head has them; these are `SLACK_PIX` larger.

    Returns
    -------
    Cutouts
        Of all tiles.

    Raises
    ------
    StoreError
        If no source of the split has a redshift.
    """
    side = size + SLACK_PIX
    known = np.isfinite(store.sources(split)["redshift"]).sum()
    if known == 0:
        raise StoreError(f"{store.path}: no source of the {split} split has a redshift to learn from")
    image = (known, len(store.bands), side, side)  # filled in place: joining a list of parts would need memory twice
    flux, error, mask = np.zeros(image, np.float16), np.zeros(image, np.float16), np.zeros((known, side, side), bool)
    rest: list[Cutouts] = []
    row = 0
    for index in track(range(store.count(split)), f"cutouts ({split})", store.count(split)):
        cut = cut_for_head(store.read(split, index), size=size)
        rows = slice(row, row + len(cut))
        flux[rows], error[rows], mask[rows] = cut.flux, cut.error, cut.mask
        rest.append(replace(cut, flux=flux[:0], error=error[:0], mask=mask[:0]))
        row += len(cut)
    return replace(Cutouts.concatenate(rest), flux=flux[:row], error=error[:row], mask=mask[:row])


def cut_for_head(tile: AnnotatedTile, *, size: int) -> Cutouts:
    """Cut every source of a tile that has a redshift, with room to shift the cutouts.

    Parameters
    ----------
    tile : AnnotatedTile
        The tile.
    size : int, pixels
        Side of the cutouts as the redshift head has them; these are `SLACK_PIX` larger.

    Returns
    -------
    Cutouts
        Of the tile.
    """
    return cut_tile(tile, size=size + SLACK_PIX)


def cut_tile(tile: AnnotatedTile, *, size: int) -> Cutouts:
    """Cut every source of a tile that has a redshift; beyond the tile's edge nothing is valid.

    Parameters
    ----------
    tile : AnnotatedTile
        The tile.
    size : int, pixels
        Side of the cutouts.

    Returns
    -------
    Cutouts
        Of the tile.
    """
    wanted, corners, sides = _places(tile, size)
    image = (len(wanted), len(tile.flux), size, size)
    flux, error = np.zeros(image, np.float16), np.zeros(image, np.float16)
    mask = np.zeros((len(wanted), size, size), bool)
    pad = ((size, size), (size, size))
    padded_flux = np.pad(tile.flux, ((0, 0), *pad))
    padded_error = np.pad(tile.error, ((0, 0), *pad), constant_values=np.inf)
    padded_segments = np.pad(tile.segmentation, pad)
    for row, (source, (x, y)) in enumerate(zip(wanted, corners, strict=True)):
        place = (slice(y + size, y + 2 * size), slice(x + size, x + 2 * size))
        flux[row] = np.clip(padded_flux[:, *place], -_LARGEST_NJY, _LARGEST_NJY)
        error[row] = padded_error[:, *place]
        mask[row] = padded_segments[place] == source + 1
    return Cutouts(
        flux,
        error,
        mask,
        size=sides,
        redshift=tile.redshift[wanted].astype(np.float32),
        dust=np.full(len(wanted), tile.dust, np.float32),
    )


@dataclass(frozen=True, eq=False)
class LightCutouts(Rows):
    """Light without noise in the cutouts of N sources of a simulated tile.

    Attributes
    ----------
    whole : ndarray, shape (N, band, S, S), float32, nJy
        Light of all sources.
    own : ndarray, shape (N, band, S, S), float32, nJy
        Light of the source itself.
    source : ndarray, shape (N,), int64
        Which source of the tile it is.
    """

    whole: NDArray[np.float32]
    own: NDArray[np.float32]
    source: NDArray[np.int64]


def cut_light(tile: AnnotatedTile, *, size: int) -> LightCutouts:
    """Cut the light of every source of a simulated tile that has a redshift, in the places of `cut_tile`.

    Parameters
    ----------
    tile : AnnotatedTile
        The tile, with its light.
    size : int, pixels
        Side of the cutouts.

    Returns
    -------
    LightCutouts
        Of the tile.
    """
    wanted, corners, _ = _places(tile, size)
    return light_of(tile, wanted, corners, size=size)


def light_of(tile: AnnotatedTile, source: NDArray[np.int64], corners: NDArray[np.int64], *, size: int) -> LightCutouts:
    """Cut the light of some sources of a simulated tile.

    Parameters
    ----------
    tile : AnnotatedTile
        The tile, with its light.
    source : ndarray, shape (N,), int64
        Which sources.
    corners : ndarray, shape (N, 2), int64, pixels
        First pixel (x, y) of the cutout of each.
    size : int, pixels
        Side of the cutouts.

    Returns
    -------
    LightCutouts
        Of N sources; nothing beyond the tile's edge.
    """
    assert tile.light is not None, "the tile was drawn without its light"
    image = (len(source), len(tile.flux), size, size)
    whole, own = np.zeros(image, np.float32), np.zeros(image, np.float32)
    field = Region.whole(tile.segmentation.shape)
    for row, (number, (x, y)) in enumerate(zip(source, corners, strict=True)):
        cutout = Region(int(x), int(y), int(x) + size, int(y) + size)
        stamp = tile.light.own[int(tile.source_id[number])]
        for light, place, into in ((tile.light.whole, field, whole[row]), (stamp.light, stamp.region, own[row])):
            shared = cutout.intersection(place).intersection(field)
            here, there = shared.shifted(-cutout.x0, -cutout.y0), shared.shifted(-place.x0, -place.y0)
            into[(slice(None), *here.slices)] = light[(slice(None), *there.slices)]
    return LightCutouts(whole, own, source)


def labelled_boxes(tile: AnnotatedTile) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """List the sources of a tile that have a segment and a redshift.

    Parameters
    ----------
    tile : AnnotatedTile
        The tile.

    Returns
    -------
    source : ndarray, shape (N,), int64
        Which sources they are.
    boxes : ndarray, shape (N, 4), float32, pixels
        Bounds of their segments, half-open (x0, y0, x1, y1).
    """
    boxes, present = segment_boxes(tile.segmentation, len(tile))
    wanted = np.flatnonzero(present & np.isfinite(tile.redshift))
    return wanted, boxes[wanted]


def _places(tile: AnnotatedTile, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Sources of a tile with a segment and a redshift, first pixels (N, 2) of cutouts, and sides of boxes."""
    wanted, boxes = labelled_boxes(tile)
    middle = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    sides = boxes[:, 2:] - boxes[:, :2]
    return wanted, np.round(middle - size / 2).astype(np.int64), sides
