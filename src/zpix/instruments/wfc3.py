"""What does the infrared channel of HST's Wide Field Camera 3 (WFC3) do to light?

Errors are those of weight maps, as for ACS (see there), by the depth of the deep part of CANDELS in GOODS-S (Guo et al.
2013, Table 1). F140W, which was observed for a fifth of the time of F160W over the Hubble Legacy Field, is 0.5 mag
shallower than F160W.
"""

from __future__ import annotations

from functools import partial

from zpix.instruments.channel import Channel, NoiseKernel
from zpix.instruments.curve_files import sedpy_curve
from zpix.instruments.hst import HST_COLD_MASK
from zpix.instruments.instrument import Dithers, Instrument

_POINTING_ARCSEC = 130.0
_BANDS = ("F105W", "F125W", "F140W", "F160W")

# One chip of 1014 pixels of 0.135 × 0.121″ (WFC3 Instrument Handbook). Blur: jitter, capacitance between pixels,
# drizzled drops of 0.1″, and mosaics of 0.06″ resampled to 0.03″.
_IR = Channel(
    "ir",
    native_pixel_arcsec=0.128,
    blur_arcsec=0.040,
    noise=NoiseKernel(core_sigma_pix=1.4, wing_sigma_pix=3.0, wing_share=0.05),
    chip_arcsec=_POINTING_ARCSEC,
    chip_pitch_arcsec=_POINTING_ARCSEC,
)

WFC3 = Instrument(
    name="wfc3",
    telescope=HST_COLD_MASK,
    channels=dict.fromkeys(_BANDS, _IR),
    curve=partial(sedpy_curve, "wfc3_ir_{band}.par"),
    wavelength_range=(8700.0, 17100.0),
    # 28.45, 28.34, 27.66 and 28.16 mag
    error_njy={"F105W": 0.302, "F125W": 0.334, "F140W": 0.624, "F160W": 0.394},
    noise_over_error=dict.fromkeys(_BANDS, 0.2),  # of the kernel above: √ΣK²
    exposure_s=8.0e3,
    dithers=Dithers(
        pointing_arcsec=_POINTING_ARCSEC,
        number=8,
        evenness=2.0,
        step_arcsec=(4.0, 0.5),
        band_shift_arcsec=2.0,
    ),
)
