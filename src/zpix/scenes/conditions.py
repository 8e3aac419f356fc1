"""How does the observation of one field differ from that of another?

Each kind of difference is drawn per field from random numbers of its own, so that switching one on changes no other and
no window matters. Without any, a field is observed as the instruments describe.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from zpix.config import SimulationConfig
from zpix.instruments import NoiseKernel, channels_of, instrument_of, pivot_um
from zpix.scenes.noise import noise_kernels
from zpix.scenes.psf import Stretch
from zpix.scenes.streams import CONDITIONS, stream

_ZERO_POINT, _WIDTH, _ELLIPTICITY, _MATCHED, _RATIO, _CORRELATION, _DEPTH = range(7)  # random streams
_TARGET_BAND = "F444W"
_WIDER = 1.1  # how much wider than that of F444W another PSF is to be the target in its place
_REFERENCE_NATIVE_ARCSEC = 0.063  # pixels for which the range of correlation lengths is meant, and smaller ones
_ARCSEC = np.pi / 180 / 3600


@dataclass(frozen=True)
class Conditions:
    """What is drawn once for a field of some bands.

    Attributes
    ----------
    zero_point_mag : tuple of float, mag
        How much brighter each band looks than it is, all its chips together.
    matched_to : str or None
        Band to whose PSF all are matched; None if they are not.
    stretch : tuple of (Stretch or None)
        How the PSF of each band differs from the description, before matching.
    noise_over_error : tuple of float or None
        Scatter of a pixel in units of its error image, by band; None for what the instruments' descriptions give.
    kernels : tuple of NoiseKernel
        With which the noise of each band is smoothed, before matching.
    depth_mag : tuple of float, mag
        How much deeper each band is than its field.
    """

    zero_point_mag: tuple[float, ...]
    matched_to: str | None
    stretch: tuple[Stretch | None, ...]
    noise_over_error: tuple[float, ...] | None
    kernels: tuple[NoiseKernel, ...]
    depth_mag: tuple[float, ...]

    @property
    def gain(self) -> NDArray[np.float64]:
        """Factor of the light of each band, (band,) float64."""
        return np.asarray(10 ** (0.4 * np.array(self.zero_point_mag)))

    @property
    def error_factor(self) -> NDArray[np.float64]:
        """Noise and error of each band in units of those of its field, (band,) float64."""
        return np.asarray(10 ** (-0.4 * np.array(self.depth_mag)))


def draw_conditions(
    seed: int, bands: tuple[str, ...], config: SimulationConfig, *, psf_seed: int | None = None
) -> Conditions:
    """Draw how a field is observed.

    Parameters
    ----------
    seed : int
        Seed of the sky.
    bands : tuple of str
        Names of the bands.
    config : SimulationConfig
        What the sky is drawn with.
    psf_seed : int, optional
        Seed of the PSFs; that of the sky by default.

    Returns
    -------
    Conditions
        The same for the same seed.
    """
    matched = stream(seed, CONDITIONS, _MATCHED).random() < config.matched_fraction
    return Conditions(
        zero_point_mag=_normal(seed, _ZERO_POINT, bands, config.zero_point_scatter_mag * band_share(bands)),
        matched_to=_target(bands) if matched else None,
        stretch=_stretches(seed if psf_seed is None else psf_seed, bands, config),
        noise_over_error=None if matched else _ratios(seed, bands, config),
        kernels=noise_kernels(bands) if matched else _kernels(seed, bands, config),
        depth_mag=_normal(seed, _DEPTH, bands, np.full(len(bands), config.band_depth_scatter_mag)),
    )


def band_share(bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Give the part of the scatter of zero points that all chips of a band have in common.

    Parameters
    ----------
    bands : tuple of str
        Names of the bands.

    Returns
    -------
    (band,) float64
        √½ where a pointing has several chips, each with a zero point of its own, and 1 elsewhere.
    """
    share = np.ones(len(bands))
    for instrument, channel, places in channels_of(bands):
        if channel.chip_pitch_arcsec < instrument.dithers.pointing_arcsec:
            share[places] = np.sqrt(0.5)
    return share


def _target(bands: tuple[str, ...]) -> str:
    """Band to whose PSF the others are matched: F444W, unless it is missing or another is clearly wider."""
    width = np.array([_core_arcsec(band) for band in bands])
    if _TARGET_BAND in bands and width.max() < _WIDER * width[bands.index(_TARGET_BAND)]:
        return _TARGET_BAND
    return bands[int(np.argmax(width))]


def _core_arcsec(band: str) -> float:
    """Gaussian σ of the core of a PSF, roughly: diffraction, pixel and blur."""
    instrument = instrument_of(band)
    channel = instrument.channels[band]
    diffraction = 0.43 * pivot_um((band,))[0] * 1e-6 / instrument.telescope.diameter_m / _ARCSEC
    return float(np.sqrt(diffraction**2 + channel.native_pixel_arcsec**2 / 12 + channel.blur_arcsec**2))


def _normal(seed: int, kind: int, bands: tuple[str, ...], rms: NDArray[np.float64]) -> tuple[float, ...]:
    """A normal deviate for each band."""
    return tuple((rms * stream(seed, CONDITIONS, kind).standard_normal(len(bands))).tolist())


def _stretches(seed: int, bands: tuple[str, ...], config: SimulationConfig) -> tuple[Stretch | None, ...]:
    """Width and ellipticity of each band's PSF, and one position angle."""
    if not config.psf_width_scatter and not config.psf_ellipticity:
        return (None,) * len(bands)
    scatter = config.psf_width_scatter
    width = stream(seed, CONDITIONS, _WIDTH).uniform(1 - scatter, 1 + scatter, len(bands))
    rng = stream(seed, CONDITIONS, _ELLIPTICITY)
    angle, ellipticity = rng.uniform(0, 180), rng.uniform(0, config.psf_ellipticity, len(bands))
    return tuple(Stretch(float(w), float(e), float(angle)) for w, e in zip(width, ellipticity, strict=True))


def _ratios(seed: int, bands: tuple[str, ...], config: SimulationConfig) -> tuple[float, ...] | None:
    """Scatter over error of each band, even in its logarithm; correlated normal deviates say where in the range."""
    if config.noise_over_error_range is None:
        return None
    first, *others = stream(seed, CONDITIONS, _RATIO).standard_normal(1 + len(bands))
    common = config.noise_over_error_common
    place = ndtr(np.sqrt(common) * first + np.sqrt(1 - common) * np.array(others))
    return tuple(_between(config.noise_over_error_range, place).tolist())


def _kernels(seed: int, bands: tuple[str, ...], config: SimulationConfig) -> tuple[NoiseKernel, ...]:
    """Kernel of each band's noise; the bands of a channel have the same, longer where detectors have large pixels."""
    kernels = list(noise_kernels(bands))
    if config.noise_correlation_range is not None:
        channels = channels_of(bands)
        drawn = stream(seed, CONDITIONS, _CORRELATION).random(len(channels))
        lengths = _between(config.noise_correlation_range, drawn)
        for (_, channel, places), sigma in zip(channels, lengths, strict=True):
            larger = max(channel.native_pixel_arcsec / _REFERENCE_NATIVE_ARCSEC, 1.0)
            for place in places:
                longest = kernels[place].wing_sigma_pix
                kernels[place] = replace(kernels[place], core_sigma_pix=min(float(sigma * larger), longest))
    return tuple(kernels)


def _between(limits: tuple[float, float], place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values at a place from 0 to 1 between two limits, even in their logarithm."""
    low, high = np.log(limits)
    return np.asarray(np.exp(low + (high - low) * place))
