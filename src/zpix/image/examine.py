"""What do the pixels of a mosaic say, before anything is searched in it?

A dozen windows are read, spread over what was observed, so that neither time nor memory grows with the mosaic. Sources
are masked on the stack of all bands; sky and noise are measured on the empty pixels that are left, the width of the PSF
and the offsets of the bands on the sources.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from zpix.image.empty_sky import (
    LAGS,
    EmptySky,
    empty_pixels,
    flux_over_error,
    half_width,
    measure_empty,
    round_aperture,
)
from zpix.image.examination import APERTURE_RADIUS_ARCSEC, ZERO_POINT_MAG, BandExamination, Examination
from zpix.image.pixels import Pixels
from zpix.image.regions import Region
from zpix.image.registration import band_shifts
from zpix.image.sharpness import saturated_pixels, sharp_widths
from zpix.image.sum_noise import SumNoise, joined_noise, measure_sums
from zpix.progress import in_order

Floats = NDArray[np.float64]
Images = NDArray[np.float32]

_WINDOW_PIX = 320
_MOST_WINDOWS, _MOST_THREADS = 12, 4
# Small squares on a regular grid that are read first: they tell the coverage, and where windows are worth reading.
_PROBES_ACROSS, _PROBE_PIX = 12, 4
_FEWEST_SHARP = 5
_SHARPEST_SHARE = 0.05
# Cells in which a band must be found near the others, and their largest share that may be missing.
_FEWEST_CELLS = 4
_SOURCE_SNR = 8.0


class ExaminedImage(Protocol):
    """What an examination needs of an image of the sky, such as a `Mosaic`."""

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands."""

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (ny, nx) in pixels."""

    def read(self, region: Region, *, bands: Sequence[str] | None = None, spare: Pixels | None = None) -> Pixels:
        """Pixels of a region in these bands; `spare` may be written over."""


def examine_mosaic(
    image: ExaminedImage, *, pixel_scale_arcsec: float, bands: Sequence[str] | None = None
) -> Examination:
    """Measure sky, noise, sharpness, registration and coverage of each band of a mosaic.

    Parameters
    ----------
    image : Mosaic or ExaminedImage
        The mosaic.
    pixel_scale_arcsec : float, arcsec
        Side of its pixels.
    bands : sequence of str, optional
        Bands to measure; all by default.

    Returns
    -------
    Examination
        The same for the same pixels. What a small or an empty mosaic does not tell is NaN.
    """
    names = tuple(image.bands if bands is None else bands)
    coverage = _coverage(image, names)
    places = _windows(image.shape, coverage.mean(axis=0))
    aperture = round_aperture(APERTURE_RADIUS_ARCSEC / pixel_scale_arcsec)
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:  # filters, sorts and transforms of numpy and scipy run side by side
        windows = (image.read(place, bands=names) for place in places)  # by this thread
        seen = list(in_order(pool, partial(_Window.of, scale_arcsec=pixel_scale_arcsec), windows, ahead=threads))
    read = sum(place.width * place.height for place in places) / (image.shape[0] * image.shape[1])
    share = np.mean([own.valid for own in seen], axis=0) if read > 0.99 else coverage.mean(axis=(1, 2))
    return Examination(
        shape=image.shape,
        pixel_scale_arcsec=pixel_scale_arcsec,
        windows=len(places),
        read_share=read,
        sources=sum(own.sources for own in seen),
        bands=tuple(
            _summary(band, i, seen, float(share[i]), pixel_scale_arcsec, aperture) for i, band in enumerate(names)
        ),
    )


def _coverage(image: ExaminedImage, bands: tuple[str, ...]) -> Floats:
    """Share of valid pixels (band, row, column) in small squares on a regular grid."""
    side = min(_PROBE_PIX, *image.shape)
    y0, x0 = (_spread(length, side, _PROBES_ACROSS) for length in image.shape)
    share = np.zeros((len(bands), len(y0), len(x0)))
    for row, y in enumerate(y0):
        for column, x in enumerate(x0):
            pixels = image.read(Region(x, y, x + side, y + side), bands=bands)
            share[:, row, column] = pixels.valid.mean(axis=(1, 2))
    return share


def _windows(shape: tuple[int, int], coverage: Floats) -> list[Region]:
    """Windows that together are a small mosaic, or are spread over what was observed of a large one."""
    rows, columns = (max(1, math.ceil(length / _WINDOW_PIX)) for length in shape)
    if rows * columns <= _MOST_WINDOWS:
        ends = [
            [length * i // parts for i in range(parts + 1)] for length, parts in ((shape[0], rows), (shape[1], columns))
        ]
        return [
            Region(x0, y0, x1, y1)
            for y0, y1 in zip(ends[0], ends[0][1:], strict=False)
            for x0, x1 in zip(ends[1], ends[1][1:], strict=False)
        ]
    height, width = (min(_WINDOW_PIX, length) for length in shape)
    most = 2 * _MOST_WINDOWS  # of which the best covered are read
    down = max(1, min(rows, round(math.sqrt(most * rows / columns))))
    across = max(1, min(columns, most // down))
    candidates = [
        Region(x, y, x + width, y + height)
        for y in _spread(shape[0], height, min(down, most))
        for x in _spread(shape[1], width, across)
    ]
    observed = [_observed(place, shape, coverage) for place in candidates]
    if max(observed) <= 0:
        return candidates[:: max(1, len(candidates) // _MOST_WINDOWS)][:_MOST_WINDOWS]
    good = [place for place, share in zip(candidates, observed, strict=True) if share >= 0.8 * max(observed)]
    chosen = np.linspace(0, len(good) - 1, min(_MOST_WINDOWS, len(good))).round().astype(int)
    return [good[i] for i in np.unique(chosen)]


def _spread(length: int, side: int, most: int) -> list[int]:
    """Where intervals of this side begin that are spread evenly over an axis: at most so many, and without overlap."""
    number = max(1, min(most, length // side))
    return [int((i + 0.5) * length / number - 0.5 * side) for i in range(number)]


def _observed(place: Region, shape: tuple[int, int], coverage: Floats) -> float:
    """Share of valid pixels at the probe nearest to the middle of a window."""
    y = 0.5 * (place.y0 + place.y1) / shape[0] * coverage.shape[0]
    x = 0.5 * (place.x0 + place.x1) / shape[1] * coverage.shape[1]
    return float(coverage[min(int(y), coverage.shape[0] - 1), min(int(x), coverage.shape[1] - 1)])


@dataclass(frozen=True)
class _Window:
    """What one window says of each band."""

    sky: list[EmptySky]
    sums: list[SumNoise]
    widths: list[list[float]]  # pixels
    shifts: list[Floats]  # (band, 2) of each cell, pixels
    valid: Floats  # share of each band
    saturated: Floats  # share of each band
    sources: int

    @staticmethod
    def of(pixels: Pixels, scale_arcsec: float) -> _Window:
        """Measure a window."""
        flux, error, valid = pixels.flux, pixels.error, pixels.valid
        empty = empty_pixels(flux, error, valid)
        sky = [measure_empty(*own) for own in zip(flux, error, empty & valid, strict=True)]
        sums = measure_sums(flux, error, pixel_scale_arcsec=scale_arcsec)
        levels = [own.level_njy if math.isfinite(own.level_njy) else 0.0 for own in sky]
        noise = [own.noise_over_error if own.noise_over_error > 0 else math.nan for own in sky]
        snr = np.stack([flux_over_error(*own) for own in zip(flux, error, valid, levels, strict=True)])
        measured = np.isfinite(noise)
        for band, scatter in enumerate(noise):
            snr[band] = snr[band] / scatter if math.isfinite(scatter) else 0.0
        total, widths = snr.sum(axis=0), []
        for band, own in enumerate(sky):
            known = max(int(measured.sum()) - 1, 0)
            others = (total - snr[band]) / math.sqrt(known) if known else np.full_like(total, np.inf)
            scatter_njy = own.noise_over_error * own.error_njy
            light = flux[band] - np.float32(levels[band])
            widths.append(sharp_widths(light, valid[band], others, noise_njy=scatter_njy))
        saturated = [saturated_pixels(*own) / own[1].size for own in zip(snr, valid, strict=True)]
        stack = ndimage.gaussian_filter(total / math.sqrt(max(int(measured.sum()), 1)), 1.0)
        _, sources = ndimage.label(stack > _SOURCE_SNR)
        return _Window(sky, sums, widths, band_shifts(snr), valid.mean(axis=(1, 2)), np.array(saturated), int(sources))


def _summary(
    band: str, i: int, seen: Sequence[_Window], coverage: float, scale: float, aperture: Images
) -> BandExamination:
    """Put together what the windows say of one band."""
    sky = [own.sky[i] for own in seen if math.isfinite(own.sky[i].level_njy)]
    error = _median([own.error_njy for own in sky])
    levels = np.array([own.level_njy for own in sky]) / error  # a sky left in is constant in nJy
    spread = half_width(levels) if len(levels) >= 4 else math.nan
    of_sums = joined_noise([own.sums[i] for own in seen])
    sums = of_sums.small_over_error
    noise = _median([own.noise_over_error for own in sky])
    correlation = tuple(_median([own.correlation[lag] for own in sky]) for lag in range(LAGS))
    by_pixels = 1.25 * noise * _shared(correlation) / math.sqrt(max(sum(own.pixels for own in sky), 1))
    by_windows = 1.25 * spread / math.sqrt(len(levels)) if math.isfinite(spread) else 0.0
    depths = [_depth_mag(own.error_njy * sums, aperture) for own in sky]
    widths = [width for own in seen for width in own.widths[i]]
    enough = len(widths) >= _FEWEST_SHARP
    shift, shift_error = _shift(np.array([cell[i] for own in seen for cell in own.shifts]).reshape(-1, 2))
    return BandExamination(
        band=band,
        coverage=coverage,
        saturated=float(np.mean([own.saturated[i] for own in seen])),
        error_njy=error,
        sky=_median(levels),
        sky_error=max(by_pixels, by_windows) if sky else math.nan,
        sky_spread=spread,
        noise_over_error=noise,
        sums_over_error=sums,
        sums_error=1 / math.sqrt(of_sums.sums) if math.isfinite(sums) else math.nan,
        correlation=correlation,
        depth_mag=_depth_mag(error * sums, aperture),
        depth_range_mag=(min(depths, default=math.nan), max(depths, default=math.nan)),
        fwhm_arcsec=scale * float(np.quantile(widths, _SHARPEST_SHARE)) if enough else math.nan,
        n_sharp=len(widths),
        shift_pix=shift,
        shift_error_pix=shift_error,
        large_sums_over_error=of_sums.large_over_error,
    )


def _depth_mag(noise_njy: float, aperture: Images) -> float:
    """AB magnitude of five times the noise of an aperture, from that of its pixels as it counts in sums."""
    faintest_njy = 5 * noise_njy * math.sqrt(float((aperture**2).sum()))
    return ZERO_POINT_MAG - 2.5 * math.log10(faintest_njy) if faintest_njy > 0 else math.nan


def _shared(correlation: Sequence[float]) -> float:
    """How much noisier means over large areas are than those of pixels that share no noise: √(1 + 2π Σ r ρ(r))."""
    shared = sum(lag * value for lag, value in enumerate(correlation, 1) if value > 0.05)
    return math.sqrt(1 + 2 * math.pi * shared)


def _median(values: Sequence[float] | Floats) -> float:
    """Median of what is finite; NaN if nothing is."""
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    return float(np.median(finite)) if len(finite) else math.nan


def _shift(cells: Floats) -> tuple[tuple[float, float], float]:
    """Median offset (x, y) over cells, and its error; NaN if too few cells agree."""
    found = cells[np.isfinite(cells).all(axis=1)]
    if len(found) < max(_FEWEST_CELLS, 0.5 * len(cells)):
        return (math.nan, math.nan), math.nan
    x, y = np.median(found, axis=0)
    deviation = 1.4826 * float(np.median(np.abs(found - (x, y))))
    return (float(x), float(y)), 1.25 * deviation / math.sqrt(len(found))
