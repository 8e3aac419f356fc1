"""Which sources have photometry in all bands, and which of these have a redshift?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import catalogue_file
from zpix.catalogue.schema import FLUX_ERROR_PREFIX, FLUX_PREFIX
from zpix.errors import BandError, CatalogueError
from zpix.image import in_wavelength_order
from zpix.matching.pairs import match_positions
from zpix.sources.source_table import SourceTable, read_source_table

Floats = NDArray[np.float64]

# Columns of tables, in lower case, that say how large and how round a source is.
_SHAPES = ("n_pix", "re_arcsec", "r_kron", "sersic_n", "axis_ratio", "q")
_FEWEST_SOURCES = 20  # less is no map
_MATCH_RADIUS_ARCSEC = 0.3


@dataclass(frozen=True, eq=False)
class LabelledSources:
    """N sources with photometry in all bands, some with a redshift.

    id, ra, dec : (N,), degrees
    bands : in order of wavelength
    flux_njy : (N, band) float64
    softening_njy : (band,) float64, the flux at which arcsinh magnitudes become linear
    shapes : further columns by name, (N,) float64
    redshift : (N,) float64, NaN where there is none
    left_out : how many sources of the table are not here, by reason
    """

    id: NDArray[np.int64]
    ra: Floats
    dec: Floats
    bands: tuple[str, ...]
    flux_njy: Floats
    softening_njy: Floats
    shapes: dict[str, Floats]
    redshift: Floats
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.id)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Which sources have a redshift, (N,)."""
        return np.isfinite(self.redshift)


def read_labelled_sources(
    catalogue: str | Path | SourceTable, *, redshifts: tuple[str | Path, ...] = (), band: str = "F444W"
) -> LabelledSources:
    """Sources of a catalogue of zpix or of any table with fluxes, and the redshifts that are known of them.

    Parameters
    ----------
    catalogue : a catalogue or finished run of zpix, or a table with ra, dec and `flux_<band>` in nJy; a column
        `z_spec` counts as redshifts. Stars, sources that are not `detectable` if the table says so, and those without
        a flux in every band are left out.
    redshifts : tables of redshifts (`z_spec`, or `z` where there is none), matched one-to-one by position within 0.3
        arcsec; the first that has one wins
    band : of the magnitudes, which must be there

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
    flux = np.stack([table.number(FLUX_PREFIX + name.lower()) for name in bands], axis=1)
    error = np.stack([table.number(FLUX_ERROR_PREFIX + name.lower()) for name in bands], axis=1)
    star, faint = table.is_star(), table.number("detectable") == 0
    incomplete = ~np.isfinite(flux).all(1)
    use = ~(star | faint | incomplete)
    if use.sum() < _FEWEST_SOURCES:
        raise CatalogueError(
            f"'{table.path}' has {use.sum()} galaxies with fluxes in all of {', '.join(bands)}; a map needs "
            f"{_FEWEST_SOURCES} or more"
        )
    redshift = table.redshift(required=False, spectroscopic=True)
    for name in redshifts:
        redshift = np.where(np.isfinite(redshift), redshift, _matched_redshift(ra, dec, Path(name)))
    return LabelledSources(
        id=table.identifier()[use],
        ra=ra[use],
        dec=dec[use],
        bands=bands,
        flux_njy=flux[use],
        softening_njy=_softening(flux[use], error[use]),
        shapes={name: table.number(name)[use] for name in _SHAPES if name in table},
        redshift=redshift[use],
        left_out={
            "stars": int(star.sum()),
            "not detectable": int((faint & ~star).sum()),
            "not in all bands": int((incomplete & ~star & ~faint).sum()),
        },
    )


def _matched_redshift(ra: Floats, dec: Floats, path: Path) -> Floats:
    """Redshift that a table gives to each position, (N,), NaN where it gives none."""
    table = read_source_table(path)
    listed = table.redshift(required=False, spectroscopic=True)
    if not np.isfinite(listed).any():
        listed = table.redshift(required=True)
    known = np.isfinite(listed)
    own_ra, own_dec = (values[known] for values in table.position())
    pairs = match_positions(ra, dec, own_ra, own_dec, radius_arcsec=_MATCH_RADIUS_ARCSEC)
    matched = np.full(len(ra), np.nan)
    matched[pairs.left] = listed[known][pairs.right]
    return matched


def _is_flux(name: str) -> bool:
    return name.startswith(FLUX_PREFIX) and not name.startswith(FLUX_ERROR_PREFIX)


def _softening(flux: Floats, error: Floats) -> Floats:
    """The typical error of each band, (band,); without errors, what a tenth of the positive fluxes fall below."""
    softening = [
        np.median(own_error[usable]) if usable.any() else np.quantile(own[own > 0], 0.1) if (own > 0).any() else 1.0
        for own, own_error, usable in zip(flux.T, error.T, (np.isfinite(error) & (error > 0)).T, strict=True)
    ]
    return np.array(softening, dtype=np.float64)
