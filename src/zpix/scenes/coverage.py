"""How long was each pixel exposed in each band?

NIRCam sees the sky through two modules, each with four short-wavelength chips that gaps of 4 to 5 arcsec part, and
one long-wavelength chip behind the same optics (JWST User Documentation, NIRCam Field of View). Dithers move the
gaps about, so that in a mosaic they are strips of less exposure with straight edges, turned by the roll angle of the
telescope; where most exposures had one pointing there is little left, as in the lower third of the cutout around
JADES-GS-z14-0, whose short bands have a third of the depth there. Surveys put deep pointings beside shallow ones:
JADES' medium depth lies 1.0 to 1.2 mag above its deep one (Eisenstein et al. 2023; Rieke et al. 2023). Where a band was
observed by fewer visits or its exposures were lost, small parts of the mosaic hold nothing in that band alone.

The map is endless and a function of seed and position. All edges are straight lines of u or v, the coordinates along
rows and columns of the detector; a window is divided by the few edges that cross it, and what lies between them is
looked up in a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.image import Region
from zpix.scenes.channels import channels
from zpix.scenes.streams import cell_stream, stream

_MODULE_ARCSEC = 135.8  # from one module to its neighbour in a contiguous mosaic: two short chips with their gaps
#: Side of a chip and distance between chips in arcsec, short and long channel: 2040 pixels of 0.0311″ and 0.0630″.
_CHIPS_ARCSEC = ((63.4, _MODULE_ARCSEC / 2), (128.5, _MODULE_ARCSEC))
_DITHERS = 6
_EVENNESS = (
    0.5  # of the exposure times of dithers (Dirichlet): where a gap takes the longest away, half is left or less
)
_DITHER_ARCSEC = (8.0, 0.8)  # mean and rms of the steps along each axis: more than a gap, so that strips part
_BAND_SHIFT_ARCSEC = 2.0  # rms by which the pointing of a band differs, each visited on its own
_HOLE_CELL_ARCSEC = 24.0  # parts without exposure are drawn in cells of this side
_HOLE_SIDE_ARCSEC = (3.0, 13.0)
_GAPS, _POINTINGS, _HOLES = range(3)  # random streams


@dataclass(frozen=True)
class Coverage:
    """Exposure map of an endless field.

    Attributes
    ----------
    seed : int
    bands : tuple of str
    angle_deg : float
        Position angle of the detectors' columns, east of north.
    config : SimulationConfig
    """

    seed: int
    bands: tuple[str, ...]
    angle_deg: float
    config: SimulationConfig

    def exposure(self, region: Region) -> NDArray[np.float32]:
        """Exposure time in units of the deep part's, (band, y, x), read-only; 0 where a band was not observed."""
        return _exposure(self, region)

    def _drawn(self, region: Region) -> NDArray[np.float32]:
        u, v = detector_axes(region, angle_deg=self.angle_deg, pixel_scale_arcsec=self.config.pixel_scale_arcsec)
        exposure = np.ones((len(self.bands), *region.shape), np.float32)
        if not region.width or not region.height:
            return exposure
        if self.config.chip_gaps:
            for band, image in enumerate(exposure):
                image *= self._chips(band, u, v)
        if self.config.shallow_fraction > 0 and self.config.shallow_factor > 1:
            exposure *= self._pointings(u, v)
        if self.config.missing_coverage > 0:
            self._punch_holes(exposure, u, v)
        return exposure

    @cached_property
    def _pattern(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Start of a chip at each dither, (dither, axis), shift of each band, (band, axis), in arcsec, and shares.

        The shares are those of the dithers in the exposure time, (dither,).
        """
        rng = stream(self.seed, _GAPS)
        steps = rng.permuted(np.tile(np.arange(_DITHERS)[:, None], 2), axis=0) * _DITHER_ARCSEC[0]
        start = rng.uniform(0, _MODULE_ARCSEC, 2) + steps + _DITHER_ARCSEC[1] * rng.standard_normal((_DITHERS, 2))
        shifts = _BAND_SHIFT_ARCSEC * rng.standard_normal((len(self.bands), 2))
        return start, shifts, rng.dirichlet(np.full(_DITHERS, _EVENNESS))

    def _chips(self, band: int, u: NDArray, v: NDArray) -> NDArray[np.float32]:
        """Share of the exposure time that put a chip on each pixel, of a shape that fits (y, x)."""
        size, pitch = _CHIPS_ARCSEC[channels(self.bands)[band]]
        starts, shifts, shares = self._pattern
        starts = starts + shifts[band]
        places, on_chip = [], []
        for axis, value in enumerate((u, v)):
            edges = [_repeated(start + more, pitch, value) for start in starts[:, axis] for more in (0, size)]
            place, middles = _divided(value, np.concatenate(edges))
            places.append(place)
            on_chip.append(((middles - starts[:, axis, None]) % pitch < size).astype(float))  # (dither, part)
        table = ((on_chip[0].T * shares) @ on_chip[1]).astype(np.float32)
        return table.ravel().take(places[0] * np.int32(table.shape[1]) + places[1])

    def _pointings(self, u: NDArray, v: NDArray) -> NDArray[np.float32]:
        """1 in deep pointings and less in shallow ones, of a shape that fits (y, x)."""
        start = stream(self.seed, _POINTINGS).uniform(0, _MODULE_ARCSEC, 2)
        divided = [
            _divided(value, _repeated(first, _MODULE_ARCSEC, value)) for first, value in zip(start, (u, v), strict=True)
        ]
        cells = [
            np.floor((middles - first) / _MODULE_ARCSEC).astype(int)
            for first, (_, middles) in zip(start, divided, strict=True)
        ]
        shallow = [
            [cell_stream(self.seed, _POINTINGS, cell=(i, j)).random() < self.config.shallow_fraction for j in cells[1]]
            for i in cells[0]
        ]
        level = np.where(shallow, self.config.shallow_factor**-2.0, 1.0).astype(np.float32)
        return level[divided[0][0], divided[1][0]]

    def _punch_holes(self, exposure: NDArray[np.float32], u: NDArray, v: NDArray) -> None:
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


def detector_axes(
    region: Region, *, angle_deg: float, pixel_scale_arcsec: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Position of each pixel along rows (u) and columns (v) of the detector in arcsec, (y, x).

    The same for a pixel of the sky whatever the window.
    """
    turn = np.deg2rad(angle_deg)
    x = np.arange(region.x0, region.x1) * pixel_scale_arcsec
    y = np.arange(region.y0, region.y1)[:, None] * pixel_scale_arcsec
    return np.cos(turn) * x + np.sin(turn) * y, -np.sin(turn) * x + np.cos(turn) * y


@lru_cache(maxsize=2)  # labels and pixels of a window ask for the same map
def _exposure(coverage: Coverage, region: Region) -> NDArray[np.float32]:
    exposure = coverage._drawn(region)
    exposure.flags.writeable = False
    return exposure


def _repeated(first: float, pitch: float, values: NDArray) -> NDArray[np.float64]:
    """Those of first + k × pitch, k any integer, that lie among `values`."""
    k = np.arange(np.ceil((values.min() - first) / pitch), np.floor((values.max() - first) / pitch) + 1)
    return first + k * pitch


def _divided(values: NDArray, edges: NDArray) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Between which edges each value lies, of its shape or (1, 1) without edges, and the middle of each part."""
    edges = np.sort(edges)
    place = np.zeros(values.shape if len(edges) else (1, 1), np.int32)
    for edge in edges:
        place += values >= edge
    bounds = np.concatenate([[values.min()], edges, [values.max()]])
    return place, (bounds[1:] + bounds[:-1]) / 2
