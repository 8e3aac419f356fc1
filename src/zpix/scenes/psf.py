"""How does NIRCam blur the sky in each band?

The optical transfer function of a telescope is the autocorrelation of its pupil, read at baseline = λ ×
spatial frequency. One autocorrelation of the segmented pupil therefore serves every band, wavelength and
stamp size, exactly and without cropping: on the coarse frequency grid of a small stamp the far wings wrap
around, and no light is lost. Light of many wavelengths is a mean along rays of one polar table, so that the rings
and spikes of bright stars are as smooth as the filter makes them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from zpix.errors import MissingExtraError
from zpix.scenes.channels import NATIVE_PIXEL_ARCSEC, channels
from zpix.spectra.filters import pivot_um, transmission

_DIAMETER_M = 6.603  # circumscribed circle of the pupil
_PUPIL_PIXELS = 384
_WAVELENGTHS = 60  # per band: rings blend into each other as in the filter, 100 rings out too
_RAYS = 1440  # over half a turn: less than a pixel of the pupil apart at its rim
_STEPS_PER_PIXEL = 2  # along rays
_ARCSEC = np.pi / 180 / 3600

#: Gaussian blur σ in arcsec by channel (short, long): charge diffusion, jitter and drizzling together. With the halo
#: below it is set so that FWHM and encircled energy at 0.05 to 0.5 arcsec fit two sets of empirical PSFs, those of the
#: SMACS 0723 (20 mas) and CEERS (40 mas) mosaics in the grizli-psf-library, within 8 % in every band; alone they would
#: ask for (0.011, 0.023) and (0.015, 0.027).
_BLUR_ARCSEC = (0.0123, 0.0246)
#: Wavefront error (rms, µm) scatters 1 − exp(−(2π w/λ)²) of the light (Maréchal) into a halo of this σ in
#: arcsec.
_WAVEFRONT_UM = 0.088
_HALO_ARCSEC = 0.098


def transfer_function(
    band: str, size: int, *, oversampling: int = 1, pixel_scale_arcsec: float = 0.03, angle_deg: float = 0.0
) -> NDArray[np.float32]:
    """Fourier transform of the PSF for stamps of `size` pixels: 1 at frequency 0.

    The array has shape (K, K // 2 + 1) with K = size × oversampling; frequencies are in the order of
    `scipy.fft.rfft2` and reach the oversampled grid's Nyquist frequency. It is real, because a pupil without
    phase errors gives a PSF that looks the same upside down.

    Parameters
    ----------
    angle_deg : float
        Position angle of the pupil, east of north: diffraction spikes turn with it.
    """
    fy, fx = frequencies(size, oversampling=oversampling, pixel_scale_arcsec=pixel_scale_arcsec)
    turn = np.deg2rad(angle_deg)
    optics = _sampled(_optics(band), np.hypot(fy, fx), np.arctan2(fy, fx) - turn, um=float(pivot_um((band,))[0]))
    channel = channels((band,))[0]
    pixel = NATIVE_PIXEL_ARCSEC[channel]
    share = 1 - np.exp(-((2 * np.pi * _WAVEFRONT_UM / pivot_um((band,))[0]) ** 2))
    squared = 2 * np.pi**2 * (fx**2 + fy**2)
    blur = np.exp(-squared * _BLUR_ARCSEC[channel] ** 2) * (1 - share + share * np.exp(-squared * _HALO_ARCSEC**2))
    return (optics * blur * np.sinc(pixel * fx) * np.sinc(pixel * fy)).astype(np.float32)


def frequencies(
    size: int, *, oversampling: int, pixel_scale_arcsec: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Spatial frequencies in cycles per arcsec, a column (K, 1) and a row (1, K // 2 + 1)."""
    step = pixel_scale_arcsec / oversampling
    k = size * oversampling
    fy, fx = np.fft.fftfreq(k, step).astype(float), np.fft.rfftfreq(k, step).astype(float)
    return fy[:, None], fx[None, :]


def band_limit(band: str) -> float:
    """Highest spatial frequency that the telescope passes in `band`, in cycles per arcsec."""
    return _DIAMETER_M * _ARCSEC / (min(um for um, _ in _band_samples(band)) * 1e-6)


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
    table, pivot = _polar_autocorrelation(), float(pivot_um((band,))[0])
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


def _sampled(table: NDArray, frequency: NDArray, angle: NDArray, *, um: float) -> NDArray[np.float64]:
    """Polar `table` read at baselines λ × frequency (cycles per arcsec) and angles (rad); 0 outside the pupil."""
    from scipy.ndimage import map_coordinates

    step = frequency * (um * 1e-6 / _ARCSEC / (_DIAMETER_M / _PUPIL_PIXELS) * _STEPS_PER_PIXEL)
    ray = (angle / np.pi % 1) * _RAYS  # opposite baselines are the same
    around = np.concatenate([table, table[:1]])
    return map_coordinates(around, np.stack(np.broadcast_arrays(ray, step)), order=1, mode="constant")


@cache
def _polar_autocorrelation() -> NDArray[np.float64]:
    """Autocorrelation of the pupil along rays from its centre, (ray, step); the last step lies outside the pupil."""
    from scipy.ndimage import map_coordinates

    table = _pupil_autocorrelation()
    centre = table.shape[0] // 2
    radius = np.arange(_PUPIL_PIXELS * _STEPS_PER_PIXEL + 1) / _STEPS_PER_PIXEL
    angle = np.arange(_RAYS)[:, None] * (np.pi / _RAYS)
    place = np.stack([centre + radius * np.sin(angle), centre + radius * np.cos(angle)])
    return map_coordinates(table, place, order=1, mode="constant")


@cache
def _pupil_autocorrelation() -> NDArray[np.float64]:
    """Autocorrelation of JWST's pupil, centred, 1 at its centre; one pixel is diameter / 384."""
    try:
        import poppy
    except ImportError:
        raise MissingExtraError("poppy", "sim") from None
    primary = poppy.MultiHexagonAperture(rings=2, flattoflat=1.32, gap=0.007, center=False)
    struts = poppy.AsymmetricSecondaryObscuration(
        secondary_radius=0.37, support_angle=(0, 150, 210), support_width=(0.12, 0.12, 0.12)
    )
    optic = poppy.CompoundAnalyticOptic([primary, struts])
    pupil = optic.sample(npix=_PUPIL_PIXELS, grid_size=_DIAMETER_M)
    padded = np.zeros((2 * _PUPIL_PIXELS, 2 * _PUPIL_PIXELS))
    padded[:_PUPIL_PIXELS, :_PUPIL_PIXELS] = pupil
    power = np.abs(np.fft.rfft2(padded)) ** 2
    correlation = np.fft.fftshift(np.fft.irfft2(power, padded.shape))
    return correlation / correlation[_PUPIL_PIXELS, _PUPIL_PIXELS]
