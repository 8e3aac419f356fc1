"""What does the simulator have to know about a camera?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zpix.instruments.channel import Channel
from zpix.instruments.telescope import Telescope

#: Side in arcsec of the mosaic pixels that errors of an `Instrument` are given for.
REFERENCE_PIXEL_ARCSEC = 0.03

#: Wavelengths in Å and efficiencies, both (W,).
Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Dithers:
    """How the exposures of a mosaic are placed beside each other.

    Attributes
    ----------
    pointing_arcsec : float, arcsec
        Distance from one pointing to its neighbour in a contiguous mosaic.
    number : int, default: 6
        Exposures of a pointing.
    evenness : float, default: 0.5
        Of the exposure times of dithers (parameter of a Dirichlet distribution); the smaller, the more uneven.
    step_arcsec : tuple of float, arcsec, default: (8.0, 0.8)
        Mean and rms of the steps along each axis.
    band_shift_arcsec : float, arcsec, default: 2.0
        Rms by which the pointing of a band differs from that of another.
    """

    pointing_arcsec: float
    number: int = 6
    evenness: float = 0.5
    step_arcsec: tuple[float, float] = (8.0, 0.8)
    band_shift_arcsec: float = 2.0


@dataclass(frozen=True)
class ArtefactSizes:
    """How large and how bright the artefacts of a camera are; None for those that it does not leave.

    Attributes
    ----------
    hot_pixel_sigma : tuple of float, optional
        Faintest and brightest peak of a hot pixel, in errors of a pixel.
    hot_pixel_positive : float, default: 0.85
        Share of hot pixels that are positive.
    snowball_sigma : tuple of float, optional
        Faintest and brightest height of what a snowball leaves, in errors of a pixel.
    snowball_radius_pix : tuple of float, pixels, default: (10.0, 25.0)
        Smallest and largest radius of it.
    stripe_arcsec : float, arcsec, optional
        Length of the stripes of 1/f noise, along and across, after which another chip begins.
    wisp_sigma : tuple of float, optional
        Faintest and brightest height of a wisp, in errors of a pixel; see `Channel.has_wisps`.
    wisp_reach_arcsec : float, arcsec, default: 14.0
        Distance from its middle at which a wisp ends.
    """

    hot_pixel_sigma: tuple[float, float] | None = None
    hot_pixel_positive: float = 0.85
    snowball_sigma: tuple[float, float] | None = None
    snowball_radius_pix: tuple[float, float] = (10.0, 25.0)
    stripe_arcsec: float | None = None
    wisp_sigma: tuple[float, float] | None = None
    wisp_reach_arcsec: float = 14.0


@dataclass(frozen=True, eq=False)
class Instrument:
    """A camera behind a telescope, as the simulator sees it: a description, which computes nothing.

    Attributes
    ----------
    name : str
        Name in `INSTRUMENTS`.
    telescope : Telescope
        Mirrors in front of it.
    channels : mapping of str to Channel
        The channel that observes each band; its keys are the camera's bands, in order of wavelength.
    curve : callable
        Called with a band; gives wavelengths in Å and photon-to-electron efficiencies (telescope included), both (W,).
    wavelength_range : tuple of float, Å
        Shortest and longest wavelength that any of its bands lets through.
    error_njy : mapping of str to float, nJy
        Error of one mosaic pixel of `REFERENCE_PIXEL_ARCSEC`, by band. Bands that it lacks are interpolated in
        wavelength.
    noise_over_error : mapping of str to float
        Rms of a pixel in units of its error image, by band; 1 for an error image that is right. Bands that it lacks
        are interpolated in wavelength.
    exposure_s : float, s
        Exposure time behind these errors; the photon noise of bright sources follows from it.
    dithers : Dithers
        How exposures are placed.
    artefacts : ArtefactSizes
        What the camera leaves in a mosaic that is not in the sky; nothing by default.
    """

    name: str
    telescope: Telescope
    channels: Mapping[str, Channel]
    curve: Callable[[str], Curve]
    wavelength_range: tuple[float, float]
    error_njy: Mapping[str, float]
    noise_over_error: Mapping[str, float]
    exposure_s: float
    dithers: Dithers
    artefacts: ArtefactSizes = field(default_factory=ArtefactSizes)
