"""Which sources have photometry in all bands, and which of these have a redshift?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import catalogue_file
from zpix.catalogue.schema import FLUX_ERROR_PREFIX, FLUX_PREFIX
from zpix.errors import BandError, CatalogueError
from zpix.image import in_wavelength_order
from zpix.matching.pairs import match_positions
from zpix.sources.rows import SHARED, Rows
from zpix.sources.source_table import SourceTable, read_source_table
from zpix.surveys.redshift_lists import read_redshifts
from zpix.surveys.spectroscopy import RADIUS_ARCSEC, Z_RANGE, compile_redshifts

Floats = NDArray[np.float64]

# Columns of tables, in lower case, with the size and the shape of a source.
_SHAPES = ("n_pix", "re_arcsec", "r_kron", "sersic_n", "axis_ratio", "q")
_FEWEST_SOURCES = 20  # that a map needs


@dataclass(frozen=True, eq=False)
class LabelledSources(Rows):
    """N sources with photometry in all bands, some with a redshift.

    Attributes
    ----------
    id : (N,) int64
        Identifier.
    ra, dec : (N,) float64, degrees
        Sky position.
    bands : tuple of str
        In order of wavelength.
    flux_njy : (N, band) float64, nJy
        Fluxes.
    softening_njy : (band,) float64, nJy
        Flux at which arcsinh magnitudes become linear.
    shape_names : tuple of str
        Names of further columns: sizes and shapes.
    shapes : (N, shape) float64
        Those columns.
    redshift : (N,) float64
        Redshift, NaN where there is none.
    left_out : dict of str to int
        Number of sources of the table that are left out, by reason.
    listed : mapping of str to mapping of str to int
        For each list of redshifts, and for `all`, how many are listed, kept, and left out for each reason; of all also
        how many have no partner in the table. Empty without lists.
    quality_columns : mapping of str to str
        Column that was taken for the quality in each list, by its name; empty for none.
    """

    id: NDArray[np.int64]
    ra: Floats
    dec: Floats
    bands: tuple[str, ...] = field(metadata=SHARED)
    flux_njy: Floats
    softening_njy: Floats = field(metadata=SHARED)
    shape_names: tuple[str, ...] = field(metadata=SHARED)
    shapes: Floats
    redshift: Floats
    left_out: dict[str, int] = field(metadata=SHARED)
    listed: Mapping[str, Mapping[str, int]] = field(default_factory=dict, metadata=SHARED)
    quality_columns: Mapping[str, str] = field(default_factory=dict, metadata=SHARED)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Whether each source has a redshift, (N,)."""
        return np.isfinite(self.redshift)


def read_labelled_sources(
    catalogue: str | Path | SourceTable, *, redshifts: tuple[str | Path, ...] = (), band: str = "F444W"
) -> LabelledSources:
    """Read the sources of a catalogue of zpix, or of any table with fluxes, and their known redshifts.

    Parameters
    ----------
    catalogue : str, Path or SourceTable
        A catalogue or finished run of zpix, or a table with ra, dec and `flux_<band>` in nJy; a column `z_spec` is
        read as redshifts. Stars, sources with `detectable` = 0, and those without a flux in every band are left out:
        a flux is none whose error is zero, negative or infinite.
    redshifts : tuple of str or Path, default: ()
        Lists of redshifts, the most trusted first, `PATH` or `PATH:COLUMN=BEST,NEXT,...`; compiled as `zpix prepare`
        does it and matched one-to-one by position within 0.3 arcsec. A redshift of the catalogue itself comes first.
    band : str, default: "F444W"
        Band of the magnitudes, which the catalogue must have.

    Returns
    -------
    LabelledSources
        The sources that a map can show.

    Raises
    ------
    ZpixError
        If a table cannot be read or lacks a column, or fewer than 20 sources are left.
    """
    table = catalogue if isinstance(catalogue, SourceTable) else read_source_table(catalogue_file(catalogue))
    bands = tuple(in_wavelength_order(n.removeprefix(FLUX_PREFIX).upper() for n in table.columns if _is_flux(n)))
    if len(bands) < 2:
        raise CatalogueError(f"'{table.path}' has {len(bands)} columns 'flux_<band>' in nJy; colours need two or more")
    if band not in bands:
        raise BandError(f"'{table.path}' has no flux in band '{band}'; it has {', '.join(bands)}")
    ra, dec = table.position()
    flux, error = (np.stack(values, axis=1) for values in zip(*(table.flux(name) for name in bands), strict=True))
    star, faint = table.is_star(), table.number("detectable") == 0
    incomplete = ~np.isfinite(flux).all(1)
    use = ~(star | faint | incomplete)
    if use.sum() < _FEWEST_SOURCES:
        raise CatalogueError(
            f"'{table.path}' has {use.sum()} galaxies with fluxes in all of {', '.join(bands)}; a map needs "
            f"{_FEWEST_SOURCES} or more"
        )
    own = table.redshift(required=False, spectroscopic=True)
    matched, listed, quality_columns = _matched_redshifts(ra, dec, redshifts)
    redshift = np.where((own >= Z_RANGE[0]) & (own <= Z_RANGE[1]), own, matched)
    shapes = tuple(name for name in _SHAPES if name in table)
    return LabelledSources(
        id=table.identifier()[use],
        ra=ra[use],
        dec=dec[use],
        bands=bands,
        flux_njy=flux[use],
        softening_njy=_softening(flux[use], error[use]),
        shape_names=shapes,
        shapes=np.stack([table.number(name)[use] for name in shapes], axis=1) if shapes else np.zeros((use.sum(), 0)),
        redshift=redshift[use],
        left_out={
            "stars": int(star.sum()),
            "not detectable": int((faint & ~star).sum()),
            "not in all bands": int((incomplete & ~star & ~faint).sum()),
        },
        listed=listed,
        quality_columns=quality_columns,
    )


def _matched_redshifts(
    ra: Floats, dec: Floats, lists: tuple[str | Path, ...]
) -> tuple[Floats, dict[str, dict[str, int]], dict[str, str]]:
    """Redshift of each position in lists (N,), NaN where they have none; what became of all; their quality columns."""
    if not lists:
        return np.full(len(ra), np.nan), {}, {}
    read = [read_redshifts(one).near(ra, dec) for one in lists]
    known = compile_redshifts(read, radius_arcsec=RADIUS_ARCSEC)
    pairs = match_positions(ra, dec, known.ra, known.dec, radius_arcsec=RADIUS_ARCSEC)
    matched = np.full(len(ra), np.nan)
    matched[pairs.left] = known.z[pairs.right]
    counts = {name: dict(of_list) for name, of_list in known.counts.items()}
    counts["all"]["without a partner"] = len(known) - len(pairs)
    return matched, counts, {one.name: one.quality_column for one in read}


def _is_flux(name: str) -> bool:
    """Whether a column holds fluxes."""
    return name.startswith(FLUX_PREFIX) and not name.startswith(FLUX_ERROR_PREFIX)


def _softening(flux: Floats, error: Floats) -> Floats:
    """Median error of each band, (band,); without errors, the lowest tenth of the positive fluxes lies below."""
    softening = [
        np.median(own_error[usable]) if usable.any() else np.quantile(own[own > 0], 0.1) if (own > 0).any() else 1.0
        for own, own_error, usable in zip(flux.T, error.T, (np.isfinite(error) & (error > 0)).T, strict=True)
    ]
    return np.array(softening, dtype=np.float64)
