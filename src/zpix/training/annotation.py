"""How do mosaics, a segmentation map and a catalogue become annotated tiles?

The mosaic is cut into tiles without overlap. Blocks of neighbouring tiles go to train, validation or test together, so
that the splits are apart on the sky. A source is an example in each tile that holds enough of its segment; its redshift
counts only in the tile that holds its position. A source without a redshift still is an example of everything else: if
it were left out, the network would learn to find nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from zpix.errors import ConfigError
from zpix.image import Mosaic, Region, SegmentationMap, ebv_at
from zpix.sources import ReferenceSources
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.store import SPLITS, Split

#: A segment cut by the tile's edge is an example if this much of it is inside.
LEAST_INSIDE = 0.4
# Tiles with less of the sky observed in any band teach nothing.
_LEAST_OBSERVED = 0.1


def cut_tiles(shape: tuple[int, int], tile_size: int) -> list[Region]:
    """Divide a mosaic into whole tiles without overlap.

    Parameters
    ----------
    shape : tuple of int, pixels
        Height and width of the mosaic.
    tile_size : int, pixels
        Side of a tile.

    Returns
    -------
    list of Region
        Row by row; the remainder at the far edges is left out.
    """
    rows, columns = shape[0] // tile_size, shape[1] // tile_size
    return [
        Region(i * tile_size, j * tile_size, (i + 1) * tile_size, (j + 1) * tile_size)
        for j in range(rows)
        for i in range(columns)
    ]


def check_fractions(fractions: Mapping[Split, float]) -> None:
    """Refuse fractions that are negative or do not sum to one.

    Parameters
    ----------
    fractions : mapping of str to float
        Fraction of the tiles of each split.

    Raises
    ------
    ConfigError
        If they cannot be fractions of one store.
    """
    if abs(sum(fractions.values()) - 1) > 1e-6 or min(fractions.values()) < 0:
        raise ConfigError(f"split fractions {dict(fractions)} must be non-negative and sum to one")


def split_by_position(
    regions: list[Region], *, fractions: Mapping[Split, float], block_tiles: int, seed: int
) -> list[Split]:
    """Assign a split to every tile, by blocks of neighbouring tiles.

    Blocks are shuffled and assigned so that the fractions hold as closely as whole blocks allow; each split of
    non-zero fraction has at least one block if there are that many.

    Parameters
    ----------
    regions : list of Region
        Tiles, as `cut_tiles` gives them.
    fractions : mapping of str to float
        Fraction of the tiles of each split.
    block_tiles : int
        Tiles along a side of a block.
    seed : int
        From which the order of the blocks follows.

    Returns
    -------
    list of str
        Split of each tile.

    Raises
    ------
    ConfigError
        If the fractions cannot be those of one store.
    """
    check_fractions(fractions)
    blocks: dict[tuple[int, int], list[int]] = {}
    for index, region in enumerate(regions):
        key = (region.y0 // (block_tiles * region.height), region.x0 // (block_tiles * region.width))
        blocks.setdefault(key, []).append(index)
    order = np.random.default_rng(seed).permutation(len(blocks))
    keys = list(blocks)
    wanted = [s for s in SPLITS if fractions[s] > 0]
    counts = dict.fromkeys(wanted, 0)
    result: list[Split] = ["train"] * len(regions)
    for position in order:
        assigned = sum(counts.values()) + 1
        split = max(wanted, key=lambda s: fractions[s] * assigned - counts[s] + (1 if counts[s] == 0 else 0))
        counts[split] += 1
        for index in blocks[keys[position]]:
            result[index] = split
    return result


def annotate(
    mosaic: Mosaic,
    segmentation: SegmentationMap,
    sources: ReferenceSources,
    region: Region,
    *,
    bands: tuple[str, ...],
    dust: str | float,
    error_factor: NDArray[np.float32] | None = None,
) -> AnnotatedTile | None:
    """Cut a tile from a mosaic, with its sources.

    Parameters
    ----------
    mosaic : Mosaic
        The images.
    segmentation : SegmentationMap
        Source of each pixel, on the mosaic's grid.
    sources : ReferenceSources
        Positions, classes and redshifts of the sources.
    region : Region
        The tile.
    bands : tuple of str
        Bands of the tile, in order; one that the mosaic lacks is not valid.
    dust : str or float
        E(B−V) in magnitudes, or the map that has it.
    error_factor : ndarray, shape (band,), float32, optional
        What the errors of the mosaic are multiplied by to be the scatter of sums on its empty sky.

    Returns
    -------
    AnnotatedTile or None
        None if less than a tenth of it was observed in any band.
    """
    pixels = mosaic.read(region, bands=bands)
    if pixels.valid.any(0).mean() < _LEAST_OBSERVED:
        return None
    window = segmentation.read(region)
    x, y = mosaic.pixel(sources.ra, sources.dec)
    inside = region.contains(x, y)
    rows = rows_by_id(sources, np.unique(window[window > 0]))
    shares = [_share_inside(segmentation, window, sources.id[row], region, mosaic.shape) for row in rows]
    rows = rows[np.array(shares, dtype=np.float64) >= LEAST_INSIDE]
    redshift = np.where(inside[rows], sources.redshift[rows], np.nan).astype(np.float32)
    middle = mosaic.sky(np.array([0.5 * (region.x0 + region.x1)]), np.array([0.5 * (region.y0 + region.y1)]))
    return AnnotatedTile(
        flux=pixels.flux,
        error=pixels.error,
        segmentation=renumber(window, sources.id[rows]),
        dust=float(ebv_at(*middle, dust=dust)[0]),
        label=sources.label[rows],
        redshift=redshift,
        source_id=sources.id[rows],
        error_factor=error_factor,
    )


def rows_by_id(sources: ReferenceSources, identifiers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find sources by their identifiers.

    Parameters
    ----------
    sources : ReferenceSources
        N sources.
    identifiers : ndarray, shape (M,), int
        Identifiers to look for.

    Returns
    -------
    ndarray of int
        Their rows; identifiers that are not there are left out.
    """
    order = np.argsort(sources.id)
    place = np.searchsorted(sources.id, identifiers, sorter=order)
    place = order[np.minimum(place, len(order) - 1)] if len(order) else np.zeros(0, np.int64)
    return place[sources.id[place] == identifiers] if len(order) else place


