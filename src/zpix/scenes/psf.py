"""How does a telescope with a camera blur the sky in each band?

The optical transfer function of a telescope is the autocorrelation of its pupil, read at baseline = λ × spatial
frequency. One autocorrelation of the pupil therefore serves every band, wavelength and stamp size, exactly and without
cropping: on the coarse frequency grid of a small stamp the far wings wrap around, and no light is lost. Light of many
wavelengths is a mean along rays of one polar table, so that the rings and spikes of bright stars are as smooth as the
filter makes them. Pupils, pixels and blurs are those of each band's instrument.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import Telescope, instrument_of, pivot_um, transmission

_PUPIL_PIXELS = 384
_WAVELENGTHS = 60  # per band: rings blend into each other as in the filter, 100 rings out too
_RAYS = 1440  # over half a turn: less than a pixel of the pupil apart at its rim
_STEPS_PER_PIXEL = 2  # along rays
_ARCSEC = np.pi / 180 / 3600


@dataclass(frozen=True)
class Stretch:
    """How a PSF differs in width and shape from that of the telescope's description, at the same total light.

    Attributes
    ----------
    width : float, default: 1.0
        Factor of its width, the geometric mean over both axes.
    ellipticity : float, default: 0.0
        (a − b) / (a + b) of what a round PSF would become.
    angle_deg : float, degrees, default: 0.0
        Position angle of the long axis, east of north.
    """

    width: float = 1.0
    ellipticity: float = 0.0
    angle_deg: float = 0.0

    @property
    def narrowest(self) -> float:
        """Factor of the width along the short axis."""
        return self.width * float(np.sqrt((1 - self.ellipticity) / (1 + self.ellipticity)))

    def applied(
        self, fy: NDArray[np.float64], fx: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the frequencies at which the unstretched PSF has the transform that the stretched one has at (fy, fx).

        Parameters
        ----------
        fy : (K, 1) float64, cycles per arcsec
            Frequencies along y.
        fx : (1, L) float64, cycles per arcsec
            Frequencies along x.

        Returns
        -------
        fy, fx : (K, L) float64, cycles per arcsec
            Those of the unstretched PSF.
        """
        sine, cosine = np.sin(np.deg2rad(self.angle_deg)), np.cos(np.deg2rad(self.angle_deg))
        along = (cosine * fy - sine * fx) * (self.width**2 / self.narrowest)
        across = (sine * fy + cosine * fx) * self.narrowest
        return cosine * along + sine * across, cosine * across - sine * along


def transfer_function(
    band: str,
    size: int,
    *,
    oversampling: int = 1,
    pixel_scale_arcsec: float = 0.03,
    angle_deg: float = 0.0,
    stretch: Stretch | None = None,
) -> NDArray[np.float32]:
    """Compute the Fourier transform of the PSF for stamps of `size` pixels.

    It is real, because a pupil without phase errors gives a PSF that looks the same upside down.

    Parameters
    ----------
    band : str
        Name of the band.
    size : int
        Side of the stamp in pixels.
    oversampling : int, default: 1
        How many times finer than the mosaic's pixels the light is sampled.
    pixel_scale_arcsec : float, arcsec, default: 0.03
        Side of the mosaic's pixels.
    angle_deg : float, degrees, default: 0.0
        Position angle of the pupil, east of north: diffraction spikes turn with it.
    stretch : Stretch, optional
        How the PSF is widened and stretched; not at all by default.

    Returns
    -------
    (K, K // 2 + 1) float32
        The transfer function, 1 at frequency 0, K = size × oversampling; frequencies are in the order of
        `scipy.fft.rfft2` and reach the Nyquist frequency of the oversampled grid.
    """
    fy, fx = frequencies(size, oversampling=oversampling, pixel_scale_arcsec=pixel_scale_arcsec)
    if stretch is None:
        return _transfer(band, fy, fx, angle_deg)
    fy, fx = stretch.applied(fy, fx)
    passed = np.hypot(fy, fx) < band_limit(band)  # most of the plane in long bands is not
    transfer = np.zeros(passed.shape, np.float32)
    transfer[passed] = _transfer(band, fy[passed], fx[passed], angle_deg)
    return transfer


def _transfer(band: str, fy: NDArray[np.float64], fx: NDArray[np.float64], angle_deg: float) -> NDArray[np.float32]:
    """Transfer function without stretch at any frequencies, of their common shape."""
    instrument, pivot = instrument_of(band), pivot_um((band,))[0]
    telescope, channel = instrument.telescope, instrument.channels[band]
    turn = np.deg2rad(angle_deg)
    optics = _sampled(_optics(band), np.hypot(fy, fx), np.arctan2(fy, fx) - turn, um=float(pivot), of=telescope)
    pixel = channel.native_pixel_arcsec
    share = 1 - np.exp(-((2 * np.pi * telescope.wavefront_um / pivot) ** 2))
    squared = 2 * np.pi**2 * (fx**2 + fy**2)
    halo = np.exp(-squared * telescope.halo_arcsec**2)
    blur = np.exp(-squared * channel.blur_arcsec**2) * (1 - share + share * halo)
    return np.asarray(optics * blur * np.sinc(pixel * fx) * np.sinc(pixel * fy), np.float32)


