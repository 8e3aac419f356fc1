"""How much information on the redshift does a quantity have?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import digamma

Floats = NDArray[np.float64]

# Noise that breaks ties of quantities that are whole numbers, in units of their standard deviation.
_TINY = 1e-6


def mutual_information(x: Floats, y: Floats, *, rng: np.random.Generator, neighbours: int = 3) -> float:
    """Mutual information of two quantities, from the distances of nearest neighbours.

    The first estimator of Kraskov, Stögbauer & Grassberger (2004, Phys. Rev. E 69, 066138, equation 8), which uses no
    bins and finds relations of any form. Independent quantities have zero, Gaussian ones −ln(1 − ρ²) / 2.

    Parameters
    ----------
    x, y : (N,) float
        The quantities, all finite.
    rng : numpy.random.Generator
        Draws a little noise that breaks ties.
    neighbours : int, default: 3
        Number of nearest neighbours.

    Returns
    -------
    float
        In nats, not negative.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, noise = rng.normal(size=(2, 2000))
    >>> bool(abs(mutual_information(x, 0.8 * x + 0.6 * noise, rng=rng) - 0.51) < 0.05)
    True
    """
    if len(x) <= neighbours:
        return 0.0
    columns = [_standardised(values, rng) for values in (x, y)]
    joint = np.concatenate(columns, axis=1)
    distance = cKDTree(joint).query(joint, neighbours + 1, p=np.inf)[0][:, -1]
    inside = np.nextafter(distance, 0)
    # Number of neighbours nearer than that in one quantity alone, plus the source itself: n + 1.
    near = [cKDTree(own).query_ball_point(own, inside, p=np.inf, return_length=True) for own in columns]
    nats = digamma(neighbours) + digamma(len(x)) - sum(digamma(count).mean() for count in near)
    return max(float(nats), 0.0)


def chance_information(
    x: Floats, y: Floats, *, rng: np.random.Generator, shuffles: int = 19, neighbours: int = 3
) -> float:
    """Largest mutual information of shuffled values.

    Unrelated quantities exceed it with a chance of 5 % for 19 shuffles.

    Parameters
    ----------
    x, y : (N,) float
        The quantities, all finite.
    rng : numpy.random.Generator
        Shuffles `y` and breaks ties.
    shuffles : int, default: 19
        Number of shuffles.
    neighbours : int, default: 3
        Number of nearest neighbours.

    Returns
    -------
    float
        In nats.
    """
    return max(mutual_information(x, rng.permutation(y), rng=rng, neighbours=neighbours) for _ in range(shuffles))


def _standardised(values: Floats, rng: np.random.Generator) -> Floats:
    """Zero mean, unit variance, no ties, as a column (N, 1)."""
    scaled = (values - values.mean()) / max(float(values.std()), 1e-300)
    column: Floats = (scaled + _TINY * rng.normal(size=len(values)))[:, None]
    return column
