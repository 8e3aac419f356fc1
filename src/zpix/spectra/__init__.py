"""What light galaxies and stars send: one file per family of spectra, and what dust and gas do to it."""

from zpix.spectra.families import FAMILIES, draw_galaxy_spectra, family_of
from zpix.spectra.family import (
    COMPONENTS,
    DrawnSpectra,
    GalaxyFamily,
    GalaxyTraits,
    LineStrengths,
    SpectraFamily,
)
from zpix.spectra.little_red_dots import draw_dot_spectra
from zpix.spectra.milky_way import milky_way_transmission
from zpix.spectra.mixed import MixedSpectra
from zpix.spectra.stars import STARS, StarFamily, StarSpectra
from zpix.spectra.wavelengths import rest_grid

__all__ = [
    "COMPONENTS",
    "FAMILIES",
    "STARS",
    "DrawnSpectra",
    "GalaxyFamily",
    "GalaxyTraits",
    "LineStrengths",
    "MixedSpectra",
    "SpectraFamily",
    "StarFamily",
    "StarSpectra",
    "draw_dot_spectra",
    "draw_galaxy_spectra",
    "family_of",
    "milky_way_transmission",
    "rest_grid",
]