def frequencies(
    size: int, *, oversampling: int, pixel_scale_arcsec: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the spatial frequencies of a stamp.

    Parameters
    ----------
    size : int
        Side of the stamp in pixels.
    oversampling : int
        How many times finer than the mosaic's pixels the light is sampled; K = size × oversampling.
    pixel_scale_arcsec : float, arcsec
        Side of the mosaic's pixels.

    Returns
    -------
    fy : (K, 1) float64, cycles per arcsec
        Frequencies along y.
    fx : (1, K // 2 + 1) float64, cycles per arcsec
        Frequencies along x.
    """
    step = pixel_scale_arcsec / oversampling
    k = size * oversampling
    fy, fx = np.fft.fftfreq(k, step).astype(float), np.fft.rfftfreq(k, step).astype(float)
    return fy[:, None], fx[None, :]


def band_limit(band: str) -> float:
    """Compute the highest spatial frequency that the telescope passes in a band.

    Parameters
    ----------
    band : str
        Name of the band.

    Returns
    -------
    float, cycles per arcsec
        The frequency.
    """
    return instrument_of(band).telescope.diameter_m * _ARCSEC / (min(um for um, _ in _band_samples(band)) * 1e-6)


@cache
def _band_samples(band: str) -> tuple[tuple[float, float], ...]:
    """Wavelengths (µm) that divide the band's photons into equal parts, with their shares."""
    wavelength, efficiency = transmission(band)
    cumulative = np.cumsum(efficiency) / efficiency.sum()
    quantile = (np.arange(_WAVELENGTHS) + 0.5) / _WAVELENGTHS
    return tuple((float(um), 1 / _WAVELENGTHS) for um in np.interp(quantile, cumulative, wavelength / 1e4))


@cache
def _optics(band: str) -> NDArray[np.float64]:
    """Autocorrelation of the pupil averaged over the band, (ray, step), at the baselines of the pivot wavelength."""
    table, pivot = _polar_autocorrelation(instrument_of(band).telescope), float(pivot_um((band,))[0])
    n_steps = table.shape[1]
    ratios = np.array([um / pivot for um, _ in _band_samples(band)])
    place = np.arange(int(n_steps / ratios.min()) + 2)[:, None] * ratios  # (step, wavelength) in steps of the table
    mean = np.zeros((n_steps, len(place)))
    for share, column in zip((share for _, share in _band_samples(band)), place.T, strict=True):
        inside = np.flatnonzero(column < n_steps - 1)
        first, fraction = column[inside].astype(int), column[inside] % 1
        np.add.at(mean, (first, inside), share * (1 - fraction))
        np.add.at(mean, (first + 1, inside), share * fraction)
    return table @ mean


def _sampled(
    table: NDArray[np.float64], frequency: NDArray[np.float64], angle: NDArray[np.float64], *, um: float, of: Telescope
) -> NDArray[np.float64]:
    """Polar `table` read at baselines λ × frequency (cycles per arcsec) and angles (rad); 0 outside the pupil."""
    from scipy.ndimage import map_coordinates

    step = frequency * (um * 1e-6 / _ARCSEC / (of.diameter_m / _PUPIL_PIXELS) * _STEPS_PER_PIXEL)
    ray = (angle / np.pi % 1) * _RAYS  # opposite baselines are the same
    around = np.concatenate([table, table[:1]])
    inside = step < table.shape[1]
    read = np.zeros(step.shape)
    read[inside] = map_coordinates(around, np.stack([ray[inside], step[inside]]), order=1, mode="constant")
    return read


@cache
def _polar_autocorrelation(telescope: Telescope) -> NDArray[np.float64]:
    """Autocorrelation of the pupil along rays from its centre, (ray, step); the last step lies outside the pupil."""
    from scipy.ndimage import map_coordinates

    table = _pupil_autocorrelation(telescope)
    centre = table.shape[0] // 2
    radius = np.arange(_PUPIL_PIXELS * _STEPS_PER_PIXEL + 1) / _STEPS_PER_PIXEL
    angle = np.arange(_RAYS)[:, None] * (np.pi / _RAYS)
    place = np.stack([centre + radius * np.sin(angle), centre + radius * np.cos(angle)])
    return np.asarray(map_coordinates(table, place, order=1, mode="constant"))


@cache
def _pupil_autocorrelation(telescope: Telescope) -> NDArray[np.float64]:
    """Autocorrelation of a telescope's pupil, centred, 1 at its centre; one pixel is diameter / 384."""
    padded = np.zeros((2 * _PUPIL_PIXELS, 2 * _PUPIL_PIXELS))
    padded[:_PUPIL_PIXELS, :_PUPIL_PIXELS] = telescope.pupil(_PUPIL_PIXELS)
    power = np.abs(np.fft.rfft2(padded)) ** 2
    correlation = np.fft.fftshift(np.fft.irfft2(power, padded.shape))
    return np.asarray(correlation / correlation[_PUPIL_PIXELS, _PUPIL_PIXELS])
