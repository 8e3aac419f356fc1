"""How are bands on different pixel grids resampled onto one?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from zpix.errors import ConfigError, OutputError
from zpix.image.band_image import BandImage
from zpix.image.formats import MosaicPaths, open_bands
from zpix.image.grids import pixel_scale_arcsec
from zpix.image.mosaic import Mosaic
from zpix.image.pixels import Pixels
from zpix.image.resampling import resample, whole_pixel_binning
from zpix.image.tiles import make_tiles
from zpix.image.writer import MosaicWriter

_BLOCK = 512  # pixels a side of what is resampled at once: some 100 MB for bands of half the pixel scale


def resample_bands(
    paths: MosaicPaths,
    out: str | Path,
    *,
    reference: str | Path | None = None,
    prefix: str = "aligned",
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Resample every band onto one grid and write files in the JADES layout.

    See `zpix.image.resampling` for flux and error. The mosaic is resampled in blocks, so memory does not grow with it.

    Parameters
    ----------
    paths : str, Path, sequence of them, or mapping of str to path
        Mosaics, as for `open_mosaic`.
    out : str or Path
        Directory for the files, not that of the mosaics.
    reference : str or Path, optional
        A band, or a FITS mosaic, whose grid is used; default the band of the largest pixels, so that no band is
        oversampled.
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
        If `reference` is neither one of the bands nor a file.
    OutputError
        If `out` is the mosaics' own directory, or cannot be written to.
    """
    images = open_bands(paths)
    _refuse_own_directory(out, images)
    target = _reference(images, reference)
    sources = [Mosaic([image]) for image in images]
    binnings = [whole_pixel_binning(target.wcs, target.shape, source) for source in sources]
    tiles = make_tiles(target.shape, tile_size=_BLOCK, margin=0)
    bands = [image.band for image in images]
    with MosaicWriter(
        out, bands=bands, shape=target.shape, wcs=target.wcs, prefix=prefix, overwrite=overwrite
    ) as writer:
        for done, tile in enumerate(tiles, start=1):
            bands_of_tile = [
                resample(source, tile.owned, wcs=target.wcs, binning=binning)
                for source, binning in zip(sources, binnings, strict=True)
            ]
            writer.write(tile.owned, _stacked(bands_of_tile))
            if progress is not None:
                progress(done, len(tiles))
    return writer.paths


def _refuse_own_directory(out: str | Path, images: Sequence[BandImage]) -> None:
    """Raise an `OutputError` if the mosaics are in the output directory."""
    if Path(out).resolve() in {image.path.resolve().parent for image in images}:
        raise OutputError(f"'{out}' holds the mosaics themselves: aligned ones need another directory")


def _reference(images: Sequence[BandImage], reference: str | Path | None) -> BandImage:
    """The image whose grid is used."""
    if reference is None:
        return max(images, key=lambda image: round(pixel_scale_arcsec(image.wcs), 6))
    for image in images:
        if image.band == str(reference).strip().upper():
            return image
    if not Path(reference).exists():
        bands = ", ".join(image.band for image in images)
        raise ConfigError(f"reference is '{reference}': it must be one of the bands ({bands}) or a FITS mosaic")
    return open_bands(reference)[0]


def _stacked(parts: Sequence[Pixels]) -> Pixels:
    """Pixels of several bands from those of each."""
    return Pixels(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("flux", "error", "valid")))
