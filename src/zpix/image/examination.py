"""What do the pixels of a mosaic say of its sky, noise, sharpness and registration? The numbers, of each band."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from zpix.outputs import TextTable

#: Radius of the apertures whose noise is measured, arcsec.
APERTURE_RADIUS_ARCSEC = 0.15
#: AB magnitude of 1 nJy.
ZERO_POINT_MAG = 31.4


@dataclass(frozen=True)
class BandExamination:
    """What the pixels of one band say; a value is NaN where the mosaic is too small or too empty to measure it.

    Attributes
    ----------
    band : str
        Name of the band.
    coverage : float
        Share of the mosaic's pixels that are valid.
    saturated : float
        Share of the pixels that are not valid in the middle of bright light.
    error_njy : float, nJy per pixel
        Median of the error image on empty pixels.
    sky : float
        Level of empty pixels in units of their error. Light of galaxies too faint to be masked is part of it.
    sky_error : float
        Its standard error, in the same unit.
    sky_spread : float
        Its scatter from window to window, in the same unit; NaN for less than four windows.
    noise_over_error : float
        Scatter of empty pixels in units of their error: half the width of the central 68 %.
    sums_over_error : float
        Scatter of sums of empty pixels in squares of the area of an aperture of radius 0.15 arcsec, over what errors of
        pixels add up to if neighbours share no noise. The light around each square is subtracted.
    sums_error : float
        Relative standard error of `sums_over_error`.
    correlation : tuple of float
        Correlation coefficient of the noise of pixels 1, 2, ... 8 pixels apart.
    depth_mag : float, mag AB
        Five times the scatter of these sums: the depth in an aperture of radius 0.15 arcsec.
    depth_range_mag : (float, float), mag AB
        The same in the shallowest and the deepest window.
    fwhm_arcsec : float, arcsec
        Width at half maximum of the sharpest bright sources, stars where there are some: the lowest twentieth.
    n_sharp : int
        Number of bright sources that were measured for it.
    shift_pix : (float, float), pixels
        Offset (x, y) of the band from all others, from the cross-correlation of their light.
    shift_error_pix : float, pixels
        Its standard error along one axis.
    large_sums_over_error : float
        As `sums_over_error`, in squares of 5.4 times the area.
    """

    band: str
    coverage: float
    saturated: float
    error_njy: float
    sky: float
    sky_error: float
    sky_spread: float
    noise_over_error: float
    sums_over_error: float
    sums_error: float
    correlation: tuple[float, ...]
    depth_mag: float
    depth_range_mag: tuple[float, float]
    fwhm_arcsec: float
    n_sharp: int
    shift_pix: tuple[float, float]
    shift_error_pix: float
    large_sums_over_error: float = math.nan

    @property
    def measured_factor(self) -> float:
        """What errors are multiplied by to be the measured scatter of sums; 1 where it could not be measured."""
        return float(f"{self.sums_over_error:.4g}") if self.sums_over_error > 0 else 1.0

    def in_measured_errors(self) -> BandExamination:
        """Give what an examination says of the same band with errors that are the measured scatter of sums.

        Returns
        -------
        BandExamination
            With its errors multiplied by `measured_factor`.
        """
        by = self.measured_factor
        return replace(
            self,
            error_njy=self.error_njy * by,
            sky=self.sky / by,
            sky_error=self.sky_error / by,
            sky_spread=self.sky_spread / by,
            noise_over_error=self.noise_over_error / by,
            sums_over_error=self.sums_over_error / by,
            large_sums_over_error=self.large_sums_over_error / by,
        )

    @property
    def sky_njy(self) -> float:
        """Level of empty pixels in nJy per pixel."""
        return self.sky * self.error_njy

    @property
    def offset_pix(self) -> float:
        """Length of `shift_pix` in pixels."""
        return math.hypot(*self.shift_pix)

    @property
    def correlation_length_pix(self) -> float:
        """Distance in pixels at which the correlation of the noise falls to 1 / e, between whole pixels linearly."""
        values = (1.0, *self.correlation)
        for distance, (near, far) in enumerate(pairwise(values)):
            if near >= 1 / math.e > far:
                return distance + (near - 1 / math.e) / (near - far)
        return math.nan


@dataclass(frozen=True)
class Examination:
    """What the pixels of a mosaic say.

    Attributes
    ----------
    shape : (int, int), pixels
        Height and width of the mosaic.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.
    windows : int
        Number of windows that were read.
    read_share : float
        Share of the mosaic's pixels in these windows.
    sources : int
        Bright sources in these windows, on the stack of all bands.
    bands : tuple of BandExamination
        What was measured of each band, in the order of the mosaic.
    """

    shape: tuple[int, int]
    pixel_scale_arcsec: float
    windows: int
    read_share: float
    sources: int
    bands: tuple[BandExamination, ...]

    def __getitem__(self, band: str) -> BandExamination:
        """Return what was measured of a band.

        Parameters
        ----------
        band : str
            Its name.

        Returns
        -------
        BandExamination
            Of that band.
        """
        return next(own for own in self.bands if own.band == band)

    def in_measured_errors(self) -> Examination:
        """Give what an examination says of the same mosaic with errors that are the measured scatter of sums.

        Returns
        -------
        Examination
            With the errors of each band multiplied by its `measured_factor`.
        """
        return replace(self, bands=tuple(own.in_measured_errors() for own in self.bands))

    def to_json(self) -> dict[str, Any]:
        """Give everything that was measured, fit for JSON.

        Returns
        -------
        dict of str to object
            Numbers to four digits; None for what could not be measured.
        """
        values: dict[str, Any] = _plain(asdict(self))
        for own, band in zip(values["bands"], self.bands, strict=True):
            own["correlation_length_pix"] = _plain(band.correlation_length_pix)
        return values

    def table(self) -> TextTable:
        """Give what was measured as a table of text, one row for each band.

        Returns
        -------
        title : str
            Size of the mosaic, and how much of it was read.
        header : list of str
            Names of the columns, with units.
        rows : list of list of str
            Values; a dash for what could not be measured.
        """
        height, width = self.shape
        title = f"{width} × {height} pixels of {self.pixel_scale_arcsec:.4g} arcsec, {100 * self.read_share:.3g} % read"
        return title, list(_COLUMNS), [_row(own) for own in self.bands]


_COLUMNS = (
    "band", "covered", "error / nJy", "sky / error", "noise / error", "sums / error", "correlated / pix",
    "depth / mag", "FWHM / arcsec", "offset / pix", "saturated",
)  # fmt: skip


def _row(own: BandExamination) -> list[str]:
    """One row of the table."""
    return [
        own.band,
        f"{100 * own.coverage:.0f} %",
        number(own.error_njy, ".4g"),
        number(own.sky, "+.2f"),
        number(own.noise_over_error, ".2f"),
        number(own.sums_over_error, ".2f"),
        number(own.correlation_length_pix, ".1f"),
        number(own.depth_mag, ".2f"),
        number(own.fwhm_arcsec, ".3f"),
        number(own.offset_pix, ".2f"),
        f"{100 * own.saturated:.2g} %" if own.saturated else "none",
    ]


def number(value: float, form: str) -> str:
    """Write a number, or a dash where it could not be measured.

    Parameters
    ----------
    value : float
        The number, or NaN.
    form : str
        Format of the number, such as ".2f".

    Returns
    -------
    str
        The text.
    """
    return format(value, form) if math.isfinite(value) else "-"


def _plain(value: Any) -> Any:
    """A value as JSON has it, numbers to four digits."""
    if isinstance(value, dict):
        return {name: _plain(own) for name, own in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(own) for own in value]
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    return value
