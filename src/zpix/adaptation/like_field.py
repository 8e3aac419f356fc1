"""How is a mock observed as a field is, by what the examination of the field's pixels says?

What spectra and galaxies there are stays as the model was taught; depth, noise, sharpness and sky are those of the
field. The last difference in depth, band by band, is taken away from the sums of the mock's galaxies.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from zpix.config import SimulationConfig, override
from zpix.image import BandExamination, Examination, Pixels, Region, Taught, examine_mosaic
from zpix.scenes import Sky
from zpix.search.array_image import image_of_arrays
from zpix.training.separate_sums import SeparateSums

log = logging.getLogger(__name__)

# Ranges around what was measured: depth, and noise over error.
_DEPTH_MARGIN, _NOISE_MARGIN = 1.1, 1.05
# A field whose sharpest band is nearly as broad as its broadest is matched to one PSF.
_MATCHED_RATIO = 0.85
_WIDEST_SCATTER = 0.5
_NOMINAL_PIX = 320


def taught_simulation(training_data: Mapping[str, Any] | None) -> SimulationConfig:
    """Give the settings of the mock that a model was taught with.

    Parameters
    ----------
    training_data : mapping, optional
        What its header says of its training data.

    Returns
    -------
    SimulationConfig
        Settings that this version knows; the usual ones where it does not say. Lists of templates that are not on this
        machine are left out, and named in a warning.
    """
    told = training_data or {}
    skies = told.get("skies") or [told]
    given = {**(skies[0].get("simulation") or {}), **({"spectra": told["spectra"]} if told.get("spectra") else {})}
    known = {name: value for name, value in given.items() if name in SimulationConfig.model_fields}
    spectra = known.get("spectra", {"kcorrect": 1.0})
    here = {name: share for name, share in dict(spectra).items() if not name.endswith(".param") or Path(name).is_file()}
    if missing := sorted(set(dict(spectra)) - set(here)):
        log.warning(
            "the mock is drawn without the templates %s, which taught the model too: they are not on this machine; "
            "name their file under spectra in [simulation] to have them",
            ", ".join(missing),
        )
    return override(SimulationConfig(), **(known | {"spectra": here or {"kcorrect": 1.0, "populations": 1.0}}))


def simulation_like(
    field: Examination, base: SimulationConfig, *, taught: Taught, ebv: float, seed: int = 0
) -> SimulationConfig:
    """Set a mock to be observed as a field is.

    Parameters
    ----------
    field : Examination
        What the field's pixels say, before any repair.
    base : SimulationConfig
        What the sky holds; what the field does not tell stays.
    taught : Taught
        What the model's fields were like, for the widths of their PSFs.
    ebv : float, mag
        E(B−V) of the field.
    seed : int, default: 0
        Of the empty sky that is drawn to compare with.

    Returns
    -------
    SimulationConfig
        Settings of the mock.
    """
    changes: dict[str, Any] = {"ebv": round(float(ebv), 5), "pixel_scale_arcsec": base.pixel_scale_arcsec}
    nominal = examined_empty_sky(tuple(own.band for own in field.bands), base, seed=seed)
    shallower = [nominal[own.band].depth_mag - own.depth_mag for own in field.bands]
    shallower = [value for value in shallower if math.isfinite(value)]
    if shallower:
        factor = 10 ** (0.4 * float(np.median(shallower)))
        changes["depth_range"] = _range([factor], _DEPTH_MARGIN)
        changes["band_depth_scatter_mag"] = round(min(float(np.std(shallower)), 2.0), 3)
    noise = _measured(field.bands, "noise_over_error")
    if noise:
        changes["noise_over_error_range"] = _range(noise, _NOISE_MARGIN)
    lengths = [_core_sigma_pix(own.correlation[0]) for own in field.bands if 0.01 < own.correlation[0] < 0.97]
    if lengths:
        low, high = _range(lengths, 1.1)
        changes["noise_correlation_range"] = (max(low, 0.1), min(high, 3.0))
    changes |= _sharpness(field.bands, base, taught)
    spread = _measured(field.bands, "sky_spread")
    if spread:
        changes["sky_gradient_sigma"] = round(min(float(np.median(spread)), 1.0), 3)
    return override(base, **changes)


def examined_empty_sky(bands: Sequence[str], base: SimulationConfig, *, seed: int) -> Examination:
    """Examine an empty simulated sky that is observed as JADES is.

    Parameters
    ----------
    bands : sequence of str
        Bands to draw.
    base : SimulationConfig
        Gives the pixel scale.
    seed : int
        Of the sky.

    Returns
    -------
    Examination
        Its noise.
    """
    empty = SimulationConfig(
        source_density=0, star_density=0, brown_dwarf_per_arcmin2=0, agn_density=0, depth_structure=0, chip_gaps=False,
        missing_coverage=0, hot_pixels_per_arcmin2=0, snowballs_per_arcmin2=0, wisps_per_arcmin2=0, striping=0,
        sky_residual_sigma=0, cell_size_pix=_NOMINAL_PIX, pixel_scale_arcsec=base.pixel_scale_arcsec,
    )  # fmt: skip
    scene = next(Sky(seed, tuple(bands), empty).realisations(Region.whole((_NOMINAL_PIX, _NOMINAL_PIX))))
    pixels: Pixels = scene.pixels
    image = image_of_arrays(pixels.flux, pixels.error, bands=tuple(bands), wcs=None, scale_arcsec=None)
    return examine_mosaic(image, pixel_scale_arcsec=base.pixel_scale_arcsec)


def as_noisy(mock: SeparateSums, field_noise: NDArray[np.floating], *, reference: int) -> SeparateSums:
    """Scale the noise of mock galaxies, band by band, to that of a field's sources.

    Parameters
    ----------
    mock : SeparateSums
        Of n galaxies.
    field_noise : (N, band, sum) float, nJy
        Noise of the sums of the field's sources; zero where a band was not observed.
    reference : int
        The sum by which they are compared.

    Returns
    -------
    SeparateSums
        With noise and sigma scaled; bands that the field lacks are not observed.
    """
    factors = []
    for band in range(mock.sigma.shape[1]):
        theirs = field_noise[:, band, reference]
        ours = mock.sigma[:, band, reference].numpy()
        theirs, ours = theirs[theirs > 0], ours[ours > 0]
        factors.append(float(np.median(theirs) / np.median(ours)) if len(theirs) and len(ours) else 0.0)
    by = torch.tensor(factors, dtype=torch.float32)[:, None]
    seen = (by > 0).float()
    return mock._replace(
        response=mock.response * seen, others=mock.others * seen, noise=mock.noise * by, sigma=mock.sigma * by,
        coverage=mock.coverage * seen[:, 0],
    )  # fmt: skip


def _sharpness(bands: Sequence[BandExamination], base: SimulationConfig, taught: Taught) -> dict[str, Any]:
    """Settings of the PSFs."""
    widths = _measured(bands, "fwhm_arcsec")
    if len(widths) < 2:
        return {}
    matched = min(widths) / max(widths) > _MATCHED_RATIO
    ratios = []
    for own in bands:
        low, high = taught.band(own.band).fwhm_arcsec
        if own.fwhm_arcsec > 0 and low > 0 and math.isfinite(high) and not matched:
            ratios.append(own.fwhm_arcsec / (0.5 * (low + high)))
    furthest = max((abs(ratio - 1) for ratio in ratios), default=0.0)
    scatter = min(max(base.psf_width_scatter, round(furthest, 3)), _WIDEST_SCATTER)
    return {"psf_width_scatter": scatter, "matched_fraction": 1.0 if matched else 0.0}


def _core_sigma_pix(correlation: float) -> float:
    """σ of the Gaussian that gives noise this correlation of neighbouring pixels: ρ = exp(−1 / 4σ²)."""
    return 0.5 / math.sqrt(-math.log(correlation))


def _measured(bands: Sequence[BandExamination], name: str) -> list[float]:
    """Positive values of all bands."""
    values = [float(getattr(own, name)) for own in bands]
    return [value for value in values if math.isfinite(value) and value > 0]


def _range(values: Sequence[float], margin: float) -> tuple[float, float]:
    """Range of values with a margin, to four digits."""
    low, high = min(values) / margin, max(values) * margin
    return float(f"{low:.4g}"), float(f"{high:.4g}")
