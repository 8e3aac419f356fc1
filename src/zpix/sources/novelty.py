"""Is a source like those whose redshifts a model has been checked on?

A network answers whatever it is shown. `Novelty` tells how far a source is from ordinary ones, the validation sources
of known redshift, in what the redshift head works with: the significances and colours that it reads in the pixels,
which are a colour–magnitude space with errors, and its hidden layer. In each space the distance is that of Mahalanobis
(1936; Lee et al. 2018 for the layers of networks) from sources of the same signal-to-noise ratio: otherwise the bright,
which are few, would be called strange, and noise would hide what is strange among the faint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

# log₁₀ S/N at which sources are described: between them distances are interpolated, beyond them those at the ends hold.
_KNOTS = (0.75, 1.25, 1.75, 2.25, 2.75)
# A knot with fewer sources to its name is left out.
_FEWEST = 50.0
_MOST_DIMENSIONS = 48  # of a space: hardly any variance is left in others
_SOURCES_PER_DIMENSION = 10
#: Fraction of ordinary sources within the limit of a space.
WITHIN = 0.98


@dataclass(frozen=True, eq=False)
class Space:
    """Ordinary sources in F features of one kind, seen in D directions, at K signal-to-noise ratios.

    Attributes
    ----------
    origin : (F,) float32
    directions : (F, D) float32
        From features less `origin` to principal components of unit variance.
    mean : (K, D) float32
    whitening : (K, D, D) float32
        From components less `mean` to components that are independent and of unit variance.
    limit : (K,) float32
        Distance within which 98 % of ordinary sources lie.
    """

    origin: NDArray[np.float32]
    directions: NDArray[np.float32]
    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]
    limit: NDArray[np.float32]

    def distance(self, features: NDArray[np.floating], shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance of sources (N, F) in units of the limit, (N,), given the shares (N, K) of the ratios in each."""
        component = (features - self.origin) @ self.directions  # (N, D)
        squared = np.zeros(len(features))
        for share, mean, whitening in zip(shares.T, self.mean, self.whitening, strict=True):
            squared += share * (((component - mean) @ whitening) ** 2).sum(1)
        return np.sqrt(squared) / np.exp(shares @ np.log(self.limit))

    @staticmethod
    def fit(features: NDArray[np.floating], shares: NDArray[np.float64]) -> Space:
        """Describe ordinary sources (N, F): half of them give means and covariances, the others the limit."""
        learnt, held_out = features[::2].astype(np.float64), features[1::2]
        most = min(_MOST_DIMENSIONS, features.shape[1], max(1, len(learnt) // _SOURCES_PER_DIMENSION))
        origin = learnt.mean(0)
        scale = np.maximum(learnt.std(0), 1e-6)
        variance, axes = np.linalg.eigh(np.cov((learnt - origin) / scale, rowvar=False).reshape(len(origin), -1))
        strongest = np.argsort(-variance)[:most]
        strongest = strongest[variance[strongest] > 1e-6 * variance.max()]
        directions = axes[:, strongest] / np.sqrt(variance[strongest]) / scale[:, None]
        component = (learnt - origin) @ directions
        described = [_centre_and_whitening(component, share) for share in shares[::2].T]
        mean, whitening = (np.stack(parts).astype(np.float32) for parts in zip(*described, strict=True))
        one = np.ones(shares.shape[1], np.float32)
        unlimited = Space(origin.astype(np.float32), directions.astype(np.float32), mean, whitening, one)
        distance = unlimited.distance(held_out, shares[1::2])
        limit = [_weighted_quantile(distance, share, WITHIN) for share in shares[1::2].T]
        return Space(unlimited.origin, unlimited.directions, mean, whitening, np.array(limit, np.float32))


@dataclass(frozen=True, eq=False)
class Novelty:
    """How to tell what is unlike the sources that a model has been checked on.

    Attributes
    ----------
    log_snr : (K,) float32, increasing
        log₁₀ of the signal-to-noise ratio in the mask, all bands together.
    spaces : tuple of Space
        The first one has the first features, and so on; none when nothing is known.
    """

    log_snr: NDArray[np.float32]
    spaces: tuple[Space, ...] = ()

    def distance(self, features: NDArray[np.floating], snr: ArrayLike) -> NDArray[np.float32]:
        """Distance of N sources from ordinary ones in units of the limit, in the space where it is largest.

        Parameters
        ----------
        features : (N, F) float
            Of the redshift head, as in `Detections`.
        snr : (N,) float

        Returns
        -------
        (N,) float32
            NaN when nothing is known.
        """
        if not self.spaces:
            return np.full(len(features), np.nan, np.float32)
        shares = _shares(snr, self.log_snr)
        stops = np.cumsum([len(space.origin) for space in self.spaces])
        parts = np.split(features, stops[:-1], axis=1)
        own = [space.distance(part, shares) for space, part in zip(self.spaces, parts, strict=True)]
        return np.max(own, axis=0).astype(np.float32)

    @staticmethod
    def fit(features: NDArray[np.floating], snr: ArrayLike, *, widths: Sequence[int]) -> Novelty:
        """Describe N ordinary sources that the network has not learnt from.

        Parameters
        ----------
        features : (N, F) float
        snr : (N,) float
        widths : numbers of features of each kind, F in all
        """
        knots = np.array(_KNOTS)
        knots = knots[_shares(snr, knots).sum(0) >= _FEWEST]
        if not len(knots):
            return Novelty(np.zeros(0, np.float32))
        shares = _shares(snr, knots)
        parts = np.split(np.asarray(features), np.cumsum(widths)[:-1], axis=1)
        return Novelty(knots.astype(np.float32), tuple(Space.fit(part, shares) for part in parts if part.shape[1]))

    def to_arrays(self) -> dict[str, NDArray[np.float32]]:
        """Everything as named arrays, to be kept in a file."""
        arrays = {"log_snr": self.log_snr}
        for number, space in enumerate(self.spaces):
            arrays |= {f"{number}.{f.name}": np.ascontiguousarray(getattr(space, f.name)) for f in fields(Space)}
        return arrays

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[np.float32]]) -> Novelty:
        """What `to_arrays` gave; of nothing at all, a novelty that knows nothing."""
        count = len({name.partition(".")[0] for name in arrays if "." in name})
        spaces = (Space(*(arrays[f"{number}.{f.name}"] for f in fields(Space))) for number in range(count))
        return Novelty(arrays.get("log_snr", np.zeros(0, np.float32)), tuple(spaces))


