"""What does a redshift PDF look like, and which numbers summarise it?

A `ZMixture` is a Gaussian mixture in redshift, truncated at z ≥ 0 and normalised there, one per source. The network
predicts its parameters; every point estimate, interval and score of zpix is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from zpix.sources.rows import Rows

Floats = NDArray[np.float64]

# Redshift differences are judged relative to 1 + z, so grids are uniform in ln(1 + z); 0.002 is a tenth of the best
# photo-z scatter.
_LN_STEP = 0.002
# The expected loss of `least_risk` is as smooth as its loss, 0.15 wide; a parabola finds the peak between grid points.
_RISK_LN_STEP = 0.01


def default_grid(z_max: float = 20.0, *, ln_step: float = _LN_STEP) -> Floats:
    """Return a redshift grid that is uniform in ln(1 + z).

    Parameters
    ----------
    z_max : float, default 20
        The grid starts at 0 and reaches this redshift at least.
    ln_step : float, default 0.002
        Step in ln(1 + z).

    Returns
    -------
    (G,) float64
        Redshifts.

    Examples
    --------
    >>> default_grid(0.01).round(4)
    array([0.    , 0.002 , 0.004 , 0.006 , 0.008 , 0.0101])
    """
    count = int(np.ceil(np.log1p(z_max) / ln_step)) + 1
    grid: Floats = np.expm1(np.arange(count) * ln_step)
    return grid


@dataclass(frozen=True, eq=False)
class ZMixture(Rows):
    """Gaussian mixtures in redshift for N sources with K components each, truncated at z ≥ 0.

    Attributes
    ----------
    weights : (N, K) float64
        Weights of the untruncated components; they sum to one over K.
    means : (N, K) float64
        Means of the components, in redshift.
    widths : (N, K) float64
        Standard deviations of the components, in redshift, above 0.

    Raises
    ------
    ValueError
        If the three arrays do not share one shape (N, K), or a width is not positive.

    Notes
    -----
    p(z) = Σ_k w_k N(z; μ_k, σ_k) / Σ_k w_k Φ(μ_k / σ_k) for z ≥ 0, and zero below.

    Examples
    --------
    >>> one = ZMixture(np.ones((1, 1)), np.full((1, 1), 2.0), np.full((1, 1), 0.1))
    >>> one.quantile(0.5).round(3)
    array([2.])
    """

    weights: Floats
    means: Floats
    widths: Floats

    def __post_init__(self) -> None:
        for name in ("weights", "means", "widths"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        if self.weights.ndim != 2 or not self.weights.shape == self.means.shape == self.widths.shape:
            raise ValueError("weights, means and widths must share one shape (N, K)")
        if np.any(self.widths <= 0):
            raise ValueError("mixture widths must be positive")

    @cached_property
    def _mass(self) -> Floats:
        """Probability of the untruncated mixture at z ≥ 0, (N, 1)."""
        mass: Floats = np.maximum((self.weights * ndtr(self.means / self.widths)).sum(1, keepdims=True), 1e-12)
        return mass

    def pdf(self, z: ArrayLike) -> Floats:
        """Return the probability density.

        Parameters
        ----------
        z : (G,) or (N, G) float
            Redshifts, the same for all sources or those of each.

        Returns
        -------
        (N, G) float64
            Density per unit redshift; 0 below z = 0.
        """
        grid = self._grid(z)
        deviation = (grid[:, :, None] - self.means[:, None]) / self.widths[:, None]  # (N, G, K)
        density = self.weights[:, None] * np.exp(-0.5 * deviation**2) / (np.sqrt(2 * np.pi) * self.widths[:, None])
        return np.where(grid >= 0, density.sum(2) / self._mass, 0.0)

    def cdf(self, z: ArrayLike) -> Floats:
        """Return the probability that a source lies below a redshift.

        Parameters
        ----------
        z : (G,) or (N, G) float
            Redshifts, the same for all sources or those of each.

        Returns
        -------
        (N, G) float64
            Cumulative probability, 0 to 1.
        """
        grid = np.maximum(self._grid(z), 0.0)
        below = ndtr((grid[:, :, None] - self.means[:, None]) / self.widths[:, None])
        start = ndtr(-self.means / self.widths)[:, None]
        probability: Floats = np.clip((self.weights[:, None] * (below - start)).sum(2) / self._mass, 0.0, 1.0)
        return probability

    def binned(self, edges: NDArray[np.float64]) -> Floats:
        """Return the mean probability density in bins, which other tools read as a histogram.

        This is the fast path of differences of `cdf`: components are followed to six standard deviations.

        Parameters
        ----------
        edges : (G + 1,) float64
            Edges of the bins, ascending from 0.

        Returns
        -------
        (N, G) float64
            Density per unit redshift; what lies beyond the last edge is left out, and the integral is 1.
        """
        count, last = len(self), len(edges) - 1
        mean, width, weight = (values.ravel() for values in (self.means, self.widths, self.weights))
        first = (np.searchsorted(edges, mean - 6 * width, side="right") - 1).clip(0, last - 1)
        stop = np.searchsorted(edges, mean + 6 * width).clip(first + 1, last)  # edges first to stop, both included
        many = stop - first + 1
        component = np.repeat(np.arange(len(mean)), many)
        edge = np.arange(len(component)) + np.repeat(first - (np.cumsum(many) - many), many)
        below = ndtr((edges[edge] - mean[component]) / width[component])
        within = component[1:] == component[:-1]
        share = (weight[component[:-1]] * np.diff(below))[within]
        place = (component[:-1] // self.means.shape[1] * last + edge[:-1])[within]
        mass = np.bincount(place, weights=share, minlength=count * last).reshape(count, last)
        density: Floats = mass / np.maximum(mass.sum(1, keepdims=True), 1e-300) / np.diff(edges)
        return density

    def probability_between(self, z_low: float, z_high: float) -> Floats:
        """Return P(z_low < z < z_high) for each source.

        Parameters
        ----------
        z_low, z_high : float
            Ends of the redshift range.

        Returns
        -------
        (N,) float64
            Probability, 0 to 1.
        """
        edges = self.cdf(np.array([z_low, z_high]))
        probability: Floats = edges[:, 1] - edges[:, 0]
        return probability

    def mean(self) -> Floats:
        """Return the mean redshift, Σ w (μ Φ(μ/σ) + σ φ(μ/σ)) / Σ w Φ(μ/σ).

        Returns
        -------
        (N,) float64
            Mean of the truncated mixture.
        """
        ratio = self.means / self.widths
        density = np.exp(-0.5 * ratio**2) / np.sqrt(2 * np.pi)
        first = self.weights * (self.means * ndtr(ratio) + self.widths * density)
        mean: Floats = first.sum(1) / self._mass[:, 0]
        return mean

    def quantile(self, q: ArrayLike) -> Floats:
        """Return the redshift below which the probability is `q`.

        The CDF is bisected, to better than 1e-6 in z.

        Parameters
        ----------
        q : float or (Q,) float
            Probabilities, 0 to 1.

        Returns
        -------
        (N,) or (N, Q) float64
            Redshifts: (N,) for one probability, (N, Q) for several.
        """
        wanted = np.atleast_1d(np.asarray(q, dtype=np.float64))
        low = np.zeros((len(self), wanted.size))
        top = np.maximum((self.means + 8 * self.widths).max(1, initial=0.0), 1e-3)
        high = np.repeat(top[:, None], wanted.size, axis=1)
        for _ in range(48):
            middle = 0.5 * (low + high)
            under = self.cdf(middle) < wanted
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        found: Floats = 0.5 * (low + high)
        return found.reshape(len(self)) if np.ndim(q) == 0 else found

    def mode(self) -> Floats:
        """Return the redshift of the highest density.

        The search starts from the component mean where the density is highest, and climbs with the mean-shift fixed
        point of a Gaussian mixture (Carreira-Perpiñán 2000), which stays on one peak.

        Returns
        -------
        (N,) float64
            Redshifts.
        """
        start = np.maximum(self.means, 0.0)
        best = start[np.arange(len(self)), self.pdf(start).argmax(1)] if len(self) else np.zeros(0)
        for _ in range(60):
            deviation = (best[:, None] - self.means) / self.widths
            pull = self.weights * np.exp(-0.5 * deviation**2) / self.widths**3 + 1e-300
            best = np.maximum((pull * self.means).sum(1) / pull.sum(1), 0.0)
        return best

    def least_risk(self) -> Floats:
        """Return the point estimate of least expected loss: `z_phot` in the catalogue.

        The loss is that of Tanaka et al. 2018 (PASJ 70, S9), L(Δ) = 1 − 1 / (1 + (Δ/0.15)²) with
        Δ = (z_p − z) / (1 + z). It prefers the redshift with most probability within the usual outlier limit to the
        narrowest peak.

        Returns
        -------
        (N,) float64
            Redshifts.
        """
        z = default_grid(ln_step=_RISK_LN_STEP)
        delta = (z[:, None] - z[None]) / (1 + z[None])  # (estimate, true)
        gain = 1 / (1 + (delta / 0.15) ** 2)
        best = np.empty(len(self))
        for start in range(0, len(self), 2048):  # bounded memory for whole surveys
            rows = slice(start, start + 2048)
            edges = self[rows].cdf(np.concatenate([[0.0], 0.5 * (z[1:] + z[:-1]), [np.inf]]))
            expected = np.diff(edges, axis=1) @ gain.T  # exact probability of each grid cell, then (n, estimate)
            best[rows] = _parabola_peak(z, expected)
        return best

    def sample(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw random redshifts by inverting the CDF at uniform deviates.

        Parameters
        ----------
        count : int
            Redshifts per source.
        rng : numpy Generator
            Source of the random numbers.

        Returns
        -------
        (N, count) float64
            Redshifts.
        """
        uniform = rng.random((len(self), count))
        grid = default_grid(max(20.0, float((self.means + 6 * self.widths).max(initial=0.0))))
        drawn = np.empty_like(uniform)
        for row in range(len(self)):
            drawn[row] = np.interp(uniform[row], self[row : row + 1].cdf(grid)[0], grid)
        return drawn

    def _grid(self, z: ArrayLike) -> Floats:
        """Redshifts as (N, G)."""
        grid = np.asarray(z, dtype=np.float64)
        return np.broadcast_to(grid, (len(self), grid.shape[-1]))


def _parabola_peak(x: Floats, y: Floats) -> Floats:
    """Abscissa of the maximum of each row of y (N, G), refined by the parabola through it and its neighbours."""
    top = np.clip(y.argmax(1), 1, x.size - 2)
    rows = np.arange(len(y))
    left, middle, right = y[rows, top - 1], y[rows, top], y[rows, top + 1]
    curvature = left - 2 * middle + right
    shift = np.where(curvature < 0, 0.5 * (left - right) / np.where(curvature < 0, curvature, -1.0), 0.0)
    spacing = 0.5 * (x[top + 1] - x[top - 1])
    peak: Floats = np.maximum(x[top] + np.clip(shift, -1, 1) * spacing, 0.0)
    return peak
