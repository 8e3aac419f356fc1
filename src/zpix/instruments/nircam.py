"""What does NIRCam of JWST do to light?

Errors and noise are those of JADES GOODS-S. `error` images mean what the ERR extension of a JADES mosaic means, and are
as wrong: on the real cutout around JADES-GS-z14-0 the noise is 0.95 of ERR in F444W, a third more than in the other
long bands in F335M, and three quarters of ERR in the short bands.

Neighbouring pixels share noise for two reasons. Drizzling spreads each detector pixel over several: the
autocorrelation of F444W at 1 and 2 pixels (0.64, 0.21) is that of a Gaussian of 0.74 pixels, as 0.063″ pixels on 0.03″
ones should give; for the short channel, whose native pixel is that of the mosaic, the same gives 0.45. What 1/f noise
and the subtracted background leave reaches further: in the short bands of the cutout, matched to F444W, noise is
correlated over 3 to 5 pixels more than drizzling explains, and F444W itself has a correlation of 0.05 there.

NIRCam sees the sky through two modules, each with four short-wavelength chips, between which are gaps of 4 to 5 arcsec,
and one long-wavelength chip behind the same optics (JWST User Documentation, NIRCam Field of View).
"""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from zpix.instruments.channel import Channel, NoiseKernel
from zpix.instruments.curve_files import sedpy_curve
from zpix.instruments.instrument import ArtefactSizes, Dithers, Instrument
from zpix.instruments.telescope import Telescope

_DIAMETER_M = 6.603  # circumscribed circle of the pupil
_SEGMENT_M, _SEGMENT_PITCH_M = 1.32, 1.327  # from flat to flat of a hexagon, and from one to its neighbour
_SECONDARY_RADIUS_M, _STRUT_M = 0.37, 0.12
_MODULE_ARCSEC = 135.8  # from one module to its neighbour in a contiguous mosaic: two short chips with their gaps


def _jwst_pupil(n_pixels: int) -> NDArray[np.float64]:
    """Transmission of JWST's segmented pupil with the struts of its secondary mirror, (n_pixels, n_pixels)."""
    along = (np.arange(n_pixels) - (n_pixels - 1) / 2) * (_DIAMETER_M / n_pixels)
    y, x = np.meshgrid(along, along, indexing="ij")
    is_open = np.zeros(x.shape, bool)
    for column, row in product(range(-2, 3), repeat=2):  # rings of hexagons around the one that is missing
        if (column, row) != (0, 0) and abs(column + row) <= 2:
            from_x = x - column * _SEGMENT_PITCH_M * np.cos(np.pi / 6)
            from_y = y - (row + column / 2) * _SEGMENT_PITCH_M
            is_open |= np.all([np.abs(across) <= _SEGMENT_M / 2 for across in _rotated(from_x, from_y, 30, 90, 150)], 0)
    is_open &= np.hypot(x, y) >= _SECONDARY_RADIUS_M
    angles = np.array([90, 240, 300])
    for outward, across in zip(_rotated(x, y, *angles), _rotated(x, y, *(angles + 90)), strict=True):
        is_open &= (outward <= 0) | (np.abs(across) >= _STRUT_M / 2)
    return is_open.astype(np.float64)


def _rotated(x: NDArray[np.float64], y: NDArray[np.float64], *angles_deg: float) -> list[NDArray[np.float64]]:
    """Coordinate along each of some directions, counted from x to y."""
    return [np.cos(angle) * x + np.sin(angle) * y for angle in np.deg2rad(angles_deg)]


JWST = Telescope(
    diameter_m=_DIAMETER_M,
    collecting_area_m2=25.4,
    pupil=_jwst_pupil,
    wavefront_um=0.088,
    halo_arcsec=0.098,
    wing=3.5e-5,  # five times the mean over all directions, for the spikes
    core_arcsec=0.12,
    resolved_arcsec=0.09,
    spike=1.6e-5,  # at its brightest from 4″ to 40″, in all bands alike
)

