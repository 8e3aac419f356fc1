"""How are the columns of a catalogue called by tools and catalogues of others?

`eazy` are the names of EAZY: those of eazy-py's `zout` table, of its older `.zout` and of the catalogues that it reads
(`f_F444W`, `e_F444W` in uJy, -99 where not observed, as in those of 3D-HST). `roman` are the names of the source
catalogues of the Roman Space Telescope (romancal), with redshifts under the names of zpix, as Roman has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.schema import (
    Column,
    flux_column,
    flux_error_column,
    total_column,
    total_error_column,
)
from zpix.catalogue.table import Catalogue, magnitude_ab

#: Whose names.
Names = Literal["eazy", "roman"]

_NOT_OBSERVED, _UNKNOWN_Z = -99.0, -1.0
_NJY_PER_UJY = 1000.0


@dataclass(frozen=True)
class NamedTable:
    """Columns under names of others.

    Attributes
    ----------
    schema : tuple of Column
        Their declarations, in order.
    values : dict of str to (N,) array
        By name.
    """

    schema: tuple[Column, ...]
    values: dict[str, NDArray[Any]]


def under_other_names(catalogue: Catalogue, names: Names) -> NamedTable:
    """Return the columns of a catalogue under the names of other tools.

    Parameters
    ----------
    catalogue : Catalogue
        May be empty.
    names : {"eazy", "roman"}
        Whose names and units.

    Returns
    -------
    NamedTable
        The columns.
    """
    pairs = list(_WRITERS[names](catalogue))
    return NamedTable(
        tuple(column for column, _ in pairs),
        {column.name: np.asarray(values).astype(column.dtype) for column, values in pairs},
    )


Pairs = Iterator[tuple[Column, NDArray[Any]]]


def _same(catalogue: Catalogue, *names: str) -> Pairs:
    """Columns that are called the same."""
    own = {column.name: column for column in catalogue.schema}
    for name in names:
        yield own[name], catalogue[name]


def _renamed(catalogue: Catalogue, *names: tuple[str, str]) -> Pairs:
    """Columns under another name: (old, new)."""
    own = {column.name: column for column in catalogue.schema}
    for old, new in names:
        yield replace(own[old], name=new), catalogue[old]


def _eazy(catalogue: Catalogue) -> Pairs:
    yield from _same(catalogue, "id", "ra", "dec")
    unknown = np.full(len(catalogue), _UNKNOWN_Z)
    yield Column("z_spec", "float32", "", "Spectroscopic redshift; -1 where unknown, as here"), unknown
    yield from _renamed(catalogue, ("n_bands", "nusefilt"), ("z_mode", "z_ml"))
    yield from _same(catalogue, "z_phot")
    yield from _renamed(catalogue, ("z_phot", "z_min_risk"))
    yield from _same(catalogue, "z025", "z160", "z500", "z840", "z975")
    yield from _renamed(catalogue, ("z160", "l68"), ("z840", "u68"), ("z025", "l95"), ("z975", "u95"))
    yield from _same(catalogue, "p_star", "flags")
    for band in catalogue.bands:
        for letter, name in (("f", total_column(band)), ("e", total_error_column(band))):
            flux = catalogue[name] / _NJY_PER_UJY
            text = f"{band} {'flux' if letter == 'f' else '1-sigma error'} in the Kron ellipse; -99 where not observed"
            yield Column(f"{letter}_{band}", "float32", "uJy", text), np.where(np.isfinite(flux), flux, _NOT_OBSERVED)


def _roman(catalogue: Catalogue) -> Pairs:
    yield from _renamed(catalogue, ("id", "label"))
    yield from _same(catalogue, "ra", "dec")
    yield from _renamed(
        catalogue, ("ra", "ra_centroid_win"), ("dec", "dec_centroid_win"), ("x", "x_centroid_win"),
        ("y", "y_centroid_win"),
    )  # fmt: skip
    edges = (
        ("xmin", "x0", np.floor, 0),
        ("xmax", "x1", np.ceil, -1),
        ("ymin", "y0", np.floor, 0),
        ("ymax", "y1", np.ceil, -1),
    )
    for name, old, rounded, shift in edges:
        text = f"{'First' if shift == 0 else 'Last'} {'column' if name[0] == 'x' else 'row'} of the box, from 0"
        yield Column(f"bbox_{name}", "int32", "pix", text), rounded(catalogue[old]) + shift
    scale = catalogue.meta.get("pixel_scale_arcsec")
    if scale is not None:
        area = Column("segment_area", "float32", "arcsec2", "Area of the mask")
        yield area, catalogue["n_pix"] * scale**2
        yield (
            Column("semimajor", "float32", "arcsec", "Standard deviation along the major axis"),
            catalogue["a"] * scale,
        )
        yield (
            Column("semiminor", "float32", "arcsec", "Standard deviation along the minor axis"),
            catalogue["b"] * scale,
        )
    yield from _renamed(
        catalogue, ("theta", "orientation_pix"), ("kron_radius", "kron_radius"),
        ("half_light_radius", "fluxfrac_radius_50"), ("ebv", "dust_ebv"), ("flags", "warning_flags"),
    )  # fmt: skip
    yield Column("is_extended", "bool", "", "Whether it is not classified as a star"), catalogue["class"] != "star"
    for band in catalogue.bands:
        low = band.lower()
        yield from _renamed(
            catalogue, (flux_column(band), f"segment_{low}_flux"), (flux_error_column(band), f"segment_{low}_flux_err"),
            (total_column(band), f"kron_{low}_flux"), (total_error_column(band), f"kron_{low}_flux_err"),
        )  # fmt: skip
        magnitude = magnitude_ab(catalogue[total_column(band)])
        text = f"{band} magnitude in the Kron ellipse; NaN for fluxes that are not positive"
        yield (
            Column(f"kron_{low}_abmag", "float32", "mag", text),
            np.where(np.isfinite(magnitude), magnitude, np.nan),
        )
    yield from _same(catalogue, "z_phot", "z_mode", "z_mean", "z025", "z160", "z500", "z840", "z975", "p_star")


_WRITERS: dict[Names, Callable[[Catalogue], Pairs]] = {"eazy": _eazy, "roman": _roman}
