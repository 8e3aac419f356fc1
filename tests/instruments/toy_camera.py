"""A camera of two bands behind a round mirror: all that zpix has to be told about a new instrument."""

import numpy as np

from zpix.instruments import Channel, Dithers, Instrument, NoiseKernel, Telescope

MIDDLE_ANGSTROM = {"TOY-V": 5500.0, "TOY-I": 8000.0}


def curve(band):
    """Wavelengths in Å and efficiencies: half of the photons within 600 Å of the middle of the band are counted."""
    wavelength = MIDDLE_ANGSTROM[band] + np.linspace(-700, 700, 57)
    return wavelength, np.where(np.abs(wavelength - MIDDLE_ANGSTROM[band]) < 600, 0.5, 0.0)


def pupil(n_pixels):
    """Transmission of a round mirror behind a round obstruction, (n_pixels, n_pixels)."""
    y, x = np.indices((n_pixels, n_pixels)) - (n_pixels - 1) / 2
    radius = np.hypot(y, x) / (n_pixels / 2)
    return ((radius < 1) & (radius > 0.3)).astype(float)


channel = Channel(
    "only",
    native_pixel_arcsec=0.05,
    blur_arcsec=0.02,
    noise=NoiseKernel(core_sigma_pix=0.6),
    chip_arcsec=100.0,
    chip_pitch_arcsec=105.0,
)
TOY = Instrument(
    name="toy",
    telescope=Telescope(
        diameter_m=1.5,
        collecting_area_m2=1.6,
        pupil=pupil,
        wavefront_um=0.05,
        halo_arcsec=0.1,
        wing=1e-4,
        core_arcsec=0.2,
        resolved_arcsec=0.15,
    ),
    channels={"TOY-V": channel, "TOY-I": channel},
    curve=curve,
    wavelength_range=(4500.0, 9000.0),
    error_njy={"TOY-V": 0.2, "TOY-I": 0.3},
    noise_over_error={"TOY-V": 1.0, "TOY-I": 1.0},
    exposure_s=1e4,
    dithers=Dithers(pointing_arcsec=105.0),
)
