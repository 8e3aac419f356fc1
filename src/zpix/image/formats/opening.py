"""Which bands are in these files, and which layout does each file have?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from zpix.errors import BandError, InputFileError
from zpix.image.band_image import BandImage
from zpix.image.bands import PIVOT_UM, band_name
from zpix.image.formats import extensions, grizli, jades, pipeline

_BY_NAME = (jades, pipeline, grizli)
_FITS = re.compile(r".*\.fits(\.gz|\.fz)?")
_SEGMENTATION = re.compile(r"(^|[_.-])(segmentation|segmap|segm?)([_.-]|$)")


def open_bands(paths: str | Path | Sequence[str | Path], *, bands: Sequence[str] | None = None) -> list[BandImage]:
    """Every band of a directory, of a list of files, or of one file with several bands.

    Of a directory, files named `*_drz.fits`, `*_i2d.fits` and `*_sci.fits` (with `*_wht.fits`) count, each
    perhaps `.gz` or `.fz`; without any such file, every FITS file that has SCI and ERR extensions.
    Segmentation maps beside them are passed over. Bands come in order of wavelength from a directory, and
    in the given order otherwise.

    Parameters
    ----------
    paths : path or sequence of paths
    bands : sequence of str, optional
        Only these, in this order.

    Raises
    ------
    InputFileError
        If a file is missing, damaged or of no known layout.
    BandError
        If a band is given twice, or one of `bands` is missing.
    """
    if isinstance(paths, str | Path):
        single = Path(paths)
        images = _of_directory(single) if single.is_dir() else _of_file(single)
    else:
        images = [image for path in paths for image in _of_file(Path(path))]
        if not images:
            raise InputFileError("no mosaic files are given: name a directory, a file, or several files")
    by_band: dict[str, BandImage] = {}
    for image in images:
        if image.band in by_band:
            first = by_band[image.band].path
            where = f"twice in '{first}'" if first == image.path else f"in '{first}' and in '{image.path}'"
            raise BandError(f"band {image.band} is given twice: {where}")
        by_band[image.band] = image
    if bands is None:
        return list(by_band.values())
    return _chosen(by_band, bands)


def _of_file(path: Path) -> list[BandImage]:
    if path.is_dir():
        raise InputFileError(f"'{path}' is a directory: give one directory, or files")
    for layout in _BY_NAME:
        if layout.claims(path):
            return layout.read(path)
    return extensions.read(path)


def _of_directory(directory: Path) -> list[BandImage]:
    files = sorted(path for path in directory.iterdir() if _FITS.fullmatch(path.name.lower()))
    files = [path for path in files if path.is_file() and not _SEGMENTATION.search(path.name.lower())]
    named = [path for path in files if any(layout.claims(path) for layout in _BY_NAME)]
    images = [image for path in named for image in _of_file(path)]
    if not named:
        images = [image for path in files for image in _bands_if_any(path)]
    if not images:
        raise InputFileError(
            f"'{directory}' holds no mosaic: expected *_drz.fits (JADES), *_i2d.fits (pipeline) or "
            "*_drc_sci.fits with *_drc_wht.fits (grizli), each perhaps with .gz"
        )
    return sorted(images, key=lambda image: (PIVOT_UM.get(image.band, float("inf")), image.band))


def _bands_if_any(path: Path) -> list[BandImage]:
    """Bands of a file whose name says nothing; none if it is something else, such as a catalogue."""
    try:
        return extensions.read(path)
    except InputFileError:
        return []


def _chosen(by_band: dict[str, BandImage], bands: Sequence[str]) -> list[BandImage]:
    wanted = [band_name(band) for band in bands]
    for band in wanted:
        if band not in by_band:
            raise BandError(f"band {band} is not among the mosaic's: {', '.join(by_band)}")
        if wanted.count(band) > 1:
            raise BandError(f"band {band} is asked for twice")
    return [by_band[band] for band in wanted]
