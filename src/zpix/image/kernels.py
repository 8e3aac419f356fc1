"""How much of a pixel's light falls into an interval of its axis?

The light of a row of pixels up to each of their edges is known exactly: it is the sum of the pixels before. A kernel
says how that sum is interpolated between the edges, and the light in an interval is the difference of the sums at its
ends. Light is therefore kept whatever the intervals are, and an interval that consists of whole pixels has exactly
theirs.

- `OVERLAP` interpolates linearly: light is spread evenly over each pixel. No weight is negative, and a shift by a
  fraction d of a pixel widens a source by d (1 − d) pixels² in variance along the axis.
- `SMOOTH` interpolates by the polynomial of seventh degree through the eight nearest edges (Lagrange). A shift then
  keeps the moments of a source up to the seventh, among them flux, position and size. Some weights are negative, and
  neighbours up to three pixels away take part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEPS = 2048  # per pixel, to which the ends of intervals are rounded


@dataclass(frozen=True)
class Kernel:
    """How the light of a pixel is spread along an axis.

    Attributes
    ----------
    reach : int, pixels
        How far beyond its own edges the light of a pixel is spread: the sum of the light is interpolated by the
        polynomial through the 2 (`reach` + 1) nearest edges.
    """

    reach: int

    def taps(self, lower: Floats, upper: Floats) -> tuple[NDArray[np.intp], Floats]:
        """Return which pixels have light in intervals, and which share of it.

        Parameters
        ----------
        lower, upper : (...) float64, pixels
            Ends of the intervals, `lower` < `upper`, where pixel k spans k to k + 1.

        Returns
        -------
        first : (...) int
            First pixel of each interval.
        shares : (n, ...) float64
            Share of the light of that pixel, and of those that follow it, in the interval; n is the same for all.
        """
        first = np.floor(lower + 0.5 / _STEPS).astype(np.intp) - self.reach
        widest = float((upper - lower).max()) if lower.size else 0.0
        table = _below(self.reach, math.ceil(widest - 1 / _STEPS) + 1 + 2 * self.reach)
        start, end = (np.rint((at - first) * _STEPS).astype(np.intp) for at in (lower, upper))
        shares: Floats = table.take(end, axis=1, mode="clip")
        shares -= table.take(start, axis=1, mode="clip")
        return first, shares


#: Light is spread evenly over each pixel: the share of a pixel is its overlap with the interval.
OVERLAP = Kernel(0)
#: Light up to a position is the polynomial of seventh degree through the sums at the eight nearest edges.
SMOOTH = Kernel(3)


@lru_cache(maxsize=16)
def _below(reach: int, count: int) -> Floats:
    """Share of the light of pixels 0 to `count` − 1 below positions from 0 to `count`: (pixel, position)."""
    position = np.arange(count * _STEPS + 1) / _STEPS
    edges = np.arange(-2 * reach, count + 2 * reach + 1)
    weights = np.stack([_weight(position - edge, reach + 1) for edge in edges])
    from_edge = np.cumsum(weights[::-1], axis=0)[::-1]  # of the sums at an edge and at all that follow
    return np.ascontiguousarray(from_edge[2 * reach + 1 : 2 * reach + 1 + count])


def _weight(distance: Floats, half: int) -> Floats:
    """Weight of an edge at a distance in the polynomial through the 2 `half` nearest edges."""
    distance = np.abs(distance)
    weight = np.zeros_like(distance)
    for interval in range(half):
        inside = (distance >= interval) & (distance < interval + 1)
        others = [edge for edge in range(interval - half + 1, interval + half + 1) if edge]
        weight[inside] = np.prod([1 - distance[inside] / edge for edge in others], axis=0)
    return weight
