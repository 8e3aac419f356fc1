"""Can what was found be real? A model that has learnt too little finds sources in the noise."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import Catalogue
from zpix.catalogue.schema import flux_column, flux_error_column

log = logging.getLogger(__name__)

#: Signal-to-noise ratio, all bands together, that real sources do not fall below: the faintest of the shipped model's
#: detections on the demo's field has 6, and sums over noise have 2 or less.
FAINTEST_SNR = 5.0
# Fewer sources than these say nothing.
_FEWEST = 20
# Pixels that a source has to itself. A source every 15 beams is confusion: at 0.03 arcsec a beam of F444W is 26 pixels,
# and the deepest fields, with one source for 2,000 pixels, are far from it.
_LEAST_PIXELS = 400


def count_faint(catalogue: Catalogue) -> int:
    """Count detections that stand out of the noise in no way.

    Parameters
    ----------
    catalogue : Catalogue
        Sources; those that a reference catalogue forces are not counted.

    Returns
    -------
    int
        Number of detections with a signal-to-noise ratio below 5 in all observed bands together, the sum of those of
        the bands over the square root of their number.
    """
    return int((found_alone(catalogue) & (_stacked_snr(catalogue) < FAINTEST_SNR)).sum())


def found_alone(catalogue: Catalogue) -> NDArray[np.bool_]:
    """Say which sources the network has found by itself.

    Parameters
    ----------
    catalogue : Catalogue
        N sources.

    Returns
    -------
    (N,) bool
        False for rows that a reference catalogue forces.
    """
    if "origin" not in catalogue.columns:
        return np.ones(len(catalogue), bool)
    return np.asarray(catalogue["origin"] != "forced")


def remark_on(*, detections: int, faint: int, shape: tuple[int, int]) -> None:
    """Warn of a catalogue that is mostly noise, or denser than a field can be.

    Parameters
    ----------
    detections : int
        Number of sources that the network has found by itself.
    faint : int
        Those of them that `count_faint` counts.
    shape : (int, int)
        Shape (ny, nx) of the mosaic in pixels.
    """
    if detections < _FEWEST:
        return
    advice = "look at them in detections.png, and see whether the model was trained for long, and on such images"
    if faint > 0.5 * detections:
        log.warning(
            "%d of %d detections have a signal-to-noise ratio below %g in all bands together and may be noise: %s",
            faint, detections, FAINTEST_SNR, advice,
        )  # fmt: skip
    share = shape[0] * shape[1] / detections
    if share < _LEAST_PIXELS:
        log.warning(
            "%d detections are one for every %.0f pixels, more than a field can hold (the deepest have one for some "
            "2,000): %s", detections, share, advice,
        )  # fmt: skip


def _stacked_snr(catalogue: Catalogue) -> NDArray[np.float64]:
    """Signal-to-noise ratio of N sources in all observed bands together, (N,); 0 where none was observed."""
    if not catalogue.bands:
        return np.zeros(len(catalogue))
    flux, error = (
        np.stack([catalogue[name(band)] for band in catalogue.bands], axis=1, dtype=np.float64)
        for name in (flux_column, flux_error_column)
    )
    ratio = np.divide(flux, error, out=np.full(flux.shape, np.nan), where=error > 0)
    observed = np.isfinite(ratio).sum(1)
    stacked: NDArray[np.float64] = np.nansum(ratio, axis=1) / np.sqrt(np.maximum(observed, 1))
    return stacked
