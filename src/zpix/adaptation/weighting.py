"""How many sources of a field does each spectrum stand for?

Spectra are bright, and of certain kinds. The ratio of densities of all sources and of those with spectra, in brightness
and colours, is that of counts within the distance to the k-th nearest spectrum (Lima et al. 2008, MNRAS 390, 118).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]

_NEIGHBOURS = 10
_COLOURS = 2  # principal components
_LEAST, _MOST = 0.2, 5.0


def places_in_colour(total: NDArray[np.floating], noise: NDArray[np.floating]) -> Floats:
    """Place sources in a space of brightness and colours.

    Parameters
    ----------
    total, noise : (N, band) float, nJy
        Fluxes and their noise, which is zero where not observed.

    Returns
    -------
    (N, 3) float64
        Logarithm of the signal-to-noise ratio, and the first principal components of colours, of order one.
    """
    observed = noise > 0
    bands = np.maximum(observed.sum(1), 1)
    typical = np.where(observed, noise, 0).sum(1) / bands
    ratio = np.where(observed, total / np.where(observed, noise, 1), 0.0)
    brightness = 0.5 * np.log(np.maximum((np.maximum(ratio, 0) ** 2).sum(1), 1.0))
    light = np.where(observed, np.arcsinh(total / np.maximum(typical, 1e-9)[:, None]), 0.0)
    colour = np.where(observed, light - (light.sum(1) / bands)[:, None], 0.0)
    colour = colour - colour.mean(0)
    _, axes = np.linalg.eigh(colour.T @ colour)
    space = np.column_stack([brightness, colour @ axes[:, ::-1][:, :_COLOURS]])
    low, high = np.quantile(space, [0.16, 0.84], axis=0)
    return np.asarray((space - np.median(space, axis=0)) / np.maximum(0.5 * (high - low), 1e-6))


def importance(spectra: Floats, every: Floats) -> Floats:
    """Say how many sources each spectrum stands for.

    Parameters
    ----------
    spectra : (K, D) float64
        Places of those with spectra.
    every : (N, D) float64
        Places of all sources that are to be described.

    Returns
    -------
    (K,) float64
        Weights between 0.2 and 5 before they are divided by their mean, which is one.
    """
    if len(spectra) < 2 or not len(every):
        return np.ones(len(spectra))
    near = min(_NEIGHBOURS, len(spectra) - 1)
    distance, _ = cKDTree(spectra).query(spectra, k=near + 1)
    counts = cKDTree(every).query_ball_point(spectra, distance[:, -1] + 1e-9, return_length=True)
    weight = np.asarray(counts, np.float64) / near * len(spectra) / len(every)
    weight = np.clip(weight / max(weight.mean(), 1e-12), _LEAST, _MOST)
    return np.asarray(weight / weight.mean())
