"""Which caveats does each source of a catalogue have?

Flags are bits of the integer column `flags`. They are declared here once, as data, and every writer puts the
list into its header. A new flag is a new row of `FLAGS` and a new condition in `quality_flags`; bits are
never reused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.sources import ZMixture, default_grid

#: The field's outlier limit in |z_phot - z| / (1 + z); a PDF whose half 68 % interval is wider tells little.
WIDE_HALF_WIDTH = 0.15
#: A source is faint when no band reaches this signal-to-noise inside the mask.
LOW_SNR_LIMIT = 5.0
#: Probability that a second peak of the PDF must hold to count.
PEAK_PROBABILITY = 0.15
#: Distance from the end of the redshift range, in units of 1 + z, below which the range may have cut the
#: answer.
RANGE_MARGIN = 0.02


@dataclass(frozen=True)
class Flag:
    """One quality flag.

    Attributes
    ----------
    name : str
        In capitals.
    bit : int
        Number of its bit.
    description : str
        What is true of a source that has it.
    """

    name: str
    bit: int
    description: str

    @property
    def value(self) -> int:
        """What it adds to the column `flags`: 2 to the power of `bit`."""
        return 1 << self.bit


FLAGS = (
    Flag("EDGE", 0, "mask touches the edge of the image or of its tile, or pixels without data in any band"),
    Flag("BANDS_MISSING", 1, "at least one band of the catalogue has no valid pixels at the source"),
    Flag("LOW_SNR", 2, f"no band reaches a signal-to-noise ratio of {LOW_SNR_LIMIT:g} inside the mask"),
    Flag("BLENDED", 3, "mask touches or overlaps the mask of another source"),
    Flag("MULTIPEAK", 4, f"two or more peaks of the PDF hold {PEAK_PROBABILITY:.0%} of the probability each"),
    Flag("WIDE_PDF", 5, f"half of the 68% interval of the PDF is wider than {WIDE_HALF_WIDTH:g} (1 + z_phot)"),
    Flag("Z_RANGE_END", 6, f"z_phot is within {RANGE_MARGIN:g} (1 + z) of an end of the model's redshift range"),
    Flag("STAR", 7, "classified as a star or brown dwarf: its redshift means nothing"),
    Flag("UNMATCHED", 8, "detection has no counterpart in the reference catalogue"),
    Flag("OUTSIDE_TRAINING", 9, "novelty above 1: unlike the sources of known redshift that the model was checked on"),
    Flag("SATURATED", 10, "mask around pixels without data in a band whose neighbours are bright: a saturated core"),
)
_VALUES = {flag.name: flag.value for flag in FLAGS}


def flag_value(*names: str) -> int:
    """Return the integer with the named bits set.

    Parameters
    ----------
    *names : str
        Names of flags.

    Returns
    -------
    int
        Sum of their values.

    Examples
    --------
    >>> flag_value("EDGE", "BLENDED")
    9
    """
    return sum(_VALUES[name] for name in set(names))


def flag_names(value: int) -> tuple[str, ...]:
    """Return the names of the bits that are set.

    Parameters
    ----------
    value : int
        Of the column `flags`.

    Returns
    -------
    tuple of str
        Names of flags, lowest bit first.

    Examples
    --------
    >>> flag_names(9)
    ('EDGE', 'BLENDED')
    """
    return tuple(flag.name for flag in FLAGS if value & flag.value)


def quality_flags(
    *,
    edge: NDArray[np.bool_],
    saturated: NDArray[np.bool_],
    blended: NDArray[np.bool_],
    flux: NDArray[np.floating],
    flux_error: NDArray[np.floating],
    redshift: ZMixture,
    interval: NDArray[np.floating],
    z_phot: NDArray[np.floating],
    is_star: NDArray[np.bool_],
    novelty: NDArray[np.floating],
    z_range: tuple[float, float],
) -> NDArray[np.int32]:
    """Set the flags of N sources.

    Parameters
    ----------
    edge, saturated, blended : (N,) bool
        Where the flags of these names hold.
    flux, flux_error : (N, B) float, nJy
        Fluxes and their 1 σ errors; NaN where a band was not observed.
    redshift : ZMixture of length N
        Redshift PDFs.
    interval : (N, 2) float
        Ends of the central 68 % of each.
    z_phot : (N,) float
        Point estimates.
    is_star : (N,) bool
        Which sources are of a class without a redshift.
    novelty : (N,) float
        Distance from ordinary sources in units of the limit; NaN where it is not known.
    z_range : (float, float)
        Redshifts between which the model was trained.

    Returns
    -------
    (N,) int32
        The column `flags`.
    """
    seen = np.isfinite(flux)
    snr = np.divide(flux, flux_error, out=np.full(flux.shape, -np.inf), where=seen)
    low, high = interval.T
    margin = RANGE_MARGIN * (1 + z_phot)
    conditions = {
        "EDGE": edge,
        "BANDS_MISSING": ~seen.all(1),
        "LOW_SNR": snr.max(1, initial=-np.inf) < LOW_SNR_LIMIT,
        "BLENDED": blended,
        "MULTIPEAK": count_peaks(redshift) > 1,
        "WIDE_PDF": 0.5 * (high - low) > WIDE_HALF_WIDTH * (1 + z_phot),
        "Z_RANGE_END": (z_phot < z_range[0] + margin) | (z_phot > z_range[1] - margin),
        "STAR": is_star,
        "OUTSIDE_TRAINING": novelty > 1,
        "SATURATED": saturated,
    }
    flags = np.zeros(len(redshift), dtype=np.int32)
    for name, condition in conditions.items():
        flags[condition] |= _VALUES[name]
    return flags


def count_peaks(redshift: ZMixture, *, probability: float = PEAK_PROBABILITY) -> NDArray[np.int64]:
    """Count the peaks of redshift PDFs.

    A peak reaches from one minimum of the density in ln(1 + z) to the next. Cells of 0.02 in ln(1 + z), the best
    photo-z scatter, make one peak of those that are closer.

    Parameters
    ----------
    redshift : ZMixture of length N
        The PDFs.
    probability : float
        Least probability of a peak that counts.

    Returns
    -------
    (N,) int64
        Number of peaks.
    """
    edges = default_grid()[::10]
    peaks = np.empty(len(redshift), dtype=np.int64)
    for start in range(0, len(redshift), 4096):  # bounded memory for whole surveys
        rows = slice(start, start + 4096)
        cells = np.diff(redshift[rows].cdf(edges), axis=1)  # (n, cell), probability of each
        climbs = np.diff(cells, axis=1) > 0
        valley = np.zeros(cells.shape, dtype=bool)
        valley[:, 1:-1] = climbs[:, 1:] & ~climbs[:, :-1]  # where a new peak begins
        peak = valley.cumsum(1)  # (n, cell), number of the peak that each cell belongs to
        count = int(peak.max(initial=0)) + 1
        joint = (np.arange(len(cells))[:, None] * count + peak).ravel()
        held = np.bincount(joint, weights=cells.ravel(), minlength=len(cells) * count).reshape(-1, count)
        peaks[rows] = (held >= probability).sum(1)
    return peaks
