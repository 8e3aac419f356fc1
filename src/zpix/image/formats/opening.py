"""Which bands are in these files, and in which format is each file?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from zpix.config import Registry
from zpix.errors import BandError, InputFileError
from zpix.image.band_image import BandImage
from zpix.image.bands import PIVOT_UM, band_name
from zpix.image.formats.extensions import EXTENSIONS
from zpix.image.formats.grizli import GRIZLI
from zpix.image.formats.jades import JADES
from zpix.image.formats.mosaic_format import MosaicFormat
from zpix.image.formats.pipeline import PIPELINE

_SEGMENTATION = re.compile(r"(^|[_.-])(segmentation|segmap|segm?)([_.-]|$)")

#: Formats of mosaics by name; a file is read in the last one that claims it.
MOSAIC_FORMATS: Registry[MosaicFormat] = Registry(
    "mosaic_formats", "mosaic format", {layout.name: layout for layout in (EXTENSIONS, JADES, PIPELINE, GRIZLI)}
)


def open_bands(paths: str | Path | Sequence[str | Path], *, bands: Sequence[str] | None = None) -> list[BandImage]:
    """Open every band of a directory, of a list of files, or of one file with several bands.

    In a directory, the files count whose names fit a format: `*_drz.fits`, `*_i2d.fits`, `*_sci.fits` (with
    `*_wht.fits`) and those that other packages added, each perhaps with `.gz` or `.fz`. Without any of these, every
    FITS file counts that has SCI and ERR extensions. Segmentation maps are left out.

    Parameters
    ----------
    paths : str, Path or sequence of them
        A directory, a file, or several files.
    bands : sequence of str, optional
        Only these bands, in this order; default all, by wavelength from a directory and in the given order otherwise.

    Returns
    -------
    list of BandImage
        One for each band.

    Raises
    ------
    InputFileError
        If a file is missing, damaged or of no known format.
    BandError
        If a band is given twice, or one of `bands` is missing.
    """
    by_band: dict[str, BandImage] = {}
    for image in open_images(paths):
        if image.band in by_band:
            first = by_band[image.band].path
            where = f"twice in '{first}'" if first == image.path else f"in '{first}' and in '{image.path}'"
            raise BandError(
                f"band {image.band} is given twice: {where}; leave one out, or put parts of a field (modules A and B) "
                "together with `zpix align`, or with --resample of `zpix run`"
            )
        by_band[image.band] = image
    if bands is None:
        return list(by_band.values())
    return _chosen(by_band, bands)


def open_images(paths: str | Path | Sequence[str | Path]) -> list[BandImage]:
    """Open every image of a directory, of a list of files, or of one file; a band may have several.

    Parameters
    ----------
    paths : str, Path or sequence of them
        As for `open_bands`.

    Returns
    -------
    list of BandImage
        By wavelength from a directory, and in the given order otherwise.

    Raises
    ------
    InputFileError
        If a file is missing, damaged or of no known format.
    """
    if isinstance(paths, str | Path):
        single = Path(paths)
        return _of_directory(single) if single.is_dir() else _of_file(single)
    images = [image for path in paths for image in _of_file(Path(path))]
    if not images:
        raise InputFileError("no mosaic files are given: name a directory, a file, or several files")
    return images


def _format_of(path: Path) -> MosaicFormat | None:
    """The last format that claims a file."""
    return next((layout for layout in reversed(list(MOSAIC_FORMATS.values())) if layout.claims(path)), None)


def _of_file(path: Path) -> list[BandImage]:
    """Bands of one file."""
    if path.is_dir():
        raise InputFileError(f"'{path}' is a directory: give one directory, or files")
    return (_format_of(path) or EXTENSIONS).read(path)


def _of_directory(directory: Path) -> list[BandImage]:
    """Bands of all files in a directory, by wavelength."""
    formats = {
        path: _format_of(path)
        for path in sorted(directory.iterdir())
        if path.is_file() and not _SEGMENTATION.search(path.name.lower())
    }
    named = [path for path, layout in formats.items() if layout not in (None, EXTENSIONS)]
    images = [image for path in named for image in _of_file(path)]
    if not named:
        images = [image for path, layout in formats.items() if layout for image in _bands_if_any(path)]
    if not images:
        known = ", ".join(f"{layout.files} ({name})" for name, layout in MOSAIC_FORMATS.items())
        raise InputFileError(f"'{directory}' holds no mosaic: expected {known}, each perhaps with .gz or .fz")
    return sorted(images, key=lambda image: (PIVOT_UM.get(image.band, float("inf")), image.band))


def _bands_if_any(path: Path) -> list[BandImage]:
    """Bands of a file whose name tells nothing; none if it is something else, such as a catalogue."""
    try:
        return EXTENSIONS.read(path)
    except InputFileError:
        return []


def _chosen(by_band: dict[str, BandImage], bands: Sequence[str]) -> list[BandImage]:
    """The bands that are asked for, in that order."""
    wanted = [band_name(band) for band in bands]
    for band in wanted:
        if band not in by_band:
            raise BandError(f"band {band} is not among the mosaic's: {', '.join(by_band)}")
        if wanted.count(band) > 1:
            raise BandError(f"band {band} is asked for twice")
    return [by_band[band] for band in wanted]
