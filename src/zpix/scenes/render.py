"""What light does each source put into each pixel of each band?

In Fourier space a source is its profile's transform, stretched and turned, times the band's transfer
function, times a phase for its sub-pixel position. The profile and the phase are shared by all bands. Bands
that the native pixels undersample are evaluated to twice the Nyquist frequency and folded back, which is what
sampling does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.special import gamma, gammaincinv

from zpix.image import Region
from zpix.scenes.population import Population
from zpix.scenes.psf import band_limit, frequencies, transfer_function
from zpix.scenes.sersic import FADE_RADIUS, sersic_transform
from zpix.scenes.user_psf import UserPsf
from zpix.sources import STAR

#: Sides of stamps in pixels; each is a product of small primes, for the FFT.
STAMP_SIZES = (32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
#: Light fainter than this many σ per pixel may be folded back into the stamp.
_TRUNCATE_AT_SIGMA = 0.25


@dataclass(frozen=True)
class Stamp:
    """Light of one source, (band, y, x) float32 in nJy per pixel, on `region` of the sky's pixels."""

    row: int
    region: Region
    light: NDArray[np.float32]


def render(
    population: Population,
    fluxes: NDArray[np.float32],
    *,
    bands: tuple[str, ...],
    sizes: NDArray[np.int64],
    pixel_scale_arcsec: float,
    psf_angle_deg: float,
    psfs: Mapping[str, UserPsf] | None = None,
) -> Iterator[Stamp]:
    """Light of each source through the telescope, one stamp after another.

    Parameters
    ----------
    population : Population of length N
    fluxes : (N, band) float32
        Total fluxes in nJy.
    sizes : (N,) int
        Side of each stamp, one of `STAMP_SIZES`; see `stamp_sizes`.
    psfs : mapping, optional
        PSFs of the user's by band, which stand in for the telescope's.
    """
    own = tuple((psfs or {}).get(band) for band in bands)
    for row in range(len(population)):
        size = int(sizes[row])
        x, y = float(population.x[row]), float(population.y[row])
        left, bottom = round(x) - size // 2, round(y) - size // 2
        grid = _Grid.of(bands, size, pixel_scale_arcsec, psf_angle_deg, own)
        profile = grid.phase(x - left, y - bottom)
        if population.label[row] != STAR:
            shape = (
                population.re_arcsec[row],
                population.sersic_n[row],
                population.axis_ratio[row],
                population.pa_deg[row],
            )
            profile *= grid.profile(*map(float, shape))
        light = grid.to_pixels(profile) * fluxes[row][:, None, None]
        if size == STAMP_SIZES[-1]:
            light *= _taper(size)
        yield Stamp(row, Region(left, bottom, left + size, bottom + size), light)


def stamp_sizes(
    population: Population, fluxes: NDArray[np.float32], sigma: NDArray[np.float64], pixel_scale_arcsec: float
) -> NDArray[np.int64]:
    """Sides of the stamps that hold all light above 0.25 σ per pixel, shape (N,).

    Parameters
    ----------
    sigma : (band,)
        Noise per pixel in nJy.
    """
    signal = (fluxes / sigma / _TRUNCATE_AT_SIGMA).max(axis=1, initial=0)
    wing = np.cbrt(3.5e-5 * (pixel_scale_arcsec / 0.03) ** 2 * signal)  # arcsec: PSF ∝ r⁻³, spikes fivefold
    n = np.maximum(population.sersic_n, 0.5)
    b = gammaincinv(2 * n, 0.5)
    area = 2 * np.pi * n * gamma(2 * n) / b ** (2 * n) * population.axis_ratio
    re_pix = np.maximum(population.re_arcsec, 1e-3) / pixel_scale_arcsec
    centre = np.maximum(signal / (area * re_pix**2), 1.0)
    extent = np.minimum((np.log(centre) / b) ** n, 1.15 * FADE_RADIUS) * population.re_arcsec
    half = np.maximum(extent + 0.12, wing) / pixel_scale_arcsec + 4
    index = np.searchsorted(STAMP_SIZES, 2 * half)
    return np.asarray(STAMP_SIZES)[np.minimum(index, len(STAMP_SIZES) - 1)]


