"""Which skies are models taught on, and which are they tested on?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import zpix
from zpix.config import Config, SimulationConfig, override
from zpix.training.store import Store

ROOT = Path(__file__).resolve().parents[2]

#: How fields vary in training.
RECIPE = ROOT / "recipes" / "varied-redshifts.toml"

#: Errors of a pixel in units of those of JADES' deepest part, roughly.
DEPTHS = {
    "JADES": 1.0, "JADES with ACS": 1.0, "PRIMER": 4.0, "CEERS": 3.0, "NGDEEP": 1.0, "COSMOS-Web": 7.0,
    "COSMOS-Web with ACS": 7.0, "MegaScience": 2.5,
}  # fmt: skip

#: What is drawn with a scatter, and what from a range.
_SCATTERS = (
    "zero_point_scatter_mag", "psf_width_scatter", "psf_ellipticity", "band_depth_scatter_mag", "sky_residual_sigma",
    "sky_gradient_sigma",
)  # fmt: skip
_RANGES = ("depth_range", "noise_over_error_range", "noise_correlation_range", "density_range")
_BEYOND = 1.5


@dataclass(frozen=True)
class Family:
    """A family of galaxy spectra.

    Attributes
    ----------
    name : str
        Short name, for tables and files.
    spectra : str
        What `[simulation] spectra` calls it: a name, or the path of a template set.
    """

    name: str
    spectra: str

    @classmethod
    def parse(cls, text: str) -> Family:
        """Read NAME or NAME=SPECTRA.

        >>> Family.parse("fsps=templates/fsps.param")
        Family(name='fsps', spectra='templates/fsps.param')
        """
        name, _, spectra = text.partition("=")
        return cls(name, spectra or name)


def mixed(simulation: SimulationConfig, families: Sequence[Family]) -> SimulationConfig:
    """Settings of a sky whose galaxies have spectra of some families in equal shares."""
    return override(simulation, spectra={family.spectra: 1.0 for family in families})


def natural(simulation: SimulationConfig) -> SimulationConfig:
    """Settings without what is drawn for training alone, such as bent spectra: the sky that models are tested on."""
    usual = SimulationConfig()
    names = (
        "high_z_boost", "bright_boost", "star_density", "brown_dwarf_per_arcmin2", "bright_star_boost",
        "spectral_scatter",
    )  # fmt: skip
    return override(simulation, **{name: getattr(usual, name) for name in names if hasattr(usual, name)})


def as_deep(simulation: SimulationConfig, survey: str = "JADES") -> SimulationConfig:
    """Settings of a sky as deep as a survey, since what can be told of a galaxy of F444W = 28 hangs on the depth."""
    return override(simulation, depth_range=(DEPTHS[survey], DEPTHS[survey]))


def beyond(simulation: SimulationConfig) -> SimulationConfig:
    """Settings whose observations vary half as far again: scatters times 1.5, ranges 1.5 times wider at both ends."""
    scatters = {name: _BEYOND * getattr(simulation, name) for name in _SCATTERS}
    ranges = {name: (low / _BEYOND, _BEYOND * high) for name in _RANGES for low, high in [getattr(simulation, name)]}
    return override(simulation, **scatters, **ranges)


def drawn_field(place: Path, family: Family, seed: int, *, size: int, simulation: SimulationConfig) -> Path:
    """Return a field of one family, drawn unless it exists."""
    field = place / family.name / str(seed)
    if not (field / "simulation.json").is_file():
        sky = as_deep(mixed(natural(simulation), [family]))
        zpix.simulate(field, size_pix=size, seed=seed, config=sky, overwrite=True)
    return field


def calibration_store(place: Path, families: Sequence[Family], *, tiles: int, seed: int, config: Config) -> Path:
    """Return a store whose tiles, of some families, are all for validation; drawn unless it exists whole."""
    path = place / f"{'+'.join(family.name for family in families)}.zarr"
    if not path.is_dir() or not Store(path).count("validation"):
        # spectra stay bent: widths are to be right for galaxies that no family has
        usual = override(natural(config.simulation), spectral_scatter=config.simulation.spectral_scatter)
        sky = config.model_copy(update={"simulation": mixed(usual, families)})
        zpix.prepare(out=path, mock=tiles, seed=seed, fractions=(0.0, 1.0, 0.0), config=sky)
    return path
