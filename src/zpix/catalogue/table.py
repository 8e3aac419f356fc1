"""What is a catalogue, and how is it made from detections?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.catalogue.flags import quality_flags
from zpix.catalogue.schema import (
    FLUX_PREFIX,
    INTERVALS,
    QUANTILES,
    Column,
    catalogue_columns,
    flux_column,
    flux_error_column,
    probability_column,
)
from zpix.catalogue.segments import Photometry
from zpix.errors import BandError, CatalogueError
from zpix.sources import (
    DEFAULT_CLASSES,
    ConformalIntervals,
    Detections,
    ZMixture,
    class_names,
    has_redshift,
    named_class_has_redshift,
)
from zpix.sources.rows import Rows

#: AB magnitude of 1 nJy.
AB_ZEROPOINT_NJY = 31.4


@dataclass(frozen=True, eq=False)
class Catalogue(Rows):
    """A catalogue of N sources; N = 0 is an ordinary catalogue.

    Parameters
    ----------
    columns : mapping of str to array
        Every column that `catalogue_columns` declares for these bands, with a common leading length N; those of a
        reference catalogue if there is a `reference_id`. Arrays are converted to the declared types and made
        read-only; further columns are dropped.
    bands : tuple of str
        Band names in the order of the flux columns.
    meta : mapping of str to JSON values
        Facts about the whole: model, code version, mosaic, redshift range, kind of intervals, for every header.
    """

    columns: Mapping[str, NDArray[Any]]
    bands: tuple[str, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = {}
        for column in self.schema:
            if column.name not in self.columns:
                raise CatalogueError(f"the catalogue has no column '{column.name}'")
            values = np.array(self.columns[column.name], dtype=column.dtype)
            if values.shape != (np.shape(self.columns["id"])[0], *column.shape):
                raise ValueError(f"column {column.name} has shape {values.shape}")
            values.flags.writeable = False
            columns[column.name] = values
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "bands", tuple(self.bands))
        object.__setattr__(self, "meta", dict(self.meta))

    def __len__(self) -> int:
        return len(self.columns["id"])

    @overload
    def __getitem__(self, rows: slice | int | Sequence[int] | NDArray[Any]) -> Catalogue: ...
    @overload
    def __getitem__(self, rows: str) -> NDArray[Any]: ...
    def __getitem__(self, rows: str | slice | int | Sequence[int] | NDArray[Any]) -> NDArray[Any] | Catalogue:
        """Return a column by its name, or the catalogue of some rows: a slice, a mask, indices or one index."""
        if isinstance(rows, str):
            return self.columns[rows]
        if not isinstance(rows, slice):
            rows = np.atleast_1d(rows)
            rows = rows if rows.size else rows.astype(np.intp)  # an empty list has the type of numbers with a fraction
        return Catalogue({name: values[rows] for name, values in self.columns.items()}, self.bands, self.meta)

    @property
    def schema(self) -> tuple[Column, ...]:
        """Declarations of the columns, in order."""
        components = np.shape(self.columns["zmix_weight"])[1]
        conformal = self.meta.get("intervals") == "conformal"
        return catalogue_columns(
            self.bands,
            components,
            classes=self.classes,
            reference="reference_id" in self.columns,
            conformal=conformal,
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that the model tells apart.

        Returns
        -------
        tuple of str
            Galaxy and star, unless `meta` says otherwise.
        """
        return tuple(self.meta.get("classes", DEFAULT_CLASSES))

    @property
    def has_redshift(self) -> NDArray[np.bool_]:
        """Which sources are of a class that has a redshift.

        Returns
        -------
        ndarray, shape (N,), bool
            False for stars.
        """
        return named_class_has_redshift(self.columns["class"])

    @property
    def redshift(self) -> ZMixture:
        """Redshift PDFs of all sources."""
        return ZMixture(*(self.columns[f"zmix_{name}"] for name in ("weight", "mean", "width")))

    @property
    def box(self) -> NDArray[np.float32]:
        """Half-open boxes (x0, y0, x1, y1) in pixels, shape (N, 4)."""
        return np.stack([self.columns[name] for name in ("x0", "y0", "x1", "y1")], axis=1)

    def magnitude(self, band: str) -> NDArray[np.float64]:
        """AB magnitudes inside the masks, (N,): NaN where not observed, +inf for fluxes ≤ 0."""
        if band not in self.bands:
            raise BandError(f"the catalogue has no band '{band}': it has {', '.join(self.bands)}")
        return magnitude_ab(self.columns[flux_column(band)])

    def chunks(self) -> Iterator[Catalogue]:
        """The catalogue in pieces: one, as it is in memory. A `CatalogueFile` has more."""
        yield self

    def with_columns(self, **columns: ArrayLike) -> Catalogue:
        """The same catalogue with other values in some columns, or with the columns of a reference catalogue."""
        new = {name: np.asarray(values) for name, values in columns.items()}
        return Catalogue({**self.columns, **new}, self.bands, self.meta)

    @classmethod
    def concatenate(cls, tables: Sequence[Catalogue]) -> Catalogue:
        """Join catalogues of the same bands.

        Parameters
        ----------
        tables : sequence of Catalogue
            At least one.

        Returns
        -------
        Catalogue
            All their rows, in order, with the bands and the `meta` of the first.
        """
        first = tables[0]
        columns = {name: np.concatenate([table[name] for table in tables]) for name in first.columns}
        return cls(columns, first.bands, first.meta)


