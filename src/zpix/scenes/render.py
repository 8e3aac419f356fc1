"""What light does each source put into each pixel of each band?

In Fourier space a source is its profile's transform, stretched and turned, times the band's transfer
function, times a phase for its sub-pixel position. The profile and the phase are shared by all bands. Bands
that the native pixels undersample are evaluated to twice the Nyquist frequency and folded back, which is what
sampling does. The parts of a galaxy differ in colour: their transforms are added in each band before its transfer
function, so that a source costs one inverse transform per band whatever it is made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from zpix.image import Region
from zpix.scenes.band_psf import BandPsf
from zpix.scenes.form_shapes import FormShape, Spots, form_shape
from zpix.scenes.population import Population
from zpix.scenes.psf import frequencies
from zpix.scenes.sersic import sersic_transform
from zpix.scenes.stamp_sizes import STAMP_SIZES
from zpix.scenes.star_haloes import fade, far_light
from zpix.scenes.structure import ARMS, BAR, BULGE, CLUMPS, DISC, Structure
from zpix.scenes.user_psf import UserPsf

_GAUSSIAN_RE = 1.177410  # half-light radius of a Gaussian in units of its σ


@dataclass(frozen=True)
class Stamp:
    """Light of one source.

    Attributes
    ----------
    row : int
        Of the source in its population.
    region : Region
        The stamp's pixels of the sky.
    light : (band, y, x) float32, nJy per pixel
        The light in them.
    """

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
    part_shares: Mapping[int, NDArray[np.float32]] | None = None,
    psfs: Mapping[str, UserPsf | BandPsf] | None = None,
    window: Region | None = None,
) -> Iterator[Stamp]:
    """Draw the light of each source through the telescope, one stamp after another.

    Parameters
    ----------
    population : Population of length N
        The sources.
    fluxes : (N, band) float32, nJy
        Total fluxes.
    bands : tuple of str
        Names of the bands.
    sizes : (N,) int, pixels
        Side of each stamp; see `stamp_sizes`.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.
    psf_angle_deg : float, degrees
        Position angle of the pupil, east of north.
    part_shares : mapping of int to (part, band) float32, optional
        Share of the parts in the light of each band, for each row to be drawn part by part.
    psfs : mapping of str to UserPsf or BandPsf, optional
        PSFs by band, used in place of the telescope's.
    window : Region, optional
        The stamp of a source that is larger than all `STAMP_SIZES` is this window, whatever it holds of the source;
        needed if there is one.

    Yields
    ------
    Stamp
        The light of one source.
    """
    seen_with = tuple(_band_psf(band, (psfs or {}).get(band), psf_angle_deg) for band in bands)
    shares = part_shares or {}
    for row in range(len(population)):
        size = int(sizes[row])
        if size > STAMP_SIZES[-1]:
            assert window is not None
            yield _with_halo(population[row : row + 1], row, fluxes[row], window, seen_with, pixel_scale_arcsec)
        else:
            source = population[row : row + 1]
            yield _stamp(source, row, fluxes[row], size, seen_with, pixel_scale_arcsec, shares.get(row))


def _stamp(
    source: Population,
    row: int,
    fluxes: NDArray[np.float32],
    size: int,
    psfs: tuple[BandPsf, ...],
    scale: float,
    part_shares: NDArray[np.float32] | None = None,
) -> Stamp:
    """Light of one source, of fluxes (band,), part by part if shares (part, band) of parts are given."""
    x, y = float(source.x[0]), float(source.y[0])
    left, bottom = round(x) - size // 2, round(y) - size // 2
    grid = _Grid.of(psfs, size, scale)
    profile = grid.phase(x - left, y - bottom)
    if part_shares is not None:
        present = np.flatnonzero(part_shares.any(axis=1))
        pa = float(source.pa_deg[0])
        shape = form_shape(source.structure, pa)
        parts = [grid.part(int(part), source.structure, shape, pa, profile, x - left, y - bottom) for part in present]
        light = grid.to_pixels(np.stack(parts), part_shares[present])
    else:
        if source.re_arcsec[0] > 0:
            ellipse = source.re_arcsec, source.sersic_n, source.axis_ratio, source.pa_deg
            profile *= grid.profile(*(float(value[0]) for value in ellipse))
        light = grid.to_pixels(profile[None], np.ones((1, len(psfs)), np.float32))
    light = light * fluxes[:, None, None]
    if size == STAMP_SIZES[-1]:
        light *= _taper(size)
    return Stamp(row, Region(left, bottom, left + size, bottom + size), light)


def _with_halo(
    star: Population,
    row: int,
    fluxes: NDArray[np.float32],
    window: Region,
    psfs: tuple[BandPsf, ...],
    scale: float,
) -> Stamp:
    """Light of a bright star in a window: that of the largest stamp, and what lies beyond it.

    A PSF of the user's ends where its image does.
    """
    x, y, size = float(star.x[0]), float(star.y[0]), STAMP_SIZES[-1]
    light = far_light(window, x, y, psfs=psfs, pixel_scale_arcsec=scale) * fluxes[:, None, None]
    left, bottom = round(x) - size // 2, round(y) - size // 2
    shared = window.intersection(Region(left, bottom, left + size, bottom + size))
    if min(shared.shape) > 0:
        near = _stamp(star, row, fluxes, size, psfs, scale)
        there = shared.shifted(-near.region.x0, -near.region.y0).slices
        light[(slice(None), *shared.shifted(-window.x0, -window.y0).slices)] += near.light[(slice(None), *there)]
    return Stamp(row, window, light)


@cache
def _taper(size: int) -> NDArray[np.float32]:
    """1 in the middle, falling to 0 at the edges of the stamp, so that the wings of bright stars have no sharp end."""
    offset = np.arange(size) - size // 2
    return fade(np.hypot(offset[:, None], offset[None, :]), size)


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
    def of(psfs: tuple[BandPsf, ...], size: int, scale: float) -> _Grid:
        """The grid, kept between calls: more of the small ones than of the large ones."""
        return (_small_grid if size <= 256 else _large_grid)(psfs, size, scale)

    @staticmethod
    def made(psfs: tuple[BandPsf, ...], size: int, scale: float) -> _Grid:
        """Compute a grid; bands that are matched share a transfer function."""
        nyquist = 0.5 / scale
        factors = {psf: 2 if psf.limit > 1.1 * nyquist else 1 for psf in psfs}
        fy, fx = frequencies(size, oversampling=max(factors.values()), pixel_scale_arcsec=scale)
        transfer = {
            psf: psf.transfer_function(size, oversampling=factor, pixel_scale_arcsec=scale)
            for psf, factor in factors.items()
        }
        return _Grid(size, fy.astype(np.float32), fx.astype(np.float32), scale, tuple(transfer[psf] for psf in psfs))

    def phase(self, x: float, y: float) -> NDArray[np.complex64]:
        """Transform of a point at pixel (x, y) of the stamp, shape (K, K // 2 + 1)."""
        return _turn(self.fy, self.scale * y) * _turn(self.fx, self.scale * x)

    def part(
        self,
        part: int,
        structure: Structure,
        shape: FormShape,
        pa_deg: float,
        phase: NDArray[np.complex64],
        x: float,
        y: float,
    ) -> NDArray[np.complex64]:
        """Transform of unit flux of one of `PARTS` of one galaxy at pixel (x, y), shape (K, K // 2 + 1).

        Parameters
        ----------
        structure : Structure of length 1
        shape : FormShape
        phase : (K, K // 2 + 1)
            That of pixel (x, y), which is all that there is of a nucleus.
        """
        if part in (BULGE, DISC):
            column = (BULGE, DISC).index(part)
            of_part = structure.re_arcsec, structure.sersic_n, structure.axis_ratio
            re, n, axis_ratio = (float(value[0, column]) for value in of_part)
            if part == DISC and (shape.disc_x or shape.disc_y):
                phase = self.phase(x + shape.disc_x / self.scale, y + shape.disc_y / self.scale)
            return phase * self.profile(re, n, axis_ratio, pa_deg)
        if part == CLUMPS:
            used = np.flatnonzero(structure.clump_share[0])
            of_clumps = structure.clump_x, structure.clump_y, structure.clump_re_arcsec, structure.clump_share
            return self.gaussians(Spots(*(value[0, used] for value in of_clumps)), x, y)
        if part in (BAR, ARMS):
            return self.gaussians(shape.bar if part == BAR else shape.arms, x, y)
        return phase

    def gaussians(self, spots: Spots, x: float, y: float) -> NDArray[np.complex64]:
        """Transform of round Gaussians around pixel (x, y), which are separable, shape (K, K // 2 + 1)."""
        squared = 2 * (np.pi * spots.re_arcsec / _GAUSSIAN_RE) ** 2
        at_y = _turn(self.fy, self.scale * y + spots.y) * np.exp(-squared * self.fy**2) * spots.share
        at_x = _turn(self.fx.T, self.scale * x + spots.x) * np.exp(-squared * self.fx.T**2)
        return np.asarray(at_y.astype(np.complex64) @ at_x.T.astype(np.complex64))

    def profile(self, re: float, n: float, axis_ratio: float, pa_deg: float) -> NDArray[np.float32]:
        """Transform of an elliptical Sérsic profile of unit flux, shape (K, K // 2 + 1)."""
        angle = np.deg2rad(pa_deg)
        along = (-np.sin(angle) * self.fx + np.cos(angle) * self.fy) * (2 * np.pi * re)
        across = (np.cos(angle) * self.fx + np.sin(angle) * self.fy) * (2 * np.pi * re * axis_ratio)
        return sersic_transform(np.sqrt(along**2 + across**2), n)

    def to_pixels(self, parts: NDArray[np.complex64], shares: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sample the parts of a source on native pixels behind each band's transfer function, (band, size, size).

        Parameters
        ----------
        parts : (part, K, K // 2 + 1)
            Transforms of unit flux.
        shares : (part, band)
            Of the parts in each band's light.
        """
        half = self.size // 2
        native = parts
        if len(self.fy) > self.size:
            native = np.concatenate([parts[:, :half, : half + 1], parts[:, -half:, : half + 1]], axis=1)
        spectrum = np.empty((len(self.transfer), self.size, half + 1), np.complex64)
        for band, transfer in enumerate(self.transfer):
            if len(transfer) == self.size:
                np.multiply(_mixed(native, shares[:, band]), transfer, out=spectrum[band])
            else:
                spectrum[band] = _fold(_mixed(parts, shares[:, band]) * transfer)
        return np.asarray(fft.irfft2(spectrum, (self.size, self.size), workers=1))


def _turn(frequency: NDArray[np.float32], arcsec: float | NDArray[np.float64]) -> NDArray[np.complex64]:
    """Transform of points at `arcsec` along one axis."""
    return np.asarray(np.exp(-2j * np.pi * arcsec * frequency.astype(float)), np.complex64)


def _mixed(parts: NDArray[np.complex64], shares: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Sum of parts (part, y, x) in these shares (part,); a single one has all."""
    if len(parts) == 1:
        return np.asarray(parts[0])
    flat = parts.view(np.float32).reshape(len(parts), -1)
    return np.asarray((shares @ flat).view(np.complex64).reshape(parts.shape[1:]))


def _band_psf(band: str, given: UserPsf | BandPsf | None, angle_deg: float) -> BandPsf:
    """The PSF that a band is drawn with; the telescope's if none is given."""
    return given if isinstance(given, BandPsf) else BandPsf(band, angle_deg, given)


@lru_cache(maxsize=32)  # up to 5 MB each: all sizes at three roll angles
def _small_grid(psfs: tuple[BandPsf, ...], size: int, scale: float) -> _Grid:
    """Grid of a small stamp; those used last are kept."""
    return _Grid.made(psfs, size, scale)


@lru_cache(maxsize=9)  # up to 40 MB each
def _large_grid(psfs: tuple[BandPsf, ...], size: int, scale: float) -> _Grid:
    """Grid of a large stamp; the few used last are kept."""
    return _Grid.made(psfs, size, scale)


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
