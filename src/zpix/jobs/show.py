"""What do chosen sources look like: stamps, redshift PDFs and fluxes on a sheet?"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import Catalogue, read_catalogue, values_of, where_holds
from zpix.errors import CatalogueError, ConfigError, OutputError
from zpix.image import Mosaic, MosaicPaths, Region, SegmentationMap
from zpix.jobs.view import band_shown, field_name, redshifts_known_of, result_directory, searched_mosaic
from zpix.outputs import refuse_existing
from zpix.plots import Figure, SourceStamps, colour_channels, save_sheet, sources_figure
from zpix.viewer import SkySample

log = logging.getLogger(__name__)

# Sources on a page of a PDF, and on a picture.
_ON_A_PAGE = {".pdf": 4, ".png": 20}
# Sides of stamps, in pixels: three times the square root of the area of the mask, within these.
_SMALLEST_PIX, _LARGEST_PIX = 36, 400


def show(
    result: str | Path,
    *,
    out: str | Path | None = None,
    ids: Sequence[int] = (),
    where: str = "",
    sort: str = "",
    number: int = 100,
    mosaics: MosaicPaths | None = None,
    truth: str | Path | None = None,
    band: str = "F444W",
    overwrite: bool = False,
) -> list[Path]:
    """Draw a sheet of sources: stamps in colour and in every band, redshift PDF and fluxes of each.

    Parameters
    ----------
    result : str or Path
        Directory of `run`.
    out : str or Path, optional
        File to write, `.pdf` or `.png`; `sources.pdf` in `result` by default. More than twenty sources are several
        pictures.
    ids : sequence of int, optional
        Identifiers of the sources.
    where : str, optional
        A condition that the sources must meet, such as "p_above_6 > 0.9 and not EDGE": columns, `mag_<band>`,
        `p_above_<z>`, and flags in capitals.
    sort : str, optional
        What sources are sorted by, the smallest first, such as "-p_above_6"; by default the order of `ids` or of the
        catalogue.
    number : int, default: 100
        Number of sources, at the most.
    mosaics : str, Path, sequence of these, or mapping of str to path, optional
        The mosaics that were searched; by default those that `run.json` names.
    truth : str or Path, optional
        Truth table of `simulate`, or a list of redshifts: known redshifts are marked.
    band : str, default: "F444W"
        Band of the magnitudes.
    overwrite : bool, default: False
        Whether an earlier sheet is replaced.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ZpixError
        If the result or the mosaics cannot be read, the condition cannot, no source meets it, or the file exists.

    Examples
    --------
    >>> zpix.show("result", where="p_above_6 > 0.9", sort="-p_above_6", number=20)  # doctest: +SKIP
    [PosixPath('result/sources.pdf')]
    """
    place = result_directory(result)
    path = place / "sources.pdf" if out is None else Path(out)
    if path.suffix not in _ON_A_PAGE:
        raise OutputError(f"{path}: a sheet is a .pdf or a .png file")
    refuse_existing(path, overwrite=overwrite)
    if not len(ids) and not where:
        raise ConfigError("no sources are chosen: name them with --ids, or say which with --where")
    pages = plot_sources(
        place, ids, where=where, sort=sort, number=number, mosaics=mosaics, truth=truth, band=band,
        on_a_page=_ON_A_PAGE[path.suffix],
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    return save_sheet(path, pages, overwrite=overwrite)


def plot_source(
    result: str | Path,
    id: int,
    *,
    mosaics: MosaicPaths | None = None,
    truth: str | Path | None = None,
    band: str = "F444W",
) -> Figure:
    """Draw one source: stamps in colour and in every band, redshift PDF and fluxes.

    Parameters
    ----------
    result : str or Path
        Directory of `run`.
    id : int
        Identifier of the source.
    mosaics : str, Path, sequence of these, or mapping of str to path, optional
        As in `show`, and so are all others.
    truth : str or Path, optional
        Known redshifts.
    band : str, default: "F444W"
        Band of the magnitude.

    Returns
    -------
    matplotlib.figure.Figure
        A notebook shows it; `savefig` saves it.

    Raises
    ------
    ZpixError
        If the result or the mosaics cannot be read, or there is no such source.
    """
    return plot_sources(result, [id], mosaics=mosaics, truth=truth, band=band)[0]


def plot_sources(
    result: str | Path,
    ids: Sequence[int] = (),
    *,
    where: str = "",
    sort: str = "",
    number: int = 100,
    mosaics: MosaicPaths | None = None,
    truth: str | Path | None = None,
    band: str = "F444W",
    on_a_page: int = 20,
) -> list[Figure]:
    """Draw sources, some on each figure: stamps in colour and in every band, redshift PDF and fluxes of each.

    Parameters
    ----------
    result : str or Path
        Directory of `run`.
    ids : sequence of int, optional
        Identifiers of the sources; all by default.
    where, sort : str, optional
        As in `show`, and so are all others.
    number : int, default: 100
        Number of sources, at the most.
    mosaics : str, Path, sequence of these, or mapping of str to path, optional
        The mosaics.
    truth : str or Path, optional
        Known redshifts.
    band : str, default: "F444W"
        Band of the magnitudes.
    on_a_page : int, default: 20
        Sources on each figure.

    Returns
    -------
    list of matplotlib.figure.Figure
        At least one.

    Raises
    ------
    ZpixError
        If the result or the mosaics cannot be read, the condition cannot, or no source meets it.
    """
    place = result_directory(result)
    catalogue = read_catalogue(place)
    rows = _chosen(catalogue, ids, where, sort)
    chosen = len(rows)
    if chosen > number:
        log.warning("%d sources are chosen, and the first %d of them are drawn", chosen, number)
    rows = rows[: max(number, 1)]
    first = band_shown(catalogue, band)
    known = None if truth is None else redshifts_known_of(catalogue, truth, band=first)[rows]
    sources = catalogue[rows]
    with (
        searched_mosaic(place, mosaics) as mosaic,
        SegmentationMap(place / "segmentation.fits", shape=mosaic.shape) as segmentation,
    ):
        stamps = read_stamps(sources, mosaic, segmentation)
    parts = [slice(start, start + on_a_page) for start in range(0, len(rows), on_a_page)]
    title = _title(place, where, sort, drawn=len(rows), chosen=chosen) if len(rows) > 1 else ""
    return [
        sources_figure(
            sources[part], stamps[part], band=first, z_known=None if known is None else known[part],
            title=title, rows=on_a_page if len(parts) > 1 else 0,
        )
        for part in parts
    ]  # fmt: skip


def _title(place: Path, where: str, sort: str, *, drawn: int, chosen: int) -> str:
    """A line that says which sources these are."""
    name = field_name(place)
    count = f"{drawn} sources" if drawn == chosen else f"{drawn} of {chosen} sources"
    return ", ".join(
        [f"{name}: {count}" if name else count, *([where] if where else []), *([f"by {sort}"] if sort else [])]
    )


def read_stamps(sources: Catalogue, mosaic: Mosaic, segmentation: SegmentationMap) -> list[SourceStamps]:
    """Read the pixels around sources.

    Parameters
    ----------
    sources : Catalogue of length N
        The sources.
    mosaic : Mosaic
        The mosaic that they were found in.
    segmentation : SegmentationMap
        Their masks.

    Returns
    -------
    list of SourceStamps
        Of each source.
    """
    sample = SkySample.of(mosaic)
    thirds = colour_channels(mosaic.bands)
    noise = np.array([sample.noise_njy([band]) for band in range(len(mosaic.bands))])
    of_colours = sample.noise_njy([band for third in thirds for band in third])
    whole, stamps = Region.whole(mosaic.shape), []
    columns = (sources[name].tolist() for name in ("id", "x", "y", "n_pix"))
    for own, x, y, n_pix in zip(*columns, strict=True):
        side = int(np.clip(np.ceil(3 * np.sqrt(n_pix)), _SMALLEST_PIX, _LARGEST_PIX))
        left, bottom = round(x - (side - 1) / 2), round(y - (side - 1) / 2)
        region = Region(left, bottom, left + side, bottom + side)
        pixels, mask = mosaic.read(region), np.zeros(region.shape, bool)
        inside = region.intersection(whole)
        mask[inside.shifted(-left, -bottom).slices] = segmentation.read(inside) == own
        stamps.append(
            SourceStamps(pixels.flux, pixels.valid, mask, mosaic.bands, noise, of_colours, mosaic.pixel_scale_arcsec)
        )
    return stamps


def _chosen(catalogue: Catalogue, ids: Sequence[int], where: str, sort: str) -> NDArray[np.int64]:
    """Rows of the sources that a user means, in the order that they mean."""
    rows = np.arange(len(catalogue))
    if len(ids):
        place = {own: row for row, own in enumerate(catalogue["id"].tolist())}
        unknown = [own for own in ids if int(own) not in place]
        if unknown:
            raise CatalogueError(f"the catalogue has no source {unknown[0]}")
        rows = np.array([place[int(own)] for own in ids], np.int64)
    if where:
        rows = rows[where_holds(catalogue, where)[rows]]
    if not len(rows):
        raise CatalogueError(f"no source of the catalogue's {len(catalogue)} meets the condition '{where}'")
    if sort:
        keys = values_of(catalogue, sort)[rows]
        rows = rows[np.argsort(keys, kind="stable")]
    return rows
