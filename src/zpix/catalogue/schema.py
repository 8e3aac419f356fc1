"""Which columns does a catalogue have, and what do they mean?

Every column is declared here once, as data. `build_catalogue`, the writers and the readers all follow these
declarations, so FITS and Parquet hold the same names, types, units and descriptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from zpix.catalogue.ucds import ucd_of
from zpix.sources import DEFAULT_CLASSES

#: Prefixes of the columns that exist once per band; the lower-case band name follows.
FLUX_PREFIX, FLUX_ERROR_PREFIX = "flux_", "fluxerr_"
TOTAL_PREFIX, TOTAL_ERROR_PREFIX = "total_", "totalerr_"


@dataclass(frozen=True)
class Column:
    """Declaration of one column.

    Attributes
    ----------
    name : str
        Its name in every format.
    dtype : str
        numpy type of one element; "U8" is text of at most eight characters.
    unit : str
        Unit as FITS writes it; empty for numbers without unit and for text.
    description : str
        What it holds, in ASCII.
    shape : tuple of int
        Shape of one row's value: () for a scalar, (K,) for a vector.
    """

    name: str
    dtype: str
    unit: str
    description: str
    shape: tuple[int, ...] = ()

    @property
    def ucd(self) -> str:
        """What kind of quantity it is, in the words of the virtual observatory (UCD1+); empty if there are none."""
        return ucd_of(self.name)


_POSITION = (
    Column("id", "int32", "", "Source number, from 1; the value of its pixels in segmentation.fits"),
    Column("ra", "float64", "deg", "Right ascension (ICRS) of the light: windowed centroid on the mean of all bands"),
    Column("dec", "float64", "deg", "Declination (ICRS) of the light: windowed centroid on the mean of all bands"),
    Column("ra_peak", "float64", "deg", "Right ascension (ICRS) of the brightest pixel of the mask"),
    Column("dec_peak", "float64", "deg", "Declination (ICRS) of the brightest pixel of the mask"),
    Column("x", "float64", "pix", "Column of the position (ra, dec); pixel centres are integers from 0"),
    Column("y", "float64", "pix", "Row of the position (ra, dec); pixel centres are integers from 0"),
    Column("x0", "float32", "pix", "Box, left edge; boxes are half-open: x0 <= column < x1"),
    Column("y0", "float32", "pix", "Box, lower edge; boxes are half-open: y0 <= row < y1"),
    Column("x1", "float32", "pix", "Box, right edge (exclusive)"),
    Column("y1", "float32", "pix", "Box, upper edge (exclusive)"),
    Column("score", "float32", "", "Probability that the source is real"),
    Column("class", "U8", "", "Most probable class: galaxy or star"),
    Column("p_star", "float32", "", "Probability of being a star, given that the source is real"),
)

#: Columns of a run with a reference catalogue.
REFERENCE_COLUMNS = (
    Column("reference_id", "int64", "", "Identifier of the source in the reference catalogue; -1 if it is not there"),
    Column(
        "origin", "U8", "", "matched: found, and in the reference; forced: in the reference alone; new: found alone"
    ),
    Column(
        "reference_iou", "float32", "", "Overlap (IoU) of its box with the one in the reference; NaN unless matched"
    ),
)

_REDSHIFT = (
    Column("z_phot", "float32", "", "Best point estimate: least expected risk (Tanaka et al. 2018), not the mode"),
    Column("z_mode", "float32", "", "Redshift of the highest probability density"),
    Column("z_mean", "float32", "", "Mean redshift of the PDF"),
    Column("z025", "float32", "", "2.5 percent quantile of the redshift PDF"),
    Column("z160", "float32", "", "16 percent quantile of the redshift PDF"),
    Column("z500", "float32", "", "Median of the redshift PDF"),
    Column("z840", "float32", "", "84 percent quantile of the redshift PDF"),
    Column("z975", "float32", "", "97.5 percent quantile of the redshift PDF"),
)

_QUALITY = (
    Column("ebv", "float32", "mag", "Milky Way reddening E(B-V) given to the network"),
    Column("novelty", "float32", "", "Distance from known sources; above 1 outside the training data; NaN if unknown"),
    Column("n_bands", "int16", "", "Number of bands with valid pixels at the source"),
    Column("n_pix", "int32", "pix", "Pixels in the source's mask, before masks that overlap are separated"),
    Column("flags", "int32", "", "Quality flags, a sum of bits; 0 is a source without caveats"),
)

_SHAPE = (
    Column("a", "float32", "pix", "Standard deviation of the light in the mask along the major axis"),
    Column("b", "float32", "pix", "Standard deviation of the light in the mask along the minor axis"),
    Column("theta", "float32", "deg", "Angle of the major axis, from the x axis towards the y axis, -90 to 90"),
    Column("kron_radius", "float32", "", "Semi-axes of the Kron ellipse in units of a and b"),
    Column("half_light_radius", "float32", "arcsec", "Radius of the circle with half of the Kron flux, PSF included"),
)

# Columns that catalogues of zpix 0.1.0 lack.
_ADDED = ("ra_peak", "dec_peak", *(column.name for column in _SHAPE))

#: Quantiles of the redshift PDF by column name.
QUANTILES = {"z025": 0.025, "z160": 0.16, "z500": 0.5, "z840": 0.84, "z975": 0.975}
#: Columns of the ends of intervals, by the share of true redshifts inside. They are quantiles, or conformal:
INTERVALS = {0.68: ("z160", "z840"), 0.95: ("z025", "z975")}
_CONFORMAL_ENDS = {
    "z025": "Lower end of the conformal 95 percent interval; no quantile of the redshift PDF",
    "z160": "Lower end of the conformal 68 percent interval; no quantile of the redshift PDF",
    "z840": "Upper end of the conformal 68 percent interval; no quantile of the redshift PDF",
    "z975": "Upper end of the conformal 95 percent interval; no quantile of the redshift PDF",
}


def flux_column(band: str) -> str:
    """Return the name of the flux column of a band.

    Parameters
    ----------
    band : str
        Its name, such as "F444W".

    Returns
    -------
    str
        Such as "flux_f444w".
    """
    return FLUX_PREFIX + band.lower()


def flux_error_column(band: str) -> str:
    """Return the name of the flux error column of a band.

    Parameters
    ----------
    band : str
        Its name, such as "F444W".

    Returns
    -------
    str
        Such as "fluxerr_f444w".
    """
    return FLUX_ERROR_PREFIX + band.lower()


def total_column(band: str) -> str:
    """Return the name of the total flux column of a band.

    Parameters
    ----------
    band : str
        Its name, such as "F444W".

    Returns
    -------
    str
        Such as "total_f444w".
    """
    return TOTAL_PREFIX + band.lower()


def total_error_column(band: str) -> str:
    """Return the name of the total flux error column of a band.

    Parameters
    ----------
    band : str
        Its name, such as "F444W".

    Returns
    -------
    str
        Such as "totalerr_f444w".
    """
    return TOTAL_ERROR_PREFIX + band.lower()


def added_later(column: str) -> bool:
    """Tell whether catalogues of older versions lack a column, whose values are then NaN.

    Parameters
    ----------
    column : str
        Its name.

    Returns
    -------
    bool
        True for what is measured of the light beyond the masks.
    """
    return column in _ADDED or column.startswith((TOTAL_PREFIX, TOTAL_ERROR_PREFIX))


def probability_column(class_name: str) -> str:
    """Return the name of the column with the probability of a class.

    Parameters
    ----------
    class_name : str
        Its name, such as "star".

    Returns
    -------
    str
        Such as "p_star".
    """
    return f"p_{class_name}"


def catalogue_columns(
    bands: Sequence[str],
    n_components: int,
    *,
    classes: Sequence[str] = DEFAULT_CLASSES,
    reference: bool = False,
    conformal: bool = False,
) -> tuple[Column, ...]:
    """Declare the columns of a catalogue.

    Parameters
    ----------
    bands : sequence of str
        Bands, each with a column of flux and one of its error.
    n_components : int
        Components K of each redshift PDF.
    classes : sequence of str, default ("galaxy", "star")
        Classes of the model; each but galaxy has a column with its probability.
    reference : bool, default False
        Include the columns of a run with a reference catalogue.
    conformal : bool, default False
        Describe the intervals as conformal ones.

    Returns
    -------
    tuple of Column
        All columns, in order.
    """
    further = [name for name in classes if name not in DEFAULT_CLASSES]
    redshift: tuple[Column, ...] = _REDSHIFT
    if conformal:
        redshift = tuple(replace(c, description=_CONFORMAL_ENDS.get(c.name, c.description)) for c in _REDSHIFT)
    mixture = tuple(
        Column(f"zmix_{name}", "float64", "", f"{text} of the redshift mixture's components", (n_components,))
        for name, text in (
            ("weight", "Weights (before the cut at z = 0)"),
            ("mean", "Means"),
            ("width", "Standard deviations"),
        )
    )
    photometry = tuple(
        column
        for band in bands
        for column in (
            Column(flux_column(band), "float32", "nJy", f"{band} flux inside the mask; NaN where not observed"),
            Column(flux_error_column(band), "float32", "nJy", f"1-sigma error of flux_{band.lower()}"),
        )
    )
    totals = tuple(
        column
        for band in bands
        for column in (
            Column(total_column(band), "float32", "nJy", f"{band} flux in the Kron ellipse; NaN where not observed"),
            Column(total_error_column(band), "float32", "nJy", f"1-sigma error of total_{band.lower()}"),
        )
    )
    of_source = _with_classes(_POSITION, further) + (REFERENCE_COLUMNS if reference else ())
    return of_source + redshift + mixture + _QUALITY + photometry + _SHAPE + totals


def _with_classes(columns: tuple[Column, ...], further: Sequence[str]) -> tuple[Column, ...]:
    """These columns and the probabilities of classes beside galaxy and star."""
    if not further:
        return columns
    known = f"Most probable class: {', '.join([*DEFAULT_CLASSES, *further[:-1]])} or {further[-1]}"
    columns = tuple(replace(c, description=known) if c.name == "class" else c for c in columns)
    return columns + tuple(
        Column(probability_column(name), "float32", "", f"Probability of being a {name}, given that the source is real")
        for name in further
    )
