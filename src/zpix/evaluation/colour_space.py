"""Where in the space of colours and magnitude does a source lie?

Magnitudes are arcsinh magnitudes (Lupton, Gunn & Szalay 1999), which are defined for faint and negative fluxes too:
without them a galaxy that drops out of a band would have no colour. The space has one dimension for each pair of
neighbouring bands and one for a magnitude. A self-organising map (Kohonen 1982; Masters et al. 2015 for redshifts)
projects it onto a square of cells, in which similar sources are close.
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
# Features are clipped at this many robust standard deviations: beyond, a colour is noise or an error.
_MOST_DEVIATION = 4.0


def arcsinh_magnitude(flux_njy: Floats, softening_njy: Floats) -> Floats:
    """AB magnitudes that become linear in the flux below about the softening.

    Parameters
    ----------
    flux_njy : (N, band) float64, nJy
        Fluxes.
    softening_njy : (band,) float64, nJy
        Flux at which magnitudes become linear.

    Returns
    -------
    (N, band) float64
        Magnitudes.

    Examples
    --------
    >>> arcsinh_magnitude(np.array([[3631.0, 0.0]]), np.array([1.0, 1.0])).round(2)
    array([[22.5, 31.4]])
    """
    bright = np.arcsinh(flux_njy / (2 * softening_njy)) + np.log(softening_njy)
    magnitude: Floats = AB_ZEROPOINT_NJY - _POGSON * bright
    return magnitude


def colours(magnitude: Floats) -> Floats:
    """Colours of neighbouring bands.

    Parameters
    ----------
    magnitude : (N, band) float64
        Magnitudes, in the order of wavelength.

    Returns
    -------
    (N, band − 1) float64
        Blue minus red.
    """
    return -np.diff(magnitude, axis=1)


@dataclass(frozen=True)
class ColourMap:
    """A self-organising map of `side` × `side` cells.

    Attributes
    ----------
    side : int
        Number of cells along a side.
    prototypes : (side², feature) float64
        Scaled features of a source in the middle of each cell, row by row.
    centre, width : (feature,) float64
        Medians and robust standard deviations that features are scaled with.
    """

    side: int
    prototypes: Floats
    centre: Floats
    width: Floats

    def cells(self, features: Floats) -> NDArray[np.int64]:
        """Cell of each source: that of the nearest prototype.

        Parameters
        ----------
        features : (N, feature) float64
            Colours and magnitudes.

        Returns
        -------
        (N,) int64
            Row × side + column.
        """
        return np.asarray(cKDTree(self.prototypes).query(_scaled(features, self.centre, self.width))[1], np.int64)


def draw_map(features: Floats, *, seed: int, side: int | None = None) -> ColourMap:
    """Train the map of some sources.

    Parameters
    ----------
    features : (N, feature) float64
        Colours and magnitudes, N > 0.
    seed : int
        Seed of the training.
    side : int, optional
        Cells along a side; by default chosen from N.

    Returns
    -------
    ColourMap
        The map.
    """
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
    """Features in units of their scatter, clipped."""
    return np.clip((features - centre) / width, -_MOST_DEVIATION, _MOST_DEVIATION)
