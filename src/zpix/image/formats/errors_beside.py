"""Which file beside a science image holds its errors?

Mosaics of HST come as two files for each band, as do those of grizli: `name_sci.fits` or `name_drz.fits`, and beside it
`name_rms.fits` (1 σ, in the unit of the science image) or `name_wht.fits` (inverse variance, in its inverse square).
Without the photon noise of the sources, as most are, errors of bright pixels are too small.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from zpix.errors import InputFileError
from zpix.image.band_image import BandImage, band_of
from zpix.image.fluxes import njy_per_unit
from zpix.image.grids import central_pixel_area_sr
from zpix.image.open_fits import FitsFile

_NAME = re.compile(r"(.*)_(sci|drz|drc)\.fits(\.gz|\.fz)?", re.IGNORECASE)
_KINDS: dict[str, Literal["sigma", "inverse variance"]] = {"rms": "sigma", "wht": "inverse variance"}


def read_with_errors_beside(path: Path, *, default_njy: float | None = None) -> BandImage:
    """Open a science file with the file of its errors.

    Parameters
    ----------
    path : Path
        The science file, whose first image is read.
    default_njy : float, optional
        nJy per unit of an image whose header states neither a unit nor a zero point.

    Returns
    -------
    BandImage
        The one band of the file.

    Raises
    ------
    InputFileError
        If there is no file of errors beside it, or one of another shape.
    """
    science = FitsFile(path)
    errors_path, kind = _errors_of(path)
    errors = FitsFile(errors_path)
    index, errors_index = (next((i for i, shape in enumerate(file.shapes) if shape), 0) for file in (science, errors))
    image, error = science.image(index), errors.image(errors_index)
    if error.shape != image.shape:
        raise InputFileError(f"'{errors.path}' is of shape {error.shape}, but '{path}' of {image.shape}")
    header: Mapping[str, Any] = ChainMap(science.headers[index], science.headers[0])
    wcs = science.wcs(index)
    remarks: list[str] = []
    factor = njy_per_unit(
        header,
        path=path,
        default=default_njy,
        pixel_area_sr=central_pixel_area_sr(wcs, image.shape),
        remarks=remarks,
    )
    return BandImage(
        band=band_of(path, header),
        path=path,
        wcs=wcs,
        science=image,
        error=error,
        error_kind=kind,
        weight=None,
        njy_per_unit=factor,
        remarks=tuple(dict.fromkeys((*science.remarks, *errors.remarks, *remarks))),
    )


def names_beside(path: Path) -> list[str]:
    """Give the names that the file of errors of a science file may have, without endings of compression.

    Parameters
    ----------
    path : Path
        The science file.

    Returns
    -------
    list of str
        The names, in the order in which they are looked for.
    """
    name = _NAME.fullmatch(path.name)
    return [f"{name[1]}_{kind}.fits" for kind in _KINDS] if name else []


def has_errors_beside(path: Path) -> bool:
    """Return whether a file of errors lies beside a science file.

    Parameters
    ----------
    path : Path
        The science file.

    Returns
    -------
    bool
        True if there is one.
    """
    return any(_existing(path, name) for name in names_beside(path))


def _errors_of(path: Path) -> tuple[Path, Literal["sigma", "inverse variance"]]:
    """File of the errors of a science file, and what it holds."""
    names = names_beside(path)
    for name, kind in zip(names, _KINDS.values(), strict=True):
        found = _existing(path, name)
        if found:
            return found, kind
    raise InputFileError(
        f"'{path}' has no errors beside it: '{names[1]}' (inverse variance) or '{names[0]}' (1 σ), or the same with .gz"
    )


def _existing(path: Path, name: str) -> Path | None:
    """The file of a name beside `path`, compressed or not; None if there is none."""
    candidates = (path.with_name(name + ending) for ending in ("", ".gz", ".fz"))
    return next((candidate for candidate in candidates if candidate.exists()), None)
