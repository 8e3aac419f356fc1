"""How are redshift PDFs on a grid evaluated and integrated, such as those of template fitting?"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.sources import default_grid
from zpix.sources.rows import SHARED, Rows

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GridPdf(Rows):
    """N redshift PDFs, linear between the points of one grid and zero beyond it.

    Has the methods of a `ZMixture` that scores need.

    Attributes
    ----------
    z : (G,) float64
        Increasing redshifts, the same for all sources.
    density : (N, G) float64
        Probability per unit redshift, not negative; normalised on construction. A row of zeros, a source without an
        answer, becomes flat.

    Examples
    --------
    >>> GridPdf(np.array([0.0, 1.0, 2.0]), np.array([[0.0, 3.0, 0.0]])).cdf([1.0, 5.0])
    array([[0.5, 1. ]])
    """

    z: Floats = field(metadata=SHARED)
    density: Floats

    def __post_init__(self) -> None:
        z, density = np.asarray(self.z, np.float64), np.asarray(self.density, np.float64)
        if z.ndim != 1 or density.shape != (len(density), len(z)) or np.any(np.diff(z) <= 0):
            raise ValueError("density must be (N, G) on an increasing grid of G redshifts")
        total = np.asarray(np.trapezoid(density, z, axis=1))[:, None]
        density = np.where(total > 0, density / np.where(total > 0, total, 1.0), 1 / (z[-1] - z[0]))
        object.__setattr__(self, "z", z)
        object.__setattr__(self, "density", density)

    @cached_property
    def _cumulative(self) -> Floats:
        """CDF at the grid points, (N, G)."""
        steps = 0.5 * (self.density[:, 1:] + self.density[:, :-1]) * np.diff(self.z)
        return np.concatenate([np.zeros((len(self), 1)), np.cumsum(steps, axis=1)], axis=1)

    def pdf(self, z: ArrayLike) -> Floats:
        """Evaluate the probability density.

        Parameters
        ----------
        z : (G,) or (N, G) float
            Redshifts, the same for all sources or own ones.

        Returns
        -------
        (N, G) float64
            Per unit redshift.
        """
        at, cell, fraction = self._place(z)
        low, high = (np.take_along_axis(self.density, cell + step, axis=1) for step in (0, 1))
        return np.where((at >= self.z[0]) & (at <= self.z[-1]), low + fraction * (high - low), 0.0)

    def cdf(self, z: ArrayLike) -> Floats:
        """Evaluate the cumulative probability.

        Parameters
        ----------
        z : (G,) or (N, G) float
            Redshifts, the same for all sources or own ones.

        Returns
        -------
        (N, G) float64
            Probability of a lower redshift, 0 to 1.
        """
        _, cell, fraction = self._place(z)
        low, high = (np.take_along_axis(self.density, cell + step, axis=1) for step in (0, 1))
        width = np.diff(self.z)[cell]
        inside = fraction * width * (low + 0.5 * fraction * (high - low))  # area of a trapezium
        return np.clip(np.take_along_axis(self._cumulative, cell, axis=1) + inside, 0.0, 1.0)

    def probability_between(self, z_low: float, z_high: float) -> Floats:
        """Integrate the probability density over a range of redshift.

        Parameters
        ----------
        z_low : float
            Lower end.
        z_high : float
            Upper end; may be infinite.

        Returns
        -------
        (N,) float64
            P(z_low < z < z_high) of each source.
        """
        edges = self.cdf(np.array([z_low, z_high]))
        probability: Floats = edges[:, 1] - edges[:, 0]
        return probability

    def least_risk(self) -> Floats:
        """Point estimate of the least expected loss.

        Returns
        -------
        (N,) float64
            Redshifts; the loss is that of `ZMixture.least_risk`.
        """
        z = default_grid(float(self.z[-1]))
        middles = np.concatenate([[self.z[0]], 0.5 * (self.z[1:] + self.z[:-1]), [self.z[-1]]])
        delta = (z[:, None] - self.z) / (1 + self.z)  # (estimate, true)
        gain = 1 / (1 + (delta / 0.15) ** 2)
        best: Floats = z[(np.diff(self.cdf(middles), axis=1) @ gain.T).argmax(axis=1)]
        return best

    def _place(self, z: ArrayLike) -> tuple[Floats, NDArray[np.intp], Floats]:
        """Redshifts (N, G), the cell of the grid that each is in, and how far into it, 0 to 1."""
        asked = np.asarray(z, np.float64)
        at = np.broadcast_to(asked, (len(self), asked.shape[-1]))
        cell = np.clip(np.searchsorted(self.z, at, side="right") - 1, 0, len(self.z) - 2)
        return at, cell, np.clip((at - self.z[cell]) / np.diff(self.z)[cell], 0.0, 1.0)