# Native pixels: JWST User Documentation, NIRCam Field of View. Blurs: with the halo above they are set so that FWHM and
# encircled energy at 0.05 to 0.5 arcsec fit two sets of empirical PSFs, those of the SMACS 0723 (20 mas) and CEERS
# (40 mas) mosaics in the grizli-psf-library, within 8 % in every band; alone these would ask for (0.011, 0.023) and
# (0.015, 0.027). Chips: 2040 pixels.
_SHORT = Channel(
    "short",
    native_pixel_arcsec=0.0311,
    blur_arcsec=0.0123,
    noise=NoiseKernel(core_sigma_pix=0.45, wing_sigma_pix=3.0, wing_share=0.30),
    chip_arcsec=63.4,
    chip_pitch_arcsec=_MODULE_ARCSEC / 2,
    has_wisps=True,
)
_LONG = Channel(
    "long",
    native_pixel_arcsec=0.0630,
    blur_arcsec=0.0246,
    noise=NoiseKernel(core_sigma_pix=0.74, wing_sigma_pix=3.0, wing_share=0.08),
    chip_arcsec=128.5,
    chip_pitch_arcsec=_MODULE_ARCSEC,
)
_SHORT_BANDS = ("F070W", "F090W", "F115W", "F140M", "F150W", "F162M", "F150W2", "F182M", "F200W", "F210M")
_LONG_BANDS = (
    "F250M", "F277W", "F300M", "F322W2", "F335M", "F356W", "F360M", "F410M", "F430M", "F444W", "F460M", "F480M",
)  # fmt: skip

# Errors in nJy of the bands that JADES' deepest part lacks: those of the same exposure before the same background, by
# the wide bands of the channel, σ ∝ (∫ T d ln λ)^−½. The rule gives F335M 0.8 and F410M 1.2 times what they have.
_SHORT_ERRORS = {
    "F070W": 0.0672,
    "F140M": 0.0725,
    "F162M": 0.0731,
    "F150W2": 0.0269,
    "F182M": 0.0653,
    "F210M": 0.0747,
}
_LONG_ERRORS = {
    "F250M": 0.0346,
    "F300M": 0.0268,
    "F322W2": 0.0123,
    "F360M": 0.0269,
    "F430M": 0.0476,
    "F460M": 0.0541,
    "F480M": 0.0479,
}

NIRCAM = Instrument(
    name="nircam",
    telescope=JWST,
    channels=dict.fromkeys(_SHORT_BANDS, _SHORT) | dict.fromkeys(_LONG_BANDS, _LONG),
    curve=partial(sedpy_curve, "jwst_{band}.par"),
    wavelength_range=(6000.0, 54000.0),
    # Median of the error image in JADES GOODS-S's deepest part: the upper half of the jades-gsz14 cutout, for the lower
    # third lies in a gap of the short-wave detectors.
    error_njy={
        "F090W": 0.0586,
        "F115W": 0.0511,
        "F150W": 0.0498,
        "F200W": 0.0488,
        "F277W": 0.0177,
        "F335M": 0.0311,
        "F356W": 0.0173,
        "F410M": 0.0262,
        "F444W": 0.0229,
    }
    | _SHORT_ERRORS
    | _LONG_ERRORS,
    # Calibrated on the cutout, band by band: what the mock needs for the rms that the cutout has once it is matched to
    # F444W. Bands that it lacks have the mean of the wide ones of their channel.
    noise_over_error={
        "F090W": 0.75,
        "F115W": 0.78,
        "F150W": 0.73,
        "F200W": 0.71,
        "F277W": 1.07,
        "F335M": 1.33,
        "F356W": 0.98,
        "F410M": 1.06,
        "F444W": 0.95,
    }
    | dict.fromkeys(_SHORT_ERRORS, 0.74)
    | dict.fromkeys(_LONG_ERRORS, 1.0),
    exposure_s=4.0e4,  # of the deep field
    dithers=Dithers(
        pointing_arcsec=_MODULE_ARCSEC,
        number=6,
        evenness=0.5,  # where a gap takes the longest dither away, half of the exposure or less is left
        step_arcsec=(8.0, 0.8),  # more than a gap, so that the strips of the dithers do not overlap
        band_shift_arcsec=2.0,  # each band is visited on its own
    ),
    # Rates and sizes of artefacts: see `zpix.scenes.artefacts`.
    artefacts=ArtefactSizes(
        hot_pixel_sigma=(5.0, 50.0),
        hot_pixel_positive=0.85,
        snowball_sigma=(0.2, 1.0),
        snowball_radius_pix=(10.0, 25.0),
        stripe_arcsec=63.4,
        wisp_sigma=(0.2, 0.6),
        wisp_reach_arcsec=14.0,
    ),
)
