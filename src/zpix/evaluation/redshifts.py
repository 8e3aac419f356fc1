"""How good are redshifts, and can their PDFs be trusted?

The metrics of the field, with Δz = z_phot − z_true:

* bias: the median of Δz / (1 + z_true);
* scatter: σ_NMAD = 1.4826 median(|Δz / (1 + z_true) − bias|);
* outlier fraction η: the share with |Δz| / (1 + z_true) > 0.15.

And of the PDFs p with cumulative distribution F:

* the probability integral transform PIT = F(z_true), uniform if the PDFs are right, its Kolmogorov–Smirnov
  distance from uniform, and the coverage of the 68 % and 95 % intervals;
* the continuous ranked probability score CRPS = ∫ (F(z) − [z ≥ z_true])² dz;
* the conditional density estimate loss CDE = ∫ p² dz − 2 p(z_true) (Izbicki & Lee 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import trapezoid

from zpix.sources import default_grid, sigma_nmad
from zpix.sources.rows import Rows

Floats = NDArray[np.float64]

#: |Δz| / (1 + z) beyond which a redshift is an outlier.
OUTLIER_LIMIT = 0.15
_ROWS_AT_ONCE = 2048


class RedshiftPdf(Protocol):
    """What the scores need of N redshift PDFs; `ZMixture` and `GridPdf` have it."""

    def __len__(self) -> int:
        """Return the number of sources."""

    def __getitem__(self, rows: slice | NDArray[Any]) -> RedshiftPdf:
        """Return the PDFs of some sources."""

    def pdf(self, z: ArrayLike) -> Floats:
        """Probability density.

        Parameters
        ----------
        z : (G,) or (N, G) float
            Redshifts, the same for all sources or own ones.

        Returns
        -------
        (N, G) float64
            Per unit redshift.
        """

    def cdf(self, z: ArrayLike) -> Floats:
        """Probability of a lower redshift.

        Parameters
        ----------
        z : (G,) or (N, G) float
            Redshifts, the same for all sources or own ones.

        Returns
        -------
        (N, G) float64
            Cumulative probability, 0 to 1.
        """

    def probability_between(self, z_low: float, z_high: float) -> Floats:
        """Probability of a range of redshift.

        Parameters
        ----------
        z_low : float
            Lower end.
        z_high : float
            Upper end; may be infinite.

        Returns
        -------
        (N,) float64
            Probability of each source, 0 to 1.
        """


@dataclass(frozen=True, eq=False)
class Redshifts(Rows):
    """Redshifts of G sources by one method.

    Attributes
    ----------
    pdf : RedshiftPdf of length G
        Redshift PDFs, such as a `ZMixture` or a `GridPdf`.
    z_phot : (G,) float64
        Point estimates.
    """

    pdf: RedshiftPdf
    z_phot: Floats


@dataclass(frozen=True, eq=False)
class RedshiftSample(Rows):
    """N sources with photometric and true redshifts, and what is known of their PDFs.

    Attributes
    ----------
    z_true : (N,) float64
        True redshift.
    z_phot : (N,) float64
        Photometric redshift, the point estimate.
    pit : (N,) float64
        Probability that the PDF gives to redshifts below the true one.
    crps : (N,) float64
        Continuous ranked probability score, in redshift; smaller is better.
    cde_loss : (N,) float64
        Conditional density estimate loss, per unit redshift; smaller is better.
    inside_68, inside_95 : (N,) bool
        Whether the true redshift is inside the 68 % and the 95 % interval.
    """

    z_true: Floats
    z_phot: Floats
    pit: Floats
    crps: Floats
    cde_loss: Floats
    inside_68: NDArray[np.bool_]
    inside_95: NDArray[np.bool_]

    @property
    def error(self) -> Floats:
        """Error Δz / (1 + z_true) of each source, (N,)."""
        return (self.z_phot - self.z_true) / (1 + self.z_true)


@dataclass(frozen=True)
class Estimate:
    """A score with its uncertainty.

    Attributes
    ----------
    value : float
        The score.
    error : float
        Standard deviation of its bootstrap resamples, 1 σ.
    """

    value: float
    error: float


@dataclass(frozen=True)
class RedshiftScores:
    """Scores of a sample; NaN for an empty one.

    Attributes
    ----------
    count : int
        Number of sources.
    bias, sigma_nmad, outlier_fraction : Estimate
        Of Δz / (1 + z_true).
    pit_ks : Estimate
        Kolmogorov–Smirnov distance of the PIT values from uniform.
    coverage_68, coverage_95 : Estimate
        Fraction of true redshifts inside the intervals z160–z840 and z025–z975.
    crps, cde_loss : Estimate
        Means over the sample.
    """

    count: int
    bias: Estimate
    sigma_nmad: Estimate
    outlier_fraction: Estimate
    pit_ks: Estimate
    coverage_68: Estimate
    coverage_95: Estimate
    crps: Estimate
    cde_loss: Estimate


def redshift_sample(
    pdf: RedshiftPdf,
    z_phot: ArrayLike,
    z_true: ArrayLike,
    *,
    intervals: Mapping[float, NDArray[np.floating]] | None = None,
) -> RedshiftSample:
    """Compare N PDFs and point estimates with the true redshifts.

    Parameters
    ----------
    pdf : RedshiftPdf
        The PDFs.
    z_phot : (N,) float
        Point estimates, all finite.
    z_true : (N,) float
        True redshifts, all finite.
    intervals : mapping of float to (N, 2) float, optional
        Lower and upper ends of the intervals of probability 0.68 and 0.95; central ones of the PDFs by default.

    Returns
    -------
    RedshiftSample
        One row per source.
    """
    z_phot, z_true = np.asarray(z_phot, np.float64), np.asarray(z_true, np.float64)
    pit, crps, cde = (np.empty(len(z_true)) for _ in range(3))
    for start in range(0, len(z_true), _ROWS_AT_ONCE):  # bounded memory for whole surveys
        rows = slice(start, start + _ROWS_AT_ONCE)
        pit[rows] = pdf[rows].cdf(z_true[rows, None])[:, 0]
        crps[rows] = _crps(pdf[rows], z_true[rows])
        cde[rows] = _cde_loss(pdf[rows], z_true[rows])
    if intervals is None:
        inside = [np.abs(pit - 0.5) <= 0.5 * share for share in (0.68, 0.95)]
    else:
        inside = [(intervals[s][:, 0] <= z_true) & (z_true <= intervals[s][:, 1]) for s in (0.68, 0.95)]
    return RedshiftSample(z_true, z_phot, pit, crps, cde, *inside)


def score_redshifts(sample: RedshiftSample, *, rng: np.random.Generator, n_bootstrap: int = 100) -> RedshiftScores:
    """Compute all scores of a sample, with bootstrap uncertainties.

    Parameters
    ----------
    sample : RedshiftSample
        May be empty: its scores are NaN.
    rng : numpy.random.Generator
        Draws the resamples.
    n_bootstrap : int, default: 100
        Number of resamples.

    Returns
    -------
    RedshiftScores
        The scores.
    """
    n = len(sample)
    values = _scores(sample)
    draws = [_scores(sample[rng.integers(0, n, n)]) for _ in range(n_bootstrap if n else 0)]
    errors = np.std(draws, axis=0) if draws else np.full(len(values), np.nan)
    return RedshiftScores(n, *(Estimate(float(v), float(e)) for v, e in zip(values, errors, strict=True)))


def ks_distance(pit: ArrayLike) -> float:
    """Kolmogorov–Smirnov distance of PIT values from the uniform distribution.

    Parameters
    ----------
    pit : (N,) float
        PIT values, 0 to 1.

    Returns
    -------
    float
        Largest difference of the cumulative distributions; NaN without values.

    Examples
    --------
    >>> ks_distance([0.5])
    0.5
    """
    ordered = np.sort(np.asarray(pit, np.float64))
    if not len(ordered):
        return float("nan")
    steps = np.arange(len(ordered) + 1) / len(ordered)
    return float(max(np.max(steps[1:] - ordered), np.max(ordered - steps[:-1])))


def _scores(sample: RedshiftSample) -> list[float]:
    """Values in the order of the fields of `RedshiftScores` after the count."""
    if not len(sample):
        return [float("nan")] * (len(fields(RedshiftScores)) - 1)
    error = sample.error
    bias = np.median(error)
    values = (
        bias,
        sigma_nmad(error),
        np.mean(np.abs(error) > OUTLIER_LIMIT),
        ks_distance(sample.pit),
        np.mean(sample.inside_68),
        np.mean(sample.inside_95),
        np.mean(sample.crps),
        np.mean(sample.cde_loss),
    )
    return [float(value) for value in values]


def _crps(pdf: RedshiftPdf, z_true: Floats) -> Floats:
    """∫_0^z F² + ∫_z^∞ (1 − F)² with z = z_true, shape (N,).

    Each source has its own grid, fine at z_true, with steps that grow to a twentieth of the distance from it.
    """
    offset = 0.002 * (1 + z_true[:, None]) * np.sinh(np.linspace(0, 10.5, 211))  # (N, 211), to 36 (1 + z)
    low, high = np.maximum(z_true[:, None] - offset, 0.0), z_true[:, None] + offset
    below, above = pdf.cdf(low), 1 - pdf.cdf(high)
    score: Floats = -trapezoid(below**2, low, axis=1) + trapezoid(above**2, high, axis=1)
    return score


def _cde_loss(pdf: RedshiftPdf, z_true: Floats) -> Floats:
    """∫ p² dz − 2 p(z_true), shape (N,); steps of 0.002 in ln(1 + z) are a tenth of the best scatter."""
    z = default_grid(max(30.0, 1.5 * float(z_true.max(initial=0.0))))
    loss: Floats = trapezoid(pdf.pdf(z) ** 2, z, axis=1) - 2 * pdf.pdf(z_true[:, None])[:, 0]
    return loss