def build_catalogue(
    detections: Detections,
    photometry: Photometry,
    *,
    bands: Sequence[str],
    ra: ArrayLike,
    dec: ArrayLike,
    ebv: ArrayLike,
    blended: ArrayLike,
    z_range: tuple[float, float],
    classes: Sequence[str] = DEFAULT_CLASSES,
    novelty: NDArray[np.floating] | None = None,
    conformal: ConformalIntervals | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Catalogue:
    """Make the catalogue of N detections; ids are 1 to N in the order given.

    Parameters
    ----------
    detections : Detections of length N
        Boxes in the pixel coordinates of the whole mosaic.
    photometry : Photometry of length N
        Measured by `measure_masks`, with the columns of flux in the order of `bands`.
    ra, dec : (N,) float, degrees
        ICRS positions of `photometry.centre_xy`.
    ebv : (N,) float, mag
    blended : (N,) bool
        From `touching_masks`.
    z_range : (float, float)
        Redshifts between which the model was trained.
    classes : sequence of str, default ("galaxy", "star")
        Classes of the model, in its order.
    novelty : (N,) float, optional
        From `Novelty.distance`. It means nothing, and is not kept, where a band has no data: that is told by
        BANDS_MISSING.
    conformal : ConformalIntervals, optional
        What the intervals of 68 % and 95 % are, in place of quantiles. Flags follow the PDFs in either case.
    meta : mapping, optional
        Facts for the headers; `z_range`, `intervals` (pdf or conformal) and, if there are others than galaxy and star,
        `classes` are added.
    """
    redshift = detections.redshift
    complete = photometry.n_bands == photometry.flux.shape[1]
    known_novelty = np.where(complete, np.nan if novelty is None else novelty, np.nan)
    z_phot = redshift.least_risk()
    quantiles = dict(zip(QUANTILES, redshift.quantile(np.array(list(QUANTILES.values()))).T, strict=True))
    ends = {} if conformal is None else _conformal_ends(conformal, redshift, photometry)
    columns: dict[str, NDArray[Any]] = {
        "id": np.arange(1, len(detections) + 1),
        "ra": np.asarray(ra),
        "dec": np.asarray(dec),
        **dict(zip("xy", photometry.centre_xy.T, strict=True)),
        **dict(zip(("x0", "y0", "x1", "y1"), detections.box.T, strict=True)),
        "score": detections.score,
        "class": class_names(detections.label),
        **_class_columns(classes, detections),
        "z_phot": z_phot,
        "z_mode": redshift.mode(),
        "z_mean": redshift.mean(),
        **quantiles,
        **ends,
        "zmix_weight": redshift.weights,
        "zmix_mean": redshift.means,
        "zmix_width": redshift.widths,
        "ebv": np.asarray(ebv),
        "novelty": known_novelty,
        "n_bands": photometry.n_bands,
        "n_pix": photometry.n_pix,
        "flags": quality_flags(
            edge=photometry.edge,
            saturated=photometry.saturated,
            blended=np.asarray(blended, dtype=bool),
            flux=photometry.flux,
            flux_error=photometry.flux_error,
            redshift=redshift,
            interval=np.stack([quantiles["z160"], quantiles["z840"]], axis=1),
            z_phot=z_phot,
            is_star=~has_redshift(detections.label),
            novelty=known_novelty,
            z_range=z_range,
        ),
    }
    for index, band in enumerate(bands):
        columns[flux_column(band)] = photometry.flux[:, index]
        columns[flux_error_column(band)] = photometry.flux_error[:, index]
    intervals = "pdf" if conformal is None else "conformal"
    facts = {**(meta or {}), "z_range": [float(z) for z in z_range], "intervals": intervals}
    if not set(classes) <= set(DEFAULT_CLASSES):
        facts["classes"] = list(classes)
    return Catalogue(columns, tuple(bands), facts)


def _class_columns(classes: Sequence[str], detections: Detections) -> dict[str, NDArray[np.float32]]:
    """Probabilities of all classes but galaxies, by their columns; zero for stars if the model does not know them."""
    shares = dict(zip(classes, detections.class_probability.T, strict=True))
    shares = {"star": np.zeros(len(detections), np.float32), **shares}
    return {probability_column(name): share for name, share in shares.items() if name != "galaxy"}


def _conformal_ends(
    conformal: ConformalIntervals, redshift: ZMixture, photometry: Photometry
) -> dict[str, NDArray[np.float64]]:
    """The columns that conformal intervals take the place of."""
    ends: dict[str, NDArray[np.float64]] = {}
    for share, names in INTERVALS.items():
        ends |= zip(names, conformal.interval(redshift, photometry.snr, level=share).T, strict=True)
    return ends


def magnitude_ab(flux_njy: ArrayLike) -> NDArray[np.float64]:
    """AB magnitude of a flux in nJy: NaN for NaN, +inf for a flux that is not positive.

    >>> magnitude_ab([1000.0, 0.0, float("nan")])
    array([23.9,  inf,  nan])
    """
    flux = np.asarray(flux_njy, dtype=np.float64)
    magnitude = np.where(np.isnan(flux), np.nan, np.inf)
    bright = flux > 0
    magnitude[bright] = AB_ZEROPOINT_NJY - 2.5 * np.log10(flux[bright])
    return magnitude


def catalogue_bands(column_names: Sequence[str]) -> tuple[str, ...]:
    """Bands of a stored catalogue, from the names of its flux columns in order."""
    return tuple(name.removeprefix(FLUX_PREFIX).upper() for name in column_names if name.startswith(FLUX_PREFIX))
