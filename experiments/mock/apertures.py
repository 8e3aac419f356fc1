"""How much does empty sky scatter in units of its error image, and how does that grow with the size of an aperture?

Noise that neighbouring pixels share adds up in an aperture: the sum of n pixels scatters by more than √n times a pixel.
The ratio of the two, the growth, is what a kernel of correlated noise decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from scipy.signal import fftconvolve

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS, Region
from zpix.scenes import Sky
from zpix.sources import sigma_nmad

from .detection import empty_sky
from .goals import markdown
from .matching import Cutout

#: Radii of the apertures in arcsec: 1.7 to 10 pixels of 0.03″.
RADII_ARCSEC = (0.05, 0.1, 0.15, 0.3)
_NOBODY = {"source_density": 0.0, "star_density": 0.0, "brown_dwarf_per_arcmin2": 0.0, "missing_coverage": 0.0}
_SHOWN = ("F115W", "F200W", "F277W", "F444W")  # of the cutout and the drawn fields
_LEAST_PLACES = 300
_GROWTH_PIX = 6  # around the masks of sources, whose wings go on outside
_COVERED = (5, 95)  # percentiles of the drawn fields


@dataclass(frozen=True)
class Growth:
    """Scatter of the empty sky of one image.

    Attributes
    ----------
    field, band : str
        What it is of.
    scatter : float
        Scatter of a pixel (1.48 × the median absolute deviation) in units of its error; NaN without an error image.
    growth : (radius,) float64
        Scatter of sums in apertures of `RADII_ARCSEC` over √n times that of a pixel; NaN where too few places are free.
    """

    field: str
    band: str
    scatter: float
    growth: NDArray[np.float64]


def measure_growth(
    field: str,
    band: str,
    flux: NDArray[np.float64],
    error: NDArray[np.float64] | None,
    free: NDArray[np.bool_],
    *,
    pixel_arcsec: float,
) -> Growth:
    """Measure an image (y, x) where it is `free` of sources; without an error image, noise is taken to be even."""
    scaled = np.where(
        free, (flux - np.median(flux[free])) / (1.0 if error is None else np.where(free, error, 1.0)), 0.0
    )
    pixel = sigma_nmad(scaled[free])
    growth = []
    for radius in RADII_ARCSEC:
        reach = int(radius / pixel_arcsec)
        disc = (np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) <= radius / pixel_arcsec).astype(float)
        sums = fftconvolve(scaled, disc, mode="valid")
        whole = fftconvolve(free.astype(float), disc, mode="valid") > disc.sum() - 0.5
        places = sums[whole]
        enough = len(places) >= _LEAST_PLACES
        growth.append(sigma_nmad(places) / (np.sqrt(disc.sum()) * pixel) if enough else np.nan)
    return Growth(field, band, np.nan if error is None else float(pixel), np.array(growth))


def real_growths(real: Path, cutout: Cutout | None) -> list[Growth]:
    """Measure the real fields that there are below `real`, and the cutout."""
    found = []
    if cutout is not None:
        free = empty_sky(cutout)
        for band in _SHOWN:
            flux, error = (images[cutout.bands.index(band)] for images in (cutout.flux, cutout.error))
            found.append(measure_growth("JADES, matched", band, flux, error, free, pixel_arcsec=0.03))
    for band in ("f200w", "f444w"):
        path = real / "real" / "noise" / f"{band}_diff.fits"
        if path.is_file():
            flux, error = _image(path), path.with_name(f"{band}_diff_error.fits")
            sources = _image(path.with_name(f"{band}_mask.fits")) > 0
            known = _image(error) if error.is_file() else None
            free = ~binary_dilation(sources, iterations=_GROWTH_PIX) & np.isfinite(flux)
            free &= True if known is None else np.isfinite(known)
            found.append(_measured("difference of two epochs", band, flux, known, free, 0.03))
    sources_path = real / "real" / "uds" / "uds-grizli-v7-ir_seg.fits.gz"
    for band in ("f115w", "f444w") if sources_path.is_file() else ():
        flux, weight = (
            _image(sources_path.with_name(f"uds-grizli-v7-{band}-clear_drc_{kind}.fits.gz")) for kind in ("sci", "wht")
        )
        free = ~binary_dilation(_image(sources_path) > 0, iterations=_GROWTH_PIX) & (weight > 0)
        error = np.where(weight > 0, weight, 1.0) ** -0.5
        found.append(_measured("PRIMER-UDS, 0.04″", band, flux, error, free, 0.04))
    return found


def drawn_growths(config: SimulationConfig, *, fields: int, seed: int, size: int = 256) -> list[Growth]:
    """Measure fields without sources that are drawn with a config, matched ones and others under their own names."""
    found = []
    for number in range(fields):
        sky = Sky(seed + number, JADES_BANDS, config.model_copy(update=_NOBODY))
        pixels = sky.observe(Region.whole((size, size))).pixels
        kind = "drawn" if sky.conditions.matched_to is None else "drawn, matched"
        for band in _SHOWN:
            row = JADES_BANDS.index(band)
            flux, error = pixels.flux[row].astype(float), pixels.error[row].astype(float)
            found.append(measure_growth(kind, band, flux, error, pixels.valid[row], pixel_arcsec=0.03))
    return found


def growth_table(real: list[Growth], drawn: list[Growth]) -> str:
    """Tabulate real fields one by one, and the middle 90 % of the drawn ones."""
    rows = [[one.field, one.band, _number(one.scatter), *map(_number, one.growth)] for one in real]
    for kind in sorted({one.field for one in drawn}):
        for band in _SHOWN:
            values = np.array([[one.scatter, *one.growth] for one in drawn if (one.field, one.band) == (kind, band)])
            low, high = np.percentile(values, _COVERED, axis=0)
            rows.append([kind, band, *(f"{first:.2f} to {last:.2f}" for first, last in zip(low, high, strict=True))])
    return markdown(["field", "band", "pixel / error", *(f"growth, {radius}″" for radius in RADII_ARCSEC)], rows)


def _measured(
    field: str,
    band: str,
    flux: NDArray[np.float64],
    error: NDArray[np.float64] | None,
    free: NDArray[np.bool_],
    pixel_arcsec: float,
) -> Growth:
    """The scatter of an image that may hold NaN."""
    return measure_growth(field, band.upper(), np.nan_to_num(flux), error, free, pixel_arcsec=pixel_arcsec)


def _image(path: Path) -> NDArray[np.float64]:
    """First image of a FITS file."""
    return np.asarray(fits.getdata(path), float)


def _number(value: float) -> str:
    """A number with two digits, or a dash where it was not measured."""
    return f"{value:.2f}" if np.isfinite(value) else "–"
