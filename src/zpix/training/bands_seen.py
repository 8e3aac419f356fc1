"""In which bands is a source seen that has been drawn in all?

A model that is to serve any bands learns from random sets of them: those of known surveys, these with bands more or
less, and any others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.config import BandsSeen
from zpix.config.band_sets import BAND_SETS

_FEWEST = 3
_SURVEYS, _NEARLY = 0.6, 0.25  # shares of sets that are a survey's, and that differ from one; the rest is any set
_WEIGHTS = {"JADES": 3.0}  # how much more often a survey's set is drawn
_MOST_CHANGED = 0.4  # of the bands, in sets that differ from a survey's
_ANY_SHARE = (0.15, 0.9)  # of the bands, in sets that follow no survey


def draw_bands_seen(bands: tuple[str, ...], how: BandsSeen, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw in which bands something is seen.

    Parameters
    ----------
    bands : tuple of str
        Bands in which it was drawn.
    how : {"all", "sets"}
        All of them, or a random set of at least three.
    rng : numpy Generator
        Of the set.

    Returns
    -------
    ndarray of bool, shape (band,)
        True where it is seen.
    """
    everywhere = np.ones(len(bands), bool)
    if how == "all" or len(bands) <= _FEWEST:
        return everywhere
    surveys = _surveys(bands)
    while True:
        kind = rng.random()
        if surveys and kind < _SURVEYS + _NEARLY:
            weights = np.array([_WEIGHTS.get(name, 1.0) for name in surveys])
            seen = list(surveys.values())[rng.choice(len(weights), p=weights / weights.sum())].copy()
            if kind > _SURVEYS:
                seen ^= rng.random(len(bands)) < rng.uniform(0, _MOST_CHANGED)
        else:
            seen = rng.random(len(bands)) < rng.uniform(*_ANY_SHARE)
        if seen.sum() >= _FEWEST:
            return seen


def _surveys(bands: tuple[str, ...]) -> dict[str, NDArray[np.bool_]]:
    """Which bands each survey has that shares at least three, by its name."""
    shared = {name: np.isin(bands, own) for name, own in BAND_SETS.items()}
    return {name: seen for name, seen in shared.items() if seen.sum() >= _FEWEST}