def renumber(window: NDArray[np.int64], identifiers: NDArray[np.int64]) -> NDArray[np.int32]:
    """Number the segments of a window by their place in a list.

    Parameters
    ----------
    window : ndarray, shape (y, x), int
        Identifiers of segments.
    identifiers : ndarray, shape (N,), int
        Identifiers in the wanted order.

    Returns
    -------
    ndarray, shape (y, x), int32
        Identifier i of the list becomes i + 1, all others 0.
    """
    order = np.argsort(identifiers)
    if len(order) == 0:
        return np.zeros(window.shape, np.int32)
    place = np.minimum(np.searchsorted(identifiers, window, sorter=order), len(order) - 1)
    found = identifiers[order[place]] == window
    return np.where(found, order[place] + 1, 0).astype(np.int32)


def _share_inside(
    segmentation: SegmentationMap,
    window: NDArray[np.int64],
    identifier: int,
    region: Region,
    shape: tuple[int, int],
) -> float:
    """Fraction of a segment's pixels that lie in the region; looks past the edge only if the segment touches it."""
    own = window == identifier
    if not (own[0].any() or own[-1].any() or own[:, 0].any() or own[:, -1].any()):
        return 1.0
    margin = 128  # larger than nearly every source; what is cut beyond counts as inside
    around = region.grown(margin).intersection(Region.whole(shape))
    return float(own.sum() / max((segmentation.read(around) == identifier).sum(), 1))
