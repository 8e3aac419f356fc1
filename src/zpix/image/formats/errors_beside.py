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


def _errors_of(path: Path) -> tuple[Path, Literal["sigma", "inverse variance"]]:
    """File of the errors of a science file, and what it holds."""
    stem = _NAME.sub(r"\1", path.name)
    for suffix, kind in _KINDS.items():
        found = _existing(path, f"{stem}_{suffix}.fits")
        if found:
            return found, kind
    raise InputFileError(
        f"'{path}' has no errors: neither '{stem}_rms.fits' (1 σ) nor '{stem}_wht.fits' (inverse variance) is beside "
        "it, plain or with .gz"
    )


def _existing(path: Path, name: str) -> Path | None:
    """The file of a name beside `path`, compressed or not; None if there is none."""
    candidates = (path.with_name(name + ending) for ending in ("", ".gz", ".fz"))
    return next((candidate for candidate in candidates if candidate.exists()), None)
