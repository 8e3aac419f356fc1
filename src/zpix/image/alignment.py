"""How are bands on different pixel grids resampled onto one?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from zpix.errors import OutputError
from zpix.image.band_image import BandImage
from zpix.image.formats import MosaicPaths, open_images
from zpix.image.mosaic import Mosaic
from zpix.image.pixels import Pixels
from zpix.image.resampling import resample
from zpix.image.several_images import refuse_same_exposures, weighted_mean
from zpix.image.target_grids import PixelGrid, choose_grid
from zpix.image.tiles import make_tiles
from zpix.image.writer import MosaicWriter

_BLOCK = 512  # pixels a side of what is resampled at once: some 100 MB for bands of half the pixel scale


def resample_bands(
    paths: MosaicPaths,
    out: str | Path,
    *,
    reference: str | Path | None = None,
    pixel_scale: float | None = None,
    prefix: str = "aligned",
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Resample every band onto one grid and write files in the JADES layout.

    See `zpix.image.resampling` for flux and error. The mosaic is resampled in blocks, so memory does not grow with it.

    Parameters
    ----------
    paths : str, Path, sequence of them, or mapping of str to path
        Mosaics, as for `open_mosaic`; a band may have several, which are put together.
    out : str or Path
        Directory for the files, not that of the mosaics.
    reference : str or Path, optional
        A band, or a FITS mosaic, image or header, whose grid is used; default the band of the largest pixels, so that
        no band is oversampled. See `zpix.image.target_grids.choose_grid`.
    pixel_scale : float, arcsec, optional
        Side of a pixel of a new grid over all mosaics, in place of `reference`.
    prefix : str, default "aligned"
        Files are named `<prefix>_<band>_drz.fits`.
    overwrite : bool, default False
        Whether files of that name may be replaced.
    progress : callable, optional
        Called as `progress(done, total)` after each block.

    Returns
    -------
    tuple of Path
        The files, one per band.

    Raises
    ------
    ConfigError
        If `reference` is neither one of the bands nor a file, or is given with `pixel_scale`.
    InputFileError
        If a mosaic or the reference cannot be read.
    BandError
        If two mosaics of a band were made of the same exposures.
    OutputError
        If `out` is the mosaics' own directory, or cannot be written to.
    """
    images = open_images(paths)
    _refuse_own_directory(out, images)
    grid = choose_grid(images, reference=reference, pixel_scale_arcsec=pixel_scale)
    return bring_onto(grid, images, out, prefix=prefix, overwrite=overwrite, progress=progress)


def bring_onto(
    grid: PixelGrid,
    images: Sequence[BandImage],
    out: str | Path,
    *,
    prefix: str = "aligned",
    overwrite: bool = False,
    resume: bool = False,
    begin: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Resample images onto a grid and write one file for each band in the JADES layout.

    Parameters
    ----------
    grid : PixelGrid
        The grid.
    images : sequence of BandImage
        The images. Where several of one band have data, they are averaged with inverse variances as weights.
    out : str or Path
        Directory for the files.
    prefix : str, default "aligned"
        Files are named `<prefix>_<band>_drz.fits`.
    overwrite : bool, default False
        Whether files of that name may be replaced.
    resume : bool, default False
        Whether to go on with files that an interrupted call left: blocks are on disk when `progress` is told of them.
    begin : int, default 0
        With `resume`, number of blocks that are done.
    progress : callable, optional
        Called as `progress(done, total)` after each block.

    Returns
    -------
    tuple of Path
        The files, one per band.

    Raises
    ------
    BandError
        If two images of a band were made of the same exposures.
    OutputError
        If `out` cannot be written to.
    """
    by_band: dict[str, list[Mosaic]] = {}
    for image in images:
        by_band.setdefault(image.band, []).append(Mosaic([image]))
    for sources in by_band.values():
        refuse_same_exposures(sources)
    tiles = make_tiles(grid.shape, tile_size=_BLOCK, margin=0)
    with MosaicWriter(
        out, bands=tuple(by_band), shape=grid.shape, wcs=grid.wcs, prefix=prefix, overwrite=overwrite, resume=resume
    ) as writer:
        for done, tile in enumerate(tiles[begin:], start=begin + 1):
            bands = [
                weighted_mean([resample(source, tile.owned, wcs=grid.wcs) for source in sources])
                for sources in by_band.values()
            ]
            writer.write(tile.owned, _stacked(bands))
            if resume:
                writer.flush()
            if progress is not None:
                progress(done, len(tiles))
    return writer.paths


def _refuse_own_directory(out: str | Path, images: Sequence[BandImage]) -> None:
    """Raise an `OutputError` if the mosaics are in the output directory."""
    if Path(out).resolve() in {image.path.resolve().parent for image in images}:
        raise OutputError(f"'{out}' holds the mosaics themselves: aligned ones need another directory")


def _stacked(parts: Sequence[Pixels]) -> Pixels:
    """Pixels of several bands from those of each."""
    return Pixels(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("flux", "error", "valid")))
