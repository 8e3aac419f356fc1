"""What does the photometric catalogue of a JADES release say of its sources?

The catalogue is one FITS file of several tables with a row per source: `FLAG`, `SIZE`, `CIRC`, `KRON`, `PHOTOZ` and
others, which are read by name (Rieke et al. 2023; Eisenstein et al. 2025). Its identifiers are the values in the
segmentation map of the same release.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.errors import CatalogueError
from zpix.image import JADES_BANDS
from zpix.sources import GALAXY, STAR, ReferenceSources, Rows, SourceTable
from zpix.sources.fits_table import extension_names, read_fits_columns
from zpix.sources.known import known_fluxes, known_positions
from zpix.sources.rows import SHARED
from zpix.sources.source_table import is_flat_table

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

_BOX = ("BBOX_XMIN", "BBOX_YMIN", "BBOX_XMAX", "BBOX_YMAX")
_NO_DATA = -1  # in {band}_FLAG
_GRID_END = 21.985  # EAZY_z_a is 21.99, the end of the grid, where there is no photometric redshift
_EXTENSIONS = {"FLAG", "SIZE", "CIRC", "KRON", "PHOTOZ"}


@dataclass(frozen=True, eq=False)
class JadesCatalogue(Rows):
    """N sources of a photometric catalogue of JADES.

    Attributes
    ----------
    sources : ReferenceSources of length N
        Identifier, position and class (stars by `FLAG_ST`, which DR5 does not have); redshifts are NaN, since the
        catalogue has none from spectra.
    box_xyxy_pix : (N, 4) float64, pixels
        Half-open boxes in pixels of the mosaics. (`BBOX_XMAX` and `BBOX_YMAX` are the last pixels inside.)
    bands : tuple of str
        Bands of `observed`.
    observed : (N, band) bool
        Which bands have data at the source.
    flux_njy, flux_error_njy : (N,) float64, nJy
        Flux and error in the Kron aperture, in `flux_band`.
    core_flux_njy, core_flux_error_njy : (N,) float64, nJy
        Flux and error in the aperture `CIRC1`, of radius 0.10 arcsec, in `flux_band`.
    flux_band : str
        Band of the fluxes.
    z_phot : (N,) float64
        EAZY's photometric redshift, NaN where there is none. It is not used in training.
    """

    sources: ReferenceSources
    box_xyxy_pix: Floats
    bands: tuple[str, ...] = field(metadata=SHARED)
    observed: NDArray[np.bool_]
    flux_njy: Floats
    flux_error_njy: Floats
    core_flux_njy: Floats
    core_flux_error_njy: Floats
    flux_band: str = field(metadata=SHARED)
    z_phot: Floats


def read_jades_catalogue(
    path: str | Path, *, bands: tuple[str, ...] = JADES_BANDS, flux_band: str = "F444W"
) -> JadesCatalogue:
    """Read a photometric catalogue of JADES: that of DR2, or a later one, whose photometric redshifts are in `z_a`.

    Parameters
    ----------
    path : str or Path
        The FITS file.
    bands : tuple of str, default the nine of DR2
        Bands whose coverage is read.
    flux_band : str, default "F444W"
        Band whose fluxes are read.

    Returns
    -------
    JadesCatalogue
        One row per source.

    Raises
    ------
    InputFileError
        If the file is missing, truncated or not FITS.
    CatalogueError
        If an extension or column is missing, or extensions list different sources; the message says what there is.
    """
    tables = read_fits_columns(
        path,
        {
            "FLAG": ["ID", *(f"{band}_FLAG" for band in bands)],
            "SIZE": ["ID", *_BOX],
            "CIRC": ["ID", f"{flux_band}_CIRC1", f"{flux_band}_CIRC1_e"],
            "KRON": ["ID", f"{flux_band}_KRON", f"{flux_band}_KRON_e"],
            "PHOTOZ": ["ID", "EAZY_z_a|z_a"],
        },
    )
    flag = tables["FLAG"]
    for extension, table in tables.items():
        if not np.array_equal(table["ID"], flag["ID"]):
            raise CatalogueError(f"'{path}' lists other sources in extension '{extension}' than in 'FLAG'")
    box = np.stack([tables["SIZE"][name].astype(np.float64) for name in _BOX], axis=1)
    box[:, 2:] += 1  # from the last pixels inside to the first outside
    z_phot = tables["PHOTOZ"]["EAZY_z_a"].astype(np.float64)
    return JadesCatalogue(
        sources=read_jades_sources(path),
        box_xyxy_pix=box,
        bands=bands,
        # (band, N) to (N, band), also where either is zero
        observed=np.array([flag[f"{band}_FLAG"] != _NO_DATA for band in bands], bool).reshape(len(bands), -1).T,
        flux_njy=tables["KRON"][f"{flux_band}_KRON"].astype(np.float64),
        flux_error_njy=tables["KRON"][f"{flux_band}_KRON_e"].astype(np.float64),
        core_flux_njy=tables["CIRC"][f"{flux_band}_CIRC1"].astype(np.float64),
        core_flux_error_njy=tables["CIRC"][f"{flux_band}_CIRC1_e"].astype(np.float64),
        flux_band=flux_band,
        z_phot=np.where((z_phot > 0) & (z_phot < _GRID_END), z_phot, np.nan),
    )


def read_jades_sources(path: str | Path, *, spectroscopic: bool = False) -> ReferenceSources:
    """Read identifiers, positions and classes of a JADES catalogue from its extension `FLAG`.

    Parameters
    ----------
    path : str or Path
        The FITS file.
    spectroscopic : bool, default False
        Without effect: the catalogue has no redshifts from spectra, and its photometric ones are not used.

    Returns
    -------
    ReferenceSources
        One row per source; redshifts are NaN.

    Raises
    ------
    InputFileError
        If the file is missing, truncated or not FITS.
    CatalogueError
        If the extension or a column is missing.
    """
    flag = read_fits_columns(path, {"FLAG": ["ID", "RA", "DEC", "FLAG_ST"]}, optional=["FLAG_ST"])["FLAG"]
    if "FLAG_ST" not in flag:
        log.warning("'%s' has no flag of stars (FLAG_ST): all its sources are taken for galaxies", path)
    star = flag.get("FLAG_ST", np.zeros(len(flag["ID"]))) > 0
    ra, dec = known_positions(flag["RA"], flag["DEC"])
    return ReferenceSources(
        id=flag["ID"].astype(np.int64),
        ra=ra,
        dec=dec,
        label=np.where(star, STAR, GALAXY).astype(np.int64),
        redshift=np.full(len(flag["ID"]), np.nan),
    )


def read_jades_photometry(path: str | Path, *, bands: tuple[str, ...] = JADES_BANDS) -> SourceTable:
    """Read the Kron fluxes of a JADES catalogue.

    Parameters
    ----------
    path : str or Path
        The FITS file.
    bands : tuple of str, default the nine of DR2
        Bands to read.

    Returns
    -------
    SourceTable
        Columns `id`, `ra`, `dec`, `label`, `n_pix`, and `flux_<band>` and `fluxerr_<band>` in nJy, NaN where a band
        has no data.

    Raises
    ------
    InputFileError
        If the file is missing, truncated or not FITS.
    CatalogueError
        If an extension or column is missing.
    """
    tables = read_fits_columns(
        path,
        {
            "FLAG": [f"{band}_FLAG" for band in bands],
            "SIZE": ["NPIX_DET"],
            "KRON": [f"{band}_KRON{error}" for band in bands for error in ("", "_e")],
        },
    )
    sources, kron = read_jades_sources(path), tables["KRON"]
    columns = {"id": sources.id, "ra": sources.ra, "dec": sources.dec, "label": sources.label}
    columns["n_pix"] = tables["SIZE"]["NPIX_DET"]
    for band in bands:
        nothing = tables["FLAG"][f"{band}_FLAG"] == _NO_DATA
        flux, error = known_fluxes(kron[f"{band}_KRON"], kron[f"{band}_KRON_e"])
        columns[f"flux_{band.lower()}"] = np.where(nothing, np.nan, flux)
        columns[f"fluxerr_{band.lower()}"] = np.where(nothing, np.nan, error)
    return SourceTable(Path(path), columns)


def is_jades_catalogue(path: str | Path) -> bool:
    """Return whether a file is a JADES catalogue.

    Parameters
    ----------
    path : str or Path
        CSV, Parquet or FITS file.

    Returns
    -------
    bool
        True if it has most of the extensions of a JADES catalogue, so that the message on an incomplete one names
        what is missing.

    Raises
    ------
    InputFileError
        If the file is missing, truncated or not FITS.
    """
    if is_flat_table(path):
        return False
    return len(_EXTENSIONS & set(extension_names(path))) > len(_EXTENSIONS) // 2
