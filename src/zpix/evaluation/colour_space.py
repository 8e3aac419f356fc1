"""Where in the space of colours and magnitude does a source lie?

Magnitudes are arcsinh magnitudes (Lupton, Gunn & Szalay 1999), which exist for faint and negative fluxes too: without
them a galaxy that has dropped out of a band would have no colour. The space has a dimension for each pair of
neighbouring bands and one for a magnitude; a self-organising map (Kohonen 1982; Masters et al. 2015 for redshifts)
lays it out on a square of cells, so that like is next to like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from minisom import MiniSom
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from zpix.catalogue.table import AB_ZEROPOINT_NJY
from zpix.sources import sigma_nmad

Floats = NDArray[np.float64]

_POGSON = 2.5 / np.log(10)
# Cells: five times the root of the number of sources, as Vesanto & Alhoniemi (2000) advise, within bounds.
_SMALLEST_SIDE, _LARGEST_SIDE = 3, 40
_STEPS_PER_CELL, _MOST_STEPS = 500, 60_000
# Beyond this many robust standard deviations a colour is noise or a fault, and shall not stretch the map.
_MOST_DEVIATION = 4.0


def arcsinh_magnitude(flux_njy: Floats, softening_njy: Floats) -> Floats:
    """AB magnitudes of fluxes (N, band) that go linearly through zero below about the softening (band,), nJy.

    >>> arcsinh_magnitude(np.array([[3631.0, 0.0]]), np.array([1.0, 1.0])).round(2)
    array([[22.5, 31.4]])
    """
    bright = np.arcsinh(flux_njy / (2 * softening_njy)) + np.log(softening_njy)
    return AB_ZEROPOINT_NJY - _POGSON * bright


def colours(magnitude: Floats) -> Floats:
    """Differences of neighbouring bands, blue minus red, (N, band − 1), from magnitudes (N, band)."""
    return -np.diff(magnitude, axis=1)


@dataclass(frozen=True)
class ColourMap:
    """A self-organising map of `side` × `side` cells.

    Attributes
    ----------
    prototypes : (side², feature) float64
        What a source in the middle of each cell would have, in scaled features; row by row.
    centre, width : (feature,) float64
        What features are scaled with: their medians and robust standard deviations.
    """

    side: int
    prototypes: Floats
    centre: Floats
    width: Floats

    def cells(self, features: Floats) -> NDArray[np.int64]:
        """The cell of each source, (N,), from features (N, feature): that of the nearest prototype."""
        return cKDTree(self.prototypes).query(_scaled(features, self.centre, self.width))[1].astype(np.int64)


def draw_map(features: Floats, *, seed: int, side: int | None = None) -> ColourMap:
    """The map of sources with these features (N, feature), N > 0; `side` in cells follows from N by default."""
    centre = np.median(features, axis=0)
    width = np.maximum(sigma_nmad(features, centre=centre, axis=0), 1e-6)
    scaled = _scaled(features, centre, width)
    if side is None:
        side = int(np.clip(round(np.sqrt(5 * np.sqrt(len(features)))), _SMALLEST_SIDE, _LARGEST_SIDE))
    network = MiniSom(side, side, scaled.shape[1], sigma=side / 2, learning_rate=0.5, random_seed=seed)
    network.random_weights_init(scaled)
    network.train(scaled, min(_STEPS_PER_CELL * side**2, _MOST_STEPS), random_order=True)
    return ColourMap(side, network.get_weights().reshape(side**2, -1), centre, width)


def _scaled(features: Floats, centre: Floats, width: Floats) -> Floats:
    return np.clip((features - centre) / width, -_MOST_DEVIATION, _MOST_DEVIATION)
