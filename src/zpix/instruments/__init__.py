"""What telescopes and cameras do to light, one file each, and the filters that light goes through."""

from zpix.instruments.cameras import INSTRUMENTS, channels_of, instrument_of, instruments_of
from zpix.instruments.channel import Channel, NoiseKernel
from zpix.instruments.curve_files import package_file, sedpy_curve
from zpix.instruments.filters import LN_STEP, band_weights, observed_grid, pivot_um, transmission
from zpix.instruments.instrument import REFERENCE_PIXEL_ARCSEC, ArtefactSizes, Curve, Dithers, Instrument
from zpix.instruments.telescope import Telescope

__all__ = [
    "INSTRUMENTS",
    "LN_STEP",
    "REFERENCE_PIXEL_ARCSEC",
    "ArtefactSizes",
    "Channel",
    "Curve",
    "Dithers",
    "Instrument",
    "NoiseKernel",
    "Telescope",
    "band_weights",
    "channels_of",
    "instrument_of",
    "instruments_of",
    "observed_grid",
    "package_file",
    "pivot_um",
    "sedpy_curve",
    "transmission",
]