@cache
def _taper(size: int) -> NDArray[np.float32]:
    """1 in the middle, falling to 0 at the rim, so that the wings of bright stars end without an edge."""
    offset = (np.arange(size) - size // 2) / (size // 2)
    radius = np.hypot(offset[:, None], offset[None, :])
    return (0.5 + 0.5 * np.cos(np.pi * np.clip((radius - 0.6) / 0.4, 0, 1))).astype(np.float32)


@dataclass(frozen=True)
class _Grid:
    """Frequencies and transfer functions that all stamps of one size share."""

    size: int
    fy: NDArray[np.float32]  # (K, 1) cycles per arcsec, K = 2 × size if any band is undersampled
    fx: NDArray[np.float32]  # (1, K // 2 + 1)
    scale: float  # arcsec per pixel
    #: Per band, (K, K // 2 + 1) or (size, size // 2 + 1); complex for a PSF of the user's.
    transfer: tuple[NDArray[np.float32] | NDArray[np.complex64], ...]

    @staticmethod
    def of(bands: tuple[str, ...], size: int, scale: float, angle: float, own: tuple[UserPsf | None, ...]) -> _Grid:
        """The grid, kept between calls: all small ones, and the few large ones used last."""
        return (_small_grid if size <= 256 else _large_grid)(bands, size, scale, angle, own)

    @staticmethod
    def made(bands: tuple[str, ...], size: int, scale: float, angle: float, own: tuple[UserPsf | None, ...]) -> _Grid:
        nyquist = 0.5 / scale
        factors = [2 if band_limit(band) > 1.1 * nyquist else 1 for band in bands]
        fy, fx = frequencies(size, oversampling=max(factors), pixel_scale_arcsec=scale)
        transfer = tuple(
            transfer_function(band, size, oversampling=factor, pixel_scale_arcsec=scale, angle_deg=angle)
            if psf is None
            else psf.transfer_function(size, oversampling=factor, pixel_scale_arcsec=scale)
            for band, factor, psf in zip(bands, factors, own, strict=True)
        )
        return _Grid(size, fy.astype(np.float32), fx.astype(np.float32), scale, transfer)

    def phase(self, x: float, y: float) -> NDArray[np.complex64]:
        """Transform of a point at pixel (x, y) of the stamp, shape (K, K // 2 + 1)."""
        turn_y = np.exp(-2j * np.pi * self.scale * y * self.fy.astype(float)).astype(np.complex64)
        turn_x = np.exp(-2j * np.pi * self.scale * x * self.fx.astype(float)).astype(np.complex64)
        return turn_y * turn_x

    def profile(self, re: float, n: float, axis_ratio: float, pa_deg: float) -> NDArray[np.float32]:
        """Transform of an elliptical Sérsic profile of unit flux, shape (K, K // 2 + 1)."""
        angle = np.deg2rad(pa_deg)
        along = (-np.sin(angle) * self.fx + np.cos(angle) * self.fy) * (2 * np.pi * re)
        across = (np.cos(angle) * self.fx + np.sin(angle) * self.fy) * (2 * np.pi * re * axis_ratio)
        return sersic_transform(np.sqrt(along**2 + across**2), n)

    def to_pixels(self, profile: NDArray[np.complex64]) -> NDArray[np.float32]:
        """Multiply by each band's transfer function and sample on native pixels, shape (band, size, size)."""
        half = self.size // 2
        native = profile
        if len(self.fy) > self.size:
            native = np.concatenate([profile[:half, : half + 1], profile[-half:, : half + 1]])
        spectrum = np.empty((len(self.transfer), self.size, half + 1), np.complex64)
        for band, transfer in enumerate(self.transfer):
            if len(transfer) == self.size:
                np.multiply(native, transfer, out=spectrum[band])
            else:
                spectrum[band] = _fold(profile * transfer)
        return fft.irfft2(spectrum, (self.size, self.size), workers=1)


@cache
def _small_grid(
    bands: tuple[str, ...], size: int, scale: float, angle: float, own: tuple[UserPsf | None, ...]
) -> _Grid:
    return _Grid.made(bands, size, scale, angle, own)


@lru_cache(maxsize=9)  # up to 40 MB each
def _large_grid(
    bands: tuple[str, ...], size: int, scale: float, angle: float, own: tuple[UserPsf | None, ...]
) -> _Grid:
    return _Grid.made(bands, size, scale, angle, own)


def _fold(spectrum: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Alias a half-plane spectrum (2S, S + 1) onto the native frequencies (S, S // 2 + 1).

    Sampling every second pixel adds the spectra displaced by the sampling frequency; the factor of the
    inverse transforms' sizes cancels that of the pixel areas.
    """
    size = len(spectrum) // 2
    half = size // 2 + 1
    rows = spectrum[:size] + spectrum[size:]
    folded = rows[:, :half].copy()
    mirrored = np.conj(rows[:, : half - 2 : -1])  # element (y, x) is conj F(y, S − x); it belongs to −y
    folded[0] += mirrored[0]
    folded[1:] += mirrored[:0:-1]
    return folded
