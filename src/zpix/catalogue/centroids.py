"""Where is the centre of a source, under a Gaussian window that follows it?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.light_windows import LightWindows

Floats = NDArray[np.floating]

#: Narrowest window of a centroid in pixels: about the width of a star.
LEAST_SIGMA_PIX = 1.0
# Width of the narrower windows in units of the wider ones.
_NARROWER = 0.5
# How often neighbours are taken out, and how many steps to the centroid follow each time.
_ROUNDS, _STEPS = 2, 8
# A centroid has been found when it moves by less.
_CONVERGED_PIX = 3e-3


def windowed_centroid(
    windows: LightWindows, centre_xy: Floats, sigma_pix: Floats, *, known: bool = False
) -> NDArray[np.float64]:
    """Find centroids under Gaussian windows that follow them (SExtractor's XWIN_IMAGE).

    Parameters
    ----------
    windows : LightWindows
        Of N sources.
    centre_xy : (N, 2) float, pixels
        Where to begin.
    sigma_pix : (N,) float, pixels
        Widths of the windows.
    known : bool, default False
        Whether the centres are known well: masks of blends overlap, and far from a known centre they are not trusted.

    Returns
    -------
    (N, 2) float64, pixels
        The centroids.
    """
    centre, sigma = centre_xy.astype(np.float64), sigma_pix[:, None]
    narrow = np.float32(1 / sigma)
    for done in range(1 if known else 0, _ROUNDS):
        light, _ = windows.without_neighbours(centre, core_pix=sigma_pix if done else None)
        moving = np.ones(len(centre), bool)
        for _ in range(_STEPS):
            dx, dy = windows.offsets(centre)
            across, along = (np.exp(-0.5 * (d * narrow) ** 2) for d in (dx, dy))
            # (N, y, x) @ (N, x, 2), then (N, 2, y) @ (N, y, 2): sums of light, of its x and of its y
            columns = np.matmul(light, np.stack([across, across * dx], axis=2))
            sums = np.matmul(np.stack([along, along * dy], axis=1), columns).astype(np.float64)
            total, first = sums[:, 0, 0], np.stack([sums[:, 0, 1], sums[:, 1, 0]], axis=1)
            moving &= total > 0
            step = 2 * first[moving] / total[moving, None]
            centre[moving] += np.clip(step, -sigma[moving], sigma[moving])
            moving[moving] = np.abs(step).max(1, initial=0) > _CONVERGED_PIX
            if not moving.any():
                break
    return centre


def narrower_centroid(windows: LightWindows, centre_xy: Floats, sigma_pix: Floats) -> NDArray[np.float64]:
    """Find centroids again under narrower windows, which see less of neighbours and more of the noise.

    Parameters
    ----------
    windows : LightWindows
        Of N sources.
    centre_xy : (N, 2) float, pixels
        Centroids under the wider windows.
    sigma_pix : (N,) float, pixels
        Widths of these.

    Returns
    -------
    (N, 2) float64, pixels
        The centroids; the given ones where a narrower window leaves the wider one.
    """
    narrow = np.maximum(_NARROWER * sigma_pix, LEAST_SIGMA_PIX)
    centre = windowed_centroid(windows, centre_xy, narrow, known=True)
    away: NDArray[np.bool_] = np.hypot(*(centre - centre_xy).T) > sigma_pix
    return np.where(away[:, None], centre_xy, centre)