def _shares(snr: ArrayLike, log_snr: NDArray[np.floating]) -> NDArray[np.float64]:
    """How much each of K signal-to-noise ratios, increasing, has to say about N sources, (N, K); rows sum to one."""
    own = np.log10(np.maximum(np.nan_to_num(np.asarray(snr, np.float64)), 1e-3))
    return np.stack([np.interp(own, log_snr, row) for row in np.eye(len(log_snr))], axis=1)


def _centre_and_whitening(
    component: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted mean (D,) of points (N, D), and the matrix (D, D) that makes them independent and of unit variance.

    The covariance is drawn towards a sphere by as many points as it has dimensions, so that few points give one too.
    """
    total, size = weight.sum(), component.shape[1]
    mean = weight @ component / total
    offset = component - mean
    scatter = (offset * weight[:, None]).T @ offset
    sphere = np.trace(scatter) / total * np.eye(size)
    variance, axes = np.linalg.eigh((scatter + sphere) / (total + size))
    return mean, axes / np.sqrt(np.maximum(variance, 1e-12))


def _weighted_quantile(values: NDArray[np.float64], weight: NDArray[np.float64], quantile: float) -> float:
    order = np.argsort(values)
    below = np.cumsum(weight[order]) - 0.5 * weight[order]
    return float(np.interp(quantile * weight.sum(), below, values[order]))
