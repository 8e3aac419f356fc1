"""What is a catalogue?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.catalogue.display import as_html, as_text
from zpix.catalogue.schema import FLUX_PREFIX, Column, added_later, catalogue_columns, flux_column
from zpix.errors import BandError, CatalogueError, MissingExtraError
from zpix.sources import DEFAULT_CLASSES, ZMixture, named_class_has_redshift
from zpix.sources.rows import Rows

if TYPE_CHECKING:
    from astropy.table import QTable
    from pandas import DataFrame

#: AB magnitude of 1 nJy.
AB_ZEROPOINT_NJY = 31.4


@dataclass(frozen=True, eq=False)
class Catalogue(Rows):
    """A catalogue of N sources; N = 0 is an ordinary catalogue.

    Parameters
    ----------
    columns : mapping of str to array
        Every column that `catalogue_columns` declares for these bands, with a common leading length N; those of a
        reference catalogue if there is a `reference_id`. Columns of the light beyond the masks (see `added_later`),
        which older catalogues lack, are NaN where they are missing. Arrays are converted to the declared types and
        made read-only; further columns are dropped.
    bands : tuple of str
        Names of the observed bands in the order of the flux columns. Those of `missing_bands` may be among them when a
        catalogue is made, and are not among its own.
    meta : mapping of str to JSON values
        Facts about the whole: model, code version, mosaic, redshift range, kind of intervals, `missing_bands`, for
        every header.

    Examples
    --------
    >>> catalogue = zpix.read_catalogue("result")  # doctest: +SKIP
    >>> catalogue["z_phot"]  # a column  # doctest: +SKIP
    >>> catalogue[catalogue["flags"] == 0]  # some rows  # doctest: +SKIP
    """

    columns: Mapping[str, NDArray[Any]]
    bands: tuple[str, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "meta", dict(self.meta))
        object.__setattr__(self, "bands", tuple(band for band in self.bands if band not in self.missing_bands))
        columns = {}
        for column in self.schema:
            if column.name not in self.columns and not added_later(column.name):
                raise CatalogueError(f"the catalogue has no column '{column.name}'")
            unknown = np.full(len(self), np.nan) if column.name not in self.columns else None
            values = np.array(self.columns.get(column.name, unknown), dtype=column.dtype)
            if values.shape != (np.shape(self.columns["id"])[0], *column.shape):
                raise ValueError(f"column {column.name} has shape {values.shape}")
            values.flags.writeable = False
            columns[column.name] = values
        object.__setattr__(self, "columns", columns)

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

    def __repr__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return as_html(self)

    def _ipython_key_completions_(self) -> list[str]:
        """What a notebook proposes after `catalogue["`."""
        return list(self.columns)

    @property
    def schema(self) -> tuple[Column, ...]:
        """Declarations of the columns, in order."""
        components = np.shape(self.columns["zmix_weight"])[1]
        conformal = self.meta.get("intervals") == "conformal"
        return catalogue_columns(
            self._bands_of_columns,
            components,
            classes=self.classes,
            reference="reference_id" in self.columns,
            conformal=conformal,
        )

    @property
    def missing_bands(self) -> tuple[str, ...]:
        """Names of the bands that the model knows and the mosaic lacks; their columns are there, and NaN."""
        return tuple(self.meta.get("missing_bands", ()))

    @property
    def _bands_of_columns(self) -> tuple[str, ...]:
        """Names of the bands with columns, in their order."""
        return catalogue_bands(list(self.columns)) if self.missing_bands else self.bands

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that the model tells apart: galaxy and star, unless `meta` says otherwise."""
        return tuple(self.meta.get("classes", DEFAULT_CLASSES))

    @property
    def has_redshift(self) -> NDArray[np.bool_]:
        """Which sources are of a class that has a redshift, (N,) bool; false for stars."""
        return named_class_has_redshift(self.columns["class"])

    @property
    def redshift(self) -> ZMixture:
        """Redshift PDFs of all sources, a `ZMixture` of length N."""
        return ZMixture(*(self.columns[f"zmix_{name}"] for name in ("weight", "mean", "width")))

    @property
    def box(self) -> NDArray[np.float32]:
        """Half-open boxes (x0, y0, x1, y1) in pixels, (N, 4)."""
        return np.stack([self.columns[name] for name in ("x0", "y0", "x1", "y1")], axis=1)

    def magnitude(self, band: str) -> NDArray[np.float64]:
        """Return the magnitudes inside the masks.

        Parameters
        ----------
        band : str
            One of `bands`.

        Returns
        -------
        (N,) float64, AB magnitudes
            NaN where the band was not observed, +inf for fluxes ≤ 0.

        Raises
        ------
        BandError
            If the catalogue has no such band.
        """
        if band not in self._bands_of_columns:
            raise BandError(f"the catalogue has no band '{band}': it has {', '.join(self.bands)}")
        return magnitude_ab(self.columns[flux_column(band)])

    def to_table(self) -> QTable:
        """Return the catalogue as an astropy table.

        Returns
        -------
        astropy.table.QTable
            The same columns, with their units and descriptions; `meta` and the bands are in its `meta`.

        Examples
        --------
        >>> catalogue.to_table()["flux_f444w"].to("uJy")  # doctest: +SKIP
        """
        from astropy.table import QTable
        from astropy.units import Quantity

        table = QTable(meta={**self.meta, "bands": list(self.bands)})
        for column in self.schema:
            values = self.columns[column.name].copy()
            table[column.name] = Quantity(values, column.unit, dtype=values.dtype) if column.unit else values
            table[column.name].info.description = column.description
        return table

    def to_pandas(self) -> DataFrame:
        """Return the catalogue as a pandas data frame.

        Returns
        -------
        pandas.DataFrame
            The same columns; of the mixtures, one for each component, such as `zmix_mean_0`.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError:
            raise MissingExtraError("pandas", "pandas") from None
        columns: dict[str, NDArray[Any]] = {}
        for column in self.schema:
            values = self.columns[column.name]
            if column.shape:
                columns |= {f"{column.name}_{number}": part for number, part in enumerate(values.T)}
            else:
                columns[column.name] = values
        return DataFrame(columns)

    def chunks(self) -> Iterator[Catalogue]:
        """Iterate over the catalogue in pieces.

        Yields
        ------
        Catalogue
            The whole, as it is in memory; a `CatalogueFile` has more pieces.
        """
        yield self

    def with_columns(self, **columns: ArrayLike) -> Catalogue:
        """Return the catalogue with other values in some columns.

        Parameters
        ----------
        **columns : (N, ...) array_like
            Values by column; with those of a reference catalogue it becomes one with a reference.

        Returns
        -------
        Catalogue
            The other columns are the same.
        """
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


def magnitude_ab(flux_njy: ArrayLike) -> NDArray[np.float64]:
    """Return AB magnitudes of fluxes.

    Parameters
    ----------
    flux_njy : array_like, nJy
        Of any shape.

    Returns
    -------
    float64, AB magnitudes
        Of the shape of `flux_njy`: NaN for NaN, +inf for a flux that is not positive.

    Examples
    --------
    >>> magnitude_ab([1000.0, 0.0, float("nan")])
    array([23.9,  inf,  nan])
    """
    flux = np.asarray(flux_njy, dtype=np.float64)
    magnitude = np.where(np.isnan(flux), np.nan, np.inf)
    bright = flux > 0
    magnitude[bright] = AB_ZEROPOINT_NJY - 2.5 * np.log10(flux[bright])
    return magnitude


def catalogue_bands(column_names: Sequence[str]) -> tuple[str, ...]:
    """Return the bands of a stored catalogue.

    Parameters
    ----------
    column_names : sequence of str
        Its columns in order.

    Returns
    -------
    tuple of str
        Names of the bands, from those of the flux columns.
    """
    return tuple(name.removeprefix(FLUX_PREFIX).upper() for name in column_names if name.startswith(FLUX_PREFIX))
