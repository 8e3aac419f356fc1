"""Which sky, noise and sharpness had the fields that a model was taught on?

They are kept in a small JSON file beside the model, `NAME.fields.json`. `experiments/taught_fields.py` writes it: it
examines fields like those of the training as mosaics are examined. A model without one is taken to know `ANY_BAND`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

Range = tuple[float, float]

_FORMAT = "zpix-taught-1"


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
