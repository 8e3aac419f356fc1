"""Which sky, noise and sharpness had the fields that a model was taught on?

They are kept in a small JSON file beside the model, `NAME.fields.json`. `zpix train` writes it from the tiles that it
learns from, which it examines as mosaics are examined; for the shipped model `experiments/taught_fields.py` has drawn
fields like those of its training. A model without one is taken to know `ANY_BAND`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from zpix.image.examination import BandExamination, Examination

Range = tuple[float, float]

_FORMAT = "zpix-taught-1"
# Fields in which a quantity must have been measured for its range to be known.
_FEWEST_FIELDS = 4


@dataclass(frozen=True)
class TaughtBand:
    """What one band was like: the least and the largest value, as in `BandExamination`.

    Attributes
    ----------
    sky : (float, float)
        Level of empty pixels in units of their error.
    noise_over_error : (float, float)
        Scatter of empty pixels in units of their error.
    sums_over_error : (float, float)
        Scatter of sums of empty pixels over what errors of pixels add up to.
    correlation : (float, float)
        Correlation coefficient of neighbouring empty pixels.
    depth_mag : (float, float), mag AB
        Depth in apertures of radius 0.15 arcsec.
    fwhm_arcsec : (float, float), arcsec
        Width of the sharpest sources.
    """

    sky: Range
    noise_over_error: Range
    sums_over_error: Range
    correlation: Range
    depth_mag: Range
    fwhm_arcsec: Range


#: What is taken for known of a band of a model that does not say what it was taught: the range that mosaics have whose
#: errors are roughly right.
ANY_BAND = TaughtBand(
    sky=(-0.1, 0.3),  # galaxies too faint to be masked raise it
    noise_over_error=(0.3, 2.0),
    sums_over_error=(0.7, 3.5),  # 1 without correlation; JADES has 1.2 in short and 3.4 in long bands
    correlation=(-1.0, 1.0),
    depth_mag=(26.0, 31.5),
    fwhm_arcsec=(0.0, math.inf),
)


@dataclass(frozen=True)
class Taught:
    """What the fields were like that a model was taught on.

    Attributes
    ----------
    bands : mapping of str to TaughtBand
        By band.
    source : str
        Where this comes from, for messages.
    """

    bands: Mapping[str, TaughtBand]
    source: str = "a model that does not say what its fields were like"

    @property
    def is_known(self) -> bool:
        """Whether the model says what it was taught."""
        return bool(self.bands)

    def band(self, name: str) -> TaughtBand:
        """Return what a band was like.

        Parameters
        ----------
        name : str
            Name of the band.

        Returns
        -------
        TaughtBand
            `ANY_BAND` for one that is not known.
        """
        return self.bands.get(name, ANY_BAND)

    @classmethod
    def from_saved(cls, values: Mapping[str, Any] | None) -> Taught:
        """Read what is kept beside a model.

        Parameters
        ----------
        values : mapping of str to JSON values, or None
            From `to_saved`; empty or None if there is nothing.

        Returns
        -------
        Taught
            The same values; no band if there is nothing, or it is of another format.
        """
        if not values or values.get("format") != _FORMAT:
            return cls({})
        bands = {
            name: TaughtBand(**{own.name: (own_range[0], own_range[1]) for own in fields(TaughtBand)
                                for own_range in [ranges[own.name]]})
            for name, ranges in values["bands"].items()
        }  # fmt: skip
        return cls(bands, str(values["source"]))

    @classmethod
    def from_examinations(cls, seen: Sequence[Examination], source: str) -> Taught:
        """Summarise what was measured of several fields.

        Parameters
        ----------
        seen : sequence of Examination
            Fields of the same bands, such as tiles that a model learns from.
        source : str
            Where they come from, for messages.

        Returns
        -------
        Taught
            For each band the mean of the sky and twice its standard deviation over the fields on either side, those of
            the others with one standard deviation, and the depths of the shallowest and the deepest window. A quantity
            that fewer than four fields tell is that of `ANY_BAND`; a band of which nothing is told is left out.
        """
        bands = {own.band: _of_band([field[own.band] for field in seen]) for own in (seen[0].bands if seen else ())}
        return cls({name: own for name, own in bands.items() if own != ANY_BAND}, source)

    def to_saved(self) -> dict[str, Any]:
        """Give what is to be kept beside a model.

        Returns
        -------
        dict of str to JSON values
            Numbers to four digits.
        """
        bands = {
            name: {quantity: [float(f"{end:.4g}") for end in ends] for quantity, ends in asdict(own).items()}
            for name, own in self.bands.items()
        }
        return {"format": _FORMAT, "source": self.source, "bands": bands}


def _of_band(seen: Sequence[BandExamination]) -> TaughtBand:
    """Ranges of one band over several fields."""
    depths = [depth for own in seen for depth in own.depth_range_mag if math.isfinite(depth)]
    return TaughtBand(
        sky=_spread([own.sky for own in seen], 2, ANY_BAND.sky),
        noise_over_error=_spread([own.noise_over_error for own in seen], 1, ANY_BAND.noise_over_error),
        sums_over_error=_spread([own.sums_over_error for own in seen], 1, ANY_BAND.sums_over_error),
        correlation=_spread([own.correlation[0] for own in seen], 1, ANY_BAND.correlation),
        depth_mag=(min(depths), max(depths)) if len(depths) >= 2 * _FEWEST_FIELDS else ANY_BAND.depth_mag,
        fwhm_arcsec=_spread([own.fwhm_arcsec for own in seen], 1, ANY_BAND.fwhm_arcsec),
    )


def _spread(values: Sequence[float], scatters: float, otherwise: Range) -> Range:
    """Mean minus and plus so many standard deviations of what is finite."""
    finite = np.array([value for value in values if math.isfinite(value)])
    if len(finite) < _FEWEST_FIELDS:
        return otherwise
    middle, deviation = float(finite.mean()), scatters * float(finite.std(ddof=1))
    return middle - deviation, middle + deviation
