"""How far does the segment of a star reach, for a network that learns to outline it?

Spikes and halo of a bright star are seen over hundreds of pixels, farther than the largest box that a detector starts
from, and how far is a matter of the noise. A box around the core is one thing that can be found; the spikes beyond it
are then empty sky to the network.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from zpix.sources.classes import STAR
from zpix.training.annotated_tile import AnnotatedTile

_Place = tuple[slice, slice]


def cut_star_segments(tile: AnnotatedTile, side_pix: int) -> AnnotatedTile:
    """Leave of each star's segment what lies in a square around the star.

    Parameters
    ----------
    tile : AnnotatedTile
        The tile; it is not changed.
    side_pix : int, pixels
        Side of the squares.

    Returns
    -------
    AnnotatedTile
        With shorter segments of stars that are larger; the same tile if there are none.
    """
    places = find_objects(tile.segmentation, max_label=len(tile))
    large = [
        (row, places[row])
        for row in np.flatnonzero(tile.label == STAR)
        if places[row] is not None and max(own.stop - own.start for own in places[row]) > side_pix
    ]
    if not large:
        return tile
    segmentation = tile.segmentation.copy()
    for row, place in large:
        y, x = (own + side.start for own, side in zip(np.nonzero(segmentation[place] == row + 1), place, strict=True))
        middle_y, middle_x = _middle(tile, place, y, x)
        beyond = np.maximum(np.abs(y - middle_y), np.abs(x - middle_x)) > 0.5 * side_pix
        segmentation[y[beyond], x[beyond]] = 0
    return replace(tile, segmentation=segmentation)


def _middle(tile: AnnotatedTile, place: _Place, y: NDArray[np.int64], x: NDArray[np.int64]) -> tuple[float, float]:
    """Row and column of a star: spikes are alike on all sides, unless the tile's edge cuts them."""
    whole = all(own.start > 0 and own.stop < length for own, length in zip(place, tile.segmentation.shape, strict=True))
    if whole:
        return 0.5 * (place[0].start + place[0].stop - 1), 0.5 * (place[1].start + place[1].stop - 1)
    light = np.where(np.isfinite(tile.error[:, y, x]), tile.flux[:, y, x], 0).sum(0)
    return float(y[light.argmax()]), float(x[light.argmax()])
