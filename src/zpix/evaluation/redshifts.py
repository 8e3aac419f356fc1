"""How good are redshifts, and can their PDFs be trusted?

The metrics of the field, with Δz = z_phot − z_true:

* bias: the median of Δz / (1 + z_true);
* scatter: σ_NMAD = 1.4826 median(|Δz / (1 + z_true) − bias|);
* outlier fraction η: how many have |Δz| / (1 + z_true) > 0.15.

And of the PDFs p with cumulative distribution F:

* the probability integral transform PIT = F(z_true), uniform if the PDFs are right, its Kolmogorov–Smirnov
  distance from uniform, and the coverage of the 68 % and 95 % intervals;
* the continuous ranked probability score CRPS = ∫ (F(z) − [z ≥ z_true])² dz;
* the conditional density estimate loss CDE = ∫ p² dz − 2 p(z_true) (Izbicki & Lee 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import trapezoid

from zpix.sources import default_grid, sigma_nmad

Floats = NDArray[np.float64]

#: |Δz| / (1 + z) beyond which a redshift is an outlier.
OUTLIER_LIMIT = 0.15
_ROWS_AT_ONCE = 2048


class RedshiftPdf(Protocol):
    """What the scores ask of N redshift PDFs; `ZMixture` is one."""

    def __len__(self) -> int: ...
    def __getitem__(self, rows: slice) -> RedshiftPdf: ...
    def pdf(self, z: ArrayLike) -> Floats: ...
    def cdf(self, z: ArrayLike) -> Floats: ...


@dataclass(frozen=True, eq=False)
class RedshiftSample:
    """N sources with photometric and true redshift, and what their PDFs say; all arrays (N,), float64 if not bool.

    Attributes
    ----------
    z_true, z_phot
    pit
        Probability that the PDF gives to redshifts below the true one.
    crps
        Continuous ranked probability score, in redshift; smaller is better.
    cde_loss
        Conditional density estimate loss, per unit redshift; smaller is better.
    inside_68, inside_95 : bool
        Whether the true redshift is inside the 68 % and the 95 % interval.
    """

    z_true: Floats
    z_phot: Floats
    pit: Floats
    crps: Floats
    cde_loss: Floats
    inside_68: NDArray[np.bool_]
    inside_95: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.z_true)

    def select(self, rows: slice | NDArray) -> RedshiftSample:
        """The sample of some rows."""
        return RedshiftSample(*(getattr(self, f.name)[rows] for f in fields(self)))

    @property
    def error(self) -> Floats:
        """Δz / (1 + z_true)."""
        return (self.z_phot - self.z_true) / (1 + self.z_true)


@dataclass(frozen=True)
class Estimate:
    """A score and the standard deviation of its bootstrap resamples."""

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
    """Compare N PDFs and point estimates with the true redshifts, all finite.

    `intervals` has the ends (N, 2) of the intervals of 0.68 and 0.95; by default they are central in the PDFs.
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
    """All scores of a sample, with bootstrap uncertainties."""
    n = len(sample)
    values = _scores(sample)
    draws = [_scores(sample.select(rng.integers(0, n, n))) for _ in range(n_bootstrap if n else 0)]
    errors = np.std(draws, axis=0) if draws else np.full(len(values), np.nan)
    return RedshiftScores(n, *(Estimate(float(v), float(e)) for v, e in zip(values, errors, strict=True)))


def ks_distance(pit: ArrayLike) -> float:
    """Largest difference between the distribution of the PIT values and the uniform one; NaN of nothing.

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

    On a grid of its own for each source: fine at z_true, with steps that grow to a twentieth of the distance.
    """
    offset = 0.002 * (1 + z_true[:, None]) * np.sinh(np.linspace(0, 10.5, 211))  # (N, 211), to 36 (1 + z)
    low, high = np.maximum(z_true[:, None] - offset, 0.0), z_true[:, None] + offset
    below, above = pdf.cdf(low), 1 - pdf.cdf(high)
    return -trapezoid(below**2, low, axis=1) + trapezoid(above**2, high, axis=1)


def _cde_loss(pdf: RedshiftPdf, z_true: Floats) -> Floats:
    """∫ p² dz − 2 p(z_true), shape (N,); steps of 0.002 in ln(1 + z) are a tenth of the best scatter."""
    z = default_grid(max(30.0, 1.5 * float(z_true.max(initial=0.0))))
    return trapezoid(pdf.pdf(z) ** 2, z, axis=1) - 2 * pdf.pdf(z_true[:, None])[:, 0]
