"""How long was each pixel exposed in each band?

Chips have gaps between them. Dithers move the gaps about, so that in a mosaic they are strips of less exposure with
straight edges, turned by the roll angle of the telescope. Where most exposures had one pointing there is little left,
as in the lower third of the cutout around JADES-GS-z14-0, whose short bands have a third of the depth there. Surveys
put deep pointings beside shallow ones: JADES' medium depth lies 1.0 to 1.2 mag above its deep one (Eisenstein et al.
2023; Rieke et al. 2023). Where a band was observed by fewer visits or its exposures were lost, small parts of the
mosaic hold nothing in that band alone. Sizes of chips and pointings are those of each band's instrument.

The map is endless and a function of seed and position. All edges are straight lines of u or v, the coordinates along
rows and columns of the detector; a window is divided by the few edges that cross it, and what lies between them is
looked up in a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from zpix.image import Region
from zpix.instruments import Channel, Instrument, instruments_of
from zpix.scenes.endless_field import EndlessField
from zpix.scenes.streams import cell_stream, stream

_HOLE_CELL_ARCSEC = 24.0  # parts without exposure are drawn in cells of this side
_HOLE_SIDE_ARCSEC = (3.0, 13.0)
_GAPS, _POINTINGS, _HOLES = range(3)  # random streams


@dataclass(frozen=True)
class Coverage(EndlessField):
    """Exposure map of an endless sky; see `EndlessField` for its attributes."""

    def exposure(self, region: Region) -> NDArray[np.float32]:
        """Give the exposure times of a window.

        Parameters
        ----------
        region : Region
            The window, (y, x) pixels.

        Returns
        -------
        (band, y, x) float32
            Exposure time in units of the deep part's, read-only; 0 where a band was not observed.
        """
        return _exposure(self, region)

    def _drawn(self, region: Region) -> NDArray[np.float32]:
        """Exposure map of a window, (band, y, x)."""
        u, v = self.detector_axes(region)
        exposure = np.ones((len(self.bands), *region.shape), np.float32)
        if not region.width or not region.height:
            return exposure
        for pattern in self._patterns:
            if self.config.chip_gaps:
                for row, band in enumerate(pattern.bands):
                    exposure[band] *= pattern.chips(row, u, v)
            if self.config.shallow_fraction > 0 and self.config.shallow_factor > 1:
                exposure[pattern.bands] *= self._pointings(pattern, u, v)
        if self.config.missing_coverage > 0:
            self._punch_holes(exposure, u, v)
        return exposure

    @cached_property
    def _patterns(self) -> list[_Pattern]:
        """Placement of the exposures of each instrument; the bands of one instrument are exposed together."""
        patterns = []
        for number, (instrument, bands) in enumerate(instruments_of(self.bands)):
            key = (number,) if number else ()
            channels = [instrument.channels[self.bands[band]] for band in bands]
            patterns.append(_Pattern.drawn(stream(self.seed, _GAPS, *key), instrument, bands, channels, key))
        return patterns

    def _pointings(self, pattern: _Pattern, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float32]:
        """1 in deep pointings and less in shallow ones, of a shape that fits (y, x)."""
        pitch = pattern.instrument.dithers.pointing_arcsec
        start = stream(self.seed, _POINTINGS, *pattern.key).uniform(0, pitch, 2)
        divided = [_divided(value, _repeated(first, pitch, value)) for first, value in zip(start, (u, v), strict=True)]
        cells = [
            np.floor((middles - first) / pitch).astype(int) for first, (_, middles) in zip(start, divided, strict=True)
        ]
        shallow = [
            [
                cell_stream(self.seed, _POINTINGS, *pattern.key, cell=(i, j)).random() < self.config.shallow_fraction
                for j in cells[1]
            ]
            for i in cells[0]
        ]
        level = np.where(shallow, self.config.shallow_factor**-2.0, 1.0).astype(np.float32)
        return level[divided[0][0], divided[1][0]]

    def _punch_holes(self, exposure: NDArray[np.float32], u: NDArray[np.float64], v: NDArray[np.float64]) -> None:
        """Set the exposure of small rectangles, each in one band, to zero."""
        cell, (low, high) = _HOLE_CELL_ARCSEC, _HOLE_SIDE_ARCSEC
        expected = self.config.missing_coverage * cell**2 / ((low + high) / 2) ** 2
        for i in range(int(u.min() // cell), int(u.max() // cell) + 1):
            for j in range(int(v.min() // cell), int(v.max() // cell) + 1):
                rng = cell_stream(self.seed, _HOLES, cell=(i, j))
                for _ in range(rng.poisson(expected)):
                    band, side, corner = rng.integers(len(self.bands)), rng.uniform(low, high, 2), rng.random(2)
                    u0, v0 = np.array([i, j]) * cell + corner * (cell - side)
                    inside = (u >= u0) & (u < u0 + side[0]) & (v >= v0) & (v < v0 + side[1])
                    exposure[band][inside] = 0


@dataclass(frozen=True)
class _Pattern:
    """Where the exposures of one instrument lie.

    Attributes
    ----------
    instrument : Instrument
    key : tuple of int
        What the instrument adds to the keys of random streams.
    bands : (M,) int
        Places of its bands among all.
    channels : list of Channel
        That of each of its bands.
    starts : (dither, axis) float64, arcsec
        Where a chip begins at each dither.
    shifts : (M, axis) float64, arcsec
        Of each band.
    shares : (dither,) float64
        Of the dithers in the exposure time.
    """

    instrument: Instrument
    key: tuple[int, ...]
    bands: NDArray[np.intp]
    channels: list[Channel]
    starts: NDArray[np.float64]
    shifts: NDArray[np.float64]
    shares: NDArray[np.float64]

    @staticmethod
    def drawn(
        rng: np.random.Generator,
        instrument: Instrument,
        bands: NDArray[np.intp],
        channels: list[Channel],
        key: tuple[int, ...],
    ) -> _Pattern:
        """Draw where the exposures of an instrument lie."""
        dithers = instrument.dithers
        mean, rms = dithers.step_arcsec
        steps = rng.permuted(np.tile(np.arange(dithers.number)[:, None], 2), axis=0) * mean
        starts = rng.uniform(0, dithers.pointing_arcsec, 2) + steps + rms * rng.standard_normal((dithers.number, 2))
        shifts = dithers.band_shift_arcsec * rng.standard_normal((len(bands), 2))
        shares = rng.dirichlet(np.full(dithers.number, dithers.evenness))
        return _Pattern(instrument, key, bands, channels, starts, shifts, shares)

    def chips(self, row: int, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float32]:
        """Share of the exposure time of a band that put a chip on each pixel, of a shape that fits (y, x)."""
        size, pitch = self.channels[row].chip_arcsec, self.channels[row].chip_pitch_arcsec
        starts = self.starts + self.shifts[row]
        places, on_chip = [], []
        for axis, value in enumerate((u, v)):
            edges = [_repeated(start + more, pitch, value) for start in starts[:, axis] for more in (0, size)]
            place, middles = _divided(value, np.concatenate(edges))
            places.append(place)
            on_chip.append(((middles - starts[:, axis, None]) % pitch < size).astype(float))  # (dither, part)
        table = ((on_chip[0].T * self.shares) @ on_chip[1]).astype(np.float32)
        return np.asarray(table.ravel().take(places[0] * np.int32(table.shape[1]) + places[1]))


@lru_cache(maxsize=2)  # labels and pixels of a window ask for the same map
def _exposure(coverage: Coverage, region: Region) -> NDArray[np.float32]:
    """Exposure map of a window, kept for the last two windows."""
    exposure = coverage._drawn(region)
    exposure.flags.writeable = False
    return exposure


def _repeated(first: float, pitch: float, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions first + k × pitch, k any integer, within the range of `values`."""
    k = np.arange(np.ceil((values.min() - first) / pitch), np.floor((values.max() - first) / pitch) + 1)
    return first + k * pitch


def _divided(values: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Interval between edges that each value lies in, (1, 1) without edges, and the middle of each interval."""
    edges = np.sort(edges)
    place = np.zeros(values.shape if len(edges) else (1, 1), np.int32)
    for edge in edges:
        place += values >= edge
    bounds = np.concatenate([[values.min()], edges, [values.max()]])
    return place, (bounds[1:] + bounds[:-1]) / 2
