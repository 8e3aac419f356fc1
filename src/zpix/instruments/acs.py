"""What does the Wide Field Channel of HST's Advanced Camera for Surveys (ACS) do to light?

Errors are those of weight maps (inverse variances) of mosaics of GOODS-S, by its depth: 5 σ in a radius of 0.17″ at the
magnitudes of Guo et al. (2013, Table 1) for the wide part. Such maps give the noise that counts in large apertures, so
that a pixel of a drizzled mosaic scatters by less than its error, by what its neighbours share.
"""

from __future__ import annotations

from functools import partial

from zpix.instruments.channel import Channel, NoiseKernel
from zpix.instruments.curve_files import sedpy_curve
from zpix.instruments.hst import HST
from zpix.instruments.instrument import ArtefactSizes, Dithers, Instrument

_POINTING_ARCSEC = 202.0
_BANDS = ("F435W", "F606W", "F775W", "F814W", "F850LP")

# Two chips of 4096 × 2048 pixels of 0.05″, 2.5″ apart (ACS Instrument Handbook). Blur: charge diffusion of 0.025 to
# 0.03″ by wavelength (ACS Instrument Handbook, 5.6.1), drizzled drops of 0.04″ and the pixels of the mosaic.
_WFC = Channel(
    "wfc",
    native_pixel_arcsec=0.05,
    blur_arcsec=0.030,
    noise=NoiseKernel(core_sigma_pix=0.62, wing_sigma_pix=3.0, wing_share=0.05),
    chip_arcsec=98.5,
    chip_pitch_arcsec=_POINTING_ARCSEC / 2,
)

ACS = Instrument(
    name="acs",
    telescope=HST,
    channels=dict.fromkeys(_BANDS, _WFC),
    curve=partial(sedpy_curve, "acs_wfc_{band}.par"),
    wavelength_range=(3500.0, 11000.0),
    # 28.95, 29.35, 28.55, 28.84 and 28.55 mag
    error_njy={"F435W": 0.190, "F606W": 0.132, "F775W": 0.275, "F814W": 0.211, "F850LP": 0.275},
    noise_over_error=dict.fromkeys(_BANDS, 0.45),  # of the kernel above: √ΣK²
    exposure_s=1.5e4,
    dithers=Dithers(
        pointing_arcsec=_POINTING_ARCSEC,
        number=12,  # many visits over the years
        evenness=2.0,
        step_arcsec=(4.0, 0.5),  # more than the gap
        band_shift_arcsec=2.0,
    ),
    artefacts=ArtefactSizes(hot_pixel_sigma=(5.0, 20.0), hot_pixel_positive=0.95),  # cosmic rays that were left
)
