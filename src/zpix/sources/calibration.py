"""Are redshift PDFs as wide as their errors, for bright sources and for faint ones?

PDFs of a network trained on all sources can be right on average and still too wide for bright sources, which are few,
and too narrow for faint ones. `WidthCalibration` scales the widths of the mixtures by a factor that depends on the
signal-to-noise ratio of the source, fitted on sources of known redshift that the network was not trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.sources.mixture import ZMixture

#: log₁₀ S/N at which factors are fitted; they are interpolated in between and constant beyond.
_KNOTS = (0.75, 1.25, 1.75, 2.25, 2.75, 3.25)
_LOG_FACTORS = np.linspace(-1.0, 1.0, 81)
# At a knot with fewer sources the widths are not changed.
_FEWEST = 30.0


@dataclass(frozen=True)
class WidthCalibration:
    """Factors on the widths of redshift mixtures.

    Attributes
    ----------
    log_snr : tuple of K floats, increasing
        log₁₀ of the signal-to-noise ratio in the mask, all bands together.
    log_factor : tuple of K floats, default 0
        Natural logarithm of the factor at each of them.
    """

    log_snr: tuple[float, ...] = _KNOTS
    log_factor: tuple[float, ...] = (0.0,) * len(_KNOTS)

    def apply(self, mixture: ZMixture, snr: ArrayLike) -> ZMixture:
        """Scale the widths of redshift mixtures.

        Parameters
        ----------
        mixture : ZMixture of length N
            Mixtures as the network predicts them.
        snr : (N,) float
            Signal-to-noise ratio of each source.

        Returns
        -------
        ZMixture
            The mixtures with calibrated widths.
        """
        log_snr = np.log10(np.maximum(np.nan_to_num(np.asarray(snr, np.float64)), 1e-3))
        factor = np.exp(np.interp(log_snr, self.log_snr, self.log_factor))
        return ZMixture(mixture.weights, mixture.means, mixture.widths * factor[:, None])

    def followed_by(self, later: WidthCalibration, *, trust: ArrayLike = 1.0) -> WidthCalibration:
        """Scale widths by both, one after the other.

        Parameters
        ----------
        later : WidthCalibration
            What is done after this one, with the same signal-to-noise ratios.
        trust : float or (K,) float, default 1
            Power of its factors, 0 to 1.

        Returns
        -------
        WidthCalibration
            The product of the factors.
        """
        more = np.asarray(trust) * np.interp(self.log_snr, later.log_snr, later.log_factor)
        return WidthCalibration(self.log_snr, tuple((np.asarray(self.log_factor) + more).round(4).tolist()))

    @staticmethod
    def fit(
        mixture: ZMixture, snr: ArrayLike, z_true: ArrayLike, *, weight: ArrayLike = 1.0, fewest: float = _FEWEST
    ) -> WidthCalibration:
        """Find the factors that make |2 PIT − 1| of sources of known redshift uniform around every knot.

        The distance from uniform is the Cramér–von Mises integral. A source counts for its two nearest knots, with
        weights that fall linearly with its distance from each.

        Parameters
        ----------
        mixture : ZMixture of length N
            Mixtures as the network predicts them.
        snr : (N,) float
            Signal-to-noise ratio of each source.
        z_true : (N,) float
            Known redshift of each source.
        weight : float or (N,) float, default 1
            How much each source counts.
        fewest : float, default 30
            Sum of weights at a knot below which widths are not changed there.

        Returns
        -------
        WidthCalibration
            The fitted factors.
        """
        log_snr, z = np.log10(np.maximum(np.asarray(snr, np.float64), 1e-3)), np.asarray(z_true, np.float64)[:, None]
        hats = knot_shares(log_snr) * np.asarray(weight)  # (knot, N)
        distance = np.empty((len(_LOG_FACTORS), len(_KNOTS)))
        for row, log_factor in enumerate(_LOG_FACTORS):
            scaled = ZMixture(mixture.weights, mixture.means, mixture.widths * np.exp(log_factor))
            central = np.abs(2 * scaled.cdf(z)[:, 0] - 1)
            distance[row] = [_distance_from_uniform(central, weights) for weights in hats]
        best = _LOG_FACTORS[distance.argmin(0)]
        return WidthCalibration(_KNOTS, tuple(np.where(hats.sum(1) >= fewest, best, 0.0).round(3).tolist()))

    @staticmethod
    def from_saved(values: Mapping[str, Any] | None) -> WidthCalibration:
        """Make the calibration whose values a checkpoint keeps; without values, one that changes nothing.

        Parameters
        ----------
        values : mapping of str to object, optional
            The attributes by name, as a checkpoint keeps them.

        Returns
        -------
        WidthCalibration
            The calibration; without values, one that changes nothing.
        """
        if not values:
            return WidthCalibration()
        return WidthCalibration(tuple(values["log_snr"]), tuple(values["log_factor"]))


def knot_shares(log_snr: ArrayLike) -> NDArray[np.float64]:
    """Give the share of each knot in each source, which falls linearly with the distance.

    Parameters
    ----------
    log_snr : (N,) float
        log₁₀ of signal-to-noise ratios.

    Returns
    -------
    (K, N) float64
        Shares; columns sum to one.
    """
    return np.stack([np.interp(np.asarray(log_snr, np.float64), _KNOTS, row) for row in np.eye(len(_KNOTS))])


def _distance_from_uniform(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean squared distance of the weighted distribution of `values` in 0 to 1 from the uniform one."""
    order = np.argsort(values)
    share = weights[order] / max(weights.sum(), 1e-12)
    return float(np.sum(share * (np.cumsum(share) - 0.5 * share - values[order]) ** 2))
