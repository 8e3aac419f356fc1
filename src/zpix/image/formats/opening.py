"""Which bands are in these files, and in which format is each file?"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from zpix.config import Registry
from zpix.errors import BandError, InputFileError
from zpix.image.band_image import BandImage, named_band, remarks_of
from zpix.image.bands import PIVOT_UM, band_name, chosen_band
from zpix.image.formats.extensions import EXTENSIONS
from zpix.image.formats.grizli import GRIZLI
from zpix.image.formats.jades import JADES
from zpix.image.formats.mosaic_format import COMPRESSED, MosaicFormat
from zpix.image.formats.pipeline import PIPELINE

_log = logging.getLogger(__name__)

#: A directory, a file, several files, or files by band.
MosaicPaths = str | Path | Sequence[str | Path] | Mapping[str, str | Path]

_SEGMENTATION = re.compile(r"(^|[_.-])(segmentation|segmap|segm?)([_.-]|$)")

#: Formats of mosaics by name; a file is read in the last one that claims it.
MOSAIC_FORMATS: Registry[MosaicFormat] = Registry(
    "mosaic_formats", "mosaic format", {layout.name: layout for layout in (EXTENSIONS, JADES, PIPELINE, GRIZLI)}
)


def open_bands(paths: MosaicPaths, *, bands: Sequence[str] | None = None) -> list[BandImage]:
    """Open every band of a directory, of a list of files, or of one file with several bands.

    In a directory, the files count whose names fit a format: `*_drz.fits`, `*_i2d.fits`, `*_sci.fits` (with
    `*_wht.fits` or `*_rms.fits`) and those that other packages added, each perhaps with `.gz` or `.fz`. Without any of
    these, every FITS file counts that has SCI and ERR extensions. Segmentation maps are left out, and compressed files
    beside the same without compression. What the user should know of the files is logged as warnings.

    Parameters
    ----------
    paths : str, Path, sequence of them, or mapping of str to path
        A directory, a file, or several files; a file may be named by its band, as in "F444W=a.fits" or {"F444W":
        "a.fits"}.
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
        If a band is given twice, one of `bands` is missing, or a file is named by a band that it is not of.
    """
    by_band: dict[str, BandImage] = {}
    for image in _opened(paths):
        if image.band in by_band:
            first = by_band[image.band].path
            where = f"twice in '{first}'" if first == image.path else f"in '{first}' and in '{image.path}'"
            raise BandError(
                f"band {image.band} is given twice: {where}; leave one out, or put parts of one field (modules A and "
                "B) together with `zpix align`, or with --resample of `zpix run`"
            )
        by_band[image.band] = image
    images = list(by_band.values()) if bands is None else _chosen(by_band, bands)
    _tell(images)
    return images


def open_images(paths: MosaicPaths) -> list[BandImage]:
    """Open every image of a directory, of a list of files, or of one file; a band may have several.

    Parameters
    ----------
    paths : str, Path, sequence of them, or mapping of str to path
        As for `open_bands`.

    Returns
    -------
    list of BandImage
        By wavelength from a directory, and in the given order otherwise.

    Raises
    ------
    InputFileError
        If a file is missing, damaged or of no known format.
    BandError
        If a file is named by a band that it is not of.
    """
    images = _opened(paths)
    _tell(images)
    return images


def reopened_bands(paths: Sequence[Path], bands: Sequence[str]) -> list[BandImage]:
    """Open bands that were opened before, perhaps by names that only the user knew; nothing is logged again.

    Parameters
    ----------
    paths : sequence of Path
        The file of each band.
    bands : sequence of str
        The bands.

    Returns
    -------
    list of BandImage
        One for each band.

    Raises
    ------
    InputFileError, BandError
        If a file was changed meanwhile.
    """
    return [_named_image(path, band) for path, band in zip(paths, bands, strict=True)]


def named_path(given: str | Path) -> tuple[str | None, Path]:
    """Split a file that may be named by its band.

    Parameters
    ----------
    given : str or Path
        A path, or BAND=PATH; what exists under the whole name is a path.

    Returns
    -------
    band : str or None
        The band; None if none is named.
    path : Path
        The path.

    Raises
    ------
    BandError
        If what is named cannot be a band.

    Examples
    --------
    >>> named_path("f444w=field/deep.fits"), named_path("field/a_f444w_drz.fits")
    (('F444W', PosixPath('field/deep.fits')), (None, PosixPath('field/a_f444w_drz.fits')))
    """
    name, equals, path = str(given).partition("=")
    if not equals or "/" in name or Path(given).exists():
        return None, Path(given)
    return chosen_band(name), Path(path).expanduser()


def named_bands(paths: MosaicPaths) -> tuple[str, ...]:
    """Return the bands by which files are named.

    Parameters
    ----------
    paths : str, Path, sequence of them, or mapping of str to path
        As for `open_bands`.

    Returns
    -------
    tuple of str
        Empty if the files themselves say their bands.

    Raises
    ------
    BandError
        If what is named cannot be a band.
    """
    return tuple(band for band, _ in _given(paths) if band is not None)


def _given(paths: MosaicPaths) -> list[tuple[str | None, Path]]:
    """Band, if one is named, and path of each file or directory."""
    if isinstance(paths, Mapping):
        return [(chosen_band(band), Path(path)) for band, path in paths.items()]
    return [named_path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]


def _opened(paths: MosaicPaths) -> list[BandImage]:
    """Every image that is asked for."""
    given = _given(paths)
    if not given:
        raise InputFileError("no mosaic files are given: name a directory, a file, or several files")
    (band, path), *more = given
    if band is None and not more and path.is_dir():
        return _of_directory(path)
    images: list[BandImage] = []
    for band, path in given:
        images += _of_file(path) if band is None else [_named_image(path, band)]
    return images


def _named_image(path: Path, band: str) -> BandImage:
    """The image of a file that the user calls a band, or that the file itself does."""
    try:
        images = _of_file(path)
    except BandError:  # it does not say its band, or says two
        images = []
    if not any(image.band == band for image in images):
        with named_band(band):
            images = _of_file(path)
    of_band = [image for image in images if image.band == band]
    if len(of_band) != 1:
        found = f"{len(of_band)} images" if of_band else " and ".join(image.band for image in images)
        raise BandError(f"'{path}' is given as {band} and has {found}: a file named by a band has one image of it")
    return of_band[0]


def _tell(images: Sequence[BandImage]) -> None:
    """Log what the user should know of the files."""
    for sentence in remarks_of(images):
        _log.warning("%s", sentence)


def _format_of(path: Path) -> MosaicFormat | None:
    """The last format that claims a file."""
    return next((layout for layout in reversed(list(MOSAIC_FORMATS.values())) if layout.claims(path)), None)


def _of_file(path: Path) -> list[BandImage]:
    """Bands of one file."""
    if path.is_dir():
        raise InputFileError(f"'{path}' is a directory: give one directory without a band, or files")
    return (_format_of(path) or EXTENSIONS).read(path)


def _of_directory(directory: Path) -> list[BandImage]:
    """Bands of all files in a directory, by wavelength."""
    formats = {
        path: _format_of(path)
        for path in sorted(directory.iterdir())
        if path.is_file() and not _SEGMENTATION.search(path.name.lower())
    }
    packed = _beside_the_same(formats)
    formats = {path: layout for path, layout in formats.items() if path not in packed}
    named = [path for path, layout in formats.items() if layout not in (None, EXTENSIONS)]
    images = [image for path in named for image in _of_file(path)]
    if not named:
        images = [image for path, layout in formats.items() if layout for image in _bands_if_any(path)]
    images = [_remarked(image, packed) for image in images]
    if not images:
        known = ", ".join(f"{layout.files} ({name})" for name, layout in MOSAIC_FORMATS.items())
        raise InputFileError(f"'{directory}' holds no mosaic: expected {known}, each perhaps with .gz or .fz")
    return sorted(images, key=lambda image: (PIVOT_UM.get(image.band, float("inf")), image.band))


def _beside_the_same(paths: Iterable[Path]) -> dict[Path, Path]:
    """Files that lie beside the same with less compression (none, then .gz, then .fz), and that one."""
    first: dict[str, Path] = {}
    packed: dict[Path, Path] = {}
    for path in sorted(paths, key=lambda path: (path.suffix == ".fz", path.suffix == ".gz", path)):
        taken = first.setdefault(COMPRESSED.sub("", path.name), path)
        if taken != path:
            packed[path] = taken
    return packed


def _remarked(image: BandImage, packed: Mapping[Path, Path]) -> BandImage:
    """The image, with a remark if its file was taken in place of a compressed one."""
    endings = " and ".join(sorted(path.suffix for path, taken in packed.items() if taken == image.path))
    if not endings:
        return image
    return replace(image, remarks=(*image.remarks, f"the file is taken, and the same with {endings} beside it is not"))


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
